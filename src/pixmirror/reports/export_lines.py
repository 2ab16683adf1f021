"""Lines of JSON that SQLite makes of rows: for a work that takes a third of the time of a dict that Python dumps.

Times that Pixiv gave are ISO 8601 in Japanese time, as it writes them; ours are in UTC.
"""

import json
import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from pixmirror.ingest.files import readable_text
from pixmirror.models.base import EARLIEST, LATEST, to_ms
from pixmirror.terminal import in_json

PART = 500  # rows read at a time
_TIMES = re.compile(r"(_at|_seen|_started|since|until)$|^at$")
_FLAGS = re.compile(r"^(is|has)_")
_KEYED = "'work', 'page', 'comment', 'bookmark', 'legacy_comment'"  # whose key tells the medium, too


def select(names: str, of: str, **told: str) -> str:
    """Write a SELECT of one JSON object a row.

    `names`: its keys, in order; each is a column, unless `told` has an expression for it. `of`: the table, and all
    that follows.
    """
    return f"SELECT {object_(names, **told)} FROM {of}"


def object_(names: str, **told: str) -> str:
    """Write an expression for such an object."""
    pairs = (f"'{name}', {told.get(name) or _column(name)}" for name in names.split())
    return f"json_object({', '.join(pairs)})"


def _column(name: str) -> str:
    return moment(name) if _TIMES.search(name) else flag(name) if _FLAGS.search(name) else name


def moment(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%S+00:00', {column} / 1000, 'unixepoch')"


def pixiv_moment(column: str) -> str:
    """Write a moment as Pixiv does; null for nonsense, as the year 1 that an older version kept."""
    told = f"strftime('%Y-%m-%dT%H:%M:%S+09:00', {column} / 1000 + 32400, 'unixepoch')"
    return f"iif({column} >= {to_ms(EARLIEST)} AND {column} < {to_ms(LATEST)}, {told}, NULL)"


def flag(column: str) -> str:
    return f"json(CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)"


def data(column: str) -> str:
    """Take a text as JSON where it is that, else as a text."""
    return f"json(iif(json_valid({column}), {column}, json_quote({column})))"


def nested(query: str) -> str:
    """Take what a query groups as JSON."""
    return f"json(({query}))"


def medium(key: str) -> str:
    return f"iif({key} & 1, 'novel', 'illust')"


def work(key: str = "work_key") -> dict[str, str]:
    """Name a work by its key."""
    return {"medium": medium(key), "id": f"{key} >> 1"}


def owner(kind: str = "owner_kind", key: str = "owner_id") -> dict[str, str]:
    """Name by `about`, `medium` and `id` what a row is about: a work, user, comment, bookmark or follow."""
    keyed = f"{kind} IN ({_KEYED})"
    return {
        "about": kind,
        "medium": f"iif({keyed}, {medium(key)}, NULL)",
        "id": f"iif({keyed}, {key} >> 1, {key})",
    }


def parts(conn: Connection, sql: str, **bound: Any) -> Iterator[Sequence[Row[Any]]]:
    """Yield what a SELECT finds, some rows at a time. It may use `text_of`, of a body in `text_version`."""
    raw: Any = conn.connection.driver_connection
    raw.create_function("text_of", 1, readable_text, deterministic=True)
    with conn.exec_driver_sql(sql, bound, execution_options={"yield_per": PART}) as result:
        yield from result.partitions(PART)


def lines(conn: Connection, sql: str, **bound: Any) -> Generator[str, None, None]:
    """Yield the objects that a SELECT makes, each without the end of its line."""
    for part in parts(conn, sql, **bound):
        yield from (in_json(line) for (line,) in part)


def dumped(value: Any) -> str:
    """Write a value as such a line."""
    return in_json(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
