"""How fast the running daemon is, from what it did in the last hour."""

from collections import deque
from typing import NamedTuple

from pixmirror.clock import HOUR_MS
from pixmirror.daemon.mirror import Mirror

SAMPLES = 240  # an hour, one each 15 seconds


class Sample(NamedTuple):
    """What was done since the start, at a moment of the monotonic clock."""

    at: float
    requests: int
    files: int
    size: int


class Pace:
    """Samples of what was done, taken now and then; the oldest is an hour old."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)

    def sample(self, mirror: Mirror, files: int) -> None:
        self._samples.append(_now(mirror, files))

    def an_hour(self, mirror: Mirror, files: int) -> dict[str, float | None]:
        """Requests as fast as they may be sent, files and bytes as they came in the last hour; None: not known."""
        now = _now(mirror, files)
        first = self._samples[0] if self._samples else now
        hours = (now.at - first.at) / 3600
        files, size = now.files - first.files, now.size - first.size
        requests: float | None = None
        pacer, per_day = mirror.transport.pacer, mirror.config.pixiv.requests_per_day
        if pacer.interval_ms:
            requests = HOUR_MS / pacer.interval_ms
            requests = min(requests, per_day / 24) if per_day else requests
        elif hours and now.requests > first.requests:
            requests = (now.requests - first.requests) / hours
        return {
            "requests_per_hour": requests,
            "files_per_hour": files / hours if hours and files else None,
            "bytes_per_hour": size / hours if hours and size else None,
        }


def _now(mirror: Mirror, files: int) -> Sample:
    counts = mirror.transport.counts
    return Sample(mirror.clock.monotonic(), counts.api, files, counts.image_bytes)
