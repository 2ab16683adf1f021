"""What may have changed at Pixiv since it was read: queries for the slowest lane; rules are in sync/refresh.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.feeds import ARTIST_LISTS
from pixmirror.catalogue.sql import IDS, Many, changed, column, listed, rows, value
from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.models import Medium, State

_POSTED = """
SELECT create_date FROM work WHERE user_id = :user AND work_key & 1 = :parity AND create_date IS NOT NULL
ORDER BY work_key DESC LIMIT :n"""
_OWNER = "json_extract(feed.params, '$.user_id')"
# Artists' lists that a job keeps fresh: of named artists, and of those still followed.
_KEPT_FRESH = f"""(feed.account_id = :account AND feed.endpoint IN {tuple(ARTIST_LISTS)} AND (
  EXISTS (SELECT 1 FROM feed_job j WHERE j.feed_id = feed.id
      AND j.job IN (SELECT value FROM json_each(:user_jobs)))
  OR EXISTS (SELECT 1 FROM feed_job j WHERE j.feed_id = feed.id
      AND j.job IN (SELECT value FROM json_each(:follow_jobs)))
    AND EXISTS (SELECT 1 FROM follow
      WHERE follow.account_id = :account AND follow.user_id = {_OWNER} AND follow.state = 'live'))
  AND NOT EXISTS (SELECT 1 FROM user WHERE user.id = {_OWNER} AND user.state IN {State.LEFT}))"""
_UNPLANNED = f"""
SELECT id, {_OWNER} AS owner, endpoint, head_at, full_at FROM feed
WHERE refresh_at IS NULL AND head_at IS NOT NULL AND {_KEPT_FRESH} LIMIT :limit"""
_STALE = f"""
UPDATE feed SET refresh_at = NULL
WHERE refresh_at IS NOT NULL AND endpoint IN {tuple(ARTIST_LISTS)} AND NOT {_KEPT_FRESH}"""
_PUT_OFF = Many("UPDATE feed SET refresh_at = :at WHERE id = :id")
_PLANNED = f"""
SELECT (SELECT count(*) FROM feed WHERE refresh_at < :before) + (SELECT count(*) FROM chore
  WHERE kind = '{Kind.DETAIL}' AND lane = :lane AND due_at < :before)"""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Whose lists are kept fresh: names of enabled jobs of kind `user`, and of kind `following`."""

    account_id: int
    user_jobs: tuple[str, ...] = ()
    follow_jobs: tuple[str, ...] = ()
    bookmark_jobs: tuple[str, ...] = ()

    @property
    def bound(self) -> dict[str, Any]:
        """Return what _KEPT_FRESH binds."""
        jobs = {"user_jobs": listed(self.user_jobs), "follow_jobs": listed(self.follow_jobs)}
        return {"account": self.account_id, **jobs}


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
    return column(conn, _POSTED, user=user_id, parity=int(medium == "novel"), n=limit)


def gone_users(conn: Connection, user_ids: Sequence[int]) -> set[int]:
    """Return which of these users left or were suspended, as far as we know."""
    left = f"SELECT id FROM user WHERE id {IDS} AND state IN {State.LEFT}"
    return set(column(conn, left, ids=listed(user_ids)))


def unplanned(conn: Connection, wishes: Wishes, limit: int) -> list[ArtistList]:
    """Return lists that were read once, and for which no time to read them again is set."""
    found = rows(conn, _UNPLANNED, limit=limit, **wishes.bound)
    return [ArtistList(r.id, r.owner, ARTIST_LISTS[r.endpoint], r.head_at, r.full_at) for r in found]


def forget_unwanted(conn: Connection, wishes: Wishes) -> int:
    """Stop re-reading the lists that no job keeps fresh, as of artists who were unfollowed. Return how many."""
    return changed(conn, _STALE, **wishes.bound)


def due_lists(conn: Connection, now: int) -> list[int]:
    """Return the ids of the lists that should be read again by now, the longest waiting first."""
    return column(conn, "SELECT id FROM feed WHERE refresh_at <= :now ORDER BY refresh_at, id", now=now)


def put_off(conn: Connection, times: Mapping[int, int]) -> None:
    _PUT_OFF(conn, [{"id": feed_id, "at": at} for feed_id, at in times.items()])


# Works that neither an artist's list that is kept fresh nor the bookmarks show from time to time.
_UNSHOWN = f"""
SELECT work_key FROM work
WHERE work_key > :after AND work_key <= :last AND state = 'live' AND user_id IS NOT NULL
  AND last_seen <= :now - :young
  AND last_seen <= :now - CASE WHEN create_date > :now - :month THEN :young
                               WHEN create_date > :now - :year THEN :middle ELSE :old END
  AND NOT EXISTS (SELECT 1 FROM feed WHERE feed.account_id = :account
      AND feed.endpoint = CASE work_key & 1 WHEN 1 THEN 'user/novels' ELSE 'user/illusts' END
      AND feed.params = '{{"user_id":' || work.user_id || '}}' AND feed.refresh_at IS NOT NULL)
  AND NOT (:bookmarks AND EXISTS (SELECT 1 FROM bookmark b
      WHERE b.account_id = :account AND b.work_key = work.work_key AND b.state = 'live'))
  AND NOT EXISTS (SELECT 1 FROM chore WHERE chore.kind = :kind AND chore.key = work.work_key)
  AND NOT EXISTS (SELECT 1 FROM user u WHERE u.id = work.user_id AND u.state IN ('user_gone', 'user_suspended'))
  AND {not_forgotten_sql("work.work_key", "work.user_id")}
ORDER BY work_key LIMIT :n
"""


def unshown(
    conn: Connection, wishes: Wishes, after: int, last: int, now: int, spans: Mapping[str, int], limit: int
) -> list[int]:
    """Return works between two keys that no list shows, and that were last seen too long ago for their age."""
    bound = {"after": after, "last": last, "now": now, "n": limit, "account": wishes.account_id}
    bound["bookmarks"] = int(bool(wishes.bookmark_jobs))
    return column(conn, _UNSHOWN, **bound, **spans, kind=Kind.DETAIL)


def chunk_end(conn: Connection, after: int, size: int) -> int | None:
    """Return the key of the last of the next `size` works; None at the end."""
    keys = "SELECT work_key FROM work WHERE work_key > :after ORDER BY work_key LIMIT :size"
    last: int | None = value(conn, f"SELECT max(work_key) FROM ({keys})", after=after, size=size)
    return last


def planned(conn: Connection, before: int, lane: int) -> int:
    """Count the lists to be read again, and the works whose detail is asked for in this lane, before this time."""
    return int(value(conn, _PLANNED, before=before, lane=lane))


def created(conn: Connection, work_key: int) -> int | None:
    """Return when a work was posted, as far as we know."""
    at: int | None = value(conn, "SELECT create_date FROM work WHERE work_key = :key", key=work_key)
    return at
