"""A daemon in this process, against the stand-in, with a config file, a control socket and a socket of systemd."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pixmirror import control
from pixmirror.catalogue import runs
from pixmirror.clock import Clock
from pixmirror.config import load
from pixmirror.daemon import first_look
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.serve import Daemon
from pixmirror.demo.generate import WorldSpec, add_artist, empty_world, generate
from pixmirror.demo.images import ROOTS
from pixmirror.demo.server import HOSTS, create_app
from pixmirror.demo.world import World
from pixmirror.sync.kinds import KINDS

FOLLOWING = {"name": "following", "kind": "following", "every": "1h", "comments": False, "profiles": False}
BOOKMARKS = {"name": "bookmarks", "kind": "bookmarks", "every": "1h", "comments": False, "profiles": False}


def small_world(works: int = 6) -> World:
    world = empty_world()
    add_artist(world, works=works)
    return world


def peopled_world() -> World:
    """Two accounts may log in to it: the demo's own, and another."""
    return generate(WorldSpec(seed=3, now_ms=int(time.time()) * 1000, artists=2, private=0, others=2, works=6,
                              bookmarks=2, commented=0))  # fmt: skip


def app_of(world: World) -> Starlette:
    return create_app(world)


class SlowImages:
    """The stand-in, whose images never come; `asked` counts them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].split("/", 2)[1] in ROOTS:
            self.asked += 1
            await asyncio.sleep(3600)
        await self.app(scope, receive, send)

    @property
    def starlette(self) -> Starlette:
        return cast(Starlette, self)


class Broken:
    """The stand-in, which answers 503 to everything until it is told otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.broken = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.broken:
            await Response(status_code=503)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    @property
    def starlette(self) -> Starlette:
        return cast(Starlette, self)


@dataclass
class Service:
    """Where everything of one daemon lies. `write` changes its config file."""

    folder: Path
    url: str
    jobs: list[dict[str, Any]] = field(default_factory=lambda: [FOLLOWING])
    pixiv: dict[str, Any] = field(default_factory=dict)
    more: str = ""

    def __post_init__(self) -> None:
        self.root = self.folder / "mirror"
        self.config = self.folder / "config.toml"
        self.env = {"RUNTIME_DIRECTORY": str(self.folder / "run"), "HOME": str(self.folder)}
        self.write()

    def write(self) -> None:
        pixiv = {
            "refresh_token": "demo-refresh-token",
            "requests_per_minute": 0,
            "requests_per_day": 0,
            "image_bytes_per_day": "0",
            **self.pixiv,
        }
        lines = ["[mirror]", f'root = "{self.root}"', 'keep_free = "0"', "[pixiv]", *_toml(pixiv)]
        lines += ["[pixiv.hosts]", *(f'"{host}" = "{self.url}"' for host in HOSTS), self.more]
        for job in self.jobs:
            lines += ["[[jobs]]", *_toml(job)]
        self.config.write_text("\n".join(lines) + "\n")

    @contextlib.asynccontextmanager
    async def running(self, clock: Clock | None = None, *, looked: bool = True) -> AsyncIterator[Daemon]:
        """`looked`: this account had its first look already."""
        ready = asyncio.Event()
        async with open_mirror(load(self.config, self.env, KINDS), self.env, clock=clock) as mirror:
            if looked:
                await mirror.db.run(runs.set_meta, first_look.DONE, "1")
            daemon = Daemon(mirror, self.config, self.env)
            task = asyncio.create_task(daemon.run(lambda engine: ready.set()))
            waiting = asyncio.create_task(ready.wait())
            await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            try:
                yield daemon
            finally:
                daemon.stop()
                await asyncio.wait_for(task, 60)  # so that a stop that hangs fails

    async def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        answer = await control.ask(self.root, self.env, {"command": command, **fields}, timeout=30)
        assert answer is not None
        return answer


def _toml(values: dict[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else value
        yield f"{key} = {text}"


class Systemd:
    """The receiving end of sd_notify."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._heard.append(self._socket.recv(4096).decode())
        return self._heard

    def close(self) -> None:
        self._socket.close()


async def until(condition: Callable[[], Any], seconds: float = 15) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def sleep_until(condition: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


class SetClock(Clock):
    """The machine's clock, set forward or back by hand."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def now(self) -> int:
        return super().now() + int(self.offset_s * 1000)
