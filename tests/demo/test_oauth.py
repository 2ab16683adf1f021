"""Logging in to the demo: PKCE, refresh, and each way to be refused."""

from base64 import urlsafe_b64encode
from hashlib import md5, sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from pixmirror.demo.generate import add_artist, empty_world

pytestmark = pytest.mark.anyio
CLIENT = {"client_id": "id", "client_secret": "secret"}
REFRESH = CLIENT | {"grant_type": "refresh_token", "refresh_token": "demo-refresh-token"}
REDIRECT = "https://app-api.pixiv.net/web/v1/users/auth/pixiv/callback"
SALT = "28c1fdd170a5204386cb1313c7077b34f83e4aaf4aa829ce78c231e05b0bae2c"


async def get_code(client, verifier: str) -> str:
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {"code_challenge": challenge, "code_challenge_method": "S256", "client": "pixiv-android"}
    page = (await client.get("/web/v1/login", params=query)).raise_for_status().text
    jump = await client.get(page.partition('href="')[2].partition('"')[0])
    assert jump.status_code == 302
    callback = jump.headers["location"]
    code: str = parse_qs(urlsplit(callback).query)["code"][0]
    assert f"pixiv://account/login?code={code}&amp;via=login" in (await client.get(callback)).text
    return code


def exchange(code: str, verifier: str) -> dict[str, str]:
    return CLIENT | {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": REDIRECT,
        "include_policy": "true",
    }


async def test_a_code_is_exchanged_once_in_time_by_the_holder_of_the_verifier(login, now):
    client = await login(empty_world(now))
    code = await get_code(client, "verifier")
    answer = (await client.post("/auth/token", data=exchange(code, "verifier"))).raise_for_status().json()
    assert answer["refresh_token"] == "demo-refresh-token"
    assert (await client.post("/auth/token", data=exchange(code, "verifier"))).status_code == 400
    stolen = exchange(await get_code(client, "verifier"), "another")
    assert (await client.post("/auth/token", data=stolen)).status_code == 400
    late = exchange(await get_code(client, "verifier"), "verifier")
    now.advance(31)
    assert (await client.post("/auth/token", data=late)).status_code == 400


async def test_the_answer_says_everything_twice_and_the_user_id_as_text(login, now):
    client = await login(empty_world(now), expires_in=1234)
    answer = (await client.post("/auth/token", data=REFRESH)).json()
    twin = answer.pop("response")
    assert answer == twin
    assert (answer["user"]["id"], answer["expires_in"], answer["token_type"]) == ("10000001", 1234, "bearer")


async def test_a_wrong_refresh_token_gets_the_body_that_pixiv_sends(login, now):
    client = await login(empty_world(now))
    answer = await client.post("/auth/token", data=REFRESH | {"refresh_token": "nonsense"})
    assert answer.status_code == 400
    assert answer.json() == {
        "has_error": True,
        "errors": {"system": {"message": "Invalid refresh token", "code": 1508}},
        "error": "invalid_grant",
    }
    password = CLIENT | {"grant_type": "password", "username": "a", "password": "b"}
    assert (await client.post("/auth/token", data=password)).status_code == 400


async def test_the_client_hash_is_checked_where_it_is_sent(login, now):
    client = await login(empty_world(now))
    time = "2026-11-20T15:00:00+09:00"
    right = {"X-Client-Time": time, "X-Client-Hash": md5((time + SALT).encode()).hexdigest()}
    assert (await client.post("/auth/token", data=REFRESH, headers=right)).status_code == 200
    wrong = right | {"X-Client-Time": "2026-11-20T15:00:01+09:00"}
    assert (await client.post("/auth/token", data=REFRESH, headers=wrong)).status_code == 400


async def test_a_stale_or_missing_access_token_is_a_400_that_says_oauth(login, now):
    world = empty_world(now)
    client = await login(world)
    path = "/v1/user/me/state"
    assert (await client.get(path)).status_code == 200
    now.advance(3600)
    stale = await client.get(path)
    assert stale.status_code == 400
    message = stale.json()["error"]["message"]
    assert message.startswith("Error occurred at the OAuth process.")
    assert message.endswith("invalid_grant")
    del client.headers["Authorization"]
    assert (await client.get(path)).json()["error"]["message"].endswith("invalid_request")


async def test_tokens_can_be_expired_revoked_and_belong_to_another(login, now):
    world = empty_world(now)
    other = add_artist(world, works=0, follow=None)
    client = await login(world)
    oauth = client._transport.app.state.oauth
    oauth.expire_all()
    assert (await client.get("/v1/user/me/state")).status_code == 400
    oauth.refresh_tokens["other-token"] = other.id
    answer = await client.post("/auth/token", data=REFRESH | {"refresh_token": "other-token"})
    assert answer.json()["user"]["id"] == str(other.id)
    oauth.revoke()
    assert (await client.post("/auth/token", data=REFRESH)).status_code == 400
    fresh = await client.post("/auth/token", data=exchange(await get_code(client, "v"), "v"))
    assert fresh.json()["refresh_token"] != "demo-refresh-token"
