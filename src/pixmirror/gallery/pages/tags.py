"""/tags: the tags by how many works have them; one with its words, what goes with it and all its works."""

import re
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import words
from pixmirror.gallery import asked, listing
from pixmirror.gallery.answers import back_to, page
from pixmirror.gallery.asked import NotHere, Refused
from pixmirror.gallery.chips import View
from pixmirror.gallery.place import shelves, writer
from pixmirror.reports import tags as questions
from pixmirror.reports.tags import TagHead

_AFTER = re.compile(r"(\d{1,12})\.(\d{1,15})", re.ASCII)


async def tags(request: Request) -> Response:
    """Show a page of tags."""
    given = asked.words(request, "after")
    if given and _AFTER.fullmatch(given) is None:
        raise Refused("This address names no page of tags.")
    works, _, id_ = given.partition(".")
    found = await shelves(request).read(questions.tags, (int(works), int(id_)) if given else None)
    return page(request, "tags.html", found=found, after=given)


async def tag(request: Request) -> Response:
    """Show one tag."""
    found = await _tag(request)
    if not found.tag.is_askable:
        return page(request, "tag.html", one=found)
    view = View(f"/tags/{found.tag.id}", found.usual, frozenset({"tag"}))
    wanted = await listing.asked_within(request, view, tag=found.tag.name)
    shown = await listing.works_of(request, wanted, view, round(time.time() * 1000))
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
