"""What the user forgot leaves the gallery's own files. The pages, which ask the catalogue, lose it at once."""

from collections.abc import Collection

from sqlalchemy import Connection

from pixmirror.catalogue.gallery.schema import collection_work, history, place, rating, seen
from pixmirror.catalogue.sql import among, listed, rows
from pixmirror.catalogue.tombstones import ALL_WORKS, has_any

OF_A_WORK = (place, history, seen, rating, collection_work)

_GONE = f"WITH gone AS ({ALL_WORKS}) "
_WORKS = " UNION ".join(f"SELECT work_key FROM gone JOIN own.{t.name} USING (work_key)" for t in OF_A_WORK)
_THUMBS = """
SELECT sha256 FROM gone JOIN thumbs.thumb USING (work_key)
UNION SELECT s.sha256 FROM tombstone t JOIN thumbs.thumb s ON s.work_key = t.owner_id AND s.idx = t.idx
WHERE t.owner_kind = 'page'"""


def forgotten_works(conn: Connection) -> list[int]:
    """Find, through the shelves, the forgotten works of which gallery.db still holds something."""
    return [key for (key,) in rows(conn, _GONE + _WORKS)] if has_any(conn) else []


def forgotten_thumbs(conn: Connection) -> list[str]:
    """Find, through the shelves, the thumbnails of what was forgotten, by the sha256 of their files."""
    return [sha256 for (sha256,) in rows(conn, _GONE + _THUMBS)] if has_any(conn) else []


def drop_forgotten(conn: Connection, keys: Collection[int]) -> None:
    """Remove all that gallery.db holds of these works, for good."""
    for table in OF_A_WORK:
        conn.execute(table.delete().where(among(table.c.work_key, "keys")), {"keys": listed(keys)})
