"""Each way in which www.pixiv.net refuses, as the error that it is; and cookies that go nowhere else."""

import httpx
import pytest
import respx

from pixmirror import errors
from pixmirror.models import Lane
from pixmirror.pixiv.web import CookieRejected, WebApi, WebSession, account, actions, feeds, illusts, search, users
from pixmirror.pixiv.web.csrf import token_in
from pixmirror.pixiv.web.session import USER_AGENT
from pixmirror.pixiv.wire import Request

pytestmark = pytest.mark.anyio
BASE = "https://www.pixiv.net"
TOKEN = "0123456789abcdef0123456789abcdef"


def said(message, error=True):
    return {"error": error, "message": message, "body": []}


CASES = {
    "deleted, 404": (404, said("Work has been deleted or the ID does not exist."), errors.NotFound),
    "deleted, 200": (200, said("尚無此頁"), errors.NotFound),
    "without a word": (200, said(""), errors.NotFound),
    "404 without a word": (404, said(""), errors.NotFound),
    "dead session": (400, said("An unknown error occurred"), CookieRejected),
    "dead session, 200": (200, said("An unknown error occurred"), CookieRejected),
    "dead session, Japanese": (400, said("不明なエラーが発生しました"), CookieRejected),
    "not logged in": (403, said("Please log in."), CookieRejected),
    "401": (401, said(""), CookieRejected),
    "suspended": (403, said("Your access is currently restricted."), errors.Forbidden),
    "too fast": (429, said("Too many requests"), errors.RateLimited),
    "bad": (400, said("Invalid request."), errors.InvalidRequest),
    "failing": (502, said(""), errors.ServerError),
    "empty 404": (404, None, errors.EndpointGone),
    "no envelope": (200, {"body": {}}, errors.BadResponse),
    "no body": (200, {"error": False}, errors.BadResponse),
    "a list": (200, [], errors.BadResponse),
    "body []": (200, said("", error=False), errors.BadResponse),
}


@pytest.mark.parametrize("name", CASES)
@respx.mock
async def test_each_refusal_is_the_right_error(mocked, name):
    status, payload, error = CASES[name]
    answer = httpx.Response(status) if payload is None else httpx.Response(status, json=payload)
    respx.get(f"{BASE}/ajax/user/5").mock(return_value=answer)
    with pytest.raises(error) as caught:
        await users.short(mocked, 5)
    assert type(caught.value) is error
    assert "/ajax/user/5" in str(caught.value)
    assert "abcDEF" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 403, 503])
@respx.mock
async def test_a_challenge_page_is_a_challenge(mocked, status):
    page = "<html><title>Just a moment...</title><script>window._cf_chl_opt={}</script>"
    respx.get(f"{BASE}/ajax/user/5").respond(status, html=page)
    with pytest.raises(errors.Challenge):
        await users.short(mocked, 5)


@respx.mock
async def test_a_rate_limit_is_ours_even_where_a_user_was_asked_for(mocked):
    respx.get(f"{BASE}/ajax/user/5").respond(403, json=said("Rate Limit"))
    with pytest.raises(errors.RateLimited):
        await users.short(mocked, 5)


@respx.mock
async def test_the_login_page_and_the_way_to_it_mean_a_dead_session(mocked):
    respx.get(f"{BASE}/ajax/user/5").respond(302, headers={"location": "https://accounts.pixiv.net/login"})
    respx.get(f"{BASE}/ajax/user/6").respond(html='<a href="https://accounts.pixiv.net/login?x">')
    for user_id in (5, 6):
        with pytest.raises(CookieRejected):
            await users.short(mocked, user_id)
        with pytest.raises(errors.LoginNeeded):
            await users.short(WebApi(mocked.transport), user_id)


@respx.mock
async def test_maintenance_is_no_challenge(mocked):
    respx.get(f"{BASE}/ajax/user/5").respond(html="<html>pixiv is under maintenance")
    with pytest.raises(errors.UnexpectedPage, match="web page"):
        await users.short(mocked, 5)


@respx.mock
async def test_what_goes_out_is_what_the_document_names(mocked):
    route = respx.get(f"{BASE}/ajax/user/5").respond(json=said("x"))
    with pytest.raises(errors.NotFound):
        await users.detail(mocked.at(Lane.EXTRA), 5)
    request = route.calls.last.request
    assert dict(request.url.params) == {"full": "1", "lang": "en"}
    assert request.headers["referer"] == "https://www.pixiv.net/member.php?id=5"
    assert request.headers["cookie"] == "PHPSESSID=123_abcDEF"
    assert request.headers["user-agent"] == USER_AGENT
    assert "authorization" not in request.headers
    assert mocked.transport.pacer.state.spent_by_lane == {"EXTRA": 1}


@respx.mock
async def test_words_are_quoted_in_paths_and_lists_numbered(mocked):
    body = {"illustManga": {"data": [], "total": 0}, "popular": {}}
    route = respx.get(url__startswith=f"{BASE}/ajax/search/artworks/").respond(json={"error": False, "body": body})
    filters = search.Filters(wlt=100, wgt=2000, ratio=-0.5, tool="SAI", scd="2025-01-02", blt=5)
    page = await search.artworks(mocked, "a/b 東", filters=filters)
    request = route.calls.last.request
    assert request.url.raw_path.decode().startswith("/ajax/search/artworks/a%2Fb%20%E6%9D%B1?")
    assert dict(request.url.params) == {
        "word": "a/b 東", "type": "all", "order": "date_d", "mode": "all", "s_mode": "s_tag_full", "wlt": "100",
        "wgt": "2000", "ratio": "-0.5", "tool": "SAI", "scd": "2025-01-02", "blt": "5", "p": "1", "lang": "en",
    }  # fmt: skip
    assert page.next is None


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda api: feeds.top(api, "r19"), "all, safe, r18"),  # type: ignore[arg-type]
        (lambda api: users.following(api, 5, limit=101), "1 to 100"),
        (lambda api: users.following(api, 5, rest="hide"), "not the one of the cookie"),
        (lambda api: users.bookmarks_illust(api, 5, rest="private"), "show, hide"),  # type: ignore[arg-type]
        (lambda api: users.profile_illusts(api, 5, range(1, 60)), "1 to 48"),
        (lambda api: search.artworks(api, "x", order="new"), "popular_male_d"),  # type: ignore[arg-type]
        (
            lambda api: search.artworks(api, "x", filters=search.Filters(ratio=float("inf"))),
            "-0.5 portrait, 0 square",
        ),
        (lambda api: search.artworks(api, "x", filters=search.Filters(work_lang="ja")), "manga alone"),
        (lambda api: search.manga(api, "x", filters=search.Filters(work_lang="japanese")), "two letters"),
        (lambda api: search.manga(api, "x", filters=search.Filters(wlt=5, wgt=2)), "above the most"),
        (
            lambda api: search.manga(api, "x", filters=search.Filters(scd="2025-02-02", ecd="2025-01-01")),
            "after ecd",
        ),
        (lambda api: search.illustrations(api, " "), "not an empty one"),
        (lambda api: illusts.new(api, limit=21), "1 to 20"),
        (lambda api: illusts.unlisted(api, "../x"), "token"),
        (lambda api: actions.bookmark_add(api, 5, restrict=2), "0, 1"),
        (lambda api: feeds.follow_illust(api, next={"q": "1"}), "another list"),
    ],
)
@respx.mock
async def test_wrong_arguments_fail_and_name_what_is_allowed(mocked, call, says):
    respx.get(url__startswith=f"{BASE}/ajax/follow").respond(
        json={"error": False, "body": {"page": {"ids": [1], "isLastPage": False}}}
    )
    with pytest.raises(errors.InvalidRequest, match=says):
        await call(mocked)
    assert all("follow_latest" in str(c.request.url) for c in respx.calls)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "no PHPSESSID"),
        ({"phpsessid": "abc"}, "no PHPSESSID"),
        ({"phpsessid": "1_a\r\nX: y"}, "no PHPSESSID"),
        ({"cookie": "a=b"}, "no PHPSESSID"),
        ({"cookie": "PHPSESSID=1_ab; cf_clearance=x"}, "User-Agent"),
        ({"cookie": "PHPSESSID=1_ab; x\n=y"}, "cannot be read"),
        ({"phpsessid": "1_ab", "user_agent": "a\nb"}, "User-Agent"),
    ],
)
def test_a_cookie_that_cannot_be_one_is_refused_without_being_shown(arguments, says):
    with pytest.raises(errors.ConfigError, match=says) as caught:
        WebSession(**arguments)
    assert "1_a" not in str(caught.value)


def test_a_session_knows_whose_it_is_and_shows_nothing():
    session = WebSession(cookie="Cookie: a=b; PHPSESSID=77_sEcret; cf_clearance=clear", user_agent="Mozilla/9")
    assert session.user_id == 77
    assert session.cookie == "a=b; PHPSESSID=77_sEcret; cf_clearance=clear"
    assert "sEcret" not in repr(session)
    assert "clear" not in repr(session)


async def test_a_cookie_goes_to_no_other_host(transport):
    for host in ("i.pximg.net", "app-api.pixiv.net", "s.pximg.net"):
        with pytest.raises(errors.InvalidRequest, match="a cookie goes to"):
            await transport.ask_json(Request("GET", host, "/x", headers={"Cookie": "PHPSESSID=1_a"}))
    assert transport.counts.api == 0


async def test_an_unknown_language_is_refused(transport):
    with pytest.raises(errors.InvalidRequest, match="zh_tw"):
        WebApi(transport, lang="fr")


@pytest.mark.parametrize(
    "page",
    [
        f'<meta name="global-data" id="meta-global-data" content=\'{{"token":"{TOKEN}","services":{{}}}}\'>',
        f'<meta id="meta-global-data" content="{{&quot;token&quot;:&quot;{TOKEN}&quot;}}">',
        f'<script id="__NEXT_DATA__">{{"props":{{"s":"{{\\"api\\":{{\\"token\\":\\"{TOKEN}\\"}}}}"}}}}</script>',
        f'<script>pixiv.context = {{"postKey":"{TOKEN}"}}</script>',
        f'<script>pixiv.context.token = "{TOKEN}";</script>',
        f'<input type="hidden" name="tt" value="{TOKEN}">',
    ],
)
def test_the_token_is_found_wherever_a_page_has_it(page):
    assert token_in(f"<html>{page}</html>") == TOKEN


@respx.mock
async def test_a_page_without_a_token_is_a_bad_response(mocked):
    respx.get(f"{BASE}/settings/account").respond(html="<html></html>")
    with pytest.raises(errors.BadResponse, match="CSRF"):
        await actions.like(mocked, 5)


@respx.mock
async def test_messages_that_cannot_be_read_are_no_all_clear(mocked):
    respx.get(f"{BASE}/rpc/index.php").respond(json=said("", error=False))
    with pytest.raises(errors.BadResponse):
        await account.has_warning(mocked)
