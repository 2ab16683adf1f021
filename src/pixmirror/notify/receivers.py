"""Who gets notices: a topic as ntfy has them, a command, a service that Apprise knows. None logs its address."""

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import PurePath
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from pixmirror.logs import hide, redact

TIMEOUT_S = 30.0
_SAID = 200  # characters of what a command says of its failure
_END = 1 << 14  # bytes


class NotTaken(Exception):
    """A receiver did not take a notice; the text says why, and names no secret."""


class Receiver(Protocol):
    """One that notices are sent to. `name` tells which, without what must stay secret of its address."""

    @property
    def name(self) -> str: ...

    async def send(self, event: str, title: str, text: str) -> str:
        """Send a notice. Return what was answered; NotTaken if that was a refusal, or nothing."""
        ...


class Topic:
    """A web address that takes a POST as ntfy does: the text is the body, the title a header."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_S) -> None:
        self._url = url
        self._timeout = timeout

    @property
    def name(self) -> str:
        try:
            return urlsplit(self._url).hostname or "notify.url"
        except ValueError:
            return "notify.url"

    async def send(self, event: str, title: str, text: str) -> str:
        header = " ".join(title.split()).encode("ascii", "replace").decode("ascii")
        try:
            _ = urlsplit(self._url).port  # a ValueError if it is none
            # Of the answer the status alone is read: whatever it holds, and however much.
            async with (
                asyncio.timeout(self._timeout),
                httpx.AsyncClient(timeout=self._timeout) as client,
                client.stream("POST", self._url, content=text.encode(), headers={"Title": header}) as answer,
            ):
                status, is_taken = answer.status_code, answer.is_success
        except TimeoutError as error:
            raise NotTaken(_no_answer(self._timeout)) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # The address itself may be a secret: who knows an ntfy topic can read it.
            raise NotTaken((str(error) or type(error).__name__).replace(self._url, "notify.url")) from error
        if not is_taken:
            raise NotTaken(f"{self.name} answered {status}")
        return f"answered {status}"


class Command:
    """A program that gets the text on its standard input, event and title in its environment."""

    def __init__(self, command: Sequence[str], *, timeout: float = TIMEOUT_S) -> None:
        self._command = tuple(command)
        self._timeout = timeout

    @property
    def name(self) -> str:
        return PurePath(self._command[0]).name

    async def send(self, event: str, title: str, text: str) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._run(event, title, text)
        except TimeoutError as error:
            raise NotTaken(_no_answer(self._timeout)) from error
        except OSError as error:
            raise NotTaken(str(error)) from error

    async def _run(self, event: str, title: str, text: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=_for_command(event, title),
        )
        assert process.stdin is not None
        assert process.stderr is not None
        try:
            said, *_ = await asyncio.gather(
                _end_of(process.stderr), _write(process.stdin, text.encode()), process.wait()
            )
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            words = redact(said.decode("utf-8", "replace")).strip()[-_SAID:]
            raise NotTaken(f"{self._command[0]} ended with {process.returncode}: {words}")
        return "ended with 0"


async def _write(stream: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(ConnectionError):  # it may end without reading what it is given
        stream.write(data)
        await stream.drain()
    stream.close()


async def _end_of(stream: asyncio.StreamReader) -> bytes:
    """Read all, however much it is; return the end, in which a secret is whole of which a part is shown."""
    end = b""
    while chunk := await stream.read(_END):
        end = (end + chunk)[-_END:]
    return end


class Apprise:
    """A service that Apprise knows, by its address there. The library is an extra: `pixmirror[notify]`."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT_S) -> None:
        self._url = url
        self._timeout = timeout
        hide(url)

    @property
    def name(self) -> str:
        return f"apprise {self._url.partition(':')[0]}"

    async def send(self, event: str, title: str, text: str) -> str:
        try:
            import apprise
        except ImportError as error:
            raise NotTaken("Apprise is not installed here: pip install 'pixmirror[notify]'") from error
        service = apprise.Apprise()
        with _said_by("apprise") as said:
            if not service.add(self._url):
                raise NotTaken(f"this is no address that Apprise knows{_last(said)}")
            try:
                async with asyncio.timeout(self._timeout):
                    taken = await service.async_notify(
                        body=text, title=title, body_format=apprise.NotifyFormat.TEXT
                    )
            except TimeoutError as error:
                raise NotTaken(_no_answer(self._timeout)) from error
            if not taken:
                raise NotTaken(f"it was not taken{_last(said)}")
        return "took it"


@contextmanager
def _said_by(library: str) -> Iterator[list[str]]:
    """Collect what a library logs, and keep it out of our own log: it may repeat an address."""
    said: list[str] = []
    logger, handler = logging.getLogger(library), logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(redact(record.getMessage()))  # type: ignore[method-assign]
    before, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def _last(said: Sequence[str]) -> str:
    return f": {said[-1].strip().rstrip('.')}" if said else ""


def _no_answer(seconds: float) -> str:
    return f"no answer within {seconds:g} seconds"


def _for_command(event: str, title: str) -> Mapping[str, str]:
    """Return our environment without our configuration, which may hold a token."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("PIXMIRROR_")}
    return {**kept, "PIXMIRROR_EVENT": event, "PIXMIRROR_TITLE": title}
