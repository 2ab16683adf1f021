"""The digest that is sent each day or week: when it is due, and of which days it tells."""

from datetime import datetime, timedelta

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.config import Config
from pixmirror.daemon.estimates import what_is_left
from pixmirror.daemon.mirror import Mirror
from pixmirror.models import to_ms
from pixmirror.models.notices import Event, Rhythm
from pixmirror.notify import Notifier
from pixmirror.reports.digest import Digest, digest
from pixmirror.store.backup_notes import read_notes

HOUR = 8  # local time, at which a day's digest is due; a week's on Monday
DAYS = {"daily": 1, "weekly": 7}
_TOLD = "digest"  # meta key: up to when the last one told, ms UTC


def tell(conn: Connection, config: Config, now: int, since: int | None = None) -> Digest:
    """Return the digest since then; of the last day or week where that is not said."""
    if since is None:
        since = now - DAYS[config.notify.digest or "weekly"] * DAY_MS
    disk = what_is_left(conn, now, config).disk
    notes = read_notes(config.mirror.root)
    return digest(conn, since, now, disk=disk, days=config.scrub.days, notes=notes)


async def send_if_due(mirror: Mirror, notifier: Notifier) -> bool:
    """Send the digest if its time has come since the last one. The first is that of the next day or week."""
    rhythm, now = mirror.config.notify.digest, mirror.clock.now()
    if rhythm is None or not notifier.wants(Event.DIGEST):
        return False
    told = int(await mirror.db.read(runs.get_meta, _TOLD) or 0)
    if not 0 < told <= now:  # the first, or the clock was set back
        await mirror.db.run(runs.set_meta, _TOLD, str(last_time(rhythm, now)))
        return False
    if told >= last_time(rhythm, now):
        return False
    found = await mirror.db.read(tell, mirror.config, now, told)
    if not await notifier.send(Event.DIGEST, found.title, "\n".join(found.lines())):
        return False
    await mirror.db.run(runs.set_meta, _TOLD, str(now))
    return True


def last_time(rhythm: Rhythm, now: int) -> int:
    """Return when a digest was last due, ms UTC."""
    here = datetime.fromtimestamp(now / 1000).astimezone()
    back = timedelta(days=here.weekday() if rhythm == "weekly" else 0)
    due = (here - back).replace(tzinfo=None, hour=HOUR, minute=0, second=0, microsecond=0)
    if to_ms(due.astimezone()) > now:
        due -= timedelta(days=DAYS[rhythm])
    return to_ms(due.astimezone())
