"""One file of the image host as a stream, with everything that can go wrong told apart. No token, no cookie."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from pixmirror.contained import no_descriptor
from pixmirror.errors import (
    BadResponse,
    Challenge,
    Damaged,
    Forbidden,
    InvalidRequest,
    NotFound,
    PixivError,
    RateLimited,
    ServerError,
    TooLarge,
    Unreachable,
)
from pixmirror.pixiv import outcomes
from pixmirror.pixiv.bodies import Oversized, check_head
from pixmirror.pixiv.challenges import has_challenge_markup
from pixmirror.pixiv.proxies import failure_of
from pixmirror.pixiv.transport import ImageClient, Transport
from pixmirror.pixiv.wire import retry_after

REFERER: Final = "https://app-api.pixiv.net/"
USER_AGENT: Final = "PixivIOSApp/7.19.1 (iOS 16.7.2; iPhone12,8)"
REDIRECTS = 3
HEAD_SECONDS = 60.0  # until the head of an answer is there, or the page that says why there is no file
SLOW_SECONDS = 60.0
SLOWEST = 512  # bytes a second, over SLOW_SECONDS; a line that is throttled gives twenty times as much
LONGEST_SECONDS = 2 * 3600.0  # then the file is gone on with by another request
LARGEST = 8 << 30  # of any one file
SHOWN = 200  # characters of a path in a message
COUNTED = 256 * 1024  # bytes that may come before the day's budget hears of them


@dataclass(frozen=True, slots=True)
class Validator:
    """What tells whether the file under a URL is still the same: then what is here of it is gone on with."""

    etag: str = ""
    modified: str = ""
    total: int | None = None

    @classmethod
    def of(cls, response: httpx.Response, offset: int) -> "Validator":
        headers = response.headers
        return cls(headers.get("etag", ""), headers.get("last-modified", ""), _total(response, offset))

    @classmethod
    def read(cls, text: str) -> "Validator | None":
        """Return what `text` gave; None where it cannot be read, or nothing but a length was known."""
        try:
            found = cls(**json.loads(text))
            return found if found.etag or found.modified else None
        except (ValueError, TypeError):
            return None

    def text(self) -> str:
        """Return what is to be kept beside a part; empty where nothing but a length is known."""
        return json.dumps(asdict(self)) if self.etag or self.modified else ""

    @property
    def if_range(self) -> str:
        """A weak ETag must not stand there (RFC 9110, 13.1.5); it is compared in the answer."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def contradicts(self, other: "Validator") -> bool:
        """True if another file answers now. Of which nothing was told, nothing may be told now."""
        if not self.if_range and not self.etag:
            return bool(other.etag or other.modified)
        return any(
            mine and theirs and mine != theirs
            for mine, theirs in (
                (self.etag, other.etag),
                (self.modified, other.modified),
                (self.total, other.total),
            )
        )


class ImageStream:
    """The body of one answer, to be iterated over once. A short body raises: to run out is to be whole."""

    def __init__(self, transport: Transport, response: httpx.Response, url: str, offset: int) -> None:
        self._transport = transport
        self._response = response
        self._started = transport.clock.monotonic()
        self.url = url
        self.status = response.status_code
        self.offset = offset
        self.resumed = offset > 0
        self.length_total = _total(response, offset)
        self.content_type = response.headers.get("content-type", "")
        self.validator = Validator.of(response, offset)
        self.received = 0
        self._is_whole = False
        self._counted = 0
        self._window = (self._started, 0)

    @property
    def last_modified_ms(self) -> int | None:
        try:
            return int(parsedate_to_datetime(self._response.headers["last-modified"]).timestamp() * 1000)
        except (KeyError, ValueError, TypeError, OverflowError):
            return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        where = _where(self.url)
        try:
            async for chunk in self._response.aiter_raw():
                self.received += len(chunk)
                self._judge(where)
                if self.received - self._counted >= COUNTED:
                    self._count()
                yield chunk
        except httpx.TimeoutException as exc:
            raise Unreachable(f"{where}: the image host stalled after {self.received} bytes.") from exc
        except httpx.TransportError as exc:
            raise Damaged(
                f"{where}: cut after {self.offset + self.received} of {self.length_total} bytes."
            ) from exc
        if self.length_total is not None and self.offset + self.received != self.length_total:
            raise Damaged(f"{where}: {self.offset + self.received} bytes came of {self.length_total}.")
        self._is_whole = True

    def _judge(self, where: str) -> None:
        """Bound the body in bytes, time and slowness."""
        now, (since, before) = self._transport.clock.monotonic(), self._window
        if self.received > LARGEST:
            raise TooLarge(f"{where}: more than {LARGEST >> 30} GiB came, and no end.")
        if now - since >= SLOW_SECONDS:
            if self.received - before < SLOWEST * SLOW_SECONDS:
                raise Unreachable(
                    f"{where}: the image host drips: {self.received - before} bytes in {now - since:.0f} s."
                )
            self._window = (now, self.received)
        if now - self._started > LONGEST_SECONDS:
            raise Damaged(f"{where}: cut by us after {LONGEST_SECONDS / 3600:.0f} hours, to be gone on with.")

    def _count(self) -> None:
        new = self.received - self._counted
        self._counted = self.received
        self._transport.images.received(new)
        self._transport.counts.image_bytes += new

    def finished(self) -> None:
        self._count()
        self._transport.outcomes.add(outcomes.IMAGE, outcomes.DONE if self._is_whole else outcomes.CUT)
        seconds = self._transport.clock.monotonic() - self._started
        self._transport.images.finished(self.received, seconds)


@asynccontextmanager
async def open_image(
    transport: Transport,
    url: str,
    *,
    offset: int = 0,
    validator: Validator | None = None,
    client: ImageClient | None = None,
    referer: str = REFERER,
) -> AsyncIterator[ImageStream]:
    """GET a file of i.pximg.net or another of Pixiv's image hosts, from `offset` on if the host allows
    (`resumed`); with the `validator` of what is here already only if the file is still the same.

    Takes a slot of the image budget for as long as the body lasts. Errors: NotFound, Forbidden,
    RateLimited, ServerError, Unreachable, Challenge, Damaged (an HTML page, a short body), InvalidRequest
    (not a Pixiv host: nothing is sent). Not repeated here, except from the start where a range is refused.
    Source: pixiv.md 1.4, 6.3.
    """
    transport.hosts.locate(url)
    client = client or transport.shared_image_client
    async with transport.images.slot():
        with transport.outcomes.failing(outcomes.IMAGE):
            response, offset = await _answer(transport, client, url, offset, validator, referer)
        try:
            stream = ImageStream(transport, response, url, offset)
            try:
                yield stream
            finally:
                stream.finished()
        finally:
            await response.aclose()


async def _answer(
    transport: Transport, client: ImageClient, url: str, offset: int, validator: Validator | None, referer: str
) -> tuple[httpx.Response, int]:
    """Return the answer whose body is worth reading, and the offset at which that begins."""
    where = _where(url)
    target, redirects = url, 0
    while True:
        response = await _send(transport, client, target, offset, validator, referer)
        if response.status_code == 200 and not _is_html(response) and not _is_encoded(response):
            return response, 0
        if response.status_code == 206 and offset and _range_start(response) == offset:
            now = Validator.of(response, offset)
            if validator is None or not validator.contradicts(now):
                return response, offset
        try:
            if response.has_redirect_location and redirects < REDIRECTS:
                transport.images.refuse_if_frozen()  # the warning may have come meanwhile
                target, redirects = _redirected(transport, response, target), redirects + 1
            elif offset and response.status_code in (206, 416):
                offset = 0
            else:
                raise await _failure(transport, response, where)
        finally:
            await response.aclose()


async def _send(
    transport: Transport, client: ImageClient, url: str, offset: int, validator: Validator | None, referer: str
) -> httpx.Response:
    headers = {"Referer": referer, "User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Accept": "*/*"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if validator is not None and validator.if_range:
            headers["If-Range"] = validator.if_range
    address = transport.hosts.locate(url)
    transport.counts.image += 1
    where = _where(url)
    try:
        async with asyncio.timeout(HEAD_SECONDS):
            response = await client.send(client.build_request("GET", address, headers=headers), stream=True)
    except (TimeoutError, httpx.TimeoutException) as exc:
        raise Unreachable(f"{where}: {urlsplit(url).hostname} did not answer in time.") from exc
    except httpx.InvalidURL as exc:
        raise InvalidRequest(f"{where}: an address that cannot be asked for.") from exc
    except httpx.HTTPError as exc:
        if ours := no_descriptor(exc):
            raise ours from exc
        if failed := failure_of(transport.proxy_for(address), exc, where):
            raise failed from exc
        raise Unreachable(f"{where}: {urlsplit(url).hostname} cannot be reached ({type(exc).__name__}).") from exc
    try:
        check_head(response, where)
    except Oversized:
        await response.aclose()
        raise
    return response


async def _failure(transport: Transport, response: httpx.Response, where: str) -> PixivError | Damaged:
    status = response.status_code
    if status == 429:
        wait = retry_after(response.headers, transport.clock.now())
        transport.images.slow_down(wait)
        return RateLimited(f"{where}: the image host limits us (429).", wait)
    if status in (404, 410):
        return NotFound(f"{where}: {status}.")
    if _is_html(response) and await _is_challenge(response):
        transport.images.slow_down()
        return Challenge(f"{where}: a challenge page came instead of the file ({status}).")
    if status == 403:
        return Forbidden(f"{where}: the image host refuses it (403).")
    if status >= 500:
        return ServerError(f"{where}: the image host failed ({status}).")
    if status == 200:
        what = "a compressed body" if _is_encoded(response) else "a web page"
        return Damaged(f"{where}: {what} came instead of the file.")
    if status in (206, 416) or status < 400:
        return BadResponse(f"{where}: an answer that was not asked for ({status}).")
    return InvalidRequest(f"{where}: {status}.")


async def _is_challenge(response: httpx.Response) -> bool:
    if "cf-mitigated" in response.headers:
        return True
    start = b""
    try:
        async with asyncio.timeout(HEAD_SECONDS):
            async for chunk in response.aiter_raw():
                start += chunk
                if len(start) > 8192:
                    break
    except (TimeoutError, httpx.TransportError):
        return False  # a page that broke off is no less a page
    return has_challenge_markup(start)


def _redirected(transport: Transport, response: httpx.Response, url: str) -> str:
    """Return where a redirect leads, if that is one of Pixiv's hosts."""
    try:
        target = transport.hosts.real(urljoin(str(response.url), response.headers["location"]))
    except ValueError as exc:
        raise BadResponse(f"{_where(url)}: sent elsewhere, to an address that cannot be read.") from exc
    transport.hosts.locate(target)
    return target


def _where(url: str) -> str:
    path = urlsplit(url).path
    return f"GET {path if len(path) <= SHOWN else f'{path[:SHOWN]}…'}"


def _is_html(response: httpx.Response) -> bool:
    return "html" in response.headers.get("content-type", "").lower()


def _is_encoded(response: httpx.Response) -> bool:
    """True if what was asked for as it is came compressed: its bytes would not be the file's."""
    return str(response.headers.get("content-encoding", "identity")) != "identity"


def _range_start(response: httpx.Response) -> int | None:
    """Return the 100 of `bytes 100-199/200`."""
    unit, _, rest = response.headers.get("content-range", "").partition(" ")
    start = rest.partition("-")[0].strip()
    return int(start) if unit.lower() == "bytes" and start.isdecimal() and len(start) < 19 else None


def _total(response: httpx.Response, offset: int) -> int | None:
    if offset:
        total = response.headers.get("content-range", "").rpartition("/")[2].strip()
        if total.isdecimal() and len(total) < 19:
            return int(total)
    length = response.headers.get("content-length", "")
    return offset + int(length) if length.isdecimal() and len(length) < 19 else None
