"""The web's client against the demo, over HTTP, and a client whose Pixiv is respx."""

from collections.abc import AsyncIterator, Iterator

import pytest

from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.web.calls import State, state_of
from pixmirror.demo.world import Series, World
from pixmirror.pixiv import Pacer, Transport
from pixmirror.pixiv.hosts import ALLOWED_HOSTS
from pixmirror.pixiv.web import WebApi, WebSession
from tests.pixiv.conftest import START, FakeClock

SESSION = "10000001_demo"


@pytest.fixture
def world() -> World:
    """A small world that stands still, with a series of each kind."""
    spec = WorldSpec(artists=6, private=2, others=4, works=160, bookmarks=30, commented=30, days=200, now_ms=START)
    made = generate(spec, lambda: START)
    for medium in ("illust", "novel"):
        ids = sorted(i for (m, i), w in made.works.items() if m == medium and w.state == "live")[:3]
        made.add_series(
            Series(medium, 777, made.works[medium, ids[0]].user_id, "a series", "its caption", START, tuple(ids))
        )
    return made


@pytest.fixture
def state(world: World) -> State:
    return state_of(world)


@pytest.fixture
def base(world: World) -> Iterator[str]:
    with running(create_app(world)) as url:
        yield url


@pytest.fixture
async def demo_transport(base: str, clock: FakeClock) -> AsyncIterator[Transport]:
    hosts = dict.fromkeys(ALLOWED_HOSTS, base)
    async with Transport(
        clock, Pacer(clock, per_minute=0), hosts=hosts, only_mapped=True, trust_env=False
    ) as made:
        yield made


@pytest.fixture
def web(demo_transport: Transport) -> WebApi:
    """The demo's own account."""
    return WebApi(demo_transport, WebSession(SESSION))


@pytest.fixture
def stranger(demo_transport: Transport) -> WebApi:
    """Nobody is logged in."""
    return WebApi(demo_transport)


@pytest.fixture
def mocked(transport: Transport) -> WebApi:
    """For respx."""
    return WebApi(transport, WebSession("123_abcDEF"))
