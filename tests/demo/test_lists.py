"""The lists of the demo keep Pixiv's promises, and its whims."""

import json
from typing import Any

import pytest

from pixmirror.demo.generate import WorldSpec, add_artist, empty_world, generate
from pixmirror.demo.world import World

pytestmark = pytest.mark.anyio


def ids(pages: list[dict[str, Any]], name: str = "illusts") -> list[int]:
    return [item["id"] for page in pages for item in page[name]]


async def test_following_next_url_gives_every_work_once_newest_first(login, read_all, now):
    world = empty_world(now)
    artist = add_artist(world, works=61)
    pages = await read_all(await login(world), "/v1/user/illusts", user_id=artist.id)
    assert [len(page["illusts"]) for page in pages] == [30, 30, 1]
    assert ids(pages) == sorted((w.id for w in world.works.values()), reverse=True)


async def test_short_and_empty_pages_occur_and_lose_nothing(login, read_all, now):
    world = generate(WorldSpec(), now)
    client = await login(world)
    pages = await read_all(client, "/v2/illust/follow", restrict="all")
    sizes = [len(page["illusts"]) for page in pages[:-1]]
    assert 0 in sizes
    assert any(0 < size < 30 for size in sizes)
    followed = {u for u in world.follows[world.me] if not world.users[u].gone}
    expected = {
        w.id for w in world.works.values() if w.user_id in followed and w.medium == "illust" and w.state == "live"
    }
    assert len(ids(pages)) == len(expected)
    assert set(ids(pages)) == expected


async def test_bookmarks_are_paged_by_a_cursor_that_survives_changes_at_the_top(login, now):
    world = empty_world(now)
    add_artist(world, works=70, follow=None)
    works = list(world.works.values())
    for work in works[:65]:
        world.bookmark(work)
    client = await login(world)
    query = {"user_id": world.me, "restrict": "public"}
    first = (await client.get("/v1/user/bookmarks/illust", params=query)).json()
    at_cursor = works[65 - 30]
    assert first["illusts"][-1]["id"] == at_cursor.id
    world.bookmark(works[69])
    world.unbookmark(at_cursor)
    second = (await client.get(first["next_url"].removeprefix("https://app-api.pixiv.net"))).json()
    assert second["illusts"][0]["id"] == works[65 - 31].id


async def test_bookmark_lists_hold_placeholders_for_what_is_not_shown(login, now):
    world = empty_world(now)
    artist = add_artist(world, works=4, novels=1)
    for work in list(world.works.values()):
        world.bookmark(work)
    illusts = [w for w in world.works.values() if w.medium == "illust"]
    world.delete(illusts[0])
    world.hide(illusts[1], "limit_sanity_level")
    world.hide(illusts[2], "limit_mypixiv")
    now.advance(90)
    client = await login(world)
    listed = (await client.get(f"/v1/user/bookmarks/illust?user_id={world.me}&restrict=public")).json()["illusts"]
    seen = {item["id"]: item for item in listed}
    stub = seen[illusts[0].id]
    assert (stub["title"], stub["user"]["id"], stub["visible"], stub["width"]) == ("", 0, False, 100)
    assert stub["image_urls"]["large"].endswith("s.pximg.net/common/images/limit_unknown_360.png")
    assert stub["create_date"].startswith("2026-11-20T15:01:30")
    assert seen[illusts[1].id]["user"] | {"profile_image_urls": 0} == {
        "id": artist.id,
        "name": "",
        "account": "",
        "profile_image_urls": 0,
    }
    assert seen[illusts[2].id]["restrict"] == 1
    status = [(await client.get(f"/v1/illust/detail?illust_id={w.id}")).status_code for w in illusts]
    assert status == [404, 200, 404, 200]


async def test_a_tag_of_ones_own_narrows_the_bookmarks_and_is_counted(login, now):
    world = empty_world(now)
    add_artist(world, works=3, follow=None)
    one, two, _ = world.works.values()
    world.bookmark(one, tags=("壁紙", "a+b"))
    world.bookmark(two)
    client = await login(world)
    query = {"user_id": world.me, "restrict": "public"}
    tagged = (await client.get("/v1/user/bookmarks/illust", params=query | {"tag": "a+b"})).json()
    untagged = (await client.get("/v1/user/bookmarks/illust", params=query | {"tag": "未分類"})).json()
    assert (ids([tagged]), ids([untagged])) == ([one.id], [two.id])
    tags = (await client.get("/v1/user/bookmark-tags/illust", params=query)).json()["bookmark_tags"]
    assert tags == [{"name": "a+b", "count": 1}, {"name": "壁紙", "count": 1}]


async def test_private_bookmarks_and_follows_of_others_stay_theirs(login, now):
    world = empty_world(now)
    other = add_artist(world, works=2, follow=None)
    one, two = world.works.values()
    world.bookmark(one, "private", user_id=other.id)
    world.bookmark(two, "public", user_id=other.id)
    client = await login(world)
    query = {"user_id": other.id, "restrict": "private"}
    assert ids([(await client.get("/v1/user/bookmarks/illust", params=query)).json()]) == [two.id]
    assert (await client.get("/v1/user/bookmark-tags/illust", params=query)).status_code == 400


async def test_no_list_is_read_past_offset_5000(login, now):
    client = await login(empty_world(now))
    for path in ("/v2/illust/follow", f"/v1/user/following?user_id={10_000_001}"):
        answer = await client.get(path, params=None if "?" in path else {"offset": 5010})
        if "?" in path:
            answer = await client.get(f"{path}&offset=5010")
        assert answer.status_code == 400
        assert "no more than 5000" in json.loads(answer.json()["error"]["message"])["offset"][0]


async def test_only_own_lists_and_detail_carry_total_comments(login, now):
    world = empty_world(now)
    artist = add_artist(world, works=1)
    (work,) = world.works.values()
    root = world.comment(work, artist.id, "素敵")
    world.comment(work, artist.id, stamp_id=301, parent_id=root.id)
    client = await login(world)
    own = (await client.get(f"/v1/user/illusts?user_id={artist.id}")).json()["illusts"][0]
    detail = (await client.get(f"/v1/illust/detail?illust_id={work.id}")).json()["illust"]
    feed = (await client.get("/v2/illust/follow?restrict=public")).json()["illusts"][0]
    assert own["total_comments"] == detail["total_comments"] == 2
    assert "total_comments" not in feed


@pytest.mark.parametrize(("strip", "feed", "own"), [("none", 0, 0), ("some", 1, 0), ("all", 2, 2)])
async def test_captions_are_stripped_from_lists_as_asked_and_never_from_detail(login, now, strip, feed, own):
    """0: none is empty, 1: some are, 2: all are."""
    world = empty_world(now, strip_captions=strip)
    artist = add_artist(world, works=25)
    client = await login(world)

    async def emptied(path: str) -> int:
        captions = [w["caption"] for w in (await client.get(path)).json()["illusts"]]
        return 2 if not any(captions) else 0 if all(captions) else 1

    assert await emptied("/v2/illust/follow?restrict=public") == feed
    assert await emptied(f"/v1/user/illusts?user_id={artist.id}") == own
    for work in world.works.values():
        assert (await client.get(f"/v1/illust/detail?illust_id={work.id}")).json()["illust"]["caption"]


async def test_a_ranking_appears_at_noon_of_the_next_day(login, now):
    world = generate(WorldSpec(), now)  # 15:00 JST on the 20th
    client = await login(world, expires_in=10**6)

    async def size(day: str) -> int:
        return len(
            (await client.get(f"/v1/illust/ranking?mode=day&date={day}")).raise_for_status().json()["illusts"]
        )

    assert await size("2026-11-19") == 30
    assert await size("2026-11-20") == 0
    now.advance(20 * 3600)
    assert await size("2026-11-20") == 0  # 11:00 on the 21st
    now.advance(3600)
    assert await size("2026-11-20") == 30
    for bad in ("2026-12-01", "20261119", "2026-13-01", "1999-01-01"):
        assert (await client.get(f"/v1/illust/ranking?mode=day&date={bad}")).status_code == 400
    assert (await client.get("/v1/illust/ranking?mode=yearly")).status_code == 400


async def test_a_ranking_holds_up_to_100_and_without_a_date_is_the_newest(login, read_all, now):
    client = await login(generate(WorldSpec(), now))
    dated = await read_all(client, "/v1/illust/ranking", mode="week", date="2026-11-19")
    assert len(ids(dated)) == len(set(ids(dated))) == 100
    assert ids(await read_all(client, "/v1/illust/ranking", mode="week")) == ids(dated)


async def test_comments_have_roots_replies_and_stamps_newest_first(login, read_all, now):
    world = empty_world(now)
    artist = add_artist(world, works=1, follow=None)
    (work,) = world.works.values()
    roots = [world.comment(work, artist.id, f"number {n}") for n in range(32)]
    stamp = world.comment(work, artist.id, stamp_id=301, parent_id=roots[3].id)
    client = await login(world)
    pages = await read_all(client, "/v3/illust/comments", illust_id=work.id)
    listed = [item for page in pages for item in page["comments"]]
    assert [item["id"] for item in listed] == [root.id for root in reversed(roots)]
    assert [item["id"] for item in listed if item["has_replies"]] == [roots[3].id]
    assert pages[0]["total_comments"] == 33
    (reply,) = (await client.get(f"/v2/illust/comment/replies?comment_id={roots[3].id}")).json()["comments"]
    assert (reply["id"], reply["comment"], reply["stamp"]["stamp_id"]) == (stamp.id, "", 301)
    old = await client.get(f"/v1/illust/comments?illust_id={work.id}")
    assert (old.status_code, old.content) == (404, b"")


async def test_who_left_is_missing_from_lists_and_404_in_detail(login, now):
    world = empty_world(now)
    stays, leaves = add_artist(world, works=1), add_artist(world, works=1)
    theirs = next(w for w in world.works.values() if w.user_id == leaves.id)
    world.bookmark(theirs)
    world.leave(leaves.id)
    client = await login(world)
    previews = (await client.get(f"/v1/user/following?user_id={world.me}&restrict=public")).json()["user_previews"]
    assert [p["user"]["id"] for p in previews] == [stays.id]
    assert (await client.get(f"/v1/user/detail?user_id={leaves.id}")).status_code == 404
    works = (await client.get(f"/v1/user/illusts?user_id={leaves.id}")).raise_for_status().json()
    assert (works["user"]["id"], works["illusts"], works["next_url"]) == (0, [], None)
    marked = (await client.get(f"/v1/user/bookmarks/illust?user_id={world.me}&restrict=public")).json()["illusts"]
    assert "limit_unknown" in marked[0]["image_urls"]["medium"]


async def test_a_hidden_work_comes_back_where_it_was(login, read_all, now):
    world = empty_world(now)
    artist = add_artist(world, works=5)
    client = await login(world)
    before = ids(await read_all(client, "/v1/user/illusts", user_id=artist.id))
    world.hide(("illust", before[2]))
    assert ids(await read_all(client, "/v1/user/illusts", user_id=artist.id)) == before[:2] + before[3:]
    world.show(("illust", before[2]))
    assert ids(await read_all(client, "/v1/user/illusts", user_id=artist.id)) == before


async def test_series_are_read_newest_first_for_manga_and_in_order_for_novels(login, read_all, now):
    world = generate(WorldSpec(), now)
    client = await login(world)
    manga = next(s for s in world.series.values() if s.medium == "illust")
    novels = next(s for s in world.series.values() if s.medium == "novel")
    shown = {s.id: [i for i in s.works if world.works[s.medium, i].state == "live"] for s in (manga, novels)}
    pages = await read_all(client, "/v1/illust/series", illust_series_id=manga.id)
    assert ids(pages) == shown[manga.id][::-1]
    assert pages[0]["illusts"][0]["series"]["id"] == manga.id
    for version in ("v1", "v2"):
        pages = await read_all(client, f"/{version}/novel/series", series_id=novels.id)
        assert ids(pages, "novels") == shown[novels.id]


async def test_tags_are_translated_only_for_who_asks_in_english(login, now):
    world = empty_world(now)
    add_artist(world, works=1)
    client = await login(world)

    async def translation(language: str) -> Any:
        answer = await client.get("/v2/illust/follow", headers={"Accept-Language": language})
        return answer.json()["illusts"][0]["tags"][0]["translated_name"]

    assert [await translation(language) for language in ("en", "en_US", "ja")] == ["original", "original", None]


async def test_a_search_finds_by_tag_title_and_date(login, read_all, now):
    world: World = generate(WorldSpec(short_pages=False), now)
    client = await login(world)
    found = set(ids(await read_all(client, "/v1/search/illust", word="猫", search_target="exact_match_for_tags")))
    live = [w for w in world.works.values() if w.state == "live"]
    assert found == {w.id for w in live if w.medium == "illust" and "猫" in w.tags}
    newest = max(live, key=lambda w: (w.medium == "novel", w.create_ms))
    word = newest.title.split()[0]
    novels = await read_all(client, "/v1/search/novel", word=word, search_target="title_and_caption")
    assert newest.id in ids(novels, "novels")


async def test_what_is_unknown_is_404_and_what_is_malformed_400(login, now):
    client = await login(empty_world(now))
    assert "end-point" in (await client.get("/v1/nothing")).json()["error"]["user_message"]
    assert (await client.get("/v1/novel/text?novel_id=1")).status_code == 404
    for path in (
        "/v1/illust/detail?illust_id=1",
        "/v2/novel/detail?novel_id=1",
        "/v3/illust/comments?illust_id=1",
    ):
        answer = await client.get(path)
        assert (answer.status_code, set(answer.json()["error"])) == (
            404,
            {"user_message", "message", "reason", "user_message_details"},
        )
    for path in ("/v1/illust/detail?illust_id=x", "/v1/illust/detail", "/v2/illust/follow?restrict=secret"):
        assert (await client.get(path)).status_code == 400
