"""/bookmarks: all of them, the last one first, with the user's own tags as folders."""

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import listing
from pixmirror.gallery.answers import page
from pixmirror.gallery.chips import View
from pixmirror.gallery.place import shelves
from pixmirror.reports import grid
from pixmirror.reports.own_tags import own_tags


async def bookmarks(request: Request) -> Response:
    """Show the bookmarks."""
    view = View("/bookmarks", await shelves(request).read(grid.defaults), frozenset({"order"}))
    wanted = await listing.asked_within(request, view, order="bookmarked")
    shown = await listing.works_of(request, wanted, view, round(time.time() * 1000))
    return page(request, "bookmarks.html", own_tags=await shelves(request).read(own_tags), **shown)


routes: list[BaseRoute] = [Route("/bookmarks", bookmarks)]
