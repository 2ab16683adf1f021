"""Tell systemd that we are ready and alive, and tell the user what needs a hand."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

import httpx

from pixmirror.terminal import one_line, shown

log = logging.getLogger(__name__)

Load = Callable[[], Awaitable[Mapping[str, str]]]
Save = Callable[[Mapping[str, str]], Awaitable[None]]


def sd_notify(state: str, env: Mapping[str, str] | None = None) -> bool:
    """Send READY=1, STOPPING=1, WATCHDOG=1 or STATUS=...; False when no systemd listens."""
    address = (os.environ if env is None else env).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError as error:
            log.debug("systemd could not be told %s: %s", state, error)
            return False
    return True


def watchdog_interval(env: Mapping[str, str] | None = None) -> float | None:
    """Return the seconds between two WATCHDOG=1: half of what systemd allows. None when it does not watch us."""
    env = os.environ if env is None else env
    limit = env.get("WATCHDOG_USEC", "")
    if not limit.isdecimal() or int(limit) == 0 or env.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(limit) / 2_000_000


class Notifier:
    """Sends a notice when something changed: the same event with the same title is sent once until it is cleared.

    `url` takes a POST as ntfy does; `command` gets the text on its standard input; with neither nothing is sent.
    `load` and `save` keep what was sent over restarts. A notice that cannot be sent is logged, never raised, and
    tried again when the event is reported the next time.
    """

    def __init__(
        self,
        url: str | None,
        command: Sequence[str] = (),
        *,
        load: Load | None = None,
        save: Save | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._url = url
        self._command = tuple(command)
        self._load = load
        self._save = save
        self._timeout = timeout
        self._sent: dict[str, str] | None = None
        self._failing = False
        self._turn = asyncio.Lock()

    async def notify(self, event: str, title: str, text: str) -> bool:
        """Report that `event` ("login", "job:daily") holds. Return True when a notice went out."""
        async with self._turn:
            sent = await self._state()
            if sent.get(event) == title or not await self._send(event, title, text):
                return False
            sent[event] = title
            await self._keep()
            return True

    async def clear(self, event: str, title: str = "", text: str = "") -> bool:
        """Report that the event is over, so that its next time counts as new. With a `title`, say so if it had
        been sent.
        """
        async with self._turn:
            sent = await self._state()
            if sent.pop(event, None) is None:
                return False
            await self._keep()
            return bool(title) and await self._send(event, title, text)

    async def _state(self) -> dict[str, str]:
        if self._sent is None:
            self._sent = dict(await self._load()) if self._load else {}
        return self._sent

    async def _keep(self) -> None:
        if self._save and self._sent is not None:
            await self._save(dict(self._sent))

    async def _send(self, event: str, title: str, text: str) -> bool:
        if not self._url and not self._command:
            return False
        title, text = one_line(title), shown(text)
        try:
            async with asyncio.timeout(self._timeout):
                await (self._post(self._url, title, text) if self._url else self._run(event, title, text))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, _Refused) as error:
            if not self._failing:
                log.warning("The notice %r could not be sent: %s", title, self._reason(error))
            self._failing = True
            return False
        self._failing = False
        return True

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout:g} seconds"
        text = str(error) or type(error).__name__
        # The address itself may be a secret: who knows an ntfy topic can read it
        return text.replace(self._url, "notify.url") if self._url else text

    async def _post(self, url: str, title: str, text: str) -> None:
        header = " ".join(title.split()).encode("ascii", "replace").decode("ascii")
        async with httpx.AsyncClient(timeout=self._timeout) as client:
            answer = await client.post(url, content=text.encode(), headers={"Title": header})
        if not answer.is_success:
            raise _Refused(f"{answer.url.host} answered {answer.status_code}")

    async def _run(self, event: str, title: str, text: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=_for_command(event, title),
        )
        try:
            _, said = await process.communicate(text.encode())
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            words = said.decode("utf-8", "replace").strip()[-200:]
            raise _Refused(f"{self._command[0]} ended with {process.returncode}: {words}")


class _Refused(Exception):
    """The other side did not take the notice; stays inside of this module."""


def _for_command(event: str, title: str) -> dict[str, str]:
    """Return our environment without our configuration, which may hold a token."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("PIXMIRROR_")}
    return {**kept, "PIXMIRROR_EVENT": event, "PIXMIRROR_TITLE": title}
