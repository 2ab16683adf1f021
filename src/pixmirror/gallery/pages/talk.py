"""/comments: what people wrote below all works, the last first; what vanished at Pixiv, what one person wrote."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked
from pixmirror.gallery.answers import page
from pixmirror.gallery.asked import NotHere
from pixmirror.gallery.place import shelves
from pixmirror.reports.filters import encoded
from pixmirror.reports.talk import END
from pixmirror.reports.talk import talk as question

PATH = "/comments"


async def comments(request: Request) -> Response:
    """Show some comments: those before `before`, only the `vanished`, only those `by` one person."""
    by, vanished = asked.number(request, "by", 0), "vanished" in request.query_params
    before = asked.pair(request, "before")
    found = await shelves(request).read(question, before or (END, 0), by or None, vanished=vanished)
    if found is None:
        raise NotHere("Nobody of this id wrote anything that is in this mirror.")

    def address(by: int = by, *, vanished: bool = vanished, before: str = "") -> str:
        asks = (("by", str(by or "")), ("vanished", "1" if vanished else ""), ("before", before))
        query = encoded([(name, text) for name, text in asks if text])
        return f"{PATH}?{query}" if query else PATH

    return page(request, "comments.html", found=found, by=by, vanished=vanished, before=before, address=address)


routes: list[BaseRoute] = [Route(PATH, comments)]
