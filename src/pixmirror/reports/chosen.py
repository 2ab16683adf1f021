"""Works that the user chose by hand, to do something to all of them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.sql import listed, rows
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import visible

_HERE = "SELECT work_key FROM work WHERE work_key IN (SELECT value FROM json_each(:keys))"
SHOWN = 24


def chosen(conn: Connection, keys: Sequence[int]) -> tuple[int, ...]:
    """Return those of these works, each once and in this order, that are here and were not forgotten."""
    here = {r.work_key for r in rows(conn, _HERE, keys=listed(keys))}
    here -= tombstones.works(conn, here)
    return tuple(key for key in dict.fromkeys(keys) if key in here)


def chosen_tiles(conn: Connection, keys: Sequence[int]) -> tuple[tuple[Tile, ...], Defaults]:
    """Return the first of these works as pictures, as far as any page shows them."""
    usual = defaults(conn)
    return visible(conn, keys[:SHOWN], usual), usual
