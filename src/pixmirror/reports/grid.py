"""The grid: how many works each unit of some filters has and what their shapes add up to, the shapes of one unit,
and what is known of a few works in it. The place of every picture follows from the first two alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.search.rows import JST_S, month_of
from pixmirror.catalogue.sql import row, rows, value
from pixmirror.reports import units
from pixmirror.reports.filters import Defaults, Filters, Order, Place, changed, written
from pixmirror.reports.selection import BOOKMARKED, DRAW, Selection, select
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.units import Bounds, Dated, Ranked, Unit

SHOWN = 60  # works of a page without JavaScript
DETAILS = 90  # works that are told of with the shapes of their unit
BEFORE = 15  # so many of these come before the place that is looked at

_PLACE = "coalesce(b.bookmark_id, b.below, 0)"  # a bookmark's in the order of bookmarking
_ORDERS: Mapping[Order, str] = {
    "posted": "g.posted DESC, g.work_key DESC",
    "arrived": "g.arrived DESC, g.work_key DESC",
    "popular": "g.bookmarks DESC, g.work_key DESC",
    "bookmarked": f"""(SELECT {_PLACE} FROM bookmark b
      WHERE b.account_id = :account AND b.work_key = g.work_key) DESC, g.work_key DESC""",
    "random": f"{DRAW}, g.work_key",
}
_READY = "SELECT month, n, sum_ratio FROM search.months WHERE scope = :scope AND key = :key"
# The newest bookmarks say what the pictures' shapes are like: to read one in 31 of a long list took twice as long.
_SHAPES = f"""
SELECT avg(g.ratio) FROM ({BOOKMARKED} ORDER BY {_PLACE.replace("b.", "")} DESC LIMIT 1000) s
CROSS JOIN {{grid}} g ON g.work_key = s.work_key"""
_SAMPLED = 10_000
_SETTINGS = "SELECT key, value FROM own.setting WHERE key IN ('rating', 'ai')"


@dataclass(frozen=True, slots=True)
class Block:
    """The works of one unit: a byte of shape for each, and from the one numbered `first` on what is known of some.

    None stands in for a work that was forgotten meanwhile.
    """

    unit: str
    ratios: bytes
    first: int
    tiles: Sequence[Tile | None]


@dataclass(frozen=True, slots=True)
class Grid:
    """What a page begins with: all units, the block of the one that is looked at, a screen of works from there on.

    `index` is the number of the unit in `units`, `place` that of the work in it; the next screen is at `older`.
    `now` is the moment (ms UTC) up to which works are in it.
    """

    units: Sequence[Unit]
    index: int
    place: int
    block: Block
    works: Sequence[Tile]
    older: Place | None
    now: int

    @property
    def total(self) -> int:
        return sum(unit.n for unit in self.units)


def defaults(conn: Connection) -> Defaults:
    """Return what the user wants to be shown where an address says nothing else."""
    return Defaults(**{key: found for key, found in rows(conn, _SETTINGS) if found in ("show", "veil", "hide")})


def open_grid(conn: Connection, filters: Filters, now: int) -> Grid:
    """Return the grid, opened at `filters.at`."""
    selection = select(conn, filters)
    found = units_of(conn, selection)
    if not found:
        return Grid((), 0, 0, Block(units.ALL, b"", 0, ()), (), None, now)
    index = _index(found, filters.at)
    place = _place(conn, selection, found[index], filters.at)
    shapes, keys_of = _contents(conn, selection, units.bounds(found[index].name))
    first = _first(place, len(shapes))
    keys = keys_of(first, DETAILS)
    screen = [(found[index].name, key) for key in keys_of(place, SHOWN + 1)]
    for unit in found[index + 1 :]:
        if len(screen) > SHOWN:
            break
        more = _contents(conn, selection, units.bounds(unit.name))[1](0, SHOWN + 1 - len(screen))
        screen += [(unit.name, key) for key in more]
    known = {tile.work_key: tile for tile in tiles(conn, {*keys, *(key for _, key in screen[:SHOWN])})}
    return Grid(
        units=found,
        index=index,
        place=place,
        block=Block(found[index].name, shapes, first, [known.get(key) for key in keys]),
        works=[known[key] for _, key in screen[:SHOWN] if key in known],
        older=Place(*screen[SHOWN]) if len(screen) > SHOWN else None,
        now=now,
    )


def block(conn: Connection, filters: Filters, unit: str, fraction: float) -> Block:
    """Return the shapes of a unit, and what is known of the works around a place in it: 0 its top, 1 its end."""
    shapes, keys_of = _contents(conn, select(conn, filters), units.bounds(unit))
    first = _first(int(fraction * len(shapes)), len(shapes))
    return Block(unit, shapes, first, _known(conn, keys_of(first, DETAILS)))


def details(conn: Connection, filters: Filters, unit: str, first: int, end: int) -> list[Tile | None]:
    """Return what is known of the works `first` to `end` of a unit."""
    within = units.bounds(unit)
    return _known(conn, _contents(conn, select(conn, filters), within)[1](first, end - first))


def _known(conn: Connection, keys: Sequence[int]) -> list[Tile | None]:
    known = {tile.work_key: tile for tile in tiles(conn, keys)}
    return [known.get(key) for key in keys]


def count(conn: Connection, filters: Filters) -> int:
    """Count the works that these filters leave."""
    return _total(conn, select(conn, filters))[0]


def arrived_since(conn: Connection, filters: Filters, since: int) -> int:
    """Count the works that came in after a moment (ms UTC) and that these filters leave."""
    selection = select(conn, filters)
    also = f"g.arrived > :since AND g.arrived_month >= {month_of(':since')}"
    return value(conn, f"SELECT count(*) {selection.sql(also=also)}", **selection.bound(), since=since) or 0


def ways_out(conn: Connection, filters: Filters, usual: Defaults) -> list[tuple[str, str, int]]:
    """Return which parameters to drop from filters that leave nothing, and what that gives, most works first."""
    found = []
    for name, text in written(filters, usual):
        if name not in ("order", "seed", "at"):
            n, _ = _total(conn, select(conn, changed(filters, usual, drop=(name, text))))
            found += [(name, text, n)] if n else []
    return sorted(found, key=lambda way: -way[2])


def is_unit(name: str) -> bool:
    """Return whether units may have this name."""
    try:
        units.bounds(name)
    except ValueError:
        return False
    return True


# Units -----------------------------------------------------------------------------------------------------


def units_of(conn: Connection, selection: Selection) -> list[Unit]:
    """Return the units, in their order."""
    if selection.order == "random":
        return units.drawn(*_total(conn, selection))
    if selection.order in ("popular", "bookmarked"):
        return units.by_rank(*_total(conn, selection))
    if selection.ready is not None:
        scope, key = selection.ready
        months: Sequence[tuple[int, int, int]] = rows(conn, _READY, scope=scope, key=key)
    else:
        months = _grouped(conn, selection, None, selection.months)

    def split(name: str) -> Iterable[tuple[str, int, int]]:
        """Split a month into days, a day into hours."""
        form = "t%H" if name.count("-") == 2 else "-%d"
        moment = f"strftime('{form}', {selection.moments} / 1000 + {JST_S}, 'unixepoch')"
        parts = _grouped(conn, selection, units.bounds(name), moment)
        return [(f"{name}{part}", n, ratios) for part, n, ratios in sorted(parts, reverse=True)]

    return units.by_date(months, split)


def _grouped(conn: Connection, selection: Selection, unit: Bounds, by: str) -> Sequence[tuple[Any, int, int]]:
    sql = f"SELECT {by}, count(*), sum(g.ratio) {selection.sql(unit)} GROUP BY 1"
    return rows(conn, sql, **selection.bound(unit))


def _total(conn: Connection, selection: Selection) -> tuple[int, int]:
    """Count the works of a selection, and add up their ratios."""
    if selection.ready is not None:
        scope, key = selection.ready
        found = row(conn, f"SELECT sum(n), sum(sum_ratio) FROM ({_READY})", scope=scope, key=key)
        return found[0] or 0, found[1] or 0
    if _is_all_bookmarks(selection) and selection.parts[0].length > _SAMPLED:
        n, mean = selection.parts[0].length, value(conn, _SHAPES.format(grid=selection.grid), **selection.bound())
        return n, round(n * (mean or 100))
    n, ratios = row(conn, f"SELECT count(*), sum(g.ratio) {selection.sql()}", **selection.bound())
    return n, ratios or 0


def _is_all_bookmarks(selection: Selection) -> bool:
    return selection.order == "bookmarked" and len(selection.parts) == 1


# One unit --------------------------------------------------------------------------------------------------


def _listing(selection: Selection, unit: Bounds) -> tuple[str, dict[str, Any]]:
    """Return the statement that lists the works of a unit in their order, as (work_key, ratio), and its values."""
    bound, order = selection.bound(unit), _ORDERS[selection.order]
    if not isinstance(unit, Ranked):
        return f"SELECT g.work_key, g.ratio {selection.sql(unit)} ORDER BY {order}", bound
    bound |= {"rank": unit.first, "ranks": unit.most}
    if _is_all_bookmarks(selection):  # without a look at the works before them
        ranked = BOOKMARKED.replace("SELECT", f"SELECT {_PLACE.replace('b.', '')} AS place,")
        ranked += " ORDER BY place DESC, work_key DESC LIMIT :ranks OFFSET :rank"
        return (
            f"SELECT g.work_key, g.ratio FROM ({ranked}) s CROSS JOIN {selection.grid} g"
            " ON g.work_key = s.work_key ORDER BY s.place DESC, s.work_key DESC"
        ), bound
    return f"SELECT g.work_key, g.ratio {selection.sql()} ORDER BY {order} LIMIT :ranks OFFSET :rank", bound


def _contents(
    conn: Connection, selection: Selection, unit: Bounds
) -> tuple[bytes, Callable[[int, int], list[int]]]:
    """Return the ratios of a unit's works, times 100, a byte each, and what gives the keys of some of them.

    Along the index of a month both are cheap, so they are asked apart, and the ratios as one text; without one the
    whole unit is listed once.
    """
    listing, bound = _listing(selection, unit)
    if isinstance(unit, Dated):
        text = value(conn, f"SELECT group_concat(char(ratio), '') FROM ({listing})", **bound) or ""

        def keys_of(first: int, most: int) -> list[int]:
            sql = f"SELECT work_key FROM ({listing}) LIMIT :most OFFSET :first"
            return [r.work_key for r in rows(conn, sql, **bound, most=most, first=first)]

        return text.encode("latin-1"), keys_of
    found = rows(conn, listing, **bound)
    return bytes(r.ratio for r in found), lambda first, most: [r.work_key for r in found[first : first + most]]


def _first(place: int, n: int) -> int:
    """Return the first of the works that are told of, for a place among `n`."""
    return max(0, min(place - BEFORE, n - DETAILS))


# Places ----------------------------------------------------------------------------------------------------


def _index(found: Sequence[Unit], at: Place | None) -> int:
    """Return the number of the unit that a place lies in: the one of its name, else what came to hold it."""
    if at is None:
        return 0
    names = [unit.name for unit in found]
    if at.unit in names:
        return names.index(at.unit)
    if at.unit[:1].isdigit() and names[0][:1].isdigit():
        return next((i for i, name in enumerate(names) if name <= f"{at.unit}~"), len(names) - 1)
    return 0


def _place(conn: Connection, selection: Selection, unit: Unit, at: Place | None) -> int:
    """Return the number of a work in its unit; of one that the filters leave out, where it would be."""
    if at is None or at.work_key is None:
        return 0
    within = units.bounds(unit.name)
    if isinstance(within, Dated):
        moment = value(
            conn, f"SELECT {selection.moments} FROM {selection.grid} g WHERE work_key = :key", key=at.work_key
        )
        if moment is None:
            return 0
        before = f"({selection.moments} > :moment OR ({selection.moments} = :moment AND g.work_key > :key))"
        sql = f"SELECT count(*) {selection.sql(within, before)}"
        bound = selection.bound(within) | {"moment": moment, "key": at.work_key}
        number: int = value(conn, sql, **bound)
        return min(number, max(0, unit.n - 1))
    keys = _contents(conn, selection, within)[1](0, 2 * units.RANKS)
    return keys.index(at.work_key) if at.work_key in keys else 0
