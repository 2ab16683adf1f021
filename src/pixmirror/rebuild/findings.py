"""What rebuilding finds, and what it reads: payloads, and states as sightings and moves on record tell them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import BASE
from pixmirror.catalogue.sql import listed, rows
from pixmirror.clock import DAY_MS
from pixmirror.models import State

EXAMPLES = 50

_OF_KIND = "owner_kind = :kind AND owner_id IN (SELECT value FROM json_each(:ids))"
_PAYLOADS = f"""
SELECT owner_id, id, endpoint, codec, body, seen_at, language, {BASE}
FROM payload WHERE {_OF_KIND} ORDER BY owner_id, id"""
_STRETCHES = f"""
SELECT owner_id, state, evidence, first_at, last_at FROM sighting WHERE {_OF_KIND} ORDER BY owner_id, id"""
# SQLite takes the other columns of a group from the row that holds the max().
_CHANGES = f"""
SELECT owner_id, max(id), state, evidence, at FROM state_change WHERE {_OF_KIND} GROUP BY owner_id"""
_OWNERS = """
SELECT DISTINCT owner_id FROM payload WHERE owner_kind = :kind AND owner_id > :after
ORDER BY owner_id LIMIT :limit"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs from what payloads and ledger say; `column` is '' for a whole row."""

    table: str
    key: str
    column: str
    found: Any
    expected: Any


@dataclass(slots=True)
class Findings:
    """What rebuilding has found so far; with `write` it is also put right."""

    write: bool
    works: int = 0
    users: int = 0
    payloads: int = 0
    unreadable: int = 0
    without_language: int = 0  # answers whose tags are of a language that had to be assumed
    differences: Counter[str] = field(default_factory=Counter)  # by table
    examples: list[Difference] = field(default_factory=list)
    files_adopted: int = 0
    files_wanted: int = 0

    @property
    def same(self) -> bool:
        return not self.differences

    def differ(self, table: str, key: object, column: str = "", found: Any = None, expected: Any = None) -> None:
        self.differences[table] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(Difference(table, str(key), column, found, expected))

    def row(self, table: str, key: object, old: Any, expected: Mapping[str, Any]) -> bool:
        """Note how a row differs from what is expected. True if it does."""
        if old is None:
            self.differ(table, key, "", None, "a row")
            return True
        wrong = [name for name, value in expected.items() if getattr(old, name) != value]
        for name in wrong:
            self.differ(table, key, name, getattr(old, name), expected[name])
        return bool(wrong)


@dataclass(slots=True)
class Ledger:
    """The sightings and the last moves on record of some things of one kind."""

    stretches: dict[int, list[Any]]
    changes: dict[int, Any]  # the last move of each

    def is_sighted(self, owner_id: int, state: str) -> bool:
        return any(s.state == state for s in self.stretches.get(owner_id, ()))

    def evidence(self, owner_id: int, state: str, at: int) -> str | None:
        """Return the evidence of the stretch of this state that covers this time."""
        stretches = self.stretches.get(owner_id, ())
        return next((s.evidence for s in stretches if s.state == state and s.first_at <= at <= s.last_at), None)

    def by_law(self, owner_id: int, state: str, at: int) -> tuple[str, int, str | None]:
        """Return where the stretches lead from this first state, for things without moves on record."""
        evidence = self.evidence(owner_id, state, at)
        for s in self.stretches.get(owner_id, ()):
            if s.last_at > at and s.state != state and _believed(state, s):
                state, at, evidence = s.state, s.first_at if s.state == State.LIVE else s.last_at, s.evidence
        return state, at, evidence


def _believed(old: str, stretch: Any) -> bool:
    if stretch.state == State.LIVE:
        return True
    return stretch.state != State.UNKNOWN and (
        old == State.UNKNOWN or stretch.last_at - stretch.first_at >= DAY_MS
    )


def next_owners(conn: Connection, kind: str, after: int, limit: int) -> list[int]:
    """Return the next works or users that have payloads, in order of their keys."""
    return [r.owner_id for r in rows(conn, _OWNERS, kind=kind, after=after, limit=limit)]


def payloads_of(conn: Connection, kind: str, ids: Collection[int]) -> dict[int, list[Any]]:
    """Return the payloads of each of these works or users, in the order in which they came."""
    found = _by_owner(rows(conn, _PAYLOADS, kind=kind, ids=listed(ids)))
    return {owner: found.get(owner, []) for owner in ids}


def ledger(conn: Connection, kind: str, ids: Collection[int]) -> Ledger:
    of = {"kind": kind, "ids": listed(ids)}
    changes = {row.owner_id: row for row in rows(conn, _CHANGES, **of)}
    return Ledger(_by_owner(rows(conn, _STRETCHES, **of)), changes)


def _by_owner(found: Iterable[Any]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for row in found:
        groups.setdefault(row.owner_id, []).append(row)
    return groups
