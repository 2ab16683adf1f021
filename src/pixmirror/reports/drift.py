"""How the account's lists changed over time: what vanished, when, why, and where our copy is.

The rows of `drift` say when we saw it; why, the work or user itself tells: Pixiv keeps bookmarks of works that are
gone in the list, so that one which vanishes although its work is there was taken back.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import listed, made, rows
from pixmirror.ingest.own_tags import tags_of

OURS = "account_id IN (SELECT id FROM account)"  # the keys of bookmarks and follows begin with the account
REMOVED, UNKNOWN = "removed", "unknown"

_REASONS = {
    "bookmark": {
        REMOVED: "removed on Pixiv by this account",
        UNKNOWN: "not known: the work was not seen since",
        "limited": "Pixiv hides the work from this account",
        "mypixiv": "only the artist's friends may see the work",
        "private": "the artist made the work private",
        "gone": "the work is gone",
        "deleted": "the work was deleted",
        "user_gone": "the artist has left Pixiv",
        "user_suspended": "the artist is suspended",
    },
    "follow": {
        REMOVED: "removed on Pixiv by this account",
        UNKNOWN: "not known: the profile was not seen since",
        "user_gone": "the artist has left Pixiv",
        "user_suspended": "the artist is suspended",
    },
}
# When a work or user was last seen live, also if it is not live now.
_LIVE_AT = """max(iif({0}.state = 'live', {0}.last_seen, 0), coalesce((SELECT max(last_at) FROM sighting s
    WHERE s.owner_kind = '{1}' AND s.owner_id = m.{2} AND s.state = 'live'), 0)) AS live_at"""
# The last of a list, before anything is joined: a list may have lost thousands.
_LAST = f"(SELECT * FROM {{0}} WHERE {OURS} AND state != 'live' ORDER BY state_at DESC, {{1}} DESC LIMIT :limit) m"
_VANISHED = {
    "bookmark": f"""
SELECT m.*, m.work_key AS item, w.title, w.user_id, u.name AS user_name,
  iif(w.state = 'live', coalesce(u.state, 'live'), w.state) AS now, {_LIVE_AT.format("w", "work", "work_key")}
FROM {_LAST.format("bookmark", "work_key")}
LEFT JOIN work w ON w.work_key = m.work_key LEFT JOIN user u ON u.id = w.user_id
ORDER BY m.state_at DESC, m.work_key DESC""",
    "follow": f"""
SELECT m.*, m.user_id AS item, NULL AS bookmark_id, u.name AS title, u.name AS user_name, u.state AS now,
  {_LIVE_AT.format("u", "user", "user_id")}
FROM {_LAST.format("follow", "user_id")} LEFT JOIN user u ON u.id = m.user_id
ORDER BY m.state_at DESC, m.user_id DESC""",
}
# Deleted comments are few among many: their moves are indexed.
_DELETED = """c.state != 'live' AND c.comment_key IN
  (SELECT DISTINCT owner_id FROM state_change WHERE owner_kind = 'comment' AND state != 'live')"""
_OF_THESE = "c.state != 'live' AND c.comment_key IN (SELECT value FROM json_each(:keys))"
_COMMENTS = """
SELECT c.comment_key >> 1 AS id, c.work_key AS ref, coalesce(w.title, '') AS title, c.user_id,
  coalesce(u.name, '') AS user_name, c.parent_key >> 1 AS parent_id, c.comment, c.stamp_id, c.date AS posted_at,
  c.first_seen, c.last_seen, c.state_at
FROM comment c LEFT JOIN work w ON w.work_key = c.work_key LEFT JOIN user u ON u.id = c.user_id
WHERE {} ORDER BY c.state_at DESC, c.comment_key DESC LIMIT :limit"""
# SQLite takes `path` from the row with the minimum. The texts of novels are among the bytes, as in `gone`.
_TEXT = "coalesce((SELECT sum(length(t.body)) FROM text_version t WHERE t.work_key = {}), 0)"
_COPIES = f"""
SELECT owner_id, count(*), coalesce(sum(size), 0) + {_TEXT.format("owner_id")}, path,
  min((role != 'page') * 1000000 + idx * 2 + 1 - is_current)
FROM media WHERE owner_kind = 'work' AND state = 'stored' AND owner_id IN (SELECT value FROM json_each(:keys))
GROUP BY owner_id"""
_COPY_OF_USER = f"""
SELECT count(*), coalesce(sum(m.size), 0)
  + coalesce((SELECT sum({_TEXT.format("n.work_key")}) FROM work n WHERE n.user_id = :user AND n.work_key & 1), 0),
  min(m.path)
FROM work w CROSS JOIN media m ON m.owner_kind = 'work' AND m.owner_id = w.work_key
WHERE w.user_id = :user AND m.state = 'stored'"""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is stored here: `path` of the first file, relative to the media folder."""

    files: int = 0
    bytes: int = 0
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """One bookmark or follow that is gone: why, and our copy.

    `state_at` is when it was last believed to have come or gone; `last_seen` when the list last showed it.
    """

    ref: Ref
    title: str
    user_id: int | None
    user_name: str
    restrict: str
    tags: tuple[str, ...]
    state: str
    why: str
    reason: str
    first_seen: int
    last_seen: int
    state_at: int | None
    copy: Copy
    bookmark_id: int | None
    events: tuple[()] = ()  # always empty, for those who read the JSON of earlier versions


@dataclass(frozen=True, slots=True)
class DeletedComment:
    """A comment that Pixiv no longer shows; its text is kept."""

    id: int
    ref: Ref
    title: str
    user_id: int | None
    user_name: str
    parent_id: int | None
    comment: str
    stamp_id: int | None
    posted_at: int | None
    first_seen: int
    last_seen: int
    state_at: int | None


@dataclass(frozen=True, slots=True)
class Vanished:
    """How many of each are gone."""

    bookmarks: int
    follows: int
    comments: int


def vanished(conn: Connection) -> Vanished:
    """Count what is gone from the account's lists, and the deleted comments."""
    counts = (
        f"SELECT count(*) FROM bookmark WHERE state != 'live' AND {OURS}",
        f"SELECT count(*) FROM follow WHERE state != 'live' AND {OURS}",
        f"SELECT count(*) FROM comment c WHERE {_DELETED}",
    )
    return made(conn, Vanished, f"SELECT {', '.join(f'({count})' for count in counts)}")[0]


def deleted_comments(
    conn: Connection, limit: int, keys: Collection[int] | None = None
) -> tuple[DeletedComment, ...]:
    """Return the comments that were last found deleted, newest first. `keys`: of these alone."""
    if keys is None:
        found = rows(conn, _COMMENTS.format(_DELETED), limit=limit)
    else:
        found = rows(conn, _COMMENTS.format(_OF_THESE), limit=limit, keys=listed(keys))
    return tuple(DeletedComment(**{**r._asdict(), "ref": Ref.of_work(r.ref)}) for r in found)


def vanished_members(conn: Connection, kind: Literal["bookmark", "follow"], limit: int) -> tuple[Membership, ...]:
    """Return the last bookmarks or follows that vanished, newest first."""
    found = rows(conn, _VANISHED[kind], limit=limit)
    items = [r.item for r in found]
    tags = tags_of(conn, found[0].account_id, items) if found and kind == "bookmark" else {}
    copies = _copies_of_works(conn, items) if kind == "bookmark" else {i: _copy_of_user(conn, i) for i in items}
    return tuple(
        Membership(
            ref=Ref.of_work(r.item) if kind == "bookmark" else Ref("user", r.item),
            title=r.title or "", user_id=r.user_id, user_name=r.user_name or "", restrict=r.restrict,
            tags=tags.get(r.item, ()), state=r.state, why=(why := _why(r)),
            reason=_REASONS[kind].get(why, f"it is {why} on Pixiv"),
            first_seen=r.first_seen, last_seen=r.last_seen, state_at=r.state_at,
            copy=copies.get(r.item, Copy()), bookmark_id=r.bookmark_id,
        )
        for r in found
    )  # fmt: skip


def _why(r: Any) -> str:
    """Tell why it is gone: what was seen live after the list last showed it was taken off the list."""
    if r.live_at > r.last_seen:
        return REMOVED
    return UNKNOWN if r.now in (None, "live") else str(r.now)


def _copies_of_works(conn: Connection, keys: Iterable[int]) -> dict[int, Copy]:
    return {r[0]: Copy(*r[1:4]) for r in rows(conn, _COPIES, keys=listed(keys))}


def _copy_of_user(conn: Connection, user_id: int) -> Copy:
    return made(conn, Copy, _COPY_OF_USER, user=user_id)[0]
