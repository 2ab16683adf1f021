"""What many statements share: reading by SQL, one for many rows, lists as one parameter, `change_seq`."""

import json
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Connection, FromClause, Table, bindparam, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy import text as parsed
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql.dml import Insert

_Order: TypeAlias = Callable[[Mapping[str, Any]], tuple[Any, ...]]
T = TypeVar("T")

# What a column of a statement in SQL is compared with: the JSON list bound to `:keys` or `:ids` (see `listed`).
KEYS, IDS = (f"IN (SELECT value FROM json_each(:{name}))" for name in ("keys", "ids"))

text = lru_cache(512)(parsed)  # to look for the `:names` in a statement takes as long as a short one itself


def rows(conn: Connection, sql: str, **bound: Any) -> Sequence[Any]:
    """Return the rows that a SELECT finds, with these values for its `:names`. A row is a named tuple."""
    found = executed(conn, sql, bound)
    return list(map(_shape(tuple(name for name, *_ in found.description)), found))


def row(conn: Connection, sql: str, **bound: Any) -> Any:
    """Return the first row that a SELECT finds, or None."""
    found = executed(conn, sql, bound)
    first = found.fetchone()
    return first and _shape(tuple(name for name, *_ in found.description))(first)


def made(conn: Connection, make: Callable[..., T], sql: str, **bound: Any) -> tuple[T, ...]:
    """Return what `make` makes of each row: its arguments are the columns, in their order."""
    return tuple(make(*row) for row in executed(conn, sql, bound))


def column(conn: Connection, sql: str, **bound: Any) -> list[Any]:
    """Return the first column of the rows that a SELECT finds."""
    return [first for first, *_ in executed(conn, sql, bound)]


def value(conn: Connection, sql: str, **bound: Any) -> Any:
    """Return the first column of the first row; None if there is no row."""
    first = executed(conn, sql, bound).fetchone()
    return first and first[0]


def executed(conn: Connection, sql: str, bound: Mapping[str, Any]) -> sqlite3.Cursor:
    """Execute a statement by the driver. What SQLAlchemy does around one takes 40 µs, and a short one 4: the
    gallery's first page asks 87.
    """
    driver: sqlite3.Connection = conn.connection.driver_connection  # type: ignore[assignment]
    return driver.execute(sql, bound)


@lru_cache(1024)
def _shape(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    """Return what makes a row of its columns' values."""
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    make: Callable[[Iterable[Any]], Any] = row._make
    return make


def changed(conn: Connection, sql: str, **bound: Any) -> int:
    """Execute a statement that writes. Return how many rows it changed."""
    return conn.execute(text(sql), bound).rowcount


class Many:
    """Execute one statement for many rows that all have the same keys; columns that no row names keep their value.

    Compiles it once and hands tuples to the driver: SQLAlchemy's own executemany prepares every parameter of every
    row anew, which costs as much as SQLite's own work.
    """

    def __init__(self, statement: Insert | str) -> None:
        self._statement = statement
        self._sql = statement if isinstance(statement, str) else ""
        self._order: _Order | None = None

    def __call__(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            # What SQLAlchemy does around each statement would be a twentieth of a page's ingestion.
            driver: sqlite3.Connection = conn.connection.driver_connection  # type: ignore[assignment]
            if isinstance(self._statement, str):
                driver.executemany(self._sql, rows)
                return
            order = self._order or self._compile(conn, self._statement, list(rows[0]))
            driver.executemany(self._sql, [order(row) for row in rows])

    def _compile(self, conn: Connection, statement: Insert, names: list[str]) -> _Order:
        compiled = statement.compile(dialect=conn.dialect, column_keys=names)
        fixed = {name: value for name, value in compiled.params.items() if name not in names}
        self._sql = str(compiled)
        self._order = _order(compiled.positiontup or [], fixed)
        return self._order


def _order(names: Sequence[str], fixed: Mapping[str, Any]) -> _Order:
    if fixed or len(names) < 2:
        return lambda row: tuple(fixed[name] if name in fixed else row[name] for name in names)
    return itemgetter(*names)


def excluded(table: Table) -> FromClause:
    """Return the row that an upsert would have inserted, for its conditions and values."""
    return table.alias("excluded")


def upsert(
    table: Table, *names: str, on: Sequence[str] = (), where: ColumnElement[bool] | None = None, **values: Any
) -> Insert:
    """Insert a row; where its primary key (or `on`, another unique one) is there, give that row its `names`.

    `values`: what the row there gets instead of what the new one says. `where`: when it gets anything.
    """
    new = excluded(table).c
    keys = on or [column.name for column in table.primary_key]
    changes = {name: new[name] for name in names} | values
    return insert(table).on_conflict_do_update(index_elements=keys, set_=changes, where=where)


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Match `column` against the JSON list bound to `name`: one cached statement, whatever the length."""
    listed = func.json_each(bindparam(name, type_=SqlText)).table_valued("value")
    return column.in_(select(listed.c.value))


def listed(values: Iterable[int | str]) -> str:
    return json.dumps(list(values))


_NEXT_SEQ = """
INSERT INTO meta (key, value) VALUES ('change_seq', '1')
ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) RETURNING value"""


def next_seq(conn: Connection) -> int:
    """Return one more than ever before. What a transaction changes carries it, for search and sidecars."""
    return int(value(conn, _NEXT_SEQ))
