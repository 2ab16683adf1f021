"""/a: the artists by their newest works; one artist with former names, coverage and all works."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked, listing
from pixmirror.gallery.answers import page
from pixmirror.gallery.asked import NotHere
from pixmirror.gallery.chips import View
from pixmirror.gallery.place import gallery, shelves
from pixmirror.reports import artists as questions
from pixmirror.reports import grid
from pixmirror.reports.series_page import series_of


async def artists(request: Request) -> Response:
    """Show a page of artists."""
    after = asked.pair(request, "after")
    found = await shelves(request).read(questions.artists, after)
    return page(request, "artists.html", found=found, after=after)


async def artist(request: Request) -> Response:
    """Show one artist."""
    user_id = asked.wanted_id(request)
    found = await shelves(request).read(questions.artist, user_id)
    if found is None:
        raise NotHere("Nothing of this artist is in this mirror.")
    view = View(f"/a/{user_id}", await shelves(request).read(grid.defaults), frozenset({"artist"}))
    wanted = await listing.asked_within(request, view, artist=str(user_id))
    shown = await listing.works_of(request, wanted, view, gallery(request).clock.now())
    series = await shelves(request).read(series_of, user_id)
    return page(request, "artist.html", artist=found, series=series, **shown)


routes: list[BaseRoute] = [Route("/a", artists), Route("/a/{id:int}", artist)]
