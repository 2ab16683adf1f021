"""Core statements for many rows at once, compiled once and handed to the driver as tuples.

SQLAlchemy's own executemany prepares every parameter of every row anew, which costs as much as SQLite's own work.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.sql.dml import Delete, Insert, Update

_Order: TypeAlias = Callable[[Mapping[str, Any]], tuple[Any, ...]]


class Many:
    """`statement` for a list of rows that all have the same keys; what no row names keeps its own value."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self._statement = statement
        self._sql = ""
        self._order: _Order | None = None

    def __call__(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            order = self._order or self._compile(conn, list(rows[0]))
            # What SQLAlchemy does around each statement would be a twentieth of a page's ingestion.
            driver: sqlite3.Connection = conn.connection.driver_connection  # type: ignore[assignment]
            driver.executemany(self._sql, [order(row) for row in rows])

    def _compile(self, conn: Connection, names: list[str]) -> _Order:
        columns = names if isinstance(self._statement, Insert) else None
        compiled = self._statement.compile(dialect=conn.dialect, column_keys=columns)
        fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self._sql = str(compiled)
        self._order = _order(compiled.positiontup or [], fixed)
        return self._order


def _order(names: Sequence[str], fixed: Mapping[str, Any]) -> _Order:
    if fixed or len(names) < 2:
        return lambda row: tuple(fixed[name] if name in fixed else row[name] for name in names)
    return itemgetter(*names)
