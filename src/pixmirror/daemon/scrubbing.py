"""The scrub of the running daemon: a small step each minute, while nothing else needs the disk."""

import threading
import time

from pixmirror.daemon.engine import Engine
from pixmirror.daemon.upkeep import looking
from pixmirror.errors import StorageAbsent
from pixmirror.verify import scrub

TICK_S = 60.0
DUTY = 4  # of the time the disk is read in a quarter at most
LONGEST_S = 2.0  # of one rest


class Rest:
    """Rests after each block that was read, three times as long as that took; for the thread that reads."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._since: float | None = None

    def __call__(self, size: int) -> None:
        now = time.monotonic()
        if self._since is not None:
            self._stop.wait(min(LONGEST_S, (DUTY - 1) * (now - self._since)))
        if self._stop.is_set():
            raise Stopped
        self._since = time.monotonic()

    def begin(self) -> None:
        """Count the time from now on."""
        self._since = time.monotonic()

    def stop(self) -> None:
        """End the reading at its next block."""
        self._stop.set()


class Stopped(Exception):
    """The daemon stops; nobody waits for this file any more."""


async def keep(engine: Engine) -> None:
    """Take a step each minute, for ever. With `scrub.days = 0` none."""
    rest = Rest()
    try:
        while True:
            await engine.mirror.clock.sleep(TICK_S)
            if engine.mirror.config.scrub.days:
                with engine.minded("The scrub"):
                    await step(engine, rest)
    finally:
        rest.stop()


async def step(engine: Engine, rest: Rest) -> None:
    """Take one step. While the media are away there is nothing to read, of which the fetchers tell."""
    rest.begin()
    config = engine.mirror.config.scrub

    def is_idle() -> bool:
        doing = engine.doing()
        return not (doing.files or doing.lists or doing.jobs)

    try:
        await scrub.step(looking(engine.mirror, rest), scrub.Plan(config.days, config.bytes_per_day, is_idle))
    except StorageAbsent:
        return
