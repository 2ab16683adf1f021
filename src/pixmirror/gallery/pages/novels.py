"""/novels: what there is to read, the newest first, and what was begun."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked
from pixmirror.gallery.answers import page
from pixmirror.gallery.place import shelves
from pixmirror.reports import novels as questions


async def novels(request: Request) -> Response:
    """Show a page of novels."""
    below = asked.number(request, "after", 0, most=2 * asked.LARGEST_ID)
    found = await shelves(request).read(questions.novels, below or None)
    return page(request, "novels.html", found=found, below=below)


routes: list[BaseRoute] = [Route("/novels", novels)]
