"""Series: all of them, page by page; and one in its order, with the works that are not here and why."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.sql import listed, row, rows, value
from pixmirror.models import split_key
from pixmirror.reports import states
from pixmirror.reports.filters import Defaults, written_key
from pixmirror.reports.grid import defaults
from pixmirror.reports.series import Told, series_url, told_of
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import VISIBLE, allowed, is_hidden

SHOWN = 60  # series of a page
FIRST = 3  # works of each
WORKS = 120  # works of a page of one series
OF_ARTIST = 30
ELSEWHERE = "In this mirror, but what Pixiv said of it names another series, or none"
ASKED = 300  # works of a series whose answers are read for their numbers

_OF_SERIES = "w.series_key = s.series_key AND (w.user_id IS NOT NULL OR w.title != '')"
_LIST = f"""
SELECT s.series_key, s.title, s.user_id, u.name AS artist,
  (SELECT count(*) FROM work w WHERE {_OF_SERIES} AND {VISIBLE}) AS works
FROM series s LEFT JOIN user u ON u.id = s.user_id
WHERE s.series_key < :below AND coalesce((s.series_key & 1) = :novels, 1)
  AND EXISTS (SELECT 1 FROM work w WHERE {_OF_SERIES} AND {VISIBLE})
ORDER BY s.series_key DESC LIMIT :most"""
_FIRST = f"""
SELECT s.value AS series_key, w.work_key FROM json_each(:keys) s CROSS JOIN work w ON w.work_key IN
  (SELECT w.work_key FROM work w WHERE {_OF_SERIES.replace("s.series_key", "s.value")} AND {VISIBLE}
   ORDER BY w.work_key LIMIT :most)
ORDER BY w.work_key"""
_OF_ARTIST = f"""
SELECT s.series_key, s.title, count(*) AS works FROM work w INDEXED BY work_by_user
CROSS JOIN series s ON s.series_key = w.series_key
WHERE w.user_id = :user AND {VISIBLE} GROUP BY s.series_key ORDER BY max(w.work_key) DESC LIMIT :most"""
_HEAD = """
SELECT s.title, s.caption, s.user_id, u.name AS artist FROM series s LEFT JOIN user u ON u.id = s.user_id
WHERE s.series_key = :key"""
_WORKS = f"""
SELECT w.work_key, w.x_restrict, {VISIBLE} AS is_visible FROM work w
WHERE {_OF_SERIES.replace("s.series_key", ":key")} ORDER BY w.work_key"""
_STATES = "SELECT work_key, state FROM work WHERE work_key IN (SELECT value FROM json_each(:keys))"
_LAST_READ = """
SELECT work_key FROM own.place WHERE work_key IN (SELECT value FROM json_each(:keys))
ORDER BY updated_at DESC LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A series in the list, with its first works. `works` counts those that are here."""

    key: int
    title: str
    user_id: int | None
    artist: str
    works: int
    first: tuple[Tile, ...]

    @property
    def url(self) -> str:
        return series_url(self.key)

    @property
    def name(self) -> str:
        """Return what stands for it among the filters of works."""
        return written_key(self.key)


@dataclass(frozen=True, slots=True)
class AllSeries:
    """A page of series; the next one begins below the key `after`, None at the end."""

    series: tuple[Listed, ...]
    after: int | None
    usual: Defaults


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers that are not here. `title` and `url` are those of a single one, as far as Pixiv told them."""

    first: int
    last: int
    why: str
    title: str = ""
    url: str = ""

    @property
    def numbers(self) -> str:
        return f"{self.first:,}" if self.first == self.last else f"{self.first:,} to {self.last:,}"


@dataclass(frozen=True, slots=True)
class Member:
    """A work that is here; `number` is None where Pixiv never told it."""

    tile: Tile
    number: int | None


@dataclass(frozen=True, slots=True)
class Series:
    """One page of a series. `later` is where the next page begins, None at the end; `last_read` goes on there.

    `is_rated`: a work of it is, shown or not.
    """

    head: Listed
    caption: str
    is_rated: bool
    is_numbered: bool
    entries: tuple[Member | Missing, ...]
    last_read: Tile | None
    later: int | None
    usual: Defaults


def all_series(conn: Connection, novels: bool | None = None, below: int | None = None) -> AllSeries:
    """Return the series whose keys lie below one, those begun last first; `novels`: of one kind alone."""
    usual = defaults(conn)
    bound = allowed(usual) | {"below": 2**62 if below is None else below, "novels": novels}
    found = rows(conn, _LIST, **bound, most=SHOWN + 1)
    shown = found[:SHOWN]
    firsts = rows(conn, _FIRST, keys=listed(r.series_key for r in shown), most=FIRST, **allowed(usual))
    drawn = {tile.work_key: tile for tile in tiles(conn, [r.work_key for r in firsts])}
    of_series: dict[int, list[Tile]] = {}
    for r in firsts:
        of_series.setdefault(r.series_key, []).append(drawn[r.work_key])
    return AllSeries(
        tuple(
            Listed(r.series_key, r.title, r.user_id, r.artist or "", r.works, tuple(of_series[r.series_key]))
            for r in shown
        ),
        shown[-1].series_key if len(found) > SHOWN else None,
        usual,
    )


def series_of(conn: Connection, user_id: int) -> tuple[Listed, ...]:
    """Return the series of an artist, those with the newest works first."""
    found = rows(conn, _OF_ARTIST, user=user_id, most=OF_ARTIST, **allowed(defaults(conn)))
    return tuple(Listed(r.series_key, r.title, user_id, "", r.works, ()) for r in found)


def one_series(conn: Connection, key: int, has_web: bool, begin: int = 0) -> Series | None:
    """Return a series from its work at `begin` on (0: the first); None where nothing of it is to be shown."""
    head, usual = row(conn, _HEAD, key=key), defaults(conn)
    found = rows(conn, _WORKS, key=key, **allowed(usual))
    known = {r.work_key: bool(r.is_visible) for r in found}
    keys = [k for k, is_visible in known.items() if is_visible]
    if head is None or not keys:
        return None
    told = told_of(conn, key, keys) if len(keys) <= ASKED else {}
    keys = in_order(keys, told)
    shown, before = keys[begin : begin + WORKS], keys[begin - 1] if begin else None
    is_last = begin + WORKS >= len(keys)
    gaps = _gaps_of(conn, told, known, usual, has_web)
    drawn = {tile.work_key: tile for tile in tiles(conn, shown)}
    last_read = value(conn, _LAST_READ, keys=listed(keys))
    return Series(
        Listed(key, head.title, head.user_id, head.artist or "", len(keys), ()),
        head.caption or "",
        any(r.x_restrict for r in found),
        any(k in told for k in keys),
        tuple(_entries([drawn[k] for k in shown], told, gaps, before, is_last=is_last)),
        next(iter(tiles(conn, [last_read])), None) if last_read is not None else None,
        None if is_last else begin + WORKS,
        usual,
    )


def in_order(keys: Sequence[int], told: Mapping[int, Told]) -> list[int]:
    """Return works, given as posted, by their numbers; one without a number follows the one posted before it."""
    place, places = 0, dict[int, tuple[int, int]]()
    for at, key in enumerate(keys):
        place = told[key].number if key in told else place
        places[key] = (place, at)
    return sorted(keys, key=places.__getitem__)


def _gaps_of(
    conn: Connection, told: Mapping[int, Told], known: Mapping[int, bool], usual: Defaults, has_web: bool
) -> dict[int, Missing | None]:
    """Return what is missing of the works that Pixiv names, by number; None of what the user's settings hide."""
    others = [key for key in told if not known.get(key)]
    found = {tile.work_key: tile for tile in tiles(conn, others)}
    stubs = {r.work_key: r.state for r in rows(conn, _STATES, keys=listed(k for k in found if found[k].is_stub))}
    forgotten = tombstones.works(conn, others)
    gaps: dict[int, Missing | None] = {}
    for key in others:
        number, title, (medium, work_id) = told[key].number, told[key].title, split_key(key)
        url = f"/{'n' if medium == 'novel' else 'w'}/{work_id}"
        if key in forgotten:  # not even its title and its number are shown
            gaps[number] = Missing(number, number, "You forgot it")
        elif key in known or (key in found and is_hidden(found[key], usual)):
            gaps[number] = None
        else:
            why = "No job has seen it" if key not in found else ELSEWHERE
            why = states.of_stub(stubs[key], has_web=has_web) if key in stubs else why
            gaps[number] = Missing(number, number, f"{why[:1].upper()}{why[1:]}", title, url)
    return gaps


def _entries(
    works: Sequence[Tile],
    told: Mapping[int, Told],
    gaps: Mapping[int, Missing | None],
    before: int | None,
    *,
    is_last: bool,
) -> Iterator[Member | Missing]:
    """Yield the works and, between them, what is missing."""
    due = told[before].number + 1 if before is not None and before in told else 1
    for tile in works:
        number = told[tile.work_key].number if tile.work_key in told else None
        if number is not None and number > due:
            yield from _missing(range(due, number), gaps)
        yield Member(tile, number)
        due = due if number is None else max(due, number + 1)
    if is_last and due > 1:
        yield from _missing(range(due, max(gaps, default=0) + 1), gaps)


def _missing(numbers: range, gaps: Mapping[int, Missing | None]) -> Iterator[Missing]:
    """Yield numbers that are not here: each by its name where it has one, the others together."""
    begin = numbers.start
    for number in sorted(number for number in gaps if number in numbers):
        yield from _unnamed(begin, number - 1)
        if (gap := gaps[number]) is not None:
            yield gap
        begin = number + 1
    yield from _unnamed(begin, numbers.stop - 1)


def _unnamed(first: int, last: int) -> Collection[Missing]:
    return (Missing(first, last, "Not in this mirror"),) if first <= last else ()
