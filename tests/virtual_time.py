"""Hours in seconds: an event loop on virtual time, a clock that reads it, and a server that runs inside it.

The loop jumps to its next timer only when nothing else can happen: no socket is ready, no thread works for it, no
request is on its way. So whatever is really done takes no virtual time, and every wait takes exactly its own.
"""

import asyncio
import math
import selectors
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, TypeVar

import httpx
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from pixmirror.clock import Clock
from pixmirror.daemon.engine import AGAIN_S, ALARM_S, UPKEEP_S, Engine
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.server import _bound
from pixmirror.models import JST, to_ms
from tests.standin import Setup

START_MS = to_ms(datetime(2026, 11, 20, 15, 0, tzinfo=JST))
NEVER = 10**8
STUCK_S = 60.0  # of real time
SILENCE_S = 0.05  # of real time, after which a request that is not answered waits for something in virtual time

T = TypeVar("T")
C = TypeVar("C", bound="VirtualClock")


class _Busy:
    """What goes on outside the loop's sight: `threads` that work for it, requests `answering` or `on_the_way`."""

    def __init__(self) -> None:
        self.threads = 0
        self.answering = 0
        self.on_the_way = 0


class _Selector(selectors.DefaultSelector):
    """Really polls; lets time jump when nothing is ready and nothing is under way."""

    def __init__(self, busy: _Busy, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._busy = busy
        self._jump = jump
        self._silent = False
        self.threads_pipe: object = None

    def select(self, timeout: float | None = None) -> list[Any]:
        events = self._wait(timeout)
        if any(key.fileobj is not self.threads_pipe for key, _ in events):
            self._silent = False
        return events

    def _wait(self, timeout: float | None) -> list[Any]:
        ready: list[Any] = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        since = time.monotonic()
        while self._busy.threads or self._busy.answering or timeout is None:
            if ready := super().select(0.2):
                return ready
            if time.monotonic() - since > STUCK_S:
                raise RuntimeError(f"virtual time stands still: {vars(self._busy)}, next timer in {timeout} s")
        if self._busy.on_the_way and not self._silent:
            if ready := super().select(SILENCE_S):
                return ready
            self._silent = True
        self._jump(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` is 0 at the start and moves only by waiting."""

    def __init__(self) -> None:
        self.busy = _Busy()
        self._virtual = 0.0
        selector = _Selector(self.busy, self._jump)
        super().__init__(selector)
        # What is due at this very microsecond is due: after 194 days a float no longer tells nanoseconds apart.
        self._clock_resolution = 1e-6
        selector.threads_pipe = self._ssock  # type: ignore[attr-defined]  # by which threads wake the loop

    def _jump(self, seconds: float) -> None:
        # in whole microseconds, upwards: what is due at 2.0 s is then not seen at 1.9999999999
        self._virtual = (
            max(math.ceil((self._virtual + seconds) * 1e6 - 1e-3), round(self._virtual * 1e6) + 1) / 1e6
        )

    def time(self) -> float:
        return self._virtual

    def run_in_executor(  # type: ignore[override]  # typeshed: any future, with unpacked arguments
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        self.busy.threads += 1
        future.add_done_callback(lambda _: self._one_thread_less())
        return future

    def _one_thread_less(self) -> None:
        self.busy.threads -= 1


class VirtualClock(Clock):
    """The time of the running VirtualLoop. Callable, so that a World can share it.

    A sleep of less than a second, or of as long as the engine's alarm sleeps, is of something that looks again and
    again; it takes `nap` seconds, so that days in which nothing happens are short. A sleep of the upkeep, whose
    tasks come every hour or more rarely, takes six of them.
    """

    def __init__(self, loop: VirtualLoop, start_ms: int) -> None:
        self._loop = loop
        self.start_ms = start_ms
        self.nap = 0.0

    def __call__(self) -> int:
        return self.now()

    def now(self) -> int:
        return self.start_ms + round(self._loop.time() * 1000)

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        naps = 1 if seconds < 1 or seconds in (AGAIN_S, ALARM_S) else 6 if seconds == UPKEEP_S else 0
        await asyncio.sleep(max(seconds, naps * self.nap))


def run_virtually(
    main: Callable[[C], Awaitable[T]],
    start_ms: int = START_MS,
    make: Callable[[VirtualLoop, int], C] = VirtualClock,  # type: ignore[assignment]
) -> T:
    """Runs `main` to its end on a loop of virtual time that begins at `start_ms`; `make` makes its clock."""

    async def begin() -> T:
        return await main(clock)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        clock = make(loop, start_ms)
        with _requests_counted(loop.busy):
            return runner.run(begin())


class _Stream(httpx.AsyncByteStream):
    """A body that is on its way until it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, closed: Callable[[], None]) -> None:
        self._stream = stream
        self._closed = closed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._closed()


@contextmanager
def _requests_counted(busy: _Busy) -> Iterator[None]:
    """Every request of any httpx client is on its way until its answer is closed."""
    real = httpx.AsyncHTTPTransport.handle_async_request

    async def counted(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        over = False

        def end() -> None:
            nonlocal over
            busy.on_the_way -= not over
            over = True

        busy.on_the_way += 1
        try:
            response = await real(self, request)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _Stream(response.stream, end)
        except BaseException:
            end()
            raise
        return response

    httpx.AsyncHTTPTransport.handle_async_request = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        httpx.AsyncHTTPTransport.handle_async_request = real  # type: ignore[method-assign]


def answering(app: ASGIApp) -> ASGIApp:
    """The app, seen by the loop: time stands still while it answers. What waits in virtual time goes around."""

    async def seen(scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        busy = loop.busy if isinstance(loop, VirtualLoop) else _Busy()
        busy.answering += 1
        try:
            await app(scope, receive, send)
        finally:
            busy.answering -= 1

    return seen


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serves in the running loop, by uvicorn's protocol without its server, which ticks; the base URL."""
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, timeout_keep_alive=NEVER, lifespan="off", log_config=None
    )
    config.load()
    state = ServerState()
    protocol: Any = config.http_protocol_class
    with _bound(0) as sock:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: protocol(config, state, {}), sock=sock)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.close()
            for connection in list(state.connections):
                connection.shutdown()
            for task in list(state.tasks):
                task.cancel()
            await asyncio.gather(*state.tasks, return_exceptions=True)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def working(setup: Setup, clock: Clock) -> AsyncIterator[Engine]:
    """An open mirror whose loops run, as in the daemon, for as long as the block lasts. No job is run."""
    async with open_mirror(setup.config(), {}, clock=clock) as mirror:
        await mirror.log_in()
        engine = Engine(mirror)
        async with asyncio.TaskGroup() as group:
            loops = engine.start(group)
            try:
                yield engine
            finally:
                for task in loops:
                    task.cancel()
