"""What only the running daemon knows, for `status`: when jobs run next, what stands still, how fast it goes."""

from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from pixmirror.clock import HOUR_MS
from pixmirror.daemon.mirror import Mirror
from pixmirror.models import Lane

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

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
        """Take one sample."""
        self._samples.append(_now(mirror, files))

    def an_hour(self, mirror: Mirror, files: int) -> dict[str, float | None]:
        """Return the requests that an hour allows, and the files and bytes of the last hour, as far as known."""
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


def facts(daemon: "Daemon") -> dict[str, Any]:
    """Return the running daemon's part of `status`."""
    mirror, engine = daemon.mirror, daemon.engine
    return {
        "started_at": daemon.started_at,
        "config_read_at": daemon.config_read_at,
        "jobs": {
            name: {"kind": job.kind, "next_run": daemon.schedule.next_run(name), "running": name in daemon.running}
            for name, job in mirror.jobs.items()
        },
        "doing": asdict(engine.doing()),
        "problems": engine.trouble.sentences(),
        "troubles": [asdict(one) for one in engine.trouble.as_data(mirror.clock.now())],
        "blocked": {
            "api": mirror.transport.pacer.blocked_until(Lane.REFRESH),
            "image": mirror.transport.images.blocked_until(Lane.REFRESH),
        },
        "pace": daemon.pace.an_hour(mirror, engine.files),
    }
