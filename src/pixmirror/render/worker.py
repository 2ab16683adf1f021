"""Has pictures decoded by a process that may die: what kills it is known, and it is started again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

from pixmirror.errors import PixmirrorError, StorageError
from pixmirror.render import wire
from pixmirror.render.wire import NoThumbnail, Thumbnail

MEMORY = 1 << 30  # bytes: what takes most of all that is decoded takes 0.8 of it
SECONDS = 20  # of the processor for one picture; the largest take 3
STARTS_S = 60.0
ANSWERS_S = 900.0  # it waits for its disk and, at the lowest priority, for its turn
ENDS_S = 5.0
# By these others end a process: a picture is at fault only if it happens twice.
_BY_OTHERS = frozenset((signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT))
_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")  # of our environment: nothing secret


_PROGRAM = "pixmirror.render.decoder"
_CLOSED = "No more pictures are decoded: the gallery ends."


class DecoderDown(PixmirrorError):
    """Nothing can be decoded now; no picture is at fault."""

    passing = True


class Decoder:
    """A process that decodes one picture after the other, started when it is needed, again when it has died."""

    def __init__(self, memory: int = MEMORY, seconds: int = SECONDS, answers_s: float = ANSWERS_S) -> None:
        self._limits = str(memory), str(seconds)
        self._answers_s = answers_s
        self._busy = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The number of the process, if there is one."""
        return self._process.pid if self._process else None

    def thumbnail(self, file: int) -> Thumbnail:
        """Return the thumbnail of an open file, from its start. Blocks.

        NoThumbnail: the picture is at fault. StorageError: its disk is. DecoderDown: neither.
        """
        with self._busy:
            ended = self._ask(file)
            if isinstance(ended, int) and -ended in _BY_OTHERS:
                os.lseek(file, 0, os.SEEK_SET)
                ended = self._ask(file)
            if isinstance(ended, int):
                raise NoThumbnail(f"the process that decodes it {_in_words(ended)}")
            return ended

    def _ask(self, file: int) -> Thumbnail | int:
        """Return the thumbnail, or how the process ended over it."""
        connected = self._connected()
        try:
            socket.send_fds(connected, [b"F"], [file])
            return wire.receive(connected)
        except wire.Unread as error:
            raise StorageError(f"A picture could not be read: {error}.") from error
        except wire.Nonsense as error:
            self._end(at_once=True)
            raise NoThumbnail("the process that decodes it answered nonsense") from error
        except TimeoutError as error:
            self._end(at_once=True)
            raise DecoderDown(f"A picture was not decoded within {self._answers_s:.0f} seconds.") from error
        except (EOFError, OSError) as error:
            ended = self._end()
            if self._closed:
                raise DecoderDown(_CLOSED) from error
            return ended

    def _connected(self) -> socket.socket:
        """Return the way to a process that is alive."""
        if self._closed:
            raise DecoderDown(_CLOSED)
        if self._process is not None and self._process.poll() is not None:
            self._end()  # it died between two pictures, which is no picture's fault
        if self._socket is None:
            self._start()
        assert self._socket is not None
        return self._socket

    def _start(self) -> None:
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*_gently(), sys.executable, "-P", "-m", _PROGRAM, *self._limits],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={name: os.environ[name] for name in _KEPT if name in os.environ},
                    cwd="/",
                    start_new_session=True,  # Ctrl-C is for us
                )
            if self._closed:
                self._process.kill()
            self._socket.settimeout(STARTS_S)
            if self._socket.recv(len(wire.READY)) != wire.READY:
                raise EOFError
        except (OSError, EOFError) as error:
            why = str(error) or f"it {_in_words(self._end())}"
            self._end(at_once=True)
            raise DecoderDown(f"The process that decodes pictures could not be started: {why}.") from error
        self._socket.settimeout(self._answers_s)

    def _end(self, *, at_once: bool = False) -> int:
        """End the process, if it does not by itself, and return how it ended."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is None:
            return 0
        with self._process as process:
            if at_once:
                process.kill()
            try:
                ended = process.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                process.kill()
                ended = process.wait()
        self._process = None
        return ended

    def rest(self) -> None:
        """End the process until it is needed again. Blocks while a picture is decoded."""
        with self._busy:
            self._end(at_once=True)

    def close(self) -> None:
        """End the process now, also in the middle of a picture: that raises DecoderDown."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        self.rest()


def _gently() -> list[str]:
    """Return the words before a command that give way to all others at the disk, where the system has them."""
    ionice = shutil.which("ionice")
    return [ionice, "-t", "-c", "2", "-n", "7"] if ionice else []


def _in_words(ended: int) -> str:
    if ended >= 0:
        return f"ended with status {ended}"
    try:
        return f"died of {signal.Signals(-ended).name}"
    except ValueError:
        return f"died of signal {-ended}"
