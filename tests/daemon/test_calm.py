"""While Pixiv or the network is down: one notice, no storm, nothing used up, and no job that fails for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pixmirror.catalogue import queue, runs
from pixmirror.catalogue.database import open_readonly
from pixmirror.config import load
from pixmirror.daemon import first_look
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.daemon.serve import Daemon
from pixmirror.daemon.sync import SyncReport, sync
from pixmirror.demo.server import running
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import BOOKMARKS, Service, SetClock, app_of, small_world, until
from tests.faults import Faults, status

pytestmark = pytest.mark.anyio

DOWN, WELL = "pixmirror: Pixiv does not answer", "pixmirror: well again"
ONE_LIST = {**BOOKMARKS, "media": ["illust"], "restrict": ["public"]}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixmirror.daemon.trouble.TROUBLE_S", (0.2,))
    monkeypatch.setattr("pixmirror.pixiv.transport.Transport.backoff", lambda *_: 0.01)


@pytest.fixture
def faults() -> Faults:
    return Faults(app_of(small_world()))


@pytest.fixture
def service(faults: Faults, tmp_path: Path) -> Iterator[Service]:
    with running(faults) as url:
        yield Service(tmp_path, url)


def notices_to(service: Service, after: str) -> Path:
    """Let notices be appended to a file, one title a line."""
    told, script = service.folder / "told", service.folder / "tell.sh"
    script.write_text(f'#!/bin/sh\ncat > /dev/null\necho "$PIXMIRROR_TITLE" >> {told}\n')
    script.chmod(0o700)
    service.more = f'[notify]\ncommand = ["{script}"]\nafter = "{after}"\n'
    service.write()
    return told


def told(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def outcomes(service: Service, name: str = "following") -> list[str]:
    with open_readonly(catalogue_path(service.root)) as db, db.reading() as conn:
        return list(
            conn.exec_driver_sql("select outcome from run where job = ? order by id", (name,)).scalars().all()
        )


def failures(daemon: Daemon, name: str) -> int:
    return daemon.mirror.db.read_sync(runs.job_states)[name].failures


async def run_now(daemon: Daemon, name: str) -> None:
    await until(lambda: name not in daemon.running)
    task = daemon.start_job(name)
    assert task is not None
    await task


async def settled(daemon: Daemon) -> None:
    await until(lambda: not daemon.running and daemon.engine.wakeup.quiet())


async def test_an_outage_is_one_notice_and_no_failure_and_what_was_due_runs_after_it(
    faults: Faults, service: Service
) -> None:
    file = notices_to(service, after="0")
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored >= 6)
        await settled(daemon)
        faults.add(".", status(503))
        await run_now(daemon, "following")
        await until(lambda: told(file))
        assert outcomes(service) == ["done", "interrupted"]
        for _ in range(3):
            daemon._due("following")  # as its time comes while Pixiv is down
        assert not daemon.running
        assert failures(daemon, "following") == 0
        faults.clear()
        await until(lambda: len(outcomes(service)) == 3 and outcomes(service)[-1] == "done")
        await until(lambda: told(file)[1:])
    assert told(file) == [DOWN, WELL]


async def test_a_job_of_one_list_is_told_from_an_outage_by_a_control_question(
    faults: Faults, service: Service
) -> None:
    service.jobs = [ONE_LIST]
    service.write()
    async with service.running() as daemon:
        await until(lambda: outcomes(service, "bookmarks") == ["done"])
        await settled(daemon)
        faults.add("/v1/user/bookmarks", status(503))
        await run_now(daemon, "bookmarks")
        assert failures(daemon, "bookmarks") == 1
        assert daemon.engine.trouble.errors == {}
        faults.clear()
        await run_now(daemon, "bookmarks")
        assert failures(daemon, "bookmarks") == 0
        everything = faults.add(".", status(503))
        await run_now(daemon, "bookmarks")
        assert "pixiv" in daemon.engine.trouble.errors
        assert failures(daemon, "bookmarks") == 0
        asked = everything.hits
        assert asked < 20
    assert outcomes(service, "bookmarks") == ["done", "failed", "done", "interrupted"]


async def test_from_one_sync_to_the_next_an_outage_is_told_when_it_has_lasted(
    faults: Faults, service: Service
) -> None:
    file, clock = notices_to(service, after="30m"), SetClock()

    async def synced(minutes: int = 0) -> SyncReport:
        clock.offset_s += minutes * 60
        async with open_mirror(load(service.config, service.env, KINDS), service.env, clock=clock) as mirror:
            await mirror.db.run(runs.set_meta, first_look.DONE, "1")
            return await sync(mirror, horizon_s=1)

    assert (await synced()).exit_code == 0
    faults.add(".", status(503))
    assert (await synced(10)).exit_code == 8
    assert (await synced(10)).exit_code == 8
    assert told(file) == []
    assert (await synced(25)).exit_code == 8
    assert (await synced(10)).exit_code == 8
    assert told(file) == [DOWN]
    faults.clear()
    assert (await synced(10)).exit_code == 0
    assert told(file) == [DOWN, WELL]
    assert set(outcomes(service)) == {"done", "interrupted"}


async def test_a_job_that_keeps_failing_is_asked_once_a_day_until_it_is_resumed_or_works(
    faults: Faults, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.jobs, clock = [ONE_LIST], SetClock()
    service.write()
    monkeypatch.setattr("pixmirror.sync.setbacks.BACKOFF_S", (3600,))
    faults.add("/v1/user/bookmarks", status(400, {"error": {"message": "Invalid tag", "user_message": ""}}))

    async def next_in_s(daemon: Daemon) -> float:
        return ((daemon.schedule.next_run("bookmarks") or 0) - clock.now()) / 1000

    async with service.running(clock) as daemon:
        await until(lambda: failures(daemon, "bookmarks") == 1)
        for _ in range(4):
            assert await next_in_s(daemon) < 3700
            await run_now(daemon, "bookmarks")
        assert 86_000 < await next_in_s(daemon) <= 86_400
    async with service.running(clock) as daemon:
        await settled(daemon)
        assert 86_000 < await next_in_s(daemon) <= 86_400
        assert failures(daemon, "bookmarks") == 5
        skipped = await service.ask("sync")
        assert skipped["exit_code"] == 7
        assert "failed 5 times in a row and rests until" in skipped["jobs"]["bookmarks"]["error"]
        assert "Invalid tag" in skipped["jobs"]["bookmarks"]["error"]
        assert len(outcomes(service, "bookmarks")) == 5
        await service.ask("resume", job="bookmarks")
        await until(lambda: failures(daemon, "bookmarks") == 1)
        assert len(outcomes(service, "bookmarks")) == 6
        for _ in range(4):
            await run_now(daemon, "bookmarks")
        faults.clear()
        assert (await service.ask("sync", jobs=["bookmarks"]))["exit_code"] == 0
        assert failures(daemon, "bookmarks") == 0
        assert await next_in_s(daemon) < 3700


async def test_a_job_of_which_one_list_fails_is_asked_as_often_as_before(faults: Faults, service: Service) -> None:
    faults.add("/v1/novel/follow", status(400, {"error": {"message": "Invalid request", "user_message": ""}}))
    async with service.running() as daemon:
        await until(lambda: failures(daemon, "following") == 1)
        for _ in range(5):
            await run_now(daemon, "following")
        assert failures(daemon, "following") == 6
        assert (daemon.schedule.next_run("following") or 0) - daemon.mirror.clock.now() <= 3_600_000
