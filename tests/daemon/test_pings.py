"""Who watches from outside is told of start, success and failure, and no more; the address is a secret."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pixmirror.catalogue import runs
from pixmirror.config import load
from pixmirror.daemon import first_look
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.sync import sync
from pixmirror.demo.server import running
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import BOOKMARKS, Service, app_of, small_world, until
from tests.daemon.test_calm import ONE_LIST, outcomes, run_now
from tests.faults import Faults, error, status

pytestmark = pytest.mark.anyio


@dataclass
class Watcher:
    """A stand-in for healthchecks.io. `answer` is what it says to each ping."""

    url: str = ""
    heard: list[str] = field(default_factory=list)
    answer: Response = field(default_factory=lambda: Response("OK"))

    def app(self) -> Starlette:
        async def hear(request: Request) -> Response:
            self.heard.append(request.url.path)
            return self.answer

        return Starlette(routes=[Route("/{path:path}", hear)])


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixmirror.daemon.trouble.TROUBLE_S", (0.2,))
    monkeypatch.setattr("pixmirror.pixiv.transport.Transport.backoff", lambda *_: 0.01)
    monkeypatch.setattr("pixmirror.sync.setbacks.BACKOFF_S", (3600,))


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    found = Watcher()
    with running(found.app()) as found.url:
        yield found


@pytest.fixture
def faults() -> Faults:
    return Faults(app_of(small_world()))


@pytest.fixture
def service(faults: Faults, tmp_path: Path, watcher: Watcher) -> Iterator[Service]:
    with running(faults) as url:
        jobs = [{**ONE_LIST, "ping": f"{watcher.url}/secret-job"}]
        yield Service(tmp_path, url, jobs, more=f'[notify]\nping = "{watcher.url}/secret-whole"\n')


async def test_a_job_pings_its_start_and_how_it_went_and_nothing_of_an_outage(
    faults: Faults, service: Service, watcher: Watcher
) -> None:
    def job() -> list[str]:
        return [path.removeprefix("/secret-job") for path in watcher.heard if "job" in path]

    async with service.running() as daemon:
        await until(lambda: job() == ["/start", ""])
        refusal = faults.add("/v1/user/bookmarks", error(400, "Invalid tag"))
        await run_now(daemon, "bookmarks")
        await until(lambda: job()[2:] == ["/start", "/fail"])
        refusal.times = 0
        faults.add(".", status(503))
        await run_now(daemon, "bookmarks")
        await until(lambda: job()[4:] == ["/start"])
        await daemon.engine.pings.settled()
    assert outcomes(service, "bookmarks") == ["done", "failed", "interrupted"]
    assert job() == ["/start", "", "/start", "/fail", "/start"]


async def test_a_running_pixmirror_gives_signs_of_life_and_says_when_something_needs_the_user(
    faults: Faults, service: Service, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixmirror.daemon.pings.EVERY_S", 0.2)
    async with service.running() as daemon:
        await until(lambda: {"/secret-whole/start", "/secret-whole"} <= set(watcher.heard))
        assert "/secret-whole/fail" not in watcher.heard
        daemon.mirror.freeze()
        await daemon.mirror.save_spent()
        await until(lambda: "/secret-whole/fail" in watcher.heard)


async def test_a_sync_pings_its_start_and_its_end(faults: Faults, service: Service, watcher: Watcher) -> None:
    async def synced() -> list[str]:
        watcher.heard.clear()
        async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
            await mirror.db.run(runs.set_meta, first_look.DONE, "1")
            await sync(mirror, horizon_s=1)
        return [path for path in watcher.heard if "whole" in path]

    assert await synced() == ["/secret-whole/start", "/secret-whole"]
    faults.add("/v1/user/bookmarks", error(400, "Invalid tag"))
    assert await synced() == ["/secret-whole/start", "/secret-whole/fail"]
    faults.clear()
    faults.add(".", status(503))
    assert await synced() == ["/secret-whole/start"]


async def test_a_ping_that_fails_stops_nothing_follows_nothing_and_its_address_is_never_logged(
    service: Service, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "pixmirror")
    watcher.answer = RedirectResponse(f"{watcher.url}/elsewhere")
    async with service.running() as daemon:
        await until(lambda: outcomes(service, "bookmarks") == ["done"])
        await daemon.engine.pings.settled()
    assert "/elsewhere" not in watcher.heard
    service.jobs = [{**BOOKMARKS, "ping": "http://127.0.0.1:9/secret-job"}]
    service.more = ""
    service.write()
    async with service.running() as daemon:
        await run_now(daemon, "bookmarks")
        await asyncio.sleep(0.2)
    said = [record.getMessage() for record in caplog.records if "ping" in record.getMessage()]
    assert "The ping of job bookmarks could not be sent: 127.0.0.1 answered 307." in said
    assert any("does not answer" in line for line in said)
    assert "secret" not in " ".join(said)
