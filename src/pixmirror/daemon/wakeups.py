"""How loops that share one catalogue wake each other, and how we know that none of them has anything to do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSED = -1


class EmptyPolls:
    """Skip a query when another loop has just found it empty, until the next wake-up."""

    def __init__(self, wakeup: "Wakeup") -> None:
        self._wakeup = wakeup
        self._empty_at: int | None = None

    async def find(self, query: Callable[[], Awaitable[T | None]]) -> T | None:
        wakes = self._wakeup.wakes  # before the query: what a wake-up during it announces, it may have missed
        if self._empty_at == wakes:
            return None
        found = await query()
        self._empty_at = wakes if found is None else None
        return found

    def again(self) -> None:
        """Query again next time: something ended that may have been in the way."""
        self._empty_at = None


class Wakeup:
    """Wakes the loops that wait; called after every commit that may have made work for them.

    `quiet()` is exact: true only when every loop has looked for work since the last wake-up and found none.
    """

    def __init__(self) -> None:
        self.wakes = 0  # how often `wake` was called
        self._event = asyncio.Event()
        self._loops: dict[str, int | None] = {}  # the wake-up after which each found nothing; None: it is busy

    def wake(self) -> None:
        self.wakes += 1
        self._event.set()
        self._event = asyncio.Event()

    def busy(self, name: str) -> int:
        """Note that this loop is about to look for work. Return the number of wake-ups so far, for `wait`."""
        self._loops[name] = None
        return self.wakes

    def pause(self, name: str) -> None:
        """Note that this loop waits for time to pass, not for work; no wake-up reaches it."""
        self._loops[name] = PAUSED

    def leave(self, name: str) -> None:
        self._loops.pop(name, None)

    async def wait(self, name: str, wakes: int) -> None:
        """Wait for the next wake-up. The loop looked after `wakes` of them, and found nothing."""
        if wakes != self.wakes:
            return
        self._loops[name] = wakes
        await self._event.wait()

    def quiet(self, ignoring: tuple[str, ...] = ()) -> bool:
        """Tell whether no loop has work, but for those whose names begin with one of `ignoring`."""
        loops = [at for name, at in self._loops.items() if not ignoring or not name.startswith(ignoring)]
        return all(at in (self.wakes, PAUSED) for at in loops)
