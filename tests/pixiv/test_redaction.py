"""What Pixiv or a gateway echoes of our secrets reaches no error, and so no status, catalogue or log."""

import base64
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
import respx

from pixmirror import errors, logs
from pixmirror.pixiv import AppIdentity, Auth, redeem_refresh_token
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.web import WebApi, WebSession, actions, users
from pixmirror.pixiv.wire import Request

pytestmark = pytest.mark.anyio

ACCESS, REFRESH = "aCCess+/-0123456789abcdefXYZ==", "rEFresh_0123456789abcdefghijklmnopqrstuvwx"
SESSION, CSRF = "123_sESSionabcdefghijklmnopqrstuv", "0123456789abcdef0123456789abcdef"
TOKEN_URL = "https://oauth.secure.pixiv.net/auth/token"
URL = "https://app-api.pixiv.net/v1/thing"
SECRETS = (ACCESS, REFRESH, SESSION, CSRF, quote(ACCESS, safe=""))


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    known, passing = set(logs._known), list(logs._passing)
    yield
    logs._known.clear()
    logs._known.update(known)
    logs._passing.clear()
    logs._passing.extend(passing)


def clean(error: BaseException) -> str:
    told = f"{error} {error.args} {error!r}"
    assert not [secret for secret in SECRETS if secret in told]
    # Nor any half of one that was cut.
    assert not [secret for secret in SECRETS if secret[:12] in told]
    return told


@pytest.fixture
def api(transport) -> AppApi:
    respx.post(TOKEN_URL).respond(
        json={"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600, "user": {"id": "7"}}
    )
    return AppApi(transport, Auth(transport, refresh_token=REFRESH))


@pytest.mark.parametrize("status", [400, 403, 404, 200])
@pytest.mark.parametrize("secret", [ACCESS, quote(ACCESS, safe=""), REFRESH])
@respx.mock
async def test_an_error_of_the_app_api_repeats_no_token(transport, status, secret):
    respx.post(TOKEN_URL).respond(
        json={"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600, "user": {"id": "7"}}
    )
    api = AppApi(transport, Auth(transport, refresh_token=REFRESH))
    for text in (f"refused: {secret}", "x" * 185 + secret):
        respx.get(URL).respond(status, json={"error": {"message": text, "user_message": "", "reason": ""}})
        with pytest.raises(errors.PixivError) as caught:
            await api.get("/v1/thing")
        clean(caught.value)


@respx.mock
async def test_an_answer_of_the_token_endpoint_repeats_no_token(transport):
    for status, body in (
        (400, {"errors": {"system": {"message": f"odd {REFRESH}", "code": 0}}}),
        (403, {"message": f"blocked refresh_token={REFRESH}"}),
        (400, {"error": "invalid_grant", "errors": {"system": {"message": REFRESH, "code": 1508}}}),
    ):
        respx.post(TOKEN_URL).respond(status, json=body)
        with pytest.raises(errors.PixmirrorError) as caught:
            await Auth(transport, refresh_token=REFRESH).token()
        clean(caught.value)
    with pytest.raises(errors.PixmirrorError) as caught:
        await redeem_refresh_token(transport, AppIdentity(), REFRESH)
    clean(caught.value)


@respx.mock
async def test_an_error_of_the_website_repeats_no_cookie_and_no_csrf_token(transport):
    web = WebApi(transport, WebSession(SESSION))
    for status in (200, 400, 403, 404):
        respx.get("https://www.pixiv.net/ajax/user/5").respond(
            status, json={"error": True, "message": f"Invalid cookie {SESSION}", "body": []}
        )
        with pytest.raises(errors.PixmirrorError) as caught:
            await users.short(web, 5)
        clean(caught.value)
    respx.get("https://www.pixiv.net/settings/account").respond(html=f'<script>"postKey":"{CSRF}"</script>')
    respx.post(url__startswith="https://www.pixiv.net/").respond(
        400, json={"error": True, "message": f"bad token {CSRF}", "body": []}
    )
    with pytest.raises(errors.PixmirrorError) as caught:
        await actions.like(web, 5)
    clean(caught.value)


@pytest.mark.parametrize("value", [f"Bearer {ACCESS}\r\nX: y", f"Bearer tök€n-{ACCESS}"])
async def test_a_header_that_cannot_be_sent_is_an_error_without_its_value(transport, value):
    logs.hide(ACCESS)
    request = Request("GET", "app-api.pixiv.net", "/v1/thing", headers={"Authorization": value})
    with pytest.raises(errors.InvalidRequest) as caught:
        await transport.send_once(request)
    clean(caught.value)
    assert ACCESS not in "".join(traceback.format_exception(caught.value, chain=True))


@respx.mock
async def test_what_the_network_says_repeats_no_token(api):
    respx.get(URL).mock(side_effect=httpx.ConnectError(f"refused by http://user:pass@proxy, Bearer {ACCESS}"))
    with pytest.raises(errors.Unreachable) as caught:
        await api.get("/v1/thing")
    assert "pass@" not in clean(caught.value)


def test_only_the_last_of_many_access_tokens_are_remembered():
    for number in range(1000):
        logs.hide(f"passing-token-{number}", passing=True)
    assert logs.redact("passing-token-999") == logs.HIDDEN
    assert len(logs._passing) < 100


@pytest.mark.parametrize("before", ["", "x", "xy"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_in_base64_is_hidden_too(encode, before):
    logs.hide(ACCESS)
    coded = encode(f"{before}{ACCESS} and more".encode()).decode()
    assert coded[4:40] not in logs.redact(f"refused: {coded}")
    assert logs.HIDDEN in logs.redact(f"refused: {coded}")
