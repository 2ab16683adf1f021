"""The judge's turn, every few hours and at the end of each `sync`; and the user's word against it."""

from collections.abc import Callable

from pixmirror.catalogue.database import Connection
from pixmirror.clock import HOUR_MS
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import ConfigError, PixmirrorError, UpstreamBrake
from pixmirror.ledger import brake, judge

CAUSE = "brake"


async def judge_now(
    mirror: Mirror, tell: Callable[[str, PixmirrorError | None], None], settling_ms: int = HOUR_MS
) -> None:
    """Decide what is in doubt, and tell which brakes hold. `settling_ms` 0: no answer is on its way."""
    share = mirror.config.mirror.brake_percent / 100
    judged = await mirror.db.run(judge.judge, mirror.clock.now(), share, settling_ms)
    troubles = brake.troubles(judged.brakes, mirror.clock.now())
    tell(CAUSE, UpstreamBrake(" ".join(map(str, troubles))) if troubles else None)


async def accept(mirror: Mirror, kind: str) -> int:
    """Believe all that the brake of this kind holds, at the user's word. Return how many moved."""
    if kind not in brake.KINDS:
        raise ConfigError(f"--accept {kind}: it must be one of {', '.join(brake.KINDS)}.")

    def believe(conn: Connection) -> int:
        if kind not in {held.kind for held in brake.brakes_on(conn)}:
            raise ConfigError(f"Nothing is held of the kind {kind}; `pixmirror gone` says what is.")
        return judge.accept(conn, kind, mirror.clock.now())

    return await mirror.db.run(believe)
