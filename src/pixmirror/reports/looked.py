"""What the user looked at, the last first. Works that pages do not show are not in it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.gallery.own import HISTORY
from pixmirror.catalogue.sql import rows, value
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import VISIBLE, allowed

SHOWN = 60
END = 2**62

_VISITS = f"""
SELECT h.id, h.work_key, h.at FROM own.history h JOIN main.work w ON w.work_key = h.work_key
WHERE (h.at, h.id) < (:at, :id) AND {VISIBLE} ORDER BY h.at DESC, h.id DESC LIMIT :most"""
_SETTING = "SELECT value FROM own.setting WHERE key = :key"


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a work."""

    id: int
    at: int
    tile: Tile


@dataclass(frozen=True, slots=True)
class Looked:
    """Some visits. `more`: there are earlier ones; `is_on`: looks are noted."""

    visits: tuple[Visit, ...]
    more: bool
    is_on: bool
    usual: Defaults


def looked(conn: Connection, at: int = END, id_: int = 0) -> Looked:
    """Return the visits before that of this moment and id."""
    usual = defaults(conn)
    found = rows(conn, _VISITS, at=at, id=id_, most=SHOWN + 1, **allowed(usual))
    shown = found[:SHOWN]
    by_key = {tile.work_key: tile for tile in tiles(conn, list(dict.fromkeys(r.work_key for r in shown)))}
    visits = tuple(Visit(r.id, r.at, by_key[r.work_key]) for r in shown if r.work_key in by_key)
    return Looked(visits, len(found) > SHOWN, value(conn, _SETTING, key=HISTORY) != "off", usual)
