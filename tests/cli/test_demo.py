"""`demo` as a visitor runs it."""

import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from unittest.mock import MagicMock
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from pixmirror.cli import common, demo
from pixmirror.cli.demo_setup import DemoMirror
from pixmirror.clock import DAY_MS
from pixmirror.errors import ExitCode
from pixmirror.reports import health
from pixmirror.reports.datasette import questions
from pixmirror.reports.headline import Headline, Kind

SMALL = ("--artists", "4", "--works", "25")


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "pixmirror", "demo", "--dir", str(folder), *SMALL, *arguments]


def test_once(tmp_path, pixmirror):
    folder = tmp_path / "demo"
    result = subprocess.run(command(folder, "--once"), capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stdout + result.stderr
    days = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("Day ")]
    assert days == ["1", "3", "5", "7", "9", "11", "16"]
    assert "killed twice on purpose" in result.stdout
    assert re.search(r"(?m)^Day 16  complete: all \d+ works of \d artists", result.stdout)
    assert "left Pixiv (" in result.stdout
    assert "1 picture replaced (both kept)" in result.stdout
    assert "survive only here" in result.stdout
    assert "both files are kept" in result.stdout
    assert "Every file was read back and is whole: nothing was lost." in result.stdout
    suggested = [
        line.split(" demo --dir ")[1] for line in result.stdout.splitlines() if line.startswith("  python")
    ]
    shown = {line.split()[1] for line in suggested}
    assert shown >= {"gallery", "gone", "coverage", "status", "search", "show", "why"}
    assert any(line.endswith("--history") for line in suggested)
    for line in [*suggested, f"{suggested[0].split()[0]} search yoru"]:
        if line.endswith(" gallery"):  # which runs until it is ended
            continue
        ran = pixmirror("demo", "--dir", *shlex.split(line))
        assert ran.exit_code == 0, line
        assert "search" not in line or "よるの街" in ran.stdout
    found = json.loads(pixmirror("--config", str(folder / "config.toml"), "status", "--json").stdout)
    assert found["healthy"]
    assert found["files"]["wanted"] == 0
    assert unanswered(folder / "mirror" / "catalogue.db") == ["Which files are not here, and why?"]


def unanswered(catalogue: Path) -> list[str]:
    """The questions of `help sql` that find nothing; each is asked of what a row of its view names."""
    with closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as raw:
        raw.row_factory = sqlite3.Row
        two_tags = "SELECT json_extract(tags, '$[0]') AS tag, json_extract(tags, '$[1]') AS other FROM works"
        tags = dict(raw.execute(f"{two_tags} WHERE json_array_length(tags) > 1").fetchone())
        silent = []
        for question, sql in questions().items():
            view = re.findall(r"FROM (\w+)", sql)[0]
            asked = f"SELECT * FROM {view} WHERE work_key % 2 = ? AND user_id IS NOT NULL"
            row = dict(raw.execute(asked, ("+ 1" in sql,)).fetchone())
            if not raw.execute(sql, row | tags | {"id": row["work_key"] // 2}).fetchall():
                silent.append(question)
    return silent


@pytest.mark.long
def test_an_earlier_demo_is_gone_on_with_and_hands_out_no_id_again(tmp_path):
    folder = tmp_path / "demo"
    artists: dict[int, int] = {}
    for begins in ("A small Pixiv is made up", "The small Pixiv of the last demo goes on"):
        with started(command(folder)) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith(begins)
            while not said.startswith("+"):  # something new came and was mirrored
                said = process.stdout.readline()
                assert said
            interrupted(process)
        assert process.returncode == 0
        with closing(sqlite3.connect(folder / "mirror" / "catalogue.db")) as catalogue:
            found = dict(catalogue.execute("SELECT work_key, user_id FROM work WHERE type != ''"))
        assert {key: found[key] for key in artists} == artists
        assert len(found) > len(artists)
        artists = found
    other = subprocess.run([*command(folder, "--once"), "--seed", "8"], capture_output=True, text=True)
    assert other.returncode == 2
    assert "was made with" in other.stderr


def test_a_command_looks_at_the_demo_and_says_so_where_there_is_none(tmp_path, pixmirror):
    result = pixmirror("demo", "--dir", str(tmp_path / "none"), "status")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"There is no demo in {tmp_path / 'none'} yet: `pixmirror demo` makes one")


def test_no_child_outlives_a_demo_that_is_killed(tmp_path):
    folder = tmp_path / "demo"
    arguments = [sys.executable, "-m", "pixmirror", "demo", "--dir", str(folder)]
    with started(arguments) as process:
        while len(running := children(process.pid)) < 2:  # the generated Pixiv, and the first mirror
            time.sleep(0.05)
        process.kill()
        process.wait()
    deadline = time.monotonic() + 30
    while left := [pid for pid in running if is_alive(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def looked_at(address: str) -> str:
    """Open the address as a browser does; return the page of works."""
    cookies = HTTPCookieProcessor()
    browser = build_opener(ProxyHandler({}), cookies)
    with suppress(HTTPError), browser.open(address):
        pass
    with browser.open(urljoin(address, "/works")) as page:
        return str(page.read().decode())


def test_a_folder_that_is_not_ours(tmp_path, pixmirror):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "diary.txt").write_text("dear diary")
    result = pixmirror("demo", "--once", "--dir", str(folder))
    assert result.exit_code == 2
    assert "not a demo's folder" in result.stderr
    assert [f.name for f in folder.iterdir()] == ["diary.txt"]


def test_what_makes_no_sense_in_a_demo_is_refused_in_a_sentence(tmp_path, pixmirror, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mirror = DemoMirror.prepare(tmp_path / "demo", seed=None, artists=1, works=1)
    mirror.write_config("http://127.0.0.1:9")
    init = pixmirror("demo", "--dir", "demo", "init")
    assert (init.exit_code, "`pixmirror init` makes one of your own" in init.stderr) == (2, True)
    assert not (tmp_path / "config.toml").exists()
    with mirror.held():
        second = pixmirror("demo", "--dir", str(tmp_path / "demo"))
    assert second.exit_code == 5
    assert f"demo --dir {tmp_path / 'demo'} status` says how far it is" in second.stderr
    assert pixmirror("demo", "--dir", "much", "--works", "9" * 20).exit_code == 2


def test_what_went_is_told_as_such():
    assert demo._news((5, 9), (6, 2)) == "+1 work, -7 files: now 6 works, 2 files"
    assert demo._news((5, 9), (5, 10)) == "+1 file: now 5 works, 10 files"


@contextmanager
def started(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive the test."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    return said


def test_ctrl_c_ends_the_living_demo_in_order(tmp_path, pixmirror):
    folder = tmp_path / "demo"
    with started(command(folder)) as process:
        assert process.stdout is not None
        said, pages = "", []
        for line in process.stdout:
            said += line
            assert "key=" not in line  # which a pipe may keep for others to read
            if "in a browser" in line:
                address = pixmirror("demo", "--dir", str(folder), "gallery", "--address").stdout
                pages.append(looked_at(address.strip()))
            if line.startswith("New works appear there now"):
                break
        assert said.index("Look at it meanwhile") < said.index("Day 3")
        assert "Complete." in said
        assert "Look at it in a browser" in said  # before Ctrl-C
        assert ['class="tile' in page for page in pages] == [True, True]
        running_then = children(process.pid)
        for line in process.stdout:
            if line.startswith("+"):  # something new came and was mirrored
                break
        said = interrupted(process)
    assert process.returncode == 0, said
    assert "Stopped; all is on disk." in said
    assert len(running_then) >= 2  # the generated Pixiv, and the gallery
    assert not any(map(is_alive, running_then))
    # A file on its way stays a .part, to go on with; what has its final name is whole.
    assert pixmirror("--config", str(folder / "config.toml"), "verify").exit_code == 0


@pytest.mark.parametrize("lines", [1, pytest.param(2, marks=pytest.mark.long)])
def test_ctrl_c_before_it_is_complete(tmp_path, lines):
    folder = tmp_path / "demo"
    arguments = [sys.executable, "-m", "pixmirror", "demo", "--dir", str(folder), "--once"]
    with started(arguments) as process:
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        said = interrupted(process)
    assert process.returncode == 130, said


@pytest.mark.parametrize("rest", [[], ["--once"]])
def test_a_demo_whose_file_was_lost_says_so_and_goes_on(tmp_path, pixmirror, monkeypatch, rest):
    folder = tmp_path / "demo"
    DemoMirror.prepare(folder, seed=None, artists=None, works=None).has_been_told()
    went_on: list[object] = []
    monkeypatch.setattr(demo, "serving", lambda *_: nullcontext(MagicMock(url="http://127.0.0.1:1")))
    monkeypatch.setattr(demo, "GalleryProcess", MagicMock())
    monkeypatch.setattr(demo, "mirror_at", lambda *_: ExitCode.INCOMPLETE)
    monkeypatch.setattr(demo, "_complete", lambda *_, **__: ExitCode.INCOMPLETE)
    monkeypatch.setattr(demo, "_go_on", went_on.append)
    result = pixmirror("demo", "--dir", folder, *rest)
    assert result.exit_code == ExitCode.INCOMPLETE
    assert "The mirror is not complete; what is missing and why" in result.stderr
    assert len(went_on) == (not rest)


def test_a_command_lives_in_the_day_that_the_demo_tells(mirrored, pixmirror, monkeypatch):
    demo_here = DemoMirror(mirrored.parent, 7, 4, 25, made_ms=0)
    seen: list[int] = []

    def headlines(conn: object, now: int, *_: object) -> tuple[Headline]:
        seen.append(now)
        return (Headline(Kind.WELL, "All is well."),)

    monkeypatch.setattr(health, "headlines", headlines)
    for note in (lambda: demo_here.has_looked(1, 13), demo_here.has_been_told):
        note()
        assert pixmirror("demo", "--dir", mirrored.parent, "status", "--json").exit_code == 0
    in_the_story, today = (round((time.time() * 1000 - now) / DAY_MS) for now in seen)
    assert (in_the_story, today) == (13, 0)


def test_between_two_looks_the_demo_is_at_work(mirrored, pixmirror):
    demo_here = DemoMirror(mirrored.parent, 7, 4, 25, made_ms=0)
    demo_here.has_looked(1, 13)
    with demo_here.held():
        found = json.loads(pixmirror("demo", "--dir", mirrored.parent, "status", "--json").stdout)
        assert found["healthy"]
        assert found["headline"]["says"].startswith("A demo is running (since ")
        assert " -" not in found["headline"]["says"]
        assert pixmirror("demo", "--dir", mirrored.parent, "healthcheck").exit_code == 0
        assert pixmirror("demo", "--dir", mirrored.parent).exit_code == ExitCode.LOCKED


def test_what_the_demo_hints_at_works_in_the_demo(tmp_path, pixmirror, monkeypatch):
    monkeypatch.setattr(demo, "_program", lambda: "pixmirror")
    DemoMirror.prepare(tmp_path / "a", seed=None, artists=None, works=None).write_config("http://127.0.0.1:1")
    result = pixmirror("demo", "--dir", tmp_path / "a", "status")
    here = f"demo --dir {tmp_path / 'a'}"
    assert result.stdout.endswith(f" {here}.\n")
    assert "sync" not in result.stdout
    assert " run" not in result.stdout
    with common.hinting("pixmirror demo"):
        said = common.hinted(
            "Start it: systemctl start pixmirror, or pixmirror run. Then `pixmirror retry 1`, pixmirror help. "
            "Go on: pixmirror sync once, or pixmirror run (systemctl start pixmirror) for good. "
            "The next pixmirror sync tries again."
        )
    assert said == (
        "Start it: pixmirror demo. Then `pixmirror demo retry 1`, pixmirror help. Go on: pixmirror demo. "
        "The next pixmirror demo tries again."
    )
