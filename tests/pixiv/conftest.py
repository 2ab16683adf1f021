"""What the tests of the client share: a clock that sleeps by jumping, fixtures, and an API without network."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pixmirror.clock import Clock
from pixmirror.pixiv import AppApi, Auth, Pacer, Transport

FIXTURES = Path(__file__).parent / "fixtures"
START = 1_763_700_000_000  # 2025-11-21 13:40 in Japan
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class FakeClock(Clock):
    """`sleep` advances `now` at once, so that hours pass in no time and every wait is exact."""

    def __init__(self, start: int = START) -> None:
        self.ms = start
        self.sleeps: list[float] = []

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.ms += round(seconds * 1000)
        await asyncio.sleep(0)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def load() -> Callable[[str], Any]:
    """The JSON of a hand-made fixture, new at each call."""
    return lambda name: json.loads((FIXTURES / f"{name}.json").read_text())


@pytest.fixture
async def transport(clock: FakeClock) -> AsyncIterator[Transport]:
    async with Transport(clock, Pacer(clock, per_minute=0), trust_env=False) as transport:
        yield transport


@pytest.fixture
def api(transport: Transport, clock: FakeClock, load: Callable[[str], Any]) -> AppApi:
    """An API that is logged in; respx stands for Pixiv."""
    from pixmirror.pixiv.tokens import read_token

    return AppApi(transport, Auth(transport, token=read_token(load("token"), clock.now())))


@pytest.fixture
def serve() -> Any:
    """A real server on loopback: `async with serve(handler) as base_url`."""

    @asynccontextmanager
    async def run(handler: Handler) -> AsyncIterator[str]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except ConnectionError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    return run
