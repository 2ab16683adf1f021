"""`sync`, `pause`, `resume`, and how a running pixmirror is asked instead."""

import asyncio
import json
import re
import time
from contextlib import nullcontext
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pytest

from pixmirror import errors
from pixmirror.cli import progress
from pixmirror.cli.common import Session, name_the_zone, saw
from pixmirror.cli.progress import line
from pixmirror.cli.sync_end import _waiting, trouble
from pixmirror.cli.work import until_ms
from pixmirror.clock import DAY_MS, now_ms, shifted
from pixmirror.daemon.trouble import by_hand
from pixmirror.errors import ConfigError
from pixmirror.reports.estimate import Estimate
from pixmirror.reports.left import Range
from pixmirror.reports.moments import clock
from pixmirror.reports.troubles import Trouble
from pixmirror.store import MirrorRoot


def test_sync_says_what_came(pixmirror, config):
    result = pixmirror("sync")
    assert result.exit_code == 0
    assert "following: " in result.stdout
    assert "stored" in result.stdout


def test_sync_json_is_only_json(pixmirror, config):
    result = pixmirror("sync", "following", "--json")
    report = json.loads(result.stdout)
    assert list(report["jobs"]) == ["following"]
    assert report["files"]["stored"] > 0
    assert report["exit_code"] == result.exit_code == 0
    assert result.stderr == ""


def test_what_the_brake_holds_is_said_also_by_a_running_pixmirror(pixmirror, mirrored, monkeypatch):
    from pixmirror import control
    from pixmirror.cli.common import Session

    async def answer(*rest, **more):
        ended: dict[str, Any] = {
            "jobs": {},
            "files": {},
            "requests": {},
            "trouble": None,
            "held": "9 of 20",
            "exit_code": 0,
        }
        return {"ok": True, **ended}

    monkeypatch.setattr(Session, "has_daemon", lambda s: True)
    monkeypatch.setattr(control, "ask", answer)
    assert "9 of 20" in json.loads(pixmirror("sync", "--json").stdout)["held"]


@pytest.mark.parametrize("name", ["nobody", "off"])
def test_unknown_or_disabled_job(pixmirror, config, name):
    result = pixmirror("sync", name)
    assert result.exit_code == 2
    assert name in result.stderr


def test_no_job_is_enabled(pixmirror, config):
    config.write_text(config.read_text().split("[[jobs]]")[0])
    result = pixmirror("sync")
    assert result.exit_code == 2
    assert "nothing to do" in result.stderr


def test_wrong_token(pixmirror, config):
    (config.parent / "refresh-token").write_text("wrong")
    result = pixmirror("sync")
    assert result.exit_code == 3
    assert "pixmirror login" in result.stderr


def test_no_pixiv(pixmirror, mirrored, pixiv):
    mirrored.write_text(mirrored.read_text().replace(pixiv.url, "http://127.0.0.1:9"))
    (mirrored.parent / "mirror" / "credentials.json").unlink()
    assert pixmirror("sync").exit_code == 8


def test_held_by_another(pixmirror, config):
    root = config.parent / "mirror"
    with MirrorRoot.open(root):
        result = pixmirror("sync")
    assert result.exit_code == 5
    assert "holds the mirror" in result.stderr


def test_pause_is_remembered(pixmirror, mirrored):
    assert pixmirror("pause", "bookmarks", "--until", "2h").exit_code == 0
    jobs = {j["name"]: j for j in json.loads(pixmirror("status", "--json").stdout)["jobs"]}
    assert jobs["bookmarks"]["paused"]
    assert not jobs["following"]["paused"]
    assert "paused until" in pixmirror("status").stdout
    assert pixmirror("resume", "bookmarks").exit_code == 0
    jobs = {j["name"]: j for j in json.loads(pixmirror("status", "--json").stdout)["jobs"]}
    assert not jobs["bookmarks"]["paused"]


def test_in_the_days_that_the_demo_tells_a_pause_ends_on_one_of_them(pixmirror, mirrored):
    with shifted(-90 * DAY_MS):
        assert pixmirror("pause", "--until", "2h").exit_code == 0
        assert "Paused until" in pixmirror("status").stdout
    assert "Paused" not in pixmirror("status").stdout


def test_in_the_days_that_the_demo_tells_a_progress_is_of_one_of_them(pixmirror, mirrored, monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(progress, "what_is_left", lambda conn, now, config, names: asked.append(now))

    async def watch() -> None:
        shown = asyncio.Event()
        s = Session(mirrored)
        with s.reading() as db:
            async with progress.watching(db, nullcontext(lambda *told: shown.set()), s.config):
                await shown.wait()

    with shifted(-90 * DAY_MS):
        asyncio.run(watch())
    assert max(asked) < now_ms() - 89 * DAY_MS


def test_pause_everything(pixmirror, mirrored):
    assert pixmirror("pause").exit_code == 0
    assert "Paused, by you." in pixmirror("status").stdout
    pixmirror("resume")
    assert "paused" not in pixmirror("status").stdout


def test_pause_what_is_not_there(pixmirror, config):
    assert pixmirror("pause", "nobody").exit_code == 2
    assert pixmirror("pause", "--until", "soon").exit_code == 2


def test_until():
    now = datetime(2026, 11, 21, 12, 0).astimezone()
    base = now.timestamp()
    assert until_ms("2h", base) == int((base + 7200) * 1000)
    assert until_ms("1.5 d", base) == int((base + 1.5 * 86400) * 1000)
    assert until_ms("13:30", base) == int((base + 5400) * 1000)
    assert until_ms("11:00", base) == int((base + 23 * 3600) * 1000)
    assert until_ms("2026-11-21T12:00:10", base) == int((base + 10) * 1000)
    for wrong in ("", "2", "25:00", "2020-01-01", "-2h"):
        with pytest.raises(ConfigError):
            until_ms(wrong, base)


def test_the_line_of_progress_counts_what_is_left_and_fits_the_terminal():
    minutes = Range(1800, 2200, 2700)
    e = Estimate(194, Range(1700, 1768, 1900), Range(300, 402, 500), Range.of(3210), Range.of(5 << 30), minutes)
    assert line(e, "雨宮しずく", 50) == "194 of about 1,770 works; about 30 to 45 min"
    assert line(e, "雨宮しずく", 60) == "194 of about 1,770 works; about 30 to 45 min (雨宮しずく)"
    left = "; about 402 requests and 3,210 files left"
    assert line(e, "雨宮しずく") == f"194 of about 1,770 works; about 30 to 45 min{left} (雨宮しずく)"


@pytest.fixture
def daemon(mirrored):
    """`pixmirror run` as a process of its own."""
    import signal
    import subprocess
    import sys

    command = [sys.executable, "-m", "pixmirror", "--config", str(mirrored), "run"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    from pixmirror.cli.common import Session

    s = Session(mirrored)
    for _ in range(200):
        if s.has_daemon():
            break
        time.sleep(0.05)
    else:
        process.kill()
        raise AssertionError(process.communicate()[1])
    yield process
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=15)
    assert process.returncode == 0, said


def test_a_running_pixmirror_does_the_work(pixmirror, daemon, pixiv, mirrored):
    pixiv.state.world.post(next(iter(pixiv.state.world.follows[pixiv.state.world.me])), title="brand new")
    deadline = time.monotonic() + 20
    while True:  # a job that has just begun has no next time yet
        before = json.loads(pixmirror("status", "--json").stdout)
        assert before["running"]
        if all(j["next_run"] for j in before["jobs"] if j["enabled"]):
            break
        assert time.monotonic() < deadline, before["jobs"]
        time.sleep(0.1)
    result = pixmirror("sync", "following")
    assert result.exit_code == 0
    assert "in the background" in result.stderr
    assert "brand new" in pixmirror("search", "brand new").stdout
    assert pixmirror("verify", "--quick").exit_code == 0
    assert pixmirror("pause", "bookmarks").exit_code == 0
    assert "paused" in pixmirror("status").stdout
    assert "goes on." in pixmirror("resume", "bookmarks").stdout
    assert pixmirror("sync", "nobody").exit_code == 2
    assert pixmirror("check").exit_code == 0
    assert pixmirror("check", "--pixiv").exit_code == 0  # it asks through the one that runs


def test_a_running_pixmirror_takes_a_login(pixmirror, daemon, pixiv, mirrored):
    world, oauth = pixiv.state.world, pixiv.state.oauth
    oauth.refresh_tokens["my-second-refresh-token"] = world.me
    result = pixmirror("login", "-", input="my-second-refresh-token")
    assert result.exit_code == 0, result.output
    assert "taken it over" in result.stderr
    kept = json.loads((mirrored.parent / "mirror" / "credentials.json").read_text())
    assert kept["token"]["refresh_token"] == "my-second-refresh-token"


def test_the_first_line_of_the_end_says_what_came_in_and_that_all_is_here_only_when_it_is(pixmirror, config):
    first = pixmirror("sync").stdout.splitlines()[0]
    assert re.fullmatch(
        r"Done in \d+ (s|min): \d+ new works \(1 novel\), \d+ files, [\d.]+ \w+\. All of it is here\.", first
    ), first
    again = pixmirror("sync").stdout.splitlines()
    assert re.fullmatch(r"Done in \d+ (s|min): nothing new\. All of it is here\.", again[0]), again
    assert re.fullmatch(r"Requests: \d+; \d+ for files\.", again[-1]), again
    assert "All of it" not in pixmirror("sync", "following").stdout


def test_what_waits_is_counted_with_who_asks_again():
    report = {"left": 3, "undone": 1, "troubles": []}
    assert _waiting(report, daemon=False) == " 3 files and 1 question wait; the next pixmirror sync asks again."
    one = {"left": 1, "undone": 0, "troubles": [{"next_at": 0, "explained": False}]}
    assert _waiting(one, daemon=True) == " 1 file waits; asked again by itself."


@pytest.mark.parametrize(
    ("in_min", "daemon", "says"),
    [
        (8, False, "The next pixmirror sync after {} asks again."),
        (-8, False, "The next pixmirror sync asks again."),
        (8, True, "Next try: {}."),
    ],
)
def test_when_a_failed_list_is_asked_again_is_told_by_the_clock_of_this_place(
    monkeypatch, capsys, in_min, daemon, says
):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    at = now_ms() + in_min * 60_000
    failed = Trouble("list", "a list", "It could not be read", next_at=at)
    told = trouble({**asdict(failed), "text": str(failed)}, daemon)
    assert told == f"It could not be read. {says.format(clock(at, now_ms()))}"
    assert "UTC" not in told
    saw(told)
    name_the_zone()
    assert ("Times in E" in capsys.readouterr().out) == ("{}" in says)
    monkeypatch.undo()
    time.tzset()


def test_where_no_daemon_runs_nothing_is_said_to_go_on_by_itself():
    for kind in (errors.RateLimited, errors.Unreachable, errors.DiskFull, errors.Blocked, errors.NoToken):
        assert "by itself" in kind.advice
        assert "by itself" not in by_hand(kind.advice)
    assert by_hand(errors.Unreachable.advice) == "Check the network; `pixmirror sync` goes on then."
