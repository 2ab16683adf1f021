"""How the account's lists changed over time: what vanished, when, why, and where our copy is.

The rows of `drift` say when we saw it; why, the work or user itself tells: Pixiv keeps bookmarks of works that are
gone in the list, so that one which vanishes although its work is there was taken back.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, case, func, select

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import (
    account,
    bookmark,
    comment,
    drift,
    follow,
    media,
    sighting,
    state_change,
    user,
    work,
)
from pixmirror.catalogue.sql import among, listed
from pixmirror.ingest.own_tags import tags_of

OURS = select(account.c.id)
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


@dataclass(frozen=True, slots=True)
class Copy:
    """What is stored here: `path` of the first file, relative to the media folder."""

    files: int = 0
    bytes: int = 0
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a bookmark or follow (added, removed, returned, renewed, restrict, tags), and what moved."""

    event: str
    before: Any
    after: Any
    seen_at: int


@dataclass(frozen=True, slots=True)
class Membership:
    """One bookmark or follow: its state, its changes, why it is gone if it is, and our copy.

    `state_at` is when it was last believed to have come or gone; `last_seen` when the list last showed it.
    """

    ref: Ref
    title: str
    user_id: int | None
    user_name: str
    restrict: str
    tags: tuple[str, ...]
    state: str
    why: str | None
    reason: str | None
    first_seen: int
    last_seen: int
    state_at: int | None
    copy: Copy
    bookmark_id: int | None = None
    events: tuple[Event, ...] = ()


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
    def lost(table: Any, *where: Any) -> int:
        return conn.scalar(select(func.count()).select_from(table).where(table.c.state != "live", *where)) or 0

    # Deleted comments are few among many: their moves are indexed.
    c = state_change.c
    moved = select(c.owner_id).where(c.owner_kind == "comment", c.state != "live").distinct()
    return Vanished(
        bookmarks=lost(bookmark, bookmark.c.account_id.in_(OURS)),
        follows=lost(follow, follow.c.account_id.in_(OURS)),
        comments=lost(comment, comment.c.comment_key.in_(moved)),
    )


# --- bookmarks


def vanished_bookmarks(conn: Connection, limit: int) -> tuple[Membership, ...]:
    """Return the last ones that vanished, newest first."""
    order = (bookmark.c.state_at.desc(), bookmark.c.work_key.desc())
    rows = conn.execute(_bookmarks().where(bookmark.c.state != "live").order_by(*order).limit(limit)).all()
    return _memberships(conn, "bookmark", rows)


def bookmark_history(conn: Connection, work_key: int) -> Membership | None:
    """Return the own bookmark of a work with its history; None if there never was one."""
    found = conn.execute(_bookmarks().where(bookmark.c.work_key == work_key)).all()
    return next(iter(_memberships(conn, "bookmark", found, with_events=True)), None)


def _bookmarks() -> Any:
    own = select(
        bookmark.c.work_key.label("item"),
        bookmark.c.account_id,
        bookmark.c.restrict,
        bookmark.c.state,
        bookmark.c.state_at,
        bookmark.c.first_seen,
        bookmark.c.last_seen,
        bookmark.c.bookmark_id,
        work.c.title,
        work.c.user_id,
        user.c.name.label("user_name"),
        case((work.c.state == "live", func.coalesce(user.c.state, "live")), else_=work.c.state).label("now"),
        case((work.c.state == "live", work.c.last_seen)).label("live_at"),
        _seen_live("work", bookmark.c.work_key),
    )
    joined = own.outerjoin(work, work.c.work_key == bookmark.c.work_key)
    return joined.outerjoin(user, user.c.id == work.c.user_id).where(bookmark.c.account_id.in_(OURS))


def _seen_live(kind: str, item: Any) -> Any:
    """Select when a work or user was last seen live, also if it is not live now."""
    newest = select(func.max(sighting.c.last_at)).where(
        sighting.c.owner_kind == kind, sighting.c.owner_id == item, sighting.c.state == "live"
    )
    return newest.scalar_subquery().label("seen_live")


# --- follows


def vanished_follows(conn: Connection, limit: int) -> tuple[Membership, ...]:
    """Return the last ones that vanished, newest first."""
    order = (follow.c.state_at.desc(), follow.c.user_id.desc())
    rows = conn.execute(_follows().where(follow.c.state != "live").order_by(*order).limit(limit)).all()
    return _memberships(conn, "follow", rows)


def follow_history(conn: Connection, user_id: int) -> Membership | None:
    """Return the own follow of a user with its history; None if there never was one."""
    found = conn.execute(_follows().where(follow.c.user_id == user_id)).all()
    return next(iter(_memberships(conn, "follow", found, with_events=True)), None)


def _follows() -> Any:
    own = select(
        follow.c.user_id.label("item"),
        follow.c.account_id,
        follow.c.restrict,
        follow.c.state,
        follow.c.state_at,
        follow.c.first_seen,
        follow.c.last_seen,
        user.c.name.label("title"),
        follow.c.user_id,
        user.c.name.label("user_name"),
        user.c.state.label("now"),
        case((user.c.state == "live", user.c.last_seen)).label("live_at"),
        _seen_live("user", follow.c.user_id),
    )
    return own.outerjoin(user, user.c.id == follow.c.user_id).where(follow.c.account_id.in_(OURS))


# --- comments


def deleted_comments(conn: Connection, limit: int) -> tuple[DeletedComment, ...]:
    """Return the comments that were last found deleted, newest first."""
    c = state_change.c
    moved = select(c.owner_id).where(c.owner_kind == "comment", c.state != "live").distinct()
    rows = conn.execute(
        select(comment, work.c.title, user.c.name)
        .outerjoin(work, work.c.work_key == comment.c.work_key)
        .outerjoin(user, user.c.id == comment.c.user_id)
        .where(comment.c.comment_key.in_(moved), comment.c.state != "live")
        .order_by(comment.c.state_at.desc(), comment.c.comment_key.desc())
        .limit(limit)
    )
    return tuple(
        DeletedComment(
            id=r.comment_key >> 1, ref=Ref.of_work(r.work_key), title=r.title or "", user_id=r.user_id,
            user_name=r.name or "", parent_id=None if r.parent_key is None else r.parent_key >> 1,
            comment=r.comment, stamp_id=r.stamp_id, posted_at=r.date, first_seen=r.first_seen,
            last_seen=r.last_seen, state_at=r.state_at,
        )
        for r in rows
    )  # fmt: skip


# --- both


def _memberships(
    conn: Connection, kind: Literal["bookmark", "follow"], rows: Iterable[Row[Any]], *, with_events: bool = False
) -> tuple[Membership, ...]:
    found = list(rows)
    items = [r.item for r in found]
    tags = tags_of(conn, found[0].account_id, items) if found and kind == "bookmark" else {}
    copies = _copies_of_works(conn, items) if kind == "bookmark" else {i: _copy_of_user(conn, i) for i in items}
    made = []
    for r in found:
        why = None if r.state == "live" else _why(r)
        made.append(
            Membership(
                ref=Ref.of_work(r.item) if kind == "bookmark" else Ref("user", r.item),
                title=r.title or "", user_id=r.user_id, user_name=r.user_name or "", restrict=r.restrict,
                tags=tags.get(r.item, ()), state=r.state, why=why,
                reason=None if why is None else _REASONS[kind].get(why, f"it is {why} on Pixiv"),
                first_seen=r.first_seen, last_seen=r.last_seen, state_at=r.state_at,
                copy=copies.get(r.item, Copy()), bookmark_id=getattr(r, "bookmark_id", None),
                events=_events(conn, kind, r.item) if with_events else (),
            )
        )  # fmt: skip
    return tuple(made)


def _why(r: Row[Any]) -> str:
    """Tell why it is gone: what was seen live after the list last showed it was taken off the list."""
    if max(r.live_at or 0, r.seen_live or 0) > r.last_seen:
        return REMOVED
    return UNKNOWN if r.now in (None, "live") else str(r.now)


def _events(conn: Connection, kind: str, item: int) -> tuple[Event, ...]:
    rows = conn.execute(
        select(drift)
        .where(drift.c.account_id.in_(OURS), drift.c.kind == kind, drift.c.item == item)
        .order_by(drift.c.id)
    )
    return tuple(Event(r.event, _value(r, r.before), _value(r, r.after), r.at) for r in rows)


def _value(row: Row[Any], value: str | None) -> Any:
    if value is None:
        return None
    return json.loads(value) if row.event in ("tags", "renewed") else value


def _copies_of_works(conn: Connection, keys: Iterable[int]) -> dict[int, Copy]:
    m = media.c
    # SQLite takes `path` from the row with the minimum.
    stmt = (
        select(m.owner_id, func.count(), func.coalesce(func.sum(m.size), 0), m.path, func.min(_ORDER))
        .where(m.owner_kind == "work", m.state == "stored", among(m.owner_id, "keys"))
        .group_by(m.owner_id)
    )
    return {r[0]: Copy(r[1], r[2], r[3]) for r in conn.execute(stmt, {"keys": listed(keys)})}


_ORDER = case((media.c.role == "page", 0), else_=1) * 1_000_000 + media.c.idx * 2 + (1 - media.c.is_current)


def _copy_of_user(conn: Connection, user_id: int) -> Copy:
    m = media.c
    stmt = (
        select(func.count(), func.coalesce(func.sum(m.size), 0), func.min(m.path))
        .join(work, work.c.work_key == m.owner_id)
        .where(m.owner_kind == "work", m.state == "stored", work.c.user_id == user_id)
    )
    return Copy(*conn.execute(stmt).one())
