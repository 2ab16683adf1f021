"""The running service, in this process: what it does at its start, at commands, and when things go wrong."""

import asyncio
import itertools
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from pixmirror.catalogue import queue, runs
from pixmirror.catalogue.database import open_readonly
from pixmirror.config import load
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.daemon.serve import Daemon
from pixmirror.demo.server import running
from pixmirror.errors import DiskFull, MirrorLocked
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import (
    BOOKMARKS,
    FOLLOWING,
    Broken,
    Service,
    SetClock,
    SlowImages,
    Systemd,
    app_of,
    peopled_world,
    small_world,
    until,
)
from tests.fault_rows import Kind, also
from tests.faults import Faults, changed

pytestmark = pytest.mark.anyio


SRC = Path(__file__).parents[2] / "src"


@pytest.fixture
def app() -> Starlette:
    return app_of(small_world())


@pytest.fixture
def url(app: Starlette) -> Iterator[str]:
    with running(app) as url:
        yield url


@pytest.fixture
def service(tmp_path: Path, url: str) -> Service:
    return Service(tmp_path, url)


def counts(service: Service) -> queue.MediaCounts:
    with open_readonly(catalogue_path(service.root)) as db:
        return db.read_sync(queue.counts)


def runs_of(service: Service, name: str = "following") -> list[str]:
    with open_readonly(catalogue_path(service.root)) as db, db.reading() as conn:
        rows = conn.exec_driver_sql("select outcome from run where job = ? order by id", (name,))
        return [row[0] for row in rows]


def notices_to(service: Service) -> Path:
    """Let notices be appended to a file, one title a line."""
    told, script = service.folder / "told", service.folder / "tell.sh"
    script.write_text(f'#!/bin/sh\ncat > /dev/null\necho "$PIXMIRROR_TITLE" >> {told}\n')
    script.chmod(0o700)
    service.more = f'[notify]\ncommand = ["{script}"]\n'
    service.write()
    return told


def told(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


async def whole(daemon: Daemon, works: int = 6) -> None:
    await until(lambda: daemon.mirror.db.read_sync(queue.counts).stored >= works)
    await until(lambda: not daemon.running and daemon.engine.wakeup.quiet())


async def test_an_overdue_job_runs_once_at_start_and_not_again_after_a_restart(service: Service) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        await until(lambda: not daemon.running)
    async with service.running():
        await asyncio.sleep(1.5)
    assert runs_of(service) == ["done"]


async def test_status_says_what_only_the_daemon_knows(service: Service) -> None:
    service.pixiv = {"requests_per_minute": 30, "requests_per_day": 12000}
    service.write()
    async with service.running() as daemon:
        await until(lambda: daemon.running)
        answer = await service.ask("status")
        assert answer["pid"] == os.getpid()
        assert answer["jobs"]["following"]["running"] is True
        assert answer["jobs"]["following"]["next_run"] > answer["started_at"]
        assert answer["problems"] == []
        assert answer["blocked"] == {"api": None, "image": None}
        assert answer["pace"]["requests_per_hour"] == 500  # a day's 12,000, not 30 a minute
        assert set(answer["pace"]) == {"requests_per_hour", "files_per_hour", "bytes_per_hour"}


async def test_check_has_the_running_one_ask_pixiv_and_a_pause_is_no_fault(service: Service) -> None:
    async def check(*more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "pixmirror", "--config", str(service.config), "check", *more]
        env = {**os.environ, **service.env, "PYTHONPATH": str(SRC)}
        return await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True)

    async with service.running() as daemon:
        await whole(daemon)
        asked = await check("--pixiv", "--json")
        found = json.loads(asked.stdout)
        assert (asked.returncode, found["pixiv"]["lossy"]) == (0, False), asked.stdout
        assert {row["what"]: row["level"] for row in found["checks"]}["pixiv"] != "bad"
        recorded = await check("--record", str(service.folder / "answers"))
        assert (recorded.returncode, "Pixiv was not asked" in " ".join(recorded.stdout.split())) == (0, True)
        await service.ask("pause")
        paused = await check("--pixiv")
        assert (
            paused.returncode,
            f"nothing is sent before `pixmirror --config {service.config} resume`: paused"
            in " ".join(paused.stdout.split()),
        ) == (0, True), paused.stdout


async def test_a_second_daemon_on_the_same_mirror_is_refused(service: Service) -> None:
    async with service.running():
        with pytest.raises(MirrorLocked):
            async with open_mirror(load(service.config, service.env, KINDS), service.env):
                pass
        assert (await service.ask("status"))["ok"]


async def test_it_tells_systemd_when_it_is_up_alive_and_stopping(service: Service) -> None:
    systemd = Systemd(service.folder)
    service.env |= {"NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "400000", "WATCHDOG_PID": str(os.getpid())}
    async with service.running():
        await until(lambda: systemd.heard().count("WATCHDOG=1") >= 3)
        assert "READY=1" in systemd.heard()
        assert "STOPPING=1" not in systemd.heard()
    assert systemd.heard()[-1] == "STOPPING=1"
    systemd.close()


async def test_no_sign_of_life_while_the_catalogue_does_not_answer(service: Service) -> None:
    systemd = Systemd(service.folder)
    service.env |= {"NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": str(os.getpid())}
    async with service.running() as daemon:
        await until(lambda: "WATCHDOG=1" in systemd.heard())
        stuck = asyncio.create_task(daemon.mirror.db.run(lambda conn: time.sleep(1.5)))
        await asyncio.sleep(0.4)
        before = systemd.heard().count("WATCHDOG=1")
        await asyncio.sleep(0.8)
        assert systemd.heard().count("WATCHDOG=1") == before
        await stuck
        await until(lambda: systemd.heard().count("WATCHDOG=1") > before)
    systemd.close()


@also(Kind.SIGTERM)
async def test_a_stop_waits_for_no_image_that_comes_slowly(tmp_path: Path) -> None:
    slow = SlowImages(app_of(small_world()))
    with running(slow.starlette) as url:
        service = Service(tmp_path, url)
        async with service.running():
            await until(lambda: slow.asked)
    with open_readonly(catalogue_path(service.root)) as db, db.reading() as conn:
        assert conn.exec_driver_sql("select count(*) from media where state = 'fetching'").scalar() == 0
        assert conn.exec_driver_sql("select max(attempts) from media").scalar() == 0
    assert not list((tmp_path / "run").iterdir())


@also(Kind.SIGTERM)
async def test_a_stop_waits_for_no_sleep_of_the_pacer(service: Service) -> None:
    service.pixiv = {"requests_per_minute": 1}
    service.write()
    async with service.running() as daemon:
        await until(lambda: daemon.mirror.transport.pacer.waiting)
    assert runs_of(service) == ["interrupted"]


async def test_no_job_runs_while_answers_cannot_be_read_as_a_first_look_finds(tmp_path: Path) -> None:
    faults = Faults(app_of(small_world()))
    faults.add("/v2/illust/follow", changed(lambda body: {"works": body["illusts"]}))
    with running(faults) as url:
        service = Service(tmp_path, url)
        async with service.running(looked=False) as daemon:
            await until(daemon.engine.trouble.sentences)
            assert "data would be lost" in daemon.engine.trouble.sentences()[0]
            assert not daemon.running
    assert runs_of(service) == []


@also(Kind.CONNECT)
async def test_without_a_network_it_is_up_and_says_so(tmp_path: Path) -> None:
    service = Service(tmp_path, "http://127.0.0.1:9")
    async with service.running() as daemon:
        await until(daemon.engine.trouble.sentences, 20)
        assert not daemon.running
        assert (await service.ask("sync"))["exit_code"] == 8
    assert runs_of(service) == []


async def test_when_pixiv_answers_at_last_everything_begins(
    tmp_path: Path, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixmirror.daemon.trouble.TROUBLE_S", (0.2,))
    monkeypatch.setattr("pixmirror.daemon.serve.LOGIN_PATIENCE_S", 0.2)
    monkeypatch.setattr("pixmirror.pixiv.auth.SHORT_REST_MS", 100)
    gate = Broken(app)
    with running(gate.starlette) as url:
        service = Service(tmp_path, url)
        async with service.running() as daemon:
            await until(daemon.engine.trouble.sentences)
            gate.broken = False
            await whole(daemon)
            await until(lambda: not daemon.running)
            assert daemon.engine.trouble.sentences() == []
    assert runs_of(service) == ["done"]


@also(Kind.BUSY, Kind.DISK_FULL)
async def test_a_catalogue_that_takes_no_run_does_not_end_the_daemon(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        await until(lambda: not daemon.running)

        async def run_job(job: Any) -> Any:
            raise DiskFull("No room left for the catalogue.")

        monkeypatch.setattr(daemon.engine, "run_job", run_job)
        answer = await service.ask("sync")
        assert answer["ok"]
        assert "No room left" in (await service.ask("status"))["problems"][0]


# -- login


@also(Kind.REVOKED)
async def test_without_a_login_images_are_fetched_and_one_notice_is_sent(app: Starlette, service: Service) -> None:
    service.jobs = [FOLLOWING, BOOKMARKS]
    service.pixiv = {"requests_per_minute": 0}
    file = notices_to(service)
    slow_start = {**service.pixiv, "image_bytes_per_day": "1 B"}
    service.pixiv = slow_start
    service.write()
    async with service.running() as daemon:
        await until(lambda: runs_of(service) == ["done"] and daemon.mirror.db.read_sync(queue.counts).wanted)
    app.state.oauth.revoke()
    (service.root / "credentials.json").unlink()
    service.pixiv = {}
    service.write()
    async with service.running() as daemon:
        await until(lambda: told(file))
        await whole(daemon)
        assert "Pixiv does not accept" in (await service.ask("status"))["problems"][0]
        answer = await service.ask("sync")
        assert (answer["ok"], answer["exit_code"]) == (False, 3)
        await asyncio.sleep(1.5)
    async with service.running():
        await asyncio.sleep(1)
    assert told(file) == ["pixmirror: login needed"]


async def test_a_new_token_over_the_socket_resumes_at_once(app: Starlette, service: Service) -> None:
    service.pixiv = {"refresh_token": "wrong-refresh-token"}
    service.write()
    async with service.running() as daemon:
        await until(daemon.engine.trouble.sentences)
        states = daemon.mirror.db.read_sync(runs.job_states)
        await until(lambda: daemon.mirror.db.read_sync(runs.job_states)["following"].suspended == "login")
        answer = await service.ask("token", token=token_of("demo-refresh-token", app))
        assert answer["ok"], answer
        await whole(daemon)
        states = daemon.mirror.db.read_sync(runs.job_states)
        assert states["following"].suspended is None
        assert daemon.engine.trouble.sentences() == []
    kept = service.root / "credentials.json"
    assert json.loads(kept.read_text())["token"]["refresh_token"] == "demo-refresh-token"
    assert kept.stat().st_mode & 0o777 == 0o600


def token_of(refresh_token: str, app: Starlette, **changes: Any) -> dict[str, Any]:
    """One that has run out: the daemon must ask Pixiv for another with it."""
    fields = {
        "access_token": "old-access-token", "refresh_token": refresh_token, "expires_at": 0,
        "user_id": app.state.world.me, "user_name": "me", "user_account": "me", "is_premium": False,
    }  # fmt: skip
    return {**fields, **changes}


async def test_another_account_s_token_is_refused_and_the_old_login_stays(tmp_path: Path) -> None:
    world = peopled_world()
    app = app_of(world)
    other = next(user_id for user_id in world.users if user_id != world.me)
    app.state.oauth.refresh_tokens["other-refresh-token"] = other
    with running(app) as url:
        service = Service(tmp_path, url)
        async with service.running() as daemon:
            await until(lambda: daemon.mirror.account_id)
            before = (service.root / "credentials.json").read_text()
            for token in (
                token_of("other-refresh-token", app),
                token_of("x" * 40, app, user_id=other, expires_at=int(time.time() * 1000) + 3_600_000),
                token_of("revoked-refresh-token", app),
            ):
                answer = await service.ask("token", token=token)
                assert (answer["ok"], answer["exit_code"]) == (False, 3), answer
            assert (service.root / "credentials.json").read_text() == before
            assert daemon.mirror.auth.current is not None
            assert daemon.mirror.auth.current.user_id == world.me == daemon.mirror.account_id
            assert daemon.engine.trouble.sentences() == []
            assert (await service.ask("sync"))["ok"]


@pytest.mark.parametrize("token", [None, 1, {}, {"access_token": "x"}, {"nonsense": 1}])
async def test_what_is_no_token_is_refused(service: Service, token: object) -> None:
    async with service.running():
        answer = await service.ask("token", token=token)
        assert (answer["ok"], answer["exit_code"]) == (False, 2)


# -- pauses


async def test_everything_paused_asks_nothing_also_after_a_restart_until_resumed(
    app: Starlette, service: Service
) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        assert (await service.ask("pause"))["ok"]
        assert (await service.ask("sync"))["ok"] is False
        await until(lambda: not daemon.running)
        long_ago = daemon.mirror.clock.now() - 2 * 3_600_000
        await daemon.mirror.db.run(runs.job_done, "following", True, long_ago)
    app.state.counts.clear()
    async with service.running() as daemon:
        await asyncio.sleep(1.5)
        assert {k for k in app.state.counts if k != "/auth/token"} == set()
        assert (await service.ask("status"))["blocked"]["api"][1] == "paused"
        assert (await service.ask("resume"))["ok"]
        await until(lambda: runs_of(service)[1:] == ["done"])
        assert (await service.ask("status"))["blocked"] == {"api": None, "image": None}


async def test_a_pause_ends_by_itself(service: Service) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        until_ms = int(time.time() * 1000) + 700
        await service.ask("pause", until=until_ms)
        assert daemon.mirror.all_paused
        await until(lambda: not daemon.mirror.all_paused, 5)
        assert time.time() * 1000 >= until_ms
        assert (await service.ask("sync"))["ok"]


async def test_a_job_paused_by_name_rests_and_the_others_run(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixmirror.schedule.SPREAD_S", 2)
    service.jobs = [FOLLOWING, BOOKMARKS]
    service.pixiv = {"requests_per_minute": 60}
    service.write()
    async with service.running() as daemon:
        await until(lambda: "following" in daemon.running)
        await service.ask("pause", job="following", until=int(time.time() * 1000) + 3_600_000)
        await until(lambda: "following" not in daemon.running)
        answer = await service.ask("sync", jobs=["following"])
        assert "following is paused" in answer["error"]
        await until(lambda: runs_of(service, "bookmarks"), 30)
    assert runs_of(service, "following") == ["interrupted"]


@pytest.mark.parametrize(
    "fields", [{"job": "nonsense"}, {"job": 1}, {"until": "soon"}, {"until": 1}, {"job": "following", "until": 1}]
)
async def test_a_pause_that_makes_no_sense_is_refused(service: Service, fields: dict[str, Any]) -> None:
    async with service.running() as daemon:
        answer = await service.ask("pause", **fields)
        assert (answer["ok"], answer["exit_code"]) == (False, 2)
        assert not daemon.mirror.all_paused


# -- reload


async def test_a_reload_takes_new_jobs_filters_and_pace_and_stops_removed_jobs(service: Service) -> None:
    service.pixiv = {"requests_per_minute": 20}
    service.write()
    async with service.running() as daemon:
        await until(lambda: "following" in daemon.running)
        service.jobs = [{**BOOKMARKS, "minimum_bookmarks": 5}]
        service.pixiv = {"requests_per_minute": 0}
        service.write()
        daemon._reload_soon()
        await until(lambda: list(daemon.mirror.jobs) == ["bookmarks"])
        await until(lambda: runs_of(service, "bookmarks") == ["done"])
        assert daemon.mirror.transport.pacer.interval_ms == 0
        assert daemon.schedule.next_run("following") is None
    assert runs_of(service) == ["interrupted"]


async def test_a_broken_config_is_refused_with_its_problems_and_the_old_one_stays(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    systemd = Systemd(service.folder)
    service.env["NOTIFY_SOCKET"] = systemd.path
    async with service.running() as daemon:
        service.config.write_text(service.config.read_text().replace("every", "evry"))
        with caplog.at_level(logging.ERROR):
            daemon._reload_soon()
            await until(lambda: "RELOADING=1" in systemd.heard() and systemd.heard().count("READY=1") == 2)
        assert "the old one stays" in caplog.text
        assert "did you mean every" in caplog.text
        assert list(daemon.mirror.jobs) == ["following"]
        assert (await service.ask("reload"))["exit_code"] == 2
    systemd.close()


async def test_keys_that_need_a_restart_are_refused_by_name(service: Service) -> None:
    async with service.running() as daemon:
        service.jobs = [BOOKMARKS]
        service.pixiv = {"image_connections": 7, "refresh_token": "another-refresh-token"}
        service.write()
        answer = await service.ask("reload")
        assert "pixiv.image_connections, the configured refresh token cannot change" in answer["error"]
        assert list(daemon.mirror.jobs) == ["following"]


# -- failures, quiet hours, clocks


async def test_a_failing_job_backs_off_and_is_told_once_after_three_failures_until_it_works(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = notices_to(service)
    async with service.running() as daemon:
        await whole(daemon)
        await until(lambda: not daemon.running)
        real, failing = daemon.engine.run_job, True

        async def run_job(job: Any) -> Any:
            result = await real(job)
            return type(result)(error="page 2 cannot be read") if failing else result

        # real() ends as a success, which would reset the count: let it count as a failure.
        monkeypatch.setattr(daemon.engine, "run_job", run_job)
        monkeypatch.setattr(
            "pixmirror.daemon.engine.runs.job_done",
            lambda conn, name, ok, now: runs_job_done(conn, name, ok and not failing, now),
        )
        waits = []
        for _ in range(5):
            before = daemon.mirror.clock.now()
            await (daemon.start_job("following") or asyncio.sleep(0))
            following = daemon.schedule.next_run("following") or 0
            waits.append((following - daemon.mirror.clock.now(), following - before))
        # Each wait lies between the two: the clock goes on while the job runs.
        assert all(later[1] >= earlier[0] for earlier, later in itertools.pairwise(waits))
        assert waits[-1][0] > 6 * waits[0][1]
        assert told(file) == ["pixmirror: job following keeps failing"]
        failing = False
        await (daemon.start_job("following") or asyncio.sleep(0))
        failing = True
        for _ in range(4):
            await (daemon.start_job("following") or asyncio.sleep(0))
        fails, well = "pixmirror: job following keeps failing", "pixmirror: well again"
        assert told(file) == [fails, well, fails]


runs_job_done = runs.job_done


async def test_quiet_hours_hold_api_and_images(service: Service, app: Starlette) -> None:
    now = time.localtime()
    begin, end = (now.tm_hour - 1) % 24, (now.tm_hour + 2) % 24
    service.pixiv = {"quiet_hours": f"{begin:02}:00-{end:02}:00"}
    service.write()
    async with service.running() as daemon:
        await asyncio.sleep(1.5)
        assert {k for k in app.state.counts if k != "/auth/token"} == set()
        blocked = (await service.ask("status"))["blocked"]
        assert blocked["api"][1] == blocked["image"][1] == "quiet hours"
        service.pixiv = {}
        service.write()
        assert (await service.ask("reload"))["ok"]
        await whole(daemon)


@pytest.mark.parametrize("days", [-1, 1])
@also(Kind.CLOCK_FORWARD, Kind.CLOCK_BACK, Kind.SUSPEND)
async def test_a_clock_that_is_set_makes_no_storm_and_the_next_run_comes_within_one_interval(
    service: Service, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SetClock()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=clock.offset_s)

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Shifted)
    monkeypatch.setattr("pixmirror.daemon.serve.TICK_S", 0.1)
    async with service.running(clock) as daemon:
        await whole(daemon)
        await until(lambda: not daemon.running)
        clock.offset_s = days * 86400
        await asyncio.sleep(2.5)
        await until(lambda: not daemon.running)
        wait = (daemon.schedule.next_run("following") or 0) - clock.now()
        assert 0 < wait <= 3600 * 1.06 * 1000
    assert runs_of(service) == ["done"] * (2 if days > 0 else 1)


async def test_one_run_of_a_job_at_a_time(service: Service) -> None:
    service.pixiv = {"requests_per_minute": 120}
    service.write()
    async with service.running() as daemon:
        await until(lambda: "following" in daemon.running)
        assert daemon.start_job("following") is daemon.start_job("following")
        daemon._due("following")
        await until(lambda: not daemon.running, 30)
    assert runs_of(service) == ["done"]


# -- sync and verify over the socket


async def test_sync_over_the_socket_waits_for_what_its_jobs_made_due(service: Service, app: Starlette) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        world = app.state.world
        artist = next(iter(world.works.values())).user_id
        for _ in range(3):
            world.post(artist)
        answer = await service.ask("sync", jobs=["following"])
        assert answer["jobs"]["following"]["new"] == 3
        assert daemon.mirror.db.read_sync(queue.counts).stored == 9
        assert answer["trouble"] is None


async def test_a_sync_goes_on_when_the_asker_went_away(service: Service) -> None:
    service.pixiv = {"requests_per_minute": 120}
    service.write()
    async with service.running() as daemon:
        await until(lambda: daemon.running)
        asked = asyncio.create_task(service.ask("sync"))
        await asyncio.sleep(0.2)
        asked.cancel()
        await until(lambda: not daemon.running, 30)
        await whole(daemon)
        await until(lambda: runs_of(service) == ["done", "done"])


@pytest.mark.parametrize("jobs", [["nonsense"], "following", [1], [[]]])
async def test_a_sync_of_unknown_jobs_is_refused(service: Service, jobs: object) -> None:
    async with service.running():
        answer = await service.ask("sync", jobs=jobs)
        assert (answer["ok"], answer["exit_code"]) == (False, 2)


async def test_verify_over_the_socket_costs_nothing_when_the_media_folder_is_not_there(service: Service) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        await until(lambda: not daemon.running)
        assert (await service.ask("verify", quick=True))["report"]["sound"] is True
        (service.root / "media").rename(service.root / "elsewhere")
        (service.root / "media").mkdir()
        answer = await service.ask("verify")
        assert (answer["ok"], answer["exit_code"]) == (False, 6)
        assert daemon.mirror.db.read_sync(queue.counts).stored == 6


async def test_what_verify_finds_missing_is_fetched_again(service: Service) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        lost = next((service.root / "media").rglob("*.jpg"), None) or next((service.root / "media").rglob("*.png"))
        lost.unlink()
        assert (await service.ask("verify", quick=True))["report"]["missing"] == 1
        await until(lost.exists)


async def test_what_was_given_up_is_fetched_at_once_when_it_is_asked_for_over_the_socket(service: Service) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        await until(lambda: not daemon.running)
        gone = "UPDATE media SET state = 'gone', sha256 = NULL WHERE id = 1 RETURNING owner_id, path"
        key, path = await daemon.mirror.db.run(lambda c: c.exec_driver_sql(gone).one())
        (service.root / "media" / path).unlink()
        answer = await service.ask("retry", ref=str(key >> 1), what=None)
        assert (answer["ok"], answer["files"], answer["is_known"]) == (True, 1, True)
        await until((service.root / "media" / path).exists)
        assert (await service.ask("retry", ref="999999999"))["is_known"] is False
        assert (await service.ask("retry"))["exit_code"] == 2
        both = [str(key >> 1), "999999999"]
        assert await service.ask("retry", refs=both) == {"ok": True, "done": 2, "asked": 0, "why": ""}
        assert (await service.ask("retry", refs=[]))["exit_code"] == 2
        assert (await service.ask("forget", refs=["user:7"]))["exit_code"] == 2
        assert await service.ask("forget", refs=both[:1]) == {"ok": True, "done": 1, "why": ""}


async def test_a_loss_is_accepted_over_the_socket(service: Service) -> None:
    async with service.running() as daemon:
        await whole(daemon)
        await until(lambda: not daemon.running)
        gone = "UPDATE media SET state = 'gone' WHERE id = 1 RETURNING owner_id, path"
        key, path = await daemon.mirror.db.run(lambda c: c.exec_driver_sql(gone).one())
        (service.root / "media" / path).unlink()
        assert (await service.ask("verify", quick=True))["report"]["given_up"] == 1
        assert (await service.ask("accept_lost", ref=str(key >> 1)))["files"] == 1
        assert (await service.ask("verify", quick=True))["report"]["sound"] is True
