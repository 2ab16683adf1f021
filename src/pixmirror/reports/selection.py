"""Filters as SQL: a FROM and a WHERE over the rows of the grid, called `g`.

The rows are those of search.db, whose indexes lead along months, artists, arrival and bookmarks. Where it is
missing, is being made or lies far behind, a subquery over the catalogue stands in: the same rows, more slowly.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.search import rows as from_catalogue
from pixmirror.catalogue.search.schema import AI, ALL, ARRIVED, DOUBT, EDITED, GONE, HIDDEN, MANY, R18, TAG
from pixmirror.catalogue.sql import listed, rows, value
from pixmirror.models import JST, State, from_ms
from pixmirror.reports.filters import Filters, Order, Span
from pixmirror.reports.units import Bounds, Dated, Drawn

FAR_BEHIND = 5_000  # works; then search.db is not asked
SHORT = 5_000  # a list that is no longer leads to what of it lies in one month; with a longer one the month does
COUNTED = 20_000  # a list is counted so far, to tell short ones from long ones
PRIME = 2**31 - 1

_BEHIND = "SELECT count(*) FROM (SELECT 1 FROM work WHERE change_seq > :seq LIMIT :most)"
_TAGS = "SELECT name, id, works FROM tag WHERE name IN (SELECT value FROM json_each(:names))"
_OVER = ", ".join(f"'{state}'" for state in State.OVER)
_HIDDEN = ", ".join(f"'{state}'" for state in State.HIDDEN)

_TYPES = {"picture": 0, "manga": 1, "ugoira": 2, "novel": 3}
_RATIOS = {"wide": "g.ratio > 105", "tall": "g.ratio < 95", "square": "g.ratio BETWEEN 95 AND 105"}
_FILE = "SELECT 1 FROM media m WHERE m.owner_kind = 'work' AND m.owner_id = g.work_key AND"
_TEXT = "SELECT 1 FROM text_version v WHERE v.work_key = g.work_key"
_STATES = {
    "gone": f"g.flags & {GONE}",
    "kept": f"(g.flags & {GONE} AND (EXISTS ({_FILE} m.state = 'stored') OR EXISTS ({_TEXT})))",
    "doubt": f"g.flags & {DOUBT}",
    "hidden": f"g.flags & {HIDDEN}",
    "edited": f"g.flags & {EDITED}",
    "damaged": f"EXISTS ({_FILE} m.state = 'damaged')",
    "left-out": f"EXISTS ({_FILE} m.state = 'refused')",
    "waiting": f"EXISTS ({_FILE} m.state IN ('wanted', 'waiting', 'fetching'))",
}
# The works that may be in a state, each by a partial index, whose condition stands in the statement as it is made.
_OF_FILES = "SELECT DISTINCT owner_id AS work_key FROM media WHERE +owner_kind = 'work' AND"
_GONE = f"SELECT work_key FROM work WHERE state != 'live' AND state IN ({_OVER})"
_LEADS = {
    "gone": _GONE,
    "kept": _GONE,
    "doubt": "SELECT owner_id AS work_key FROM doubt WHERE owner_kind = 'work'",
    "hidden": f"SELECT work_key FROM work WHERE state != 'live' AND state IN ({_HIDDEN})",
    "damaged": f"{_OF_FILES} state = 'damaged' AND state IN ('gone', 'failed', 'damaged')",
    "left-out": f"{_OF_FILES} state = 'refused'",
    "waiting": " UNION ".join(f"{_OF_FILES} state = '{state}'" for state in ("wanted", "waiting", "fetching")),
}
BOOKMARKED = "SELECT work_key FROM bookmark WHERE account_id = :account AND state != 'gone'"
# All of them less those that it leaves out, which are few: to go through 140,000 takes 12 ms, this takes one.
_OTHERS = (
    "WHERE account_id < :account",
    "WHERE account_id > :account",
    "INDEXED BY bookmark_gone WHERE account_id = :account AND state = 'gone'",
)
_BOOKMARKS = "SELECT (SELECT count(*) FROM bookmark)" + "".join(
    f" - (SELECT count(*) FROM bookmark {which})" for which in _OTHERS
)
DRAW = f"(g.work_key % {PRIME}) * (g.work_key % {PRIME} + :draw) % {PRIME} * :draw % {PRIME}"


@dataclass(frozen=True, slots=True)
class Part:
    """One condition, with the values that it names.

    `lead`: a SELECT of the `work_key` of all works that it leaves, and perhaps others; `length`: how many, about
    (of bookmarks exactly).
    """

    where: str
    bound: Mapping[str, Any] = field(default_factory=dict)
    lead: str = ""
    length: int = 0
    is_exact: bool = True  # the list is all that is asked: where it leads, `where` says nothing more


NOTHING = Part("0")  # what is not known, as a tag of no work: nothing matches


@dataclass(frozen=True, slots=True)
class Selection:
    """The works of some filters, in an order. `ready`: scope and key of what search.months counts of them."""

    grid: str
    parts: Sequence[Part]
    order: Order = "posted"
    seed: int = 0
    ready: tuple[int, int] | None = None

    @property
    def months(self) -> str:
        """Return the column of the months that the order goes by."""
        return "g.arrived_month" if self.order == "arrived" else "g.month"

    @property
    def moments(self) -> str:
        """Return the column of the moments that the order goes by."""
        return "g.arrived" if self.order == "arrived" else "g.posted"

    def sql(self, unit: Bounds = None, also: str = "") -> str:
        """Write FROM and WHERE, for what lies in a unit and fulfils `also`."""
        lead = self._lead(unit)
        conditions = [p.where for p in self.parts if p is not lead or not p.is_exact]
        if lead is not None:  # so that what is asked of the key alone is asked before the row is read
            conditions = [where.replace("g.work_key", "s.work_key") for where in conditions]
        conditions += [*self._within(unit), *([also] if also else [])]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        if lead is None:
            return f"FROM {self.grid} g{where}"
        return f"FROM ({lead.lead}) s CROSS JOIN {self.grid} g ON g.work_key = s.work_key{where}"

    def _lead(self, unit: Bounds) -> Part | None:
        """Return the part whose list is gone through; None: the grid leads, in a unit where all lists are long."""
        shortest = min((p for p in self.parts if p.lead), key=lambda p: p.length, default=None)
        if shortest is not None and isinstance(unit, Dated) and shortest.length > SHORT:
            return None
        return shortest

    def _within(self, unit: Bounds) -> Iterable[str]:
        if isinstance(unit, Drawn):
            yield f"{DRAW} >= :draw_first AND {DRAW} < :draw_end"
        if isinstance(unit, Dated):
            is_one = unit.first_month == unit.last_month
            yield self.months + (" = :first_month" if is_one else " BETWEEN :first_month AND :last_month")
            if unit.first is not None:
                yield f"{self.moments} >= :unit_first AND {self.moments} < :unit_end"

    def bound(self, unit: Bounds = None) -> dict[str, Any]:
        """Return the values that `sql` names."""
        found = {name: given for part in self.parts for name, given in part.bound.items()}
        if isinstance(unit, Dated):
            found |= {"first_month": unit.first_month, "last_month": unit.last_month}
            found |= {"unit_first": unit.first, "unit_end": unit.end}
        if isinstance(unit, Drawn):
            first, end = (part * PRIME // unit.parts for part in (unit.part, unit.part + 1))
            found |= {"draw": draw(self.seed), "draw_first": first, "draw_end": end}
        return found


def draw(seed: int) -> int:
    """Return the number of a seed for DRAW: squares, modulo a prime, put works in an order that looks like none.

    It is small enough for SQLite's integers to hold the products.
    """
    return (seed * 1_103_515_245 + 1_234_567_891) % 2**30 | 1


def is_ready(conn: Connection) -> bool:
    """Return whether search.db can be asked: it is whole, and not far behind."""
    seq = value(conn, "SELECT value FROM search.meta WHERE key = 'seq'")
    return seq is not None and value(conn, _BEHIND, seq=int(seq), most=FAR_BEHIND) < FAR_BEHIND


def select(conn: Connection, filters: Filters) -> Selection:
    """Return the works that these filters leave."""
    parts = tuple(part for make in _PARTS for part in make(conn, filters))
    counted = tuple(_counted(conn, part) for part in parts)
    if not is_ready(conn):
        return Selection(f"({from_catalogue.GRID})", counted, filters.order, filters.seed)
    return Selection("search.grid", counted, filters.order, filters.seed, _ready(conn, filters, counted))


def _ready(conn: Connection, filters: Filters, parts: Sequence[Part]) -> tuple[int, int] | None:
    if filters.order == "arrived":
        return None if parts else (ARRIVED, 0)
    if filters.order == "bookmarked" or len(parts) > 1:
        return None
    if not parts:
        return ALL, 0
    for tag, works in _tags(conn, filters.tag.wanted).values():
        return (TAG, tag) if works > MANY else None
    return None


def _counted(conn: Connection, part: Part) -> Part:
    if not part.lead or part.length:
        return part
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({part.lead}) LIMIT {COUNTED})"
    return replace(part, length=value(conn, sql, **part.bound))


# One function for each filter ------------------------------------------------------------------------------


def _type(conn: Connection, filters: Filters) -> Iterable[Part]:
    if filters.type:
        yield Part(f"g.type IN ({', '.join(str(_TYPES[kind]) for kind in filters.type)})")


def _artist(conn: Connection, filters: Filters) -> Iterable[Part]:
    if filters.artist:
        yield Part("g.user_id IN (SELECT value FROM json_each(:artists))", {"artists": listed(filters.artist)})


def _tag(conn: Connection, filters: Filters) -> Iterable[Part]:
    known = _tags(conn, (*filters.tag.wanted, *filters.tag.unwanted))
    has = "EXISTS (SELECT 1 FROM work_tag t WHERE t.tag_id = :tag{0} AND t.work_key = g.work_key)"
    for number, name in enumerate(filters.tag.wanted):
        if name not in known:
            yield NOTHING
            continue
        tag, works = known[name]
        lead = f"SELECT work_key FROM work_tag WHERE tag_id = :tag{number}"
        yield Part(has.format(number), {f"tag{number}": tag}, lead, works)
    for number, name in enumerate(filters.tag.unwanted, len(filters.tag.wanted)):
        if name in known:
            yield Part(f"NOT {has.format(number)}", {f"tag{number}": known[name][0]})


def _tags(conn: Connection, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return id and number of works of each of these tags."""
    found = rows(conn, _TAGS, names=listed(names)) if names else ()
    return {r.name: (r.id, r.works) for r in found}


def _bookmark(conn: Connection, filters: Filters) -> Iterable[Part]:
    if not filters.bookmark and filters.order != "bookmarked":
        return
    account = {"account": runs.account_id(conn)}
    own = "FROM bookmark_work_tag o WHERE o.account_id = :account AND o.name = :own{0}"
    if filters.order == "bookmarked":
        n = value(conn, _BOOKMARKS, **account)
        yield Part(f"EXISTS ({BOOKMARKED} AND work_key = g.work_key)", account, BOOKMARKED, n)
    for number, name in enumerate(filters.bookmark.wanted):
        bound = account | {f"own{number}": name}
        lead = f"SELECT o.work_key {own.format(number)}"
        yield Part(f"EXISTS (SELECT 1 {own.format(number)} AND o.work_key = g.work_key)", bound, lead)
    for number, name in enumerate(filters.bookmark.unwanted, len(filters.bookmark.wanted)):
        bound = account | {f"own{number}": name}
        yield Part(f"NOT EXISTS (SELECT 1 {own.format(number)} AND o.work_key = g.work_key)", bound)


def _listed(name: str, table: str, column: str) -> Callable[[Connection, Filters], Iterable[Part]]:
    """Return the filter of this name, whose values are those of a column of a table of works."""

    def make(conn: Connection, filters: Filters) -> Iterable[Part]:
        if wanted := getattr(filters, name):
            lead = (
                f"SELECT DISTINCT work_key FROM {table} WHERE {column} IN (SELECT value FROM json_each(:{name}))"
            )
            yield Part(f"EXISTS ({lead} AND work_key = g.work_key)", {name: json.dumps(wanted)}, lead)

    return make


def _hiding(conn: Connection, filters: Filters) -> Iterable[Part]:
    if filters.rating == "hide":
        yield Part(f"g.flags & {R18} = 0")
    if filters.ai == "hide":
        yield Part(f"g.flags & {AI} = 0")


def _posted(conn: Connection, filters: Filters) -> Iterable[Part]:
    if filters.posted is not None:
        yield from _span("posted", "g.posted", filters.posted)
        first, last = (_month(end) for end in (filters.posted.low, filters.posted.high))
        months = {"posted_from": first or 1, "posted_to": last or 999_912}
        yield Part("g.month BETWEEN :posted_from AND :posted_to", months)


def _month(ms: int | None) -> int | None:
    return None if ms is None else int(f"{from_ms(ms).astimezone(JST):%Y%m}")


def _measures(conn: Connection, filters: Filters) -> Iterable[Part]:
    if filters.size is not None:
        in_pixels = [
            None if end is None else round(end * 1_000_000) for end in (filters.size.low, filters.size.high)
        ]
        yield from _span("pixels", "g.pixels", Span("", *in_pixels))
    if filters.pages is not None:
        yield from _span("pages", "g.pages", filters.pages)
    if filters.ratio:
        yield Part(f"({' OR '.join(_RATIOS[shape] for shape in filters.ratio)})")


def _span(name: str, column: str, span: Span) -> Iterable[Part]:
    if span.low is not None:
        yield Part(f"{column} >= :{name}_low", {f"{name}_low": span.low})
    if span.high is not None:
        yield Part(f"{column} <= :{name}_high", {f"{name}_high": span.high})


def _seen(conn: Connection, filters: Filters) -> Iterable[Part]:
    if filters.seen is not None:
        has = "EXISTS (SELECT 1 FROM own.seen o WHERE o.work_key = g.work_key)"
        yield Part(has, lead="SELECT work_key FROM own.seen") if filters.seen else Part(f"NOT {has}")


def _state(conn: Connection, filters: Filters) -> Iterable[Part]:
    if not filters.state:
        return
    where = f"({' OR '.join(_STATES[state] for state in filters.state)})"
    leads = [_LEADS.get(state, "") for state in filters.state]
    yield Part(where, lead=" UNION ".join(leads) if all(leads) else "", is_exact=False)


_PARTS: Sequence[Callable[[Connection, Filters], Iterable[Part]]] = (
    *(_type, _artist, _tag, _bookmark, _hiding, _posted, _measures, _seen, _state),
    _listed("collection", "own.collection_work", "collection_id"),
    _listed("series", "work", "series_key"),
    _listed("job", "work_job", "job"),
)
