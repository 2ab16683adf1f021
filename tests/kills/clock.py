"""A clock that all processes share and that runs fast, so that rests and retries are short."""

import asyncio
import time

from pixmirror.clock import Clock

TIMES = 60  # as fast


class FastClock(Clock):
    """`origin_ms`: when it was right. Callable, so that a World can share it."""

    def __init__(self, origin_ms: int) -> None:
        super().__init__()
        self.origin_ms = origin_ms

    def __call__(self) -> int:
        return self.now()

    def now(self) -> int:
        return self.origin_ms + (int(time.time() * 1000) - self.origin_ms) * TIMES

    def monotonic(self) -> float:
        return time.monotonic() * TIMES

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / TIMES)
