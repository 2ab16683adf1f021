"""No answer of the API takes more memory, time or depth than it may, however it is packed or sent."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from pixmirror import errors
from pixmirror.pixiv.bodies import DEEPEST, MAX_BODY, MAX_HEAD, Oversized, parse_json, parse_next, read_body
from pixmirror.pixiv.wire import LONGEST_WAIT, retry_after
from tests.virtual_time import VirtualClock, run_virtually

pytestmark = pytest.mark.anyio


class Drip(httpx.AsyncByteStream):
    """Pieces of a body, so many seconds apart."""

    def __init__(self, *pieces: bytes, pause: float = 0) -> None:
        self.pieces, self.pause = pieces, pause

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(self.pause)
            yield piece


def answer(*pieces: bytes, encoding: str = "", pause: float = 0) -> httpx.Response:
    return httpx.Response(200, headers={"content-encoding": encoding}, stream=Drip(*pieces, pause=pause))


BODY = json.dumps({"illusts": [1, 2, 3]}).encode()
BARE = zlib.compressobj(wbits=-15)
PACKED = {
    "": BODY,
    "identity": BODY,
    "gzip": gzip.compress(BODY, mtime=0),
    "GZIP": gzip.compress(BODY, mtime=0),
    "deflate": zlib.compress(BODY),
    "Deflate": BARE.compress(BODY) + BARE.flush(),
    "deflate, gzip": gzip.compress(zlib.compress(BODY), mtime=0),
}


@pytest.mark.parametrize("encoding", PACKED)
async def test_a_body_comes_out_as_it_was_packed(encoding):
    packed = PACKED[encoding]
    assert await read_body(answer(packed[:7], packed[7:], encoding=encoding), "GET /x") == BODY


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("br", BODY),
        ("zstd", BODY),
        ("gzip, gzip, gzip", BODY),
        ("gzip", BODY),
        ("gzip", gzip.compress(BODY, mtime=0)[:-9]),
        ("deflate", b"\xff" * 50),
    ],
)
async def test_what_cannot_be_unpacked_is_a_bad_response(encoding, packed):
    with pytest.raises(errors.BadResponse, match="compressed"):
        await read_body(answer(packed, encoding=encoding), "GET /x")


@pytest.mark.parametrize("layers", [1, 2])
async def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused_before_it_is_one(layers):
    packed = gzip.compress(b" " * (MAX_BODY * 3))
    for _ in range(layers - 1):
        packed = gzip.compress(packed)
    tracemalloc.start()
    with pytest.raises(Oversized, match="32 MiB"):
        await read_body(answer(packed, encoding=", ".join(["gzip"] * layers)), "GET /x")
    assert tracemalloc.get_traced_memory()[1] < 3 * MAX_BODY
    tracemalloc.stop()


async def test_an_endless_answer_is_refused():
    with pytest.raises(Oversized):
        await read_body(answer(*[b"x" * (1024 * 1024)] * 40), "GET /x")


@pytest.mark.parametrize("name", ["Set-Cookie", "X-Thing"])
async def test_the_headers_of_an_answer_are_bounded_together(name):
    def headed(size: int) -> httpx.Response:
        rows = [(name, "x" * (1024 - len(name)))] * 63 + [(name, "x" * (1024 - len(name) + size))]
        return httpx.Response(200, headers=rows, stream=Drip(BODY))

    assert sum(len(n) + len(v) for n, v in headed(0).headers.raw) == MAX_HEAD
    assert await read_body(headed(0), "GET /x") == BODY
    with pytest.raises(Oversized, match="headers of the answer are larger than 64 KiB"):
        await read_body(headed(1), "GET /x")


def test_an_answer_that_drips_is_given_up_and_a_slow_one_is_not():
    async def main(clock: VirtualClock) -> None:
        begun = clock.monotonic()
        with pytest.raises(errors.Unreachable, match="drips"):
            await read_body(answer(*[b" "] * 1000, pause=5), "GET /x")
        assert clock.monotonic() - begun < 60
        assert len(await read_body(answer(*[b" " * 10_000] * 20, pause=5), "GET /x")) == 200_000

    run_virtually(main)


def test_json_is_nested_so_deep_and_no_deeper():
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST)
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        with pytest.raises(ValueError, match="deep"):
            parse_json(opening * (DEEPEST + 1) + b"1" + closing * (DEEPEST + 1))
        with pytest.raises(ValueError, match="deep"):
            parse_next((opening * (DEEPEST + 1) + b"1" + closing * (DEEPEST + 1)).decode(), 0)


@pytest.mark.parametrize("number", ["1e400", "-1e999", "Infinity", "NaN"])
def test_a_number_beyond_all_bounds_is_no_json(number):
    with pytest.raises(ValueError, match=r"bounds|not JSON"):
        parse_json(f'{{"a": {number}}}'.encode())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("9" * 400, LONGEST_WAIT),
        ("3155760000", LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 -0000", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_no_wait_is_longer_than_a_day(text, seconds):
    found = retry_after({"retry-after": text}, 1_763_700_000_000)
    assert found == seconds or (found is None and text.startswith("Mon"))
