"""/search: works by words and by picture, what the search box suggests, the searches that the user keeps."""

import re
from collections.abc import Mapping

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import words
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, fragment, page
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.place import gallery, shelves, writer
from pixmirror.gallery.thumbnails import thumbs_of
from pixmirror.render.wire import NoThumbnail
from pixmirror.reports.filters import encoded
from pixmirror.reports.search import fitting
from pixmirror.reports.search_page import SHOWN, search_page, suggestions, works_like

_PLACE = re.compile(r"g?\d{1,19}", re.ASCII)
PLACES: Mapping[str, str] = {
    "Works": "/works",
    "Artists": "/a",
    "Tags": "/tags",
    "Series": "/series",
    "Rankings": "/rankings",
    "Read, novels": "/novels",
    "Bookmarks": "/bookmarks",
    "Collections": "/collections",
    "History": "/history",
    "Comments": "/comments",
    "Search": "/search",
    "Home": "/",
    "Mirror: run now, pause, resume": "/mirror",
    "Queue: try again": "/mirror/queue",
    "Gone at Pixiv": "/mirror/gone",
    "Drift": "/mirror/drift",
    "Coverage: is all here": "/mirror/coverage",
    "Runs of the mirror": "/mirror/history",
    "Settings: show, veil or hide, browsers, config": "/mirror/settings",
    "Gone bookmarks": "/bookmarks?state=gone",
    "Keys and colours: light, dark theme": "#keys",
}


async def search(request: Request) -> Response:
    """Show what a text finds."""
    text, after = asked.words(request, "q"), asked.words(request, "after")
    if after and not _PLACE.fullmatch(after):
        raise Refused("This address names no page of a search.")
    found = await shelves(request).read(search_page, text, after or None, gallery(request).clock.now())
    kept = next((one for one in found.saved if one.query == text), None)
    return page(request, "search.html", search=found, text=text, after=after, kept=kept)


async def suggested(request: Request) -> Response:
    """Suggest what the words in the search box may become."""
    text = asked.words(request, "q")
    found = await shelves(request).read(suggestions, text)
    names = list(PLACES)
    pages = [(names[place], PLACES[names[place]]) for place in fitting(names, text)]
    return fragment(request, "suggest.html", found=found, text=text, pages=pages)


async def by_picture(request: Request) -> Response:
    """Show the works that have the picture of a file, or nearly the same."""
    thumbs = await thumbs_of(gallery(request))
    if thumbs is None:
        raise Refused("Pictures cannot be compared now: this gallery makes no thumbnails.", 503)
    async with request.form(max_files=1, max_part_size=1 << 20) as form:
        given = form.get("picture")
        if not isinstance(given, UploadFile) or not given.size:
            raise Refused("Choose a picture to look for.")
        try:
            near = await thumbs.like(given.file.fileno())
        except NoThumbnail:
            raise Refused("This file is no picture that can be read.") from None
    keys = list(dict.fromkeys(one.file.work_key for one in near))[:SHOWN]
    works, usual = await shelves(request).read(works_like, keys)
    return page(request, "search_picture.html", works=works, usual=usual)


async def keep(request: Request) -> Response:
    """Keep the search of a form's `q` under its `name`."""
    form = await request.form()
    name, text = form.get("name"), form.get("q")
    if not isinstance(name, str) or not isinstance(text, str):
        raise Refused("A search is kept under a name.")
    await writer(request).run(words.save_search, name, text, gallery(request).clock.now())
    return back_to(f"/search?{encoded([('q', text.strip())])}")


async def drop(request: Request) -> Response:
    """Keep a search no longer."""
    await writer(request).run(words.remove_search, asked.wanted_id(request))
    return back_to("/search")


routes: list[BaseRoute] = [
    Route("/search", search),
    Route("/search/suggest", suggested),
    Route("/search/picture", by_picture, methods=["POST"]),
    Route("/search/saved", keep, methods=["POST"]),
    Route("/search/saved/{id:int}/drop", drop, methods=["POST"]),
]
