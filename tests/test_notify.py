"""Notices: sent once per change, never a reason to fail; and the words that systemd waits for."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pixmirror.notify import Notifier, sd_notify, watchdog_interval


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Topic:
    """A stand-in for ntfy on loopback."""

    url: str = ""
    status: int = 200
    silent: bool = False
    received: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answering: list[asyncio.Task[None]] = field(default_factory=list)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answering.append(asyncio.create_task(self.answer(reader, writer)))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError):  # who gives up may have said nothing
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            headers = {name.lower(): value for name, value in headers.items()}
            body = await reader.readexactly(int(headers["content-length"]))
            self.received.append((headers, body.decode()))
            if not self.silent:
                writer.write(
                    f"HTTP/1.1 {self.status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
                )
                await writer.drain()
            else:
                await reader.read()  # until the other side gives up
        await writer.wait_closed()


@asynccontextmanager
async def topic() -> AsyncIterator[Topic]:
    there = Topic()
    server = await asyncio.start_server(there.accept, "127.0.0.1", 0)
    async with server:
        there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/secret-topic"
        yield there
        await asyncio.sleep(0.01)  # so that who has connected and given up at once is among those who are answered
        await asyncio.gather(*there.answering)


@pytest.mark.anyio
async def test_a_notice_is_posted_as_ntfy_takes_it() -> None:
    async with topic() as there:
        assert await Notifier(there.url).notify("login-needed", "Login\nneeded: 鍵", "Run `pixmirror login`. 鍵")
    headers, body = there.received[0]
    assert headers["title"] == "Login needed: ?"
    assert body == "Run `pixmirror login`. 鍵"


@pytest.mark.anyio
async def test_only_a_change_is_sent_also_over_restarts() -> None:
    kept: dict[str, str] = {}

    async def load() -> Mapping[str, str]:
        return kept

    async def save(state: Mapping[str, str]) -> None:
        kept.clear()
        kept.update(state)

    async with topic() as there:
        notifier = Notifier(there.url, load=load, save=save)
        assert await notifier.notify("disk", "Disk full", "3 GiB left")
        assert not await notifier.notify("disk", "Disk full", "2 GiB left")
        assert await notifier.notify("job-failed:a", "Job a failed", "")
        notifier = Notifier(there.url, load=load, save=save)
        assert not await notifier.notify("disk", "Disk full", "1 GiB left")
        assert not await notifier.clear("never", "It is over", "")
        assert await notifier.clear("disk", "Room again", "")
        assert not await notifier.clear("disk", "Room again", "")
        assert await notifier.notify("disk", "Disk full", "again")
        assert not await notifier.clear("disk")
        assert kept == {"job-failed:a": "Job a failed"}
    titles = [headers["title"] for headers, _ in there.received]
    assert titles == ["Disk full", "Job a failed", "Room again", "Disk full"]


@pytest.mark.anyio
async def test_a_notice_that_fails_is_logged_once_without_its_address_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "pixmirror")
    async with topic() as there:
        notifier = Notifier(there.url)
        there.status = 403
        assert not await notifier.notify("disk", "Disk full", "")
        assert not await notifier.notify("disk", "Disk full", "")
        assert [record.getMessage() for record in caplog.records] == [
            "The notice 'Disk full' could not be sent: 127.0.0.1 answered 403"
        ]
        there.status = 200
        assert await notifier.notify("disk", "Disk full", "")
    caplog.clear()
    assert not await notifier.notify("login", "Login needed", "")
    assert "secret-topic" not in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.anyio
async def test_a_server_that_does_not_answer_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async with topic() as there:
        there.silent = True
        assert not await Notifier(there.url, timeout=0.05).notify("disk", "Disk full", "")
    assert "could not be sent" in caplog.text


@pytest.mark.anyio
async def test_an_address_that_is_none_is_no_reason_to_fail(caplog: pytest.LogCaptureFixture) -> None:
    for address in ("http://[", "nowhere", "http://127.0.0.1:1/x"):
        assert not await Notifier(address).notify("disk", "Disk full", "")


@pytest.mark.anyio
async def test_a_command_gets_text_and_event_but_not_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXMIRROR_PIXIV__REFRESH_TOKEN", "secret")
    out = tmp_path / "out"
    code = (
        "import os, sys; print(sys.stdin.read(), os.environ['PIXMIRROR_EVENT'], os.environ['PIXMIRROR_TITLE'], "
        f"'secret' in os.environ.values(), sep='|', file=open({str(out)!r}, 'w'))"
    )
    assert await Notifier(None, [sys.executable, "-c", code]).notify("disk", "Disk full", "3 GiB")
    assert out.read_text() == "3 GiB|disk|Disk full|False\n"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/nonexistent/program"], "No such file"),
        ([sys.executable, "-c", "import sys; sys.exit('no network')"], "ended with 1: no network"),
        ([sys.executable, "-c", "import signal; signal.pause()"], "no answer within"),
    ],
    ids=["absent", "failing", "stuck"],
)
async def test_a_command_that_fails_is_logged_and_not_left_running(
    caplog: pytest.LogCaptureFixture, command: list[str], words: str
) -> None:
    timeout = 0.3 if "pause" in command[-1] else 30
    assert not await Notifier(None, command, timeout=timeout).notify("disk", "Disk full", "x")
    assert words in caplog.text


@pytest.mark.anyio
async def test_without_an_address_nothing_is_sent_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert not await Notifier(None).notify("disk", "Disk full", "x")
    assert caplog.records == []


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path: Path, abstract: bool) -> None:
    name = f"pixmirror-test-{os.getpid()}" if abstract else str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name if abstract else name)
        assert sd_notify("READY=1", {"NOTIFY_SOCKET": "@" + name if abstract else name})
        assert listener.recv(100) == b"READY=1"


def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    assert not sd_notify("READY=1", {})
    assert not sd_notify("READY=1", {"NOTIFY_SOCKET": "vsock:1:2"})
    assert not sd_notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "none")})


def test_the_watchdog_is_fed_at_half_of_its_limit() -> None:
    assert watchdog_interval({"WATCHDOG_USEC": "60000000"}) == 30
    assert watchdog_interval({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}) == 30
    assert watchdog_interval({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}) is None
    assert watchdog_interval({"WATCHDOG_USEC": "x"}) is None
    assert watchdog_interval({}) is None
