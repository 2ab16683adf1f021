"""The process that decodes: `python -m pixmirror.render.decoder MEMORY SECONDS`, with a socket as its input.

It is sent open files, one at a time, and answers each with a thumbnail or with why there is none. It opens
nothing, writes nothing, starts nothing, and ends when the other end of the socket is closed. What kills it harms
nobody else.
"""

import os
import resource
import socket
import struct
import sys
import time

from pixmirror.render.picture import NoThumbnail, Thumbnail, make

READY = b"R"
LARGEST = 4 << 20  # bytes of an answer
_MADE, _REFUSED, _UNREAD = range(3)
_HEAD = struct.Struct("!BIIIqI")  # kind; width, height, colour, dhash; bytes that follow
_NO_MORE = ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NPROC")  # no file, no dump, no other process


class Unread(Exception):
    """The file could not be read: its disk is at fault, not the picture."""


class Nonsense(Exception):
    """The answer is none that this program gives."""


def main(argv: list[str]) -> int:
    memory, seconds = map(int, argv)
    os.nice(19)
    for name in _NO_MORE:
        resource.setrlimit(getattr(resource, name), (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with socket.socket(fileno=0) as parent:
        parent.sendall(READY)
        while True:
            _, files, _, _ = socket.recv_fds(parent, 1, 1)
            if not files:
                return 0
            _allow(seconds)
            parent.sendall(_answer(files[0]))


def _allow(seconds: int) -> None:
    """Let the kernel end this process when it has used so much more time of the processor."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, hard))


def _answer(descriptor: int) -> bytes:
    try:
        with os.fdopen(descriptor, "rb") as file:
            made = make(file)
    except NoThumbnail as error:
        return _packed(_REFUSED, str(error).encode())
    except OSError as error:
        return _packed(_UNREAD, str(error.strerror or error).encode())
    return _packed(_MADE, made.webp, made)


def _packed(kind: int, data: bytes, made: Thumbnail | None = None) -> bytes:
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
    if kind == _REFUSED:
        raise NoThumbnail(data[:400].decode(errors="replace"))
    if kind == _UNREAD:
        raise Unread(data[:400].decode(errors="replace"))
    if kind != _MADE or not (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or colour >> 24 or not width * height:
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
