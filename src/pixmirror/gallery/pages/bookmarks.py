"""/bookmarks: the last one first, with the user's own tags as folders; those that are not here apart."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked, listing
from pixmirror.gallery.answers import page
from pixmirror.gallery.around import has_web
from pixmirror.gallery.chips import View
from pixmirror.gallery.place import gallery, shelves
from pixmirror.reports import bookmarks as questions
from pixmirror.reports import grid


async def bookmarks(request: Request) -> Response:
    """Show the bookmarks whose works are here."""
    db = shelves(request)
    view = View("/bookmarks", await db.read(grid.defaults), frozenset({"order"}))
    wanted = await listing.asked_within(request, view, order="bookmarked")
    shown = await listing.works_of(request, wanted, view, gallery(request).clock.now())
    return page(request, "bookmarks.html", beside=await db.read(questions.beside, view.usual), **shown)


async def lacking(request: Request) -> Response:
    """Show the bookmarks whose works are not here, each with its state."""
    after = asked.number(request, "after", 0)
    found = await shelves(request).read(questions.lacking, after or None, has_web(gallery(request)))
    return page(request, "bookmarks_lacking.html", found=found, after=after)


routes: list[BaseRoute] = [Route("/bookmarks", bookmarks), Route("/bookmarks/not-here", lacking)]
