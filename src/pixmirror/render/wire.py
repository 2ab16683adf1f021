"""What goes over the socket between us and the process that decodes. Nothing here decodes, or loads what does."""

import socket
import struct
from dataclasses import dataclass

from pixmirror.errors import FileError

READY = b"R"
LARGEST = 4 << 20  # bytes of an answer
MADE, REFUSED, UNREAD = range(3)
_HEAD = struct.Struct("!BIIIqI")  # kind; width, height, colour, dhash; bytes that follow


class NoThumbnail(FileError):
    """No thumbnail can be made of this file, now or ever; the text says why."""

    passing = False


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A thumbnail, and what was seen of its original. `dhash` has 64 bits, signed as SQLite's integers are."""

    webp: bytes
    width: int  # of the original, turned as it is shown
    height: int
    colour: int  # the average, 0xRRGGBB
    dhash: int


class Unread(Exception):
    """The file could not be read: its disk is at fault, not the picture."""


class Nonsense(Exception):
    """The answer is none that the decoder gives."""


def packed(kind: int, data: bytes, made: Thumbnail | None = None) -> bytes:
    """Return an answer as it is sent: a thumbnail, or the reason why there is none."""
    seen = (made.width, made.height, made.colour, made.dhash) if made else (0, 0, 0, 0)
    return _HEAD.pack(kind, *seen, len(data)) + data


def receive(decoder: socket.socket) -> Thumbnail:
    """Return the thumbnail that comes from the decoder. NoThumbnail, Unread; EOFError if it ends instead.

    What decodes the files of strangers is not believed either: Nonsense.
    """
    kind, width, height, colour, dhash, length = _HEAD.unpack(_exactly(decoder, _HEAD.size))
    if length > LARGEST:
        raise Nonsense
    data = _exactly(decoder, length)
    if kind == REFUSED:
        raise NoThumbnail(data[:400].decode(errors="replace"))
    if kind == UNREAD:
        raise Unread(data[:400].decode(errors="replace"))
    if kind != MADE or not (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or colour >> 24 or not width * height:
        raise Nonsense
    return Thumbnail(data, width, height, colour, dhash)


def _exactly(decoder: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = decoder.recv(min(count - len(parts), 1 << 16))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
