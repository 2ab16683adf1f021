"""How requests ended, counted since the start, by lane and outcome."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pixmirror.errors import (
    AccessRefused,
    Challenge,
    EndpointGone,
    Forbidden,
    InvalidRequest,
    NotFound,
    PixivError,
    RateLimited,
    Unreachable,
)
from pixmirror.models import Lane
from pixmirror.pixiv.failures import Expired

IMAGE, TOKEN = "image", "token"  # beside the lanes: files, and logins
LANES = (*(lane.name.lower() for lane in Lane), IMAGE, TOKEN)
DONE, CUT = "done", "cut"  # cut: of a file that had begun to come
_OF: tuple[tuple[type[PixivError], str], ...] = (
    (NotFound, "not_found"),
    (EndpointGone, "not_found"),
    (RateLimited, "limited"),
    (Challenge, "limited"),
    (Unreachable, "unreachable"),
    (Forbidden, "refused"),
    (AccessRefused, "refused"),
    (Expired, "refused"),
    (InvalidRequest, "refused"),
)
FAILED = "failed"  # any other answer that is none
OUTCOMES = tuple(dict.fromkeys((DONE, *(name for _, name in _OF), FAILED, CUT)))


def outcome_of(failure: Exception) -> str:
    """Name how a request ended that failed so."""
    return next((name for kind, name in _OF if isinstance(failure, kind)), FAILED)


class Outcomes:
    """Counts requests by (lane, outcome), both of them words of this module; each attempt counts."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, str]] = Counter()

    def add(self, lane: str, outcome: str) -> None:
        self.counted[lane, outcome] += 1

    @contextmanager
    def failing(self, lane: str) -> Iterator[None]:
        """Count one request of this lane if the block fails."""
        try:
            yield
        except Exception as failure:
            self.add(lane, outcome_of(failure))
            raise

    @contextmanager
    def of(self, lane: str) -> Iterator[None]:
        """Count one request of this lane, by how the block ends."""
        with self.failing(lane):
            yield
        self.add(lane, DONE)
