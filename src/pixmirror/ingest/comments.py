"""Comments and replies of a work: what pages tell, and what a whole reading no longer shows.

Rows are never deleted. A comment that two whole readings, at least a day apart, do not show is `deleted`, with its
replies (architecture: absent is not deleted); one that is seen again is live again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, update

from pixmirror.catalogue import erasing, tombstones
from pixmirror.catalogue.schema import comment, work
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import Many, among, excluded, listed, upsert
from pixmirror.clock import DAY_MS
from pixmirror.ingest.people import record_users
from pixmirror.ledger import agenda
from pixmirror.ledger.brake import is_too_many
from pixmirror.ledger.missing import doubt_all, ledger, seen_again
from pixmirror.models import Comment, Received, split_key, to_ms, work_key

LOOKS = (30 * DAY_MS, 180 * DAY_MS)  # ages of a work at which all its comments are read again
# States of a work in which Pixiv shows its comments, as far as we know.
ASKED = ("live", "unknown")

_KNOWN = select(comment.c.comment_key, comment.c.has_replies, comment.c.state, comment.c.missing_since).where(
    among(comment.c.comment_key, "keys")
)
_new = excluded(comment).c
_UPSERT = Many(
    upsert(
        comment,
        "has_replies",
        "last_seen",
        user_id=func.coalesce(_new.user_id, comment.c.user_id),
        parent_key=func.coalesce(_new.parent_key, comment.c.parent_key),
        # What was erased comes back when its writer is forgotten no more; a comment is never edited.
        comment=func.coalesce(func.nullif(comment.c.comment, ""), _new.comment),
        stamp_id=func.coalesce(comment.c.stamp_id, _new.stamp_id),
        stamp_url=func.coalesce(comment.c.stamp_url, _new.stamp_url),
        state="live",
        state_at=case((comment.c.state == "live", comment.c.state_at), else_=_new.last_seen),
        missing_since=None,
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
_OF_WORK = select(
    comment.c.comment_key,
    comment.c.parent_key,
    comment.c.has_replies,
    comment.c.state,
    comment.c.last_seen,
    comment.c.missing_since,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read the comments of a work: `whole` to the end, else down to the first page of known ones."""

    whole: bool
    first: bool
    state: str
    total: int | None  # of the last reading
    shown: int | None  # as a list or the detail said it last
    is_told: bool = False  # never read, no longer new, and a list or the detail said that there are none

    @property
    def is_asked(self) -> bool:
        return self.state in ASKED


def plan(conn: Connection, key: int, now: int) -> Plan | None:
    """Plan a reading: whole where there was none, one is due by age, or comments went. None: no such work."""
    columns = (work.c.state, work.c.create_date, work.c.first_seen, work.c.comments_at, work.c.comments_total)
    row = conn.execute(select(*columns, work.c.total_comments).where(work.c.work_key == key)).first()
    if row is None:
        return None
    read, before, total = row.comments_at, row.comments_total, row.total_comments
    born = row.create_date if row.create_date is not None else row.first_seen
    fell = before is not None and total is not None and total < before
    of_age = read is not None and any(read < born + age <= now for age in LOOKS)
    missing = select(comment.c.comment_key).where(
        comment.c.work_key == key, comment.c.state == "live", comment.c.missing_since.is_not(None)
    )
    whole = read is None or of_age or fell or conn.execute(missing.limit(1)).first() is not None
    told = read is None and total == 0 and born + LOOKS[0] <= now
    return Plan(whole, read is None, row.state, before, total, told)


def replies_of(conn: Connection, root: int) -> int | None:
    """Return the work under which a comment stands; None where its replies are not to be asked for."""
    stmt = (
        select(comment.c.work_key)
        .join(work, work.c.work_key == comment.c.work_key)
        .where(comment.c.comment_key == root, comment.c.state == "live", work.c.state.in_(ASKED))
    )
    return conn.scalar(stmt)


def record_comments(
    conn: Connection,
    seen: Seen,
    key: int,
    received: Sequence[Received[Comment]],
    parent_key: int | None = None,
    *,
    all_replies: bool = False,
) -> tuple[int, int]:
    """Record a page of a work's comments, or of the replies to `parent_key`. Return how many were new, and known.

    The replies of a root become a chore when none of them is known; with `all_replies` in any case.
    """
    if not received:
        return 0, 0
    medium, _ = split_key(key)
    record_users(conn, seen, (r.item.user for r in received if r.item.user))
    by_key = {work_key(medium, r.item.id): r for r in received}
    known = {r.comment_key: r for r in conn.execute(_KNOWN, {"keys": listed(by_key)})}
    rows = [_row(seen, key, k, r, parent_key, known.get(k)) for k, r in by_key.items()]
    people = tombstones.people(conn, {row["user_id"] for row in rows if row["user_id"]})
    # Of what forgotten people wrote, only that there is something.
    _UPSERT(conn, [row | erasing.ERASED if row["user_id"] in people else row for row in rows])
    back = [k for k, old in known.items() if old.state != "live"]
    ledger(conn, seen.account_id, "comment", back, "live", "seen again", seen.now)
    seen_again(conn, "comment", (k for k, old in known.items() if old.missing_since is not None))
    if parent_key is None:
        answered = set(conn.execute(_ANSWERED, {"b_work": key}).scalars())
        roots = [row["comment_key"] for row in rows if row["has_replies"]]
        asked = [root for root in roots if all_replies or root not in answered]
        agenda.ask_for_replies(conn, asked, seen.now)
    return len(by_key) - len(known), len(known)


def _row(
    seen: Seen, key: int, comment_key: int, received: Received[Comment], parent_key: int | None, old: Any
) -> dict[str, Any]:
    item = received.item
    medium, _ = split_key(key)
    parent = work_key(medium, item.parent_comment.id) if item.parent_comment else None
    # The oldest endpoint does not say whether there are replies.
    has_replies = int(item.has_replies) if "has_replies" in received.raw or old is None else old.has_replies
    return {
        "comment_key": comment_key,
        "work_key": key,
        "user_id": item.user.id if item.user and item.user.id else None,
        "parent_key": parent_key or parent,
        "comment": item.comment,
        "date": to_ms(item.date) if item.date else None,
        "stamp_id": item.stamp.stamp_id if item.stamp else None,
        "stamp_url": item.stamp.stamp_url if item.stamp else None,
        "has_replies": has_replies,
        "first_seen": seen.now,
        "last_seen": seen.now,
    }


def comments_walked(conn: Connection, seen: Seen, key: int, total: int | None) -> int | None:
    """Note that all comments were read. Return when to read them again: when the work is 30 and 180 days old.

    A total that a list tells makes that earlier; most lists tell none.
    """
    row = conn.execute(_WALKED, {"b_key": key, "now": seen.now, "total": total}).first()
    if row is None:
        return None
    created = row.create_date if row.create_date is not None else seen.now
    return next((created + age for age in LOOKS if created + age > seen.now), None)


def miss_comments(conn: Connection, seen: Seen, key: int, started: int) -> bool:
    """Note what a whole reading, begun at `started`, did not show. True if a second one has to confirm it.

    A root that is not there takes its replies along. A reading that shows nothing proves nothing: comments may
    have been closed.
    """
    rows = conn.execute(_OF_WORK.where(comment.c.work_key == key)).all()
    roots = {r.comment_key: r for r in rows if r.parent_key is None}
    live = [r for r in roots.values() if r.state == "live"]
    absent = [r for r in live if r.last_seen < started]
    if not _proves(live, absent):
        return False
    lost = {r.comment_key for r in absent}
    silent = {k for k, r in roots.items() if r.state != "live" or (r.last_seen >= started and not r.has_replies)}
    over = [r for r in rows if r.parent_key in lost | silent and r.state == "live"]
    replies = [r for r in over if r.last_seen < started]
    return _missed(conn, seen, [*absent, *replies])


def miss_replies(conn: Connection, seen: Seen, key: int, root: int, started: int) -> bool:
    """Note which replies to one comment a whole reading of them did not show."""
    of_root = (comment.c.work_key == key, comment.c.parent_key == root, comment.c.state == "live")
    live = conn.execute(_OF_WORK.where(*of_root)).all()
    absent = [r for r in live if r.last_seen < started]
    return _proves(live, absent) and _missed(conn, seen, absent)


def _proves(live: Sequence[Any], absent: Sequence[Any]) -> bool:
    return len(absent) < len(live) and not is_too_many(len(absent), len(live))


def _missed(conn: Connection, seen: Seen, absent: Sequence[Any]) -> bool:
    """Put in doubt what is absent for the second time. The judge decides: other works may lose as many."""
    first = [r.comment_key for r in absent if r.missing_since is None]
    if first:
        stmt = update(comment).where(among(comment.c.comment_key, "keys")).values(missing_since=seen.now)
        conn.execute(stmt, {"keys": listed(first)})
    earlier = [r for r in absent if r.missing_since is not None]
    twice = [(r.comment_key, r.missing_since) for r in earlier if r.missing_since <= seen.now - DAY_MS]
    doubt_all(conn, seen.account_id, "comment", twice, "absent from two whole readings", seen.now)
    return len(twice) < len(absent)
