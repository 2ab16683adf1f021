"""`status` and `healthcheck` as they are run: the same first line, an exit code for scripts, and 60 columns."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixmirror.cli import layout


def test_an_amount_never_breaks_over_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "width", lambda: 40)
    said = "Last new work: 12 min ago, a short one. Next look: in 23 min."
    assert layout.fitted(f"  {said}").split("\n") == [
        "  Last new work: 12 min ago, a short",
        "    one. Next look: in 23 min.",
    ]
    for columns in range(20, 60):
        monkeypatch.setattr(layout, "width", lambda columns=columns: columns)
        lines = layout.fitted(said).split("\n")
        assert sum("23 min" in line for line in lines) == sum("12 min" in line for line in lines) == 1


def test_healthcheck_says_the_first_line_of_status(
    pixmirror: Any, mirrored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pixmirror("status").stdout.splitlines()[0]
    checked = pixmirror("healthcheck")
    assert (checked.stdout, checked.exit_code) == (f"{first}\n", 0)
    mirrored.write_text(mirrored.read_text().replace('keep_free = "0"', 'keep_free = "900 TiB"'))
    checked, shown = pixmirror("healthcheck"), pixmirror("status")
    assert checked.stdout.startswith("Pictures wait: ")
    assert (checked.exit_code, shown.exit_code) == (6, 0)
    found = json.loads(pixmirror("status", "--json").stdout)
    assert (found["headline"]["kind"], found["headline"]["code"], found["healthy"]) == ("disk_full", 6, False)


def test_before_the_first_sync_healthcheck_says_what_is_missing(pixmirror: Any, config: Path) -> None:
    checked = pixmirror("healthcheck")
    assert (checked.stdout, checked.exit_code) == ("Nothing is mirrored yet.\n", 7)
    shown = pixmirror("status")
    assert shown.stdout.endswith("\n  Begin: pixmirror sync once, or pixmirror run for good.\n")
    (config.parent / "refresh-token").unlink()
    checked = pixmirror("healthcheck")
    assert (checked.stdout, checked.exit_code) == ("Not begun: nobody is logged in.\n", 3)
    shown = pixmirror("status")
    assert (shown.stdout, shown.exit_code) == ("Not begun: nobody is logged in.\n  Log in: pixmirror login\n", 0)


def test_what_is_paused_is_not_told_to_run_soon(pixmirror: Any, mirrored: Path) -> None:
    assert pixmirror("pause", "--until", "2h").exit_code == 0
    jobs = pixmirror("status").stdout.partition("\n\n")[2].splitlines()
    assert [line for line in jobs if line.startswith("following") and "all paused until" in line]
    assert "all paused until" in pixmirror("status", "--full").stdout


def test_a_run_without_anything_new_tells_of_the_last_one_that_had(pixmirror: Any, mirrored: Path) -> None:
    (before,) = (
        job for job in json.loads(pixmirror("status", "--json").stdout)["jobs"] if job["name"] == "following"
    )
    assert before["brought"] == before["new"] > 0
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        db.execute(
            "INSERT INTO run (job, kind, started_at, ended_at, outcome, new, seen, requests)"
            " SELECT job, kind, started_at, ended_at, outcome, 0, 0, 1 FROM run WHERE job = 'following' LIMIT 1"
        )
    (line,) = (one for one in pixmirror("status").stdout.splitlines() if one.startswith("following"))
    assert re.search(rf"0 new \({before['new']} (just now|\d+ min ago)\)", line)
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        db.execute("UPDATE run SET started_at = started_at - 9 * 86400000 WHERE new > 0")
    (line,) = (one for one in pixmirror("status").stdout.splitlines() if one.startswith("following"))
    assert f"0 new ({before['new']} on " in line


def test_sixty_columns_are_enough(pixmirror: Any, mirrored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "width", lambda: 60)
    lines = pixmirror("status").stdout.splitlines()
    assert [line for line in lines if len(line) > 60] == []
    assert lines[-1].startswith("More: status --full")


def test_watch_shows_it_again_until_it_is_stopped(
    pixmirror: Any, mirrored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = []

    def stop_at_the_second(seconds: float) -> None:
        rounds.append(seconds)
        if len(rounds) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("pixmirror.cli.status.time.sleep", stop_at_the_second)
    result = pixmirror("status", "--watch")
    assert result.exit_code == 130
    assert result.stdout.count("More: status --full") == 2


def test_works_that_are_only_known_are_not_said_to_be_here(pixmirror: Any, mirrored: Path) -> None:
    (line,) = (one for one in pixmirror("status").stdout.splitlines() if one.startswith("Here"))
    here, known = line.split("; ")
    assert "works" not in here
    assert known.endswith("known")


LIBRARIES = ("rich", "pydantic_settings")
NEVER = (*LIBRARIES, "models.lists", "models.novels", "config.environment")


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        (
            "healthcheck",
            ("reports.completeness", "reports.estimate", "reports.glance", "reports.queries", *NEVER),
        ),
        ("status", ("reports.completeness", "reports.estimate", *NEVER)),
        ("why 1", ("reports.search", "reports.headline", *LIBRARIES)),
    ],
)
def test_what_is_asked_often_imports_only_what_it_needs(
    mirrored: Path, command: str, unneeded: tuple[str]
) -> None:
    """A monitor asks every minute: most of what an answer costs is importing."""
    script = (
        "import sys; sys.argv[0] = 'pixmirror'\n"
        "from pixmirror.__main__ import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)\n"
    )
    called = [sys.executable, "-c", script, "--config", str(mirrored), *command.split()]
    ended = subprocess.run(called, capture_output=True, text=True, check=False, cwd=mirrored.parent)
    imported = ended.stderr.split()
    assert "sqlalchemy" in imported
    assert not {name if name in LIBRARIES else f"pixmirror.{name}" for name in unneeded} & set(imported)
