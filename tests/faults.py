"""What can go wrong at Pixiv, switched on by path and count: an ASGI app around the demo's.

    faults = Faults(create_app(world))
    faults.add("/v1/user/illusts", html(), times=2)

What is switched on is what the first matching fault does; without one the demo answers. `faults.seen` is what was
asked, in order, refused or not.
"""

import asyncio
import hashlib
import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from pixmirror.catalogue.database import open_readonly
from pixmirror.cli.common import told
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.daemon.sync import SyncReport
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import Work, World
from pixmirror.errors import PixmirrorError
from pixmirror.reports import troubles
from tests.standin import BOOKMARKS, FOLLOWING, Setup
from tests.truth import truth
from tests.virtual_time import VirtualClock, answering, run_virtually, serving

Act = Callable[["Exchange"], Awaitable[None]]
JSON = "application/json"
DAY_S = 86_400.0
LONGEST_SYNC_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A request. `at` is the loop's time."""

    at: float
    path: str
    query: str
    range: str = ""

    @property
    def is_api(self) -> bool:
        """Whether it is of the account's budget: not the image host's, and not the token endpoint's."""
        return self.path.startswith(("/v1/", "/v2/", "/v3/", "/webview/"))


@dataclass(slots=True)
class Exchange:
    """One request and the way to answer it. `inner` is the demo, which does not know of faults."""

    inner: Callable[[Scope, Receive, Send], Awaitable[None]]
    scope: Scope
    receive: Receive
    send: Send

    async def answer(self, scope: Scope | None = None) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """What the demo says to this request, or to another: status, headers, body."""
        status, headers, body = 0, [], b""

        async def keep(message: Message) -> None:
            nonlocal status, headers, body
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                body += message.get("body", b"")

        await self.inner(scope or self.scope, self.receive, keep)
        return status, headers, body

    async def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, *, more: bool) -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def say(self, response: Response) -> None:
        await response(self.scope, self.receive, self.send)

    async def until_hung_up(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    @property
    def connection(self) -> asyncio.Transport:
        """uvicorn's; nothing else can break a connection."""
        transport: asyncio.Transport = self.send.__self__.transport  # type: ignore[attr-defined]
        return transport


@dataclass(slots=True)
class Fault:
    """One switch. `times` None: until it is taken off. `hits` counts what it spoiled."""

    pattern: re.Pattern[str]
    act: Act
    times: int | None
    skip: int = 0
    hits: int = 0


@dataclass(slots=True)
class Faults:
    """The app with its switches."""

    app: Starlette
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def add(self, pattern: str, act: Act, *, times: int | None = None, skip: int = 0) -> Fault:
        """Spoil requests whose `path?query` holds the pattern (a regular expression), after `skip` good ones."""
        fault = Fault(re.compile(pattern), act, times, skip)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        self.faults.clear()

    def asked(self, pattern: str) -> list[Seen]:
        """The requests whose `path?query` holds the pattern."""
        found = re.compile(pattern)
        return [s for s in self.seen if found.search(f"{s.path}?{s.query}")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inner = answering(self.app)
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        headers = dict(scope["headers"])
        path, query = scope["path"], scope["query_string"].decode()
        self.seen.append(Seen(asyncio.get_running_loop().time(), path, query, headers.get(b"range", b"").decode()))
        fault = self._first(f"{path}?{query}")
        if fault is None:
            await inner(scope, receive, send)
            return
        fault.hits += 1
        await fault.act(Exchange(inner, scope, receive, send))

    def _first(self, target: str) -> Fault | None:
        for fault in self.faults:
            if not fault.pattern.search(target) or (fault.times is not None and fault.hits >= fault.times):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            return fault
        return None


# -- what goes wrong -------------------------------------------------------------------------------------------


def status(code: int, body: Any = None, **headers: str) -> Act:
    """This status, with this JSON or an empty body. Underscores in names of headers are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(status_code=code, headers=named) if body is None else JSONResponse(body, code, named)
    return lambda x: x.say(response)


def error(code: int, message: str = "", user_message: str = "") -> Act:
    """Pixiv's error envelope."""
    return status(code, {"error": {"user_message": user_message, "message": message, "reason": ""}})


def rate_limit(**headers: str) -> Act:
    return status(403, {"error": {"user_message": "", "message": "Rate Limit", "reason": ""}}, **headers)


def expired_token() -> Act:
    return error(
        400,
        "Error occurred at the OAuth process. Please check your Access Token to fix this. "
        "Error Message: invalid_grant",
    )


def html(code: int = 200, text: str = "<!DOCTYPE html><html><body>Just a moment...</body></html>") -> Act:
    """A web page where data was due, that proves nothing: words alone are on it."""
    return lambda x: x.say(HTMLResponse(text, code))


def challenge(code: int = 403) -> Act:
    """Cloudflare's page for whom it takes for a robot, known by its header and by its script."""
    page = (
        "<!DOCTYPE html><html><head><title>Just a moment...</title><script>window._cf_chl_opt={cType:'managed'};"
        "</script></head><body></body></html>"
    )
    return lambda x: x.say(HTMLResponse(page, code, {"cf-mitigated": "challenge", "server": "cloudflare"}))


def not_json(text: str = "<!DOCTYPE html><html>", code: int = 200) -> Act:
    """Something else that calls itself JSON."""
    return lambda x: x.say(Response(text, code, media_type=JSON))


def reset(share: float | None = None) -> Act:
    """The connection is reset before anything is answered, or after a part of the body."""

    async def act(x: Exchange) -> None:
        if share is not None:
            code, headers, body = await x.answer()
            await x.begin(code, headers, body[: int(len(body) * share)], more=True)
            await asyncio.sleep(0.01)  # what was sent must not be dropped with the connection
        x.connection.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        x.connection.abort()
        await x.until_hung_up()

    return act


def cut(share: float = 0.5) -> Act:
    """The length is that of the whole body; the connection ends after a part of it."""

    async def act(x: Exchange) -> None:
        code, headers, body = await x.answer()
        await x.begin(code, headers, body[: int(len(body) * share)], more=True)
        x.connection.close()
        await x.until_hung_up()

    return act


def stall(share: float | None = None) -> Act:
    """No answer, or only a part of its body, for as long as the client has patience. Wants virtual time."""

    async def act(x: Exchange) -> None:
        if share is not None:
            code, headers, body = await x.answer()
            await x.begin(code, headers, body[: int(len(body) * share)], more=True)
        await x.until_hung_up()

    return act


def drip(seconds: float = 20.0) -> Act:
    """The answer comes a byte at a time, each within the client's patience. Wants virtual time."""

    async def act(x: Exchange) -> None:
        code, headers, body = await x.answer()
        gone = asyncio.create_task(x.until_hung_up())
        await x.begin(code, headers, b"", more=True)
        for n in range(len(body)):
            await asyncio.wait([gone], timeout=seconds)
            if gone.done():
                return
            await x.send({"type": "http.response.body", "body": body[n : n + 1], "more_body": True})
        await gone

    return act


def over_long(mib: int = 33) -> Act:
    """A body without a length, of more than anything that Pixiv sends."""

    async def act(x: Exchange) -> None:
        block = b" " * (1 << 20)
        await x.begin(200, [(b"content-type", JSON.encode())], block, more=True)
        for _ in range(mib):
            await x.send({"type": "http.response.body", "body": block, "more_body": True})
        await x.send({"type": "http.response.body", "body": b"", "more_body": False})

    return act


def changed(change: Callable[[Any], Any]) -> Act:
    """The demo's JSON, changed in place or to what `change` returns."""

    async def act(x: Exchange) -> None:
        code, _, body = await x.answer()
        payload = json.loads(body)
        new = change(payload)
        await x.say(JSONResponse(payload if new is None else new, code))

    return act


def bytes_changed(change: Callable[[bytes], bytes]) -> Act:
    """The demo's file with other bytes, of which the length tells the truth."""

    async def act(x: Exchange) -> None:
        code, headers, body = await x.answer()
        body = change(body)
        kept = [(n, v) for n, v in headers if n.lower() != b"content-length"]
        await x.begin(code, [*kept, (b"content-length", str(len(body)).encode())], body, more=False)

    return act


def swapped(**query: object) -> Act:
    """The answer to another question: the same path with these parameters."""

    async def act(x: Exchange) -> None:
        other = {**x.scope, "query_string": urlencode(query).encode()}
        code, headers, body = await x.answer(other)
        await x.begin(code, headers, body, more=False)

    return act


# -- where it goes wrong --------------------------------------------------------------------------------------


@dataclass
class Case:
    """A world, its stand-in with switches, and a mirror of it."""

    clock: VirtualClock
    world: World
    faults: Faults
    setup: Setup

    async def sync(self) -> SyncReport:
        """However Pixiv behaves, it must end."""
        async with asyncio.timeout(LONGEST_SYNC_S):
            return await self.setup.sync(clock=self.clock)

    async def recover(self, after_s: float = DAY_S) -> None:
        """Without the faults, some time later: another sync completes the mirror."""
        self.faults.clear()
        await self.clock.sleep(after_s)
        assert (await self.sync()).exit_code == 0
        nothing_is_lost(self.setup, self.world)

    def status(self) -> list[str]:
        """What `status` says to be wrong."""
        with open_readonly(catalogue_path(self.setup.root)) as db, db.reading() as conn:
            return [str(one) for one in (*troubles.kept(conn), *troubles.known(conn, self.clock.now()))]

    def rows(self, table: Any) -> list[Any]:
        with open_readonly(catalogue_path(self.setup.root)) as db, db.reading() as conn:
            return list(conn.execute(select(table)))

    def files(self, work: Work) -> list[dict[str, Any]]:
        rows = self.setup.export("files")
        return [row for row in rows if (row["medium"], row["id"]) == work.key]


def a_small_world(clock: VirtualClock) -> World:
    """Two pages of works, of every kind, some of them bookmarked and commented, all of them older than a week."""
    world = empty_world(clock)
    old = clock.now() - 9 * 86_400_000
    artist = add_artist(world, works=33, manga=1, pages=2, ugoira=1, novels=1, until_ms=old)
    other = add_artist(world, works=2, follow="private", until_ms=old)
    for number, work in enumerate(list(world.works.values())[:3]):
        root = world.comment(work, other.id, "hello", ms=old)
        world.comment(work, artist.id, "thanks", parent_id=root.id, ms=old + 60_000)
        world.bookmark(work, "private" if number == 0 else "public", tags=("mine",), at=old)
    return world


def play(
    root: Path, scene: Callable[[Case], Awaitable[None]], prepare: Callable[[Case], None] = lambda case: None
) -> None:
    """The scene, on virtual time."""

    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_small_world(clock)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            case = Case(clock, world, faults, Setup(root, url, [FOLLOWING, BOOKMARKS]))
            prepare(case)
            await scene(case)

    run_virtually(main)


# -- what must come of it --------------------------------------------------------------------------------------

KINDS = ("works", "novels", "files", "tags", "comments", "bookmarks", "follows")


def nothing_is_lost(setup: Setup, world: World) -> None:
    """The mirror holds what the world does, row by row; every file is whole in its place, and nothing else is."""

    def order(row: dict[str, Any]) -> str:
        return json.dumps([row.get(k) for k in ("medium", "id", "user_id", "name", "role", "page")])

    for kind in KINDS:
        mine, theirs = sorted(setup.export(kind), key=order), sorted(truth(world, kind), key=order)
        assert [{key: row[key] for key in true} for row, true in zip(mine, theirs, strict=True)] == theirs, kind
    media = Path(setup.mirror.get("media", setup.root / "media"))
    for row in setup.export("files"):
        assert hashlib.sha256((media / row["path"]).read_bytes()).hexdigest() == row["sha256"]
    assert not [p for p in media.rglob("*") if p.name.endswith(".part")]


def one_clear_sentence(error: PixmirrorError | None) -> str:
    """The error as the user is told it: in one line, that names no token and no class of ours."""
    assert error is not None
    text = told(error)
    assert "\n" not in text
    assert not text[0].islower()
    assert text.endswith(".")
    assert not re.search(r"Traceback|Exception|Error\(|demo-refresh-token|Bearer|<class", text)
    return text
