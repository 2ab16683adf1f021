"""The grid's rows, and the ready counts of works by month. Written by index.py alone."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from pixmirror.catalogue.search.schema import (
    AI,
    ALL,
    ARRIVED,
    DOUBT,
    EDITED,
    GONE,
    HIDDEN,
    MANY,
    R18,
    R18G,
    TAG,
    TYPES,
)
from pixmirror.catalogue.sql import listed
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.models import State, shown_moment

_JST_MS = 9 * HOUR_MS
NARROWEST, WIDEST, OF_NOVEL, UNKNOWN = 45, 220, 71, 100  # ratios, width to height, times 100

_Months: TypeAlias = dict[tuple[int, int, int], list[int]]

_PUT = """
INSERT INTO grid (work_key, month, posted, arrived_month, arrived, ratio, user_id, type, flags, bookmarks, pages,
  pixels) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (work_key) DO UPDATE SET month = excluded.month, posted = excluded.posted,
  arrived_month = excluded.arrived_month, arrived = excluded.arrived, ratio = excluded.ratio,
  user_id = excluded.user_id, type = excluded.type, flags = excluded.flags, bookmarks = excluded.bookmarks,
  pages = excluded.pages, pixels = excluded.pixels"""
_KNOWN = "SELECT * FROM grid WHERE work_key IN (SELECT value FROM json_each(?))"
_DROP = "DELETE FROM grid WHERE work_key IN (SELECT value FROM json_each(?))"
_MOVE = """
INSERT INTO months (scope, key, month, n, sum_ratio) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope, key, month) DO UPDATE SET n = n + excluded.n, sum_ratio = sum_ratio + excluded.sum_ratio"""
_COUNT = """
INSERT INTO months SELECT {scope}, 0, {month}, count(*), sum(ratio) FROM grid GROUP BY {month}"""
_COUNT_TAG = f"""
INSERT INTO months SELECT {TAG}, ?1, g.month, count(*), sum(g.ratio)
FROM catalogue.work_tag l CROSS JOIN grid g ON g.work_key = l.work_key WHERE l.tag_id = ?1 GROUP BY g.month"""


_ARTISTS = "INSERT INTO artist SELECT user_id, max(posted) FROM grid WHERE user_id != 0 GROUP BY user_id"
_NEWEST = "SELECT posted FROM grid WHERE user_id = value ORDER BY month DESC, posted DESC LIMIT 1"
_PUT_ARTISTS = f"""
INSERT INTO artist SELECT value, ({_NEWEST}) AS newest FROM json_each(?) WHERE newest IS NOT NULL
ON CONFLICT (user_id) DO UPDATE SET posted = excluded.posted WHERE posted != excluded.posted"""
_DROP_ARTISTS = f"DELETE FROM artist WHERE user_id IN (SELECT value FROM json_each(?) WHERE ({_NEWEST}) IS NULL)"


class Row(NamedTuple):
    """A row of the grid, as schema.py says."""

    work_key: int
    month: int
    posted: int
    arrived_month: int
    arrived: int
    ratio: int
    user_id: int
    type: int
    flags: int
    bookmarks: int
    pages: int
    pixels: int


def row_of(work: Any) -> Row:
    """Return the row of a work; `work` has its columns, and `is_doubted`, `is_edited`."""
    width, height, is_novel = work["width"] or 0, work["height"] or 0, bool(work["work_key"] & 1)
    month = month_of(work["create_date"])
    return Row(
        work["work_key"],
        month,
        work["create_date"] if month else 0,
        month_of(work["first_seen"]),
        work["first_seen"],
        OF_NOVEL if is_novel else ratio(width, height),
        work["user_id"] or 0,
        TYPES.get(work["type"], TYPES["novel"] if is_novel else TYPES["illust"]),
        _flags(work),
        work["total_bookmarks"] or 0,
        work["page_count"],
        width * height,
    )


def month_of(ms: int | None) -> int:
    """Return the month of a moment in Japan, as yyyymm; 0 where it is unknown or none."""
    return 0 if ms is None else _month_of_day((ms + _JST_MS) // DAY_MS)


@lru_cache(2048)
def _month_of_day(day: int) -> int:
    moment = shown_moment(day * DAY_MS)
    return 0 if moment is None else moment.year * 100 + moment.month


def ratio(width: int, height: int) -> int:
    """Return width to height times 100, as far as a tile may be narrow and wide."""
    return min(WIDEST, max(NARROWEST, (width * 200 + height) // (height * 2))) if width and height else UNKNOWN


def _flags(work: Any) -> int:
    return (
        (R18 if work["x_restrict"] >= 1 else 0)
        | (R18G if work["x_restrict"] >= 2 else 0)
        | (AI if work["ai_type"] == 2 else 0)
        | (GONE if work["state"] in State.OVER else 0)
        | (HIDDEN if work["state"] in State.HIDDEN else 0)
        | (EDITED if work["is_edited"] else 0)
        | (DOUBT if work["is_doubted"] else 0)
    )


def known(raw: sqlite3.Connection, keys: Collection[int]) -> dict[int, Row]:
    """Return the rows of these works that are there."""
    return {row[0]: Row(*row) for row in raw.execute(_KNOWN, (listed(keys),))}


def put(raw: sqlite3.Connection, rows: Iterable[Row], before: Mapping[int, Row]) -> None:
    """Write rows; those that are as they were before are left alone."""
    raw.executemany(_PUT, (row for row in rows if before.get(row.work_key) != row))


def drop(raw: sqlite3.Connection, keys: Collection[int]) -> None:
    raw.execute(_DROP, (listed(keys),))


class Moved:
    """How the counts by month move when rows come, change and go."""

    def __init__(self, big: Collection[int]) -> None:
        self._big = frozenset(big)  # tags that have ready months
        self._months: _Months = defaultdict(lambda: [0, 0])

    def add(self, row: Row | None, tags: Iterable[int], sign: int) -> None:
        """Count a work in (`sign` 1) or out (-1)."""
        if row is None:
            return
        scopes = [(ALL, 0, row.month), (ARRIVED, 0, row.arrived_month)]
        scopes += [(TAG, tag, row.month) for tag in tags if tag in self._big]
        for scope in scopes:
            count = self._months[scope]
            count[0] += sign
            count[1] += sign * row.ratio

    def write(self, raw: sqlite3.Connection) -> None:
        moved = [(*scope, *count) for scope, count in self._months.items() if any(count)]
        if moved:
            raw.executemany(_MOVE, moved)
            raw.execute("DELETE FROM months WHERE n <= 0")


def count_artists(raw: sqlite3.Connection) -> None:
    """Note when the newest work of each artist was posted, of all anew."""
    raw.execute("DELETE FROM artist")
    raw.execute(_ARTISTS)


def note_artists(raw: sqlite3.Connection, before: Iterable[Row], after: Iterable[Row]) -> None:
    """Note when the newest work of each artist was posted, of whom works came, changed or went."""
    was, now = ({(row.work_key, row.user_id, row.posted) for row in rows} for rows in (before, after))
    moved = {user_id for _, user_id, _ in was ^ now if user_id}
    if moved:
        raw.execute(_PUT_ARTISTS, (listed(moved),))
        raw.execute(_DROP_ARTISTS, (listed(moved),))


def big_tags(raw: sqlite3.Connection) -> frozenset[int]:
    """Return the tags that have ready months."""
    return frozenset(tag for (tag,) in raw.execute("SELECT DISTINCT key FROM months WHERE scope = ?", (TAG,)))


def count_months(raw: sqlite3.Connection) -> None:
    """Count all works by month anew, and those of each tag that has many."""
    raw.execute("DELETE FROM months")
    raw.execute(_COUNT.format(scope=ALL, month="month"))
    raw.execute(_COUNT.format(scope=ARRIVED, month="arrived_month"))
    many = raw.execute("SELECT id FROM catalogue.tag WHERE works > ?", (MANY,)).fetchall()
    raw.executemany(_COUNT_TAG, many)


def count_tag(raw: sqlite3.Connection, tag: int) -> None:
    """Count the works of a tag by month, which has many from now on."""
    raw.execute(_COUNT_TAG, (tag,))
