"""`pixmirror run` as a real process: its signals, its exit codes, and what it leaves behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pixmirror import control
from pixmirror.catalogue import queue
from pixmirror.catalogue.database import open_readonly
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.server import running
from tests.daemon.service import BOOKMARKS, Service, SlowImages, Systemd, app_of, sleep_until, small_world

SRC = Path(__file__).parents[2] / "src"


@contextmanager
def daemon(service: Service, systemd: Systemd) -> Iterator["subprocess.Popen[str]"]:
    with (service.folder / "log").open("a") as log, start(service, log, NOTIFY_SOCKET=systemd.path) as process:
        try:
            sleep_until(lambda: "READY=1" in systemd.heard() or process.poll() is not None)
            assert process.poll() is None, (service.folder / "log").read_text()
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def start(service: Service, log: object, **env: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pixmirror", "--config", str(service.config), "run"]
    environment = {**os.environ, **service.env, "PYTHONPATH": str(SRC), **env}
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log, text=True)  # type: ignore[call-overload, no-any-return]


def stored(service: Service) -> int:
    with open_readonly(catalogue_path(service.root)) as db:
        return db.read_sync(queue.counts).stored


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    systemd = Systemd(tmp_path)
    yield systemd
    systemd.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_while_images_are_being_fetched(
    tmp_path: Path, systemd: Systemd, number: signal.Signals
) -> None:
    slow = SlowImages(app_of(small_world()))
    with running(slow.starlette) as url:
        service = Service(tmp_path, url)
        with daemon(service, systemd) as process:
            sleep_until(lambda: slow.asked)
            process.send_signal(number)
            process.send_signal(number)
            assert process.wait(10) == 0, (tmp_path / "log").read_text()
    assert systemd.heard()[-1] == "STOPPING=1"
    assert list((tmp_path / "run").iterdir()) == []
    assert not list(service.root.glob("*-wal"))
    with open_readonly(catalogue_path(service.root)) as db, db.reading() as conn:
        assert conn.exec_driver_sql("select count(*) from media where state = 'fetching'").scalar() == 0


def test_sighup_takes_the_new_config_and_a_second_daemon_exits_with_5(tmp_path: Path, systemd: Systemd) -> None:
    with running(app_of(small_world())) as url:
        service = Service(tmp_path, url)
        with daemon(service, systemd) as process:
            sleep_until(lambda: stored(service) == 6)
            assert not list((service.root / "media").rglob("*.part"))
            with (tmp_path / "second").open("w") as log:
                second = start(service, log)
                assert second.wait(30) == 5
            assert "holds the mirror" in (tmp_path / "second").read_text()

            service.jobs = [BOOKMARKS]
            service.write()
            process.send_signal(signal.SIGHUP)
            sleep_until(lambda: systemd.heard().count("READY=1") == 2)
            answer = control.ask_now(service.root, service.env, {"command": "status"})
            assert answer is not None
            assert list(answer["jobs"]) == ["bookmarks"]

            service.config.write_text("[mirror")
            process.send_signal(signal.SIGHUP)
            sleep_until(lambda: systemd.heard().count("READY=1") == 3)
            process.terminate()
            assert process.wait(10) == 0
    assert "the old one stays" in (tmp_path / "log").read_text()
