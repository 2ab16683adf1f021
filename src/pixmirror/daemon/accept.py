"""The user lets through what the brake holds (architecture: absent is not deleted)."""

from pixmirror.catalogue.database import Connection
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import ConfigError
from pixmirror.ledger import judge
from pixmirror.ledger.brake import KINDS, brakes_on


async def accept(mirror: Mirror, kind: str) -> int:
    """Believes what is held of one kind, and says how much that was."""
    if kind not in KINDS:
        raise ConfigError(f"--accept {kind}: it must be one of {', '.join(KINDS)}.")
    return await mirror.db.run(_accept, kind, mirror.clock.now())


def _accept(conn: Connection, kind: str, now: int) -> int:
    if kind not in {held.kind for held in brakes_on(conn)}:
        raise ConfigError(f"Nothing is held of the kind {kind}; `pixmirror gone` says what is.")
    return judge.accept(conn, kind, now)
