"""Comments and replies of a work."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import chores, ingest_people
from pixmirror.catalogue.schema import comment, work
from pixmirror.catalogue.seen import DAY, Seen, among, listed
from pixmirror.catalogue.statements import Many
from pixmirror.models import Comment, Lane, Received, split_key, to_ms, work_key

_KNOWN = select(comment.c.comment_key, comment.c.has_replies).where(among(comment.c.comment_key, "keys"))
_insert = insert(comment)
_UPSERT = Many(
    _insert.on_conflict_do_update(
        index_elements=["comment_key"],
        set_={
            "user_id": func.coalesce(_insert.excluded.user_id, comment.c.user_id),
            "parent_key": func.coalesce(_insert.excluded.parent_key, comment.c.parent_key),
            "has_replies": _insert.excluded.has_replies,
            "state": "live",
            "last_seen": _insert.excluded.last_seen,
        },
    )
)
_ANSWERED = (
    select(comment.c.parent_key)
    .where(comment.c.work_key == bindparam("b_work"), comment.c.parent_key.is_not(None))
    .distinct()
)
_WALKED = (
    update(work)
    .where(work.c.work_key == bindparam("b_key"))
    .values(comments_at=bindparam("now"), comments_total=func.coalesce(bindparam("total"), work.c.total_comments))
    .returning(work.c.create_date)
)


def record_comments(
    conn: Connection,
    seen: Seen,
    key: int,
    received: Sequence[Received[Comment]],
    parent_key: int | None = None,
    *,
    all_replies: bool = False,
) -> tuple[int, int]:
    """One page of a work's comments, or of the replies to `parent_key`: how many were new, how many known.

    The replies of a root become a chore when none of them is known; with `all_replies` in any case.
    """
    if not received:
        return 0, 0
    medium, _ = split_key(key)
    ingest_people.record_users(conn, seen, (r.item.user for r in received if r.item.user))
    by_key = {work_key(medium, r.item.id): r.item for r in received}
    known = dict(conn.execute(_KNOWN, {"keys": listed(by_key)}).all())
    _UPSERT(conn, [_row(seen, key, k, item, parent_key) for k, item in by_key.items()])
    if parent_key is None:
        answered = set(conn.execute(_ANSWERED, {"b_work": key}).scalars())
        chores.add_all(
            conn,
            (
                ("replies", k, Lane.EXTRA, seen.now)
                for k, item in by_key.items()
                if item.has_replies and (all_replies or k not in answered)
            ),
        )
    return len(by_key) - len(known), len(known)


def _row(seen: Seen, key: int, comment_key: int, item: Comment, parent_key: int | None) -> dict[str, Any]:
    medium, _ = split_key(key)
    parent = work_key(medium, item.parent_comment.id) if item.parent_comment else None
    return {
        "comment_key": comment_key,
        "work_key": key,
        "user_id": item.user.id if item.user and item.user.id else None,
        "parent_key": parent_key or parent,
        "comment": item.comment,
        "date": to_ms(item.date) if item.date else None,
        "stamp_id": item.stamp.stamp_id if item.stamp else None,
        "stamp_url": item.stamp.stamp_url if item.stamp else None,
        "has_replies": int(item.has_replies),
        "first_seen": seen.now,
        "last_seen": seen.now,
    }


def comments_walked(conn: Connection, seen: Seen, key: int, total: int | None) -> int | None:
    """All comments were read to the end. Returns when to look again: when the work is 30 and 180 days old.

    A total that a list tells makes that earlier; most lists tell none.
    """
    row = conn.execute(_WALKED, {"b_key": key, "now": seen.now, "total": total}).first()
    if row is None:
        return None
    created = row.create_date if row.create_date is not None else seen.now
    return next((created + days * DAY for days in (30, 180) if created + days * DAY > seen.now), None)
