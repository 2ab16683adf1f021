"""Each endpoint: the path and parameters that go out, and the models that come back."""

import json
from datetime import date
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import respx

from pixmirror import errors
from pixmirror.models import Illust, Novel, State, Token
from pixmirror.pixiv import Client, Lane
from pixmirror.pixiv.app import comments, illusts, novels, users
from pixmirror.pixiv.reading import Works, preview_works, series_detail

pytestmark = pytest.mark.anyio
BASE = "https://app-api.pixiv.net"
DAY = date(2025, 3, 4)

# function, arguments, path, query, fixture, ids of the items (or of the object)
CASES: dict[str, tuple[Any, ...]] = {
    "following": (
        users.following, (7,), "/v1/user/following", "user_id=7&restrict=public", "user_previews", [501, 502],
    ),
    "following, private": (
        users.following, (7, "private", 30), "/v1/user/following", "user_id=7&restrict=private&offset=30",
        "user_previews", [501, 502],
    ),
    "user": (users.detail, (501,), "/v1/user/detail", "user_id=501", "user_detail", 501),
    "user illusts": (
        users.illusts, (501,), "/v1/user/illusts", "user_id=501", "illusts", [9001, 9002, 9003, 9004],
    ),
    "user manga": (
        users.illusts, (501, "manga", 0), "/v1/user/illusts", "user_id=501&type=manga&offset=0",
        "illusts", [9001, 9002, 9003, 9004],
    ),
    "user novels": (users.novels, (501,), "/v1/user/novels", "user_id=501", "novels", [9001, 9002]),
    "bookmarks": (
        users.bookmarks_illust, (7, "private", "風景", 99), "/v1/user/bookmarks/illust",
        "user_id=7&restrict=private&tag=%E9%A2%A8%E6%99%AF&max_bookmark_id=99", "bookmarks", [9001, 9004],
    ),
    "novel bookmarks": (
        users.bookmarks_novel, (7,), "/v1/user/bookmarks/novel", "user_id=7&restrict=public",
        "novels", [9001, 9002],
    ),
    "bookmark tags": (
        users.bookmark_tags_illust, (7,), "/v1/user/bookmark-tags/illust", "user_id=7&restrict=public",
        "bookmark_tags", ["風景", "未分類"],
    ),
    "novel bookmark tags": (
        users.bookmark_tags_novel, (7, "private", 30), "/v1/user/bookmark-tags/novel",
        "user_id=7&restrict=private&offset=30", "bookmark_tags", ["風景", "未分類"],
    ),
    "illust": (illusts.detail, (9001,), "/v1/illust/detail", "illust_id=9001", "illust_detail", 9001),
    "follow feed": (
        illusts.follow, (), "/v2/illust/follow", "restrict=public", "illusts", [9001, 9002, 9003, 9004],
    ),
    "ranking": (
        illusts.ranking, ("day", DAY, 30), "/v1/illust/ranking", "mode=day&date=2025-03-04&offset=30",
        "illusts", [9001, 9002, 9003, 9004],
    ),
    "ugoira": (illusts.ugoira_metadata, (9003,), "/v1/ugoira/metadata", "illust_id=9003", "ugoira_metadata", None),
    "illust series": (
        illusts.series, (12, 30), "/v1/illust/series", "illust_series_id=12&offset=30",
        "illust_series", [9002, 9001],
    ),
    "bookmark detail": (
        illusts.bookmark_detail, (9001,), "/v2/illust/bookmark/detail", "illust_id=9001", "bookmark_detail", None,
    ),
    "novel": (novels.detail, (9001,), "/v2/novel/detail", "novel_id=9001", "novel_detail", 9001),
    "novel feed": (novels.follow, ("private",), "/v1/novel/follow", "restrict=private", "novels", [9001, 9002]),
    "novel ranking": (novels.ranking, ("week",), "/v1/novel/ranking", "mode=week", "novels", [9001, 9002]),
    "novel series": (
        novels.series, (77, 30), "/v2/novel/series", "series_id=77&last_order=30", "novel_series", [9001, 9002],
    ),
    "novel bookmark detail": (
        novels.bookmark_detail, (9001,), "/v2/novel/bookmark/detail", "novel_id=9001", "bookmark_detail", None,
    ),
    "comments": (
        comments.illust_comments, (9001, 30), "/v3/illust/comments", "illust_id=9001&offset=30",
        "comments", [301, 300, 299],
    ),
    "novel comments": (
        comments.novel_comments, (9001,), "/v3/novel/comments", "novel_id=9001", "comments", [301, 300, 299],
    ),
    "replies": (
        comments.replies, ("illust", 301), "/v2/illust/comment/replies", "comment_id=301",
        "comments", [301, 300, 299],
    ),
    "novel replies": (
        comments.replies, ("novel", 301), "/v2/novel/comment/replies", "comment_id=301",
        "comments", [301, 300, 299],
    ),
}  # fmt: skip
LISTS = [name for name, case in CASES.items() if isinstance(case[5], list)]


def ids(item):
    for name in ("id", "name"):
        if hasattr(item, name):
            return getattr(item, name)
    return item.user.id if hasattr(item, "user") else None


@pytest.mark.parametrize("case", CASES)
@respx.mock
async def test_each_endpoint_asks_and_reads_as_documented(api, load, case):
    function, args, path, query, fixture, expected = CASES[case]
    payload = load(fixture)
    route = respx.get(BASE + path).respond(json=payload)
    answer = await function(api, *args)
    request = route.calls.last.request
    assert request.url.query.decode() == query
    assert request.headers["authorization"] == "Bearer access-1"
    assert request.headers["accept-language"] == "en"
    assert request.headers["app-version"] in request.headers["user-agent"]
    if isinstance(expected, list):
        assert [ids(item) for item in answer] == expected
        assert answer.broken == ()
        assert {"head": list(answer.head)} == {
            "head": [k for k in payload if k not in (list_key(payload), "next_url")]
        }
    else:
        assert ids(answer.item) == expected
        assert answer.raw


def list_key(payload):
    lists = ("illusts", "novels", "comments", "user_previews", "bookmark_tags")
    return next(key for key in payload if key in lists)


@pytest.mark.parametrize("case", LISTS)
@respx.mock
async def test_each_list_goes_on_with_exactly_the_query_of_next(api, load, case):
    function, args, path, _, fixture, _ = CASES[case]
    route = respx.get(BASE + path).respond(json=load(fixture))
    next = {"restrict": "private", "viewed[0]": "1", "viewed[1]": "2", "offset": "60", "filter": ""}
    await function(api, *(args[:2] if function is comments.replies else args[:1]), next=next)
    query = route.calls.last.request.url.params
    assert dict(query) == next


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda api: illusts.ranking(api, "daily"), "day_male"),  # type: ignore[arg-type]
        (lambda api: novels.ranking(api, "month"), "week_rookie"),  # type: ignore[arg-type]
        (lambda api: illusts.follow(api, "everything"), "all, public, private"),  # type: ignore[arg-type]
        (lambda api: users.following(api, 7, "all"), "public, private"),  # type: ignore[arg-type]
        (lambda api: users.illusts(api, 7, "ugoira"), "illust, manga"),  # type: ignore[arg-type]
        (lambda api: users.detail(api, 0), "above 0"),
        (lambda api: users.detail(api, True), "True; it must"),
        (lambda api: users.novels(api, 7, -1), "0 or more"),
        (lambda api: comments.replies(api, cast("Any", "manga"), 1), "illust, novel"),
    ],
)
@respx.mock
async def test_wrong_arguments_fail_before_anything_is_sent_and_name_what_is_allowed(api, call, says):
    with pytest.raises(errors.InvalidRequest, match=says):
        await call(api)
    assert not respx.calls


@pytest.mark.parametrize("medium", ["illust", "novel"])
@respx.mock
async def test_comments_fall_back_to_v1_only_where_v3_is_gone(api, load, medium):
    function = comments.illust_comments if medium == "illust" else comments.novel_comments
    v3 = respx.get(f"{BASE}/v3/{medium}/comments").respond(404)
    v1 = respx.get(f"{BASE}/v1/{medium}/comments").respond(json=load("comments"))
    assert len((await function(api, 9001)).items) == 3
    v3.respond(404, json={"error": {"user_message": "no such work"}})
    with pytest.raises(errors.NotFound):
        await function(api, 9001)
    assert v1.call_count == 1


@respx.mock
async def test_novel_text_is_cut_out_of_the_page_verbatim(api):
    page = (Path(__file__).parent / "fixtures" / "novel_text.html").read_text()
    route = respx.get(f"{BASE}/webview/v2/novel").respond(html=page)
    text = await novels.text(api, 9001)
    assert route.calls.last.request.url.query.decode() == "id=9001&viewer_version=20221031_ai"
    assert text.item.text == "　一行目\r\n[newpage]\r\n二行目 };[pixivimage:9001-1] </script>?"
    assert (text.item.id, text.item.user_id, text.item.illusts) == (9001, 501, {})
    assert list(text.item.images) == ["55"]
    assert text.raw["seriesId"] == "77"


@pytest.mark.parametrize("page", ["<html></html>", "<html>novel: {", '<html>novel: {"id": 1}', ""])
@respx.mock
async def test_a_page_without_a_novel_is_a_bad_response(api, page):
    respx.get(f"{BASE}/webview/v2/novel").respond(html=page)
    with pytest.raises(errors.BadResponse, match="no novel"):
        await novels.text(api, 9001)


@respx.mock
async def test_a_cloudflare_page_is_not_taken_for_a_novel(api):
    page = "<html><title>Just a moment...</title><script>window._cf_chl_opt={}</script>"
    respx.get(f"{BASE}/webview/v2/novel").respond(html=page)
    with pytest.raises(errors.Challenge):
        await novels.text(api, 9001)


@pytest.mark.parametrize(
    "words", ["Just a moment", "CAPTCHA", "cf-challenge", "<script src='/cdn-cgi/challenge-platform/h/b/x'>"]
)
@respx.mock
async def test_a_page_that_holds_the_novel_is_no_challenge_whatever_is_written_in_it(api, words):
    novel = {"id": "9001", "userId": "501", "title": words, "text": words, "tags": [words], "caption": words}
    page = f"<html><head><title>{words}</title></head><script>x = {{novel: {json.dumps(novel)}}}</script></html>"
    respx.get(f"{BASE}/webview/v2/novel").respond(html=page, headers={"server": "cloudflare"})
    assert (await novels.text(api, 9001)).item.text == words


@respx.mock
async def test_stubs_come_out_as_states_and_not_as_works(api, load):
    respx.get(f"{BASE}/v1/user/bookmarks/illust").respond(json=load("bookmarks"))
    page = await users.bookmarks_illust(api, 7)
    work, stub = list(page)
    assert (work.is_stub, stub.is_stub, stub.originals) == (False, True, ())
    assert stub.state is State.UNKNOWN
    assert page.next
    assert (page.next["max_bookmark_id"], page.next["tag"]) == ("24680135", "風景")


@respx.mock
async def test_the_works_in_a_user_list_are_models_and_none_takes_its_row_with_it(api, load):
    payload = load("user_previews")
    payload["user_previews"][0]["illusts"].append({"title": "no id"})
    respx.get(f"{BASE}/v1/user/following").respond(json=payload)
    first, second = list(await users.following(api, 7))
    assert [(type(work), work.id) for work in (*first.illusts, *first.novels)] == [(Illust, 9001), (Novel, 9001)]
    works = preview_works(first)
    assert [w.item.id for w in works.illusts] == [9001]
    assert [w.item.id for w in works.novels] == [9001]
    assert [broken.raw for broken in works.broken] == [{"title": "no id"}]
    assert preview_works(second) == Works((), (), ())


@respx.mock
async def test_a_series_is_described_in_the_head_of_its_pages(api, load):
    respx.get(f"{BASE}/v2/novel/series").respond(json=load("novel_series"))
    respx.get(f"{BASE}/v1/user/novels").respond(json=load("novels"))
    detail = series_detail(await novels.series(api, 77))
    assert detail
    assert (detail.item.id, detail.item.title, detail.item.content_count) == (77, "灯台守", 2)
    assert series_detail(await users.novels(api, 1)) is None


@respx.mock
async def test_a_view_of_the_api_pays_from_its_own_lane(api, load):
    respx.get(f"{BASE}/v1/user/detail").respond(json=load("user_detail"))
    await users.detail(api, 501)
    await users.detail(api.at(Lane.REFRESH), 501)
    assert api.transport.pacer.state.spent_by_lane == {"NEW": 1, "REFRESH": 1}


@respx.mock
async def test_the_client_works_alone(load):
    respx.post("https://oauth.secure.pixiv.net/auth/token").respond(json=load("token"))
    route = respx.get(f"{BASE}/v1/user/detail").respond(json=load("user_detail"))
    kept: list[Token] = []
    async with Client("refresh-0", language="ja", requests_per_minute=0, on_token=kept.append) as pixiv:
        user = await users.detail(pixiv.app, 501)
    assert user.item.user.name == "画家501"
    assert user.item.profile.total_novels == 2
    assert route.calls.last.request.headers["accept-language"] == "ja"
    assert [token.user_id for token in kept] == [7]


@respx.mock
async def test_errors_name_method_and_path_and_no_token(api):
    respx.get(f"{BASE}/v1/illust/detail").mock(return_value=httpx.Response(404, json=gone()))
    with pytest.raises(errors.NotFound, match=r"GET /v1/illust/detail: 404: .*削除") as caught:
        await illusts.detail(api, 9001)
    assert "access-1" not in str(caught.value)


def gone():
    message = "該当作品は削除されたか、存在しない作品IDです。"
    return json.loads(json.dumps({"error": {"user_message": message, "message": "", "reason": ""}}))
