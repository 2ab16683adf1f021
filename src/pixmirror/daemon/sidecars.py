"""Write the sidecars that are due. One that cannot be written is its own work's trouble alone."""

import asyncio
from collections.abc import Sequence

from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.contained import contained
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import PixmirrorError, Unforeseen
from pixmirror.ingest import sidecars
from pixmirror.ingest.sidecars import Sidecar
from pixmirror.ledger import agenda
from pixmirror.store import MirrorRoot

AT_ONCE = 64
AGAIN_MS = DAY_MS

Failed = dict[str, PixmirrorError]  # by path


async def write_due(mirror: Mirror) -> bool:
    """Write the next sidecars. Return whether there were any. StorageError where the whole disk is at fault."""
    due = await mirror.db.read(sidecars.due_sidecars, AT_ONCE)
    if not due:
        return False
    ready = [s for s in due if s.error is None]
    try:
        failed = await asyncio.to_thread(_write, mirror.root, ready)
    except Unforeseen:
        failed = await asyncio.to_thread(_one_by_one, mirror.root, ready)
    failed |= {s.rel_path: s.error for s in due if s.error is not None}
    await mirror.db.run(_done, due, failed, mirror.clock.now())
    return True


def _write(root: MirrorRoot, due: Sequence[Sidecar]) -> Failed:
    failed: Failed = {}
    with contained("The sidecars"):
        texts = ((s.rel_path, sidecars.text_for(s, root.read_sidecar(s.rel_path))) for s in due)
        root.write_sidecars(texts, failed)
    return failed


def _one_by_one(root: MirrorRoot, due: Sequence[Sidecar]) -> Failed:
    """Write each alone, to find the one that failed in a way that nobody has foreseen."""
    failed: Failed = {}
    for sidecar in due:
        try:
            failed |= _write(root, [sidecar])
        except Unforeseen as error:
            failed[sidecar.rel_path] = error
    return failed


def _done(conn: Connection, due: Sequence[Sidecar], failed: Failed, now: int) -> None:
    """Record them. What could not be written is tried again a day later, with the reason, as a
    chore of its work.
    """
    sidecars.sidecar_done(conn, due)
    for sidecar in due:
        if sidecar.rel_path not in failed:
            continue
        error = failed[sidecar.rel_path]
        agenda.write_sidecar_again(conn, sidecar.work_key, now + AGAIN_MS, str(error))
