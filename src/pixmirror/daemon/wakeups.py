"""How loops that share one catalogue wake each other, and how we know that all of them have nothing to do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSED = -1


class EmptyPolls:
    """Spares loops that look for the same work a look that one of them made in vain since the last ring."""

    def __init__(self, wakeup: "Wakeup") -> None:
        self._wakeup = wakeup
        self._in_vain: int | None = None

    async def find(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        rings = self._wakeup.wakes  # what is rung for meanwhile may have come too late for the look
        if self._in_vain == rings:
            return None
        found = await look()
        self._in_vain = rings if found is None else None
        return found

    def again(self) -> None:
        """Something ended that may have been in the way."""
        self._in_vain = None


class Wakeup:
    """Rung after every commit that may have made work. A loop that found nothing rests until the next ring.

    `quiet()` is exact: it is true only when every loop has looked after the last ring, and found nothing.
    """

    def __init__(self) -> None:
        self._rings = 0
        self._event = asyncio.Event()
        self._heard: dict[str, int | None] = {}

    @property
    def wakes(self) -> int:
        """How often it was rung."""
        return self._rings

    def wake(self) -> None:
        self._rings += 1
        self._event.set()
        self._event = asyncio.Event()

    def busy(self, name: str) -> int:
        """A loop is about to look for work; it is not resting."""
        self._heard[name] = None
        return self._rings

    def pause(self, name: str) -> None:
        """The loop waits for time to pass, not for work; rings do not wake it."""
        self._heard[name] = PAUSED

    def leave(self, name: str) -> None:
        self._heard.pop(name, None)

    async def wait(self, name: str, heard: int, seconds: float | None = None) -> None:
        """The loop looked after ring `heard` and found nothing: sleep until the next one."""
        if heard != self._rings:
            return
        self._heard[name] = heard
        event = self._event
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return

    def quiet(self, ignoring: tuple[str, ...] = ()) -> bool:
        """`ignoring`: loops whose names begin so do not count."""
        heard = [h for name, h in self._heard.items() if not name.startswith(ignoring)] if ignoring else None
        return all(h in (self._rings, PAUSED) for h in (self._heard.values() if heard is None else heard))
