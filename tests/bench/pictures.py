"""Real JPEGs of an exact size, each unlike all others, and cheap enough to be made for every request."""

import io
import struct
from hashlib import sha256
from random import Random

from PIL import Image

_MOST = 65_537  # bytes of a comment segment, its own 4 included
_NAME = 36  # bytes of the comment that makes a picture unlike the others


class Pictures:
    """One picture of noise, in as many copies as are asked for: they differ in a comment."""

    def __init__(self, size: int) -> None:
        self._rest = _noise(size - _NAME)
        self._filler = b"".join(_comments(size - _NAME - len(self._rest)))

    def named(self, name: str) -> bytes:
        """The picture of that name, always the same."""
        return b"".join((b"\xff\xd8", _comment(sha256(name.encode()).digest()), self._filler, self._rest[2:]))


def _noise(most: int) -> bytes:
    """A picture of noise of nearly so many bytes, and never more unless that is less than any has."""
    edge = 8
    best = _encoded(edge)
    while len(larger := _encoded(edge + max(1, edge // 16))) <= most - 4:  # what is left is filled with comments
        edge, best = edge + max(1, edge // 16), larger
    return best


def _encoded(edge: int) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (edge, edge), Random(edge).randbytes(3 * edge * edge)).save(out, "JPEG", quality=86)
    return out.getvalue()


def _comments(count: int) -> list[bytes]:
    """Comment segments of exactly `count` bytes together."""
    parts = []
    while count:
        size = count if count <= _MOST else min(_MOST, count - 4)  # what is left must hold one more
        parts.append(_comment(bytes(size - 4)))
        count -= size
    return parts


def _comment(text: bytes) -> bytes:
    return b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text
