"""Chores: what is to be asked of Pixiv about one thing, in its lane, when due. Why: `ledger/agenda.py`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self, TypeAlias

from sqlalchemy import Connection

from pixmirror.catalogue import of_jobs
from pixmirror.catalogue.sql import Many, changed, listed, row, rows, value

Subject: TypeAlias = Literal["work", "user", "comment", "account", "tag"]


class Kind(StrEnum):
    """What can be asked, and of what: a chore's key is that of a work or comment, or the id of a user or tag.

    An account's chores count their own keys. The values are stored.
    """

    subject: Subject

    def __new__(cls, value: str, subject: Subject) -> Self:
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.subject = subject
        return kind

    DETAIL = "detail", "work"
    UGOIRA = "ugoira", "work"  # the frames of an animation, and its zip
    TEXT = "text", "work"  # of a novel, with its cover and pictures
    COMMENTS = "comments", "work"
    REPLIES = "replies", "comment"
    WEB = "web", "work"  # what the website shows of a work that the app hides
    BOOKMARK = "bookmark", "work"  # whether it is still one
    SIDECAR = "sidecar", "work"  # to be written again; asks nobody
    PROFILE = "profile", "user"
    COVERAGE = "coverage", "user"  # what the website lists of an artist
    FOLLOW = "follow", "user"  # whether the artist is still followed
    BOOKMARK_TAGS = "bookmark_tags", "account"
    RANKING = "ranking", "account"  # days that are read again
    READING = "reading", "tag"  # how the website says that it is read
    INBOX = "inbox", "account"  # whether Pixiv's office has written, as it does to warn
    CONTROL = "control", "account"  # the account's own profile, which must be there

    @classmethod
    def about(cls, subject: Subject) -> tuple[Self, ...]:
        """Return the kinds whose chores are about works, users, comments or the account."""
        return tuple(kind for kind in cls if kind.subject == subject)


PARTS = (Kind.UGOIRA, Kind.TEXT, Kind.COMMENTS)  # what a work has beside its detail, asked of the app
OF_WEBSITE = (Kind.COVERAGE, Kind.WEB, Kind.READING, Kind.INBOX)  # they need the cookie


@dataclass(frozen=True, slots=True)
class Chore:
    kind: str
    key: int
    lane: int
    due_at: int
    attempts: int = 0
    progress: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    asked_again: bool = field(default=False, compare=False)  # to be claimed when it begins


# Something moved after it was due, and so may have moved while it ran: its answer may be older than that.
ASKED_AGAIN = -1  # in `attempts`
# A chore that failed and was put off stays put off: only its own next try may bring it forward.
_UPSERT = """
INSERT INTO chore (kind, key, lane, due_at) VALUES (:kind, :key, :lane, :due_at)
ON CONFLICT (kind, key) DO UPDATE SET lane = min(lane, excluded.lane),
  due_at = iif(attempts > 0, due_at, min(due_at, excluded.due_at)){}
WHERE excluded.due_at < due_at AND attempts <= 0 OR excluded.lane < lane{}"""
_later = "excluded.due_at > due_at AND attempts = 0"
_ADD = Many(_UPSERT.format("", ""))
_MOVED = Many(_UPSERT.format(f", attempts = iif({_later}, {ASKED_AGAIN}, attempts)", f" OR {_later}"))
_ADD_NEW = Many("""
INSERT INTO chore (kind, key, lane, due_at, progress) VALUES (:kind, :key, :lane, :due_at, :progress)
ON CONFLICT DO NOTHING""")
_AFRESH = """
INSERT INTO chore (kind, key, lane, due_at, progress) VALUES (:kind, :key, :lane, :due_at, :progress)
ON CONFLICT (kind, key) DO UPDATE SET lane = min(lane, excluded.lane), due_at = min(due_at, excluded.due_at),
  attempts = 0, error = NULL,
  progress = json_patch(iif(json_valid(progress) = 1, progress, '{}'), excluded.progress)"""
_IN_LANE = "SELECT * FROM chore WHERE lane = :lane AND due_at <= :now {} ORDER BY due_at LIMIT :n"
_DUE, _DUE_OF = _IN_LANE.format(""), _IN_LANE.format(f"AND {of_jobs.CHORE}")
_NEXT_LANE = "SELECT min(lane) FROM chore WHERE lane > :lane"
_ONE = "WHERE kind = :kind AND key = :key"
_DONE = f"DELETE FROM chore {_ONE} AND attempts != {ASKED_AGAIN}"
_CLAIMED = f"UPDATE chore SET attempts = 0 {_ONE} AND attempts = {ASKED_AGAIN}"
_AGAIN = f"""
UPDATE chore SET due_at = iif(attempts = {ASKED_AGAIN}, due_at, :at),
  lane = iif(attempts = {ASKED_AGAIN}, lane, coalesce(:lane, lane)),
  attempts = 0, progress = NULL, error = NULL {_ONE}"""
_FRESH = f"UPDATE chore SET attempts = 0, progress = NULL, error = NULL {_ONE}"
_POSTPONE = f"UPDATE chore SET due_at = :at, error = :reason, attempts = max(attempts, 0) + 1 {_ONE}"
_PUT_OFF = f"UPDATE chore SET due_at = :at, error = :reason {_ONE}"
_PROGRESS = f"UPDATE chore SET progress = :saved, attempts = min(attempts, 0), error = NULL {_ONE}"
# The days of rankings are tried each by itself: what failed of them stands in the chore's error.
_FAILING = f"""
SELECT count(*) FROM chore
WHERE (attempts > 0 AND due_at < :before OR kind = '{Kind.RANKING}' AND error IS NOT NULL)"""
_WAKE = Many(f"UPDATE chore SET due_at = :now {_ONE} AND attempts > 0 AND due_at > :now")


def add_all(conn: Connection, new: Iterable[tuple[str, int, int, int]], *, moved: bool = False) -> None:
    """Add chores: (kind, key, lane, due_at) each. The earlier time and the more urgent lane win; progress is kept.

    `moved`: what is asked about has just changed, so that an answer under way does not settle it.
    """
    found = [{"kind": str(kind), "key": key, "lane": int(lane), "due_at": due} for kind, key, lane, due in new]
    (_MOVED if moved else _ADD)(conn, found)


def add_new(
    conn: Connection, kind: str, due_at: Mapping[int, int], lane: int, progress: Mapping[str, Any] | None = None
) -> None:
    """Add a chore for each key, where there is none of this kind yet. `due_at`: by key."""
    one = {"kind": str(kind), "lane": int(lane), "progress": json.dumps(progress) if progress else None}
    _ADD_NEW(conn, [{**one, "key": key, "due_at": due} for key, due in due_at.items()])


def add(conn: Connection, kind: str, key: int, lane: int, due_at: int, *, moved: bool = False) -> None:
    add_all(conn, ((kind, key, lane, due_at),), moved=moved)


def add_afresh(conn: Connection, kind: str, key: int, lane: int, due_at: int, progress: Mapping[str, Any]) -> None:
    """Add a chore as if it had never failed; what `progress` says is added to what it has."""
    one = {"kind": str(kind), "key": key, "lane": int(lane), "due_at": due_at, "progress": json.dumps(progress)}
    changed(conn, _AFRESH, **one)


def due(
    conn: Connection,
    now: int,
    limit: int,
    lanes: Sequence[int] | None = None,
    jobs: Sequence[str] | None = None,
) -> list[Chore]:
    """Return the most urgent chores that are due, by lane, then by due time; of these jobs, or all."""
    found: list[Chore] = []
    for lane in sorted(lanes) if lanes is not None else _lanes(conn):
        of = {} if jobs is None else {"jobs": listed(jobs)}
        more = rows(conn, _DUE if jobs is None else _DUE_OF, lane=lane, now=now, n=limit - len(found), **of)
        found += (_chore(r) for r in more)
        if len(found) >= limit:
            break
    return found


def _progress(text: str | None) -> Mapping[str, Any]:
    """Read what a cut chore left. Garbled text counts as none: the chore begins anew."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def find(conn: Connection, kind: str, key: int, now: int) -> Chore | None:
    """Return this chore if it is due."""
    found = row(conn, f"SELECT * FROM chore {_ONE} AND due_at <= :now", kind=kind, key=key, now=now)
    return None if found is None else _chore(found)


def _chore(r: Any) -> Chore:
    attempts, again = max(r.attempts, 0), r.attempts == ASKED_AGAIN
    return Chore(r.kind, r.key, r.lane, r.due_at, attempts, _progress(r.progress), r.error, again)


def _lanes(conn: Connection) -> list[int]:
    """Return the lanes that hold any chore, by skipping through the index."""
    lanes: list[int] = []
    lane = value(conn, _NEXT_LANE, lane=-1)
    while lane is not None:
        lanes.append(lane)
        lane = value(conn, _NEXT_LANE, lane=lane)
    return lanes


def done(conn: Connection, kind: str, key: int, again_at: int | None = None, lane: int | None = None) -> None:
    """End the chore, or let it come again later as if new. One that was added while it ran is due at once."""
    if again_at is None:
        if not changed(conn, _DONE, kind=kind, key=key):
            changed(conn, _FRESH, kind=kind, key=key)
    elif not changed(conn, _AGAIN, kind=kind, key=key, at=again_at, lane=lane) and lane is not None:
        add(conn, kind, key, lane, again_at)


def claim(conn: Connection, kind: str, key: int) -> None:
    """Mark the chore as begun: its answer serves everybody who has asked until now."""
    changed(conn, _CLAIMED, kind=kind, key=key)


def postpone(conn: Connection, kind: str, key: int, due_at: int, error: str | None) -> None:
    """Count a failure, and try again at `due_at`."""
    changed(conn, _POSTPONE, kind=kind, key=key, at=due_at, reason=error)


def put_off(conn: Connection, kind: str, key: int, due_at: int, error: str | None) -> None:
    """Let the chore rest until `due_at`, without a failure. `error`: why something is left."""
    changed(conn, _PUT_OFF, kind=kind, key=key, at=due_at, reason=error)


def save_progress(conn: Connection, kind: str, key: int, progress: Mapping[str, Any]) -> None:
    """Save where to go on after a cut, and forget earlier failures, because the chore got further."""
    saved = json.dumps(dict(progress), sort_keys=True) if progress else None
    changed(conn, _PROGRESS, kind=kind, key=key, saved=saved)


def wake(conn: Connection, found: Iterable[tuple[str, int]], now: int) -> None:
    """Make those of these chores due that failed and were put off. Their failures stay counted."""
    _WAKE(conn, [{"kind": kind, "key": key, "now": now} for kind, key in found])


def failing(conn: Connection, before: int, jobs: Sequence[str] | None = None) -> int:
    """Count the chores that failed and come again before this time: about what these jobs have seen, or all."""
    if jobs is None:
        return int(value(conn, _FAILING, before=before))
    return int(value(conn, f"{_FAILING} AND {of_jobs.CHORE}", before=before, jobs=listed(jobs)))


def ask_again(conn: Connection, now: int, before: int) -> int:
    """Make due what failed and would be tried again before this time. Return how many chores."""
    late = "attempts > 0 AND due_at > :now AND due_at < :before"
    return changed(conn, f"UPDATE chore SET due_at = :now WHERE {late}", now=now, before=before)


def is_unanswered(conn: Connection, kind: str, key: int, now: int) -> bool:
    """True while the chore is due, or has only failed. One that comes again later has been answered."""
    open_ = f"SELECT 1 FROM chore {_ONE} AND (due_at <= :now OR attempts > 0)"
    return row(conn, open_, kind=kind, key=key, now=now) is not None


def next_due(conn: Connection) -> int | None:
    """Return when the first chore is due; each lane is asked, because the index begins with it."""
    first = "SELECT min(due_at) FROM chore WHERE lane = :lane"
    return min((value(conn, first, lane=lane) for lane in _lanes(conn)), default=None)
