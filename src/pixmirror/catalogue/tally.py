"""How many files are stored and how many bytes, kept in `meta` so that nobody counts all rows."""

from sqlalchemy import Connection

from pixmirror.catalogue.sql import Many

_ADD = Many("""
INSERT INTO meta (key, value) VALUES (:key, :more)
ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + CAST(excluded.value AS INTEGER) AS TEXT)""")


def add(conn: Connection, key: str, number: int) -> None:
    _ADD(conn, [{"key": key, "more": str(number)}])


def stored(conn: Connection, files: int, size: int) -> None:
    """Add to the number and bytes of stored files, or take from them."""
    add(conn, "stored_files", files)
    add(conn, "stored_bytes", size)
