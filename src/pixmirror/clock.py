"""Time as an argument: what sleeps or stamps takes a Clock, so that tests can pass their own."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
JST = timezone(timedelta(hours=9), "JST")


def jst_day(ms: int) -> str:
    """Return the Japanese day of a moment; daily budgets follow it because Pixiv's own days do."""
    return datetime.fromtimestamp(ms / 1000, JST).date().isoformat()


def next_jst_midnight(ms: int) -> int:
    offset = 9 * HOUR_MS
    return ((ms + offset) // DAY_MS + 1) * DAY_MS - offset


def quiet_until(now: int, quiet: tuple[int, int]) -> int | None:
    """Return when the quiet hours end in which `now` lies, or None. `quiet`: minutes after local midnight."""
    here = datetime.fromtimestamp(now / 1000).astimezone()
    start, end = quiet
    minute = here.hour * 60 + here.minute
    if (minute - start) % 1440 >= (end - start) % 1440:
        return None
    return now - now % MINUTE_MS + (end - minute) % 1440 * MINUTE_MS


_SHIFT_MS: ContextVar[int] = ContextVar("shift_ms", default=0)


@contextmanager
def shifted(ms: int) -> Iterator[None]:
    """Let what runs in this block live so many milliseconds later (or earlier): the days that the demo tells."""
    before = _SHIFT_MS.set(ms)
    try:
        yield
    finally:
        _SHIFT_MS.reset(before)


def now_ms() -> int:
    """Return the present, ms UTC. Other threads do not know that a block is shifted: ask in it, and tell them."""
    return int(time.time() * 1000) + _SHIFT_MS.get()


class Clock:
    """The machine's clock. `now()` is milliseconds since 1970 UTC, the unit of every time in the catalogue."""

    _shift_ms = 0

    def __init__(self) -> None:
        self._shift_ms = _SHIFT_MS.get()  # for good, and in every thread

    def now(self) -> int:
        return int(time.time() * 1000) + self._shift_ms

    def monotonic(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
