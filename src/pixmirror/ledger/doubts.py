"""Doubts: bad news about what was live, confirmed by two sightings, on which the judge has not decided yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.schema import doubt
from pixmirror.catalogue.sql import Many, among, listed

_insert = insert(doubt)
# A 404 says less than a placeholder: it never takes its place.
_ADD = Many(
    _insert.on_conflict_do_update(
        index_elements=["owner_kind", "owner_id"],
        set_={name: getattr(_insert.excluded, name) for name in ("state", "evidence", "account_id", "at")},
        where=(_insert.excluded.state != "gone") | (doubt.c.state == "gone"),
    )
)
_DROP = delete(doubt).where(doubt.c.owner_kind == bindparam("kind"), among(doubt.c.owner_id, "ids"))
_OF_KIND = select(doubt).where(doubt.c.owner_kind == bindparam("kind")).order_by(doubt.c.at, doubt.c.owner_id)


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
    _ADD(
        conn,
        [
            {
                "owner_kind": d.owner_kind, "owner_id": d.owner_id, "account_id": d.account_id, "state": d.state,
                "evidence": d.evidence, "since": d.since, "at": d.at,
            }
            for d in found
        ],
    )  # fmt: skip


def drop(conn: Connection, kind: str, ids: Iterable[int]) -> None:
    """Remove the doubts about these things: they were seen live, or the judge has decided."""
    conn.execute(_DROP, {"kind": kind, "ids": listed(ids)})


def of_kind(conn: Connection, kind: str) -> list[Doubt]:
    return [Doubt(*row) for row in conn.execute(_OF_KIND, {"kind": kind})]


def stands(conn: Connection, kind: str, owner_id: int) -> bool:
    """True if this thing is in doubt."""
    one = (doubt.c.owner_kind == kind) & (doubt.c.owner_id == owner_id)
    return conn.scalar(select(doubt.c.at).where(one)) is not None
