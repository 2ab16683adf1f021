"""Comments and replies of a work: what pages tell, and what a whole reading no longer shows.

Rows are never deleted. A comment that two whole readings, at least a day apart, do not show is `deleted`, with its
replies (architecture: absent is not deleted); one that is seen again is live again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func

from pixmirror.catalogue import blocks, erasing, tombstones
from pixmirror.catalogue.schema import comment
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import KEYS, Many, changed, column, excluded, listed, row, rows, upsert, value
from pixmirror.clock import DAY_MS
from pixmirror.ingest.people import record_users
from pixmirror.ledger import agenda
from pixmirror.ledger.brake import is_too_many
from pixmirror.ledger.missing import doubt_all, ledger, seen_again
from pixmirror.models import Comment, Received, split_key, to_ms, work_key

LOOKS = (30 * DAY_MS, 180 * DAY_MS)  # ages of a work at which all its comments are read again
# States of a work in which Pixiv shows its comments, as far as we know.
ASKED = ("live", "unknown")

_KNOWN = f"""
SELECT comment_key, has_replies, state, missing_since, user_id, parent_key, stamp_id, stamp_url,
  comment = '' AS is_blank FROM comment WHERE comment_key {KEYS}"""
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
_ANSWERED = "SELECT DISTINCT parent_key FROM comment WHERE work_key = :work AND parent_key IS NOT NULL"
_WALKED = """
UPDATE work SET comments_at = :now, comments_total = coalesce(:total, total_comments)
WHERE work_key = :key RETURNING create_date"""
_OF_WORK = """
SELECT comment_key, parent_key, has_replies, state, last_seen, missing_since FROM comment WHERE work_key = :key"""
_PLANNED = """
SELECT state, create_date, first_seen, comments_at, comments_total, total_comments, EXISTS (SELECT 1 FROM comment c
  WHERE c.work_key = work.work_key AND c.state = 'live' AND c.missing_since IS NOT NULL) AS misses
FROM work WHERE work_key = :key"""
_REPLIES_OF = f"""
SELECT c.work_key FROM comment c JOIN work w ON w.work_key = c.work_key
WHERE c.comment_key = :root AND c.state = 'live' AND w.state IN {ASKED}"""

_FILLED = ("user_id", "parent_key", "stamp_id", "stamp_url")


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
    found = row(conn, _PLANNED, key=key)
    if found is None:
        return None
    read, before, total = found.comments_at, found.comments_total, found.total_comments
    born = found.create_date if found.create_date is not None else found.first_seen
    fell = before is not None and total is not None and total < before
    of_age = read is not None and any(read < born + age <= now for age in LOOKS)
    told = read is None and total == 0 and born + LOOKS[0] <= now
    return Plan(
        read is None or of_age or fell or bool(found.misses), read is None, found.state, before, total, told
    )


def replies_of(conn: Connection, root: int) -> int | None:
    """Return the work under which a comment stands; None where its replies are not to be asked for."""
    key: int | None = value(conn, _REPLIES_OF, root=root)
    return key


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
    known = {r.comment_key: r for r in rows(conn, _KNOWN, keys=listed(by_key))}
    shown = [_row(seen, key, k, r, parent_key, known.get(k)) for k, r in by_key.items()]
    people = tombstones.people(conn, {one["user_id"] for one in shown if one["user_id"]})
    # Of what forgotten people wrote, only that there is something.
    _UPSERT(conn, [one | erasing.ERASED if one["user_id"] in people else one for one in shown])
    filled = [k for one in shown if (k := one["comment_key"]) in known and _fills(one, known[k])]
    blocks.changed(conn, "comment", filled)
    back = [k for k, old in known.items() if old.state != "live"]
    ledger(conn, seen.account_id, "comment", back, "live", "seen again", seen.now)
    seen_again(conn, "comment", (k for k, old in known.items() if old.missing_since is not None))
    if parent_key is None:
        answered = set(column(conn, _ANSWERED, work=key))
        roots = [one["comment_key"] for one in shown if one["has_replies"]]
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


def _fills(shown: Mapping[str, Any], old: Any) -> bool:
    """Return whether an answer tells what the row of a known comment lacked; nothing else of it ever changes."""
    told = any(shown[name] not in (None, getattr(old, name)) for name in _FILLED)
    return told or bool(old.is_blank and shown["comment"])


def comments_walked(conn: Connection, seen: Seen, key: int, total: int | None) -> int | None:
    """Note that all comments were read. Return when to read them again: when the work is 30 and 180 days old.

    A total that a list tells makes that earlier; most lists tell none.
    """
    walked = row(conn, _WALKED, key=key, now=seen.now, total=total)
    if walked is None:
        return None
    created = walked.create_date if walked.create_date is not None else seen.now
    return next((created + age for age in LOOKS if created + age > seen.now), None)


def miss_comments(conn: Connection, seen: Seen, key: int, started: int) -> bool:
    """Note what a whole reading, begun at `started`, did not show. True if a second one has to confirm it.

    A root that is not there takes its replies along. A reading that shows nothing proves nothing: comments may
    have been closed.
    """
    known = rows(conn, _OF_WORK, key=key)
    roots = {r.comment_key: r for r in known if r.parent_key is None}
    live = [r for r in roots.values() if r.state == "live"]
    absent = [r for r in live if r.last_seen < started]
    if not _proves(live, absent):
        return False
    lost = {r.comment_key for r in absent}
    silent = {k for k, r in roots.items() if r.state != "live" or (r.last_seen >= started and not r.has_replies)}
    over = [r for r in known if r.parent_key in lost | silent and r.state == "live"]
    replies = [r for r in over if r.last_seen < started]
    return _missed(conn, seen, [*absent, *replies])


def miss_replies(conn: Connection, seen: Seen, key: int, root: int, started: int) -> bool:
    """Note which replies to one comment a whole reading of them did not show."""
    live = rows(conn, f"{_OF_WORK} AND parent_key = :root AND state = 'live'", key=key, root=root)
    absent = [r for r in live if r.last_seen < started]
    return _proves(live, absent) and _missed(conn, seen, absent)


def _proves(live: Sequence[Any], absent: Sequence[Any]) -> bool:
    return len(absent) < len(live) and not is_too_many(len(absent), len(live))


def _missed(conn: Connection, seen: Seen, absent: Sequence[Any]) -> bool:
    """Put in doubt what is absent for the second time. The judge decides: other works may lose as many."""
    first = [r.comment_key for r in absent if r.missing_since is None]
    if first:
        missed = f"UPDATE comment SET missing_since = :now WHERE comment_key {KEYS}"
        changed(conn, missed, keys=listed(first), now=seen.now)
    earlier = [r for r in absent if r.missing_since is not None]
    twice = [(r.comment_key, r.missing_since) for r in earlier if r.missing_since <= seen.now - DAY_MS]
    doubt_all(conn, seen.account_id, "comment", twice, "absent from two whole readings", seen.now)
    return len(twice) < len(absent)
