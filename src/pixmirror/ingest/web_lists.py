"""What the website lists of an artist, and which of it must be read there because the app does not show it."""

from collections.abc import Collection

from sqlalchemy import Connection

from pixmirror.catalogue import feeds, runs, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.feeds import ARTIST_LISTS, Feed
from pixmirror.catalogue.schema import web_listed
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import KEYS, Many, changed, column, listed, upsert, value
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda
from pixmirror.models import State

MONTH_MS = 30 * DAY_MS
FRUITLESS = 3  # refusals one after the other until an artist's other works are left alone for a while

_LISTED = Many(upsert(web_listed, "last_seen"))
_READ = "UPDATE user SET web_at = :now WHERE id = :id"
# Also those that only the website ever named.
_FORGOTTEN = f"""
{tombstones.ALL_WORKS}
UNION ALL SELECT work_key FROM web_listed
  WHERE user_id IN (SELECT owner_id FROM tombstone WHERE owner_kind = 'user')"""
_HIDDEN = f"""
SELECT work_key FROM work WHERE work_key {KEYS} AND (state = 'limited' OR evidence = '{WEB}')
  AND work_key NOT IN ({_FORGOTTEN})"""
_ALL_HIDDEN = f"""
SELECT work_key FROM work WHERE state != 'live' AND state = 'limited' AND work_key NOT IN ({_FORGOTTEN})"""
_SHOWN = f"""
SELECT work_key FROM work
WHERE work_key {KEYS} AND user_id IS NOT NULL AND state = 'live' AND evidence != '{WEB}'"""
_VANISHED = f"""
SELECT l.work_key FROM web_listed l JOIN work w ON w.work_key = l.work_key
WHERE l.user_id = :user AND l.last_seen < :now
  AND w.state = 'live' AND w.evidence = '{WEB}' AND w.medium = :medium"""
_SINCE = "SELECT work_key FROM web_listed WHERE user_id = :user AND last_seen >= :at AND work_key & 1 = :parity"
_FEEDS = f"""
SELECT id FROM feed WHERE account_id = :account AND endpoint IN {tuple(ARTIST_LISTS)} AND params = :params"""
_LATER = f"""
UPDATE chore SET due_at = :at WHERE kind = '{Kind.WEB}' AND due_at < :at
  AND key IN (SELECT work_key FROM web_listed WHERE user_id = :user)"""
_OVERDUE = f"""
SELECT DISTINCT json_extract(f.params, '$.user_id') FROM feed f
JOIN user u ON u.id = json_extract(f.params, '$.user_id')
WHERE f.account_id = :account AND f.endpoint IN ('user/illusts', 'user/novels') AND f.full_at IS NOT NULL
  AND coalesce(u.web_at, 0) < :before AND u.state NOT IN {State.LEFT}
  AND u.id NOT IN (SELECT owner_id FROM tombstone WHERE owner_kind = 'user')"""


def record_list(conn: Connection, user_id: int, keys: Collection[int], now: int) -> None:
    """Record all ids that the website lists of an artist now. The others keep when they were last seen."""
    _LISTED(conn, [{"user_id": user_id, "work_key": k, "first_seen": now, "last_seen": now} for k in keys])
    changed(conn, _READ, id=user_id, now=now)


def lacking(conn: Connection, user_id: int, medium: str, keys: Collection[int], now: int) -> list[int]:
    """Return which of these listed ids the app did not show, and which hidden ones are listed no more."""
    if tombstones.people(conn, (user_id,)):
        return []
    settled = {*column(conn, _SHOWN, keys=listed(keys)), *tombstones.works(conn, keys)}
    vanished = column(conn, _VANISHED, user=user_id, medium=medium, now=now)
    return [key for key in keys if key not in settled] + vanished


def after_pass(conn: Connection, user_id: int, medium: str, now: int) -> None:
    """Ask, after a full pass of the app's list of an artist, for what only the website's list has."""
    at = listed_at(conn, user_id)
    if at is None or now - at >= DAY_MS:
        agenda.list_on_website(conn, [user_id], now)
        return
    keys = column(conn, _SINCE, user=user_id, at=at, parity=int(medium == "novel"))
    agenda.read_on_website(conn, lacking(conn, user_id, medium, keys, at), now)


def ask_overdue(conn: Connection, account_id: int, now: int) -> None:
    """Ask for the website's lists, never or long ago read, of artists whose list was read whole from the app."""
    overdue = column(conn, _OVERDUE, account=account_id, before=now - MONTH_MS)
    agenda.list_on_website(conn, overdue, now)


def ask_hidden(conn: Connection, keys: Collection[int], now: int) -> None:
    """Ask the website for those of these works that the app hides."""
    if keys:
        agenda.read_on_website(conn, column(conn, _HIDDEN, keys=listed(keys)), now)


def shown_by_app(conn: Connection, key: int) -> bool:
    """True if the app shows the work itself, so that the website need not be asked."""
    return bool(column(conn, _SHOWN, keys=listed([key])))


def own_feeds(conn: Connection, account_id: int, user_id: int) -> dict[str, Feed]:
    """Return those of the artist's own lists that are walked, by their endpoints."""
    ids = column(conn, _FEEDS, account=account_id, params=feeds.canonical({"user_id": user_id}))
    return {one.endpoint: one for one in (feeds.get_feed(conn, feed_id) for feed_id in ids)}


def ask_all_hidden(conn: Connection, now: int) -> None:
    """Ask the website for every work that is known to be hidden."""
    agenda.read_on_website(conn, column(conn, _ALL_HIDDEN), now)


def live_works(conn: Connection, user_id: int, medium: str) -> int:
    """Count the works of an artist that are there upstream, as far as we know."""
    live = "SELECT count(*) FROM work WHERE user_id = :user AND medium = :medium AND state = 'live'"
    return int(value(conn, live, user=user_id, medium=medium))


def listed_at(conn: Connection, user_id: int) -> int | None:
    """Return when the website was last asked for all ids of an artist."""
    at: int | None = value(conn, "SELECT web_at FROM user WHERE id = :id", id=user_id)
    return at


def owner_of(conn: Connection, key: int) -> int | None:
    """Return whose work it is: as it says itself, or as the website lists it."""
    own: int | None = value(conn, "SELECT user_id FROM work WHERE work_key = :key", key=key)
    return own or value(conn, "SELECT user_id FROM web_listed WHERE work_key = :key LIMIT 1", key=key)


def walkers(conn: Connection, account_id: int, user_id: int) -> tuple[str, ...]:
    """Return the jobs that have this artist's lists read."""
    names = {n for e in ARTIST_LISTS for n in feeds.jobs_of(conn, account_id, e, {"user_id": user_id})}
    return tuple(sorted(names))


def fruitless(conn: Connection, user_id: int, now: int) -> bool:
    """Count a refusal of a work of theirs. When there are too many, return True, and their others wait a week."""
    name = f"web_refused:{user_id}"
    times = int(runs.get_meta(conn, name) or 0) + 1
    runs.set_meta(conn, name, str(times))
    if times < FRUITLESS:
        return False
    changed(conn, _LATER, user=user_id, at=now + 7 * DAY_MS)
    return True


def fruitful(conn: Connection, user_id: int) -> None:
    runs.drop_meta(conn, f"web_refused:{user_id}")
