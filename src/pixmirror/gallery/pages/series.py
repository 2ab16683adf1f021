"""/series: the series, those begun last first; one of them in its order, with what of it is not here."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked
from pixmirror.gallery.answers import page
from pixmirror.gallery.around import has_web
from pixmirror.gallery.asked import NotHere, Refused
from pixmirror.gallery.place import gallery, shelves
from pixmirror.reports import series_page as questions
from pixmirror.reports.filters import read_key

_NOVELS = {"": None, "manga": False, "novel": True}


async def all_series(request: Request) -> Response:
    """Show a page of series: of all, or of one `type`."""
    kind, below = asked.words(request, "type"), asked.number(request, "after", 0, most=2 * asked.LARGEST_ID)
    if kind not in _NOVELS:
        raise Refused("type takes manga or novel.")
    found = await shelves(request).read(questions.all_series, _NOVELS[kind], below or None)
    return page(request, "all_series.html", found=found, kind=kind, below=below)


async def one_series(request: Request) -> Response:
    """Show one series."""
    try:
        key = read_key("series", str(request.path_params["id"]))
    except ValueError:
        raise NotHere("Pixiv gives no such id.") from None
    begin = asked.number(request, "from", 0, most=10**6)
    found = await shelves(request).read(questions.one_series, key, has_web(gallery(request)), begin)
    if found is None or not found.entries:
        raise NotHere("Nothing of this series is in this mirror.")
    return page(request, "series.html", series=found, begin=begin)


routes: list[BaseRoute] = [Route("/series", all_series), Route("/series/{id}", one_series)]
