"""What is the user's own about one work: its stars, the collections that it is in."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import rows, value

_STARS = "SELECT stars FROM own.rating WHERE work_key = :key"
_COLLECTIONS = """
SELECT c.id, c.name, w.work_key IS NOT NULL AS has_it FROM own.collection c
LEFT JOIN own.collection_work w ON w.collection_id = c.id AND w.work_key = :key ORDER BY c.name, c.id"""
_KNOWN = "SELECT 1 FROM work WHERE work_key = :key"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, and whether the work is in it."""

    id: int
    name: str
    has_it: bool


@dataclass(frozen=True, slots=True)
class Own:
    """`stars` are 0 where none were given."""

    key: int
    stars: int
    collections: tuple[Collection, ...]

    @property
    def url(self) -> str:
        """Return the page of the work."""
        return Ref.of_work(self.key).page

    @property
    def is_collected(self) -> bool:
        return any(one.has_it for one in self.collections)


def own_of(conn: Connection, key: int) -> Own | None:
    """Return what is the user's own about a work; None where it is not here, or was forgotten."""
    if value(conn, _KNOWN, key=key) is None or tombstones.is_forgotten(conn, key):
        return None
    found = (Collection(r.id, r.name, bool(r.has_it)) for r in rows(conn, _COLLECTIONS, key=key))
    return Own(key, value(conn, _STARS, key=key) or 0, tuple(found))
