"""The story of a work or user for `why`: what happened to it here and at Pixiv, oldest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import rows
from pixmirror.ledger import file_doubts
from pixmirror.reports import states
from pixmirror.reports.moments import day
from pixmirror.reports.why import Why

_STORED = """
SELECT role, idx, stored_at FROM media
WHERE owner_kind = 'work' AND owner_id = :key AND state = 'stored' AND stored_at IS NOT NULL ORDER BY idx"""
_MISSING = """
SELECT id, role, idx FROM media
WHERE owner_kind = 'work' AND owner_id = :key AND is_current = 1 AND state != 'stored' ORDER BY role, idx"""
_DOUBTS: dict[file_doubts.Kind, str] = {"denied": "404", "damaged": "came damaged"}
Doubts: TypeAlias = dict[tuple[str, int, file_doubts.Kind], file_doubts.Doubt]  # by role, index


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for the story."""

    at: int
    what: str


def story_of(conn: Connection, found: Why, now: int) -> Iterator[Event]:
    """Yield what happened, oldest first."""
    events = [Event(j.first_seen, _seen_by(j.job)) for j in found.jobs]
    lost = [f for f in found.files if f.is_lost]
    tail = states.of_loss() if lost else ""
    told = [(m.since, states.of_work(m.state, kept=False, lost=tail)) for m in found.facts.states]
    events += [Event(at, said.removeprefix(f"{tail}; ") or "shown by Pixiv") for at, said in told]
    events += [Event(f.lost_at, f"{_name(f.role, f.page)}: lost here, found by verify") for f in lost if f.lost_at]
    events += [Event(g.forgotten_at, f"page {(g.page or 0) + 1} forgotten by you") for g in found.facts.forgotten]
    if found.facts.changed_at is not None:
        events.append(Event(found.facts.changed_at, f"changed at Pixiv ({found.facts.versions} versions kept)"))
    if found.ref.work_key is not None:
        events += _stored(conn, found.ref.work_key, now)
        events += _denied(conn, found, now)
    yield from sorted(events, key=lambda event: event.at)


def _seen_by(job: str) -> str:
    """Return how it came in: what is no name of a job, which have no blanks, says so itself."""
    return job if " " in job else f"seen by {job or 'a look-up'}"


def _stored(conn: Connection, key: int, now: int) -> Iterator[Event]:
    """Yield which files came on each day."""
    days: dict[str, list[Any]] = {}
    for r in rows(conn, _STORED, key=key):
        days.setdefault(day(r.stored_at, now), []).append(r)
    for files in days.values():
        pages = sorted({r.idx + 1 for r in files if r.role == "page"})
        others = [r.role for r in files if r.role != "page"]
        what = joined([*([numbered(pages, "page")] if pages else []), *dict.fromkeys(others)])
        yield Event(min(r.stored_at for r in files), f"{what} stored")


def doubts_of(conn: Connection, ref: Ref) -> Doubts:
    """Return what speaks against the missing files of a work: that Pixiv denied them, or sent them damaged."""
    told = {
        (role, idx, kind): file_doubts.known(conn, kind, media_id)
        for media_id, role, idx in rows(conn, _MISSING, key=ref.work_key)
        for kind in _DOUBTS
    }
    return {place: doubt for place, doubt in told.items() if doubt is not None}


def _denied(conn: Connection, found: Why, now: int) -> Iterator[Event]:
    """Yield when Pixiv denied a missing file, or sent it damaged."""
    for (role, idx, kind), doubt in doubts_of(conn, found.ref).items():
        again = f", and again on {day(doubt.last, now)}" if doubt.looks > 1 else ""
        yield Event(doubt.first, f"{_name(role, idx)}: {_DOUBTS[kind]}{again}")


# --- words


def _name(role: str, idx: int) -> str:
    return f"page {idx + 1}" if role == "page" else role


def numbered(numbers: Sequence[int], noun: str) -> str:
    """Return "page 3", "pages 1, 2 and 4", of many only how many."""
    if len(numbers) == 1:
        return f"{noun} {numbers[0]}"
    if len(numbers) > 6:
        return f"{len(numbers)} {noun}s"
    return f"{noun}s {joined([str(n) for n in numbers])}"


def joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def times(n: int) -> str:
    return "once" if n == 1 else "twice" if n == 2 else f"{n} times"
