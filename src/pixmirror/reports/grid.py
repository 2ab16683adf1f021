"""The works of the gallery's grid."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import rows
from pixmirror.reports.tiles import Tile, tiles

SHOWN = 60
_NEWEST = """
SELECT work_key FROM work WHERE title != '' AND (:at = 0 OR work_key < :at) ORDER BY work_key DESC LIMIT :most"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A screen of works; `older` is the work_key that the next one begins below, None at the end."""

    works: list[Tile]
    older: int | None


def newest(conn: Connection, at: int = 0) -> Shown:
    """Return the newest works, or those below the work_key `at`."""
    keys = [r.work_key for r in rows(conn, _NEWEST, at=at, most=SHOWN)]
    return Shown(tiles(conn, keys), keys[-1] if len(keys) == SHOWN else None)
