"""The process that decodes: `python -m pixmirror.render.decoder MEMORY SECONDS`, with a socket as its input.

It is sent open files, one at a time, and answers each with a thumbnail or with why there is none. It opens
nothing, writes nothing, starts nothing, and ends when the other end of the socket is closed. What kills it harms
nobody else.
"""

import os
import resource
import socket
import sys
import time

from pixmirror.render import wire
from pixmirror.render.picture import make

_NO_MORE = ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NPROC")  # no file, no dump, no other process


def main(argv: list[str]) -> int:
    memory, seconds = map(int, argv)
    os.nice(19)
    for name in _NO_MORE:
        resource.setrlimit(getattr(resource, name), (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with socket.socket(fileno=0) as parent:
        parent.sendall(wire.READY)
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
    except wire.NoThumbnail as error:
        return wire.packed(wire.REFUSED, str(error).encode())
    except OSError as error:
        return wire.packed(wire.UNREAD, str(error.strerror or error).encode())
    return wire.packed(wire.MADE, made.webp, made)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
