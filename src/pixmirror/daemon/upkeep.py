"""What is done now and then and asks Pixiv nothing by itself: each task in its own rhythm, which restarts keep."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from pixmirror.catalogue import runs
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import PixmirrorError

HOUR_MS = 3_600_000
Tell: TypeAlias = Callable[[str, PixmirrorError | None], None]


@dataclass(frozen=True, slots=True)
class Task:
    """`run` is handed the mirror and a way to tell the user: tell(cause, error), or None where it is over."""

    name: str
    every_ms: int
    run: Callable[[Mirror, Tell], Awaitable[None]]


TASKS: tuple[Task, ...] = ()


async def run_due(mirror: Mirror, tell: Tell, *, now_too: frozenset[str] = frozenset()) -> int:
    """Runs the tasks that are due, and those named in `now_too`; says how many."""
    done = 0
    for task in TASKS:
        now, key = mirror.clock.now(), f"upkeep:{task.name}"
        last = int(await mirror.db.read(runs.get_meta, key) or 0)
        # A clock that was set back must not put a task off for long.
        if task.name not in now_too and 0 <= now - last < task.every_ms:
            continue
        await task.run(mirror, tell)
        await mirror.db.run(runs.set_meta, key, str(now))
        done += 1
    return done
