"""What a running pixmirror says of its work in its log."""

import logging
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixmirror.catalogue import queue, runs
from pixmirror.config import load
from pixmirror.daemon import headline, journal
from pixmirror.daemon.journal import brought, changed, resting
from pixmirror.demo.server import create_app, running
from pixmirror.pixiv import Blocked
from pixmirror.reports.came_in import CameIn
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import (
    BOOKMARKS,
    FOLLOWING,
    Broken,
    Service,
    Systemd,
    app_of,
    sleep_until,
    small_world,
    until,
)
from tests.daemon.test_process import daemon, systemd
from tests.faults import Faults, status

__all__ = ["systemd"]
pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000
NOON = 1_795_953_600_000  # ms UTC


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "pixmirror"):
        yield caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.name.startswith("pixmirror.")]


def test_a_run_says_its_start_login_what_came_a_reload_and_its_stop(tmp_path: Path, systemd: Systemd) -> None:
    def said() -> list[str]:
        return [line.split(maxsplit=3)[3] for line in (tmp_path / "log").read_text().splitlines()]

    with running(app_of(small_world())) as url:
        service = Service(tmp_path, url, jobs=[FOLLOWING, BOOKMARKS])
        with daemon(service, systemd) as process:
            sleep_until(lambda: any(line.startswith("following: ") for line in said()))
            service.jobs = [FOLLOWING | {"every": "2h"}, {**BOOKMARKS, "name": "marks"}]
            service.write()
            process.send_signal(signal.SIGHUP)
            sleep_until(lambda: any(line.startswith("Config") for line in said()))
            process.terminate()
            assert process.wait(10) == 0
    told = "\n".join(said())
    first, login, brought, reload, stop = said()
    assert "Logged in as デモの人." in (first, login), told
    started = re.compile(r"Started: 2 jobs, next (following|bookmarks) (now|in \d+ (s|min))\.")
    assert started.fullmatch(first) or started.fullmatch(login), told
    assert re.fullmatch(r"following: 6 new works, 6 files \(\d+ requests?, \d+ s\)\.", brought), told
    assert reload == "Config read again: marks is new; bookmarks is no longer there; following is changed."
    assert stop == "Stopped; all is on disk."
    assert any(said.startswith("STATUS=") for said in systemd.heard())


async def test_systemctl_status_shows_the_first_line_of_status(
    tmp_path: Path, systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "FIRST_LINE_S", 0.0)
    monkeypatch.setattr(journal, "LOOK_S", 0.05)
    with running(app_of(small_world())) as url:
        service = Service(tmp_path, url)
        service.env["NOTIFY_SOCKET"] = systemd.path
        async with service.running() as found:
            await until(lambda: found.mirror.db.read_sync(queue.counts).stored == 6)
            await service.ask("pause")
            await until(lambda: "STATUS=Paused, by you." in systemd.heard())
            first = (await headline.situations(found))[0].says
    assert first == "Paused, by you."


async def test_a_rest_is_said_when_it_begins_with_its_end_and_when_it_is_over(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    faults = Faults(create_app(small_world()))
    with running(faults) as url:
        service = Service(tmp_path, url)
        faults.add(r"^/v\d", status(429, Retry_After="3600"))
        async with service.running() as found:
            await until(lambda: any(line.startswith("Resting until ") for line in lines(log)))
            found.mirror.transport.pacer.hold_until(None, "paused")
            await until(lambda: "Paused until pixmirror resume, by you." in lines(log))
    (rest,) = (line for line in lines(log) if line.startswith("Resting"))
    assert re.fullmatch(r"Resting until (\d+ [A-Z][a-z]{2}, )?\d\d:\d\d: Pixiv asked for fewer requests\.", rest)


async def test_trouble_is_said_when_it_begins_and_when_it_ends_and_not_between(
    tmp_path: Path, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixmirror.daemon.trouble.TROUBLE_S", (0.3,))
    app = Broken(app_of(small_world()))
    app.broken = False
    with running(app.starlette) as url:
        service = Service(tmp_path, url)
        async with service.running() as found:
            await until(lambda: found.mirror.db.read_sync(queue.counts).stored == 6)
            app.broken = True
            await until(lambda: not found.running)
            found.start_job("following")
            await until(lambda: "pixiv" in found.engine.trouble.errors, 60)
            begun = len(lines(log))
            app.broken = False
            await until(lambda: "pixiv" not in found.engine.trouble.errors, 60)
    later = lines(log)[begun:]
    over = [line for line in later if re.fullmatch(r"Going on after \d+ s: Pixiv answers again\.", line)]
    assert len(over) == 1, later
    told = [line.startswith("Job ") for line in lines(log) if "Check the network" in line or "503" in line]
    # Once of the host, and once of the run that it cut; either may end first.
    assert sorted(told) in ([False], [True], [False, True]), lines(log)


async def test_what_takes_long_is_said_in_parts(
    tmp_path: Path, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "TELL_S", 0.05)
    monkeypatch.setattr(journal, "LOOK_AT_JOB_S", 0.05)
    with running(app_of(small_world(40))) as url:
        async with Service(tmp_path, url).running() as found:
            await until(lambda: found.mirror.db.read_sync(queue.counts).stored == 40)
            await until(lambda: not found.journal._told)
            assert found.mirror.db.read_sync(runs.last_runs)["following"].new == 40, "with all that came after it"
    told = [re.match(r"following: (?:(\d+) new works?)?(?:, )?(?:(\d+) files?)?", line) for line in lines(log)]
    sums = [sum(int(found[n] or 0) for found in told if found) for n in (1, 2)]
    assert sums == [40, 40]


def test_what_a_job_brought_and_a_rest_are_short_sentences() -> None:
    assert brought(CameIn(works=1, files=58)) == "1 new work, 58 files"
    assert brought(CameIn(files=1)) == "1 file"
    assert brought(CameIn()) == "nothing new"
    quiet = resting(Blocked(NOON + HOUR_MS, "quiet hours"), NOON)
    assert re.fullmatch(r"Resting until \d\d:\d\d: quiet hours\.", quiet)
    far = resting(Blocked(NOON + 72 * HOUR_MS, "paused"), NOON)
    assert re.fullmatch(r"Paused until \d+ [A-Z][a-z]{2}, \d\d:\d\d, by you\.", far)


def test_what_a_reload_changed_is_named(tmp_path: Path) -> None:
    service = Service(tmp_path, "http://127.0.0.1:9", jobs=[FOLLOWING])
    old = load(service.config, service.env, KINDS)
    assert changed(old, old) == "nothing is changed"
    service.pixiv = {"requests_per_day": 500}
    service.jobs = [FOLLOWING, BOOKMARKS]
    service.write()
    new = load(service.config, service.env, KINDS)
    assert changed(old, new) == "bookmarks is new; pixiv.requests_per_day is changed"
