"""/w/{id} and /n/{id}: one work, whole; its comments, its frames, why it is here."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.refs import Ref
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, fragment, hidden, page, wants_fragment
from pixmirror.gallery.around import do, has_web, seen
from pixmirror.gallery.asked import NotHere, wanted_work
from pixmirror.gallery.captions import caption
from pixmirror.gallery.differences import Piece, differences, shortened
from pixmirror.gallery.frames import first_frame
from pixmirror.gallery.headers import FILE_POLICY
from pixmirror.gallery.place import gallery, shelves
from pixmirror.gallery.plot import plot
from pixmirror.gallery.visits import noted
from pixmirror.reports.headline import what_brings
from pixmirror.reports.pictures import frames_file
from pixmirror.reports.work_comments import more_comments
from pixmirror.reports.work_page import Forgotten, WorkPage, work_page
from pixmirror.reports.work_past import work_as_of
from pixmirror.reports.work_versions import Version
from pixmirror.reports.work_why import why_here

IN_STRIP = 60  # pages in the film strip
VERSIONS = 10  # that are shown, the last ones
_COMMANDS = ("forget", "unforget", "retry")


async def work(request: Request) -> Response:
    """Show one work at its page `p`, or as it was in version `v`."""
    key, version = wanted_work(request), asked.number(request, "v", 0)
    kept = {"v": version, **{name: name in request.query_params for name in ("all", "show")}}
    found = await shelves(request).read(
        work_as_of, key, version, gallery(request).clock.now(), has_web(gallery(request))
    )
    if found is None:
        return page(request, "work_unknown.html", 404, ref=Ref.of_work(key))
    if isinstance(found, Forgotten):
        return page(request, "work_forgotten.html", forgotten=found)
    if (answer := await hidden(request, key)) is not None:
        return answer
    number = min(asked.number(request, "p", 1, 1), max(len(found.pictures), 1))
    answer = page(
        request,
        "work.html",
        work=found,
        number=number,
        shown=found.pictures[number - 1] if found.pictures else None,
        strip=_strip(found, number, is_whole=bool(kept["all"])),
        caption=caption(found.caption, found.local),
        plot=plot(found.points),
        pieces=await asyncio.to_thread(_pieces, found.versions[:VERSIONS]),
        most=VERSIONS,
        veiled=found.is_veiled and not kept["show"],
        asked_of=partial(_query, kept),
        for_good=not gallery(request).config.mirror.trash_days,  # what cannot be undone is asked first
    )
    return noted(request, answer, key)


def _query(kept: Mapping[str, int], number: int, also: str = "") -> str:
    """Return the query of another page of the work, as it is shown now; without what goes without saying."""
    asks = {"p": number if number > 1 else 0, **kept} | ({also: True} if also else {})
    told = "&".join(name if value is True else f"{name}={value}" for name, value in asks.items() if value)
    return f"?{told}" if told else ""


def _strip(found: WorkPage, number: int, *, is_whole: bool) -> range:
    """Return the numbers of the pages in the film strip: of a long work those around the one that is shown."""
    pages = len(found.pictures)
    if is_whole or pages <= IN_STRIP:
        return range(1, pages + 1)
    first = min(max(number - IN_STRIP // 2, 1), pages - IN_STRIP + 1)
    return range(first, first + IN_STRIP)


def _pieces(versions: Sequence[Version]) -> dict[tuple[int, str], list[Piece]]:
    """Return each text that changed, word by word, by the number of the version and the name of the text."""
    return {
        (one.number, prose.name): shortened(differences(prose.before, prose.after))
        for one in versions
        for prose in one.prose
    }


async def comments(request: Request) -> Response:
    """Show the comments that follow `after`: to be put below those before, or as a page of their own."""
    key = wanted_work(request)
    if (answer := await hidden(request, key)) is not None:
        return answer
    found = await shelves(request).read(more_comments, key, asked.number(request, "after", 0))
    if found is None:
        raise NotHere("This work is not in this mirror.")
    return _part(request, key, "work_comments.html", "Comments", comments=found)


async def why(request: Request) -> Response:
    """Say why it is here or not, and what happens next."""
    key = wanted_work(request)
    if (answer := await hidden(request, key)) is not None:
        return answer
    look, now = await seen(gallery(request)), gallery(request).clock.now()
    brings = what_brings(look.glance.headlines, look.around)
    found = await shelves(request).read(why_here, Ref.of_work(key), now, brings, has_web(gallery(request)))
    return _part(request, key, "work_why.html", "Why is it here", why=found)


def _part(request: Request, key: int, template: str, heading: str, **values: Any) -> Response:
    """Answer with a part of a work's page: the element alone to a module, else within a page."""
    url = Ref.of_work(key).page
    if wants_fragment(request):
        return fragment(request, template, url=url, **values)
    return page(request, "work_part.html", part=template, heading=heading, url=url, **values)


async def frames(request: Request) -> Response:
    """Lead to the stored zip of a ugoira, which a browser may ask for in parts."""
    found = await shelves(request).read(frames_file, wanted_work(request))
    if found is None:
        raise NotHere("The frames of this work are not in this mirror.")
    return RedirectResponse(f"/file/{found.work_key}-{found.sha256}.zip", 307)


async def first(request: Request) -> Response:
    """Serve the first frame of a ugoira, which stands until the others are here."""
    found = await shelves(request).read(frames_file, wanted_work(request))
    if found is None:
        raise NotHere("The frames of this work are not in this mirror.")
    frame, kind = await asyncio.to_thread(first_frame, gallery(request).media, found.path)
    headers = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": FILE_POLICY}
    return Response(frame, headers=headers, media_type=kind)


async def ask(request: Request) -> Response:
    """Have the daemon forget the work, have it back, or ask Pixiv for it again."""
    key, command = wanted_work(request), request.path_params["command"]
    if command not in _COMMANDS:
        raise NotHere("There is no such page.")
    found = await shelves(request).read(work_page, key, gallery(request).clock.now())
    ref = found.what if isinstance(found, Forgotten) else Ref.of_work(key)  # it may have gone with its artist
    await do(request, {"command": command, "ref": str(ref)})
    return back_to(Ref.of_work(key).page)


routes: list[BaseRoute] = [
    *(Route(f"/{medium}/{{id:int}}", work) for medium in "wn"),
    *(Route(f"/{medium}/{{id:int}}/comments", comments) for medium in "wn"),
    *(Route(f"/{medium}/{{id:int}}/why", why) for medium in "wn"),
    *(Route(f"/{medium}/{{id:int}}/{{command}}", ask, methods=["POST"]) for medium in "wn"),
    Route("/w/{id:int}/frames.zip", frames),
    Route("/w/{id:int}/first-frame", first),
]
