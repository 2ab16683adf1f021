"""Counters of a work over time: a row where they moved, at most one an hour, thinner with age."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.payloads import BASE, NO_CONTENT, unpack
from pixmirror.catalogue.schema import stat
from pixmirror.catalogue.sql import KEYS, Many, listed, rows, upsert
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ingest.merging import COUNTERS

# From this age on, of each so long stretch of time only the last row stays.
STEPS = ((730 * DAY_MS, 30 * DAY_MS), (90 * DAY_MS, 7 * DAY_MS), (7 * DAY_MS, DAY_MS))
_SHIFT = 3 * DAY_MS  # 1970 began on a Thursday: weeks and their like begin on a Monday
CHUNK = 2_000

_UPSERT = Many(upsert(stat, *COUNTERS))
_CHUNK = "SELECT work_key, at FROM stat WHERE work_key > :after ORDER BY work_key, at LIMIT :n"
_OF_ONE = "SELECT work_key, at FROM stat WHERE work_key = :key ORDER BY at"
_DELETE = Many("DELETE FROM stat WHERE work_key = :key AND at = :at")
# SQLite takes the other columns of a group from the row that holds the min().
_FIRST = f"""
SELECT owner_id, min(id), codec, body, {BASE}, seen_at FROM payload
WHERE owner_kind = 'work' AND owner_id {KEYS} AND endpoint NOT IN {tuple(sorted(NO_CONTENT))}
GROUP BY owner_id"""
_LATER = f"SELECT work_key, at, {', '.join(COUNTERS)} FROM stat WHERE work_key {KEYS} ORDER BY work_key, at"


@dataclass(frozen=True, slots=True)
class Point:
    """The counters as they were last seen in the hour that begins at `at`; None where no answer named one."""

    at: int
    total_view: int | None
    total_bookmarks: int | None
    total_comments: int | None


def write(conn: Connection, moved: Iterable[tuple[int, dict[str, int | None]]], now: int) -> None:
    """Write counters. `moved`: works whose counters differ from those of their rows, by key."""
    at = now - now % HOUR_MS
    _UPSERT(conn, [{"work_key": key, "at": at, **counters} for key, counters in moved])


def series(conn: Connection, key: int) -> tuple[Point, ...]:
    """Return the first values, from the first answer that is kept, and every row since."""
    return tuple(series_of(conn, (key,)).get(key, ()))


def series_of(conn: Connection, keys: Collection[int]) -> dict[int, list[Point]]:
    """Return the same of each of these works, in the order of their keys."""
    found: dict[int, list[Point]] = {key: [] for key in sorted(keys)}
    for first in rows(conn, _FIRST, keys=listed(keys)):
        try:
            raw = unpack(first.codec, first.body, first.base_body)
            found[first.owner_id].append(Point(first.seen_at, *(_whole(raw.get(name)) for name in COUNTERS)))
        except (ValueError, AttributeError):
            pass  # garbled: the first values are lost, the later ones are not
    since = {key: points[0].at for key, points in found.items() if points}
    for key, at, *counted in rows(conn, _LATER, keys=listed(keys)):
        found[key].append(Point(max(at, since.get(key, 0)), *counted))
    return found


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def thin(conn: Connection, now: int, budget: int = CHUNK, after: int = -1) -> int | None:
    """Remove what age makes needless among the next `budget` rows. Return where to go on, None at the end."""
    chunk = rows(conn, _CHUNK, after=after, n=budget)
    whole = len(chunk) < budget
    if not whole:
        # The last work may be cut: it is left to the next chunk, unless it alone fills this one.
        last = chunk[-1].work_key
        chunk = [r for r in chunk if r.work_key != last] or rows(conn, _OF_ONE, key=last)
    _DELETE(conn, [{"key": r.work_key, "at": r.at} for r in needless(chunk, now)])
    return None if whole else chunk[-1].work_key


def needless(found: Sequence[Any], now: int) -> list[Any]:
    """Return, of rows in order of work and time, those that a later one of the same stretch stands for."""
    return [
        one
        for one, following in pairwise(found)
        if (stretch := _stretch(one.at, now)) is not None
        and (one.work_key, stretch) == (following.work_key, _stretch(following.at, now))
    ]


def _stretch(at: int, now: int) -> tuple[int, int] | None:
    for age, length in STEPS:
        if now - at > age:
            return length, (at + (_SHIFT if length == 7 * DAY_MS else 0)) // length
    return None
