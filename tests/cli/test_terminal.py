"""What reaches a screen: other people's words change nothing but what is read, in any encoding."""

import json
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror import terminal
from pixmirror.cli.common import json_line
from tests.hostile.texts import TERMINAL

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(pixiv, config: Path, pixmirror) -> Path:
    """A mirror all of whose words are hostile; one work is edited and one gone since, one comment was deleted."""
    world = pixiv.state.world
    for user in list(world.users):
        world.edit_user(user, name=f"name {TERMINAL}", comment=TERMINAL)
    works = list(world.works.values())
    for work in works:
        world.edit(
            work,
            title=f"title {TERMINAL}",
            caption=f"old {TERMINAL}",
            tags=(f"tag {TERMINAL}", "x"),
            text=TERMINAL,
        )
    for work in works[:2]:
        world.comment(work, works[-1].user_id, TERMINAL)
    assert pixmirror("sync").exit_code == 0
    for work in works:
        world.edit(work, title=f"new {TERMINAL}", caption=f"new {TERMINAL}", tags=(f"other {TERMINAL}",))
    assert pixmirror("sync").exit_code == 0
    return config


def commands(world) -> Iterator[tuple[str, ...]]:
    work = next(iter(world.works.values()))
    ref = str(work.id) if work.medium == "illust" else f"novel:{work.id}"
    novel = next(w for w in world.works.values() if w.medium == "novel")
    for about in (ref, f"user:{work.user_id}", f"novel:{novel.id}"):
        yield from (("show", about), ("show", about, "--history"), ("why", about))
        yield ("show", about, "--at", "2099-01-01")
    yield from (("status",), ("search", "初音"), ("coverage",), ("coverage", f"user:{work.user_id}"), ("gone",))
    yield from (
        ("gone", "comments"),
        ("gone", "works"),
        ("plan",),
        ("verify",),
        ("reindex", "--check"),
        ("check",),
    )
    yield from (("forget", ref, "--yes"), ("forget",), ("sync",), ("login", "-"))


def test_no_command_prints_a_control_character_of_others(pixiv, hostile, pixmirror):
    world = pixiv.state.world
    token = (hostile.parent / "refresh-token").read_text()
    seen = ""
    for arguments in commands(world):
        result = pixmirror(*arguments, input=token if "login" in arguments else None)
        assert not CONTROL.search(result.output), (arguments, result.output)
        assert not re.search(r"(?m)^Healthy\.\S", result.output)
        assert not re.search(r"(?m)^Healthy", result.output) or arguments[0] == "status", (
            arguments,
            result.output,
        )
        seen += result.output
    assert "初音ミク" in seen


def test_json_says_every_character_and_holds_none_that_controls(pixiv, hostile, pixmirror):
    found = {}
    for arguments in (("export", "works"), ("export", "users"), ("export", "comments"), ("export", "tags")):
        result = pixmirror(*arguments)
        assert not CONTROL.search(result.stdout), arguments
        found[arguments[1]] = [json.loads(line) for line in result.stdout.split("\n") if line]
    assert f"new {TERMINAL}" in {work["title"] for work in found["works"]}
    for command in commands(pixiv.state.world):
        if command[0] in ("show", "why", "search", "gone", "coverage", "status") and "--at" not in command:
            result = pixmirror(*command, "--json")
            assert not CONTROL.search(result.stdout), command
            json.loads(result.stdout)


@given(st.text())
def test_what_is_shown_holds_no_control_character_and_json_says_the_same(text: str) -> None:
    assert not CONTROL.search(terminal.shown(text))
    assert "\n" not in terminal.one_line(text)
    terminal.shown(text).encode()
    line = json_line({"text": text})
    assert not CONTROL.search(line)
    assert line.count("\n") == 1
    assert json.loads(line) == {"text": text}


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_json_is_the_same_in_an_encoding_that_lacks_the_letters(text: str) -> None:
    terminal.prepare()
    for encoding in ("ascii", "latin-1", "cp1252", "utf-8"):
        line = json.dumps(text, ensure_ascii=False).encode(encoding, terminal.ERRORS).decode(encoding)
        assert json.loads(line) == text


def run(config: Path, *arguments: str, env: dict[str, str] | None = None, closed: int | None = None):
    return subprocess.run(
        [sys.executable, "-m", "pixmirror", "--config", config, *arguments],
        stdout=None if closed == 1 else subprocess.PIPE,
        stderr=None if closed == 2 else subprocess.PIPE,
        env={**os.environ, **(env or {})},
        preexec_fn=(lambda: os.close(closed)) if closed is not None else None,
        timeout=60,
    )


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=["latin-1", "cp1252", "C"],
)
def test_words_that_the_output_cannot_take_are_escaped(hostile, env):
    for arguments in (("search", "初音"), ("export", "works")):
        result = run(hostile, *arguments, env=env)
        assert result.returncode == 0, result.stderr
        assert b"Traceback" not in result.stderr
        assert b"\\u521d" in result.stdout or "初".encode() in result.stdout


def test_a_terminal_gets_tables_without_control_characters_of_others(hostile):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pixmirror", "--config", str(hostile), "search", "初音"]
    process = subprocess.Popen(command, stdout=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "200"})
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # EIO: the other side is closed
        while block := os.read(ours, 1 << 16):
            seen += block
    assert process.wait(60) == 0
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;]*m", "", seen.decode())  # the bold heads are ours
    assert "初音ミク" in text
    assert not CONTROL.search(text.replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("pager", "rows"), [("head -1", 5), ("nothing-of-that-name", 5), ("'", 5), ("head -1", 500)]
)
def test_a_long_page_of_help_goes_to_the_pager_of_a_terminal(pager, rows):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (rows, 80))
    environment = {**os.environ, "TERM": "xterm", "PAGER": pager}
    environment = {key: value for key, value in environment.items() if key not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "pixmirror", "help", "exit-codes"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # EIO: the other side is closed
        while block := os.read(ours, 1 << 16):
            seen += block
    assert process.wait(60) == 0
    os.close(ours)
    assert b"Exit codes" in seen
    assert (b"130" in seen) == (rows == 500 or pager != "head -1")


def test_ctrl_c_while_it_is_being_imported_is_a_sentence():
    child = (
        "import sys; sys.meta_path.insert(0, type('Cut', (), {'find_spec': staticmethod(lambda name, *_:"
        " (_ for _ in ()).throw(KeyboardInterrupt) if name == 'pixmirror.cli' else None)}));"
        "from pixmirror.__main__ import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, timeout=60)
    assert result.returncode == 130
    assert result.stderr == "Stopped before anything was done.\n"


def test_completion_completes_commands_and_their_options():
    for words, position, found in (("pixmirror st", 1, "status"), ("pixmirror sync --", 2, "--skip-check")):
        environment = {"_PIXMIRROR_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
        result = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; sys.argv[0] = 'pixmirror'; from pixmirror.cli import main; main()",
            ],
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            timeout=60,
        )
        assert found in result.stdout.split()


def test_without_standard_input_there_is_nobody_to_be_asked(config):
    for arguments in (("login", "-"), ("login",)):
        result = run(config, *arguments, closed=0)
        assert result.returncode == 2
        assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_is_no_trouble(mirrored, closed):
    result = run(mirrored, "status", closed=closed)
    assert result.returncode == 0
    assert b"Traceback" not in (result.stderr or b"")
