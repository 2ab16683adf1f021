"""The demo Pixiv made fast, in a process of its own: answers are made once, pictures come from memory.

    python -m tests.bench.server '{"artists": 20, "works": 30, "pages": [1, 2, 3, 4], "picture": 300000}'

Prints the addresses of the API and of the image host as one line of JSON, then obeys lines on standard input, each
answered by one of JSON: `latency SECONDS`; `post ILLUSTS UGOIRA`, new works of the first artists; `counts`, the
requests since it was last asked; `images`, every original's address; `lists`, an access token and the path of
each artist's list. Ends with standard input.

Latency is waited before each answer, once a request; a connection answers one request at a time, as HTTP/1.1
does. To connect costs no latency. With "certificate" (a PEM file of key and chain) it speaks TLS.
"""

import asyncio
import json
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixmirror.demo import addresses, media
from pixmirror.demo.generate import empty_world
from pixmirror.demo.oauth import REFRESH_TOKEN, OAuth
from pixmirror.demo.server import create_app
from pixmirror.demo.world import User, Work, World
from tests.bench.pictures import Pictures


@dataclass(frozen=True)
class Spec:
    """`artists` followed, each with so many `works`; `pages` are the counts of their pages, in turns; `picture`
    is the size of each in bytes; `certificate` the path of a PEM file, "" for plain HTTP."""

    artists: int
    works: int
    pages: Sequence[int]
    picture: int
    certificate: str = ""


def main() -> None:
    spec = Spec(**json.loads(sys.argv[1]))
    world = make(spec)
    images = ImageHost(world, Pictures(spec.picture), spec.certificate)
    demo = create_app(world)
    app = Fast(demo, world)
    sock = _listening()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=600,
        ssl_certfile=spec.certificate or None,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=images.serve, daemon=True).start()
    threading.Thread(target=_obey, args=(world, demo.state.oauth, app, images, server), daemon=True).start()
    scheme = "https" if spec.certificate else "http"
    _say({"api": _address(scheme, sock), "images": _address(scheme, images.sock)})
    server.run(sockets=[sock])


def _obey(world: World, oauth: OAuth, app: "Fast", images: "ImageHost", server: uvicorn.Server) -> None:
    def latency(seconds: str) -> object:
        app.latency_s = images.latency_s = float(seconds)
        return app.latency_s

    def counts() -> object:
        found = {"api": dict(app.counts), "image": images.count}
        app.counts.clear()
        images.count = 0
        return found

    def lists() -> object:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": REFRESH_TOKEN,
            "client_id": "1",
            "client_secret": "2",
        }
        paths = [f"/v1/user/illusts?user_id={user_id}&type=illust" for user_id in world.follows[world.me]]
        return {"token": oauth.exchange(form)["access_token"], "paths": paths}

    orders: dict[str, Callable[..., object]] = {
        "latency": latency,
        "counts": counts,
        "post": lambda illusts, ugoira: post(world, int(illusts), int(ugoira)),
        "images": lambda: originals(world),
        "lists": lists,
    }
    for line in sys.stdin:
        word, *rest = line.split()
        _say(orders[word](*rest))
    server.should_exit = True


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


# The world --------------------------------------------------------------------------------------------------


def make(spec: Spec) -> World:
    """Illusts and manga of followed artists, posted an hour apart, until now."""
    world = empty_world()
    number = 0
    last = world.second()
    for _ in range(spec.artists):
        user_id = max(world.users) + 1
        world.add_user(User(user_id, f"artist {user_id}", f"user_{user_id}"))
        world.follow(user_id)
        for n in range(spec.works):
            when = last - (spec.works - n) * 3_600_000
            pages = spec.pages[number % len(spec.pages)]
            world.add(_work(world.newest["illust"] + 1, user_id, number, pages, when))
            number += 1
    return world


def _work(work_id: int, user_id: int, number: int, pages: int, when: int) -> Work:
    return Work(
        medium="illust",
        id=work_id,
        user_id=user_id,
        type="illust" if pages == 1 else "manga",
        title=f"作品 {number}",
        caption=f"<strong>{number}</strong>番目の絵です。<br />よろしくお願いします。",
        tags=("オリジナル", "女の子", f"tag {number % 97}", f"風景{number % 31}", "創作"),
        page_count=pages,
        width=1200,
        height=1600,
        create_ms=when,
        file_ms=when,
        total_view=number * 7,
        total_bookmarks=number,
        ext="jpg",
    )


def post(world: World, illusts: int, ugoira: int) -> list[int]:
    """New works of the first ten artists."""
    artists = sorted(world.follows[world.me])[:10]
    kinds = ["ugoira"] * ugoira + ["illust"] * illusts
    return [world.post(artists[n % len(artists)], kind=kind, ext="jpg").id for n, kind in enumerate(kinds)]


def originals(world: World) -> list[str]:
    return [url for work in world.works.values() for url in addresses.originals(world, work)]


# The API ----------------------------------------------------------------------------------------------------


class Fast:
    """Answers a GET again as it was answered before, until the world changes; counts, and waits."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world
        self.latency_s = 0.0
        self.counts: Counter[str] = Counter()
        self._answers: dict[object, list[Message]] = {}
        self._revision = -1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.counts[scope["path"]] += 1
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        for message in await self._answer(scope, receive):
            await send(message)

    async def _answer(self, scope: Scope, receive: Receive) -> list[Message]:
        if self._revision != self.world.revision:
            self._answers.clear()
            self._revision = self.world.revision
        headers = dict(scope["headers"])  # one account asks, with ever new access tokens
        asked = (
            scope["path"],
            scope["query_string"],
            b"authorization" in headers,
            headers.get(b"accept-language"),
        )
        if asked in self._answers:
            return self._answers[asked]
        said: list[Message] = []

        async def listen(message: Message) -> None:
            said.append(message)

        await self.app(scope, receive, listen)
        if scope["method"] == "GET" and said[0]["status"] == 200:
            self._answers[asked] = said
        return said


# The image host ---------------------------------------------------------------------------------------------


class ImageHost:
    """HTTP/1.1 with a thread for each connection: while one is sent to, Python's lock is free."""

    def __init__(self, world: World, pictures: Pictures, certificate: str) -> None:
        self.world, self.pictures = world, pictures
        self.latency_s = 0.0
        self.count = 0
        self.sock = _listening()
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)

    def serve(self) -> None:
        while True:
            conn, _ = self.sock.accept()
            threading.Thread(target=self._talk, args=(conn,), daemon=True).start()

    def _talk(self, conn: socket.socket) -> None:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        heard = b""
        if self._tls:
            conn = self._tls.wrap_socket(conn, server_side=True)
        with conn:
            while True:
                head, end, rest = heard.partition(b"\r\n\r\n")
                if end:
                    heard = rest
                    answer = self._answer(head)
                    if self.latency_s:
                        time.sleep(self.latency_s)
                    try:
                        conn.sendall(answer)
                    except OSError:  # whoever asked has gone
                        return
                elif more := _heard(conn):
                    heard += more
                else:
                    return

    def _answer(self, head: bytes) -> bytes:
        with self._lock:
            self.count += 1
        path = head.split(b" ", 2)[1].decode()
        body = self._body(path)
        if body is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        kind = media.TYPES[path.rpartition(".")[2]]
        return (
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            "Last-Modified: Sat, 01 Nov 2025 00:00:00 GMT\r\nAccept-Ranges: bytes\r\n\r\n"
        ).encode() + body

    def _body(self, path: str) -> bytes | None:
        if path.startswith("/img-original/") and "_p" in path:
            return self.pictures.named(path)
        with self.world.lock:
            file = media.find(self.world, path)
        return file.make() if file else None


def _heard(conn: socket.socket) -> bytes:
    try:
        return conn.recv(1 << 16)
    except OSError:
        return b""


def _listening() -> socket.socket:
    # with its protocol named: asyncio switches Nagle's delay off only where it sees TCP
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    return sock


def _address(scheme: str, sock: socket.socket) -> str:
    host, port = sock.getsockname()
    return f"{scheme}://{host}:{port}"


if __name__ == "__main__":
    main()
