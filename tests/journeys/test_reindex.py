"""A mirror's derived rows are lost or spoilt; `pixmirror reindex` makes the same of what was kept."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner

from pixmirror.catalogue.database import Database, open_readonly
from pixmirror.cli import app
from pixmirror.clock import DAY_MS, Clock
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import WorldSpec, add_artist, empty_world, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import DELETED, LIVE, Work, World
from pixmirror.rebuild.reindex import reindex
from tests.catalogue.derived import DELETE_ALL, GARBLE_ALL, derived, primary, without_foreign_keys
from tests.standin import BOOKMARKS, FOLLOWING, Setup

NOW_MS = int(time.time()) * 1000
EXPORTS = ("works", "novels", "users", "files", "tags", "comments", "bookmarks", "follows", "rankings")
JOBS = (FOLLOWING, BOOKMARKS)


class Later(Clock):
    """The machine's clock, some days ahead."""

    def __init__(self, days: float) -> None:
        self.ahead = int(days * DAY_MS)

    def now(self) -> int:
        return super().now() + self.ahead


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """A small Pixiv, mirrored again and again while it changes, in two languages."""
    world = generate(WorldSpec(seed=5, now_ms=NOW_MS, artists=6, private=2, others=4, works=90, bookmarks=40))
    with running(create_app(world)) as url:
        root = tmp_path_factory.mktemp("reindex") / "mirror"
        english = Setup(root, url, JOBS, pixiv={"language": "en"})
        british = Setup(root, url, JOBS, pixiv={"language": "en-gb"})

        async def often() -> None:
            for days, change, setup in (
                (0, None, english),
                (2, edit, english),
                (4, hide, british),
                (40, back, british),
            ):
                if change is not None:
                    change(world)
                for more in (0, 1.5):
                    await setup.sync(clock=Later(days + more))

        anyio.run(often)
        yield british


def artists_works(world: World) -> list[Work]:
    """Of the artists that are followed, the newest first."""
    followed = {f.user_id for f in world.follows[world.me].values()}
    works = [w for w in world.works.values() if w.user_id in followed and w.state == LIVE]
    return sorted(works, key=lambda w: -w.create_ms)


def edit(world: World) -> None:
    for n, work in enumerate(artists_works(world)[:40]):
        if n % 3 == 0:
            world.edit(work, title=f"{work.title} (edited)", caption="")
        if n % 4 == 0:
            world.edit(world.get(work), tags=world.get(work).tags[1:])
        if n % 5 == 0 and work.medium == "illust":
            world.replace_files(work)
    for user_id in sorted(world.users)[:6]:
        world.edit_user(user_id, name=f"{world.users[user_id].name} renamed")
    for series in list(world.series.values())[:3]:
        world.edit_series(series.medium, series.id, title=f"{series.title} II")


def hide(world: World) -> None:
    works = artists_works(world)
    for work in works[3:9]:
        world.hide(work)
    world.delete(works[10])
    for work in (world.get(b.key) for b in list(world.bookmarks[world.me].values())[:3]):
        world.hide(work)


def back(world: World) -> None:
    for work in [w for w in world.works.values() if w.state not in (LIVE, DELETED)][:4]:
        world.show(work)


@pytest.fixture
def copy(mirrored: Setup, tmp_path: Path) -> tuple[Path, Any]:
    """A copy of the mirror, and the command line on it."""
    root = tmp_path / "mirror"
    shutil.copytree(mirrored.root, root)
    config = tmp_path / "config.toml"
    config.write_text(f'[mirror]\nroot = "{root}"\n[pixiv]\nrefresh_token = "x"\nlanguage = "en-gb"\n')

    def command(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["--config", str(config), *arguments])

    return root, command


def read(root: Path, what: Any) -> Any:
    with open_readonly(catalogue_path(root)) as db:
        return db.read_sync(what)


@pytest.mark.parametrize("damage", [DELETE_ALL, GARBLE_ALL])
def test_the_same_catalogue_comes_back(copy: tuple[Path, Any], mirrored: Setup, damage: tuple[str, ...]) -> None:
    root, command = copy
    before, kept = read(root, derived), read(root, primary)
    assert all(before.values())
    assert command("reindex", "--check").exit_code == 0

    without_foreign_keys(catalogue_path(root), *damage)
    found = command("reindex", "--check", "--json")
    assert found.exit_code == 7
    assert not json.loads(found.stdout)["same"]

    result = command("reindex")
    assert result.exit_code == 0, result.output
    assert "put right" in result.stdout
    assert read(root, derived) == before
    assert read(root, primary) == kept
    assert command("reindex", "--check").exit_code == 0
    copied = Setup(root, mirrored.url)
    for kind in EXPORTS:
        there = [without_bookkeeping(row) for row in mirrored.export(kind)]
        here = [without_bookkeeping(row) for row in copied.export(kind)]
        assert sorted(map(repr, here)) == sorted(map(repr, there)), kind


def without_bookkeeping(row: dict[str, Any]) -> dict[str, Any]:
    """What no answer tells: when it was read last."""
    lost = ("last_seen", "comments_at", "comments_total", "profile_at", "detail_at")
    return {name: value for name, value in row.items() if name not in lost}


def test_files_that_no_row_knows_are_adopted(copy: tuple[Path, Any]) -> None:
    root, command = copy
    states = "SELECT path, state, size, sha256 FROM media WHERE state = 'stored' ORDER BY path"
    before = read(root, lambda c: c.exec_driver_sql(states).all())
    without_foreign_keys(catalogue_path(root), "DELETE FROM media WHERE state = 'stored' AND id % 2")
    lost = len(before) - len(read(root, lambda c: c.exec_driver_sql(states).all()))

    result = command("reindex", "--json")

    assert json.loads(result.stdout)["files_adopted"] == lost > 10
    assert read(root, lambda c: c.exec_driver_sql(states).all()) == before


def test_it_says_in_a_sentence_that_somebody_else_has_the_mirror(copy: tuple[Path, Any]) -> None:
    from pixmirror.store import MirrorRoot

    root, command = copy
    with MirrorRoot.open(root, create=False):
        result = command("reindex")
    assert result.exit_code != 0
    assert str(root) in result.stderr or "running" in result.stderr
    assert "Traceback" not in result.output


def test_without_a_mirror_there_is_nothing_to_build(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[mirror]\nroot = "{tmp_path / "none"}"\n[pixiv]\nrefresh_token = "x"\n')
    result = CliRunner().invoke(app, ["--config", str(config), "reindex"])
    assert result.exit_code == 2
    assert "no mirror" in result.stderr


def test_works_that_only_the_website_shows_come_back_too(tmp_path: Path) -> None:
    world = empty_world(Clock().now)
    artist = add_artist(world, works=6, ugoira=1, novels=2, follow="public")
    mine = [w for w in world.works.values() if w.user_id == artist.id]
    for kind in ("illust", "ugoira", "novel"):
        world.hide(next(w for w in mine if w.type == kind))
    world.hide(world.post(artist.id, "manga", page_count=3))
    root = tmp_path / "mirror"

    with running(create_app(world)) as url:
        setup = Setup(root, url, JOBS, {"phpsessid": "10000001_demo"})

        async def once() -> None:
            await setup.sync()
            await setup.sync(clock=Later(1.5))

        anyio.run(once)
    before = read(root, derived)
    from_web = "SELECT count(*) FROM payload WHERE endpoint = 'web'"
    assert read(root, lambda c: c.exec_driver_sql(from_web).scalar_one()) >= 1
    without_foreign_keys(catalogue_path(root), *DELETE_ALL)
    with Database.open(catalogue_path(root)) as db:
        reindex(db, NOW_MS)
    assert read(root, derived) == before
