"""Works as tiles, without those that the user's settings hide from every page."""

from collections.abc import Collection

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.search.schema import AI, R18
from pixmirror.catalogue.sql import value
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile, tiles

# The same of a row `w` of work, with the values of `allowed`.
_ALLOWED = "(:r18 OR w.x_restrict = 0) AND (:made OR w.ai_type IS NOT 2)"
_NOT_FORGOTTEN = tombstones.not_forgotten_sql("w.work_key")
VISIBLE = f"{_ALLOWED} AND {_NOT_FORGOTTEN}"
_HIDDEN = f"SELECT 1 FROM work w WHERE w.work_key = :key AND NOT ({_ALLOWED}) AND {_NOT_FORGOTTEN}"


def visible(conn: Connection, keys: Collection[int], usual: Defaults) -> tuple[Tile, ...]:
    """Return these works in this order."""
    return tuple(tile for tile in tiles(conn, keys) if not is_hidden(tile, usual))


def is_hidden(work: Tile, usual: Defaults) -> bool:
    """Return whether the user wants no page to show such a work."""
    return (work.is_r18 and usual.rating == "hide") or (work.is_ai and usual.ai == "hide")


def hides(conn: Connection, key: int) -> bool:
    """Return whether the user wants no page to show this work. What was forgotten is not hidden: it is gone."""
    return value(conn, _HIDDEN, key=key, **allowed(defaults(conn))) is not None


def allowed(usual: Defaults) -> dict[str, bool]:
    """Return the values that VISIBLE names."""
    return {"r18": usual.rating != "hide", "made": usual.ai != "hide"}


def hidden_flags(usual: Defaults) -> int:
    """Return the flags of which a row of the grid has one where the user wants no page to show its work."""
    return (R18 if usual.rating == "hide" else 0) | (AI if usual.ai == "hide" else 0)
