"""How many files are stored and how many bytes, kept in `meta` so that nobody counts all rows."""

from sqlalchemy import Connection, Integer, bindparam, cast
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.schema import meta
from pixmirror.catalogue.sql import Many

_insert = insert(meta).values(key=bindparam("b_key"), value=bindparam("start"))
_ADD = Many(
    _insert.on_conflict_do_update(
        index_elements=["key"],
        set_={"value": cast(cast(meta.c.value, Integer) + cast(_insert.excluded.value, Integer), SqlText)},
    )
)


def add(conn: Connection, key: str, number: int) -> None:
    _ADD(conn, [{"b_key": key, "start": str(number)}])


def stored(conn: Connection, files: int, size: int) -> None:
    """Add to the number and bytes of stored files, or take from them."""
    _ADD(
        conn,
        [{"b_key": "stored_files", "start": str(files)}, {"b_key": "stored_bytes", "start": str(size)}],
    )
