"""How the daemon is, over HTTP: `/healthz`, `/readyz` and `/metrics`, for those who watch it from outside.

On a Unix socket beside the control socket, and at `http.listen` where that is set. Nothing can be changed here.
The gallery's web framework would take 4 MB of memory for these three; h11 is here anyway, for requests to Pixiv.
"""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import h11

from pixmirror import control
from pixmirror.contained import contained
from pixmirror.daemon import headline, metrics
from pixmirror.errors import PixmirrorError

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

log = logging.getLogger(__name__)

MOST_AT_ONCE = 16  # connections; others are closed at once
PATIENCE_S = 10.0  # for a whole request, and its answer
LARGEST = 8 << 10  # bytes of a request's line and headers
# Under another name a web page might ask, which has given that name the address of this machine.
NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
TEXT = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """What is answered: status, body and its type."""

    status: int
    body: bytes
    kind: str = TEXT


@asynccontextmanager
async def answering(daemon: "Daemon") -> AsyncIterator[None]:
    """Answer while the block runs. ConfigError, StorageError where it cannot listen."""
    site = _Site(daemon)
    with _sockets(daemon) as sockets:
        servers = [await asyncio.start_server(site.serve, sock=one, limit=LARGEST) for one in sockets]
        try:
            yield
        finally:
            for server in servers:
                server.close()
            await site.close()


@contextmanager
def _sockets(daemon: "Daemon") -> Iterator[list[socket.socket]]:
    listen, root = daemon.mirror.config.http.listen, daemon.mirror.root.root
    with ExitStack() as opened:
        sockets = []
        if listen is not None:
            sockets.append(opened.enter_context(control.bound(listen, "pixmirror", "http.listen")))
        path, bound = control.bind(root, daemon.env, control.HTTP)
        opened.callback(path.unlink, missing_ok=True)
        sockets.append(opened.enter_context(bound))
        yield sockets


class _Site:
    """What is answered, and to how many at once. Each connection gets one answer."""

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self._tasks: set[asyncio.Task[None]] = set()
        self._pages: Mapping[str, Callable[[], Awaitable[Answer]]] = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if len(self._tasks) < MOST_AT_ONCE:
                self._tasks.add(task)
                # Cancelled by `close` alone: of that asyncio would make a traceback in the log.
                with suppress(asyncio.CancelledError, ConnectionError, TimeoutError):
                    async with asyncio.timeout(PATIENCE_S):
                        await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST)
        try:
            request = await _read(http, reader)
            if request is None:
                return
            answer = await self._answer(request)
        except h11.RemoteProtocolError as error:
            request, answer = None, Answer(400, f"{error}\n".encode())
        length = str(len(answer.body))
        headers = [("Content-Type", answer.kind), ("Content-Length", length), ("Connection", "close")]
        parts = [http.send(h11.Response(status_code=answer.status, headers=headers))]
        if request is None or request.method != b"HEAD":
            parts.append(http.send(h11.Data(data=answer.body)))
        writer.write(b"".join(part or b"" for part in (*parts, http.send(h11.EndOfMessage()))))
        await writer.drain()

    async def _answer(self, request: h11.Request) -> Answer:
        page = self._pages.get(request.target.decode().partition("?")[0])
        if not self._is_for_us(request):
            return Answer(400, b"This name is not ours.\n")
        if page is None:
            return Answer(404, f"There are {', '.join(self._pages)}.\n".encode())
        if request.method not in (b"GET", b"HEAD"):
            return Answer(405, b"Nothing can be changed here.\n")
        try:
            with contained("An answer over HTTP"):
                return await page()
        except PixmirrorError as error:
            log.debug("%s cannot be answered: %s", request.target, error)
            return Answer(503, f"{error}\n".encode())

    def _is_for_us(self, request: h11.Request) -> bool:
        if self._daemon.mirror.config.http.open_to_others:
            return True
        host = next((value.decode().lower() for name, value in request.headers if name == b"host"), "localhost")
        name, _, port = host.rpartition(":")
        return (name if name and port.isdecimal() else host) in NAMES

    async def _healthz(self) -> Answer:
        return Answer(200, b"ok\n")

    async def _readyz(self) -> Answer:
        first = (await headline.situations(self._daemon))[0]
        body = json.dumps(first.as_dict(), ensure_ascii=False).encode() + b"\n"
        return Answer(503 if first.code else 200, body, "application/json")

    async def _metrics(self) -> Answer:
        facts = await metrics.gather(self._daemon)
        return Answer(200, metrics.expose(self._daemon, facts), metrics.CONTENT_TYPE)


async def _read(http: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """Read the line and the headers of a request; None when nothing is asked. RemoteProtocolError."""
    while True:
        event = http.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        http.receive_data(await reader.read(LARGEST))
