"""Where the user is in a work, what they looked at, what it is worth to them. Each function is a transaction of
gallery.db, for its one writer.

A look is a page of the work that was opened. A prefetch (`Sec-Purpose: prefetch`) and a tile in the grid are none.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.gallery.removed import Removed, take_out
from pixmirror.catalogue.gallery.schema import history, place, rating, seen, setting
from pixmirror.catalogue.sql import Many, among, excluded, listed, upsert
from pixmirror.clock import MINUTE_MS
from pixmirror.errors import ConfigError

MOST_STARS = 5
VISIT = 10 * MINUTE_MS  # who looks again within so long is still there

HISTORY = "history"  # the setting that is "off" where the user wants no look to be noted
_IS_OFF = select(setting.c.key).where(setting.c.key == HISTORY, setting.c.value == "off")

_KEEP = upsert(place, "page", "anchor", "updated_at")
_SEEN = Many(upsert(seen, at=func.max(seen.c.at, excluded(seen).c.at)))
_RATE = Many(upsert(rating, "stars", "at"))


def keep_place(conn: Connection, key: int, page: int, now: int, anchor: str | None = None) -> None:
    """Note where the user is in a work: the page from 0, and in a novel the hash of the paragraph."""
    conn.execute(_KEEP, {"work_key": key, "page": page, "anchor": anchor, "updated_at": now})


def look(conn: Connection, key: int, now: int) -> None:
    """Note that the user looks at a work, if they want that: a new visit, or still the one of a moment ago."""
    if conn.scalar(_IS_OFF) is not None:
        return
    _SEEN(conn, [{"work_key": key, "at": now}])
    last = select(func.max(history.c.id)).where(history.c.work_key == key, history.c.at.between(now - VISIT, now))
    if (visit := conn.scalar(last)) is None:
        conn.execute(insert(history), {"work_key": key, "at": now})
    else:
        conn.execute(update(history).where(history.c.id == visit).values(at=now))


def drop_visits(conn: Connection, since: int, until: int) -> Removed:
    """Remove the visits from `since` to before `until`, ms UTC. What was seen stays seen."""
    return take_out(conn, history, history.c.at >= since, history.c.at < until)


def drop_visit(conn: Connection, id_: int) -> Removed:
    """Remove one visit."""
    return take_out(conn, history, history.c.id == id_)


def drop_history(conn: Connection, *, seen_too: bool) -> None:
    """Remove all visits for good, and with `seen_too` also which works were seen."""
    for table in (history, seen) if seen_too else (history,):
        conn.execute(table.delete())


def rate(conn: Connection, keys: Collection[int], stars: int, now: int) -> Mapping[int, int]:
    """Give works 1 to 5 stars, or none by 0. Return the stars that they had, for `rate_back`."""
    if not 0 <= stars <= MOST_STARS:
        raise ConfigError(f"A rating has 1 to {MOST_STARS} stars, or none.")
    had = take_out(conn, rating, among(rating.c.work_key, "keys"), keys=listed(keys)).rows(rating)
    if stars:
        _RATE(conn, [{"work_key": key, "stars": stars, "at": now} for key in keys])
    return dict.fromkeys(keys, 0) | {row["work_key"]: row["stars"] for row in had}


def rate_back(conn: Connection, stars: Mapping[int, int], now: int) -> None:
    """Give each of these works the stars that it had."""
    for number in set(stars.values()):
        rate(conn, [key for key, had in stars.items() if had == number], number, now)
