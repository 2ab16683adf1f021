"""What the two budgets (API and images) share: the Japanese day, cool-downs, and a sleep that can be cut short."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from pixmirror.clock import DAY_MS, Clock

JST = timezone(timedelta(hours=9), "JST")
LONGEST_NAP = 60.0


class Blocked(NamedTuple):
    """Why nothing is sent now, and until when (ms UTC; None: until somebody resumes)."""

    until: int | None
    reason: str


def jst_day(ms: int) -> str:
    """The Japanese calendar day of a moment; daily budgets follow it because Pixiv's own days do."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(JST).date().isoformat()


def next_jst_midnight(ms: int) -> int:
    offset = 9 * 3_600_000
    return ((ms + offset) // DAY_MS + 1) * DAY_MS - offset


def cooldown_ms(strikes: int, retry_after: float | None, first: float, longest: float) -> int:
    """How long to be quiet at the given strike in a row; what Pixiv names itself counts, up to a day."""
    if retry_after is not None:
        return int(min(max(retry_after, 0.0), DAY_MS / 1000) * 1000)
    return int(min(first * 2 ** min(max(strikes - 1, 0), 16), longest) * 1000)


class Alarm:
    """Sleeps on the clock given, in naps short enough to notice a jump of the clock; `ring` ends the sleep
    at once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bell = asyncio.Event()

    def ring(self) -> None:
        self._bell.set()

    async def sleep(self, seconds: float | None) -> None:
        """Sleep that long at most, or until rung if None. The caller looks again afterwards."""
        self._bell.clear()
        if seconds is None:
            await self._bell.wait()
            return
        timer = asyncio.ensure_future(self._clock.sleep(min(seconds, LONGEST_NAP)))
        bell = asyncio.ensure_future(self._bell.wait())
        try:
            await asyncio.wait((timer, bell), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            bell.cancel()
            await asyncio.gather(timer, bell, return_exceptions=True)
        if not timer.cancelled():
            timer.result()
