"""Counters of a work over time: a row where they moved, at most one an hour, thinner with age."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from pixmirror.catalogue.payloads import BASE, NO_CONTENT, unpack
from pixmirror.catalogue.schema import payload, stat
from pixmirror.catalogue.sql import Many, upsert
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ingest.merging import COUNTERS

# From this age on, of each so long stretch of time only the last row stays.
STEPS = ((730 * DAY_MS, 30 * DAY_MS), (90 * DAY_MS, 7 * DAY_MS), (7 * DAY_MS, DAY_MS))
_SHIFT = 3 * DAY_MS  # 1970 began on a Thursday: weeks and their like begin on a Monday
CHUNK = 2_000

_UPSERT = Many(upsert(stat, *COUNTERS))
_CHUNK = (
    select(stat.c.work_key, stat.c.at)
    .where(stat.c.work_key > bindparam("after"))
    .order_by(stat.c.work_key, stat.c.at)
    .limit(bindparam("b_limit"))
)
_OF_ONE = select(stat.c.work_key, stat.c.at).where(stat.c.work_key == bindparam("b_key")).order_by(stat.c.at)
_DELETE = Many(delete(stat).where(stat.c.work_key == bindparam("b_key"), stat.c.at == bindparam("b_at")))
_FIRST = (
    select(payload.c.codec, payload.c.body, BASE, payload.c.seen_at)
    .where(
        payload.c.owner_kind == "work",
        payload.c.owner_id == bindparam("b_key"),
        payload.c.endpoint.not_in(sorted(NO_CONTENT)),
    )
    .order_by(payload.c.id)
    .limit(1)
)
_SERIES = select(stat).where(stat.c.work_key == bindparam("b_key")).order_by(stat.c.at)


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
    points = []
    first = conn.execute(_FIRST, {"b_key": key}).first()
    if first is not None:
        try:
            raw = unpack(first.codec, first.body, first.base_body)
            points.append(Point(first.seen_at, *(_whole(raw.get(name)) for name in COUNTERS)))
        except (ValueError, AttributeError):
            pass  # garbled: the first values are lost, the later ones are not
    since = points[0].at if points else 0
    rows = conn.execute(_SERIES, {"b_key": key})
    return (*points, *(Point(max(r.at, since), *(getattr(r, name) for name in COUNTERS)) for r in rows))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def thin(conn: Connection, now: int, budget: int = CHUNK, after: int = -1) -> int | None:
    """Remove what age makes needless among the next `budget` rows. Return where to go on, None at the end."""
    rows = conn.execute(_CHUNK, {"after": after, "b_limit": budget}).all()
    whole = len(rows) < budget
    if not whole:
        # The last work may be cut: it is left to the next chunk, unless it alone fills this one.
        last = rows[-1].work_key
        rows = [r for r in rows if r.work_key != last] or list(conn.execute(_OF_ONE, {"b_key": last}))
    _DELETE(conn, [{"b_key": r.work_key, "b_at": r.at} for r in needless(rows, now)])
    return None if whole else rows[-1].work_key


def needless(rows: Sequence[Any], now: int) -> list[Any]:
    """Return, of rows in order of work and time, those that a later one of the same stretch stands for."""
    found = []
    for row, following in pairwise(rows):
        stretch = _stretch(row.at, now)
        if stretch is not None and row.work_key == following.work_key and stretch == _stretch(following.at, now):
            found.append(row)
    return found


def _stretch(at: int, now: int) -> tuple[int, int] | None:
    for age, length in STEPS:
        if now - at > age:
            return length, (at + (_SHIFT if length == 7 * DAY_MS else 0)) // length
    return None
