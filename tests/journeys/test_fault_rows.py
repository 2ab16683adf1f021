"""Each fault of the network and of Pixiv, for as long as a sync lasts: what rests, what goes on, what is told."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pixmirror.demo.server import HOSTS
from tests.fault_rows import Kind, Row, faults, told
from tests.faults import (
    Act,
    Case,
    bytes_changed,
    challenge,
    changed,
    drip,
    html,
    not_json,
    one_clear_sentence,
    over_long,
    play,
    rate_limit,
    reset,
    stall,
    status,
)

API = "^/(v[123]|webview)/"
WITHOUT_ROOM = {"keep_free": "4000 TiB"}
BY_ITSELF = "by itself: pixmirror tries again"
ALL_RESTS = "that list or question; then Pixiv"
FILES_COME = "files that are known come; the gallery and all that reads"
LIMIT_RESTS = "a pause"


def everybodys(kind: Kind, seen: str, told: str, rests: str = ALL_RESTS, back: str = "") -> Row:
    return Row(kind, seen, rests, FILES_COME, told, back or f"{BY_ITSELF}, and all comes that is missing")


@asynccontextmanager
async def spoilt(case: Case, act: Act, pattern: str = API) -> AsyncIterator[None]:
    case.faults.add(pattern, act)
    yield
    case.faults.clear()


@asynccontextmanager
async def elsewhere(case: Case, url: str) -> AsyncIterator[None]:
    """The hosts of the API are to be found at another address; the image hosts are where they were."""
    before = case.setup
    hosts = {host: before.url if "pximg" in host else url for host in HOSTS}
    case.setup = replace(before, pixiv={**before.pixiv, "hosts": hosts})
    yield
    case.setup = before


@asynccontextmanager
async def without_names(case: Case) -> AsyncIterator[None]:
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "pixiv.test":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        async with elsewhere(case, "http://pixiv.test"):
            yield


@asynccontextmanager
async def nobody_listening(case: Case) -> AsyncIterator[None]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with elsewhere(case, f"http://127.0.0.1:{taken.getsockname()[1]}"):
            yield


@asynccontextmanager
async def not_tls(case: Case) -> AsyncIterator[None]:
    async with elsewhere(case, case.setup.url.replace("http://", "https://")):
        yield


SPOIL: dict[Kind, Callable[[Case], AbstractAsyncContextManager[None]]] = {
    Kind.DNS: without_names,
    Kind.CONNECT: nobody_listening,
    Kind.TLS: not_tls,
    Kind.RESET: lambda case: spoilt(case, reset()),
    Kind.RESET_INSIDE: lambda case: spoilt(case, reset(0.5)),
    Kind.STALL: lambda case: spoilt(case, stall(0.5)),
    Kind.DRIP: lambda case: spoilt(case, drip()),
    Kind.SERVER_ERROR: lambda case: spoilt(case, status(500)),
    Kind.LIMIT_TIMED: lambda case: spoilt(case, status(429, Retry_After="600")),
    Kind.LIMIT: lambda case: spoilt(case, status(429)),
    Kind.LIMIT_403: lambda case: spoilt(case, rate_limit()),
    Kind.CLOUDFLARE: lambda case: spoilt(case, challenge()),
    Kind.MAINTENANCE: lambda case: spoilt(case, html(503, "<html>Under maintenance</html>")),
    Kind.LOGIN_REDIRECT: lambda case: spoilt(case, status(302, Location="https://accounts.pixiv.net/login")),
}


async def wait_for_room(case: Case) -> None:
    """All is known, nothing is fetched, and there is something new at Pixiv."""
    without_room = replace(case.setup, mirror={**case.setup.mirror, **WITHOUT_ROOM})
    assert (await without_room.sync(clock=case.clock)).exit_code == 6
    case.world.post(next(u for u in case.world.users if u != case.world.me))
    case.faults.seen.clear()


@faults(
    everybodys(
        Kind.DNS,
        "the resolver knows no address of the host",
        "app-api.pixiv.net cannot be reached (…). Check the network; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.CONNECT,
        "the connection is refused, or is not there within 15 s",
        "app-api.pixiv.net cannot be reached (…). Check the network; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.TLS,
        "the certificate is not accepted, or what answers does not speak TLS; nothing is sent to it",
        "app-api.pixiv.net cannot be reached (…). Check the network; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.RESET,
        "the connection ends before an answer begins",
        "app-api.pixiv.net broke off its answer. Check the network; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.RESET_INSIDE,
        "the connection is reset in the middle of an answer; of a file what came is kept, as where a body is cut",
        "app-api.pixiv.net broke off its answer. Check the network; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.STALL,
        "nothing more comes for 30 s, or an answer is not whole after 2 minutes",
        "app-api.pixiv.net did not answer in time. Check the network; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.DRIP,
        "less than 1 KiB/s after 30 s of an answer, less than 512 bytes/s over a minute of a file",
        "the answer only drips: … Check the network; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.SERVER_ERROR,
        "an answer of 500 or more",
        "Pixiv failed (500). Nothing need be done; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.LIMIT_TIMED,
        "429, and the seconds or the time in Retry-After: nothing is sent before that",
        "too many requests (429). Wait; pixmirror goes on by itself, slower.",
        LIMIT_RESTS,
    ),
    everybodys(
        Kind.LIMIT,
        "429 that says no time",
        "too many requests (429). Wait; pixmirror goes on by itself, slower.",
        LIMIT_RESTS,
    ),
    everybodys(
        Kind.LIMIT_403,
        "403 whose text says so; what one artist or work alone meets is that one's, and put off",
        "Pixiv limits us (403: Rate Limit). Wait; pixmirror goes on by itself, slower.",
        LIMIT_RESTS,
    ),
    everybodys(
        Kind.CLOUDFLARE,
        "a page that asks to prove that we are no robot, known by its header or its markup; asked once, not again",
        "Cloudflare wants a proof that we are no robot (403). Open Pixiv in a browser with this account and see "
        "what it says.",
        LIMIT_RESTS + "; of 20 minutes where the page says that we are blocked",
        "by itself when Pixiv lets us in; else a browser on this address shows what it wants",
    ),
    everybodys(
        Kind.MAINTENANCE,
        "503, with a page or without one",
        "Pixiv failed (503). Nothing need be done; pixmirror tries again by itself.",
    ),
    everybodys(
        Kind.LOGIN_REDIRECT,
        "the API sends us elsewhere (302); it is not followed, and our token goes nowhere",
        "Pixiv sent us elsewhere (302). Open Pixiv in a browser with this account and see what it says.",
        back="by itself when Pixiv answers; `pixmirror login` if a browser says that the account must log in",
    ),
)  # fmt: skip
def test_what_everything_meets_stops_what_is_asked_of_pixiv_and_nothing_else(tmp_path: Path, row: Row) -> None:
    async def scene(case: Case) -> None:
        case.clock.nap = 30.0
        await wait_for_room(case)
        async with SPOIL[row.kind](case):
            report = await case.sync()
        assert report.exit_code == 8
        told(row.kind, one_clear_sentence(report.trouble) + " ".join(case.status()))
        assert len([s for s in case.faults.seen if s.is_api]) < 20, "no storm of requests"
        assert files(case) == {"stored"}
        await case.recover()

    play(tmp_path / "mirror", scene)


FEED = "/v2/illust/follow"
ONE_RESTS = "that list or question"
ANSWERS: dict[Kind, Act] = {
    Kind.OVER_LONG: over_long(),
    Kind.NOT_JSON: not_json('{"illusts": [{"id": 1'),
    Kind.WRONG_TYPES: changed(lambda page: page.update(illusts=17)),
}


def of_one_answer(kind: Kind, seen: str, told: str, rests: str = ONE_RESTS) -> Row:
    goes_on = "all other lists, questions and files"
    return Row(kind, seen, rests, goes_on, told, f"{BY_ITSELF}; `pixmirror retry --failed` at once")


@faults(
    of_one_answer(
        Kind.OVER_LONG,
        "an answer of more than 32 MiB, packed or unpacked; reading ends there. A file of more than "
        "`mirror.max_file` is left out, and asked for when that is raised",
        "/v2/illust/follow: the answer is larger than 32 MiB.",
    ),
    of_one_answer(
        Kind.NOT_JSON,
        "an answer that cannot be read as JSON, or is nested too deep",
        "/v2/illust/follow: not JSON, or cut, at character …",
    ),
    of_one_answer(
        Kind.WRONG_TYPES,
        "a word or a number where a list, an object or an id must be. What is wrong in one work costs that work "
        "alone, which is kept as it came; what is wrong beside it costs nothing",
        "/v2/illust/follow: `illusts` is int where a list must be.",
    ),
)
def test_an_answer_that_cannot_be_read_puts_off_its_list_alone(tmp_path: Path, row: Row) -> None:
    async def scene(case: Case) -> None:
        case.clock.nap = 30.0
        await wait_for_room(case)
        bookmarked = next(w for w in reversed(case.world.works.values()) if w.type == "illust")
        case.world.bookmark(bookmarked, "public", at=case.clock.now())
        fault = case.faults.add(FEED, ANSWERS[row.kind])
        report = await case.sync()
        assert (report.exit_code, report.trouble) == (7, None)
        assert (report.results["bookmarks"].error, report.results["bookmarks"].new) == (None, 1)
        assert fault.hits < 20, "no storm of requests"
        told(row.kind, f"{report.results['following'].error} {' '.join(case.status())}")
        assert files(case) == {"stored"}
        await case.recover()

    play(tmp_path / "mirror", scene)


FILES: dict[Kind, Act] = {
    Kind.IMAGE_403: status(403),
    Kind.IMAGE_EMPTY: bytes_changed(lambda data: b""),
    Kind.IMAGE_HTML: html(),
    Kind.IMAGE_WRONG: bytes_changed(lambda data: b"GIF89a" + data),
}
FILE_RESTS = "that file"


def of_one_file(kind: Kind, seen: str, told: str, more: str = "") -> Row:
    goes_on = "all other files, and all that is asked of Pixiv"
    back = f"{BY_ITSELF}; `pixmirror retry ID` at once{more}"
    return Row(kind, seen, FILE_RESTS, goes_on, told, back, by="`status`, `why ID`")


@faults(
    of_one_file(
        Kind.IMAGE_403,
        "403 of the image host",
        "is waiting for another try: GET …: the image host refuses it (403). Next try:",
    ),
    of_one_file(Kind.IMAGE_EMPTY, "no bytes", "is waiting for another try: the file is empty. Next try:"),
    of_one_file(
        Kind.IMAGE_HTML,
        "a page that says nothing of the file; it is never stored, however often it comes",
        "is waiting for another try: GET …: a web page came instead of the file. Next try:",
    ),
    of_one_file(
        Kind.IMAGE_WRONG,
        "bytes that are no file of the kind that its name says, or that end before their end",
        "is waiting for another try: the file is named .jpg but holds gif. Next try:",
        ". The same bytes on two days are believed to be what Pixiv has: they are kept, marked as damaged, and "
        "the file is asked for again each month",
    ),
)
def test_a_file_that_does_not_come_as_it_should_waits_alone(tmp_path: Path, row: Row) -> None:
    async def scene(case: Case) -> None:
        case.clock.nap = 30.0
        await wait_for_room(case)
        work = next(w for w in case.world.works.values() if w.type == "illust")
        fault = case.faults.add(f"/{work.id}_p0", FILES[row.kind])
        report = await case.sync()
        assert (report.exit_code, report.trouble, report.left) == (7, None, 1)
        assert fault.hits < 20, "no storm of requests"
        told(row.kind, " ".join(case.status()))
        states = [file["state"] for file in case.setup.export("files") if file["id"] != work.id]
        assert set(states) == {"stored"}
        assert [file["state"] for file in case.files(work)] == ["waiting"]
        await case.recover()

    play(tmp_path / "mirror", scene)


def files(case: Case) -> set[str]:
    return {row["state"] for row in case.setup.export("files")}
