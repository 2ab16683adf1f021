"""/tags: the tags by how many works have them; one with its words, what goes with it and all its works."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import words
from pixmirror.gallery import asked, listing
from pixmirror.gallery.answers import back_to, page
from pixmirror.gallery.asked import NotHere
from pixmirror.gallery.chips import View
from pixmirror.gallery.place import gallery, shelves, writer
from pixmirror.reports import tags as questions
from pixmirror.reports.tags import TagHead


async def tags(request: Request) -> Response:
    """Show a page of tags."""
    after = asked.pair(request, "after")
    found = await shelves(request).read(questions.tags, after)
    return page(request, "tags.html", found=found, after=after)


async def tag(request: Request) -> Response:
    """Show one tag."""
    found = await _tag(request)
    if not found.tag.is_askable:
        return page(request, "tag.html", one=found)
    view = View(f"/tags/{found.tag.id}", found.usual, frozenset({"tag"}))
    wanted = await listing.asked_within(request, view, tag=found.tag.name)
    shown = await listing.works_of(request, wanted, view, gallery(request).clock.now())
    return page(request, "tag.html", one=found, **shown)


async def call(request: Request) -> Response:
    """Have a `word` of the user's own find this tag."""
    found = await _tag(request)
    word = asked.text((await request.form()).get("word"), "word")
    await writer(request).run(words.add_alias, word, found.tag.name)
    return back_to(f"/tags/{found.tag.id}")


async def call_no_more(request: Request) -> Response:
    """Take back a word of the user's own."""
    found = await _tag(request)
    await writer(request).run(words.remove_alias, asked.wanted_id(request, "alias"))
    return back_to(f"/tags/{found.tag.id}")


async def _tag(request: Request) -> TagHead:
    found = await shelves(request).read(questions.tag, asked.wanted_id(request))
    if found is None:
        raise NotHere("No work in this mirror has this tag.")
    return found


routes: list[BaseRoute] = [
    Route("/tags", tags),
    Route("/tags/{id:int}", tag),
    Route("/tags/{id:int}/words", call, methods=["POST"]),
    Route("/tags/{id:int}/words/{alias:int}/drop", call_no_more, methods=["POST"]),
]
