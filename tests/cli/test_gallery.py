"""`gallery` as a real process: where it answers, to whom it says the key, and how it ends."""

import os
import pty
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pixmirror.gallery.login import is_right
from tests.gallery.asking import ask

OPENED = re.compile(r"http://127\.0\.0\.1:\d+/\?key=\S+")
CONFIG = '[mirror]\nroot = "mirror"\nkeep_free = "0"\n[gallery]\nlisten = "127.0.0.1:0"\n'


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """The config of a mirror that holds nothing yet."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def command(config: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "pixmirror", "--config", str(config), *arguments]


@contextmanager
def started(config: Path, *arguments: str, **streams: object) -> Iterator["subprocess.Popen[str]"]:
    """A process that does not outlive the test."""
    with subprocess.Popen(command(config, *arguments), text=True, **streams) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def on_a_terminal(config: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The gallery with a terminal to speak to, and what it says there."""
    ours, theirs = pty.openpty()
    said = ""
    with started(config, "gallery", stdout=theirs, stderr=theirs) as process, os.fdopen(ours) as screen:
        os.close(theirs)
        while "another one." not in said:
            said += screen.readline()
        yield process, said


def refused(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(config, "gallery", *arguments), capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_terminal_is_told_an_address_that_opens_it_and_it_stops_in_order(
    mirrored: Path, number: signal.Signals
) -> None:
    with mirrored.open("a") as config:
        config.write('[gallery]\nlisten = "127.0.0.1:0"\n')
    with on_a_terminal(mirrored) as (process, said):
        (address,) = OPENED.findall(said)
        url, path = address[: address.index("/", 7)], address[address.index("/", 7) :]
        cookie = ask(url, path).cookie
        assert 'class="tile' in ask(url, "/works", cookie=cookie).text
        process.send_signal(number)
        assert process.wait(30) == 0
    assert not (mirrored.parent / "mirror" / "gallery.db-wal").exists()


def test_no_journal_is_told_a_key_and_another_address_is_to_be_had(empty: Path) -> None:
    with started(empty, "gallery", stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert re.search(r"answers at http://127\.0\.0\.1:\d+/\.$", said)
        addresses = {refused(empty, "--address").stdout for _ in range(2)}
        assert len(addresses) == 2
        for address in addresses:
            assert OPENED.fullmatch(address.strip())
            url, path = address[: address.index("/", 7)], address[address.index("/", 7) :].strip()
            assert ask(url, path).status == 303
            assert ask(url, path).status == 403
        second = refused(empty)
        assert second.returncode == 5
        assert f"process {process.pid}" in second.stderr
        assert f"`pixmirror --config {empty} gallery --address`" in second.stderr
        process.terminate()
        said += process.stdout.read()
    assert "?key=" not in said


def test_an_address_is_to_be_had_only_from_one_that_runs(empty: Path) -> None:
    answer = refused(empty, "--address")
    assert answer.returncode == 9
    assert f"`pixmirror --config {empty} gallery` starts it" in answer.stderr


def test_an_address_that_is_taken_is_a_sentence(empty: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        empty.write_text(CONFIG.replace(":0", f":{taken.getsockname()[1]}"))
        answer = refused(empty)
    assert answer.returncode == 2
    assert "another program does. Choose another port in gallery.listen." in answer.stderr
    assert "Traceback" not in answer.stderr


def test_it_is_not_open_to_other_machines_without_a_password(empty: Path) -> None:
    empty.write_text(CONFIG.replace("127.0.0.1", "0.0.0.0") + "require_key = false\n")
    answer = refused(empty)
    assert answer.returncode == 2
    assert f"`pixmirror --config {empty} gallery --set-password`" in answer.stderr


def test_no_header_is_believed_of_just_anybody(empty: Path) -> None:
    empty.write_text(CONFIG + 'user_header = "Remote-User"\n')
    answer = refused(empty)
    assert answer.returncode == 2
    assert "gallery.trusted_proxies" in answer.stderr


def test_a_newer_catalogue_is_refused(mirrored: Path) -> None:
    with closing(sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db")) as catalogue:
        catalogue.execute("UPDATE alembic_version SET version_num = '9999'")
        catalogue.commit()
    answer = refused(mirrored)
    assert answer.returncode == 4
    assert "newer than this program" in answer.stderr


def test_it_says_how_to_begin_where_there_is_no_config_yet(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "pixmirror", "gallery", "--beside"]
    env = {**os.environ, "PIXMIRROR_GALLERY__LISTEN": "127.0.0.1:0"}
    with subprocess.Popen(
        arguments, text=True, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening http://127.0.0.1:")
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_password_is_kept_as_a_hash_that_only_the_user_reads(empty: Path, pixmirror, tmp_path: Path) -> None:
    said = pixmirror("--config", str(empty), "gallery", "--set-password", input="correct horse\n")
    assert said.exit_code == 0, said.output
    kept = tmp_path / "mirror" / "gallery-password"
    assert "correct horse" not in kept.read_text()
    assert is_right(kept.read_text().strip(), "correct horse")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for poor in ("short\n", "two\nlines-of-it\n", ""):
        assert pixmirror("--config", str(empty), "gallery", "--set-password", input=poor).exit_code == 2
    assert is_right(kept.read_text().strip(), "correct horse")


def test_a_password_file_that_holds_the_password_itself_is_refused(empty: Path) -> None:
    empty.write_text(CONFIG + 'password_file = "secret"\n')
    assert "is not there" in refused(empty).stderr
    (empty.parent / "secret").write_text("correct horse")
    answer = refused(empty)
    assert answer.returncode == 2
    assert "argon2id" in answer.stderr
    assert "correct horse" not in answer.stderr


def test_the_mirror_of_an_empty_gallery_is_still_a_new_one(config: Path, pixmirror) -> None:
    with started(config, "gallery", "--beside", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening")
    assert (config.parent / "mirror" / "gallery.db").exists()
    assert pixmirror("--config", str(config), "sync").exit_code == 0


def test_run_starts_it_and_ends_it(config: Path, pixiv) -> None:
    with config.open("a") as file:
        file.write('[gallery]\nlisten = "127.0.0.1:0"\n')
    with started(config, "run", "--gallery", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while "Logged in" not in process.stderr.readline():
            assert process.poll() is None
        address = refused(config, "--address").stdout.strip()
        assert OPENED.fullmatch(address)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert refused(config, "--address").returncode == 9


def test_it_does_not_outlive_a_run_that_is_killed(config: Path, pixiv) -> None:
    with config.open("a") as file:
        file.write('[gallery]\nlisten = "127.0.0.1:0"\n')
    with started(config, "run", "--gallery", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        assert refused(config, "--address").returncode == 0
        process.kill()
    deadline = time.monotonic() + 30
    while refused(config, "--address").returncode != 9:
        assert time.monotonic() < deadline
