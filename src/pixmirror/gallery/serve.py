"""`pixmirror gallery`: open the mirror's gallery, answer until a signal, stop."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

import uvicorn
from starlette.applications import Starlette

from pixmirror import control
from pixmirror.config import Config
from pixmirror.errors import ConfigError
from pixmirror.gallery.app import create_app
from pixmirror.gallery.live import Live
from pixmirror.gallery.place import Gallery, open_gallery
from pixmirror.models.addresses import Listen

log = logging.getLogger(__name__)
Stop: TypeAlias = Callable[[], None]

# Between threads. A question lets another one run at each row, and waits so long until it goes on while a page is
# written: beside one that never rests the questions of two pages took 56 ms with Python's 5 ms, and take 28.
SWITCH_S = 0.0005
STOP_S = 2  # for answers under way; what streams ends then
MOST_AT_ONCE = 256
_ITSELF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what stands for all addresses is none to ask for


async def serve(
    config: Config,
    env: Mapping[str, str],
    password: str | None,
    on_ready: Callable[[Gallery, Stop], None],
    reread: Callable[[], Config] | None = None,
) -> None:
    """Answer until SIGTERM or SIGINT, or until the `Stop` that `on_ready` gets is called.

    ConfigError where it cannot listen, or is open to others without a password.
    """
    refuse_open_doors(config, password)
    sys.setswitchinterval(SWITCH_S)
    with (
        open_gallery(config, env, password, reread=reread) as gallery,
        control.bound(config.gallery.listen, "The gallery", "gallery.listen") as sock,
    ):
        gallery.listen = Listen(config.gallery.listen.host, sock.getsockname()[1])
        server = Server(create_app(gallery))
        with _signals(server):
            async with control.listening(gallery.root, env, _Answers(gallery).answer, control.GALLERY):
                # Connections are taken from here on, and answered in a moment: the socket listens.
                _tell_systemd(env)
                on_ready(gallery, partial(setattr, server, "should_exit", True))
                await server.serve(sockets=[sock])


def refuse_open_doors(config: Config, password: str | None) -> None:
    """Raise ConfigError where others could look without a password, or a header of no named proxy is meant."""
    listen = config.gallery.listen
    if config.gallery.user_header and not config.gallery.trusted_proxies:
        raise ConfigError(
            f"anybody could send {config.gallery.user_header} (gallery.user_header): name the proxy that may, in "
            "gallery.trusted_proxies"
        )
    if not listen.is_loopback and password is None:
        raise ConfigError(
            f"gallery.listen = {listen} is open to other machines, and there is no password: make one with "
            '`pixmirror gallery --set-password`, or listen at "127.0.0.1:8787"'
        )


def address(gallery: Gallery) -> str:
    """Return where a browser of this machine opens the gallery, with a new key where it needs one."""
    base = base_address(gallery)
    return f"{base}?key={gallery.keys.make()}" if gallery.is_locked else base


def base_address(gallery: Gallery) -> str:
    """Return where a browser of this machine finds the gallery."""
    host, port = gallery.listen
    return f"http://{Listen(_ITSELF.get(host, host), port)}/"


class _Answers:
    """What the gallery answers at its Unix socket, which only this user can open."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["command"] != "address":
            raise ConfigError(f"The gallery knows no command {request['command']!r}.")
        return {"address": address(self._gallery), "pid": os.getpid()}


class Server(uvicorn.Server):
    """uvicorn within our own loop: signals are ours, and streams end first."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(settings(app))
        self._live: Live = app.state.live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def settings(app: Starlette) -> uvicorn.Config:
    """Return how the gallery answers."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",  # what fails in a page is logged by app.py; broken requests are nobody's business
        access_log=False,  # it would hold keys, and what was looked at
        server_header=False,
        date_header=False,
        proxy_headers=False,  # believed from named addresses only: gallery/caller.py
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=STOP_S,
        timeout_keep_alive=30,
        limit_concurrency=MOST_AT_ONCE,
    )


@contextmanager
def _signals(server: uvicorn.Server) -> Iterator[None]:
    loop, numbers = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        server.force_exit = server.should_exit  # the second one does not wait
        server.should_exit = True

    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _tell_systemd(env: Mapping[str, str]) -> None:
    if "NOTIFY_SOCKET" in env:  # its module brings the client of the user's webhook along
        from pixmirror.notify import sd_notify

        sd_notify("READY=1", env)
