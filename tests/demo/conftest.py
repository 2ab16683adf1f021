"""What every test of the demo starts from: a clock that stands still, and clients that are logged in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import create_app
from pixmirror.demo.world import ManualNow, World

JST = timezone(timedelta(hours=9))
FORM = {
    "client_id": "id",
    "client_secret": "secret",
    "grant_type": "refresh_token",
    "refresh_token": REFRESH_TOKEN,
}

Login = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def now() -> ManualNow:
    return ManualNow(int(datetime(2026, 11, 20, 15, 0, tzinfo=JST).timestamp() * 1000))


@pytest.fixture
async def login() -> AsyncIterator[Login]:
    async with AsyncExitStack() as stack:

        async def open_client(world: World, **options: Any) -> httpx.AsyncClient:
            app = create_app(world, **options)
            transport = httpx.ASGITransport(app)
            client = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://demo", headers={"Accept-Language": "en"})
            )
            answer = await client.post("/auth/token", data=FORM)
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            return client

        yield open_client


@pytest.fixture
def read_all():
    """Follows next_url to its end and gives all pages; every address must be one of the real host."""

    async def read(client: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
        pages = [(await client.get(path, params=params)).raise_for_status().json()]
        while (url := pages[-1]["next_url"]) is not None:
            assert url.startswith("https://app-api.pixiv.net/")
            pages.append(
                (await client.get(url.removeprefix("https://app-api.pixiv.net"))).raise_for_status().json()
            )
        return pages

    return read
