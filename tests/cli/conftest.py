"""What the tests of the commands start from: a home of their own, a small Pixiv on loopback, and its config."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import pixmirror
from pixmirror.cli import app
from pixmirror.cli.demo_setup import HOSTS, TOKEN
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import World, real_now

Command = Callable[..., Result]

CONFIG = """\
[mirror]
root = "mirror"
keep_free = "0"
[pixiv]
{token}
requests_per_minute = 0
requests_per_day = 0
[pixiv.hosts]
{hosts}
[[jobs]]
name = "following"
kind = "following"
every = "1h"
[[jobs]]
name = "bookmarks"
kind = "bookmarks"
every = "1h"
[[jobs]]
name = "off"
kind = "ranking"
modes = ["day"]
every = "1h"
enabled = false
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the real user's is read or written."""
    place = tmp_path / "home"
    place.mkdir()
    for name in list(os.environ):
        if name.startswith(("PIXMIRROR_", "XDG_")) or name in ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("PYTHONPATH", str(Path(pixmirror.__file__).parents[1]))  # for the processes started
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("APPDATA", "")
    monkeypatch.chdir(tmp_path)
    return place


@dataclass
class Kept:
    """What is made once and the same for all tests: the time of the small Pixiv, and a complete mirror of it."""

    root: Path
    at_ms: int = field(default_factory=lambda: int(time.time()) * 1000)
    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)  # those that the mirror logged in with

    def world(self) -> World:
        """Return two artists and a few bookmarks."""
        world = empty_world(lambda: self.at_ms)
        first = add_artist(world, works=4, ugoira=1, novels=1, follow="public")
        add_artist(world, works=3, follow="private")
        for work in [w for w in world.works.values() if w.user_id == first.id][:2]:
            world.bookmark(work)
        world.now = real_now
        return world


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept") / "mirror")


@pytest.fixture
def pixiv(kept: Kept) -> Iterator[Any]:
    """The stand-in's app; `.url` is where it answers. Its world holds two artists and a few bookmarks."""
    stand_in = create_app(kept.world())
    with running(stand_in) as url:
        stand_in.url = url  # type: ignore[attr-defined]
        yield stand_in


@pytest.fixture
def config(pixiv: Any, tmp_path: Path) -> Path:
    """A config file whose account is logged in by a token file."""
    (tmp_path / "refresh-token").write_text(TOKEN)
    (tmp_path / "refresh-token").chmod(0o600)
    return write_config(tmp_path / "config.toml", pixiv.url)


def write_config(path: Path, url: str, token: str = 'refresh_token_file = "refresh-token"') -> Path:
    hosts = "\n".join(f'"{host}" = "{url}"' for host in HOSTS)
    path.write_text(CONFIG.format(hosts=hosts, token=token))
    return path


@pytest.fixture(name="pixmirror")
def run_pixmirror() -> Command:
    """Run a command as the console script would."""

    def command(*arguments: str, input: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(app, [str(a) for a in arguments], input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return command


@pytest.fixture
def mirrored(config: Path, pixmirror: Command, pixiv: Any, kept: Kept) -> Path:
    """The config of a mirror that is complete: a copy of the one that the first test made."""
    root = config.parent / "mirror"
    if kept.root.exists():
        shutil.copytree(kept.root, root)
        pixiv.state.oauth.access_tokens |= kept.tokens
        return config
    result = pixmirror("sync")
    assert result.exit_code == 0, result.output
    shutil.copytree(root, kept.root)
    kept.tokens |= pixiv.state.oauth.access_tokens
    return config
