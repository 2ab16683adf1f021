"""Image streams over real HTTP on loopback: resuming, cut bodies, stalls, pages instead of files, the budget."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
import respx

from pixmirror import errors
from pixmirror.pixiv import ImageBudget, Pacer, Transport, images, open_image
from pixmirror.pixiv import transport as transport_module
from tests.hostile.addresses import FILES, REDIRECTS

pytestmark = pytest.mark.anyio
URL = "https://i.pximg.net/img-original/img/2025/03/04/05/06/07/9001_p0.png"
BODY = bytes(range(256)) * 400


@asynccontextmanager
async def stand_in(serve, clock, answer, **budget):
    """A Transport whose i.pximg.net is a loopback server that answers `answer(head)`: head lines and body."""
    requests = []

    async def handler(reader, writer):
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                return
            requests.append(head)
            lines, body = answer(head)
            writer.write("\r\n".join((*lines, "", "")).encode() + body)
            await writer.drain()
            if "X-Stall: 1" in lines:
                await asyncio.sleep(30)
            if "Connection: close" in lines:
                return

    images = ImageBudget(clock, **{"bytes_per_day": 0, "connections": 2} | budget)
    async with serve(handler) as base:
        hosts = {"i.pximg.net": base}
        transport = Transport(clock, Pacer(clock, per_minute=0), images=images, hosts=hosts, only_mapped=True)
        async with transport:
            yield transport, requests


def whole(head):
    lines = ("HTTP/1.1 200 OK", "Content-Type: image/png", f"Content-Length: {len(BODY)}")
    return (*lines, "Last-Modified: Tue, 04 Mar 2025 05:06:07 GMT"), BODY


def ranged(head):
    start = next(
        (int(line[13:-1]) for line in head.lower().split("\r\n") if line.startswith("range: bytes=")), None
    )
    if start is None:
        return whole(head)
    if start >= len(BODY):
        return ("HTTP/1.1 416 Range Not Satisfiable", "Content-Length: 0"), b""
    part = BODY[start:]
    spread = f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}"
    return ("HTTP/1.1 206 Partial Content", f"Content-Length: {len(part)}", spread), part


async def fetch(transport, url=URL, **kwargs):
    async with open_image(transport, url, **kwargs) as stream:
        return stream, b"".join([chunk async for chunk in stream])


async def test_a_file_arrives_whole_with_what_the_server_says_of_it(serve, clock):
    async with stand_in(serve, clock, whole) as (transport, _):
        stream, body = await fetch(transport)
    assert body == BODY
    assert (stream.status, stream.length_total, stream.resumed, stream.offset) == (200, len(BODY), False, 0)
    assert (stream.content_type, stream.last_modified_ms) == ("image/png", 1_741_064_767_000)
    assert transport.counts.image == 1
    assert transport.counts.api == 0
    assert transport.images.bytes_today == len(BODY)


async def test_images_are_asked_with_a_referer_and_without_token_or_cookie(serve, clock):
    def answer(head):
        lines, body = whole(head)
        return (*lines, "Set-Cookie: a=b; Path=/"), body

    async with stand_in(serve, clock, answer) as (transport, requests):
        await fetch(transport)
        await fetch(transport)
    for head in requests:
        lower = head.lower()
        assert "referer: https://app-api.pixiv.net/\r\n" in lower
        assert "accept-encoding: identity\r\n" in lower
        assert "cookie:" not in lower
        assert "authorization:" not in lower


@pytest.mark.parametrize(
    ("size", "error", "says"),
    [(70_000, errors.BadResponse, "larger than 64 KiB"), (1 << 20, errors.Unreachable, "RemoteProtocol")],
)
async def test_headers_without_end_are_no_file(serve, clock, size, error, says):
    def answer(head):
        lines, body = whole(head)
        return (*lines, "Set-Cookie: " + "a" * size), body

    async with stand_in(serve, clock, answer) as (transport, _):
        with pytest.raises(error, match=says):
            await fetch(transport)


async def test_a_part_is_resumed_where_it_ended(serve, clock):
    async with stand_in(serve, clock, ranged) as (transport, _):
        stream, body = await fetch(transport, offset=1000)
    assert (stream.status, stream.resumed, stream.offset, stream.length_total) == (206, True, 1000, len(BODY))
    assert body == BODY[1000:]


@pytest.mark.parametrize("offset", [len(BODY), len(BODY) + 5])
async def test_a_range_that_is_refused_starts_from_the_beginning(serve, clock, offset):
    async with stand_in(serve, clock, ranged) as (transport, requests):
        stream, body = await fetch(transport, offset=offset)
    assert (stream.resumed, stream.offset, body) == (False, 0, BODY)
    assert len(requests) == 2


async def test_a_server_that_ignores_ranges_starts_from_the_beginning(serve, clock):
    async with stand_in(serve, clock, whole) as (transport, _):
        stream, body = await fetch(transport, offset=1000)
    assert (stream.resumed, stream.offset, body) == (False, 0, BODY)


async def test_a_wrong_range_is_not_taken_for_the_right_one(serve, clock):
    def answer(head):
        lines, body = ranged(head)
        return tuple(line.replace("bytes 1000-", "bytes 999-") for line in lines), body

    async with stand_in(serve, clock, answer) as (transport, _):
        stream, body = await fetch(transport, offset=1000)
    assert (stream.resumed, body) == (False, BODY)


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_a_body_that_is_cut_is_damaged_and_says_how_much_came(serve, clock, framing):
    def answer(head):
        if framing == "chunked":
            return ("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Connection: close"), b"400\r\n" + BODY[:500]
        return ("HTTP/1.1 200 OK", f"Content-Length: {len(BODY)}", "Connection: close"), BODY[:500]

    async with stand_in(serve, clock, answer) as (transport, _):
        with pytest.raises(errors.Damaged, match="500"):
            await fetch(transport)


async def test_a_body_without_a_length_has_no_total(serve, clock):
    async with stand_in(serve, clock, lambda _: (("HTTP/1.1 200 OK", "Connection: close"), BODY)) as (
        transport,
        _,
    ):
        stream, body = await fetch(transport)
    assert (stream.length_total, body) == (None, BODY)


async def test_a_stall_is_unreachable_and_what_came_was_handed_out(serve, clock, monkeypatch):
    monkeypatch.setattr(transport_module, "TIMEOUT", httpx.Timeout(0.3))

    def answer(head):
        return ("HTTP/1.1 200 OK", f"Content-Length: {len(BODY)}", "X-Stall: 1"), BODY[:500]

    got = bytearray()

    async def read(transport):
        async with open_image(transport, URL) as stream:
            async for chunk in stream:
                got.extend(chunk)

    async with stand_in(serve, clock, answer) as (transport, _):
        with pytest.raises(errors.Unreachable, match="stalled after 500 bytes"):
            await read(transport)
    assert got == BODY[:500]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b"", errors.NotFound),
        (410, b"", errors.NotFound),
        (403, b"<html>403 Forbidden</html>", errors.Forbidden),
        (403, b"<html><script>window._cf_chl_opt={}</script></html>", errors.Challenge),
        (500, b"", errors.ServerError),
        (503, b"<html>down</html>", errors.ServerError),
        (200, b"<html>hello</html>", errors.Damaged),
        (403, b"<html>Just a moment... captcha challenge-platform</html>", errors.Forbidden),
        (200, b"<html><form id='challenge-form'></form></html>", errors.Challenge),
        (429, b"", errors.RateLimited),
        (400, b"", errors.InvalidRequest),
        (204, b"", errors.BadResponse),
        (302, b"", errors.BadResponse),
    ],
    ids=str,
)
async def test_each_refusal_is_told_apart(serve, clock, status, body, expected):
    def answer(head):
        kind = "Content-Type: text/html" if body else "Content-Type: image/png"
        length = () if status == 204 else (f"Content-Length: {len(body)}",)
        return (f"HTTP/1.1 {status} X", kind, *length), body

    async with stand_in(serve, clock, answer) as (transport, requests):
        with pytest.raises(expected) as caught:
            await fetch(transport)
    assert type(caught.value) is expected
    assert len(requests) == 1
    assert "9001_p0.png" in str(caught.value)
    limited = expected in (errors.RateLimited, errors.Challenge)
    assert (transport.images.blocked_until() is not None) == limited


async def test_nothing_but_pixivs_hosts_is_asked_for_an_image(serve, clock):
    async with stand_in(serve, clock, whole) as (transport, requests):
        for url in (*FILES, "https://s.pximg.net/x.png"):
            with pytest.raises(errors.InvalidRequest):
                await fetch(transport, url)
    assert requests == []
    assert transport.counts.image == 0


@pytest.mark.parametrize("to", ["/moved.png", "https://i.pximg.net/moved.png"])
async def test_a_redirect_within_pixiv_is_followed(serve, clock, to):
    def answer(head):
        if "moved" in head.split("\r\n")[0]:
            return whole(head)
        return ("HTTP/1.1 302 Found", f"Location: {to}", "Content-Length: 0"), b""

    async with stand_in(serve, clock, answer) as (transport, _):
        _, body = await fetch(transport)
    assert body == BODY


@pytest.mark.parametrize("to", REDIRECTS)
async def test_a_redirect_to_anywhere_else_is_refused(serve, clock, to):
    def answer(head):
        return ("HTTP/1.1 302 Found", f"Location: {to}", "Content-Length: 0"), b""

    async with stand_in(serve, clock, answer) as (transport, requests):
        with pytest.raises(errors.InvalidRequest):
            await fetch(transport)
    assert len(requests) == 1


async def test_no_redirect_is_followed_after_a_warning(serve, clock):
    def answer(head):
        warned.freeze()  # it comes meanwhile
        return ("HTTP/1.1 302 Found", "Location: /moved.png", "Content-Length: 0"), b""

    async with stand_in(serve, clock, answer) as (warned, requests):
        with pytest.raises(errors.AccountWarned):
            await fetch(warned)
    assert len(requests) == 1


async def test_a_redirect_without_end_is_given_up(serve, clock):
    def answer(head):
        return ("HTTP/1.1 302 Found", "Location: /again.png", "Content-Length: 0"), b""

    async with stand_in(serve, clock, answer) as (transport, requests):
        with pytest.raises(errors.BadResponse):
            await fetch(transport)
    assert len(requests) == 4


async def test_workers_with_clients_of_their_own_share_the_budget(serve, clock):
    async with stand_in(serve, clock, whole, connections=2) as (transport, _):
        clients = [transport.image_client() for _ in range(4)]
        bodies = await asyncio.gather(*(fetch(transport, client=client) for client in clients for _ in range(3)))
        for client in clients:
            await client.aclose()
    assert all(body == BODY for _, body in bodies)
    assert transport.images.bytes_today == 12 * len(BODY)


async def test_spent_bytes_keep_the_next_file_for_tomorrow(serve, clock):
    async with stand_in(serve, clock, whole, bytes_per_day=1000) as (transport, _):
        await fetch(transport)
        before = clock.now()
        await fetch(transport)
    assert clock.now() > before + 3_600_000


async def test_a_compressed_body_is_not_taken_for_the_file(serve, clock):
    def answer(head):
        lines, body = whole(head)
        return (*lines, "Content-Encoding: gzip"), body

    async with stand_in(serve, clock, answer) as (transport, _):
        with pytest.raises(errors.Damaged, match="compressed"):
            await fetch(transport)


@respx.mock
async def test_a_refused_connection_is_unreachable(clock):
    respx.get(URL).mock(side_effect=httpx.ConnectError("x"))
    async with Transport(clock, Pacer(clock, per_minute=0)) as transport:
        with pytest.raises(errors.Unreachable, match=r"i\.pximg\.net"):
            await fetch(transport)


OLD, NEW = 'ETag: "a"', 'ETag: "b"'


@pytest.mark.parametrize("honours", [True, False], ids=["If-Range is honoured", "If-Range is ignored"])
async def test_a_file_that_was_replaced_meanwhile_is_never_gone_on_with(serve, clock, honours):
    def answer(head):
        if honours and 'if-range: "a"' in head.lower():
            lines, body = whole(head)
        else:
            lines, body = ranged(head)
        return (*lines, NEW), body

    async with stand_in(serve, clock, answer) as (transport, requests):
        known = images.Validator(etag='"a"', total=len(BODY))
        stream, body = await fetch(transport, offset=1000, validator=known)
    assert (stream.resumed, stream.offset, body) == (False, 0, BODY)
    assert 'if-range: "a"' in requests[0].lower()


async def test_a_file_that_is_still_the_same_is_gone_on_with(serve, clock):
    def answer(head):
        lines, body = ranged(head)
        return (*lines, 'ETag: W/"a"'), body

    async with stand_in(serve, clock, answer) as (transport, requests):
        first, _ = await fetch(transport)
        known = images.Validator.read(first.validator.text())
        stream, body = await fetch(transport, offset=1000, validator=known)
    assert (stream.resumed, body) == (True, BODY[1000:])
    assert known is not None
    assert "if-range: tue, 04 mar 2025 05:06:07 gmt" in requests[1].lower(), "a weak ETag must not stand there"


async def test_a_body_that_drips_is_given_up_and_says_so(serve, clock, monkeypatch):
    async def drip(self):
        for _ in range(1000):
            clock.ms += 5000
            yield b"."

    monkeypatch.setattr(httpx.Response, "aiter_raw", drip)
    async with stand_in(serve, clock, whole) as (transport, _):
        with pytest.raises(errors.Unreachable, match="drips: 12 bytes in 60 s"):
            await fetch(transport)


async def test_a_slow_body_goes_on_for_two_hours_and_then_by_another_request(serve, clock, monkeypatch):
    async def slowly(self):
        while True:
            clock.ms += 30_000
            yield bytes(300_000)

    monkeypatch.setattr(httpx.Response, "aiter_raw", slowly)
    async with stand_in(serve, clock, whole) as (transport, _):
        with pytest.raises(errors.Damaged, match="cut by us after 2 hours"):
            await fetch(transport)


async def test_an_address_that_cannot_be_asked_for_is_that_files_trouble(serve, clock):
    async with stand_in(serve, clock, whole) as (transport, _):
        with pytest.raises(errors.InvalidRequest) as error:
            await fetch(transport, "https://i.pximg.net/img-original/" + "x" * 70_000 + ".png")
    assert len(str(error.value)) < 400
