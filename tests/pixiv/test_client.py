"""The client's web side: one transport and pace for both APIs, and what is said where there is no session."""

from collections.abc import Iterator

import pytest

from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.demo.world import User, World
from pixmirror.errors import ConfigError, LoginNeeded
from pixmirror.pixiv import Client, WebApi, WebSession
from pixmirror.pixiv.app import users as app_users
from pixmirror.pixiv.web import users as web_users
from pixmirror.pixiv.web.session import USER_AGENT

pytestmark = pytest.mark.anyio
SESSION = "10000001_demo"


@pytest.fixture
def world() -> World:
    return empty_world()


@pytest.fixture
def artist(world: World) -> User:
    return add_artist(world, works=3)


@pytest.fixture
def hosts(world: World) -> Iterator[dict[str, str]]:
    with running(create_app(world)) as url:
        yield dict.fromkeys(HOSTS, url)


async def test_both_apis_share_transport_and_pace(hosts: dict[str, str], artist: User) -> None:
    async with Client(
        "demo-refresh-token", phpsessid=SESSION, requests_per_minute=0, hosts=hosts, only_mapped=True
    ) as pixiv:
        by_app = await app_users.detail(pixiv.app, artist.id)
        by_web = await web_users.detail(pixiv.web, artist.id)
        assert by_app.item.user.id == by_web.item.user.id == artist.id
        assert by_app.item.user.name == by_web.item.user.name
        assert pixiv.web.transport is pixiv.app.transport is pixiv.transport
        assert pixiv.transport.pacer is pixiv.pacer
        assert (pixiv.transport.counts.api, pixiv.web.user_id) == (2, 10000001)


async def test_a_session_alone_is_enough_for_the_web(hosts: dict[str, str], artist: User) -> None:
    cookie = f"first=1; PHPSESSID={SESSION}; cf_clearance=abc"
    async with Client(cookie=cookie, user_agent="A browser", requests_per_minute=0, hosts=hosts) as pixiv:
        assert (await web_users.detail(pixiv.web, artist.id)).item.user.id == artist.id
        assert pixiv.web.session == WebSession(cookie=cookie, user_agent="A browser")
        with pytest.raises(LoginNeeded):
            await app_users.detail(pixiv.app, artist.id)


async def test_without_a_session_the_web_says_how_to_get_one(hosts: dict[str, str], artist: User) -> None:
    async with Client("demo-refresh-token", requests_per_minute=0, hosts=hosts) as pixiv:
        with pytest.raises(LoginNeeded, match=r"phpsessid=.*PHPSESSID.*cookie= and user_agent="):
            _ = pixiv.web
        assert pixiv.transport.counts.api == 0
        logged_out = WebApi(pixiv.transport)
        assert (await web_users.short(logged_out, artist.id)).item.user.id == artist.id


@pytest.mark.parametrize(
    "options",
    [
        {"phpsessid": "nonsense-of-mine"},
        {"cookie": "first=nonsense-of-mine"},
        {"cookie": "PHPSESSID=1_nonsense; cf_clearance=nonsense-of-mine"},
    ],
)
def test_a_session_that_cannot_be_one_is_refused_at_once_and_not_shown(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Client(**options)  # type: ignore[arg-type]
    assert "nonsense" not in str(caught.value)


@pytest.mark.parametrize(
    ("language", "of_web"), [("en", "en"), ("ja", "ja"), ("zh-TW", "zh_tw"), ("ja-JP", "ja"), ("fr", "en")]
)
def test_the_web_is_asked_in_the_nearest_language(language: str, of_web: str) -> None:
    web = Client(phpsessid=SESSION, language=language).web
    assert web.lang == of_web
    assert web.session is not None
    assert web.session.user_agent == USER_AGENT
    assert SESSION not in repr(web)
