"""The scripts that users write: each runs as it stands against the demo, and is typed to the last expression."""

import asyncio
import functools
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pixmirror.demo.calls import Call
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.demo.world import User, World
from pixmirror.pixiv import Client, blocking

REPO = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
TOKEN = "demo-refresh-token"
Run = Callable[..., list[str]]


@pytest.fixture(scope="module")
def world() -> World:
    return empty_world()


@pytest.fixture(scope="module")
def artist(world: World) -> User:
    return add_artist(world, works=70, ugoira=1, novels=1)


@pytest.fixture(scope="module")
def hosts(world: World, artist: User) -> Iterator[dict[str, str]]:
    with running(create_app(world)) as url:
        yield dict.fromkeys(HOSTS, url)


@pytest.fixture
def run(hosts: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a script as it stands, but for the pace and that it is the demo which answers; return what it prints."""

    def one(name: str, *args: Any, token: str = TOKEN) -> list[str]:
        module = importlib.import_module(f"tests.pixiv.scripts.{name}")
        kind = blocking.Client if inspect.getmodule(module.Client) is blocking else Client
        made = functools.partial(kind, requests_per_minute=0, hosts=hosts, only_mapped=True)
        with monkeypatch.context() as patched:
            patched.setattr(module, "Client", made)
            done = module.main(token, *args)
            if inspect.iscoroutine(done):
                asyncio.run(done)
        return capsys.readouterr().out.splitlines()

    return one


def ids(world: World, *kinds: str) -> list[int]:
    """Return the works of these kinds, newest first."""
    return sorted((work.id for work in world.works.values() if work.type in kinds), reverse=True)


def test_all_works_of_a_user(run: Run, world: World, artist: User) -> None:
    printed = run("works_of_a_user", artist.id)
    assert [int(line.split()[0]) for line in printed] == ids(world, "illust", "ugoira")


def test_bookmarks_to_json(run: Run, world: World, artist: User, hosts: dict[str, str], tmp_path: Path) -> None:
    public, private = ids(world, "illust")[:40], ids(world, "illust")[40:45]
    with blocking.Client(TOKEN, requests_per_minute=0, hosts=hosts) as pixiv:
        for illust_id in reversed(public):
            pixiv.illusts.bookmark_add(illust_id)
        for illust_id in reversed(private):
            pixiv.illusts.bookmark_add(illust_id, "private")
    run("bookmarks_to_json", tmp_path / "bookmarks.json")
    rows = json.loads((tmp_path / "bookmarks.json").read_text(encoding="utf-8"))
    assert [row["id"] for row in rows] == public + private
    assert {row["artist"] for row in rows} == {artist.name}
    assert "オリジナル" in rows[0]["tags"]


def test_a_search_beyond_the_cap(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Call.page, "__defaults__", (30, 30))
    printed = run("search_beyond_5000", "オリジナル")
    assert [int(line.split()[0]) for line in printed] == ids(world, "illust", "ugoira")[::-1]


def test_the_frames_of_a_ugoira(run: Run, world: World, tmp_path: Path) -> None:
    run("ugoira_to_frames", ids(world, "ugoira")[0], tmp_path)
    frames = sorted(path.name for path in tmp_path.glob("*ms.jpg"))
    assert len(frames) > 1
    assert frames[0].startswith("0000_")
    assert all((tmp_path / name).read_bytes().startswith(b"\xff\xd8") for name in frames)


def test_a_novel_as_text(run: Run, world: World, tmp_path: Path) -> None:
    (novel_id,) = ids(world, "novel")
    run("novel_to_text", novel_id, tmp_path)
    text = (tmp_path / f"{novel_id}.txt").read_text(encoding="utf-8")
    assert text.startswith("novel ")
    assert text.endswith("[newpage]\nThe end.\n")


def test_new_of_follows(run: Run, world: World) -> None:
    newest = ids(world, "illust", "ugoira")
    printed = run("new_of_follows", newest[35])
    assert [int(line.split()[0]) for line in printed] == newest[:35]


def test_a_dead_token(run: Run, artist: User) -> None:
    (said,) = run("dead_token", artist.id, token="revoked")
    assert said.startswith("Log in again: ")


def test_three_users_at_once(run: Run, artist: User, world: World) -> None:
    printed = run("three_users_at_once", [artist.id, artist.id, artist.id])
    assert printed == [f"{artist.name} 71 {ids(world, 'illust', 'ugoira')[:3]}"] * 3


def test_a_stored_cursor(run: Run, world: World, artist: User, tmp_path: Path) -> None:
    printed = [line for _ in range(3) for line in run("stored_cursor", artist.id, tmp_path / "next.json")]
    assert [int(line.split()[0]) for line in printed] == ids(world, "illust", "ugoira")
    assert (tmp_path / "next.json").read_text() == "null"


def test_where_a_loop_runs_already(run: Run, artist: User) -> None:
    (said,) = run("running_loop", artist.id)
    assert said.split()[0] == "30"
    assert said.split()[-1] == "71"


MARK = re.compile(r"  # type: ignore\[[a-z-]+\]$", re.MULTILINE)


def unmarked(folder: Path) -> tuple[str, set[int]]:
    """Write `wrong.py` without its marks; return its path, and the lines that had one."""
    text = (SCRIPTS / "wrong.py").read_text(encoding="utf-8")
    (folder / "unmarked.py").write_text(MARK.sub("", text), encoding="utf-8")
    return str(folder / "unmarked.py"), {n for n, line in enumerate(text.splitlines(), 1) if MARK.search(line)}


def test_the_scripts_are_strictly_typed_and_errors_are_found(tmp_path: Path) -> None:
    """As whoever installs the library checks them: no configuration and no plugin of ours."""
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = True\n")
    cache = str(REPO / ".mypy_cache" / "users")
    command = [sys.executable, "-m", "mypy", "--config-file", str(tmp_path / "mypy.ini"), "--cache-dir", cache]
    files = sorted(path.name for path in SCRIPTS.glob("*.py") if path.stem != "__init__")
    done = subprocess.run([*command, *files], cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert done.stdout == "Success: no issues found in 11 source files\n"
    wrong, marked = unmarked(tmp_path)
    found = subprocess.run([*command, wrong], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert {int(line) for line in re.findall(r"py:(\d+): error:", found)} == marked


@pytest.mark.long
def test_another_checker_finds_the_same(tmp_path: Path) -> None:
    checker = Path(sys.executable).with_name("basedpyright")
    if not checker.exists():
        pytest.skip("needs basedpyright")
    command = [str(checker), "--pythonpath", sys.executable, "--level", "error", "--outputjson"]
    wrong, marked = unmarked(tmp_path)
    scripts = [str(path) for path in SCRIPTS.glob("*.py") if path.stem != "wrong"]
    done = subprocess.run([*command, *scripts, wrong], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    assert {(Path(one["file"]).name, one["range"]["start"]["line"] + 1) for one in found} == {
        ("unmarked.py", line) for line in marked
    }
