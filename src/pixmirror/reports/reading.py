"""A work as its reader shows it: the pages of pictures, where reading stopped, what comes next."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.sql import made, row, value
from pixmirror.reports import series
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.work_pictures import Picture, pictures_of

Direction = Literal["rtl", "ltr", "strip"]
DIRECTIONS: tuple[Direction, ...] = ("rtl", "ltr", "strip")
_SHIFTED = re.compile(r"shifted:(\d{1,5}(?:,\d{1,5}){0,40})", re.ASCII)  # the anchor of a place

_WORK = "SELECT work_key, type, width, height, series_key FROM work WHERE work_key = :key"
_PLACE = "SELECT page, anchor, updated_at FROM own.place WHERE work_key = :key"
_SETTING = "SELECT value FROM own.setting WHERE key = :key"


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading stopped: a page (from 0) and, of a novel, the hash of a paragraph."""

    page: int
    anchor: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Manga:
    """A work of pages. `begin` is the page (from 0) where reading goes on.

    `shifted` has the pages at which the counting of pairs was turned round.
    """

    work: Tile
    pages: tuple[Picture, ...]
    series: series.Place | None
    begin: int
    shifted: tuple[int, ...]
    direction: Direction
    usual: Defaults


def manga(conn: Connection, key: int, now: int) -> Manga | None:
    """Return the pages of a work; None where it is not here, was forgotten, or has no pages."""
    work, shown = row(conn, _WORK, key=key), tiles(conn, [key])
    if not shown or work is None or shown[0].type == "ugoira":
        return None
    pages = tuple(picture for picture in pictures_of(conn, work, now) if picture.role == "page")
    if not pages:
        return None
    place, usual = place_of(conn, key), defaults(conn)
    return Manga(
        work=shown[0],
        pages=pages,
        series=series.place_of(conn, key, work.series_key, usual),
        begin=min(place.page, len(pages) - 1) if place else 0,
        shifted=_shifted(place),
        direction=_direction(conn, work, shown[0].type),
        usual=usual,
    )


def place_of(conn: Connection, key: int) -> Place | None:
    return next(iter(made(conn, Place, _PLACE, key=key)), None)


def direction_setting(conn: Connection, key: int) -> str | None:
    """Return the name of the setting that keeps how a work is read; None where the work is not here."""
    work = row(conn, _WORK, key=key)
    return None if work is None or tombstones.is_forgotten(conn, key) else _setting(work)


def _setting(work: Any) -> str:
    """All works of a series are read alike, and so are all of a type that belong to none."""
    return f"direction:{work.type}" if work.series_key is None else f"direction:series:{work.series_key}"


def _direction(conn: Connection, work: Any, kind: str) -> Direction:
    kept = value(conn, _SETTING, key=_setting(work))
    usual: Direction = "rtl" if kind == "manga" else "ltr"
    return kept if kept in DIRECTIONS else usual


def _shifted(place: Place | None) -> tuple[int, ...]:
    found = _SHIFTED.fullmatch(place.anchor or "") if place else None
    return tuple(map(int, found[1].split(","))) if found else ()
