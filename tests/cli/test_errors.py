"""Every failure is one sentence on standard error, what helps on the next line, and the right exit code."""

import re
import subprocess
import sys

import pytest
import typer

from pixmirror.cli import app, common
from pixmirror.errors import DiskFull, Unreachable

HEAVY = "sqlalchemy", "httpx", "pydantic", "rich", "alembic", "apscheduler", "starlette", "PIL"


@pytest.mark.parametrize(
    ("asked", "loads"), [(["--help"], []), (["db", "upgrade", "--help"], ["pydantic"])], ids=["pixmirror", "db"]
)
def test_help_needs_none_of_the_heavy_libraries_but_what_typer_reads_groups_with(
    asked: list[str], loads: list[str]
):
    script = (
        "import sys; from pixmirror.cli import app\n"
        f"try: app({asked})\n"
        "except SystemExit: pass\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == str(loads)


def test_every_command_teaches_with_an_example(pixmirror):
    root = typer.main.get_command(app)
    names = list(root.commands)  # type: ignore[attr-defined]
    assert names == [
        *(
            "init",
            "login",
            "check",
            "sync",
            "add",
            "run",
            "pause",
            "resume",
            "status",
            "healthcheck",
            "notify",
            "why",
            "show",
            "open",
            "gallery",
            "search",
            "export",
        ),
        *(
            "plan",
            "coverage",
            "gone",
            "forget",
            "unforget",
            "backup",
            "restore",
            "verify",
            "retry",
            "reindex",
            "demo",
            "help",
            "import",
            "api",
        ),
        "db",
    ]
    for name in names:
        result = pixmirror(name, "--help")
        assert result.exit_code == 0
        assert f"pixmirror {name}" in result.output.replace("Usage:", "").split("Example", 1)[1], name


def test_version(pixmirror):
    result = pixmirror("--version")
    assert result.output.startswith("pixmirror ")


def test_no_config(pixmirror):
    result = pixmirror("status")
    assert result.exit_code == 2
    assert "There is no config file" in result.stderr
    assert result.stdout == ""


def test_with_a_config_of_another_place_every_command_that_is_printed_names_it(pixmirror, config, tmp_path):
    elsewhere = tmp_path / "my mirror.toml"
    config.rename(elsewhere)
    (tmp_path / "refresh-token").unlink()
    for command in ("status", "check", "why 1", "sync", "plan", "add 1"):
        said = pixmirror("--config", elsewhere, *command.split()).output
        named = re.findall(r"\bpixmirror (?!help|demo|does|runs)\S+ \S+", " ".join(said.split()))
        assert set(named) == {"pixmirror --config '" + str(elsewhere).split(" ")[0]}, said
    assert "--config" not in pixmirror("--config", elsewhere, "help", "recover").output.split("pixmirror sync")[0]
    assert common.hinted("Another `pixmirror run` (process 1)") == "Another `pixmirror run` (process 1)"
    with common.hinting(config="c.toml"):
        assert common.hinted("Another `pixmirror run` (process 1)") == "Another `pixmirror run` (process 1)"


def test_wrong_config_names_every_problem(pixmirror, tmp_path):
    (tmp_path / "config.toml").write_text('[mirror]\nrot = "x"\n[pixiv]\nrequests_per_minute = "many"\n')
    result = pixmirror("sync")
    assert result.exit_code == 2
    assert "did you mean root" in result.stderr
    assert "requests_per_minute" in result.stderr


@pytest.mark.parametrize("arguments", [("nonsense",), ("search",), ("search", "x", "--limit", "none")])
def test_wrong_usage(pixmirror, arguments):
    assert pixmirror(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "line",
    ["export all -o ", "export works --output=", "check --record ", "demo --dir  status", "login --token-file "],
)
def test_an_empty_value_is_no_folder(pixmirror, config, tmp_path, monkeypatch, line):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    result = pixmirror(*line.split(" "))
    assert result.exit_code == 2
    assert re.search(r"what follows -[-\w]+ is empty", result.stderr)
    assert not list((tmp_path / "here").iterdir())


def test_errors_of_a_task_group_are_told_like_any_other(monkeypatch, pixmirror, config):
    def fail(*_: object, **__: object) -> None:
        raise ExceptionGroup("tasks", [ExceptionGroup("inner", [DiskFull("there is no room")])])

    monkeypatch.setattr(common.Session, "ask", fail)
    result = pixmirror("sync")
    assert result.exit_code == 6
    assert result.stderr.splitlines() == ["There is no room.", DiskFull.advice]


def test_a_bug_is_not_hidden(monkeypatch, pixmirror, config):
    def fail(*_: object, **__: object) -> None:
        raise ExceptionGroup("tasks", [Unreachable("no net"), ZeroDivisionError()])

    monkeypatch.setattr(common.Session, "ask", fail)
    with pytest.raises(ExceptionGroup):
        pixmirror("sync")


def test_ctrl_c_is_quiet(monkeypatch, pixmirror, config):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(common.Session, "ask", stop)
    result = pixmirror("sync")
    assert (result.exit_code, result.output) == (130, "")


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            "status --json",
            "why 1",
            "show 1",
            "show 1 --history",
            "show 1 --at 2026-11-21",
            "search x",
            "export works",
        ),
        *("coverage", "coverage 11", "gone", "gone works", "forget 1 --yes", "forget --list", "unforget 1"),
        *("verify", "reindex", "reindex --check"),
    ],
)
def test_no_mirror_yet(pixmirror, config, arguments):
    result = pixmirror(*arguments.split())
    assert result.exit_code == 2
    assert "There is no mirror at" in result.stderr
    assert not (config.parent / "mirror").exists()


def test_where_there_is_no_mirror_yet_status_says_how_to_begin(pixmirror, config):
    result = pixmirror("status")
    assert (result.exit_code, result.output.splitlines()[0]) == (0, "Nothing is mirrored yet.")
    assert "Begin: pixmirror sync once" in result.output
    assert not (config.parent / "mirror").exists()


@pytest.mark.parametrize("command", ["plan", "sync", "pause", "resume"])
def test_an_empty_name_is_no_job(pixmirror, config, command):
    result = pixmirror(command, "")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, "The name of a job is empty.")
