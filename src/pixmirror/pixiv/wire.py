"""The parts of a call: what is asked, and answered, the files that go along, the rules of writing and reading."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol, cast

from pixmirror.errors import PixmirrorError, WrongValue
from pixmirror.models import Lane

Param = str | int | bool | Sequence[str | int] | None
Next = Mapping[str, str] | None  # the query of a list's next page: `Listing.next`, or `parse_qs` of a next_url
LONGEST_WAIT = 86_400.0
Progress = Callable[[int, int], None]  # bytes handed over so far, bytes in all
Opened = list[tuple[str, tuple[str, IO[bytes], str]]]


class Authorizer(Protocol):
    """Who gives access tokens to the transport (Auth; later a cookie)."""

    async def access_token(self) -> str: ...

    async def renew(self, rejected: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A file that goes along with a form, read from disk while it is sent. `size` is what it was when it was
    checked: another one at the time of sending is refused.
    """

    field: str
    path: Path
    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `retry_after` is in seconds; `headers` are found in lower case."""

    status: int
    content_type: str
    body: bytes
    retry_after: float | None = None
    quiet_until: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the API. `judge` says which error an answer is, where the App API's rules do not hold. With
    `find_out`, how to see whether it was done, an outcome that is not clear is an UnclearOutcome.
    `holds` says whether a page is what was asked for: then it is no challenge, whatever else it holds.
    `tries`: how often it is sent at most while it fails in a way that may pass; None: as the transport does.
    Without `slows` a limit that it meets is raised at once, and slows nobody down.
    """

    method: str
    host: str
    path: str
    params: Mapping[str, Param] = field(default_factory=dict)
    data: Mapping[str, Param] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    lane: Lane = Lane.NEW
    auth: Authorizer | None = None
    html: bool = False
    json: Any = None
    judge: "Callable[[Answer, Request], PixmirrorError | None] | None" = None
    files: Sequence[Part] = ()
    progress: Progress | None = None
    find_out: str = ""
    holds: Callable[[str], bool] | None = None
    tries: int | None = None
    slows: bool = True

    @property
    def where(self) -> str:
        return f"{self.method} {self.path}"


class Sending:
    """One attempt to send what a request holds; as a context it gives httpx the opened files, which are never held
    in memory, None if there are none. `whole` is False as long as Pixiv cannot have got all of them.
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


def flatten(params: Mapping[str, Param]) -> list[tuple[str, str]]:
    """Return parameters as Pixiv takes them: lists as `name[]`, booleans as text, what is None left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if value is None:
            continue
        if isinstance(value, bool):
            pairs.append((name, "true" if value else "false"))
        elif isinstance(value, (str, int)):
            pairs.append((name, str(value)))
        else:
            pairs += [(f"{name}[]", str(item)) for item in value]
    return pairs


def numbered(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters as they stand in `Listing.next`: repeated `name[]` become `name[0]`, `name[1]`..."""
    query: dict[str, str] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            stem = name[:-2]
            name = f"{stem}[{sum(known.startswith(f'{stem}[') for known in query)}]"
        query[name] = value
    return query


def retry_after(headers: Mapping[str, str], now: int) -> float | None:
    """Retry-After in seconds, whether it was a number or a date; None if absent or unreadable, and a day at most:
    whoever says a century, or has another clock, is asked again tomorrow.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - now / 1000
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def quiet_until(headers: Mapping[str, str]) -> int | None:
    """Return when X-RateLimit-* says that the next request may go; only document 002 knows these headers."""
    remaining, reset = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-reset", "")
    return int(reset) * 1000 if remaining == "0" and reset.isdecimal() and len(reset) < 13 else None


def form_fields(data: Mapping[str, Param]) -> dict[str, list[str]] | None:
    form: dict[str, list[str]] = {}
    for name, value in flatten(data):
        form.setdefault(name, []).append(value)
    return form or None
