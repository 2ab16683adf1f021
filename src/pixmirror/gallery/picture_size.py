"""How large a picture is, by the head of its file: JPEG, PNG, GIF and WebP. Nothing is decoded.

Pages that are read side by side must be known wide or tall before they are drawn, also those without a thumbnail.
"""

import asyncio
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, TypeVar

from pixmirror.errors import FileError
from pixmirror.store import resolve

Size: TypeAlias = tuple[int, int]
UNKNOWN: Size = (0, 0)
SEGMENTS = 200  # of a JPEG that are passed over until its frame comes
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length


class Shown(Protocol):
    """A picture on a page: `name` tells its bytes, "" where there are none; `path` is below the media folder."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def width(self) -> int: ...


T = TypeVar("T", bound=Shown)


async def measured(media: Path, pictures: Sequence[T]) -> list[T]:
    """Return these pictures with their sizes: of those without a thumbnail the file is asked."""
    return await asyncio.to_thread(lambda: [_measured(media, one) for one in pictures])


def _measured(media: Path, picture: T) -> T:
    if not picture.name or picture.width:
        return picture
    width, height = _size_by_name(media, picture.path, picture.name)
    return replace(picture, width=width, height=height)  # type: ignore[type-var]


@lru_cache(20_000)
def _size_by_name(media: Path, path: str, name: str) -> Size:
    """`name` has the hash of the file's bytes: what was measured once stays true."""
    with suppress(FileError):
        return size_of(resolve(media, path))
    return UNKNOWN


def size_of(path: Path) -> Size:
    """Return the width and height of a picture; UNKNOWN where its head does not tell them."""
    with suppress(OSError, struct.error), path.open("rb") as file:
        head = file.read(32)
        if head.startswith(b"\xff\xd8"):
            file.seek(2)
            return _of_jpeg(file)
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack(">II", head[16:24])
        if head.startswith((b"GIF87a", b"GIF89a")):
            return struct.unpack("<HH", head[6:10])
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _of_webp(head)
    return UNKNOWN


def _of_jpeg(file: BinaryIO) -> Size:
    for _ in range(SEGMENTS):
        lead, marker = struct.unpack(">BB", file.read(2))
        while marker == 0xFF:  # padding
            (marker,) = struct.unpack(">B", file.read(1))
        if lead != 0xFF:
            return UNKNOWN
        if marker in _BARE:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _FRAMES:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        file.seek(max(0, length - 2), 1)
    return UNKNOWN


def _of_webp(head: bytes) -> Size:
    kind = head[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return UNKNOWN
