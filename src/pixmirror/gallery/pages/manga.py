"""/w/{id}/read: the pages of a work, one or two at a time or as a strip."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import own
from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, hidden, page
from pixmirror.gallery.picture_size import measured
from pixmirror.gallery.place import gallery, shelves, writer
from pixmirror.gallery.visits import is_told, noted
from pixmirror.reports import reading
from pixmirror.reports.work_pictures import Picture

NOTHING = "This work has no pages to read in this mirror."


async def read(request: Request) -> Response:
    """Show a work in its reader at page `p`, else where reading stopped."""
    key, here = asked.wanted_work(request), gallery(request)
    found = await shelves(request).read(reading.manga, key, here.clock.now())
    if found is None:
        raise asked.NotHere(NOTHING)
    if (instead := await hidden(request, key)) is not None:
        return instead
    pages = await measured(here.media, found.pages)
    at = min(len(pages), asked.number(request, "p", found.begin + 1, least=1))
    rtl = found.direction != "ltr"
    told = {
        "pages": [_told(one) for one in pages],
        "at": at - 1,
        "rtl": rtl,
        "shifted": found.shifted,
        "post": request.url.path,
    }
    strip = found.direction == "strip"
    answer = page(request, "reader.html", manga=found, pages=pages, at=at, strip=strip, rtl=rtl, told=told)
    return noted(request, answer, key)


async def keep(request: Request) -> Response:
    """Keep the place in a work or, by `direction`, how it and its series are read."""
    key, form = asked.wanted_work(request), await request.form()
    setting = await shelves(request).read(reading.direction_setting, key)
    if setting is None:
        raise asked.NotHere(NOTHING)
    at, way = asked.whole(form.get("page"), "page"), asked.text(form.get("direction"), "direction")
    if not way:
        now, shifted = gallery(request).clock.now(), asked.text(form.get("anchor"), "anchor")
        await writer(request).run(own.keep_place, key, at, now, shifted or None)
    elif way in reading.DIRECTIONS:
        await writer(request).run(put_setting, setting, way)
    else:
        raise asked.Refused(f"direction takes {', '.join(reading.DIRECTIONS)}.")
    show = "&show" if "show" in request.query_params else ""
    return Response(status_code=204) if is_told(request) else back_to(f"{request.url.path}?p={at + 1}{show}")


def _told(picture: Picture) -> list[object]:
    """Return what the script needs of a page: where its file is, its size, or why there is none."""
    return [picture.original if picture.name else "", picture.width, picture.height, picture.lack]


routes: list[BaseRoute] = [
    Route("/w/{id:int}/read", read),
    Route("/w/{id:int}/read", keep, methods=["POST"]),
]
