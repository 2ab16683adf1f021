"""/chosen: what the user does to many works at once, from any page where they chose them; and the way back."""

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import collections, own
from pixmirror.catalogue.gallery.naming import LONGEST
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.words import many
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, done, page
from pixmirror.gallery.around import do
from pixmirror.gallery.asked import NotHere, Refused
from pixmirror.gallery.place import gallery, shelves, writer
from pixmirror.gallery.zipped import zipped
from pixmirror.models import work_key
from pixmirror.reports import chosen as questions
from pixmirror.reports.files import paths_of_works

MOST = 1000
ANSWERS_S = 60.0  # for which the daemon may be at work on all of them
_NAMED = re.compile(r"([wn])([1-9]\d{0,14})", re.ASCII)


async def collect(request: Request) -> Response:
    """Put the works into the collection `collection`, or into a new one of this `name`."""
    form, keys = await _chosen(request)
    now, name = gallery(request).clock.now(), asked.text(form.get("name"), "name", LONGEST)
    if name:
        made = await writer(request).run(collections.make, name, now, works=keys)
        return done(
            request, asked.came_from(request), f"{many(len(keys), 'work')} collected as “{name}”.",
            partial(collections.remove, id_=made),
        )  # fmt: skip
    if not form.get("collection"):
        raise Refused("Name a new collection, or choose one.")
    into = asked.whole(form.get("collection"), "collection")
    new = await writer(request).run(collections.add_works, into, keys, now)
    old = len(keys) - len(new)
    before = f", {old:,} {'was' if old == 1 else 'were'} in it before" if old else ""
    says = f"{many(len(new), 'work')} collected{before}."
    return done(request, asked.came_from(request), says, partial(collections.take_works, id_=into, keys=new))


async def rate(request: Request) -> Response:
    """Give the works `rating` stars, none by 0."""
    form, keys = await _chosen(request)
    stars, now = asked.whole(form.get("rating"), "rating", most=own.MOST_STARS), gallery(request).clock.now()
    had = await writer(request).run(own.rate, keys, stars, now)
    says = f"{many(len(keys), 'work')}: {many(stars, 'star') if stars else 'no stars'}."
    return done(request, asked.came_from(request), says, partial(own.rate_back, stars=had, now=now))


async def export(request: Request) -> Response:
    """Give the files of the works as a zip."""
    _, keys = await _chosen(request)
    media = gallery(request).media
    files = await shelves(request).read(paths_of_works, keys)
    paths = [path for key in keys for path in files.get(key, ())]
    if not paths:
        raise NotHere("No file of these works is in this mirror.")
    if not await asyncio.to_thread(media.is_dir):
        raise Refused(f"The media folder {media} is not there: is its disk?", 503)
    name = f"pixmirror-{many(len(keys), 'work').replace(' ', '-').replace(',', '')}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(zipped(media, paths), headers=headers, media_type="application/zip")


async def retry(request: Request) -> Response:
    """Ask Pixiv again for what is not here of the works."""
    _, keys = await _chosen(request)
    answer = await _ask_for(request, "retry", keys)
    asks, looked_at = int(answer["asked"]), int(answer["done"])
    says = f"{many(asks, 'work')} asked for again." if asks else ""
    left = len(keys) - looked_at
    if asks < looked_at:
        others = many(looked_at - asks, "other") if left else "the others"
        says += f" Nothing is missing of {others if asks else 'them'} that could be asked for."
    return done(request, asked.came_from(request), f"{says.strip()}{_rest(left, answer)}")


async def forget(request: Request) -> Response:
    """Forget the works, once the user is `sure`; before, ask."""
    form, keys = await _chosen(request)
    back = asked.came_from(request)
    if not form.get("sure"):
        works, usual = await shelves(request).read(questions.chosen_tiles, keys)
        named = [_name(key) for key in keys]
        days = gallery(request).config.mirror.trash_days
        return page(request, "chosen_forget.html", named=named, works=works, usual=usual, back=back, days=days)
    answer = await _ask_for(request, "forget", keys)
    forgotten = int(answer["done"])
    return done(request, back, f"{many(forgotten, 'work')} forgotten.{_rest(len(keys) - forgotten, answer)}")


async def _ask_for(request: Request, command: str, keys: Sequence[int]) -> dict[str, Any]:
    """Have the daemon do to all of these works what it does to one, by one request. Return how far it came."""
    refs = [str(Ref.of_work(key)) for key in keys]
    return await do(request, {"command": command, "refs": refs}, wait_s=ANSWERS_S)


def _rest(left: int, answer: dict[str, Any]) -> str:
    """Say what became of the works that were not reached, and why."""
    told = f" {many(left, 'work')} not: " if left else " "
    return f"{told}{answer['why']}" if answer["why"] else ""


async def undo(request: Request) -> Response:
    """Take back what was done just now."""
    undos, token = gallery(request).undos, request.path_params["token"]
    found = undos.of(token)
    if found is None or found.undo is None:
        raise NotHere("That was too long ago to be taken back, or has been taken back already.")
    await writer(request).run(found.undo)
    undos.drop(token)
    return back_to(asked.came_from(request))


async def _chosen(request: Request) -> tuple[FormData, Sequence[int]]:
    """Return the form, and its works as far as they are here. Refused for none, too many, and nonsense."""
    form = await request.form(max_files=0, max_fields=5 * MOST)
    named = [_NAMED.fullmatch(one) if isinstance(one, str) else None for one in form.getlist("id")]
    keys = [work_key("novel" if one[1] == "n" else "illust", int(one[2])) for one in named if one]
    if len(keys) < len(named):
        raise Refused("id takes works as w123 and novels as n123.")
    if not keys:
        raise Refused("No work was chosen.")
    if len(keys) > MOST:
        raise Refused(f"That are {len(keys):,} works; at most {MOST:,} are taken at once.", 413)
    here = await shelves(request).read(questions.chosen, keys)
    if not here:
        raise NotHere("None of these works is in this mirror.")
    return form, here


def _name(key: int) -> str:
    return f"{'n' if key & 1 else 'w'}{key >> 1}"


routes: list[BaseRoute] = [
    *(Route(f"/chosen/{one.__name__}", one, methods=["POST"]) for one in (collect, rate, export, retry, forget)),
    Route("/undo/{token}", undo, methods=["POST"]),
]
