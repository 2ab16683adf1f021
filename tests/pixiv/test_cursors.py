"""A place in a list belongs to that list: whatever else it is given to refuses it with a sentence."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.demo.world import World
from pixmirror.errors import InvalidRequest
from pixmirror.pixiv import RankingMode
from pixmirror.pixiv.app import users
from pixmirror.pixiv.blocking import Client
from pixmirror.pixiv.web.search import Filters

ME = 10000001
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def world() -> World:
    return generate(WorldSpec(artists=40, private=5, others=3, works=400, bookmarks=120, short_pages=False))


@pytest.fixture(scope="module")
def pixiv(world: World) -> Iterator[Client]:
    with running(create_app(world)) as url:
        hosts = dict.fromkeys(HOSTS, url)
        with Client("demo-refresh-token", phpsessid=f"{ME}_demo", requests_per_minute=0, hosts=hosts) as made:
            yield made


LISTS: dict[str, Callable[[Client], Callable[..., Any]]] = {
    "bookmarks": lambda pixiv: lambda **more: pixiv.users.bookmarks_illust(ME, **more),
    "follows": lambda pixiv: lambda **more: pixiv.users.following(ME, **more),
    "works of follows": lambda pixiv: lambda **more: pixiv.illusts.follow(**more),
    "novels of follows": lambda pixiv: lambda **more: pixiv.novels.follow(**more),
    "search": lambda pixiv: lambda **more: pixiv.search.illusts("オリジナル", **more),
    "ranking": lambda pixiv: lambda **more: pixiv.illusts.ranking(**more),
    "bookmarks at the website": lambda pixiv: lambda **more: pixiv.web.users.bookmarks_illust(ME, **more),
    "follows at the website": lambda pixiv: lambda **more: pixiv.web.users.following(ME, **more),
    "works of follows at the website": lambda pixiv: lambda **more: pixiv.web.feeds.follow_illust(**more),
    "search at the website": lambda pixiv: lambda **more: pixiv.web.search.artworks("オリジナル", **more),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_place_is_taken_by_its_list_and_refused_by_each_other(pixiv: Client, name: str) -> None:
    ask = LISTS[name](pixiv)
    page = ask()
    assert page.next is not None
    second = ask(next=json.loads(json.dumps(page.next)))
    if (after := page.next_page()) is None:  # the site's search shows its last page again
        assert second.items == page.items
    else:
        assert second.items == after.items != page.items
    for other, make in LISTS.items():
        if other != name:
            with pytest.raises(InvalidRequest, match=r"next (is a place in the list|goes on in a list)"):
                make(pixiv)(next=page.next)


@pytest.mark.parametrize("name", LISTS)
def test_what_is_no_place_at_all_is_refused_in_a_sentence(pixiv: Client, name: str) -> None:
    for nonsense in ("offset=30", 30, ["offset"]):
        with pytest.raises(InvalidRequest, match="next takes what a page or walk has as its next"):
            LISTS[name](pixiv)(next=nonsense)


def test_a_public_list_is_no_private_one(pixiv: Client) -> None:
    public = pixiv.users.bookmarks_illust(ME)
    assert public.next is not None
    with pytest.raises(InvalidRequest, match="with restrict 'public', but restrict is 'private'"):
        pixiv.users.bookmarks_illust(ME, "private", next=public.next)
    for query in (public.received.next, {"offset": "30"}):
        with pytest.raises(InvalidRequest, match="but restrict is 'private'"):
            pixiv.call(users.bookmarks_illust, ME, "private", next=query)
    web = pixiv.web.users.bookmarks_illust(ME)
    with pytest.raises(InvalidRequest, match="with rest 'show', but rest is 'hide'"):
        pixiv.web.users.bookmarks_illust(ME, rest="hide", next=web.next)


def test_what_was_asked_for_otherwise_is_refused_and_what_need_not_be_said_again_is_not(pixiv: Client) -> None:
    search = pixiv.search.illusts("オリジナル", sort="date_asc").next
    assert search is not None
    ranking = pixiv.illusts.ranking("week", date(2026, 11, 20)).next
    found: list[tuple[str, Call]] = [
        ("word", lambda: pixiv.search.illusts("風景", next=search)),
        ("sort", lambda: pixiv.search.illusts("オリジナル", sort="date_desc", next=search)),
        ("without duration", lambda: pixiv.search.illusts("オリジナル", duration="within_last_week", next=search)),
        ("without wlt", lambda: pixiv.web.search.artworks("オリジナル", filters=Filters(wlt=9), next=web_search)),
        ("user_id", lambda: pixiv.users.following(11, next=pixiv.users.following(ME).next)),
        ("list /ajax/user", lambda: pixiv.web.users.following(11, next=pixiv.web.users.following(ME).next)),
    ]
    web_search = pixiv.web.search.artworks("オリジナル").next
    for says, call in found:
        with pytest.raises(InvalidRequest, match=says):
            call()
    assert (
        pixiv.search.illusts(" オリジナル", next=search)[0] == pixiv.search.illusts("オリジナル", next=search)[0]
    )
    assert pixiv.search.illusts("オリジナル", sort="date_asc", offset=0, next=search)
    if ranking is not None:
        assert pixiv.illusts.ranking(RankingMode.WEEK, "20261120", next=ranking)
        with pytest.raises(InvalidRequest, match="mode"):
            pixiv.illusts.ranking("day", next=ranking)


def test_a_query_of_a_next_url_goes_on_without_naming_its_list(pixiv: Client) -> None:
    page = pixiv.users.following(ME)
    assert page.received.next is not None
    assert "list" not in page.received.next
    assert (
        pixiv.users.following(ME, next=page.received.next).items == pixiv.users.following(ME, next=page.next).items
    )
