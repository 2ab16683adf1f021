"""`demo` as a visitor runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SMALL = ("--artists", "4", "--works", "25")


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "pixmirror", "demo", "--dir", str(folder), *SMALL, *arguments]


def test_once(tmp_path, pixmirror):
    folder = tmp_path / "demo"
    result = subprocess.run(command(folder, "--once"), capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 wanted, 0 failed" in result.stdout
    suggested = [line.strip() for line in result.stdout.splitlines() if "--config" in line]
    shown = {line.split("config.toml ", 1)[1].split()[0] for line in suggested}
    assert shown >= {"gone", "coverage", "verify", "status", "search", "show", "why", "export"}
    assert any(line.endswith("--history") for line in suggested)
    assert "survive only here" in result.stdout
    assert "both files are kept" in result.stdout
    assert "and nothing was lost" in result.stdout
    assert "The mirror is complete, and can prove it" in result.stdout
    for line in suggested:
        arguments = line.split("--config ", 1)[1].split(maxsplit=1)
        ran = pixmirror("--config", arguments[0], *(a.strip("'") for a in arguments[1].split()))
        assert ran.exit_code == 0, line
    found = json.loads(pixmirror("--config", str(folder / "config.toml"), "status", "--json").stdout)
    assert found["healthy"]
    assert found["files"]["wanted"] == 0


def test_an_earlier_demo_is_gone_on_with(tmp_path):
    folder = tmp_path / "demo"
    for _ in range(2):
        result = subprocess.run(command(folder, "--once"), capture_output=True, text=True, timeout=100)
        assert result.returncode == 0, result.stdout + result.stderr
    other = subprocess.run([*command(folder, "--once"), "--seed", "8"], capture_output=True, text=True)
    assert other.returncode == 2
    assert "was made with" in other.stderr


def test_a_folder_that_is_not_ours(tmp_path, pixmirror):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "diary.txt").write_text("dear diary")
    result = pixmirror("demo", "--once", "--dir", str(folder))
    assert result.exit_code == 2
    assert "not a demo's folder" in result.stderr
    assert [f.name for f in folder.iterdir()] == ["diary.txt"]


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
        for line in process.stdout:
            if line.startswith("Complete."):
                break
        for line in process.stdout:
            if line.startswith("+"):  # something new came and was mirrored
                break
        said = interrupted(process)
    assert process.returncode == 0, said
    assert "Mirrored:" in said
    # A file on its way stays a .part, to go on with; what has its final name is whole.
    assert pixmirror("--config", str(folder / "config.toml"), "verify").exit_code == 0


@pytest.mark.parametrize("after", [1.5, 2.5])
def test_ctrl_c_before_it_is_complete(tmp_path, after):
    folder = tmp_path / "demo"
    arguments = [sys.executable, "-m", "pixmirror", "demo", "--dir", str(folder), "--once"]
    with started(arguments) as process:
        time.sleep(after)
        said = interrupted(process)
    assert process.returncode == 130, said
