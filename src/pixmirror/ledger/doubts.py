"""Doubts: bad news about what was live, confirmed by two sightings, on which the judge has not decided yet."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.schema import doubt
from pixmirror.catalogue.sql import IDS, Many, changed, excluded, listed, made, row, upsert

# A 404 says less than a placeholder: it never takes its place.
_news = (excluded(doubt).c.state != "gone") | (doubt.c.state == "gone")
_ADD = Many(upsert(doubt, "state", "evidence", "account_id", "at", where=_news))
_OF_KIND = """
SELECT owner_kind, owner_id, account_id, state, evidence, since, at FROM doubt
WHERE owner_kind = :kind ORDER BY at, owner_id"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt. `since`: the first bad sighting; `at`: the last that confirmed it (both ms UTC)."""

    owner_kind: str
    owner_id: int
    account_id: int
    state: str
    evidence: str
    since: int
    at: int


def add(conn: Connection, found: Sequence[Doubt]) -> None:
    _ADD(conn, [asdict(one) for one in found])


def drop(conn: Connection, kind: str, ids: Iterable[int]) -> None:
    """Remove the doubts about these things: they were seen live, or the judge has decided."""
    changed(conn, f"DELETE FROM doubt WHERE owner_kind = :kind AND owner_id {IDS}", kind=kind, ids=listed(ids))


def of_kind(conn: Connection, kind: str) -> list[Doubt]:
    return list(made(conn, Doubt, _OF_KIND, kind=kind))


def stands(conn: Connection, kind: str, owner_id: int) -> bool:
    """True if this thing is in doubt."""
    one = "SELECT 1 FROM doubt WHERE owner_kind = :kind AND owner_id = :owner"
    return row(conn, one, kind=kind, owner=owner_id) is not None
