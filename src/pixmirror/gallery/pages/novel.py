"""/n/{id}/read: the text of a novel, from left to right or from top to bottom."""

import asyncio
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import own
from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, hidden, page
from pixmirror.gallery.picture_size import measured
from pixmirror.gallery.place import gallery, shelves, writer
from pixmirror.gallery.shown import language
from pixmirror.gallery.visits import is_told, noted
from pixmirror.reports import reading_novel
from pixmirror.reports.reading_novel import NovelText

LONGEST_SAMPLE = 4000  # characters that a language is told by
NOTHING = "The text of this novel is not in this mirror."
_ANCHOR = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


async def read(request: Request) -> Response:
    """Show a novel in its reader, in the direction `dir`, else in the one used last."""
    key = asked.wanted_work(request)
    found = await shelves(request).read(reading_novel.novel, key, gallery(request).clock.now())
    if found is None:
        raise asked.NotHere(NOTHING)
    if (instead := await hidden(request, key)) is not None:
        return instead
    direction = asked.words(request, "dir") or found.direction
    if direction not in ("h", "v"):
        raise asked.Refused("dir takes h or v.")
    found = await _measured(gallery(request).media, found)
    place = found.place
    told = {
        "post": request.url.path,
        "anchor": place.anchor if place else None,
        "page": place.page if place else 0,
    }
    show = partial(page, request, "novel.html", novel=found, dir=direction, lang=_language(found), told=told)
    return noted(request, await asyncio.to_thread(show), key)  # a long one takes a quarter of a second


async def keep(request: Request) -> Response:
    """Keep the place in a novel or, by `direction`, how novels are read."""
    key, form = asked.wanted_work(request), await request.form()
    if not await shelves(request).read(reading_novel.has_text, key):
        raise asked.NotHere(NOTHING)
    direction, anchor = asked.text(form.get("direction"), "direction"), asked.text(form.get("anchor"), "anchor")
    if direction in ("h", "v"):
        await writer(request).run(put_setting, reading_novel.DIRECTION, direction)
    elif _ANCHOR.fullmatch(anchor):
        at, now = asked.whole(form.get("page"), "page"), gallery(request).clock.now()
        await writer(request).run(own.keep_place, key, at, now, anchor)
    else:
        raise asked.Refused("This is neither a direction, h or v, nor a place in a text.")
    show = "&show" if "show" in request.query_params else ""
    return Response(status_code=204) if is_told(request) else back_to(f"{request.url.path}?dir={direction}{show}")


async def _measured(media: Path, novel: NovelText) -> NovelText:
    """Return the novel with the sizes of its pictures, so that nothing moves when they come."""
    own_ones = dict(zip(novel.pictures, await measured(media, tuple(novel.pictures.values())), strict=True))
    others = dict(zip(novel.embedded, await measured(media, tuple(novel.embedded.values())), strict=True))
    return replace(novel, pictures=own_ones, embedded=others)


def _language(novel: NovelText) -> str:
    """Return the language of the text: what Pixiv says, else what its letters tell."""
    sample = "".join(reading_novel.plain_words(one.block) for one in novel.blocks[:200])
    return novel.language or language(sample[:LONGEST_SAMPLE])


routes: list[BaseRoute] = [
    Route("/n/{id:int}/read", read),
    Route("/n/{id:int}/read", keep, methods=["POST"]),
]
