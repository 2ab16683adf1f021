"""The transport's promises: only Pixiv's hosts, repeats only what may pass, errors that name the place."""

import asyncio
import gzip
import random
import ssl

import httpx
import pytest
import respx
import trustme

from pixmirror import errors
from pixmirror.pixiv import Lane, Pacer, Transport, open_image
from pixmirror.pixiv.hosts import Hosts
from pixmirror.pixiv.transport import LONGEST_HEADER
from pixmirror.pixiv.wire import Request, flatten
from tests.fault_rows import Kind, also
from tests.hostile.addresses import FILES, HOSTS

pytestmark = pytest.mark.anyio
HOST = "app-api.pixiv.net"
URL = f"https://{HOST}/v1/thing"


def limited(**headers):
    return httpx.Response(403, json={"error": {"message": "Rate Limit", "user_message": ""}}, headers=headers)


async def get(transport, **kwargs):
    return await transport.ask_json(Request("GET", HOST, "/v1/thing", **kwargs))


@pytest.mark.parametrize("host", HOSTS)
@respx.mock
async def test_no_other_host_is_ever_reached(transport, host):
    with pytest.raises(errors.InvalidRequest):
        await transport.ask_json(Request("GET", host, "/x"))
    assert not respx.calls
    assert transport.counts.api == 0


@respx.mock
async def test_with_only_mapped_hosts_the_real_ones_are_refused_too(clock):
    hosts = {HOST: "http://127.0.0.1:9"}
    async with Transport(clock, Pacer(clock, per_minute=0), hosts=hosts, only_mapped=True) as transport:
        with pytest.raises(errors.InvalidRequest, match="not mapped"):
            await transport.ask_json(Request("POST", "oauth.secure.pixiv.net", "/auth/token"))
    assert not respx.calls


@pytest.mark.parametrize("url", FILES)
def test_addresses_in_payloads_are_refused_unless_they_are_pixivs(url):
    with pytest.raises(errors.InvalidRequest):
        Hosts({}).locate(url)


def test_a_mapped_host_that_is_misspelt_is_refused_instead_of_asking_the_real_one():
    with pytest.raises(errors.InvalidRequest, match="none of Pixiv's hosts: app-api"):
        Hosts({"app-api.pixv.net": "http://127.0.0.1:8700"})


def test_a_mapped_host_keeps_path_and_query():
    hosts = Hosts({"i.pximg.net": "http://127.0.0.1:8700/img/"})
    assert hosts.locate("https://i.pximg.net/a/b.jpg?x=1") == "http://127.0.0.1:8700/img/a/b.jpg?x=1"
    assert hosts.real("http://127.0.0.1:8700/img/a.jpg") == "https://i.pximg.net/a.jpg"


def test_parameters_are_written_as_pixiv_takes_them():
    params = {"a": 1, "b": True, "c": None, "d": [1, 2], "viewed[0]": "9", "e": "x y"}
    expected = [("a", "1"), ("b", "true"), ("d[]", "1"), ("d[]", "2"), ("viewed[0]", "9"), ("e", "x y")]
    assert flatten(params) == expected


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        httpx.RemoteProtocolError("x"),
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(200, content=b'{"a":'),
        httpx.Response(200, content=b""),
    ],
    ids=["refused", "timeout", "cut", "500", "503", "cut JSON", "empty"],
)
@respx.mock
async def test_what_can_pass_is_tried_three_times(transport, failure):
    route = respx.get(URL).mock(side_effect=[failure, failure, httpx.Response(200, json={"a": 1})])
    assert await get(transport) == {"a": 1}
    assert route.call_count == transport.counts.api == 3
    route.mock(side_effect=[failure] * 9)
    with pytest.raises(errors.PixivError):
        await get(transport)
    assert route.call_count == 6


@pytest.mark.parametrize("status", [400, 403, 404, 302])
@respx.mock
async def test_what_cannot_pass_is_asked_once(transport, status):
    route = respx.get(URL).respond(status, json={"error": {"message": "no"}})
    with pytest.raises(errors.PixivError):
        await get(transport)
    assert route.call_count == 1


@respx.mock
async def test_what_failed_before_is_sent_once(transport):
    respx.get(URL).mock(side_effect=httpx.ReadTimeout("slow"))
    with pytest.raises(errors.Unreachable):
        await get(transport, tries=1)
    assert len(respx.calls) == 1


@respx.mock
async def test_a_post_is_never_repeated(transport):
    route = respx.post(URL).mock(side_effect=[httpx.ReadTimeout("x"), limited()])
    for _ in range(2):
        with pytest.raises(errors.PixivError):
            await transport.ask_json(Request("POST", HOST, "/v1/thing", data={"a": 1}))
    assert route.call_count == 2


@respx.mock
async def test_backoff_grows_and_retry_after_is_honoured(clock):
    transport = Transport(clock, Pacer(clock, per_minute=0), rng=random.Random(1), trust_env=False)
    route = respx.get(URL).mock(side_effect=[httpx.Response(500), httpx.Response(500), httpx.Response(500)])
    with pytest.raises(errors.ServerError):
        await get(transport)
    assert len(clock.sleeps) == 2
    assert 0.5 <= clock.sleeps[0] <= 1.5
    assert 1 <= clock.sleeps[1] <= 3
    clock.sleeps.clear()
    route.mock(side_effect=[httpx.Response(503, headers={"Retry-After": "42"}), httpx.Response(200, json={})])
    await get(transport)
    assert clock.sleeps == [42]
    route.mock(side_effect=[httpx.Response(503, headers={"Retry-After": "86400"})])
    with pytest.raises(errors.ServerError):
        await get(transport)
    await transport.aclose()


@respx.mock
async def test_a_limit_is_waited_out_and_the_call_repeated(transport, clock):
    respx.get(URL).mock(
        side_effect=[limited(), httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, json={})]
    )
    begin = clock.now()
    assert await get(transport) == {}
    assert clock.now() - begin == 307_000


@respx.mock
async def test_after_five_cooldowns_the_limit_is_an_error(transport, clock):
    route = respx.get(URL).mock(side_effect=[limited() for _ in range(9)])
    begin = clock.now()
    with pytest.raises(errors.RateLimited):
        await get(transport)
    assert route.call_count == 6
    assert clock.now() - begin == (300 + 600 + 1200 * 3) * 1000


@respx.mock
async def test_retry_after_may_be_a_date(transport, clock):
    date = "Fri, 21 Nov 2025 05:00:00 GMT"
    respx.get(URL).mock(side_effect=[limited(**{"Retry-After": date}), httpx.Response(200, json={})])
    await get(transport)
    assert clock.now() == 1_763_701_200_000


@respx.mock
async def test_ratelimit_headers_are_obeyed_should_they_appear(transport, clock):
    reset = clock.now() // 1000 + 90
    headers = {"X-RateLimit-Limit": "120", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    respx.get(URL).mock(side_effect=[httpx.Response(200, json={}, headers=headers), httpx.Response(200, json={})])
    await get(transport)
    await get(transport)
    assert clock.now() == reset * 1000
    assert transport.pacer.state.strikes == 0


@respx.mock
async def test_a_challenge_slows_down_and_is_not_repeated(transport):
    route = respx.get(URL).respond(403, html="<html><script>window._cf_chl_opt={}</script></html>")
    with pytest.raises(errors.Challenge):
        await get(transport)
    assert route.call_count == 1
    assert transport.pacer.blocked_until() is not None


@respx.mock
async def test_who_is_blocked_asks_once_and_then_not_for_twenty_minutes(transport, clock):
    for text, status in (("error code: 1020", 403), ("", 421)):
        route = respx.get(URL).respond(status, text=text)
        before = route.call_count
        with pytest.raises(errors.Blocked):
            await get(transport)
        assert route.call_count == before + 1
        blocked = transport.pacer.blocked_until()
        assert blocked is not None
        assert blocked.until == clock.now() + 1_200_000
        clock.ms += 1_200_000


@respx.mock
async def test_each_attempt_takes_its_own_turn(clock):
    transport = Transport(clock, Pacer(clock, per_minute=60, per_day=100), trust_env=False)
    respx.get(URL).mock(side_effect=[httpx.Response(500), httpx.Response(200, json={})])
    await get(transport, lane=Lane.BACKFILL)
    assert transport.pacer.state.spent_by_lane == {"BACKFILL": 2}
    await transport.aclose()


@respx.mock
async def test_an_error_envelope_with_200_is_still_an_error(transport):
    respx.get(URL).respond(200, json={"error": {"message": "restrict invalid"}})
    with pytest.raises(errors.InvalidRequest, match="restrict invalid"):
        await get(transport)


@pytest.mark.parametrize(("offset", "expected"), [(5010, errors.OffsetCap), (4980, errors.InvalidRequest)])
@respx.mock
async def test_an_offset_beyond_the_cap_is_recognised_whatever_pixiv_says(transport, offset, expected):
    respx.get(URL).respond(400, json={"error": {"user_message": "Invalid request.", "message": ""}})
    with pytest.raises(errors.InvalidRequest) as caught:
        await get(transport, params={"offset": offset})
    assert type(caught.value) is expected


@respx.mock
async def test_repeats_are_logged_without_the_token(transport, caplog):
    class Login:
        async def access_token(self):
            return "secret-token"

        async def renew(self, rejected):
            return "secret-token"

    respx.get(URL).mock(side_effect=[httpx.Response(500), limited(), httpx.Response(200, json={})])
    with caplog.at_level("DEBUG"):
        await get(transport, auth=Login())
    assert "GET /v1/thing: Pixiv failed (500)" in caplog.text
    assert "cool-down" in caplog.text
    assert "secret" not in caplog.text


@respx.mock
async def test_no_cookie_is_ever_kept_or_sent(transport):
    route = respx.get(URL).respond(200, json={}, headers={"Set-Cookie": "PHPSESSID=1; Path=/"})
    await get(transport)
    await get(transport)
    assert all("cookie" not in call.request.headers for call in route.calls)


@respx.mock
async def test_no_longer_header_is_sent_than_a_server_takes(transport):
    route = respx.get(URL).respond(200, json={})
    await get(transport, headers={"X-Thing": "x" * LONGEST_HEADER})
    with pytest.raises(errors.InvalidRequest, match="no header can carry"):
        await get(transport, headers={"X-Thing": "x" * (LONGEST_HEADER + 1)})
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"t":"\\ud83d\\ude00"}', "\U0001f600"),
        (b'{"t":"a\\ud83d"}', "a\ufffd"),
        (b'{"t":"\\ude00b"}', "\ufffdb"),
        (b'\xef\xbb\xbf{"t":"x"}', "x"),
    ],
)
@respx.mock
async def test_text_can_always_be_written_as_utf8(transport, body, value):
    respx.get(URL).respond(200, content=body)
    assert (await get(transport))["t"] == value


@pytest.mark.parametrize(
    "body",
    [b'{"a":NaN}', b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"not json"],
    ids=["NaN", "not UTF-8", "deep", "long number", "text"],
)
@respx.mock
async def test_what_is_not_json_is_a_bad_response(transport, body):
    respx.get(URL).respond(200, content=body, content_type="application/json")
    with pytest.raises(errors.BadResponse, match="GET /v1/thing"):
        await get(transport)


async def http(writer, head, body=b""):
    writer.write(head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)
    await writer.drain()


async def test_a_body_that_is_cut_off_is_unreachable_after_three_tries(clock, serve):
    seen = 0

    async def handler(reader, writer):
        nonlocal seen
        await reader.readuntil(b"\r\n\r\n")
        seen += 1
        await http(writer, b"HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 100", b'{"a":1')

    async with (
        serve(handler) as base,
        Transport(clock, Pacer(clock, per_minute=0), hosts={HOST: base}) as transport,
    ):
        with pytest.raises(errors.Unreachable, match="broke off"):
            await get(transport)
    assert seen == 3


async def test_an_endless_body_is_refused_at_its_limit_and_not_asked_again(clock, serve):
    seen = 0

    async def handler(reader, writer):
        nonlocal seen
        await reader.readuntil(b"\r\n\r\n")
        seen += 1
        body = gzip.compress(b" " * (40 * 1024 * 1024))
        length = str(len(body)).encode()
        await http(writer, b"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: " + length, body)

    async with (
        serve(handler) as base,
        Transport(clock, Pacer(clock, per_minute=0), hosts={HOST: base}) as transport,
    ):
        with pytest.raises(errors.BadResponse, match="larger than 32 MiB"):
            await get(transport)
    assert seen == 1


async def test_a_mapped_loopback_host_is_reached_past_any_proxy(clock, serve, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await http(writer, b"HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2", b"{}")

    async with (
        serve(handler) as base,
        Transport(clock, Pacer(clock, per_minute=0), hosts={HOST: base}) as transport,
    ):
        assert await get(transport) == {}


@pytest.mark.parametrize("by", ["argument", "environment"])
async def test_a_proxy_is_used_for_every_other_address(clock, serve, monkeypatch, by):
    asked = []

    async def handler(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        await http(writer, b"HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2", b"{}")

    async with serve(handler) as base:
        if by == "environment":
            monkeypatch.setenv("HTTP_PROXY", base)
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
        hosts = {HOST: "http://gateway.invalid"}
        proxy = base if by == "argument" else None
        async with Transport(clock, Pacer(clock, per_minute=0), hosts=hosts, proxy=proxy) as transport:
            await get(transport)
    assert asked[0].startswith(b"GET http://gateway.invalid/v1/thing ")


async def test_a_proxy_that_cannot_be_one_is_a_configuration_error(clock):
    async with Transport(clock, Pacer(clock, per_minute=0), proxy="nonsense://me:secret@x") as transport:
        with pytest.raises(errors.ConfigError, match=r"The proxy nonsense://x \(pixiv.proxy\)") as caught:
            await get(transport)
    assert "secret" not in str(caught.value)


async def test_the_variable_of_a_proxy_that_cannot_be_one_is_named(clock, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ALL_PROXY", "socks9://127.0.0.1:1")
    async with Transport(clock, Pacer(clock, per_minute=0)) as transport:
        with pytest.raises(errors.ConfigError, match=r"The proxy socks9://127.0.0.1:1 \(ALL_PROXY\)"):
            await get(transport)


PORTAL = b"<!DOCTYPE html><html>Welcome to the hotel</html>"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required", "407 Proxy Authentication Required"),
        (b"HTTP/1.1 302 Found\nLocation: http://portal.invalid/", "refused the way"),
        (b"HTTP/1.1 200 OK\nContent-Type: text/html", "not Pixiv: a portal's page"),
        (b"SSH-2.0-x", "broke off"),
    ],
)
async def test_what_a_proxy_answers_instead_of_pixiv_is_named_as_its_own(clock, serve, head, says):
    async def handler(reader, writer):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"CONNECT app-api.pixiv.net:443 ")
        await http(writer, head + b"\nContent-Length: %d" % len(PORTAL), PORTAL)
        writer.close()

    async with serve(handler) as base:
        proxy = base.replace("http://", "http://me:sEcretword@")
        transport = Transport(clock, Pacer(clock, per_minute=0), proxy=proxy, tries=1, trust_env=False)
        async with transport:
            with pytest.raises(errors.ProxyFailed, match=says) as caught:
                await get(transport)
    assert f"the proxy {base} (pixiv.proxy)" in str(caught.value)
    assert "sEcret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_proxy_that_is_down_is_named_and_pixiv_is_not_blamed(clock, monkeypatch, scheme):
    pytest.importorskip("socksio")
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:sEcretword@127.0.0.1:9")
    monkeypatch.delenv("https_proxy", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with Transport(clock, Pacer(clock, per_minute=0), tries=1) as transport:
        for asking in (get(transport), fetch_image(transport)):
            with pytest.raises(errors.ProxyFailed) as caught:
                await asking
            assert f"the proxy {scheme}://127.0.0.1:9 (HTTPS_PROXY) cannot be reached" in str(caught.value)
            assert "sEcret" not in str(caught.value)
            assert not caught.value.sent


async def fetch_image(transport):
    async with open_image(transport, "https://i.pximg.net/1_p0.png"):
        pass


async def test_a_socks_proxy_gets_the_name_to_resolve(clock, serve):
    pytest.importorskip("socksio")
    asked = []

    async def handler(reader, writer):
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        asked.append((await reader.readexactly(head[4] + 2))[:-2])
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        await reader.readuntil(b"\r\n\r\n")
        await http(writer, b"HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2", b"{}")

    async with serve(handler) as base:
        proxy = base.replace("http", "socks5")
        hosts = {HOST: "http://gateway.invalid"}
        async with Transport(clock, Pacer(clock, per_minute=0), hosts=hosts, proxy=proxy) as transport:
            assert await get(transport) == {}
    assert asked == [b"gateway.invalid"]


async def test_nobody_listening_is_unreachable(clock):
    hosts = {HOST: "http://127.0.0.1:9"}
    async with Transport(clock, Pacer(clock, per_minute=0), hosts=hosts, trust_env=False) as transport:
        with pytest.raises(errors.Unreachable, match="cannot be reached"):
            await asyncio.wait_for(get(transport), 20)


@also(Kind.TLS)
@pytest.mark.parametrize(("name", "is_known"), [("localhost", False), ("other.test", True)])
async def test_a_certificate_of_nobody_known_or_of_another_name_is_refused_and_nothing_is_sent(
    clock, tmp_path, monkeypatch, name, is_known
):
    ca, context, heard = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), []
    ca.issue_cert(name).configure_cert(context)
    if is_known:
        ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    async def handle(reader, writer):
        heard.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    hosts = {HOST: f"https://localhost:{server.sockets[0].getsockname()[1]}"}
    async with server, Transport(clock, Pacer(clock, per_minute=0), hosts=hosts, tries=1) as transport:
        with pytest.raises(errors.Unreachable, match=r"cannot be reached .*CERTIFICATE_VERIFY_FAILED"):
            await get(transport)
    assert not any(heard)
