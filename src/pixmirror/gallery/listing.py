"""What a page of works gives to its template, and what its modules fetch: the grid as plain numbers and words."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, groupby
from typing import Any

from starlette.requests import Request

from pixmirror.gallery import chips, shown
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.chips import View
from pixmirror.gallery.place import shelves
from pixmirror.reports import choices, filters, grid
from pixmirror.reports.filters import Defaults, Filters
from pixmirror.reports.grid import Block, Grid
from pixmirror.reports.tiles import Tile
from pixmirror.reports.units import ALL, Unit

KINDS = ("picture", "manga", "ugoira", "novel")  # a tile's kind is its place in here


async def asked(request: Request, usual: Defaults) -> Filters:
    """Return the filters of an address; Refused where they make no sense."""
    try:
        return filters.read(request.query_params.multi_items(), usual)
    except ValueError as error:
        raise Refused(str(error)) from None


async def asked_within(request: Request, view: View, **said: str) -> Filters:
    """Return the filters of an address whose path says some of them itself; Refused where they make no sense."""
    given = [(name, text) for name, text in request.query_params.multi_items() if name not in said]
    try:
        return filters.read([*given, *said.items()], view.usual)
    except ValueError as error:
        raise Refused(str(error)) from None


async def works_of(request: Request, wanted: Filters, view: View, now: int) -> dict[str, Any]:
    """Return what works.html shows for these filters."""
    db = shelves(request)
    found = await db.read(grid.open_grid, wanted, now)
    offered = await db.read(choices.choices, wanted)
    ways_out = [] if found.units else await db.read(grid.ways_out, wanted, view.usual)
    return {
        "grid": found,
        "filters": wanted,
        "view": view,
        "chips": chips.chips(view, wanted, offered),
        "menus": chips.menus(view, wanted, offered, seed=now // 1000 % 100_000),
        "choices": offered,
        "ways_out": [
            (*chips.said(name, text, offered), n, view.changed(wanted, (name, text))) for name, text, n in ways_out
        ],
        "data": page_data(found, wanted, view),
    }


def page_data(found: Grid, wanted: Filters, view: View) -> dict[str, Any]:
    """Return what the page's modules begin with."""
    return {
        "units": units_data(found.units),
        "unit": found.index,
        "index": found.place,
        "at": wanted.at is not None,
        "query": filters.query(replace(wanted, at=None)),
        "now": found.now,
        "block": block_data(found.block, wanted),
    }


def units_data(units: Sequence[Unit]) -> list[list[Any]]:
    """Return name, number of works, sum of ratios and words of each unit, and its heading where that is another
    one: the days of a month stand below the month, what is whole or drawn by lot below nothing.
    """
    told, befores = [], accumulate((unit.n for unit in units), initial=0)
    words = {
        unit.name: shown.unit(unit.name, before, unit.n) for unit, before in zip(units, befores, strict=False)
    }
    for month, parts in groupby(units, lambda unit: unit.name[:7] if unit.name[:1].isdigit() else unit.name):
        part, *more = parts
        head: list[Any] = [] if month == part.name else [[shown.unit(month), sum(one.n for one in (part, *more))]]
        if month == ALL or month.startswith("x"):
            head = [None]
        told.append([part.name, part.n, part.ratios, words[part.name], *head])
        told += [[one.name, one.n, one.ratios, words[one.name], None] for one in more]
    return told


def block_data(found: Block, wanted: Filters) -> dict[str, Any]:
    """Return a unit: the ratios of its works as bytes, and what is known of those from `first` on."""
    return {
        "ratios": base64.b64encode(found.ratios).decode(),
        "first": found.first,
        "works": [tile_data(tile, wanted) for tile in found.tiles],
    }


def tile_data(tile: Tile | None, wanted: Filters) -> list[Any] | None:
    """Return what a module makes a tile of, in the order in which tiles.js takes it."""
    if tile is None:
        return None
    return [
        tile.work_key,
        tile.sha256 or "",
        shown.harmless(shown.label(tile) if tile.has_picture else shown.label_rest(tile)),
        shown.harmless(tile.title),
        shown.harmless(tile.artist),
        shown.language(tile.title),
        shown.language(tile.artist),
        tile.pages,
        KINDS.index(tile.type),
        tile.mark,
        int(shown.is_veiled(tile, wanted)),
        tile.colour or "",
    ]
