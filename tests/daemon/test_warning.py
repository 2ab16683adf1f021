"""Pixiv's warning of the account: nothing more is sent until a person says that it was read."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import open_readonly
from pixmirror.cli import app
from pixmirror.config import load
from pixmirror.daemon import first_look
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.daemon.sync import SyncReport, sync
from pixmirror.demo.server import running
from pixmirror.demo.web.calls import state_of
from pixmirror.errors import AccountWarned
from pixmirror.pixiv.pacing import PacerState
from pixmirror.pixiv.waiting import WARNED as WAITS
from pixmirror.pixiv.waiting import Blocked
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import Service, SetClock, app_of, small_world, until
from tests.daemon.test_calm import notices_to, outcomes, settled, told
from tests.faults import Faults, error

pytestmark = pytest.mark.anyio

WARNED = "pixmirror: Pixiv has warned the account"
LETTER = error(403, user_message="Overuse Warning: conduct that imposes excessive loads on pixiv's servers")


@pytest.fixture
def faults() -> Faults:
    return Faults(app_of(small_world()))


@pytest.fixture
def service(faults: Faults, tmp_path: Path) -> Iterator[Service]:
    with running(faults) as url:
        yield Service(tmp_path, url)


def warned_at(service: Service) -> int:
    with open_readonly(catalogue_path(service.root)) as db:
        return int((db.read_sync(runs.get_json, "pacer") or {}).get("warned_at", 0))


async def synced(service: Service, clock: SetClock | None = None) -> SyncReport:
    async with open_mirror(load(service.config, service.env, KINDS), service.env, clock=clock) as mirror:
        await mirror.db.run(runs.set_meta, first_look.DONE, "1")
        return await sync(mirror, horizon_s=1)


async def test_after_a_warning_nothing_is_sent_over_restarts_until_it_was_read(
    faults: Faults, service: Service
) -> None:
    file = notices_to(service, after="30m")
    async with service.running() as daemon:
        await until(lambda: outcomes(service) == ["done"])
        await settled(daemon)
        letter = faults.add("/v2/illust/follow", LETTER)
        asking = daemon.start_job("following")
        assert asking is not None
        await asyncio.wait((asking,))
        await until(lambda: warned_at(service) and told(file))
        asked, tokens = len(faults.seen), daemon.mirror.transport.counts.token
        assert letter.hits == 1  # not once more, though it may be asked again after other limits
        answer = await service.ask("sync")
        assert answer["exit_code"] == 8
        assert "run `pixmirror resume --warning-read`" in answer["trouble"]
        assert (await service.ask("resume"))["is_warned"]
        assert daemon.start_job("following") is not None
        await until(lambda: not daemon.running)
        assert "warning" in {one["cause"] for one in (await service.ask("status"))["troubles"]}
        assert (len(faults.seen), daemon.mirror.transport.counts.token) == (asked, tokens)
    (service.root / "credentials.json").unlink()  # so that a start would log in
    async with service.running() as daemon:
        await asyncio.sleep(0.5)
        assert daemon.mirror.is_warned
        assert len(faults.seen) == asked
        faults.clear()
        assert await service.ask("resume", warning_read=True) == {"ok": True, "was_warned": True}
        assert await service.ask("resume", warning_read=True) == {"ok": True, "was_warned": False}
        assert (await service.ask("status"))["troubles"] == []
        assert daemon.mirror.transport.pacer.state.slowness == 2.0
        await until(lambda: len(faults.seen) > asked)
    assert warned_at(service) == 0
    assert "failed" not in outcomes(service)
    assert told(file) == [WARNED]


async def test_a_sync_by_cron_stops_and_says_so_each_time_but_sends_one_notice(
    faults: Faults, service: Service
) -> None:
    file = notices_to(service, after="30m")
    faults.add("/v1/user/following", LETTER)
    ended = await synced(service)
    assert (ended.exit_code, type(ended.trouble)) == (8, AccountWarned)
    asked = len(faults.seen)
    ended = await synced(service)
    assert (ended.exit_code, len(faults.seen)) == (8, asked)
    assert "run `pixmirror resume --warning-read`" in ended.as_dict()["trouble"]
    assert told(file) == [WARNED]


async def test_whoever_asks_while_it_is_warned_is_told_at_once(faults: Faults, service: Service) -> None:
    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        mirror.freeze()
        with pytest.raises(AccountWarned):
            await first_look.first_look(mirror)
        assert faults.seen == []
        assert await mirror.warning_read()
        assert mirror.transport.pacer.blocked_until() != Blocked(None, WAITS)
        assert mirror.transport.images.blocked_until() is None


async def test_a_message_of_pixiv_s_office_is_a_warning_once_and_of_it_yes_and_the_day_are_kept(
    faults: Faults, service: Service
) -> None:
    service.pixiv, clock = {"phpsessid": "10000001_demo"}, SetClock()
    file = notices_to(service, after="30m")

    async def inbox(hours: int) -> Any:
        clock.offset_s += hours * 3600
        ended = await synced(service, clock)
        with open_readonly(catalogue_path(service.root)) as db:
            return ended.exit_code, db.read_sync(runs.get_json, "inbox")["office"]

    assert await inbox(0) == (0, False)
    threads = state_of(faults.app.state.world).threads
    threads.append({"thread_id": "4", "user_id": 11, "message": "you ask too much"})
    assert await inbox(20) == (0, False)  # asked once a day
    assert await inbox(8) == (8, True)
    assert told(file) == [WARNED]
    async with open_mirror(load(service.config, service.env, KINDS), service.env, clock=clock) as mirror:
        assert await mirror.warning_read()
    assert await inbox(25) == (0, True)  # the same message, which was read
    assert faults.asked("latest_message_threads2")
    assert b"you ask too much" not in catalogue_path(service.root).read_bytes()
    with open_readonly(catalogue_path(service.root)) as db:
        assert set(db.read_sync(runs.get_json, "inbox")) == {"day", "office"}


async def test_the_commands_say_it_where_nothing_runs(service: Service) -> None:
    def run(*command: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(service.config), *command], env=service.env)

    await synced(service)
    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        mirror.freeze()
    health = await asyncio.to_thread(run, "healthcheck")
    assert (health.exit_code, "Stopped until you say so" in health.output) == (8, True), health.output
    refused = await asyncio.to_thread(run, "resume", "following", "--warning-read")
    assert refused.exit_code == 2
    plain = await asyncio.to_thread(run, "resume")
    assert "Nothing is sent before" in " ".join(plain.output.split())
    assert warned_at(service)
    read = await asyncio.to_thread(run, "resume", "--warning-read")
    assert (read.exit_code, "goes on" in read.output) == (0, True), read.output
    assert not warned_at(service)
    again = await asyncio.to_thread(run, "resume", "--warning-read")
    assert "Nothing was stopped" in again.output


async def test_no_command_asks_pixiv_after_a_warning(faults: Faults, service: Service, tmp_path: Path) -> None:
    service.pixiv = {"phpsessid": "10000001_demo"}
    service.write()
    token = tmp_path / "token"
    token.write_text("another-refresh-token")
    token.chmod(0o600)

    def run(*command: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(service.config), *command], env=service.env)

    await synced(service)
    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        mirror.freeze()
    asked = len(faults.seen)
    for command in (
        ("check",), ("check", "--pixiv"), ("login", "--token-file", str(token)), ("sync",), ("add", "11"),
        ("api", "app", "illusts.detail", "11"),
    ):  # fmt: skip
        ended = await asyncio.to_thread(run, *command)
        assert "warned the account" in " ".join(ended.output.split()), (command, ended.output)
    assert len(faults.seen) == asked


def test_a_warning_is_kept_though_the_rest_of_what_was_saved_is_damaged() -> None:
    saved = PacerState(warned_at=7).to_dict()
    assert PacerState.from_dict({**saved, "spent_today": None}).warned_at == 7
    assert PacerState.from_dict({**saved, "warned_at": "soon"}).warned_at
    assert not PacerState.from_dict({"warned_at": 0}).warned_at
    assert PacerState.from_dict([saved]).warned_at


def damage(service: Service, saved: str | None) -> None:
    """Leave this where the pace was saved; None: nothing."""
    with closing(sqlite3.connect(catalogue_path(service.root))) as db, db:
        if saved is None:
            db.execute("DELETE FROM meta WHERE key = 'pacer'")
        else:
            db.execute("UPDATE meta SET value = ? WHERE key = 'pacer'", (saved,))


@pytest.mark.parametrize("saved", ["", '{"warned_at": 17', "[]", "null", "[" * 100_000])
async def test_what_cannot_be_read_at_all_counts_as_a_warning_until_it_was_read(
    faults: Faults, service: Service, caplog: pytest.LogCaptureFixture, saved: str
) -> None:
    def run(*command: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(service.config), *command], env=service.env)

    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        mirror.freeze()
    damage(service, saved)
    refused = await asyncio.to_thread(run, "api", "app", "illusts.detail", "11")
    assert (refused.exit_code, "--warning-read" in refused.output) == (8, True), refused.output
    for _ in range(2):  # and over restarts
        caplog.clear()
        assert (await synced(service)).exit_code == 8
        assert [r.levelname for r in caplog.records if "`pixmirror resume --warning-read`" in r.getMessage()]
    assert faults.seen == []
    read = await asyncio.to_thread(run, "resume", "--warning-read")
    assert (read.exit_code, "goes on" in read.output) == (0, True), read.output
    assert (await synced(service)).exit_code == 0


async def test_where_no_pace_was_saved_nobody_was_warned(faults: Faults, service: Service) -> None:
    await synced(service)
    damage(service, None)
    asked = len(faults.seen)
    assert (await synced(service)).exit_code == 0
    assert len(faults.seen) > asked
