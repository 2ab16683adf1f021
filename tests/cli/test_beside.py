"""A command beside a `sync`, and a `sync` that is stopped: what each says, as real processes."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixmirror.catalogue.database import Database, catalogue_path, open_readonly
from pixmirror.demo.server import running
from pixmirror.errors import PixmirrorError
from pixmirror.reports.came_in import CameIn, came_in
from pixmirror.store import MirrorRoot
from pixmirror.store.start import holder
from tests.daemon.service import Service, SlowImages, app_of, sleep_until, small_world

SRC = Path(__file__).parents[2] / "src"


class FirstImages(SlowImages):
    """The stand-in, of which two images come and the others never do."""

    async def __call__(self, scope, receive, send):
        slow = "img-original" in scope.get("path", "") and self.asked >= 2
        await (super().__call__ if slow else self._count)(scope, receive, send)

    async def _count(self, scope, receive, send):
        self.asked += "img-original" in scope.get("path", "")
        await self.app(scope, receive, send)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(FirstImages(app_of(small_world(12))).starlette) as url:
        yield Service(tmp_path, url)


def begin(service: Service, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pixmirror", "--config", str(service.config), *arguments]
    environment = {**os.environ, **service.env, "PYTHONPATH": str(SRC)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def has_two_files(service: Service) -> bool:
    try:
        with open_readonly(catalogue_path(service.root)) as db:
            return db.read_sync(came_in, 0).files == 2
    except PixmirrorError:  # it is being made
        return False


@pytest.fixture
def syncing(service: Service) -> Iterator["subprocess.Popen[str]"]:
    """A `sync` that has 12 works and two of their files, and waits for the third."""
    process = begin(service, "sync", "--skip-check")
    try:
        sleep_until(lambda: has_two_files(service) or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_second_command_says_which_one_runs_and_how_far_it_is(service, syncing) -> None:
    for command in ("sync", "run", "pause"):
        second = begin(service, command)
        said, _ = second.communicate(timeout=60)
        assert second.returncode == 5
        first, how_far, advice = said.splitlines()
        assert first.startswith(f"Another `pixmirror sync` (process {syncing.pid}) holds the mirror"), said
        assert re.fullmatch(r"It has run for \d+ s; 12 works and 2 files came in so far\.", how_far), said
        assert (
            advice == f"Wait for it or stop it; `pixmirror --config {service.config} status` says how far it is."
        )


def test_ctrl_c_in_a_sync_says_what_came_in_and_that_the_same_command_goes_on(service, syncing) -> None:
    syncing.send_signal(signal.SIGINT)
    said, _ = syncing.communicate(timeout=30)
    assert syncing.returncode == 130
    again = f"pixmirror --config {service.config} sync goes on from there."
    assert said.splitlines()[-1] == f"Stopped. 12 works and 2 files came in; {again}"
    assert holder(service.root) is None


def test_who_holds_a_mirror_is_known_by_its_command_and_time(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with MirrorRoot.open(tmp_path, what="login"):
        found = holder(tmp_path)
        assert found is not None
        assert (found.process, found.what, str(found)) == (
            os.getpid(), "login", f"`pixmirror login` (process {os.getpid()})",
        )  # fmt: skip
        assert found.since > 1_700_000_000_000
    assert holder(tmp_path) is None
    (tmp_path / ".lock").write_text("77 abcdef01\n")  # as an older version wrote it
    with MirrorRoot.open(tmp_path) as root:
        assert root.rebooted


def test_what_came_in_is_one_sentence(tmp_path: Path) -> None:
    assert str(CameIn()) == "nothing new came in"
    assert str(CameIn(works=1, files=2)) == "1 work and 2 files came in"
    assert str(CameIn(files=1)) == "1 file came in"
    with Database.open(tmp_path / "catalogue.db") as db:
        assert db.read_sync(came_in, 0) == CameIn()
