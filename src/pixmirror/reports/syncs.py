"""How the last syncs by hand or by cron ended, which tells whether they alone keep the mirror."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.clock import HOUR_MS
from pixmirror.errors import ExitCode

SYNCS = "syncs"  # meta key: since a pixmirror ran in the background
MOST_SYNCS = 3


@dataclass(frozen=True, slots=True)
class Sync:
    """How a sync by hand or by cron ended."""

    began: int
    ended: int
    code: int


def note_sync(conn: Connection, began: int, ended: int, code: int) -> None:
    """Remember how a sync ended, beside the two before it."""
    before = runs.get_json(conn, SYNCS) or []
    runs.set_json(conn, SYNCS, [*before, [began, ended, int(code)]][-MOST_SYNCS:])


def note_run(conn: Connection) -> None:
    """Note that a pixmirror runs in the background from now on."""
    runs.drop_meta(conn, SYNCS)


def keeping(conn: Connection, now: int, dues: Sequence[int | None]) -> Sync | None:
    """Return the last sync, if syncs alone keep the mirror: nothing is due since then, or the last of three is
    younger than twice their spacing. `dues`: when each job should run next, None where it never ran.
    """
    syncs = [Sync(*one) for one in runs.get_json(conn, SYNCS) or ()]
    if not syncs:
        return None
    last = syncs[-1]
    if last.code in (ExitCode.DONE, ExitCode.INCOMPLETE) and all(due is not None and due > now for due in dues):
        return last
    if len(syncs) < MOST_SYNCS:
        return None
    spacing = (last.ended - syncs[0].ended) / (len(syncs) - 1)
    return last if now - last.ended < max(2 * spacing, HOUR_MS) else None
