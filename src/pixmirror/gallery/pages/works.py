"""/works: the grid of all works, by month or in another order, filtered by what stands in its address."""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked, listing
from pixmirror.gallery.answers import page
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.chips import View
from pixmirror.gallery.place import gallery, shelves
from pixmirror.reports import choices, filters, grid
from pixmirror.reports.filters import Defaults

PATH = "/works"
MOST_DETAILS = 120
_DATA = {"Cache-Control": "private, no-cache"}


async def works(request: Request) -> Response:
    """Show the works that the address asks for. Any other way to write it leads to the one address of the view."""
    usual = await shelves(request).read(grid.defaults)
    if (address := await _by_name(request, usual)) is not None:
        return RedirectResponse(address, 303)
    view, wanted = View(PATH, usual), await listing.asked(request, usual)
    if filters.written(wanted, usual) != request.query_params.multi_items():
        return RedirectResponse(view.address(wanted), 303)
    found = await listing.works_of(request, wanted, view, gallery(request).clock.now())
    return page(request, "works.html", **found)


async def _by_name(request: Request, usual: Defaults) -> str | None:
    """Return the address with the ids of artists that were asked for by name, None where none was."""
    given = request.query_params.multi_items()
    named = [
        text.strip() for name, text in given if name == "artist" and not text.strip().isdigit() and text.strip()
    ]
    if not named:
        return None
    kept = [(name, text) for name, text in given if name != "artist" or text.strip() not in named]
    for name in named:
        if not (ids := await shelves(request).read(choices.artists_called, name)):
            raise Refused(f"No artist here is called {name!r}.", 404)
        kept += [("artist", str(id_)) for id_ in ids]
    return f"{PATH}?{filters.encoded(kept)}"


async def unit(request: Request) -> Response:
    """Give the shapes of all works of a unit, and what is known of those around a place in it."""
    wanted = await _wanted(request)
    fraction = _fraction(request.query_params.get("f", "0"))
    found = await shelves(request).read(grid.block, wanted, _unit(request), fraction)
    return JSONResponse(listing.block_data(found, wanted), headers=_DATA)


async def details(request: Request) -> Response:
    """Give what is known of some works of a unit."""
    wanted, first = await _wanted(request), asked.number(request, "a", 0)
    end = min(asked.number(request, "b", first + 1, least=first), first + MOST_DETAILS)
    found = await shelves(request).read(grid.details, wanted, _unit(request), first, end)
    told = {"first": first, "works": [listing.tile_data(tile, wanted) for tile in found]}
    return JSONResponse(told, headers=_DATA)


async def news(request: Request) -> Response:
    """Tell how many works came in since the page was made that it would show."""
    wanted, since = await _wanted(request), asked.number(request, "since", 0)
    found = await shelves(request).read(grid.arrived_since, wanted, since)
    return JSONResponse({"new": found}, headers=_DATA)


async def _wanted(request: Request) -> filters.Filters:
    """Return the filters of what a module asks: all of them are written, whatever the user's defaults are."""
    return await listing.asked(request, Defaults())


def _unit(request: Request) -> str:
    name = str(request.path_params["unit"])
    if not grid.is_unit(name):
        raise Refused("The works have no such part; parts are months, like 2019-07.")
    return name


def _fraction(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise Refused("f takes a number from 0 to 1.")
    return found


routes: list[BaseRoute] = [
    Route(PATH, works),
    Route(PATH + "/new", news),
    Route(PATH + "/b/{unit}", unit),
    Route(PATH + "/d/{unit}", details),
]
