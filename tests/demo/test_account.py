"""What the own account changes over HTTP is there in the lists, through our own library."""

import pytest

from pixmirror import errors
from pixmirror.demo.generate import WorldSpec, add_artist, empty_world, generate
from pixmirror.demo.oauth import REFRESH_TOKEN
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import Series
from pixmirror.pixiv import Client, past_cap
from pixmirror.pixiv.app import account, illusts, novels, search, users
from pixmirror.pixiv.hosts import ALLOWED_HOSTS
from pixmirror.pixiv.paging import items

pytestmark = pytest.mark.anyio


def ids(page):
    return [item.id for item in page]


@pytest.fixture
def world():
    made = empty_world(now=lambda: 1_795_000_000_000)
    artist = add_artist(made, works=4, manga=3, novels=3, follow=None)
    made.artist = artist.id  # type: ignore[attr-defined]
    manga = [w.id for w in made.works.values() if w.type == "manga"]
    made.add_series(Series("illust", 50, artist.id, "丘", "", made.second(), tuple(manga)))
    made.add_series(
        Series("novel", 60, artist.id, "灯", "", made.second(), tuple(w.id for w in made.works.values() if w.text))
    )
    return made


@pytest.fixture
async def api(world):
    with running(create_app(world)) as url:
        hosts = dict.fromkeys(ALLOWED_HOSTS, url)
        async with Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as client:
            yield client.app


def of(world, kind):
    return next(w.id for w in world.works.values() if w.type == kind)


async def test_a_bookmark_appears_in_its_list_and_goes_again(api, world):
    work = of(world, "illust")
    await illusts.bookmark_add(api, work, "private", ["風景", "夜"])
    assert ids(await users.bookmarks_illust(api, world.me)) == []
    assert ids(await users.bookmarks_illust(api, world.me, "private", "夜")) == [work]
    detail = (await illusts.bookmark_detail(api, work)).item
    assert (detail.is_bookmarked, detail.restrict) == (True, "private")
    assert [tag.name for tag in detail.tags if tag.is_registered] == ["風景", "夜"]
    await illusts.bookmark_add(api, work)
    assert ids(await users.bookmarks_illust(api, world.me, tag="未分類")) == [work]
    assert ids(await illusts.bookmark_users(api, work)) == [world.me]
    assert (await illusts.detail(api, work)).item.is_bookmarked
    await illusts.bookmark_delete(api, work)
    assert ids(await users.bookmarks_illust(api, world.me)) == []
    with pytest.raises(errors.NotFound):
        await illusts.bookmark_delete(api, work)


async def test_a_novel_bookmark_and_a_marker_too(api, world):
    novel = of(world, "novel")
    await novels.bookmark_add(api, novel, tags=["a"])
    assert ids(await users.bookmarks_novel(api, world.me)) == [novel]
    assert [tag.name for tag in await users.bookmark_tags_novel(api, world.me)] == ["a"]
    await novels.bookmark_delete(api, novel)
    assert ids(await users.bookmarks_novel(api, world.me)) == []
    await novels.marker_add(api, novel, 1)
    await novels.marker_add(api, novel, 2)
    assert [(m.novel.id, m.novel_marker.page) for m in await novels.markers(api)] == [(novel, 2)]
    await novels.marker_delete(api, novel)
    assert list(await novels.markers(api)) == []


async def test_a_follow_appears_in_its_list_and_goes_again(api, world):
    await users.follow_add(api, world.artist, "private")
    assert list(await users.following(api, world.me)) == []
    assert [p.user.id for p in await users.following(api, world.me, "private")] == [world.artist]
    detail = (await users.follow_detail(api, world.artist)).item
    assert (detail.is_followed, detail.restrict) == (True, "private")
    await users.follow_add(api, world.artist)
    assert [p.user.id for p in await users.following(api, world.me)] == [world.artist]
    assert [p.user.id for p in await users.follower(api, world.artist)] == [world.me]
    assert (await users.detail(api, world.artist)).item.user.is_followed
    await users.follow_delete(api, world.artist)
    assert list(await users.following(api, world.me)) == []
    with pytest.raises(errors.InvalidRequest):
        await users.follow_add(api, world.me)
    with pytest.raises(errors.NotFound):
        await users.follow_add(api, 999_999_999)


async def test_mutes_are_listed_limited_and_seen_in_works(api, world):
    await account.mute_edit(api, add_user_ids=[world.artist], add_tags=["夜"])
    mutes = (await account.mute_list(api)).item
    assert [m.tag.name for m in mutes.muted_tags] == ["夜"]
    assert [m.user.id for m in mutes.muted_users] == [world.artist]
    assert all(work.is_muted for work in await users.illusts(api, world.artist))
    with pytest.raises(errors.InvalidRequest, match="mute any more"):
        await account.mute_edit(api, add_tags=["a"])
    await account.mute_edit(api, delete_user_ids=[world.artist], delete_tags=["夜"])
    assert (await account.mute_list(api)).item.muted_count == 0


async def test_a_watched_series_is_in_the_watch_list_and_masked_when_its_artist_left(api, world):
    await account.watchlist_manga_add(api, 50)
    await account.watchlist_novel_add(api, 60)
    (manga,) = await account.watchlist_manga(api)
    assert (manga.title, manga.published_content_count) == ("丘", 3)
    assert (await illusts.series(api, 50)).head["illust_series_detail"]["watchlist_added"]
    (novel,) = await account.watchlist_novel(api)
    assert novel.user
    assert novel.user.id == world.artist
    await account.watchlist_novel_delete(api, 60)
    assert list(await account.watchlist_novel(api)) == []
    world.leave(world.artist)
    (masked,) = await account.watchlist_manga(api)
    assert (masked.title, bool(masked.mask_text)) == ("", True)


async def test_a_work_knows_its_place_in_its_series(api, world):
    works = world.series["illust", 50].works
    context = (await illusts.series_position(api, works[1])).item.illust_series_context
    assert context
    assert context.prev
    assert context.next
    assert (context.content_order, context.prev.id, context.next.id) == (2, works[0], works[2])
    assert ids(await users.illust_series(api, world.artist)) == [50]
    assert ids(await users.novel_series(api, world.artist)) == [60]
    with pytest.raises(errors.NotFound):
        await illusts.series_position(api, of(world, "illust"))


async def test_settings_are_kept(api):
    assert (await account.ai_show_settings(api)).item.show_ai
    await account.edit_ai_show_settings(api, False)
    assert not (await account.ai_show_settings(api)).item.show_ai


async def test_a_search_obeys_its_parameters(api, world):
    work = of(world, "illust")
    world.edit(("illust", work), total_bookmarks=500, ai_type=2, title="月と塔", tags=("風景", "夜"))
    for options in (
        {"word": "風景"},
        {"word": "風", "search_target": "partial_match_for_tags"},
        {"word": "月と塔", "search_target": "title_and_caption"},
        {"word": "月と塔", "search_target": "keyword"},
        {"word": "風景", "search_ai_type": 2},
        {"word": "風景", "bookmark_num_min": 500, "bookmark_num_max": 500},
        {"word": "風景", "duration": "within_last_week"},
    ):
        assert ids(await search.illusts(api, **options)) == [work]
    for options in (
        {"word": "風", "search_target": "exact_match_for_tags"},
        {"word": "風景", "search_ai_type": 1},
        {"word": "風景", "bookmark_num_max": 499},
        {"word": "風景", "end_date": "2020-01-01"},
    ):
        assert ids(await search.illusts(api, **options)) == []
    assert "風景" in [tag.name for tag in await search.autocomplete(api, "風")]
    assert [p.user.id for p in await search.users(api, "artist")] == [world.artist]


@pytest.mark.long
async def test_a_search_of_more_than_the_cap_is_read_whole():
    world = empty_world(now=lambda: 1_795_000_000_000)
    add_artist(world, works=5300, every_ms=600_000)
    with running(create_app(world)) as url:
        hosts = dict.fromkeys(ALLOWED_HOSTS, url)
        async with Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as client:
            found = [work.item.id async for work in past_cap(client.app, "illust", "オリジナル")]
            assert len(found) == len(set(found)) == 5300
            with pytest.raises(errors.OffsetCap):
                await search.illusts(client.app, "オリジナル", offset=5010)


async def test_lists_of_a_generated_world_end():
    world = generate(
        WorldSpec(now_ms=1_795_000_000_000, artists=4, works=120, others=4), lambda: 1_795_000_000_000
    )
    with running(create_app(world)) as url:
        hosts = dict.fromkeys(ALLOWED_HOSTS, url)
        async with Client(REFRESH_TOKEN, hosts=hosts, only_mapped=True, requests_per_minute=0) as client:
            for function in (
                illusts.recommended, illusts.manga_recommended, illusts.mypixiv, novels.recommended,
                account.browsing_history_illusts, users.recommended,
            ):  # fmt: skip
                seen = [item async for item in items(lambda next, f=function: f(client.app, next=next))]
                assert len(seen) == len({str(item.raw) for item in seen})
