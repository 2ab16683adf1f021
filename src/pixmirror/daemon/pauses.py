"""What rests, and until when: paused jobs, all of them, and quiet hours, in which nothing is sent to Pixiv."""

import asyncio
from contextlib import suppress

from pixmirror.clock import quiet_until
from pixmirror.daemon.mirror import Mirror


class Pauses:
    """The pauses of the catalogue and the quiet hours of the configuration, put upon the lanes to Pixiv."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._next_end: int | None = None  # ms UTC
        self._held: tuple[int | None, str] | None = None
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Read what is paused now, hold or free the lanes accordingly, and end a `wait`."""
        self._next_end = await self._mirror.load_pauses()
        self.hold_lanes()
        self._changed.set()

    async def wait(self, seconds: float) -> None:
        """Wait so long, but only until the next pause ends or they are read anew."""
        if self._next_end is not None:
            seconds = min(seconds, max(0.01, (self._next_end - self._mirror.clock.now()) / 1000))
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def one_has_ended(self) -> bool:
        return self._next_end is not None and self._next_end <= self._mirror.clock.now()

    def hold_lanes(self) -> None:
        """Hold the lanes to Pixiv while everything is paused or the hours are quiet, and free them after."""
        hold: tuple[int | None, str] | None = None
        quiet = self._mirror.config.pixiv.quiet_hours
        until = quiet_until(self._mirror.clock.now(), quiet) if quiet else None
        if self._mirror.pause_of_all is not None:
            hold = (self._mirror.pause_of_all.until, "paused")
        elif until is not None:
            hold = (until, "quiet hours")
        if hold == self._held:
            return
        self._held = hold
        for lane in (self._mirror.transport.pacer, self._mirror.transport.images):
            if hold is None:
                lane.resume()
            else:
                lane.hold_until(*hold)
