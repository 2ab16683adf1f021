"""The files of a form on their way from disk to Pixiv: opened for one attempt, never held in memory, counted."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import IO, BinaryIO, cast

from pixmirror.errors import WrongValue
from pixmirror.pixiv.wire import Part, Request

Opened = list[tuple[str, tuple[str, IO[bytes], str]]]


class Sending:
    """One attempt to send what a request holds; as a context it gives httpx the opened files, None if there are
    none. `whole` is False as long as Pixiv cannot have got all of them.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._open = ExitStack()
        self._done = 0
        self.total = sum(part.size for part in request.files)

    @property
    def whole(self) -> bool:
        return self._done >= self.total

    async def __aenter__(self) -> Opened | None:
        with ExitStack() as opening:
            files = [(part.field, (part.filename, self._opened(part, opening), part.content_type))
                     for part in self._request.files]  # fmt: skip
            self._open = opening.pop_all()
        return files or None

    async def __aexit__(self, *_: object) -> None:
        self._open.close()

    def _opened(self, part: Part, opening: ExitStack) -> IO[bytes]:
        try:
            file = opening.enter_context(part.path.open("rb"))
        except OSError as exc:
            raise WrongValue(f"{part.path} cannot be read: {exc.strerror}. Nothing was posted.") from exc
        return cast(IO[bytes], _Counted(part, file, self._count))  # it has all that httpx asks of a file

    def _count(self, size: int) -> None:
        self._done += size
        if self._request.progress is not None:
            self._request.progress(self._done, self.total)


class _Counted:
    """A file as httpx reads it: by `read`, its length asked by `fileno`."""

    def __init__(self, part: Part, file: BinaryIO, count: Callable[[int], None]) -> None:
        self._part, self._file, self._count = part, file, count
        self._left = part.size

    def fileno(self) -> int:
        return self._file.fileno()

    def read(self, size: int = -1) -> bytes:
        try:
            chunk = self._file.read(size)
        except OSError as exc:
            raise WrongValue(f"{self._part.path} cannot be read: {exc.strerror}. Nothing was posted.") from exc
        self._left -= len(chunk)
        if self._left < 0 or (not chunk and self._left):
            raise WrongValue(f"{self._part.path} changed while it was sent. Nothing was posted.")
        if chunk:
            self._count(len(chunk))
        return chunk
