"""Answers of the gallery: whole pages, single elements, redirects. The one place that renders templates."""

import json
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from pixmirror import terminal
from pixmirror.catalogue.words import length
from pixmirror.gallery import shown
from pixmirror.gallery.asked import came_from
from pixmirror.gallery.place import gallery, shelves
from pixmirror.gallery.tile import blank_tile, parts_of, tile
from pixmirror.gallery.undos import Undo
from pixmirror.reports.reasons import FILES
from pixmirror.reports.visible import hides

FRAGMENT = "text/vnd.fragment"
DONE_S = 30  # after which a page that comes late tells nothing of what was done
_PAGE = {"Cache-Control": "private, no-cache"}  # never no-store: it costs the page cache, which makes back exact
_FRAGMENT = {"Cache-Control": "no-store", "Vary": "Accept"}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("pixmirror.gallery"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined, finalize=shown.finished,
    )  # fmt: skip
    made.filters |= {
        "n": shown.count, "day": shown.day, "minute": shown.minute, "clock": shown.clock, "moment": shown.moment,
        "ago": shown.ago, "size": terminal.size, "lang": shown.language, "date": shown.date, "data": data,
        "label": shown.label, "label_rest": shown.label_rest, "unit": shown.unit, "how_long": length,
        "veiled": shown.is_veiled, "parted": shown.parted, "upright": shown.upright,
    }  # fmt: skip
    made.globals |= {
        "MARKS": shown.MARKS,
        "TILE": tile,
        "BLANK_TILE": blank_tile,
        "PARTS_OF": parts_of,
        "REASONS": FILES,
    }
    return made


def data(value: object) -> Markup:
    """Write what a module reads, for <script type="application/json">: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Answer with a whole page, which tells once what was done before it."""
    before = gallery(request).undos.of(request.cookies.get(_done_cookie(request), ""))
    answer = HTMLResponse(_rendered(request, template, values | {"done": before}), status, _PAGE)
    if before is not None:
        answer.delete_cookie(_done_cookie(request), path="/")
    return answer


def sentence(request: Request, status: int, text: str) -> Response:
    """Answer with what is wrong: a page of it, or to a module the words alone."""
    if wants_fragment(request):
        return PlainTextResponse(f"{text}\n", status, _FRAGMENT)
    before = came_from(request)
    back = "" if before in ("/", request.url.path) else before
    return page(request, "sentence.html", status, sentence=text, back=back)


def wants_fragment(request: Request) -> bool:
    """Return whether a module asks for the changed element instead of a page."""
    return FRAGMENT in request.headers.get("accept", "")


def fragment(request: Request, template: str, **values: Any) -> Response:
    """Answer with one element, for a module that puts it in its place."""
    return HTMLResponse(_rendered(request, template, values), headers=_FRAGMENT)


async def hidden(request: Request, key: int) -> Response | None:
    """Return what stands instead of all pages of a work that the user hides, until one is asked for by `show`."""
    if "show" in request.query_params or not await shelves(request).read(hides, key):
        return None
    if wants_fragment(request):
        return sentence(request, 404, "You hide works of this kind.")
    return page(request, "work_hidden.html", url=request.url.path)


def back_to(address: str) -> Response:
    """Answer a POST: the page shows what it did."""
    return RedirectResponse(address, 303, _FRAGMENT)


def done(request: Request, address: str, says: str, undo: Undo | None = None) -> Response:
    """Answer a POST: the next page tells what it did, and how to undo it; to a module that alone."""
    kept = gallery(request).undos.keep(says, undo)
    if wants_fragment(request):
        return fragment(request, "done.html", done=kept)
    answer = back_to(address)
    is_https = request.state.caller.scheme == "https"
    answer.set_cookie(
        _done_cookie(request),
        kept.token,
        max_age=DONE_S,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="strict",
    )
    return answer


def _done_cookie(request: Request) -> str:
    return f"{gallery(request).cookie}_done"


def _asks_again(request: Request) -> bool:
    """Return whether this browser was let in, and would be asked for a password."""
    return gallery(request).password is not None and request.state.session is not None


def _rendered(request: Request, template: str, values: dict[str, Any]) -> str:
    theme = request.cookies.get("theme")
    around = {
        "path": request.url.path,
        "query": request.query_params,
        "now": gallery(request).clock.now(),
        "veiled": request.cookies.get("veil") == "1",  # all pictures, as app.js sets it
        "theme": theme if theme in ("light", "dark") else "",  # as look.js sets it
        "problems": gallery(request).problems,
        "lock_after": gallery(request).config.gallery.lock_after if _asks_again(request) else None,
    }
    return _environment().get_template(template).render(around | values)
