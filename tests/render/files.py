"""Files to make thumbnails of: pictures as Pixiv has them, and others that were made to do harm."""

import io
import struct
import zipfile
import zlib
from random import Random
from typing import Any

from PIL import Image, ImageDraw

RED, GREEN, BLUE = (220, 30, 40), (30, 180, 70), (40, 60, 210)


def encoded(picture: Image.Image, kind: str, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def quarters(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a picture that is red at its top left, green at its top right and blue below."""
    picture = Image.new("RGB", (width, height), BLUE)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), GREEN)
    return picture.convert(mode)


def scene(seed: int, width: int = 600, height: int = 800) -> Image.Image:
    """Return a picture of soft shapes, unlike those of other seeds."""
    rng = Random(seed)
    small = Image.frombytes("RGB", (8, 8), rng.randbytes(192))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def zipped(members: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, kind: int = 2) -> bytes:
    """Return a PNG that claims this size and kind of colour, with these chunks after its header."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of so many black pixels in a few bytes."""
    rows = zlib.compress(bytes((1 + width * 3) * height), 9)
    return png(width, height, chunk(b"IDAT", rows))
