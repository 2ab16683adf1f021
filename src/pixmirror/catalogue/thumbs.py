"""thumbs.db: which thumbnails are made, and what was learned in making them. It may be deleted at any time.

The gallery's process alone writes it. A thumbnail is named by the SHA-256 of the file that it was made from.
"""

import sqlite3

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text

from pixmirror.catalogue import ddl

FORMAT = 1  # in user_version: a file of another format is made anew

metadata = MetaData()
thumb = Table(
    "thumb",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("work_key", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("colour", Integer),  # the average, 0xRRGGBB; with all that follows None where it could not be made
    Column("width", Integer),
    Column("height", Integer),
    Column("dhash", Integer),  # 64 bits, signed
    Column("bytes", Integer),
    Column("made_at", Integer, nullable=False),
    Column("error", Text),  # why it could not be made
    Column("looked_at", Integer, nullable=False),  # to the day: who was not looked at for longest goes first
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
Index("thumb_by_work", thumb.c.work_key, thumb.c.idx)
Index("thumb_by_look", thumb.c.looked_at, thumb.c.bytes, sqlite_where=thumb.c.error.is_(None))


def create(raw: sqlite3.Connection) -> None:
    """Make the tables, empty."""
    ddl.create(metadata, raw)
    raw.execute(f"PRAGMA user_version={FORMAT}")
