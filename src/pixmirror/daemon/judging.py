"""The judge's turn: every few hours, and at the end of each `sync`. One notice while a brake holds."""

from collections.abc import Callable, Sequence

from pixmirror.clock import HOUR_MS
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import PixmirrorError, UpstreamBrake
from pixmirror.ledger import brake, judge

CAUSE = "brake"


async def judge_now(
    mirror: Mirror, tell: Callable[[str, PixmirrorError | None], None], settling_ms: int = HOUR_MS
) -> None:
    """Decides what is in doubt. `settling_ms` 0: nothing more is on its way."""
    share = mirror.config.mirror.brake_percent / 100
    judged = await mirror.db.run(judge.judge, mirror.clock.now(), share, settling_ms)
    troubles = brake.troubles(judged.brakes, mirror.clock.now())
    tell(CAUSE, UpstreamBrake(said(troubles)) if troubles else None)


def said(brakes: Sequence[brake.Brake]) -> str:
    """In one line."""
    return " ".join(map(str, brakes))
