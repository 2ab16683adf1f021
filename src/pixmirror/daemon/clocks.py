"""Pull back times that a wrong clock left in the future: at the start, and when the clock goes back."""

import logging

from pixmirror.catalogue import clocks
from pixmirror.catalogue.clocks import Finding
from pixmirror.catalogue.database import Database
from pixmirror.models import from_ms

log = logging.getLogger(__name__)


async def settle(db: Database, now: int) -> Finding:
    """Look at the machine's clock, and pull back what a wrong one put off. While it is itself behind nothing
    moves.
    """
    found = await db.read(clocks.look, now)
    await db.run(clocks.say, found)
    if found.state == "behind":
        log.warning(
            "The clock says %s, but %s has been before, and Pixiv has shown works of later days: set the clock.",
            from_ms(now).isoformat(timespec="minutes"), from_ms(found.latest).isoformat(timespec="minutes"),
        )  # fmt: skip
        return found
    if found.state == "right":
        await db.run(clocks.pull_back_due, now)
    else:
        log.warning(
            "The clock was set back by %d seconds: what waited for later times is planned anew.",
            (found.latest - now) // 1000,
        )
        await db.run(clocks.pull_back_due, now, found.latest)
        for part in await db.read(clocks.slices):
            await db.run(clocks.pull_back_past, part, now)
        await db.run(clocks.pull_back_values, now)
    await db.run(clocks.note, now)
    return found
