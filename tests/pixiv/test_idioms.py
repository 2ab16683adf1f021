"""How the documents themselves use Pixiv's API works here as they write it, against the demo."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from pixmirror import errors
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import create_app, running
from pixmirror.pixiv import AppApi, Client, parse_qs
from pixmirror.pixiv.app import illusts, novels, search, users
from pixmirror.pixiv.blocking import Client as Blocking
from pixmirror.pixiv.hosts import ALLOWED_HOSTS
from pixmirror.pixiv.literals import Filter
from tests.pixiv.covered import Endpoint, Examples, endpoints

pytestmark = pytest.mark.anyio
NOW = 1_795_000_000_000  # 2026-11-18
LISTS = {
    entry.function: entry
    for entry in endpoints()
    if entry.demo and not (entry.tested or entry.gone) and "next" in inspect.signature(entry.call).parameters
}


@pytest.fixture(scope="module")
def app() -> Starlette:
    spec = WorldSpec(now_ms=NOW, artists=8, private=2, works=260, bookmarks=90, commented=60, others=8)
    return create_app(generate(spec, now=lambda: NOW))


@pytest.fixture(scope="module")
def url(app: Starlette) -> Iterator[str]:
    with running(app) as base:
        yield base


@pytest.fixture
async def pixiv(url: str) -> AsyncIterator[Client]:
    hosts = dict.fromkeys(ALLOWED_HOSTS, url)
    async with Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as client:
        await client.auth.token()
        yield client


@pytest.mark.parametrize("filter", [None, "for_ios"])
@pytest.mark.parametrize("entry", LISTS.values(), ids=lambda entry: entry.function.rpartition("pixiv.")[2])
async def test_the_query_of_a_next_url_is_taken_as_arguments(
    app: Starlette, pixiv: Client, entry: Endpoint, filter: str | None
) -> None:
    args = Examples(app.state.world).args(entry.example)
    takes_filter = "filter" in inspect.signature(entry.call).parameters
    page = await entry.call(pixiv.app, **args, **({"filter": filter} if takes_filter else {}))
    query = urlencode(page.next) if page.next else app.state.log[-1][2]  # of one page: that of the page itself
    asked = parse_qs(f"https://app-api.pixiv.net{entry.path}?{query}") if query else {}
    assert (asked or {}).get("filter") == (filter if takes_filter else None)
    in_path = {name: value for name, value in args.items() if f"{{{name}}}" in entry.path}
    by_arguments = await entry.call(pixiv.app, **in_path, **asked)
    by_next = await entry.call(pixiv.app, **args, next=asked)
    assert [row.raw for row in by_arguments.items] == [row.raw for row in by_next.items]
    assert by_arguments.next == by_next.next


async def test_both_clients_go_on_with_the_query_of_a_next_url(app: Starlette, pixiv: Client, url: str) -> None:
    word = Examples(app.state.world).tag(None)
    query = {"word": word, "sort": "date_desc", "search_target": "partial_match_for_tags", "offset": "1"}
    next_url = f"https://app-api.pixiv.net/v1/search/illust?{urlencode(query)}"
    page = await pixiv.search.illusts(**parse_qs(next_url))
    assert [work.id for work in page] == [work.id for work in await search.illusts(pixiv.app, word, offset=1)]

    def blocking_ids() -> list[int]:
        hosts = dict.fromkeys(ALLOWED_HOSTS, url)
        with Blocking(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as client:
            return [work.id for work in client.search.illusts(**parse_qs(next_url)).items]

    assert await asyncio.to_thread(blocking_ids) == [work.id for work in page]


async def test_a_filter_is_that_of_one_call_or_else_that_of_the_client(app: Starlette, pixiv: Client) -> None:
    ios = pixiv.app.with_filter("for_ios")
    ways: tuple[tuple[AppApi, Filter | None], ...] = ((ios, None), (ios, ""), (pixiv.app, "for_android"))
    for (api, given), sent in zip(ways, ("for_ios", "", "for_android"), strict=True):
        await search.trending_tags_illust(api, filter=given)
        assert parse_qs(f"?{app.state.log[-1][2]}") == {"filter": sent}
    with pytest.raises(errors.InvalidRequest, match="for_ios, for_android, an empty text"):
        await search.illusts(pixiv.app, "a", filter="for_windows")  # type: ignore[arg-type]


async def test_what_is_not_said_is_as_the_documents_have_it(app: Starlette, pixiv: Client) -> None:
    for function, sent in (
        (illusts.ranking, {"mode": "day"}),
        (novels.ranking, {"mode": "day"}),
        (illusts.follow, {"restrict": "public"}),
        (novels.follow, {"restrict": "public"}),
    ):
        await function(pixiv.app)
        assert parse_qs(f"?{app.state.log[-1][2]}") == sent


async def test_ids_numbers_and_dates_may_be_texts(app: Starlette, pixiv: Client) -> None:
    me = app.state.world.me
    texts: dict[str, Any] = {"user_id": str(me), "restrict": "private", "max_bookmark_id": "99999999999"}
    assert [row.raw for row in (await users.bookmarks_illust(pixiv.app, **texts)).items]
    for day in ("2026-11-16", "20261116", date(2026, 11, 16)):
        await illusts.ranking(pixiv.app, date=day)
        assert parse_qs(f"?{app.state.log[-1][2]}") == {"mode": "day", "date": "2026-11-16"}


async def test_what_was_viewed_goes_by_either_name(app: Starlette, pixiv: Client) -> None:
    work = Examples(app.state.world).illust(None)
    for viewed in ({"viewed": [1, 2]}, {"view_records": ["1", "2"]}):
        await illusts.related(pixiv.app, work, **viewed)
        assert parse_qs(f"?{app.state.log[-1][2]}") == {"illust_id": str(work), "viewed": ["1", "2"]}
