"""The user's collections: all of them, and the works of one in the order that the user gave them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import made, row, rows
from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import VISIBLE, allowed, visible

SHOWN = 60
FIRST = 3  # pictures of each in the list

_OF_ONE = f"""
SELECT o.work_key FROM own.collection_work o JOIN main.work w ON w.work_key = o.work_key
WHERE o.collection_id = {{id}} AND {VISIBLE}"""
_ALL = f"""
SELECT c.id, c.name, c.note, (SELECT count(*) FROM ({_OF_ONE.format(id="c.id")})) AS works
FROM own.collection c ORDER BY c.name COLLATE NOCASE, c.id"""
_WORKS = f"{_OF_ONE.format(id=':id')} ORDER BY o.position, o.work_key"
_LACKING = f"""
SELECT o.work_key FROM own.collection_work o LEFT JOIN main.work w ON w.work_key = o.work_key
WHERE o.collection_id = :id AND w.work_key IS NULL AND {not_forgotten_sql("o.work_key")}
ORDER BY o.position, o.work_key"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A collection in the list, with its first works; `works` counts those that pages show."""

    id: int
    name: str
    note: str
    works: int
    first: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A work in a collection, and the works before which it stands once it is moved by one.

    0 is the end; None: it cannot be moved so.
    """

    tile: Tile
    earlier: int | None
    later: int | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A page of a collection. `lacking` are the works that this mirror does not have, or no more."""

    id: int
    name: str
    note: str
    works: int
    some: tuple[Placed, ...]
    page: int
    pages: int
    lacking: tuple[Ref, ...]
    usual: Defaults


def collections(conn: Connection) -> tuple[tuple[Listed, ...], Defaults]:
    """Return all collections by name."""
    usual = defaults(conn)
    found = []
    for r in rows(conn, _ALL, **allowed(usual)):
        first = rows(conn, f"{_WORKS} LIMIT {FIRST}", id=r.id, **allowed(usual))
        found.append(Listed(r.id, r.name, r.note, r.works, visible(conn, [one.work_key for one in first], usual)))
    return tuple(found), usual


def collection(conn: Connection, id_: int, page: int = 1) -> Collection | None:
    """Return a page of a collection, the last one where there are not so many; None of one that is not there."""
    found = row(conn, "SELECT id, name, note FROM own.collection WHERE id = :id", id=id_)
    if found is None:
        return None
    usual = defaults(conn)
    keys = [r.work_key for r in rows(conn, _WORKS, id=id_, **allowed(usual))]
    pages = max(1, -(-len(keys) // SHOWN))
    page = min(page, pages)
    first = (page - 1) * SHOWN
    tiles = visible(conn, keys[first : first + SHOWN], usual)
    return Collection(
        id=id_,
        name=found.name,
        note=found.note,
        works=len(keys),
        some=tuple(_placed(tile, keys, number) for number, tile in enumerate(tiles, first)),
        page=page,
        pages=pages,
        lacking=made(conn, Ref.of_work, _LACKING, id=id_),
        usual=usual,
    )


def _placed(tile: Tile, keys: Sequence[int], at: int) -> Placed:
    """Say where in the order it goes by one step; works that pages hide are passed over."""
    beyond = keys[at + 2] if at + 2 < len(keys) else 0
    return Placed(tile, keys[at - 1] if at else None, beyond if at + 1 < len(keys) else None)
