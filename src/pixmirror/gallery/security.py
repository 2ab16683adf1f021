"""What stands before all pages: who may ask, from where, and how much. Each refusal is a sentence.

In this order: the name that the browser knows us by (a hostile page may point its own name here), whether another
site sent it, the origin of what writes, the size of what is sent, and whether this browser was let in.
"""

import re
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixmirror.gallery.answers import page, wants_fragment
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.caller import Caller, caller_of
from pixmirror.gallery.place import Gallery

_HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::\d{1,5})?", re.ASCII)
READS = frozenset(("GET", "HEAD"))
METHODS = READS | {"POST"}
MOST_BODY = 1 << 20  # bytes of a form
BODIES: Mapping[str, int] = {"/search/picture": 32 << 20}
OPEN = ("/static/", "/login")
BY_THEMSELVES = ("/mirror/events", "/works/new")  # what pages ask that nobody may be looking at
NEW_ADDRESS = (
    "Run `pixmirror gallery --address` on the machine of the mirror, and open the address that it prints."
)


class Guard:
    """Let through what may be asked; `request.state` then has `caller` and `session`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        gallery: Gallery = request.app.state.gallery
        caller = caller_of(scope, gallery.config.gallery)
        scope.setdefault("state", {}).update(caller=caller, session=None)
        refused = _strange(request, gallery, caller) or await _stranger(request, gallery, caller)
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self.app(scope, _bounded(request, receive), send)


# --- from where, and how much


def _strange(request: Request, gallery: Gallery, caller: Caller) -> Response | None:
    """Refuse what no page of ours sends."""
    host = request.headers.get("host", "")
    if not is_ours(host, gallery.config.gallery.hosts):
        name = f"the name {_name(host)}" if host else "no name"
        return _refusal(
            request,
            421,
            f"This gallery was asked for by {name}, which is not its own. If it is, add it to gallery.hosts.",
        )
    if request.method not in METHODS:
        return _refusal(request, 405, "The gallery takes GET and POST alone.")
    if not request.scope["path"].isprintable():
        return _refusal(request, 404, "There is no such page.")
    if _is_from_elsewhere(request):
        return _refusal(request, 403, "Another site asked for this, and only pages of this gallery may.")
    if request.method == "POST" and (said := _origin_fault(request, host, caller)):
        return _refusal(request, 403, said)
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > _most(request):
        return _refusal(request, 413, "That is more than this page takes.")
    return None


def is_ours(host: str, names: tuple[str, ...]) -> bool:
    """Return whether a Host header names us: an IP address, this machine, or what the config names. None of these
    can be made to mean another machine by somebody else.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name, here = (found["v6"] or found["name"]).lower().rstrip("."), socket.gethostname().lower()
    return _is_ip(name) or name in ("localhost", here, f"{here}.local", *names)


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name(host: str) -> str:
    return "".join(letter for letter in host[:80] if letter.isalnum() or letter in ".-:[]_")


def _is_from_elsewhere(request: Request) -> bool:
    """Return whether another site asks, and not by a link that somebody followed. Otherwise any site could probe
    which pictures are here. Another port of this machine is another site to us, though not to a browser.
    """
    if request.headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return False
    is_link = (
        request.headers.get("sec-fetch-mode") == "navigate" and request.headers.get("sec-fetch-dest") == "document"
    )
    return not (is_link and request.method in READS)


def _origin_fault(request: Request, host: str, caller: Caller) -> str:
    """Return what is wrong with where a form comes from; "" if nothing is."""
    origin = request.headers.get("origin")
    ours = f"{caller.scheme}://{host}".lower()
    if origin is None:
        site = request.headers.get("sec-fetch-site")
        return "" if site == "same-origin" else "A form must say which page it is of (the header Origin)."
    if origin.lower() == ours:
        return ""
    if origin.lower() == f"https://{host}".lower():
        return (
            "This form was sent by https, of which the gallery knows nothing: name the proxy that stands before "
            "it in gallery.trusted_proxies, and let it send X-Forwarded-Proto."
        )
    return "This form is of another site, and only pages of this gallery may send one."


def _most(request: Request) -> int:
    return BODIES.get(request.scope["path"], MOST_BODY)


def _bounded(request: Request, receive: Receive) -> Receive:
    """Read no more than the page takes, whatever was said of its length."""
    most, got = _most(request), 0

    async def bounded() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > most:
            raise Refused("That is more than this page takes.", 413)
        return message

    return bounded


# --- who


async def _stranger(request: Request, gallery: Gallery, caller: Caller) -> Response | None:
    """Let this browser in where it may come in; else return what it is told."""
    if caller.user or not gallery.is_locked:
        return _without_key(request)
    is_seen = request.scope["path"] not in BY_THEMSELVES
    for name in gallery.cookies:
        if request.state.session is None:
            request.state.session = await gallery.sessions.of(request.cookies.get(name, ""), is_seen=is_seen)
    if _has_key(request):
        return await _by_key(request, gallery, caller)
    if request.state.session is not None or request.scope["path"].startswith(OPEN):
        return None
    return _shut(request, gallery)


def _without_key(request: Request) -> Response | None:
    """Take the key out of the address where none is needed."""
    return RedirectResponse("/", 303) if _has_key(request) else None


def _has_key(request: Request) -> bool:
    return request.scope["path"] == "/" and "key" in request.query_params


async def _by_key(request: Request, gallery: Gallery, caller: Caller) -> Response:
    """Let in by a key of the printed address, which leaves the address bar at once."""
    if request.method != "GET" or "prefetch" in request.headers.get("sec-purpose", ""):
        return _refusal(request, 403, "A key is used by who opens its address, not beforehand.")
    good = gallery.keys.take(request.query_params["key"])
    if request.state.session is None and not good:
        return _refusal(request, 403, f"This address was used before, or is older than ten minutes. {NEW_ADDRESS}")
    answer = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    if request.state.session is None:
        let_in(answer, gallery, caller, await gallery.sessions.begin(request.headers.get("user-agent", ""), "key"))
    return answer


def let_in(answer: Response, gallery: Gallery, caller: Caller, token: str) -> None:
    """Give a browser the cookie that lets it in."""
    answer.set_cookie(
        gallery.cookie, token, max_age=60 * 86400, path="/", secure=caller.scheme == "https", httponly=True,
        samesite="strict",
    )  # fmt: skip


def _shut(request: Request, gallery: Gallery) -> Response:
    """Answer who was not let in."""
    if request.method in READS and gallery.password is not None and _wants_page(request):
        query = request.scope["query_string"].decode("latin-1")
        path = quote(request.scope["path"]) + (f"?{query}" if query else "")
        answer: Response = RedirectResponse(
            f"/login?next={quote(path, safe='')}", 303, {"Cache-Control": "no-store"}
        )
    else:
        answer = _refusal(request, 401, f"This gallery opens by a key. {NEW_ADDRESS}")
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        # A link of another site comes without our cookie, which is for our pages alone; asked again, it has it.
        answer = _refusal(request, 401, "One moment: the gallery opens.")
        answer.headers["Refresh"] = "0"
    return answer


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not wants_fragment(request)


def _refusal(request: Request, status: int, sentence: str) -> Response:
    """Return a sentence: a page where a page is looked for."""
    if _wants_page(request):
        return page(request, "refused.html", status, sentence=sentence)
    return PlainTextResponse(f"{sentence}\n", status, {"Cache-Control": "no-store"})
