"""The catalogue as the gallery reads it, with thumbs.db beside it as `thumbs`."""

from pathlib import Path
from typing import Self

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import ReadOnly, catalogue_path

_THUMBS = """
CREATE TABLE thumbs.thumb (sha256 TEXT PRIMARY KEY, colour INTEGER, width INTEGER, height INTEGER) STRICT"""


class Shelves(ReadOnly):
    """The catalogue and what lies beside it, for reading."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        event.listen(self._read_engine, "connect", _attach)

    @classmethod
    def open(cls, root: Path) -> Self:
        path = catalogue_path(root)
        migrate.check(path)
        return cls(path)


def _attach(raw: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = raw.cursor()
    cursor.execute("ATTACH ':memory:' AS thumbs")
    cursor.execute("PRAGMA query_only=OFF")
    cursor.execute(_THUMBS)
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def open_shelves(root: Path) -> Shelves:
    """Open them for a process that runs beside the daemon."""
    return Shelves.open(root)
