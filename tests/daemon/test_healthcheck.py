"""`healthcheck` and `status` say the same, whether a running pixmirror is asked or the catalogue is read here."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pixmirror import control
from pixmirror.config import load
from pixmirror.daemon.commands import Commands
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.serve import Daemon
from pixmirror.daemon.sync import sync
from pixmirror.demo.server import running
from pixmirror.errors import ExitCode
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import FOLLOWING, Service, app_of, small_world

pytestmark = pytest.mark.anyio
MOMENT = re.compile(r"\d+ (s|min) ago|just now|in \d+ min|\d+\.\d [KMGT]iB")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(app_of(small_world())) as url:
        yield Service(tmp_path, url)


async def checked(service: Service, *python: str, what: str = "healthcheck") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *python, "-m", "pixmirror", "--config", str(service.config), what]
    env = {**os.environ, **service.env, "TZ": "Asia/Tokyo"}
    return await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True, check=False)


def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the running pixmirror be one that does not know this command."""
    made = Commands.__init__

    def older(self: Commands, daemon: Any) -> None:
        made(self, daemon)
        del self._commands["healthcheck"], self._commands["screen"]

    monkeypatch.setattr(Commands, "__init__", older)


@pytest.mark.parametrize("what", ["healthcheck", "status"])
@pytest.mark.parametrize("paused", [False, True])
async def test_a_running_pixmirror_says_what_is_read_without_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, paused: bool, what: str
) -> None:
    async def says(daemon: Daemon) -> tuple[str, int, bool]:
        if paused:
            await Commands(daemon).answer({"command": "pause", "until": daemon.mirror.clock.now() + 3_600_000})
        ended = await checked(service, "-X", "importtime", what=what)
        return MOMENT.sub("then", ended.stdout), ended.returncode, "sqlalchemy" in ended.stderr

    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        assert (await sync(mirror, ())).exit_code == ExitCode.DONE
    async with service.running() as daemon:
        text, code, has_read = await says(daemon)
    assert not has_read, "the running pixmirror has read it"
    assert text.startswith("Paused until" if paused else "All is well")
    assert (" known\n" in text) == (what == "status")

    unknown(monkeypatch)
    async with service.running() as daemon:
        assert await says(daemon) == (text, code, True)


async def test_one_that_does_not_answer_is_not_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(self: Commands, request: Any) -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    monkeypatch.setattr(Commands, "_healthcheck", never)
    async with service.running():
        ended = await checked(service)

    assert ended.stdout.strip()
    assert ended.returncode in (ExitCode.DONE, ExitCode.INCOMPLETE)


@pytest.mark.parametrize("what", ["healthcheck", "status"])
async def test_of_another_version_nothing_is_taken(
    service: Service, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("pixmirror.daemon.commands.__version__", "0.2.0")
    async with service.running():
        ended = await checked(service, "-X", "importtime", what=what)

    assert "sqlalchemy" in ended.stderr, "it was read from here"
    assert ended.stdout.strip()


async def test_a_job_that_the_running_pixmirror_does_not_have_yet_is_told(service: Service) -> None:
    async with service.running():
        service.jobs = [FOLLOWING, {**FOLLOWING, "name": "another"}]
        service.write()
        ended = await checked(service)

    assert ended.returncode == ExitCode.INCOMPLETE
    assert "needs you" in ended.stdout


async def test_a_time_zone_that_is_none_is_not_used(service: Service) -> None:
    async with service.running():
        for zone in (10**9, None):
            answer = await control.ask(service.root, service.env, {"command": "healthcheck", "zone": zone})
            assert answer is not None
            assert answer["says"]
        refused = await control.ask(service.root, service.env, {"command": "healthcheck", "zone": "Tokyo"})
    assert refused is not None
    assert refused["error"].startswith('"zone" has a wrong type')
