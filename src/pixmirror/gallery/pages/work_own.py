"""What the user does to a work from its page: give it stars, put it into collections."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import collections, own
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, fragment, wants_fragment
from pixmirror.gallery.asked import NotHere, wanted_work
from pixmirror.gallery.place import gallery, shelves, writer
from pixmirror.reports.work_own import Own, own_of


async def rate(request: Request) -> Response:
    """Give the work `stars`, 1 to 5; none by 0."""
    stars = asked.whole((await request.form()).get("stars"), "stars", most=own.MOST_STARS)
    key = (await _own(request)).key
    await writer(request).run(own.rate, [key], stars, gallery(request).clock.now())
    return await _changed(request)


async def collect(request: Request) -> Response:
    """Put the work `into` a collection, or into a new one of this `name`, or take it `out` of one."""
    form, key, now = await request.form(), (await _own(request)).key, gallery(request).clock.now()
    name = form.get("name")
    if isinstance(name, str) and name.strip():
        await writer(request).run(collections.make, name, now, works=[key])
    elif "out" in form:
        await writer(request).run(collections.take_works, asked.whole(form.get("out"), "out"), [key])
    else:
        await writer(request).run(collections.add_works, asked.whole(form.get("into"), "into"), [key], now)
    return await _changed(request)


async def _own(request: Request) -> Own:
    found = await shelves(request).read(own_of, wanted_work(request))
    if found is None:
        raise NotHere("This work is not in this mirror.")
    return found


async def _changed(request: Request) -> Response:
    """Answer with what is now the user's own about the work, or with its page."""
    found = await _own(request)
    return fragment(request, "work_own.html", own=found) if wants_fragment(request) else back_to(found.url)


routes: list[BaseRoute] = [
    *(Route(f"/{medium}/{{id:int}}/rate", rate, methods=["POST"]) for medium in "wn"),
    *(Route(f"/{medium}/{{id:int}}/collect", collect, methods=["POST"]) for medium in "wn"),
]
