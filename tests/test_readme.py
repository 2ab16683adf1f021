"""The README is short, and what it prints can be typed."""

import functools
import re
from pathlib import Path

import pytest

from pixmirror import pixiv
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import HOSTS, create_app, running

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


def test_the_library_example_works_as_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    world = empty_world()
    artist = add_artist(world, works=35)
    with running(create_app(world)) as url:
        client = functools.partial(pixiv.Client, requests_per_minute=0, hosts=dict.fromkeys(HOSTS, url))
        monkeypatch.setattr(pixiv, "Client", client)
        source = example[1].replace("your refresh token", "demo-refresh-token").replace(" 11)", f" {artist.id})")
        exec(compile(source, "README.md", "exec"), {"__name__": "readme"})

    assert len(capsys.readouterr().out.splitlines()) == 35
