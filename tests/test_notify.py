"""Notices: sent once per change, never a reason to fail; and the words that systemd waits for."""

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pixmirror import logs
from pixmirror.models.notices import Event
from pixmirror.notify import Apprise, Command, Notifier, NotTaken, Receiver, Topic, sd_notify, watchdog_interval


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class There:
    """A stand-in for ntfy on loopback."""

    url: str = ""
    status: int = 200
    silent: bool = False
    length: int = 0  # bytes that the answer announces; none of them comes
    received: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answering: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        return [headers["title"] for headers, _ in self.received]

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
                length = f"content-length: {self.length}\r\nconnection: close\r\n\r\n"
                writer.write(f"HTTP/1.1 {self.status} x\r\n{length}".encode())
                await writer.drain()
                await reader.read() if self.length else None
            else:
                await reader.read()  # until the other side gives up
        await writer.wait_closed()


@asynccontextmanager
async def topic() -> AsyncIterator[There]:
    there = There()
    server = await asyncio.start_server(there.accept, "127.0.0.1", 0)
    async with server:
        there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/secret-topic"
        yield there
        await asyncio.sleep(0.01)  # so that who has connected and given up at once is among those who are answered
        await asyncio.gather(*there.answering)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now(self) -> int:
        return self.ms

    def minutes_later(self, minutes: int) -> None:
        self.ms += minutes * 60_000


@dataclass
class Kept:
    """What a notifier keeps over restarts."""

    told: dict[str, Any] = field(default_factory=dict)

    async def load(self) -> Mapping[str, Any]:
        return json.loads(json.dumps(self.told))  # type: ignore[no-any-return]

    async def save(self, told: Mapping[str, Any]) -> None:
        self.told = dict(told)


def notifier(*receivers: Receiver, clock: Clock | None = None, kept: Kept | None = None) -> Notifier:
    """One that tells what may pass by itself after half an hour."""
    kept, clock = kept or Kept(), clock or Clock()
    return Notifier(receivers, after_ms=30 * 60_000, now=clock.now, load=kept.load, save=kept.save)


DISK, LOGIN, JOB, OUTAGE = Event.DISK, Event.LOGIN, Event.JOB, Event.OUTAGE


@pytest.mark.anyio
async def test_a_notice_is_posted_as_ntfy_takes_it() -> None:
    async with topic() as there:
        assert await notifier(Topic(there.url)).notify(
            "login", LOGIN, "Login\nneeded: 鍵", "Run `pixmirror login`. 鍵"
        )
    headers, body = there.received[0]
    assert headers["title"] == "Login needed: ?"
    assert body == "Run `pixmirror login`. 鍵"


@pytest.mark.anyio
async def test_only_a_change_is_sent_also_over_restarts() -> None:
    kept = Kept()
    async with topic() as there:
        one = notifier(Topic(there.url), kept=kept)
        assert await one.notify("disk", DISK, "Disk full", "3 GiB left")
        assert not await one.notify("disk", DISK, "Disk full", "2 GiB left")
        assert await one.notify("job:a", JOB, "Job a failed", "")
        one = notifier(Topic(there.url), kept=kept)
        assert not await one.notify("disk", DISK, "Disk full", "1 GiB left")
        assert not await one.clear("never", "It is over", "")
        assert await one.clear("disk", "Room again", "")
        assert not await one.clear("disk", "Room again", "")
        assert await one.notify("disk", DISK, "Disk full", "again")
        assert not await one.clear("disk")
        assert list(kept.told) == ["job:a"]
    assert there.titles == ["Disk full", "Job a failed", "Room again", "Disk full"]


@pytest.mark.anyio
async def test_what_an_earlier_version_sent_is_not_sent_again() -> None:
    async with topic() as there:
        one = notifier(Topic(there.url), kept=Kept({"disk": "Disk full"}))
        assert not await one.notify("disk", DISK, "Disk full", "3 GiB left")
        assert await one.clear("disk", "Room again", "")
    assert there.titles == ["Room again"]


@pytest.mark.anyio
async def test_what_may_pass_is_told_once_when_it_has_lasted_and_not_when_it_passed() -> None:
    clock = Clock()
    async with topic() as there:
        one = notifier(Topic(there.url), clock=clock)
        for _ in range(3):
            assert not await one.notify("pixiv", OUTAGE, "Down", "503", lasts=True)
            clock.minutes_later(29)
            await one.send_due()
            assert not await one.clear("pixiv", "Well again")
        assert not await one.notify("pixiv", OUTAGE, "Down", "503", lasts=True)
        for _ in range(9):
            clock.minutes_later(10)
            await one.send_due()
        assert await one.clear("pixiv", "Well again")
    assert there.titles == ["Down", "Well again"]


@pytest.mark.anyio
async def test_the_time_that_a_notice_waits_goes_on_over_a_restart() -> None:
    clock, kept = Clock(), Kept()
    async with topic() as there:
        await notifier(Topic(there.url), clock=clock, kept=kept).notify("pixiv", OUTAGE, "Down", "503", lasts=True)
        clock.minutes_later(31)
        one = notifier(Topic(there.url), clock=clock, kept=kept)
        await one.send_due()
        assert there.titles == []  # it may be over by now
        assert await one.notify("pixiv", OUTAGE, "Down", "503", lasts=True)
        one = notifier(Topic(there.url), clock=clock, kept=kept)
        assert not await one.notify("pixiv", OUTAGE, "Down", "503", lasts=True)
        assert await one.clear("pixiv", "Well again")
    assert there.titles == ["Down", "Well again"]


@pytest.mark.anyio
async def test_a_clock_that_was_set_back_does_not_put_a_notice_off_for_long() -> None:
    clock = Clock()
    async with topic() as there:
        one = notifier(Topic(there.url), clock=clock)
        await one.notify("pixiv", OUTAGE, "Down", "503", lasts=True)
        clock.minutes_later(-600)
        await one.send_due()
        clock.minutes_later(30)
        await one.send_due()
    assert there.titles == ["Down"]


@pytest.mark.anyio
async def test_what_nobody_took_while_it_held_is_told_when_it_is_over() -> None:
    clock = Clock()
    async with topic() as there:
        one = notifier(Topic(there.url), clock=clock)
        there.status = 503  # as the network that is down is down for notices, too
        await one.notify("pixiv", OUTAGE, "Down", "No network since 13:05.", lasts=True)
        clock.minutes_later(30)
        await one.send_due()
        there.status = 200
        assert await one.clear("pixiv", "Well again", "Pixiv answers again.")
    assert there.titles == ["Down", "Well again"]
    assert there.received[-1][1] == "Pixiv answers again. What could not be told: No network since 13:05."


@pytest.mark.anyio
async def test_a_notice_that_fails_is_logged_once_without_its_address_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "pixmirror")
    clock = Clock()
    async with topic() as there:
        one = notifier(Topic(there.url), clock=clock)
        there.status = 403
        for _ in range(3):
            assert not await one.notify("disk", DISK, "Disk full", "")
            await one.send_due()
        assert len(there.received) == 1  # not each second
        clock.minutes_later(5)
        await one.send_due()
        assert len(there.received) == 2
        assert [record.getMessage() for record in caplog.records] == [
            "The notice 'Disk full' could not be sent: 127.0.0.1 answered 403"
        ]
        there.status = 200
        clock.minutes_later(5)
        assert await one.notify("disk", DISK, "Disk full", "")
    caplog.clear()
    assert not await one.notify("login", LOGIN, "Login needed", "")
    assert "secret-topic" not in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.anyio
async def test_one_receiver_that_fails_does_not_keep_another_from_being_told_once() -> None:
    async with topic() as there:
        one = notifier(Command(["/nonexistent/program"]), Topic(there.url))
        assert await one.notify("disk", DISK, "Disk full", "")
        assert not await one.notify("disk", DISK, "Disk full", "")
    assert there.titles == ["Disk full"]


@pytest.mark.anyio
async def test_a_server_that_does_not_answer_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async with topic() as there:
        there.silent = True
        assert not await notifier(Topic(there.url, timeout=0.05)).notify("disk", DISK, "Disk full", "")
    assert "could not be sent" in caplog.text


@pytest.mark.anyio
@pytest.mark.parametrize("status", [200, 500])
async def test_of_an_answer_only_the_status_is_read(status: int) -> None:
    async with topic() as there:
        there.status, there.length = status, 1 << 40
        assert await notifier(Topic(there.url, timeout=60)).notify("disk", DISK, "Disk full", "") == (
            status == 200
        )


@pytest.mark.anyio
async def test_of_what_a_command_says_the_end_is_told_without_secrets() -> None:
    secret = "tok-0123456789abcdef"
    logs.hide(secret)
    says = f"import sys; sys.stderr.write('x' * 10**7 + ' refused: {secret} ' + 'y' * 190); sys.exit(1)"
    with pytest.raises(NotTaken) as raised:
        await Command([sys.executable, "-c", says]).send("disk", "Disk full", "text" * 10**5)
    told = str(raised.value)
    assert "[hidden]" in told or "tok-" not in told
    assert secret[-6:] not in told
    assert len(told) < 400


@pytest.mark.anyio
async def test_an_address_that_is_none_is_no_reason_to_fail() -> None:
    for address in ("http://[", "nowhere", "http://127.0.0.1:1/x", "http://127.0.0.1:99999/x", "http://a\0b/"):
        assert not await notifier(Topic(address)).notify("disk", DISK, "Disk full", "")


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
    assert await notifier(Command([sys.executable, "-c", code])).notify("storage", DISK, "Disk full", "3 GiB")
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
    assert not await notifier(Command(command, timeout=timeout)).notify("disk", DISK, "Disk full", "x")
    assert words in caplog.text


@pytest.mark.anyio
async def test_without_an_address_nothing_is_sent_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    one = notifier()
    assert not await one.notify("disk", DISK, "Disk full", "x")
    assert not await one.clear("disk", "Room again")
    assert caplog.records == []


@pytest.mark.anyio
async def test_types_that_are_not_wanted_are_not_sent() -> None:
    async with topic() as there:
        one = notifier(Topic(there.url))
        one.configure([Topic(there.url)], after_ms=0, events=["login"])
        assert not await one.notify("disk", DISK, "Disk full", "x")
        assert await one.notify("login", LOGIN, "Login needed", "x")
        assert not await one.clear("disk", "Room again")
    assert there.titles == ["Login needed"]


@pytest.mark.anyio
async def test_without_the_extra_apprise_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert not await notifier(Apprise("tgram://secret-token/chat")).notify("disk", DISK, "Disk full", "x")
    assert [record.getMessage() for record in caplog.records] == [
        "The notice 'Disk full' could not be sent: Apprise is not installed here: pip install 'pixmirror[notify]'"
    ]


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_apprise_takes_a_notice_and_its_address_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("apprise")
    async with topic() as there:
        address = there.url.replace("http:", "json:")
        assert await Apprise(address).send("disk", "Disk full", "3 GiB & more") == "took it"
        assert json.loads(there.received[0][1])["message"] == "3 GiB & more"
        there.status = 500
        with pytest.raises(NotTaken, match="not taken"):
            await Apprise(address).send("disk", "Disk full", "3 GiB")
    with pytest.raises(NotTaken, match="no address that Apprise knows"):
        await Apprise("nowhere://secret-topic").send("disk", "Disk full", "3 GiB")
    assert "secret-topic" not in caplog.text


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
