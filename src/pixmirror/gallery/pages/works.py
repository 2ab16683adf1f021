"""/works: all works, newest first."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked
from pixmirror.gallery.answers import page
from pixmirror.gallery.place import shelves
from pixmirror.reports import grid


async def works(request: Request) -> Response:
    """Show 60 works from `at` on, which a browser without JavaScript turns over by "Older"."""
    shown = await shelves(request).read(grid.newest, asked.number(request, "at", 0))
    return page(request, "works.html", works=shown.works, older=shown.older)


routes: list[BaseRoute] = [Route("/works", works)]
