"""The clock of a simulated year: exact while anything goes on, in long naps while the mirror only waits."""

import asyncio
from collections.abc import Callable

from tests.virtual_time import VirtualClock, VirtualLoop

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
# The engine's sleeps between two looks, in seconds, and what each becomes while there is nothing to see. The
# longest is that of the upkeep, whose tasks come every few hours.
NAPS = {0.5: 1800.0, 30.0: 1800.0, 300.0: 10_800.0}
UNTIL_WOKEN = (0.5, 30.0)


class YearClock(VirtualClock):
    """`idle` says whether the running mirror, if any, has nothing to do; `wake` ends the naps."""

    def __init__(self, loop: VirtualLoop, start_ms: int) -> None:
        super().__init__(loop, start_ms)
        self.idle: Callable[[], bool] = lambda: False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()
        self._woken = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        nap = NAPS.get(seconds)
        if nap is None or not self.idle():
            await asyncio.sleep(seconds)
        elif seconds not in UNTIL_WOKEN:
            await asyncio.sleep(nap)
        else:
            try:
                async with asyncio.timeout(nap):
                    await self._woken.wait()
            except TimeoutError:
                self.wake()

    async def until(self, ms: int) -> None:
        """Exactly until that moment, whatever goes on."""
        await asyncio.sleep(max(0.0, (ms - self.now()) / 1000))
