"""What the first page of the gallery asks: what came in, what vanished at Pixiv and is kept here, on this day."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.sql import row, rows, value
from pixmirror.clock import DAY_MS
from pixmirror.models import JST, from_ms, to_ms
from pixmirror.reports import grid
from pixmirror.reports.filters import Defaults
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import VISIBLE, allowed

SHELF = 24
A_YEAR = 3  # works of each year on this day
YEARS = 20
MOST_ARTISTS = 5_000  # works of a day up to which their artists are counted
WEEK_MS = 7 * DAY_MS

_CAME = f"""
FROM work w WHERE w.first_seen >= :since AND w.first_seen < :until AND w.user_id IS NOT NULL
AND {VISIBLE}"""
# By the moves, not by the state: what was gone before this week may be many thousands.
_KEPT = f"""
FROM work AS w WHERE w.work_key IN (
  SELECT owner_id FROM state_change WHERE owner_kind = 'work' AND at >= :since)
AND w.state IN ('gone', 'deleted', 'user_gone', 'user_suspended')
AND w.state_at >= :since AND w.user_id IS NOT NULL AND {VISIBLE}
AND EXISTS (
  SELECT 1 FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.state = 'stored')"""
_LAST = "SELECT max(first_seen) FROM work WHERE user_id IS NOT NULL AND first_seen <= :now"
# `days`: year, month of the grid, first ms and the one after the last of each.
_ON_DAYS = f"""
SELECT d.value ->> 0 AS year, g.work_key FROM json_each(:days) d CROSS JOIN search.grid g ON g.work_key IN (
  SELECT i.work_key FROM search.grid i JOIN main.work w ON w.work_key = i.work_key
  WHERE i.month = d.value ->> 1 AND i.posted >= d.value ->> 2 AND i.posted < d.value ->> 3 AND {VISIBLE}
  ORDER BY i.bookmarks DESC, i.work_key LIMIT :most)
ORDER BY year DESC, g.bookmarks DESC, g.work_key"""
_IS_EMPTY = "SELECT NOT EXISTS (SELECT 1 FROM work WHERE user_id IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The first works of a list, with how many there are in all. `artists` is 0 where nobody counted them."""

    works: int = 0
    artists: int = 0
    tiles: tuple[Tile, ...] = ()


@dataclass(frozen=True, slots=True)
class Year:
    """What was posted on this day in a year."""

    year: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """`came_in` is of today, or of the day of `last` (ms UTC) when the last work came in."""

    came_in: Shelf
    is_today: bool
    last: int | None
    kept: Shelf
    on_this_day: tuple[Year, ...]
    usual: Defaults


def is_empty(conn: Connection) -> bool:
    """Return whether there is no work yet."""
    return bool(value(conn, _IS_EMPTY))


def home(conn: Connection, now: int, zone: tzinfo | None = None) -> Home:
    """Return the page's lists. A day is that of `zone`, of this machine where none is named."""
    usual = grid.defaults(conn)
    wanted = allowed(usual)
    since, until = _day(now, zone)
    last = value(conn, _LAST, now=now)
    if is_today := last is not None and last >= since:
        came = _shelf(conn, _CAME, "w.first_seen", since=since, until=until, **wanted)
    elif last is not None:
        since, until = _day(last, zone)
        came = _shelf(conn, _CAME, "w.first_seen", since=since, until=until, **wanted)
    else:
        came = Shelf()
    return Home(
        came_in=came,
        is_today=is_today,
        last=last,
        kept=_shelf(conn, _KEPT, "w.state_at", since=now - WEEK_MS, **wanted),
        on_this_day=_on_this_day(conn, now, zone, wanted),
        usual=usual,
    )


def _shelf(conn: Connection, sql: str, order: str, **bound: Any) -> Shelf:
    n = value(conn, f"SELECT count(*) {sql}", **bound)
    artists = row(conn, f"SELECT count(DISTINCT w.user_id) {sql}", **bound)[0] if n <= MOST_ARTISTS else 0
    first = rows(conn, f"SELECT w.work_key {sql} ORDER BY {order} DESC, w.work_key DESC LIMIT {SHELF}", **bound)
    return Shelf(n, artists, tuple(tiles(conn, [r.work_key for r in first])))


def _day(ms: int, zone: tzinfo | None) -> tuple[int, int]:
    """Return when the day of a moment begins and ends."""
    begins = from_ms(ms).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return to_ms(begins), to_ms(begins + timedelta(days=1))


def _on_this_day(conn: Connection, now: int, zone: tzinfo | None, wanted: dict[str, bool]) -> tuple[Year, ...]:
    today, days = from_ms(now).astimezone(zone), list[tuple[int, int, int, int]]()
    for year in range(today.year - 1, today.year - 1 - YEARS, -1):
        try:
            begins = datetime(year, today.month, today.day, tzinfo=today.tzinfo)
        except ValueError:
            continue  # 29 February
        since, until = to_ms(begins), to_ms(begins + timedelta(days=1))
        days += [(year, month, since, until) for month in {_grid_month(since), _grid_month(until - 1)}]
    found: dict[int, list[int]] = {}
    for r in rows(conn, _ON_DAYS, days=json.dumps(days), most=A_YEAR, **wanted):
        found.setdefault(r.year, []).append(r.work_key)
    found = {year: keys[:A_YEAR] for year, keys in found.items()}
    shown = {one.work_key: one for one in tiles(conn, list(chain(*found.values()))) if one.has_picture}
    years = (Year(year, tuple(shown[key] for key in keys if key in shown)) for year, keys in found.items())
    return tuple(year for year in years if year.tiles)


def _grid_month(ms: int) -> int:
    """Return the month of a moment in Japan, as the grid has it."""
    moment = from_ms(ms).astimezone(JST)
    return moment.year * 100 + moment.month


def first_tiles(conn: Connection) -> tuple[list[Tile], Defaults]:
    """Return the works whose first picture came first, for who waits for it; and what is veiled."""
    usual = grid.defaults(conn)
    sql = f"""SELECT DISTINCT w.work_key FROM media m JOIN work w ON w.work_key = m.owner_id
    WHERE m.state = 'stored' AND m.owner_kind = 'work' AND {VISIBLE} LIMIT 12"""
    return tiles(conn, [r.work_key for r in rows(conn, sql, **allowed(usual))]), usual
