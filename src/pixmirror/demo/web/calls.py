"""One call of the web: who asks, with what, and the envelope that answers."""

import json
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pixmirror.demo.shapes import Json, View
from pixmirror.demo.world import LIVE, Key, User, Work, World

COOKIE = "PHPSESSID=10000001_demo"
GONE = "Work has been deleted or the ID does not exist."
LEFT = "User has left pixiv or the user ID does not exist."
DEAD = "An unknown error occurred"


@dataclass
class State:
    """What the web keeps of a world besides the world: the token of forms, likes, messages."""

    serial: int = 0
    liked: set[Key] = field(default_factory=set)
    threads: list[Json] = field(default_factory=list)

    @property
    def token(self) -> str:
        """The CSRF token that is good now."""
        return md5(f"csrf {self.serial}".encode(), usedforsecurity=False).hexdigest()

    def rotate(self) -> None:
        """Make every token that was given out bad."""
        self.serial += 1


_STATES: "weakref.WeakKeyDictionary[World, State]" = weakref.WeakKeyDictionary()


def state_of(world: World) -> State:
    """Return the web's state of a world."""
    return _STATES.setdefault(world, State())


def shown(view: View, work: Work) -> bool:
    """True if the web shows a work: what the App API hides as too sensitive, too, but not to the logged out."""
    return work.state == LIVE or (work.state == "limit_sanity_level" and view.viewer > 0)


class WebError(Exception):
    """An error answer of the web."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class WebCall:
    """A request. `viewer` is 0 for who is logged out; `sent` is a form or the JSON of a POST."""

    view: View
    path: Mapping[str, str]
    params: tuple[tuple[str, str], ...]
    sent: Mapping[str, Any]

    @property
    def world(self) -> World:
        """The world that is asked."""
        return self.view.world

    @property
    def state(self) -> State:
        """What the web keeps of it."""
        return state_of(self.view.world)

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter."""
        return dict(self.params).get(name, default)

    def many(self, name: str) -> list[str]:
        """Return a repeated parameter, `name[]` or numbered."""
        return [value for key, value in self.params if key.partition("[")[0] == name]

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        value = self.text(name, str(default))
        if not value.isdecimal():
            raise WebError(400, "Invalid request.")
        return int(value)

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of several words."""
        value = self.text(name, default)
        if value not in allowed:
            raise WebError(400, "Invalid request.")
        return value

    def work(self, medium: str, work_id: str) -> Work:
        """Return the work of an id, if it is shown."""
        work = self.world.works.get((medium, int(work_id))) if work_id.isdecimal() else None
        if work is None or not shown(self.view, work):
            raise WebError(404, GONE)
        return work

    def user(self, user_id: str = "") -> User:
        """Return the user of the path."""
        name = user_id or self.path["id"]
        user = self.world.users.get(int(name)) if name.isdecimal() else None
        if user is not None and user.suspended:
            raise WebError(403, "This user has been suspended.")
        if user is None or user.gone:
            raise WebError(404, LEFT)
        return user

    def own(self, user: User) -> bool:
        """True if that user is who asks."""
        return user.id == self.view.viewer


Handler = Callable[[WebCall], Any]


def viewer(request: Request, world: World) -> int | None:
    """Return whose cookie it is: None for a dead one, 0 without."""
    cookie = request.headers.get("cookie", "")
    pairs = dict(part.strip().partition("=")[::2] for part in cookie.split(";") if part.strip())
    session = pairs.get("PHPSESSID", "")
    if not session:
        return 0
    return world.me if session == f"{world.me}_demo" else None


async def answer(
    handler: Handler, request: Request, *, login: bool = False, enveloped: bool = True, post: bool = False
) -> Response:
    """Check the cookie and the token, let the world catch up, and answer."""
    world: World = request.app.state.world
    body = await request.body() if post else b""
    with world.lock:
        world.settle()
        who = viewer(request, world)
        try:
            if who is None or (login and not who):
                raise WebError(400, DEAD)
            if post and request.headers.get("x-csrf-token") != state_of(world).token:
                raise WebError(403, "Invalid token.")
            params = tuple(request.query_params.multi_items())
            view = View(world, who, dict(params).get("lang", "ja"))
            made = handler(WebCall(view, request.path_params, params, _sent(request, body)))
        except WebError as error:
            if not enveloped and not post:
                return JSONResponse({"error": error.message}, error.status)
            return JSONResponse({"error": True, "message": error.message, "body": []}, error.status)
    return JSONResponse({"error": False, "message": "", "body": made} if enveloped else made)


def _sent(request: Request, body: bytes) -> Mapping[str, Any]:
    if "json" in request.headers.get("content-type", ""):
        try:
            value = json.loads(body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise WebError(400, "Invalid request.")
        return value
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


async def settings(request: Request) -> Response:
    """Return the page with the CSRF token; who is not logged in is sent away."""
    world: World = request.app.state.world
    if not viewer(request, world):
        return RedirectResponse("https://accounts.pixiv.net/login?return_to=/settings/account", 302)
    inner = json.dumps({"api": {"token": state_of(world).token}})
    data = json.dumps({"props": {"pageProps": {"serverSerializedPreloadedState": inner}}})
    page = f'<!DOCTYPE html><title>pixiv</title><script id="__NEXT_DATA__" type="application/json">{data}</script>'
    return HTMLResponse(page)
