"""/collections: the user's collections; one of them in its order, which its edit view changes."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import collections as own
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, done, page
from pixmirror.gallery.asked import NotHere
from pixmirror.gallery.place import gallery, shelves, writer
from pixmirror.reports import collections as questions

PATH = "/collections"


async def collections(request: Request) -> Response:
    """Show all collections."""
    found, usual = await shelves(request).read(questions.collections)
    return page(request, "collections.html", collections=found, usual=usual)


async def collection(request: Request) -> Response:
    """Show one collection, or with `edit` what changes it."""
    number = asked.number(request, "page", 1, least=1)
    found = await _collection(request, number)
    is_edited = "edit" in request.query_params
    return page(request, "collection.html", found=found, is_edited=is_edited, longest=own.LONGEST_NOTE)


async def make(request: Request) -> Response:
    """Make an empty collection of this `name`."""
    name = (await request.form()).get("name")
    made = await writer(request).run(own.make, str(name or ""), gallery(request).clock.now())
    return back_to(f"{PATH}/{made}")


async def rename(request: Request) -> Response:
    """Give a collection another `name` and `note`."""
    form, id_ = await request.form(), asked.wanted_id(request)
    await writer(request).run(own.rename, id_, str(form.get("name") or ""), str(form.get("note") or ""))
    return back_to(f"{PATH}/{id_}?edit")


async def remove(request: Request) -> Response:
    """Remove a collection; its works stay."""
    found = await _collection(request)
    removed = await writer(request).run(own.remove, found.id)
    says = f"The collection “{found.name}” is removed. None of its works is."
    return done(request, PATH, says, partial(own.restore, removed=removed))


async def move(request: Request) -> Response:
    """Move the work `key` to before the work `before`, or by 0 to the end."""
    form, id_ = await request.form(), asked.wanted_id(request)
    key, before = (asked.whole(form.get(name), name) for name in ("key", "before"))
    await writer(request).run(own.move, id_, key, before or None)
    return back_to(f"{asked.came_from(request)}#k{key}")


async def take(request: Request) -> Response:
    """Take the work `key` out of a collection."""
    form, id_ = await request.form(), asked.wanted_id(request)
    removed = await writer(request).run(own.take_works, id_, [asked.whole(form.get("key"), "key")])
    if not removed:
        raise NotHere("The work is no longer in this collection.")
    return done(request, asked.came_from(request), "Taken out of it.", partial(own.restore, removed=removed))


async def _collection(request: Request, number: int = 1) -> questions.Collection:
    found = await shelves(request).read(questions.collection, asked.wanted_id(request), number)
    if found is None:
        raise NotHere("There is no such collection; it may have been removed.")
    return found


routes: list[BaseRoute] = [
    Route(PATH, collections),
    Route(PATH, make, methods=["POST"]),
    Route(PATH + "/{id:int}", collection),
    *(Route(f"{PATH}/{{id:int}}/{one.__name__}", one, methods=["POST"]) for one in (rename, remove, move, take)),
]
