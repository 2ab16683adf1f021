"""What may have changed at Pixiv since it was read: queries for the slowest lane; rules are in sync/refresh.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.feeds import ARTIST_LISTS
from pixmirror.catalogue.schema import chore, feed, feed_job, follow, user, work
from pixmirror.models import Medium, State

_POSTED = (
    select(work.c.create_date)
    .where(
        work.c.user_id == bindparam("b_user"),
        work.c.work_key.op("&")(1) == bindparam("b_novel"),
        work.c.create_date.is_not(None),
    )
    .order_by(work.c.work_key.desc())
    .limit(bindparam("n"))
)
_owner = func.json_extract(feed.c.params, literal_column("'$.user_id'"))


@dataclass(frozen=True, slots=True)
class Wishes:
    """Whose lists are kept fresh: names of enabled jobs of kind `user`, and of kind `following`."""

    account_id: int
    user_jobs: tuple[str, ...] = ()
    follow_jobs: tuple[str, ...] = ()
    bookmark_jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtistList:
    """A list whose refreshing is to be planned."""

    feed_id: int
    user_id: int
    medium: Medium
    head_at: int
    full_at: int | None


def posted(conn: Connection, user_id: int, medium: Medium, limit: int) -> list[int]:
    """Return when the artist's last works were posted, newest first."""
    bound = {"b_user": user_id, "b_novel": int(medium == "novel"), "n": limit}
    return list(conn.execute(_POSTED, bound).scalars())


def gone_users(conn: Connection, user_ids: Sequence[int]) -> set[int]:
    """Return which of these users left or were suspended, as far as we know."""
    left = select(user.c.id).where(user.c.id.in_(user_ids), user.c.state.in_(State.LEFT))
    return set(conn.execute(left).scalars())


def kept_fresh(wishes: Wishes) -> ColumnElement[bool]:
    """Match artists' lists that a job keeps fresh: of named artists, and of those still followed."""
    named = exists().where(feed_job.c.feed_id == feed.c.id, feed_job.c.job.in_(wishes.user_jobs))
    through = exists().where(feed_job.c.feed_id == feed.c.id, feed_job.c.job.in_(wishes.follow_jobs))
    followed = exists().where(
        follow.c.account_id == wishes.account_id, follow.c.user_id == _owner, follow.c.state == "live"
    )
    left = exists().where(user.c.id == _owner, user.c.state.in_(State.LEFT))
    mine = and_(feed.c.account_id == wishes.account_id, feed.c.endpoint.in_(ARTIST_LISTS))
    return and_(mine, or_(named, and_(through, followed)), ~left)


def unplanned(conn: Connection, wishes: Wishes, limit: int) -> list[ArtistList]:
    """Return lists that were read once, and for which no time to read them again is set."""
    columns = (feed.c.id, _owner.label("owner"), feed.c.endpoint, feed.c.head_at, feed.c.full_at)
    read_once = (feed.c.refresh_at.is_(None), feed.c.head_at.is_not(None), kept_fresh(wishes))
    rows = conn.execute(select(*columns).where(*read_once).limit(limit))
    return [ArtistList(r.id, r.owner, ARTIST_LISTS[r.endpoint], r.head_at, r.full_at) for r in rows]


def forget_unwanted(conn: Connection, wishes: Wishes) -> int:
    """Stop re-reading the lists that no job keeps fresh, as of artists who were unfollowed. Return how many."""
    stale = (feed.c.refresh_at.is_not(None), feed.c.endpoint.in_(ARTIST_LISTS), ~kept_fresh(wishes))
    return conn.execute(update(feed).where(*stale).values(refresh_at=None)).rowcount


def due_lists(conn: Connection, now: int) -> list[int]:
    """Return the ids of the lists that should be read again by now, the longest waiting first."""
    stmt = select(feed.c.id).where(feed.c.refresh_at <= now).order_by(feed.c.refresh_at, feed.c.id)
    return list(conn.execute(stmt).scalars())


def put_off(conn: Connection, times: Mapping[int, int]) -> None:
    if times:
        rows = [{"b_id": feed_id, "at": at} for feed_id, at in times.items()]
        conn.execute(update(feed).where(feed.c.id == bindparam("b_id")).values(refresh_at=bindparam("at")), rows)


# Works that neither an artist's list that is kept fresh nor the bookmarks show from time to time.
_UNSHOWN = """
SELECT work_key FROM work
WHERE work_key > :after AND work_key <= :last AND state = 'live' AND user_id IS NOT NULL
  AND last_seen <= :now - :young
  AND last_seen <= :now - CASE WHEN create_date > :now - :month THEN :young
                               WHEN create_date > :now - :year THEN :middle ELSE :old END
  AND NOT EXISTS (SELECT 1 FROM feed WHERE feed.account_id = :account
      AND feed.endpoint = CASE work_key & 1 WHEN 1 THEN 'user/novels' ELSE 'user/illusts' END
      AND feed.params = '{"user_id":' || work.user_id || '}' AND feed.refresh_at IS NOT NULL)
  AND NOT (:bookmarks AND EXISTS (SELECT 1 FROM bookmark b
      WHERE b.account_id = :account AND b.work_key = work.work_key AND b.state = 'live'))
  AND NOT EXISTS (SELECT 1 FROM chore WHERE chore.kind = :kind AND chore.key = work.work_key)
  AND NOT EXISTS (SELECT 1 FROM user u WHERE u.id = work.user_id AND u.state IN ('user_gone', 'user_suspended'))
  AND NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.owner_kind = 'work' AND t.owner_id = work.work_key)
  AND NOT EXISTS (SELECT 1 FROM tombstone t WHERE t.owner_kind = 'user' AND t.owner_id = work.user_id)
ORDER BY work_key LIMIT :n
"""


def unshown(
    conn: Connection, wishes: Wishes, after: int, last: int, now: int, spans: Mapping[str, int], limit: int
) -> list[int]:
    """Return works between two keys that no list shows, and that were last seen too long ago for their age."""
    bound = {"after": after, "last": last, "now": now, "n": limit, "account": wishes.account_id}
    bound["bookmarks"] = int(bool(wishes.bookmark_jobs))
    return list(conn.execute(text(_UNSHOWN), bound | dict(spans) | {"kind": Kind.DETAIL}).scalars())


def chunk_end(conn: Connection, after: int, size: int) -> int | None:
    """Return the key of the last of the next `size` works; None at the end."""
    keys = select(work.c.work_key).where(work.c.work_key > after).order_by(work.c.work_key).limit(size).subquery()
    last: int | None = conn.scalar(select(func.max(keys.c.work_key)))
    return last


def planned(conn: Connection, before: int, lane: int) -> int:
    """Count the lists to be read again, and the works whose detail is asked for in this lane, before this time."""
    lists = select(func.count()).select_from(feed).where(feed.c.refresh_at < before)
    soon = (chore.c.kind == Kind.DETAIL, chore.c.lane == lane, chore.c.due_at < before)
    details = select(func.count()).select_from(chore).where(*soon)
    return conn.execute(lists).scalar_one() + conn.execute(details).scalar_one()


def created(conn: Connection, work_key: int) -> int | None:
    """Return when a work was posted, as far as we know."""
    return conn.scalar(select(work.c.create_date).where(work.c.work_key == work_key))
