"""Time as an argument: what sleeps or stamps takes a Clock, so that tests can pass their own."""

import asyncio
import time

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Clock:
    """The machine's clock. `now()` is milliseconds since 1970 UTC, the unit of every time in the catalogue."""

    def now(self) -> int:
        return int(time.time() * 1000)

    def monotonic(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
