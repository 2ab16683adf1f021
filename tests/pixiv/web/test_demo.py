"""Each endpoint of the web against the demo, over HTTP; what is done shows up in the lists."""

import inspect
from datetime import date
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import respx

from pixmirror import errors
from pixmirror.demo.world import World
from pixmirror.models import Listing, Received
from pixmirror.pixiv.reading import preview_works
from pixmirror.pixiv.web import (
    CookieRejected,
    WebApi,
    WebSession,
    account,
    actions,
    comments,
    commission,
    feeds,
    illusts,
    novels,
    pages,
    ranking,
    search,
    users,
)
from pixmirror.pixiv.web import items as every
from pixmirror.pixiv.web.reading import broken_in

pytestmark = pytest.mark.anyio
MODULES: tuple[ModuleType, ...] = (account, comments, commission, feeds, illusts, novels, ranking, search, users)

NOT_IN_THE_DEMO = ("illusts.unlisted", "novels.unlisted", "novels.glossary_item")


def live(world: World, medium: str, kind: str | None = None) -> int:
    wanted = [
        w for w in world.works.values() if w.medium == medium and w.state == "live" and kind in (None, w.type)
    ]
    return max(wanted, key=lambda w: (w.page_count, w.id)).id


def arguments(world: World) -> dict[str, Any]:
    """What each function is called with, where it must be given something."""
    root = next(c for (m, _), c in world.comments.items() if m == "illust" and c.parent_id is None)
    artist = next(iter(world.follows[world.me]))
    mine = [i for (_, i), w in world.works.items() if w.user_id == artist]
    word = {"word": "オリジナル"}
    return {
        "illusts.ugoira_meta": {"illust_id": live(world, "illust", "ugoira")},
        "illusts.recommended": {"illust_ids": [live(world, "illust")]},
        "illusts.series": {"series_id": 777},
        "illusts.series_head": {"series_id": 777},
        "comments.roots": {"illust_id": root.work_id},
        "comments.replies": {"medium": "illust", "comment_id": root.id},
        "novels.insert_illusts": {"novel_id": live(world, "novel"), "names": ["1-1"]},
        "users.profile_illusts": {"user_id": artist, "illust_ids": mine[:3]},
        "users.profile_novels": {"user_id": artist, "novel_ids": mine[:3]},
        "users.illusts_tagged": {"user_id": artist, "tag": "オリジナル"},
        "users.bookmarks_illust": {"user_id": world.me},
        "users.bookmarks_novel": {"user_id": world.me},
        "users.bookmark_tags": {"user_id": world.me},
        "users.following": {"user_id": world.me},
        "users.followers": {"user_id": world.me},
        "search.tag": {"name": "オリジナル"},
        "search.tag_stories": {"tag": "オリジナル"},
        "": {
            "illust_id": live(world, "illust"),
            "novel_id": live(world, "novel"),
            "series_id": 777,
            "user_id": artist,
        }
        | word,
    }


def functions() -> dict[str, Any]:
    found = {}
    for module in MODULES:
        for name, function in vars(module).items():
            if (
                inspect.iscoroutinefunction(function)
                and not name.startswith("_")
                and function.__module__ == module.__name__
            ):
                found[f"{module.__name__.rsplit('.', 1)[1]}.{name}"] = function
    return found


@pytest.mark.parametrize("name", [name for name in functions() if name not in NOT_IN_THE_DEMO])
async def test_each_endpoint_is_read_without_fault(web: WebApi, world: World, name: str) -> None:
    given = arguments(world)
    function = functions()[name]
    common = {k: v for k, v in given[""].items() if k in inspect.signature(function).parameters}
    got = await function(web, **given.get(name, common))
    if isinstance(got, Listing):
        assert got.broken == ()
        for row in got.items:
            assert row.item.extra == {}
    elif isinstance(got, Received):
        assert broken_in(got.item) == ()
        assert got.item.extra == {}


async def test_the_whole_feed_ends_though_its_last_page_repeats_for_ever(web: WebApi, world: World) -> None:
    shown = [page async for page in pages(partial(feeds.follow_illust, web))]
    wanted = {i for (m, i), w in world.works.items() if m == "illust" and w.state == "live"
              and w.user_id in world.follows[world.me]}  # fmt: skip
    assert {row.item.id for page in shown for row in page.items} == wanted
    assert len(shown) == max(1, -(-len(wanted) // 60))


async def test_a_search_ends_where_its_pages_repeat(web: WebApi) -> None:
    search_all = partial(search.artworks, web, "オリジナル", s_mode="s_tag")
    ids = [row.item.id async for row in every(search_all)]
    assert ids
    assert len(ids) == len(set(ids)) == (await search_all()).head["illustManga"]["total"]


async def test_what_an_answer_names_by_id_walks_like_every_list(web: WebApi, world: World) -> None:
    for function in (commission.complete, commission.in_progress):
        ids = [row.item.request_id async for row in every(partial(function, web))]
        assert len(ids) == len(set(ids)) == 48
    makers = [row.item async for row in every(partial(commission.creators, web))]
    assert makers
    assert {who.user.id for who in makers} <= set(world.users)  # the answer has no more of them than their ids
    found = await feeds.discovery_artworks(web, limit=3)
    assert [str(work.id) for work in found] == [row["illustId"] for row in found.head["recommendedIllusts"]]
    people = await feeds.discovery_users(web, limit=2)
    assert [str(who.user.id) for who in people] == [row["userId"] for row in people.head["recommendedUsers"]]
    assert [news.content async for news in told(account.notifications, web)] == ["somebody follows you"]
    assert [one async for one in told(feeds.live, web)] == []
    with pytest.raises(AttributeError, match="/ajax/discovery/artworks gives a list: `items`"):
        _ = found.item


async def told(function: Any, web: WebApi) -> Any:
    for item in await function(web):
        yield item


@respx.mock
async def test_a_series_that_is_watched_is_in_the_list_though_the_answer_only_names_it(mocked: WebApi) -> None:
    page = {"total": "3", "maxPage": 2, "watchedSeriesIds": ["9", "7"]}
    body = {"page": page, "thumbnails": {}, "illustSeries": [{"id": "7", "userId": "5", "title": "a series"}]}
    route = respx.get(url__startswith="https://www.pixiv.net/ajax/watch_list/manga")
    route.respond(json={"error": False, "message": "", "body": body})
    first = await feeds.watch_list(mocked)
    assert [(series.id, series.title) for series in first] == [(9, ""), (7, "a series")]
    assert (first.next, first.head, first.broken) == ({"p": "2"}, body, ())
    assert (await feeds.watch_list(mocked, next=first.next)).next is None


async def test_bookmarks_come_and_go(web: WebApi, world: World) -> None:
    before = [row.item.id async for row in every(partial(users.bookmarks_illust, web, world.me, limit=3))]
    chosen = next(
        i for (m, i), w in world.works.items() if m == "illust" and w.state == "live" and i not in before
    )
    added = await actions.bookmark_add(web, chosen, tags=["灯台"])
    first = (await users.bookmarks_illust(web, world.me)).items[0].item
    assert (first.id, first.is_bookmarked) == (chosen, True)
    assert (await users.bookmarks_illust(web, world.me, tag="灯台")).items[0].item.id == chosen
    assert await illusts.bookmark_data(web, chosen) == added
    assert "灯台" in [tag.name for tag in (await users.bookmark_tags(web, world.me)).item.public]
    await actions.bookmark_delete(web, added)
    assert [row.item.id async for row in every(partial(users.bookmarks_illust, web, world.me))] == before
    assert await illusts.bookmark_data(web, chosen) is None


async def test_private_bookmarks_of_novels(web: WebApi, world: World) -> None:
    chosen = live(world, "novel")
    world.bookmarks[world.me] = {}
    added = await actions.bookmark_add_novel(web, chosen, restrict=1)
    hidden = await users.bookmarks_novel(web, world.me, rest="hide")
    assert [row.item.id for row in hidden.items] == [chosen]
    assert (await users.bookmarks_novel(web, world.me)).items == ()
    await actions.bookmark_delete_novel(web, added)
    assert (await users.bookmarks_novel(web, world.me, rest="hide")).items == ()


async def test_follows_come_and_go(web: WebApi, world: World) -> None:
    other = next(
        u.id
        for u in world.users.values()
        if u.id not in world.follows[world.me] and not u.gone and u.id != world.me
    )
    await actions.follow(web, other)
    page = await users.following(web, world.me)
    assert page.items[0].item.user.id == other
    assert preview_works(page.items[0].item).broken == ()
    assert (await users.short(web, other)).item.user.is_followed
    await actions.unfollow(web, other)
    assert other not in [row.item.user.id for row in (await users.following(web, world.me)).items]


async def test_a_like_is_seen_afterwards(web: WebApi, world: World) -> None:
    chosen = live(world, "illust")
    assert await actions.like(web, chosen) is False
    assert await actions.like(web, chosen) is True
    assert (await illusts.detail(web, chosen)).item.web.like_data is True


async def test_a_token_that_is_refused_is_fetched_again_once(web: WebApi, world: World, state: Any) -> None:
    await actions.like(web, live(world, "illust"))
    state.rotate()
    await actions.like(web, live(world, "illust"))
    asked = web.transport.counts.api
    assert asked == 5  # token, like, refused like, token, like


async def test_a_post_is_refused_for_good_where_no_token_helps(web: WebApi, world: World, state: Any) -> None:
    real = web.csrf.get

    async def wrong(page: Any, rejected: str | None = None) -> str:
        return "0" * 32

    object.__setattr__(web.csrf, "get", wrong)
    with pytest.raises(errors.Forbidden, match="Invalid token"):
        await actions.like(web, live(world, "illust"))
    object.__setattr__(web.csrf, "get", real)
    assert state.liked == set()


async def test_all_pages_of_a_work_become_one_shared_model(web: WebApi, world: World) -> None:
    chosen = live(world, "illust", "manga")
    whole = (await illusts.whole(web, chosen)).item
    assert whole.page_count == len(whole.originals) == world.works["illust", chosen].page_count > 1
    assert all(f"{chosen}_p{n}" in url for n, url in enumerate(whole.originals))


async def test_what_the_app_hides_the_web_shows_to_members(web: WebApi, stranger: WebApi, world: World) -> None:
    chosen = live(world, "illust", "illust")
    world.hide(("illust", chosen))
    work = (await illusts.whole(web, chosen)).item
    assert not work.is_stub
    assert work.originals
    with pytest.raises(errors.NotFound):
        await illusts.detail(stranger, chosen)
    owner = work.user
    assert owner
    assert chosen in (await users.profile_all(web, owner.id)).item.ids("illusts")


async def test_who_is_logged_out_sees_no_originals_and_is_told_what_needs_a_login(
    stranger: WebApi, world: World
) -> None:
    work = (await illusts.detail(stranger, live(world, "illust"))).item
    assert work.originals == ()
    with pytest.raises(errors.LoginNeeded, match="PHPSESSID"):
        await feeds.follow_illust(stranger)
    with pytest.raises(errors.LoginNeeded):
        await actions.like(stranger, 1)
    assert stranger.transport.counts.api == 1


async def test_deleted_works_stay_as_stubs_in_bookmarks(web: WebApi, world: World) -> None:
    for key in list(world.bookmarks[world.me]):
        if world.works[key].state == "live":
            world.delete(key)
    page = await users.bookmarks_illust(web, world.me)
    assert page.items
    gone = [row.item for row in page.items if row.item.is_stub]
    assert gone
    for work in gone:
        assert (work.title, work.originals, work.create_date) == ("", (), None)
    with pytest.raises(errors.NotFound, match="deleted"):
        await illusts.detail(web, gone[0].id)


async def test_a_dead_session_is_a_login_error_with_advice(demo_transport: Any, world: World) -> None:
    dead = WebApi(demo_transport, WebSession("10000001_secretsecret"))
    for call in (partial(account.extra, dead), partial(illusts.detail, dead, 5), partial(actions.like, dead, 5)):
        with pytest.raises(CookieRejected, match="session of this cookie") as caught:
            await call()
        assert "PHPSESSID" in caught.value.advice
        assert "secret" not in str(caught.value) + repr(dead) + repr(caught.value)


async def test_who_left_is_not_found(web: WebApi, world: World) -> None:
    artist = next(iter(world.follows[world.me]))
    world.leave(artist)
    with pytest.raises(errors.NotFound, match="left pixiv"):
        await users.detail(web, artist)
    page = await users.following(web, world.me)
    assert len(page.items) < page.head["total"]


async def test_a_warning_is_told_and_nothing_of_it(web: WebApi, state: Any) -> None:
    assert await account.has_warning(web) is False
    state.threads.append({"thread_id": "3", "user_id": "12", "message": "hello"})
    assert await account.has_warning(web) is False
    state.threads.append({"thread_id": "4", "user_id": 11, "message": "too many requests"})
    assert await account.has_warning(web) is True


async def test_rankings_page_by_page(web: WebApi, world: World) -> None:
    works = [row.item async for row in every(partial(ranking.ranking, web))]
    assert [work.web.rank for work in works] == list(range(1, len(works) + 1))  # type: ignore[attr-defined]
    assert len(works) == min(100, world.ranking_size)
    with pytest.raises(errors.NotFound):
        await ranking.ranking(web, date=date(2099, 1, 1))


async def test_a_novel_has_its_text_and_its_series_in_order(web: WebApi, world: World) -> None:
    page = await novels.series_content(web, 777)
    assert [row.item.id for row in page.items] == list(world.series["novel", 777].works)
    assert page.next is None
    text = await novels.text(web, page.items[0].item.id)
    assert text.item.text == world.works["novel", text.item.id].text
    assert (await novels.series(web, 777)).item.content_count == 3
    assert len(await novels.content_titles(web, 777)) == 3


async def test_works_are_those_of_the_app_api(web: WebApi, world: World) -> None:
    chosen = world.works["illust", live(world, "illust", "manga")]
    work = (await illusts.detail(web, chosen.id)).item
    assert work.create_date
    assert (work.id, work.type, work.title, work.caption) == (chosen.id, "manga", chosen.title, chosen.caption)
    assert work.create_date.timestamp() * 1000 == chosen.create_ms
    assert [tag.name for tag in work.tags] == list(chosen.tags)
    assert work.total_bookmarks == chosen.total_bookmarks
