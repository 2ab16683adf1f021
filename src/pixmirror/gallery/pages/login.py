"""/login, /logout, /sessions/end: who may look from which browser."""

import math

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.words import length
from pixmirror.gallery.answers import back_to, page
from pixmirror.gallery.asked import own_path
from pixmirror.gallery.login import digest
from pixmirror.gallery.place import gallery
from pixmirror.gallery.security import NEW_ADDRESS, let_in


async def ask(request: Request) -> Response:
    """Ask for the password; where there is none, say how to come in."""
    here = gallery(request)
    if request.state.session is not None or not here.is_locked:
        return RedirectResponse(_next(request.query_params.get("next")), 303)
    if here.password is None:
        return page(request, "refused.html", 401, sentence=f"This gallery opens by a key. {NEW_ADDRESS}")
    return page(request, "login.html", next=_next(request.query_params.get("next")), fault="")


async def try_password(request: Request) -> Response:
    """Let this browser in, if the password is right."""
    here, caller = gallery(request), request.state.caller
    form = await request.form()
    given, wanted = form.get("password"), _next(form.get("next"))
    if here.password is None:
        return page(request, "refused.html", 401, sentence=f"This gallery has no password. {NEW_ADDRESS}")
    outcome = await here.password.try_one(given if isinstance(given, str) else "", caller.neighbourhood)
    if not outcome.right:
        wait = f"The next try is open in {length(math.ceil(outcome.wait_s))}." if outcome.wait_s else ""
        fault = f"That is not it. {wait}".strip() if outcome.tried else f"Too many tries. {wait}"
        answer = page(request, "login.html", 401 if outcome.tried else 429, next=wanted, fault=fault)
        if not outcome.tried:
            answer.headers["Retry-After"] = str(math.ceil(outcome.wait_s))
        return answer
    answer = back_to(wanted)
    let_in(answer, here, caller, await here.sessions.begin(request.headers.get("user-agent", ""), "password"))
    return answer


async def log_out(request: Request) -> Response:
    """End the session of this browser."""
    here = gallery(request)
    await here.sessions.end([digest(request.cookies.get(name, "")) for name in here.cookies])
    answer = back_to("/login")
    for name in here.cookies:
        answer.delete_cookie(name, path="/")
    return answer


async def end(request: Request) -> Response:
    """End one session, named by the beginning of its digest, or all but that of this browser."""
    here, form = gallery(request), await request.form()
    which, own = form.get("session"), request.state.session
    others = [one.digest for one in here.sessions.all() if own is None or one.digest != own.digest]
    if which == "others":
        await here.sessions.end(others)
    elif isinstance(which, str) and len(which) >= 16:
        await here.sessions.end([one.digest for one in here.sessions.all() if one.digest.startswith(which)])
    return back_to("/mirror/settings#sessions")


def _next(wanted: object) -> str:
    """Return a path of ours to go on to, which is not that of the login."""
    found = own_path(wanted)
    return "/" if found.startswith("/login") else found


routes: list[BaseRoute] = [
    Route("/login", ask),
    Route("/login", try_password, methods=["POST"]),
    Route("/logout", log_out, methods=["POST"]),
    Route("/sessions/end", end, methods=["POST"]),
]
