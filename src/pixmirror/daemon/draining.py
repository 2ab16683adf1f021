"""Waiting until the loops have nothing to do: the end of a `sync`, by itself or beside other work."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pixmirror.catalogue import chores, feeds, of_jobs, queue
from pixmirror.catalogue.database import Connection
from pixmirror.daemon.fetching import lanes_before
from pixmirror.daemon.trouble import LASTING
from pixmirror.models import Lane
from pixmirror.pixiv import Blocked

if TYPE_CHECKING:
    from pixmirror.daemon.engine import Engine


async def drain(engine: "Engine", horizon_s: float, names: Sequence[str] | None) -> Blocked | None:
    """Wait until nothing is due, and nothing will be within `horizon_s`, or until trouble outlasts patience.

    With `names` only what these jobs want counts, whatever else goes on. Return what holds back the rest for
    long, if something is left that it holds back.
    """
    names = names or engine.only
    while True:
        await engine.mirror.clock.sleep(0.05 if names is None else 0.5)
        held = engine.held()
        if names is engine.only and not engine.wakeup.quiet(ignoring=tuple(held)):
            continue
        if any(n >= engine.patience or c in LASTING for c, n in engine.trouble.strikes.items()):
            return next(iter(held.values()), None)
        before = engine.mirror.clock.now() + round(horizon_s * 1000)
        if await _is_due(engine, names, before, tuple(held), lanes_before(engine.mirror)):
            continue
        if held:
            return next(iter(held.values())) if await _is_due(engine, names, before, (), queue.ALL_LANES) else None
        if names is not engine.only or engine.wakeup.quiet():
            return await _kept_back(engine, names)


async def _is_due(
    engine: "Engine", names: Sequence[str] | None, before: int, held: Sequence[str], lanes: int
) -> bool:
    """Whether something is due by then, files of lanes before `lanes`; not of what the loops in `held` do."""
    asking = "login" not in engine.trouble.errors and "walk" not in held

    def read(conn: Connection) -> bool:
        if names is None:
            times = [feeds.next_due(conn, engine.active()), chores.next_due(conn)] if asking else []
            times += [queue.next_due(conn, lanes)] if "fetch" not in held else []
            return any(t is not None and t <= before for t in times)
        due = feeds.next_due(conn, names) if asking else None
        return (
            (due is not None and due <= before)
            or (asking and of_jobs.questions_due(conn, names, before, tuple(Lane)))
            or ("fetch" not in held and of_jobs.files_due(conn, names, before, lanes))
        )

    return not engine.mirror.all_paused and await engine.mirror.db.read(read)


async def _kept_back(engine: "Engine", names: Sequence[str] | None) -> Blocked | None:
    """Why files are left, if today's last bytes are not for them."""
    blocked = engine.mirror.transport.images.blocked_until(Lane.BACKFILL)
    left = blocked and await _is_due(engine, names, engine.mirror.clock.now(), ("walk",), queue.ALL_LANES)
    return blocked if left else None
