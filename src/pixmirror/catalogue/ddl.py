"""What makes a set of tables, by SQLite's own statements."""

import sqlite3

from sqlalchemy import MetaData
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement


def create(metadata: MetaData, raw: sqlite3.Connection) -> None:
    """Make these tables and their indexes."""
    dialect = sqlite.dialect()
    for table in metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made: list[ExecutableDDLElement] = [CreateTable(table), *map(CreateIndex, indexes)]
        for one in made:
            raw.execute(str(one.compile(dialect=dialect)))
