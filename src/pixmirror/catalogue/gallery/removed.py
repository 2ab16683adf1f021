"""What was taken out of gallery.db, whole, so that the user can have it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.gallery.schema import metadata


@dataclass(frozen=True, slots=True)
class Removed:
    """Rows as they stood, table by table, in the order in which they are put back."""

    tables: tuple[tuple[str, tuple[Mapping[str, Any], ...]], ...] = ()

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self.tables)

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(self.tables + other.tables)

    def rows(self, table: Table) -> tuple[Mapping[str, Any], ...]:
        return tuple(row for name, rows in self.tables if name == table.name for row in rows)


def take_out(conn: Connection, table: Table, *where: ColumnElement[bool], **bound: Any) -> Removed:
    """Delete the rows that are so, and return them."""
    rows = conn.execute(table.delete().where(*where).returning(*table.c), bound).mappings()
    found = tuple(dict(row) for row in rows)
    return Removed(((table.name, found),) if found else ())


def put_back(conn: Connection, removed: Removed) -> None:
    """Put the rows back. What the user has made in their place meanwhile stays."""
    for name, rows in removed.tables:
        conn.execute(insert(metadata.tables[name]).on_conflict_do_nothing(), rows)
