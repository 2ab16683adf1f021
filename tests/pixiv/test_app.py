"""The App API beyond one endpoint at a time: what must not be sent, what changes something, and past the cap."""

from datetime import date, timedelta

import httpx
import pytest
import respx

from pixmirror import errors
from pixmirror.models import Account
from pixmirror.pixiv import AppApi, Client, SearchTarget, Sort, parse_qs, past_cap
from pixmirror.pixiv.app import account, comments, illusts, novels, search, site, users
from pixmirror.pixiv.reading import account as read_account
from pixmirror.pixiv.reading import along
from pixmirror.pixiv.tokens import read_token

pytestmark = pytest.mark.anyio
BASE = "https://app-api.pixiv.net"


@pytest.mark.parametrize(
    "function",
    [
        users.bookmarks_illust,
        users.bookmarks_novel,
        users.bookmark_tags_illust,
        users.bookmark_tags_novel,
        users.following,
    ],
)
@respx.mock
async def test_what_others_keep_private_is_not_asked_for(api, function):
    with pytest.raises(errors.InvalidRequest, match="user 8 is not the one who is logged in"):
        await function(api, 8, "private")
    assert not respx.calls


@respx.mock
async def test_a_filter_goes_with_every_read_and_with_nothing_else(api, load):
    route = respx.get(f"{BASE}/v1/user/illusts").respond(json=load("illusts"))
    for name in ("for_ios", "for_android", ""):
        await users.illusts(api.with_filter(name), 501)
        assert route.calls.last.request.url.params["filter"] == name
    page = await users.illusts(api.with_filter("for_ios"), 501, next={"user_id": "501", "offset": "30"})
    assert route.calls.last.request.url.query == b"user_id=501&offset=30"
    assert "filter" not in (page.next or {})
    post = respx.post(f"{BASE}/v1/user/follow/delete").respond(json={})
    await users.follow_delete(api.with_filter("for_ios"), 501)
    assert post.calls.last.request.content == b"user_id=501"
    with pytest.raises(errors.InvalidRequest, match="for_ios, for_android, an empty text"):
        api.with_filter("for_windows")


@respx.mock
async def test_what_needs_no_login_is_asked_without_one(transport, load):
    from pixmirror.pixiv import Auth

    api = AppApi(transport, Auth(transport))
    respx.get(f"{BASE}/v1/emoji").respond(json=load("emoji"))
    respx.get(f"{BASE}/v1/walkthrough/illusts").respond(json=load("illusts"))
    respx.get(f"{BASE}/v1/illust/recommended-nologin").respond(json=load("recommended"))
    respx.get(f"{BASE}/v1/application-info/android").respond(json=load("application_info"))
    await site.emoji(api)
    await illusts.walkthrough(api)
    await illusts.recommended_nologin(api, bookmark_illust_ids=[3, 4])
    assert respx.calls.last.request.url.params["bookmark_illust_ids"] == "3,4"
    await site.application_info(api, "android")
    assert all("authorization" not in call.request.headers for call in respx.calls)
    with pytest.raises(errors.LoginNeeded):
        await site.stamps(api)


POSTS = [
    (lambda api: illusts.bookmark_add(api, 5), "/v2/illust/bookmark/add", "illust_id=5&restrict=public"),
    (
        lambda api: novels.bookmark_add(api, 5, "private", ["風", "a"]),
        "/v2/novel/bookmark/add",
        "novel_id=5&restrict=private&tags%5B%5D=%E9%A2%A8&tags%5B%5D=a",
    ),
    (lambda api: illusts.bookmark_delete(api, 5), "/v1/illust/bookmark/delete", "illust_id=5"),
    (lambda api: users.follow_add(api, 5, "private"), "/v1/user/follow/add", "user_id=5&restrict=private"),
    (lambda api: novels.marker_add(api, 5, 2), "/v1/novel/marker/add", "novel_id=5&page=2"),
    (lambda api: account.edit_ai_show_settings(api, False), "/v1/user/ai-show-settings/edit", "show_ai=false"),
    (lambda api: account.watchlist_manga_add(api, 5), "/v1/watchlist/manga/add", "series_id=5"),
    (
        lambda api: account.mute_edit(api, add_user_ids=[5], delete_tags=["a"]),
        "/v1/mute/edit",
        "add_user_ids%5B%5D=5&delete_tags%5B%5D=a",
    ),
]


@pytest.mark.parametrize(("call", "path", "form"), POSTS, ids=[path for _, path, _ in POSTS])
@respx.mock
async def test_a_change_is_one_form_and_is_never_repeated_by_itself(api, call, path, form):
    route = respx.post(BASE + path).respond(json={})
    assert await call(api) is None
    assert route.calls.last.request.content.decode() == form
    for failure, expected in (
        (httpx.Response(500), errors.ServerError),
        (httpx.Response(429), errors.RateLimited),
        (httpx.ReadError("cut"), errors.Unreachable),
    ):
        route.mock(side_effect=[failure, httpx.Response(200, json={})])
        before = route.call_count
        with pytest.raises(expected):
            await call(api)
        assert route.call_count == before + 1


@respx.mock
async def test_an_edit_of_nothing_is_not_sent(api):
    with pytest.raises(errors.InvalidRequest, match="nothing to mute"):
        await account.mute_edit(api)
    with pytest.raises(errors.InvalidRequest, match="show_ai is None"):
        await account.edit_ai_show_settings(api, None)  # type: ignore[arg-type]
    assert not respx.calls


@respx.mock
async def test_a_search_sends_what_was_given_and_nothing_else(api, load):
    route = respx.get(f"{BASE}/v1/search/illust").respond(json=load("search_illusts"))
    page = await search.illusts(api, "風景")
    assert dict(route.calls.last.request.url.params) == {
        "word": "風景",
        "search_target": "partial_match_for_tags",
        "sort": "date_desc",
    }
    assert search.span_limit(page) == 31_536_000
    await search.illusts(
        api,
        "風景",
        SearchTarget.KEYWORD,
        Sort.DATE_ASC,
        search_ai_type=0,
        merge_plain_keyword_results=False,
        start_date=date(2024, 1, 1),
        end_date="2024-12-31",
        bookmark_num_min=0,
    )
    sent = dict(route.calls.last.request.url.params)
    assert sent["search_ai_type"] == "0"
    assert sent["merge_plain_keyword_results"] == "false"
    assert (sent["start_date"], sent["end_date"]) == ("2024-01-01", "2024-12-31")
    assert (sent["search_target"], sent["sort"], sent["bookmark_num_min"]) == ("keyword", "date_asc", "0")


@pytest.mark.parametrize(("start", "end"), [("2024-01-01", "2025-01-01"), ("2024-01-02", "2024-01-01")])
@respx.mock
async def test_dates_are_no_more_than_a_year_apart(api, start, end):
    with pytest.raises(errors.InvalidRequest, match=r"start_date .* days; Pixiv takes 0 to 365"):
        await search.novels(api, "a", start_date=start, end_date=end)
    assert not respx.calls


def pixiv_search(works, cap=60, size=30):
    """A search over (id, day) pairs, newest first, that ends at `cap`."""

    def answer(request):
        query = request.url.params
        offset = int(query.get("offset", 0))
        if offset > cap:
            return httpx.Response(400, json={"error": {"message": '{"offset":["must be no more than 60"]}'}})
        start, end = query.get("start_date", ""), query.get("end_date", "9999")
        found = [(i, d) for i, d in works if start <= d.isoformat() <= end]
        if query["sort"] == "date_asc":
            found.reverse()
        rows = [
            {"id": i, "type": "illust", "user": {"id": 1}, "create_date": f"{d.isoformat()}T23:30:00+09:00"}
            for i, d in found[offset : offset + size]
        ]
        more = offset + size < len(found)
        after = httpx.URL(BASE).copy_with(params=query.set("offset", offset + size)) if more else None
        return httpx.Response(200, json={"illusts": rows, "next_url": str(after) if after else None})

    return answer


@pytest.mark.parametrize("sort", ["date_desc", "date_asc"])
@respx.mock
async def test_a_search_goes_past_its_cap_once_for_each_work(api, sort):
    first = date(2025, 6, 30)
    works = [(1000 - n, first - timedelta(days=n // 40)) for n in range(410)]
    respx.get(f"{BASE}/v1/search/illust").mock(side_effect=pixiv_search(works))
    found = [work.item.id async for work in past_cap(api, "illust", "風景", sort)]
    assert len(found) == len(set(found))
    assert sorted(found) == sorted(i for i, _ in works)


async def until_error(works):
    """The ids before an OffsetCap, and what that says."""
    found = []
    try:
        async for work in works:
            found.append(work.item.id)  # noqa: PERF401 - what came before the error counts
    except errors.OffsetCap as exc:
        return found, str(exc)
    raise AssertionError


@respx.mock
async def test_a_day_that_holds_more_than_the_cap_is_said_and_how_to_go_on(api):
    works = [(1000 - n, date(2025, 6, 30) - timedelta(days=n // 200)) for n in range(300)]
    respx.get(f"{BASE}/v1/search/illust").mock(side_effect=pixiv_search(works))
    found, failure = await until_error(past_cap(api, "illust", "風景"))
    assert (len(found), "end_date='2025-06-29'" in failure) == (90, True)
    rest, failure = await until_error(past_cap(api, "illust", "風景", end_date="2025-06-29"))
    assert (rest[0], "end_date='2025-06-28'" in failure) == (800, True)


@respx.mock
async def test_past_cap_refuses_what_it_cannot_do(api):
    for wrong in ({"sort": "popular_desc"}, {"offset": 30}, {"next": {"offset": "30"}}):
        with pytest.raises(errors.InvalidRequest):
            await anext(past_cap(api, "illust", "a", **wrong))
    with pytest.raises(errors.InvalidRequest, match="illust, novel"):
        await anext(past_cap(api, "manga", "a"))  # type: ignore[arg-type]
    assert not respx.calls


@respx.mock
async def test_recommendations_go_on_with_all_their_cursors(api, load):
    route = respx.get(f"{BASE}/v1/illust/recommended").respond(json=load("recommended"))
    page = await illusts.recommended(api, viewed=[1, 2], include_ranking_label=True)
    assert route.calls.last.request.url.params.get_list("viewed[]") == ["1", "2"]
    assert [work.item.id for work in along(page).illusts] == [9001, 9002]
    await illusts.recommended(api, next=page.next)
    assert dict(route.calls.last.request.url.params) == page.next
    assert page.next
    assert page.next["min_bookmark_id_for_recent_illust"] == "6277740037"
    assert page.next["viewed[0]"] == "9001"


@respx.mock
async def test_the_ends_of_a_series_stand_beside_it(api, load):
    respx.get(f"{BASE}/v2/novel/series").respond(json=load("novel_series"))
    works = along(await novels.series(api, 77))
    assert [work.item.id for work in works.novels] == [9001, 9002]
    assert (works.illusts, works.broken) == ((), ())


@respx.mock
async def test_replies_of_both_media_and_totals(api, load):
    route = respx.get(f"{BASE}/v3/novel/comments").respond(json=load("comments"))
    page = await comments.novel_comments(api, 5, include_total_comments=True)
    assert route.calls.last.request.url.params["include_total_comments"] == "true"
    assert page.head["total_comments"] == 3


@respx.mock
async def test_a_hidden_series_and_an_old_mute_are_read_too(api, load):
    respx.get(f"{BASE}/v1/watchlist/manga").respond(json=load("watchlist"))
    respx.get(f"{BASE}/v1/mute/list").respond(json=load("mute_list"))
    respx.get(f"{BASE}/v1/search/bookmark-ranges/illust").respond(json=load("bookmark_ranges"))
    shown, hidden = await account.watchlist_manga(api)
    assert (shown.latest_content_id, hidden.mask_text) == (9001, "表示できません")
    mutes = (await account.mute_list(api)).item
    assert [mute.tag.name for mute in mutes.muted_tags] == ["ネタバレ", "夜"]
    ranges = list(await search.bookmark_ranges_illust(api, "a"))
    assert [(r.bookmark_num_min, r.bookmark_num_max) for r in ranges] == [(None, None), (100, 299)]


@respx.mock
async def test_a_work_of_no_series_has_no_place_and_another_answer_is_refused(api, load):
    route = respx.get(f"{BASE}/v1/illust-series/illust")
    route.respond(json={"illust_series_detail": None, "illust_series_context": []})
    position = (await illusts.series_position(api, 5)).item
    assert (position.illust_series_detail, position.illust_series_context) == (None, None)
    route.respond(json=load("user_detail"))
    mutes = respx.get(f"{BASE}/v1/mute/list").respond(json=load("user_detail"))
    for call in (illusts.series_position(api, 5), account.mute_list(api)):
        with pytest.raises(errors.BadResponse):
            await call
    assert mutes.called


def test_parse_qs_keeps_every_cursor_and_ends_at_none():
    assert parse_qs(None) is None
    url = f"{BASE}/v1/illust/recommended?offset=30&viewed[0]=5&viewed[1]=6&filter="
    assert parse_qs(url) == {"offset": "30", "viewed": ["5", "6"], "filter": ""}
    with pytest.raises(errors.BadResponse):
        parse_qs("https://app-api.pixiv.net/v1/x")


async def test_a_login_by_password_teaches_what_to_do_instead():
    async with Client() as pixiv:
        with pytest.raises(errors.LoginError, match="refresh token") as caught:
            await pixiv.login("somebody", "hunter2")
        assert "hunter2" not in str(caught.value)
        assert "pixmirror login" in caught.value.advice
        assert (pixiv.account, pixiv.refresh_token, pixiv.access_token) == (None, None, None)


def test_a_token_that_was_kept_tells_who_is_logged_in(load, clock):
    token = read_token(load("token"), clock.now())
    pixiv = Client(token=token)
    assert pixiv.account == Account(id=7, name="me", account="my_account", is_premium=False, x_restrict=2)
    assert (pixiv.refresh_token, pixiv.access_token) == ("refresh-1", "access-1")


@respx.mock
async def test_a_client_has_an_account_a_language_and_an_app_of_its_own(load, tmp_path):
    token = respx.post("https://oauth.secure.pixiv.net/auth/token").respond(json=load("token"))
    respx.get("https://i.pximg.net/x.png").respond(content=b"x", headers={"Content-Type": "image/png"})
    async with Client(language="ja", client_id="mine", client_secret="hush", filter="for_ios") as pixiv:
        assert "hush" not in repr(pixiv.app)
        await pixiv.authenticate("refresh-0")
        assert b"client_id=mine&client_secret=hush" in token.calls.last.request.content
        assert (pixiv.app.language, pixiv.app.filter) == ("ja", "for_ios")
        assert pixiv.account == Account.model_validate(load("token")["user"])
        assert pixiv.account.mail_address == "me@example.org"
        assert (pixiv.refresh_token, pixiv.access_token, pixiv.language) == ("refresh-1", "access-1", "ja")
        assert (await pixiv.download("https://i.pximg.net/x.png", tmp_path)).read_bytes() == b"x"


def test_an_account_is_read_from_either_place_of_a_login(load):
    answer = load("token")
    inner = answer.get("response", answer)
    for payload in (answer, {"response": inner}, inner):
        assert read_account(payload).item.id == 7
    with pytest.raises(errors.BadResponse):
        read_account({"response": {}})
