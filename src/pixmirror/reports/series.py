"""Where a work stands in its series, and its neighbours: works that are here, and by name those that are not.

Pixiv tells a work's number in its series only beside the text of a novel and on the website's page of a work, each
time with its neighbours. Where it is not known, works stand in the order in which they were posted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.payloads import unpack
from pixmirror.catalogue.sql import listed, row, rows
from pixmirror.models import Medium, split_key, work_key
from pixmirror.reports.filters import Defaults, written_key
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import is_hidden

LARGEST = 10**6  # number of a work in its series that is believed

_TITLE = "SELECT title FROM series WHERE series_key = :key"
_SAID = """
SELECT p.owner_id, p.codec, p.body, b.body AS base FROM payload p LEFT JOIN payload b ON b.id = p.base
WHERE p.id IN (SELECT max(id) FROM payload WHERE owner_kind = 'work' AND endpoint IN ('webview', 'web')
  AND owner_id IN (SELECT value FROM json_each(:keys)) GROUP BY owner_id, endpoint)"""
_AROUND = """
SELECT (SELECT max(work_key) FROM work WHERE series_key = :series AND work_key < :key AND title != '') AS before,
  (SELECT min(work_key) FROM work WHERE series_key = :series AND work_key > :key AND title != '') AS after"""


@dataclass(frozen=True, slots=True)
class Told:
    """What Pixiv said of a work of a series: its number and its title, which may be empty."""

    number: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A work that is not here. `title` is "" where Pixiv does not tell it."""

    number: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a work stands in its series. A neighbour that Pixiv names and that is not here is a gap."""

    key: int
    title: str
    number: int | None
    before: Tile | Gap | None
    after: Tile | Gap | None

    @property
    def url(self) -> str:
        return series_url(self.key)


def series_url(key: int) -> str:
    """Return the page of a series. Those of illusts and of novels are two spaces of ids."""
    return f"/series/{written_key(key)}"


def place_of(conn: Connection, work: int, series_key: int | None, usual: Defaults) -> Place | None:
    """Return where a work stands in the series that it belongs to; None if it belongs to none.

    A neighbour that the user's settings hide is left out, title and all.
    """
    head = row(conn, _TITLE, key=series_key) if series_key is not None else None
    if head is None or series_key is None:
        return None
    told = told_of(conn, series_key, [work])
    around = row(conn, _AROUND, series=series_key, key=work)
    number = told[work].number if work in told else None
    named = {one.number: k for k, one in told.items()}
    before = named.get(number - 1, around.before) if number else around.before
    after = named.get(number + 1, around.after) if number else around.after
    beside = tiles(conn, [k for k in (before, after) if k is not None])
    here = {tile.work_key: tile for tile in beside if not tile.is_stub}
    forgotten = tombstones.works(conn, list(told))

    def neighbour(key: int | None) -> Tile | Gap | None:
        if key is None or (key in here and is_hidden(here[key], usual)):
            return None
        return _gap(key, told, forgotten) if key in told and key not in here else here.get(key)

    return Place(series_key, head.title, number, neighbour(before), neighbour(after))


def _gap(key: int, told: Mapping[int, Told], forgotten: Collection[int]) -> Gap:
    one = told[key]
    if key in forgotten:  # not even its title is shown
        return Gap(one.number)
    return Gap(one.number, one.title)


def told_of(conn: Connection, series_key: int, keys: Sequence[int]) -> dict[int, Told]:
    """Return what the answers about these works say of their numbers, and of their neighbours'."""
    medium, series_id = split_key(series_key)
    found: dict[int, Told] = {}
    for owner, codec, body, base in rows(conn, _SAID, keys=listed(keys)):
        try:
            raw = unpack(codec, body, base)
        except ValueError:
            continue  # garbled: it tells nothing
        for key, one in numbers_in(raw, medium, owner, series_id):
            if key not in found or one.title:
                found[key] = one
    return found


def numbers_in(raw: Any, medium: Medium, owner: int, series_id: int) -> Iterable[tuple[int, Told]]:
    """Yield the works of the series that an answer numbers: the one that it is about, and its neighbours."""
    if not isinstance(raw, dict):
        return
    if isinstance(nav := raw.get("seriesNavData"), dict) and _number(nav.get("seriesId")) == series_id:
        own, sides = _number(nav.get("order")), (nav.get("prev"), nav.get("next"))
    elif isinstance(nav := raw.get("seriesNavigation"), dict) and _number(raw.get("seriesId")) == series_id:
        sides = (nav.get("prevNovel"), nav.get("nextNovel"))
        own = 1 if sides[0] is None else 0
    else:
        return
    for step, side in zip((1, -1), sides, strict=True):
        if not isinstance(side, dict):
            continue
        number, other = _number(side.get("order", side.get("contentOrder"))), _number(side.get("id"))
        title = side.get("title")
        if 0 < number <= LARGEST and other:
            own = own or number + step
            yield work_key(medium, other), Told(number, title if isinstance(title, str) else "")
    if 0 < own <= LARGEST:
        yield owner, Told(own)


def _number(value: object) -> int:
    """Return a number as Pixiv writes it, also in a string; 0 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15 else 0
