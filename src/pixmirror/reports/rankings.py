"""Rankings: a month of days with the first place of each; one day with its movements against the day before."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.sql import made, row, rows, value
from pixmirror.models import Medium, split_key
from pixmirror.reports.filters import Defaults, encoded
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import VISIBLE, allowed, is_hidden

SHOWN = 60  # places of a page
TRIED = 20  # first places of a day, until one may be shown

_MODES = """
SELECT medium, mode, count(DISTINCT date) AS days, min(date) AS first, max(date) AS last FROM ranking_day
WHERE account_id = :account AND state IN ('complete', 'whole') GROUP BY medium, mode ORDER BY medium, mode"""
_OF_MODE = "account_id = :account AND medium = :medium AND mode = :mode"
# The newest reading of each day that came to its end; one that equals the reading before it has no rows.
_DAYS = f"""
SELECT date, max(snapshot) AS snapshot FROM ranking_day
WHERE {_OF_MODE} AND date BETWEEN :first AND :last AND state IN ('complete', 'whole') GROUP BY date"""
_FIRST = f"""
SELECT d.date, (SELECT r.work_key FROM ranking r CROSS JOIN work w ON w.work_key = r.work_key
  WHERE r.account_id = :account AND r.medium = :medium AND r.mode = :mode AND r.date = d.date
    AND r.snapshot = d.snapshot AND r.rank <= :tried AND {VISIBLE} ORDER BY r.rank LIMIT 1) AS work_key
FROM ({_DAYS}) d"""
_PLACES = f"""
SELECT rank, work_key FROM ranking WHERE {_OF_MODE} AND date = :date AND snapshot = :snapshot"""
_PAGE = f"{_PLACES} AND rank > :after ORDER BY rank LIMIT :most"
_COUNT = f"SELECT count(*) FROM ({_PLACES})"
_BEFORE = f"SELECT max(date) FROM ranking_day WHERE {_OF_MODE} AND date < :date AND state IN ('complete', 'whole')"
_AFTER = f"SELECT min(date) FROM ranking_day WHERE {_OF_MODE} AND date > :date AND state IN ('complete', 'whole')"


@dataclass(frozen=True, slots=True)
class Mode:
    """A ranking that is here: how many of its days, from the first to the last."""

    medium: Medium
    mode: str
    days: int
    first: str
    last: str

    @property
    def name(self) -> str:
        """Return what it is called on a page: "day", "week r18"."""
        return f"{'novels, ' if self.medium == 'novel' else ''}{self.mode.replace('_', ' ')}"

    @property
    def query(self) -> str:
        medium = [("medium", "novel")] if self.medium == "novel" else []
        return encoded([*medium, ("mode", self.mode)])


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar; `is_read`: its ranking is here, with `top`, the best place that may be shown."""

    date: str
    number: int
    is_read: bool
    top: Tile | None


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one ranking. `blanks`: days of the week before its first; months beside it that have any day."""

    mode: Mode
    month: str
    blanks: int
    days: tuple[Day, ...]
    earlier: str | None
    later: str | None
    usual: Defaults


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a ranking. `work` is None where none is here, and `why` says so.

    `moved`: by how many places since the day before, upwards; None for who was not in it. `url` is its page, ""
    of a forgotten one.
    """

    rank: int
    work: Tile | None
    why: str
    url: str
    moved: int | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A day of one ranking, from one place on.

    `count` is None where some works are hidden. `has_before`: the day before is here, so movements are known.
    """

    mode: Mode
    date: str
    count: int | None
    has_before: bool
    places: tuple[Place, ...]
    later: int | None
    day_before: str | None
    day_after: str | None
    usual: Defaults

    @property
    def month(self) -> str:
        return self.date[:7]


def modes(conn: Connection) -> tuple[Mode, ...]:
    """Return the rankings that are here, without those whose works the user's settings hide."""
    found, usual = made(conn, Mode, _MODES, account=runs.account_id(conn)), defaults(conn)
    return tuple(one for one in found if usual.rating != "hide" or "r18" not in one.mode)


def month(conn: Connection, mode: Mode, named: str | None = None) -> Month:
    """Return a month (2026-11) of a ranking, the one of its last day where none is named."""
    usual, shown = defaults(conn), named or mode.last[:7]
    first = date(int(shown[:4]), int(shown[5:]), 1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    bound = _bound(conn, mode) | {"first": first.isoformat(), "last": last.isoformat()}
    read = {r.date: r.work_key for r in rows(conn, _FIRST, **bound, tried=TRIED, **allowed(usual))}
    tops = {one.work_key: one for one in tiles(conn, [key for key in read.values() if key is not None])}
    days = [first + timedelta(days=n) for n in range(last.day)]
    earlier = value(conn, _BEFORE, **_bound(conn, mode), date=first.isoformat())
    later = value(conn, _AFTER, **_bound(conn, mode), date=last.isoformat())
    return Month(
        mode,
        shown,
        first.weekday(),
        tuple(
            Day(d.isoformat(), d.day, d.isoformat() in read, tops.get(read.get(d.isoformat()) or 0)) for d in days
        ),
        earlier and earlier[:7],
        later and later[:7],
        usual,
    )


def ranked(conn: Connection, mode: Mode, day: date, after: int = 0) -> Ranked | None:
    """Return the places of a day that follow a rank; None where its ranking is not here."""
    places = _snapshot(conn, mode, day)
    if places is None:
        return None
    usual = defaults(conn)
    found = rows(conn, _PAGE, **places, after=after, most=SHOWN + 1)
    before = _snapshot(conn, mode, day - timedelta(days=1))
    stood = {r.work_key: r.rank for r in rows(conn, _PLACES, **before)} if before is not None else {}
    bound = _bound(conn, mode) | {"date": day.isoformat()}
    return Ranked(
        mode,
        day.isoformat(),
        None if "hide" in (usual.rating, usual.ai) else value(conn, _COUNT, **places),
        before is not None,
        tuple(_places(conn, found[:SHOWN], stood, usual)),
        found[SHOWN - 1].rank if len(found) > SHOWN else None,
        value(conn, _BEFORE, **bound),
        value(conn, _AFTER, **bound),
        usual,
    )


def _places(conn: Connection, found: Sequence[Any], stood: Mapping[int, int], usual: Defaults) -> list[Place]:
    """Return places, without those of works that the user's settings hide."""
    keys = [r.work_key for r in found]
    here = {tile.work_key: tile for tile in tiles(conn, keys) if tile.title or tile.user_id}
    forgotten = tombstones.works(conn, keys)
    result = []
    for rank, key in found:
        tile, (medium, work_id) = here.get(key), split_key(key)
        if tile is not None and is_hidden(tile, usual):
            continue
        why = "" if tile else "You forgot it" if key in forgotten else "Not in this mirror"
        url = "" if key in forgotten else f"/{'n' if medium == 'novel' else 'w'}/{work_id}"
        moved = stood[key] - rank if key in stood else None
        result.append(Place(rank, tile, why, url, moved))
    return result


def _snapshot(conn: Connection, mode: Mode, day: date) -> dict[str, Any] | None:
    """Return what names the places of a day; None where they are not here."""
    bound = _bound(conn, mode)
    found = row(conn, _DAYS, **bound, first=day.isoformat(), last=day.isoformat())
    return None if found is None else bound | {"date": found.date, "snapshot": found.snapshot}


def _bound(conn: Connection, mode: Mode) -> dict[str, Any]:
    return {"account": runs.account_id(conn), "medium": mode.medium, "mode": mode.mode}
