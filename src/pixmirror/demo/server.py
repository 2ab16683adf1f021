"""The demo's one ASGI app for all hosts, and ways to serve it."""

import contextlib
import signal
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pixmirror.demo import forms, images, oauth, routes, web
from pixmirror.demo.calls import ApiError, Call, no_endpoint
from pixmirror.demo.shapes import View
from pixmirror.demo.world import World

LOG_LENGTH = 200_000
HOSTS = ("app-api.pixiv.net", "oauth.secure.pixiv.net", "www.pixiv.net", "i.pximg.net", "s.pximg.net")
Entry = tuple[str, str, str]  # method, path, query


class _Counted:
    """Counts every request before it is answered."""

    def __init__(self, app: ASGIApp, api: Counter[str], image: Counter[str], log: deque[Entry]) -> None:
        self.app, self.api, self.image, self.log = app, api, image, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            root = path.split("/", 2)[1]
            if root in images.ROOTS:
                self.image[root] += 1
            else:
                self.api[path] += 1
            self.log.append((scope["method"], path, scope["query_string"].decode()))
        await self.app(scope, receive, send)


def create_app(world: World, expires_in: int = 3600) -> Starlette:
    """Return the app of a world. `app.state` has world, oauth, counts (App API and token endpoint by path),
    image_counts (by the first part of the path) and log."""
    counts: Counter[str] = Counter()
    image_counts: Counter[str] = Counter()
    log: deque[Entry] = deque(maxlen=LOG_LENGTH)
    app = Starlette(
        routes=[
            *(Route(path, partial(_answer, handler)) for path, handler in routes.ROUTES.items()),
            *(Route(path, partial(_answer, handler), methods=["POST"]) for path, handler in routes.POSTS.items()),
            *(Route(path, _empty_404) for path in routes.EMPTY_404),
            *oauth.ROUTES,
            *web.ROUTES,
            *images.ROUTES,
        ],
        middleware=[Middleware(_Counted, counts, image_counts, log)],
        exception_handlers={ApiError: _api_error, 404: _unknown, 405: _unknown},
    )
    app.state.world, app.state.oauth = world, oauth.OAuth(world, expires_in)
    app.state.counts, app.state.image_counts, app.state.log = counts, image_counts, log
    return app


@contextlib.contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve in a thread, on a free port of loopback; give the base URL."""
    sock = _bound(0)
    server = _server(app)
    thread = threading.Thread(target=partial(server.run, sockets=[sock]), name="demo Pixiv", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


def serve(app: ASGIApp, port: int, ready: Callable[[str, uvicorn.Server], None]) -> None:
    """Serve in the main thread until SIGINT or SIGTERM, or until somebody sets `should_exit` of the server."""
    sock = _bound(port)
    server = _server(app)
    # uvicorn takes the signals over and raises them again when it has shut down in order: then these are asked
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    ready(f"http://127.0.0.1:{sock.getsockname()[1]}", server)
    server.run(sockets=[sock])


def _bound(port: int) -> socket.socket:
    # with its protocol named: asyncio switches Nagle's delay off only where it sees TCP (40 ms a request)
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    # listening from here on: whoever learns the port may connect before the server has started
    sock.listen(128)
    sock.setblocking(False)
    return sock


def _server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, timeout_keep_alive=60
        )
    )


async def _answer(handler: routes.Handler, request: Request) -> Response:
    """Authorise, let the world catch up with its time, and answer."""
    state = request.app.state
    form, files = forms.read(request.headers, await request.body()) if request.method == "POST" else (None, ())
    world: World = state.world
    with world.lock:
        world.settle()
        known = request.url.path not in routes.OPEN or "authorization" in request.headers
        viewer = state.oauth.viewer(request.headers.get("authorization")) if known else 0
        language = request.headers.get("accept-language")
        view = View(world, viewer, language.lower() if language else None)
        body = handler(Call(view, request.url.path, tuple(form or request.query_params.multi_items()), files))
    return HTMLResponse(body) if isinstance(body, str) else JSONResponse(body)


async def _empty_404(_: Request) -> Response:
    return Response(status_code=404)


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body, error.status)


async def _unknown(request: Request, _: Exception) -> Response:
    return await _api_error(request, no_endpoint())
