"""The README is short, and what it prints can be typed."""

import functools
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from pixmirror import __version__, pixiv
from pixmirror.catalogue import migrate
from pixmirror.cli import app
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.pixiv import blocking

REPO = Path(__file__).parents[1]
README = (REPO / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) <= 250


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = next(line for line in README.splitlines() if line.endswith(".venv/bin/pytest"))
    steps = [step.strip() for step in command.split("&&")]

    script = (REPO / ".ci" / "run").read_text(encoding="utf-8").replace(" --quiet", "")

    assert [s for s in script.splitlines() if s in steps] == steps


def test_every_reference_page_is_named_once() -> None:
    pages = {page.stem for page in (REPO / "src/pixmirror/docs").glob("*.md")}
    named = re.search(r"`pixmirror help TOPIC` shows the reference pages: ([^(]+)\(", README)

    assert named is not None
    assert {name.strip() for name in named[1].split(",")} == pages


def typed() -> Iterator[list[str]]:
    """Yield the words of each command of ours that the README prints, from the name of the command on."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    for line in [*lines, *re.findall(r"(?<!`)`([^`]+)`(?!`)", re.sub(r"```.*?```", "", README, flags=re.DOTALL))]:
        for part in re.split(r"&&", line):
            words = shlex.split(part, comments=True)
            for place, word in enumerate(words):
                if Path(word).name == "pixmirror" and words[place - 1 : place] != ["venv"]:
                    yield words[place + 1 :]
                    break


def test_every_command_and_option_that_the_readme_prints_exists() -> None:
    found = list(typed())
    assert len(found) > 25
    for words in found:
        command: Any = typer.main.get_command(app)
        for word in words:
            if word.startswith("--"):
                assert any(word in parameter.opts for parameter in command.params), words
            elif hasattr(command, "commands"):
                assert word in command.commands, words
                command = command.commands[word]


def test_the_changelog_says_which_schema_this_version_has() -> None:
    """A version under way (.dev0) is described by the section Unreleased."""
    sections = re.split(r"(?m)^## ", (REPO / "CHANGELOG.md").read_text(encoding="utf-8"))
    name = "Unreleased" if __version__.endswith(".dev0") else __version__
    section = next(section for section in sections if section.startswith(name))
    assert f"The catalogue has schema {migrate.HEAD}." in section


class Ran(NamedTuple):
    source: str
    printed: list[str]
    files: list[str]


Run = Callable[[str], Ran]


@pytest.fixture(scope="module")
def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs an example as printed, but for token, artist, pace, and that it is the demo which answers."""
    world = empty_world()
    artist = add_artist(world, works=35)
    monkeypatch.chdir(tmp_path)
    with running(create_app(world)) as url:
        for module in (pixiv, blocking):
            client = functools.partial(module.Client, requests_per_minute=0, hosts=dict.fromkeys(HOSTS, url))
            monkeypatch.setattr(module, "Client", client)

        def one(source: str) -> Ran:
            typed = source.replace("your refresh token", "demo-refresh-token").replace(" 11)", f" {artist.id})")
            typed = typed.replace("(11)", f"({artist.id})")
            exec(compile(typed, "README.md", "exec"), {"__name__": "readme"})
            files = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
            return Ran(source, capsys.readouterr().out.splitlines(), files)

        yield one


def test_every_python_example_runs_as_printed(examples: list[str], run: Run) -> None:
    asynchronous, synchronous = map(run, examples)

    assert "async with Client(" in asynchronous.source
    assert len(asynchronous.printed) == 35
    assert "pixmirror.pixiv.blocking" in synchronous.source
    assert "async" not in synchronous.source
    assert len(synchronous.printed) == 1 + 35
    assert sorted(synchronous.printed[1:]) == sorted(synchronous.files)
