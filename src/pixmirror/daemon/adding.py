"""`pixmirror add`: have works, or all of artists, here at once; in this process, or `beside` in a running one.

The wish is in the catalogue before anything is asked, so that a cut anywhere loses nothing: whoever mirrors next
goes on with it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pixmirror.catalogue.added import ADDED
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.refs import Ref
from pixmirror.daemon.engine import Engine, is_limit
from pixmirror.daemon.mirror import Mirror
from pixmirror.daemon.sync import PATIENCE, until
from pixmirror.daemon.trouble import LASTING, by_hand
from pixmirror.errors import (
    ConfigError,
    ExitCode,
    HeldBack,
    LoginError,
    PixivError,
    PixmirrorError,
    exit_code,
)
from pixmirror.ingest import adding
from pixmirror.pixiv.waiting import Blocked
from pixmirror.reports.added import Added, all_added

SOON_MS = 60_000  # what is tried again by then is waited for
LOOK_S = 0.2
Show = Callable[[Sequence[Added]], None]


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of all that was added, how long that took, and what stopped it. `alone`: no daemon runs."""

    things: tuple[Added, ...]
    seconds: float
    trouble: PixmirrorError | None = None
    were_here: frozenset[Ref] = frozenset()
    alone: bool = False

    @property
    def exit_code(self) -> int:
        if self.trouble is None and any(one.became == "not_there" for one in self.things):
            return ExitCode.NOT_AT_PIXIV
        return exit_code(self.trouble, incomplete=any(one.became not in ("here", "kept") for one in self.things))

    def as_dict(self) -> dict[str, Any]:
        """Return what `add --json` prints, and what a running pixmirror answers."""
        advice = "" if self.trouble is None else self.trouble.advice
        advice = by_hand(advice) if self.alone else advice
        return {
            "added": [
                one.as_dict() | {"amount": one.amount, "was_here": one.ref in self.were_here}
                for one in self.things
            ],
            "seconds": round(self.seconds, 1),
            "trouble": f"{self.trouble} {advice}".strip() if self.trouble else None,
            "exit_code": self.exit_code,
        }


async def add(mirror: Mirror, refs: Sequence[Ref], show: Show = lambda found: None) -> AddReport:
    """Want these, and stay until they are here with their comments, or nothing more comes for now."""
    since, here = await _wish(mirror, refs)
    engine = Engine(mirror, only=(ADDED,))
    blocked = engine.held_back()
    if blocked is None:
        try:
            await mirror.log_in()
        except (LoginError, PixivError) as error:
            return replace(await _report(engine, refs, since, here, None, error), alone=True)
        async with asyncio.TaskGroup() as group:
            loops = engine.start(group)
            blocked = await _settled(engine, refs, since, show, whole=True)
            for task in loops:
                task.cancel()
    return replace(await _report(engine, refs, since, here, blocked, None), alone=True)


async def beside(engine: Engine, refs: Sequence[Ref]) -> AddReport:
    """Do the same in a running pixmirror, whose other work goes on; comments come after it."""
    since, here = await _wish(engine.mirror, refs)
    engine.wakeup.wake()
    blocked = engine.held_back() or await _settled(engine, refs, since, lambda found: None, whole=False)
    return await _report(engine, refs, since, here, blocked, None)


async def _wish(mirror: Mirror, refs: Sequence[Ref]) -> tuple[int, frozenset[Ref]]:
    """Want these. Return since when, and which works were here whole before that."""
    if mirror.pause_of_all is not None:
        raise ConfigError("Everything is paused; `pixmirror resume` first.")
    since = mirror.clock.now()
    works = [ref for ref in refs if ref.work_key is not None]

    def want(conn: Connection) -> frozenset[Ref]:
        before = all_added(conn, works, since, since, False)
        adding.wish(conn, refs, since)
        here = (one for one in before if one.became == "here" and (one.stored or one.ref.kind == "novel"))
        return frozenset(one.ref for one in here)

    return since, await mirror.db.run(want)


async def _settled(engine: Engine, refs: Sequence[Ref], since: int, show: Show, *, whole: bool) -> Blocked | None:
    """Wait until nothing more comes of these for now. Return what holds the rest back for long."""
    while True:
        found = await _look(engine, refs, since, whole=whole)
        show(found)
        if not any(one.is_open for one in found):
            return None
        if held := engine.held():
            return next(iter(held.values()))
        if any(n >= PATIENCE or cause in LASTING for cause, n in engine.trouble.strikes.items()):
            return None
        await engine.mirror.clock.sleep(LOOK_S)


async def _look(engine: Engine, refs: Sequence[Ref], since: int, *, whole: bool) -> tuple[Added, ...]:
    before = engine.mirror.clock.now() + SOON_MS
    return await engine.mirror.db.read(all_added, refs, since, before, whole)


async def _report(
    engine: Engine,
    refs: Sequence[Ref],
    since: int,
    here: frozenset[Ref],
    blocked: Blocked | None,
    trouble: PixmirrorError | None,
) -> AddReport:
    found = await _look(engine, refs, since, whole=False)
    if all(one.became in ("here", "kept") for one in found):
        trouble = None  # nothing more is wanted of Pixiv
    if any(one.is_open for one in found):  # else what stands still is nothing to them
        trouble = trouble or next(iter(engine.trouble.errors.values()), None)
        if blocked is not None and (trouble is None or is_limit(trouble)):
            trouble = HeldBack(f"Nothing more is asked for now, {until(blocked, engine.mirror.clock.now())}.")
    return AddReport(found, (engine.mirror.clock.now() - since) / 1000, trouble, here)
