"""What the website lists of an artist, and which of it must be read there because the app does not show it."""

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from pixmirror.catalogue import feeds, runs, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.feeds import ARTIST_LISTS, Feed
from pixmirror.catalogue.schema import chore, feed, meta, tombstone, user, web_listed, work
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import Many, among, listed, upsert
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda
from pixmirror.models import State

MONTH_MS = 30 * DAY_MS
FRUITLESS = 3  # refusals one after the other until an artist's other works are left alone for a while

_LISTED = Many(upsert(web_listed, "last_seen"))
_READ = update(user).where(user.c.id == bindparam("b_id")).values(web_at=bindparam("now"))
_graves = select(tombstone.c.owner_id).where(tombstone.c.owner_kind == "user")
# Also those that only the website ever named.
_forgotten = (
    select(tombstone.c.owner_id)
    .where(tombstone.c.owner_kind == "work")
    .union_all(
        select(work.c.work_key).where(work.c.user_id.in_(_graves)),
        select(web_listed.c.work_key).where(web_listed.c.user_id.in_(_graves)),
    )
)
_HIDDEN = select(work.c.work_key).where(
    among(work.c.work_key, "keys"),
    (work.c.state == "limited") | (work.c.evidence == WEB),
    work.c.work_key.not_in(_forgotten),
)
_SHOWN = select(work.c.work_key).where(
    among(work.c.work_key, "keys"), work.c.user_id.is_not(None), work.c.state == "live", work.c.evidence != WEB
)
_VANISHED = (
    select(web_listed.c.work_key)
    .join(work, work.c.work_key == web_listed.c.work_key)
    .where(
        web_listed.c.user_id == bindparam("b_id"), web_listed.c.last_seen < bindparam("now"),
        work.c.state == "live", work.c.evidence == WEB, work.c.medium == bindparam("b_medium"),
    )
)  # fmt: skip
_OVERDUE = text(
    "SELECT DISTINCT json_extract(f.params, '$.user_id') FROM feed f"
    " JOIN user u ON u.id = json_extract(f.params, '$.user_id')"
    " WHERE f.account_id = :account AND f.endpoint IN ('user/illusts', 'user/novels') AND f.full_at IS NOT NULL"
    f" AND coalesce(u.web_at, 0) < :before AND u.state NOT IN {State.LEFT}"
    " AND u.id NOT IN (SELECT owner_id FROM tombstone WHERE owner_kind = 'user')"
)


def record_list(conn: Connection, user_id: int, keys: Collection[int], now: int) -> None:
    """Record all ids that the website lists of an artist now. The others keep when they were last seen."""
    _LISTED(conn, [{"user_id": user_id, "work_key": k, "first_seen": now, "last_seen": now} for k in keys])
    conn.execute(_READ, {"b_id": user_id, "now": now})


def lacking(conn: Connection, user_id: int, medium: str, keys: Collection[int], now: int) -> list[int]:
    """Return which of these listed ids the app did not show, and which hidden ones are listed no more."""
    if tombstones.people(conn, (user_id,)):
        return []
    bound = {"keys": listed(keys)}
    shown = set(conn.execute(_SHOWN, bound).scalars())
    unwanted = tombstones.works(conn, keys)
    vanished = conn.execute(_VANISHED, {"b_id": user_id, "b_medium": medium, "now": now}).scalars()
    return [key for key in keys if key not in shown and key not in unwanted] + list(vanished)


def after_pass(conn: Connection, user_id: int, medium: str, now: int) -> None:
    """Ask, after a full pass of the app's list of an artist, for what only the website's list has."""
    at = listed_at(conn, user_id)
    if at is None or now - at >= DAY_MS:
        agenda.list_on_website(conn, [user_id], now)
        return
    mine = (web_listed.c.user_id == user_id) & (web_listed.c.last_seen >= at)
    of_medium = web_listed.c.work_key.op("&")(1) == int(medium == "novel")
    keys = conn.execute(select(web_listed.c.work_key).where(mine, of_medium)).scalars().all()
    agenda.read_on_website(conn, lacking(conn, user_id, medium, keys, at), now)


def ask_overdue(conn: Connection, account_id: int, now: int) -> None:
    """Ask for the website's lists, never or long ago read, of artists whose list was read whole from the app."""
    before = {"account": account_id, "before": now - MONTH_MS}
    agenda.list_on_website(conn, conn.execute(_OVERDUE, before).scalars().all(), now)


def ask_hidden(conn: Connection, keys: Collection[int], now: int) -> None:
    """Ask the website for those of these works that the app hides."""
    if keys:
        agenda.read_on_website(conn, conn.execute(_HIDDEN, {"keys": listed(keys)}).scalars().all(), now)


def shown_by_app(conn: Connection, key: int) -> bool:
    """True if the app shows the work itself, so that the website need not be asked."""
    return conn.execute(_SHOWN, {"keys": listed([key])}).first() is not None


def own_feeds(conn: Connection, account_id: int, user_id: int) -> dict[str, Feed]:
    """Return those of the artist's own lists that are walked, by their endpoints."""
    of_artist = (feed.c.endpoint.in_(ARTIST_LISTS), feed.c.params == feeds.canonical({"user_id": user_id}))
    ids = conn.execute(select(feed.c.id).where(feed.c.account_id == account_id, *of_artist)).scalars().all()
    return {one.endpoint: one for one in (feeds.get_feed(conn, feed_id) for feed_id in ids)}


def ask_all_hidden(conn: Connection, now: int) -> None:
    """Ask the website for every work that is known to be hidden."""
    hidden = select(work.c.work_key).where(work.c.state == "limited", work.c.work_key.not_in(_forgotten))
    agenda.read_on_website(conn, conn.execute(hidden).scalars().all(), now)


def live_works(conn: Connection, user_id: int, medium: str) -> int:
    """Count the works of an artist that are there upstream, as far as we know."""
    mine = (work.c.user_id == user_id) & (work.c.medium == medium) & (work.c.state == "live")
    return conn.scalar(select(func.count()).select_from(work).where(mine)) or 0


def listed_at(conn: Connection, user_id: int) -> int | None:
    """Return when the website was last asked for all ids of an artist."""
    return conn.scalar(select(user.c.web_at).where(user.c.id == user_id))


def owner_of(conn: Connection, key: int) -> int | None:
    """Return whose work it is: as it says itself, or as the website lists it."""
    own = conn.scalar(select(work.c.user_id).where(work.c.work_key == key))
    return own or conn.scalar(select(web_listed.c.user_id).where(web_listed.c.work_key == key).limit(1))


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
    theirs = select(web_listed.c.work_key).where(web_listed.c.user_id == user_id)
    soon = (chore.c.kind == Kind.WEB) & chore.c.key.in_(theirs) & (chore.c.due_at < now + 7 * DAY_MS)
    conn.execute(update(chore).where(soon).values(due_at=now + 7 * DAY_MS))
    return True


def fruitful(conn: Connection, user_id: int) -> None:
    conn.execute(delete(meta).where(meta.c.key == f"web_refused:{user_id}"))
