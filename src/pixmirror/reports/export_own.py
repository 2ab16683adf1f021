"""What is the user's own in the gallery as plain data, asked through the shelves. Times are ours, in UTC.

A work that was forgotten is in none of it, also while gallery.db still names it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.catalogue.words import iso

PART = 500  # rows read at a time
TIMES = ("at", "updated_at", "created_at", "added_at")

_REF = "iif({0} & 1, 'novel', 'illust') AS medium, {0} >> 1 AS id"
_WORK = _REF.format("work_key")
_KNOWN = not_forgotten_sql("o.work_key")
_PLACES = f"SELECT {_WORK}, page, anchor, updated_at FROM own.place o WHERE {_KNOWN} ORDER BY work_key"
_HISTORY = f"SELECT {_WORK}, at FROM own.history o WHERE {_KNOWN} ORDER BY at, o.id"
_RATINGS = f"SELECT {_WORK}, stars, at FROM own.rating o WHERE {_KNOWN} ORDER BY work_key"
_COLLECTIONS = f"""
SELECT name, note, created_at,
  (SELECT json_group_array(json_object('medium', medium, 'id', id, 'added_at', added_at))
  FROM (SELECT {_WORK}, added_at FROM own.collection_work o
    WHERE o.collection_id = c.id AND {_KNOWN} ORDER BY position, work_key)) AS works
FROM own.collection c ORDER BY c.id"""


def _rows(conn: Connection, sql: str) -> Iterator[dict[str, Any]]:
    with conn.execute(text(sql), execution_options={"yield_per": PART}) as result:
        for part in result.partitions(PART):
            yield from (_told(r._asdict()) for r in part)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if name in TIMES else value for name, value in row.items()}


def _collections(conn: Connection) -> Iterator[dict[str, Any]]:
    for row in _rows(conn, _COLLECTIONS):
        yield row | {"works": [_told(work) for work in json.loads(row["works"])]}


OWN: Mapping[str, Callable[[Connection], Iterator[dict[str, Any]]]] = {
    "places": partial(_rows, sql=_PLACES),
    "history": partial(_rows, sql=_HISTORY),
    "ratings": partial(_rows, sql=_RATINGS),
    "collections": _collections,
    "aliases": partial(_rows, sql="SELECT word, means FROM own.alias ORDER BY word, id"),
    "searches": partial(_rows, sql="SELECT name, query, created_at FROM own.saved_search ORDER BY id"),
}
