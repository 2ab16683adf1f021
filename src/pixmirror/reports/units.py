"""The units of the grid: months as a rule; days and hours of a month with very many works, years where works are
few, one for all where they are fewest, and ranks where the order has no date. What a page knows of a unit is how
many works it holds and what their ratios add up to, which fixes its height.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pixmirror.models import JST, to_ms

FEWEST = 400  # so many works, and fewer, are one unit
SPARSE = 8  # works a month on average; below it units are years
CROWDED = 10_000  # works of a month, and of a day, that is split
RANKS = 1_000  # works of a unit without a date
ALL, UNDATED = "all", "none"

_DATED = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:t(\d{2}))?)?)?", re.ASCII)
_RANKED = re.compile(r"r(\d{1,6})", re.ASCII)
_DRAWN = re.compile(r"x(\d{1,6})-(\d{1,6})", re.ASCII)

Split = Callable[[str], Iterable[tuple[str, int, int]]]


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of the grid. `ratios`: the sum of width by height of its works, times 100."""

    name: str
    n: int
    ratios: int


@dataclass(frozen=True, slots=True)
class Dated:
    """A span of time, of which `month` is the month if it is one, or lies in one: yyyymm, 0 without a date."""

    first_month: int
    last_month: int
    first: int | None = None  # ms UTC; None: the whole of its months
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """Works by their rank."""

    first: int
    most: int = RANKS


@dataclass(frozen=True, slots=True)
class Drawn:
    """The works that a seed puts into one of so many parts."""

    part: int
    parts: int


Bounds = Dated | Ranked | Drawn | None


def bounds(name: str) -> Bounds:
    """Return what lies in the unit of this name; None: everything. ValueError if there is none such."""
    if name == ALL:
        return None
    if name == UNDATED:
        return Dated(0, 0)
    if found := _RANKED.fullmatch(name):
        return Ranked(int(found[1]) * RANKS)
    if (found := _DRAWN.fullmatch(name)) and int(found[1]) < int(found[2]):
        return Drawn(int(found[1]), int(found[2]))
    if found := _DATED.fullmatch(name):
        return _dated(*(None if part is None else int(part) for part in found.groups()))
    raise ValueError(f"The works have no part {name!r}: parts are months, like 2019-07.")


def _dated(year: int | None, month: int | None, day: int | None, hour: int | None) -> Dated:
    assert year is not None
    if month is None:
        return Dated(year * 100 + 1, year * 100 + 12)
    begin = datetime(year, month, day or 1, hour or 0, tzinfo=JST)
    number = year * 100 + month
    if day is None:
        return Dated(number, number)
    span = timedelta(days=1) if hour is None else timedelta(hours=1)
    first = to_ms(begin)
    return Dated(number, number, first, first + span // timedelta(milliseconds=1))


def by_date(months: Sequence[tuple[int, int, int]], split: Split) -> list[Unit]:
    """Return the units of works by date, newest first, from (yyyymm, works, sum of ratios) of each month.

    `split` gives the days of a month, or the hours of a day, as (name, works, sum of ratios), newest first.
    """
    counted = sorted((m for m in months if m[1]), reverse=True)
    total = sum(n for _, n, _ in counted)
    if total <= FEWEST:
        return [Unit(ALL, total, sum(ratios for _, _, ratios in counted))] if total else []
    if total < SPARSE * len(counted):
        return _years(counted)
    return [unit for month in counted for unit in _parts(Unit(_name(month[0]), *month[1:]), split)]


def _parts(unit: Unit, split: Split) -> Iterable[Unit]:
    if unit.n <= CROWDED or unit.name == UNDATED or "t" in unit.name:
        return [unit]
    return [part for one in split(unit.name) for part in _parts(Unit(*one), split)]


def _years(months: Iterable[tuple[int, int, int]]) -> list[Unit]:
    found: dict[str, Unit] = {}
    for month, n, ratios in months:
        name = str(month // 100) if month else UNDATED
        before = found.get(name, Unit(name, 0, 0))
        found[name] = Unit(name, before.n + n, before.ratios + ratios)
    return list(found.values())


def _name(month: int) -> str:
    return f"{month // 100}-{month % 100:02}" if month else UNDATED


def by_rank(total: int, ratios: int) -> list[Unit]:
    """Return the units of works without dates, whose shapes are taken to be alike everywhere."""
    firsts = range(0, total, RANKS)
    return [_share(f"r{first // RANKS}", min(RANKS, total - first), total, ratios) for first in firsts]


def drawn(total: int, ratios: int) -> list[Unit]:
    """Return the units of works in no order: parts of about one size."""
    parts = -(-total // RANKS)
    return [
        _share(f"x{part}-{parts}", total * (part + 1) // parts - total * part // parts, total, ratios)
        for part in range(parts)
    ]


def _share(name: str, n: int, total: int, ratios: int) -> Unit:
    return Unit(name, n, round(ratios * n / total))
