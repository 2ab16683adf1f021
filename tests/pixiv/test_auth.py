"""Logging in: what is sent, what each refusal is called, and that one refresh is enough for everybody."""

import asyncio
import base64
import hashlib
import json
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx

from pixmirror import errors, logs
from pixmirror.models import Token
from pixmirror.pixiv import AppIdentity, Auth, new_login, parse_code, redeem_code, redeem_refresh_token
from pixmirror.pixiv.tokens import read_token

pytestmark = pytest.mark.anyio
TOKEN_URL = "https://oauth.secure.pixiv.net/auth/token"
API_URL = "https://app-api.pixiv.net/v1/user/detail"
EXPIRED = {
    "error": {"user_message": "", "message": "Error occurred at the OAuth process. invalid_grant", "reason": ""}
}


def token_body(access="access-1", refresh="refresh-1", expires_in=3600):
    user = {"id": "7", "name": "me", "account": "acc", "is_premium": True, "x_restrict": 2}
    return {"access_token": access, "refresh_token": refresh, "expires_in": expires_in, "user": user}


def refusal(message, code=1508):
    return {"has_error": True, "errors": {"system": {"message": message, "code": code}}, "error": "invalid_grant"}


def form(call):
    return {k: v[0] for k, v in parse_qs(call.request.content.decode()).items()}


def saved(clock, refresh="refresh-0", access="access-0", life=3_600_000):
    return Token(access, refresh, clock.now() + life, 7, "me", "acc")


def test_a_new_login_names_the_challenge_of_its_verifier():
    login = new_login()
    query = parse_qs(urlsplit(login.url).query)
    digest = hashlib.sha256(login.verifier.encode()).digest()
    assert login.url.startswith("https://app-api.pixiv.net/web/v1/login?")
    assert query["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert query["code_challenge_method"] == ["S256"]
    assert new_login().verifier != login.verifier
    assert login.verifier not in repr(login)


@pytest.mark.parametrize(
    "text",
    [
        "AbC-123_xyz.7890",
        "  'AbC-123_xyz.7890'\n",
        "https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback?state=s&code=AbC-123_xyz.7890",
        "pixiv://account/login?code=AbC-123_xyz.7890&via=login",
        "code=AbC-123_xyz.7890",
        "?code=AbC-123_xyz.7890&via=login",
    ],
)
def test_the_code_is_found_in_whatever_was_pasted(text):
    assert parse_code(text) == "AbC-123_xyz.7890"


@pytest.mark.parametrize(
    "text", ["", "no", "https://app-api.pixiv.net/web/v1/login?x=1", "two words here", "code="]
)
def test_text_without_a_code_is_an_error_that_says_what_is_wanted(text):
    with pytest.raises(errors.LoginError, match="the long value of `code`") as raised:
        parse_code(text)
    assert logs.redact(str(raised.value)) == str(raised.value)  # nothing in it looks like a secret


@respx.mock
async def test_a_code_is_redeemed_with_its_verifier(transport, clock):
    route = respx.post(TOKEN_URL).respond(json=token_body())
    token = await redeem_code(transport, AppIdentity(), "the-code", "the-verifier")
    sent = form(route.calls.last)
    assert sent["grant_type"] == "authorization_code"
    assert (sent["code"], sent["code_verifier"]) == ("the-code", "the-verifier")
    assert sent["redirect_uri"] == "https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback"
    assert (token.access_token, token.refresh_token, token.user_id) == ("access-1", "refresh-1", 7)
    assert (token.expires_at, token.is_premium, token.x_restrict) == (clock.now() + 3_600_000, True, 2)


@respx.mock
async def test_the_token_endpoint_gets_client_time_and_its_hash(transport):
    route = respx.post(TOKEN_URL).respond(json=token_body())
    await redeem_refresh_token(transport, AppIdentity(), "r")
    headers = route.calls.last.request.headers
    salt = "28c1fdd170a5204386cb1313c7077b34f83e4aaf4aa829ce78c231e05b0bae2c"
    expected = hashlib.md5((headers["x-client-time"] + salt).encode()).hexdigest()
    assert headers["x-client-hash"] == expected
    assert headers["user-agent"].startswith("PixivIOSApp/")


@pytest.mark.parametrize("shape", ["top", "response", "both"])
def test_wrapped_and_unwrapped_answers_give_the_same_token(shape):
    body = token_body()
    payload = {"top": body, "response": {"response": body}, "both": {**body, "response": body}}[shape]
    assert read_token(payload, 0) == read_token(body, 0)


@pytest.mark.parametrize(
    "broken",
    [
        [],
        None,
        {},
        {**token_body(), "user": []},
        {**token_body(), "access_token": ""},
        {**token_body(), "access_token": "tök€n"},
        {**token_body(), "access_token": "a\r\nX: y"},
        {**token_body(), "user": {"id": None}},
    ],
)
def test_an_answer_without_what_is_needed_is_a_bad_response(broken):
    with pytest.raises(errors.BadResponse):
        read_token(broken, 0)


@pytest.mark.parametrize(
    ("message", "grant", "cause"),
    [
        ("Invalid refresh token", "refresh", "revoked"),
        (
            "103:pixiv ID、またはメールアドレス、パスワードが正しいかチェックしてください。",
            "refresh",
            "password is wrong",
        ),
        ("104:invalid account", "refresh", "suspended"),
        ("unauthorized for this client", "refresh", "client_id"),
        ("", "code", "30 seconds"),
        ("code_verifier does not match", "code", "another login page"),
    ],
)
@respx.mock
async def test_a_refusal_names_its_known_cause(transport, message, grant, cause):
    respx.post(TOKEN_URL).respond(400, json=refusal(message))
    if grant == "code":
        asking = redeem_code(transport, AppIdentity(), "secret-code", "secret-verifier")
    else:
        asking = redeem_refresh_token(transport, AppIdentity(), "secret-refresh")
    with pytest.raises(errors.TokenRejected, match=cause) as caught:
        await asking
    assert "secret-" not in str(caught.value)


@respx.mock
async def test_a_captcha_page_is_a_challenge_and_not_a_refusal(transport):
    respx.post(TOKEN_URL).respond(403, html="<html><script>window._cf_chl_opt={}</script></html>")
    with pytest.raises(errors.Challenge):
        await redeem_refresh_token(transport, AppIdentity(), "r")


@respx.mock
async def test_a_refresh_is_tried_again_when_the_network_failed(transport):
    respx.post(TOKEN_URL).mock(
        side_effect=[httpx.ConnectError("x"), httpx.Response(502), httpx.Response(200, json=token_body())]
    )
    assert (await redeem_refresh_token(transport, AppIdentity(), "r")).user_id == 7


@respx.mock
async def test_a_code_is_never_sent_twice(transport):
    route = respx.post(TOKEN_URL).mock(side_effect=httpx.ConnectError("x"))
    with pytest.raises(errors.Unreachable):
        await redeem_code(transport, AppIdentity(), "c", "v")
    assert route.call_count == 1


@respx.mock
async def test_a_token_that_is_still_good_is_not_refreshed(transport, clock):
    route = respx.post(TOKEN_URL).respond(json=token_body())
    auth = Auth(transport, token=saved(clock))
    assert await auth.access_token() == "access-0"
    clock.ms += 3_500_000
    assert await auth.access_token() == "access-0"
    assert route.call_count == 0
    clock.ms += 50_000
    assert await auth.access_token() == "access-1"
    assert route.call_count == 1


@respx.mock
async def test_a_short_lived_token_is_used_and_not_refreshed_each_time(transport):
    route = respx.post(TOKEN_URL).respond(json=token_body(expires_in=10))
    auth = Auth(transport, refresh_token="r")
    for _ in range(5):
        await auth.access_token()
    assert route.call_count == 1


@respx.mock
async def test_eight_calls_with_an_expired_token_cause_one_refresh(api, transport, clock, load):
    auth = api.auth
    auth.set_token(saved(clock))
    refresh = respx.post(TOKEN_URL).respond(json=token_body())

    everybody_asked = asyncio.Barrier(8)

    async def answer(request):
        if request.headers["authorization"] == "Bearer access-1":
            return httpx.Response(200, json=load("user_detail"))
        await everybody_asked.wait()
        return httpx.Response(400, json=EXPIRED)

    route = respx.get(API_URL).mock(side_effect=answer)
    await asyncio.gather(*(api.get("/v1/user/detail", {"user_id": 501}) for _ in range(8)))
    assert refresh.call_count == 1
    assert route.call_count == 16


@respx.mock
async def test_a_token_refused_right_after_its_refresh_is_an_error_and_not_a_loop(api, clock):
    refresh = respx.post(TOKEN_URL).respond(json=token_body())
    route = respx.get(API_URL).respond(400, json=EXPIRED)
    with pytest.raises(errors.AccessRefused) as caught:
        await api.get("/v1/user/detail")
    assert (refresh.call_count, route.call_count) == (1, 2)
    assert "access-" not in str(caught.value)


@respx.mock
async def test_two_refreshes_are_never_closer_than_the_gap(transport, clock):
    times = []

    def answer(request):
        times.append(clock.now())
        return httpx.Response(200, json=token_body(access=f"access-{len(times)}"))

    respx.post(TOKEN_URL).mock(side_effect=answer)
    auth = Auth(transport, refresh_token="r", min_gap=5)
    for _ in range(3):
        await auth.renew(await auth.access_token())
    assert all(b - a >= 5000 for a, b in pairwise(times))


@respx.mock
async def test_a_warning_at_the_token_endpoint_lasts_until_it_is_read_and_no_longer(transport):
    said = {"has_error": True, "errors": {"system": {"message": "Overuse warning", "code": 1}}}
    route = respx.post(TOKEN_URL).mock(
        side_effect=[httpx.Response(403, json=said), httpx.Response(200, json=token_body())]
    )
    auth = Auth(transport, refresh_token="refresh-0")
    for _ in range(3):
        with pytest.raises(errors.AccountWarned):
            await auth.token()
    assert route.call_count == 1

    transport.thaw()
    assert (await auth.token()).access_token == "access-1"


@respx.mock
async def test_a_rejected_refresh_token_is_not_offered_again_until_a_new_login(transport):
    route = respx.post(TOKEN_URL).respond(400, json=refusal("Invalid refresh token"))
    auth = Auth(transport, refresh_token="r")
    for _ in range(4):
        with pytest.raises(errors.TokenRejected, match="revoked"):
            await auth.access_token()
    assert route.call_count == 1
    route.respond(json=token_body())
    auth.set_refresh_token("another")
    assert await auth.access_token() == "access-1"


FIREWALL = {"message": "Forbidden"}
NOT_OF_THE_TOKEN = {
    "a firewall": httpx.Response(403, json=FIREWALL),
    "404": httpx.Response(404, json={"error": {"message": "Not found"}}),
    "nothing": httpx.Response(404),
    "temporary": httpx.Response(
        400, json={"has_error": True, "errors": {"system": {"message": "later", "code": 0}}}
    ),
    "401": httpx.Response(401, json={}),
    "451": httpx.Response(451, text="Unavailable For Legal Reasons"),
    "a page": httpx.Response(403, html="<html>Forbidden</html>"),
    "blocked": httpx.Response(403, text="error code: 1020"),
    "client": httpx.Response(400, json={"error": "invalid_client"}),
    "words": httpx.Response(400, json={"error": {"message": "Invalid refresh token"}}),
}


@pytest.mark.parametrize("name", NOT_OF_THE_TOKEN)
@respx.mock
async def test_only_what_says_that_the_token_is_dead_ends_the_login(transport, clock, name):
    route = respx.post(TOKEN_URL).mock(return_value=NOT_OF_THE_TOKEN[name])
    auth = Auth(transport, refresh_token="r")
    for _ in range(3):
        with pytest.raises(errors.PixivError) as caught:
            await auth.access_token()
        assert caught.value.scope == "everything"
    assert route.call_count == 1
    clock.ms += 301_000
    route.mock(return_value=httpx.Response(200, json=token_body()))
    assert await auth.access_token() == "access-1"


@pytest.mark.parametrize(
    "said",
    [
        {"error": "invalid_grant"},
        {"errors": {"system": {"code": 1508}}},
        {"errors": {"system": {"code": "103"}}},
        {"errors": {"system": {"message": "104:invalid account"}}},
    ],
)
@respx.mock
async def test_even_a_real_refusal_is_asked_about_once_a_day(transport, clock, said):
    route = respx.post(TOKEN_URL).respond(400, json=said)
    auth = Auth(transport, refresh_token="r")
    for _ in range(2 * 24):
        with pytest.raises(errors.TokenRejected):
            await auth.access_token()
        clock.ms += 3_600_000
    assert route.call_count == 2
    route.respond(json=token_body())
    assert await auth.access_token() == "access-1"


@respx.mock
async def test_a_clock_set_back_does_not_prolong_the_wait_for_a_login(transport, clock):
    clock.ms += 3650 * 86_400_000
    route = respx.post(TOKEN_URL).respond(403, json=FIREWALL)
    auth = Auth(transport, refresh_token="r")
    with pytest.raises(errors.NoToken):
        await auth.access_token()
    clock.ms -= 3650 * 86_400_000
    route.respond(json=token_body())
    assert await auth.access_token() == "access-1"


@pytest.mark.parametrize("wait", ["9" * 400, "3155760000", "-5", "Fri, 31 Dec 9999 23:59:59 GMT", "x"])
@respx.mock
async def test_no_retry_after_keeps_the_login_away_for_more_than_a_day(transport, clock, wait):
    route = respx.post(TOKEN_URL).respond(429, headers={"Retry-After": wait})
    auth = Auth(transport, refresh_token="r")
    with pytest.raises(errors.RateLimited):
        await auth.access_token()
    clock.ms += 86_401_000
    route.respond(json=token_body())
    assert await auth.access_token() == "access-1"


@pytest.mark.parametrize("life", [0, -1, -(10**30), None, "", "soon", 1e400, float("nan"), True, [], "9" * 5000])
def test_a_life_that_makes_no_sense_is_an_hour(life):
    assert read_token(token_body(expires_in=life), 0).expires_at == 3_600_000


@pytest.mark.parametrize(("life", "kept"), [(1, 300), ("7200", 7200), (10**30, 30 * 86_400)])
def test_a_life_is_bounded_on_both_sides(life, kept):
    assert read_token(token_body(expires_in=life), 0).expires_at == kept * 1000


@respx.mock
async def test_access_tokens_that_are_refused_one_after_the_other_are_not_renewed_for_ever(api, clock):
    numbers = iter(range(1, 1000))
    refresh = respx.post(TOKEN_URL).mock(
        side_effect=lambda _: httpx.Response(200, json=token_body(access=f"access-{next(numbers)}"))
    )
    respx.get(API_URL).respond(400, json=EXPIRED)
    for _ in range(10):
        with pytest.raises(errors.AccessRefused) as caught:
            await api.get("/v1/user/detail")
        assert (caught.value.scope, caught.value.passing) == ("unclear", True)
    assert refresh.call_count == 3


@respx.mock
async def test_a_refresh_that_could_not_be_made_is_not_hammered(transport, clock):
    route = respx.post(TOKEN_URL).respond(403, html="<html><script>window._cf_chl_opt={}</script></html>")
    auth = Auth(transport, refresh_token="r")
    results = await asyncio.gather(*(auth.access_token() for _ in range(6)), return_exceptions=True)
    assert {type(r) for r in results} == {errors.Challenge}
    assert route.call_count == 1
    clock.ms += 301_000
    route.respond(json=token_body())
    assert await auth.access_token() == "access-1"


@respx.mock
async def test_every_new_token_is_handed_to_its_keeper_with_a_rotated_refresh_token(transport):
    route = respx.post(TOKEN_URL).respond(json=token_body(refresh="refresh-2"))
    kept: list[Token] = []
    auth = Auth(transport, refresh_token="refresh-1", on_token=kept.append)
    access = await auth.access_token()
    await auth.renew(access)
    assert [t.refresh_token for t in kept] == ["refresh-2", "refresh-2"]
    assert form(route.calls.last)["refresh_token"] == "refresh-2"


@respx.mock
async def test_when_a_rotated_token_does_not_work_the_one_before_it_is_tried(transport):
    def answer(request):
        if "refresh_token=refresh-1" in request.content.decode():
            return httpx.Response(200, json=token_body(refresh="refresh-2"))
        return httpx.Response(400, json=refusal("Invalid refresh token"))

    respx.post(TOKEN_URL).mock(side_effect=answer)
    auth = Auth(transport, refresh_token="refresh-1")
    await auth.renew(await auth.access_token())
    assert auth.current
    assert auth.current.access_token == "access-1"


@respx.mock
async def test_a_login_made_during_a_refresh_is_the_one_that_counts(transport):
    auth = Auth(transport, refresh_token="old")

    def answer(request):
        if "refresh_token=old" in request.content.decode():
            auth.set_refresh_token("new")
            return httpx.Response(200, json=token_body(access="of-old", refresh="old"))
        return httpx.Response(200, json=token_body(access="of-new", refresh="new"))

    respx.post(TOKEN_URL).mock(side_effect=answer)
    assert await auth.access_token() == "of-new"


async def test_without_a_refresh_token_nothing_is_asked(transport):
    with pytest.raises(errors.LoginNeeded):
        await Auth(transport).access_token()


def test_no_secret_shows_in_a_repr(clock):
    shown = repr([AppIdentity(), saved(clock), new_login()])
    assert not any(secret in shown for secret in ("lsACyCD9", "access-0", "refresh-0"))
    assert json.dumps(shown)
