"""One answer: its head bounded in bytes, its body as it comes, when unpacked, and in slowness; and as JSON: what
Python's parser takes but nothing behind it can write is refused or mended.
"""

import asyncio
import json
import re
import zlib
from math import isfinite
from typing import Any, NoReturn

import httpx

from pixmirror.errors import BadResponse, Unreachable

ENCODINGS = "gzip, deflate"  # what we ask for; anything else cannot be unpacked within bounds
MAX_BODY = 32 * 1024 * 1024
MAX_HEAD = 64 * 1024  # httpcore gives up a head that has no end after 100 KiB, as an answer that broke off
MOST_LAYERS = 2
PATIENCE_S = 30.0  # after this a body must have come at this speed on the average, bytes a second
SLOWEST = 1024

_HIGH = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_MAYBE_LONE = re.compile(_HIGH + rb"(?!" + _LOW + rb")|(?<!" + _HIGH + rb")" + _LOW)
DEEPEST = 100
_LONE = re.compile("[\ud800-\udfff]")


class Oversized(BadResponse):
    """Not asked for again: it would be as large."""


async def read_body(response: httpx.Response, where: str) -> bytes:
    """Return the whole body, unpacked. Raises Oversized, BadResponse, Unreachable if it drips, httpx errors."""
    check_head(response, where)
    layers = _layers(response.headers.get("content-encoding", ""), where)
    chunks: list[bytes] = []
    size, begun = 0, asyncio.get_running_loop().time()
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > MAX_BODY:
            raise Oversized(_too_large(where))
        waited = asyncio.get_running_loop().time() - begun
        if waited > PATIENCE_S and size < waited * SLOWEST:
            raise Unreachable(f"{where}: the answer only drips: {size} bytes in {waited:.0f} s.")
        chunks.append(chunk)
    body = b"".join(chunks)
    for layer in reversed(layers):
        body = _unpacked(body, layer, where)
    return body


def check_head(response: httpx.Response, where: str) -> None:
    """Raise Oversized if names and values of the headers are together larger than MAX_HEAD."""
    if sum(len(name) + len(value) for name, value in response.headers.raw) > MAX_HEAD:
        raise Oversized(f"{where}: the headers of the answer are larger than {MAX_HEAD // 1024} KiB.")


def _layers(header: str, where: str) -> list[str]:
    layers = [name for part in header.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if len(layers) > MOST_LAYERS or not set(layers) <= {"gzip", "x-gzip", "deflate"}:
        raise BadResponse(f"{where}: the answer is compressed in a way that was not asked for.")
    return layers


def _unpacked(packed: bytes, layer: str, where: str) -> bytes:
    """Return one layer less, never more than MAX_BODY of it."""
    if not packed:
        return packed
    failure = BadResponse(f"{where}: the compressed answer is broken.")
    windows = (zlib.MAX_WBITS, -zlib.MAX_WBITS) if layer == "deflate" else (zlib.MAX_WBITS | 16,)
    for window in windows:
        unpacking = zlib.decompressobj(window)
        try:
            body = unpacking.decompress(packed, MAX_BODY + 1)
        except zlib.error:
            continue  # deflate comes with a header or without
        if len(body) > MAX_BODY:
            raise Oversized(_too_large(where))
        if not unpacking.eof:
            raise failure
        return body
    raise failure


def _too_large(where: str) -> str:
    return f"{where}: the answer is larger than {MAX_BODY // 1024 // 1024} MiB."


# -- as JSON


def parse_json(body: bytes) -> Any:
    """Return the value; ValueError (or RecursionError) if it is not JSON. Half a surrogate pair, which a cut emoji
    leaves and which UTF-8 cannot carry, becomes U+FFFD; NaN and Infinity are refused.
    """
    value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
    if _deeper_than(value, DEEPEST):
        raise ValueError("nested too deeply")
    return _mended(value) if _MAYBE_LONE.search(body) else value


def parse_next(text: str, at: int) -> tuple[Any, int]:
    """Return the value that begins at `at`, and where it ends; errors as of `parse_json`."""
    value, end = _DECODER.raw_decode(text, at)
    if _deeper_than(value, DEEPEST):
        raise ValueError("nested too deeply")
    return _mended(value), end


def _deeper_than(value: Any, levels: int) -> bool:
    """True if lists and objects stand in each other so often that whoever walks through them may fall."""
    level = [value] if isinstance(value, dict | list) else []
    while level and levels:
        children = (parent.values() if type(parent) is dict else parent for parent in level)
        level = [child for row in children for child in row if type(child) is dict or type(child) is list]
        levels -= 1
    return bool(level)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(item) for name, item in value.items()}
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
