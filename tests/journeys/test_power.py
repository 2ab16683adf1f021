"""The power is cut anywhere in a mirror's life: whatever the disk kept, the next start makes the same mirror."""

import asyncio
import hashlib
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import World
from tests.children import REPO, Children
from tests.disk import Disk, Tree, recorded
from tests.disk import Kind as Loss
from tests.fault_rows import Kind, Row, fault, told
from tests.snapshots import Snapshot, snapshot, the_same
from tests.standin import Setup

OTHER_BOOT = "0badb007"
CATALOGUE = ("catalogue.db", "catalogue.db-wal", "catalogue.db-journal")

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@dataclass
class Moments:
    """What may have come up, each once, by what it means for the mirror: its files, and what its rows say."""

    found: dict[int, tuple[str, Tree, int]] = field(default_factory=dict)  # with how many files it had stored
    prefixes: int = 0
    seen: set[int] = field(default_factory=set)


@contextmanager
def telling(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise AssertionError(f"{name}: {error}") from error


@dataclass(frozen=True)
class Life:
    """A mirror's root, the Pixiv that it mirrors, and what it takes to look at both."""

    folder: Path
    world: World
    app: Any
    url: str
    children: Children

    @property
    def root(self) -> Path:
        return self.folder / "mirror"

    def record(self, forgotten: int, every: int, kinds: tuple[Loss, ...]) -> Moments:
        """Let the mirror run once, and look at what may come up after each `every`th change on its disk."""
        disk = Disk(self.root)
        env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(REPO / "src"), str(REPO)))}
        command = [sys.executable, "-m", "tests.power_child", str(self.root), self.url, str(forgotten)]
        moments, rng, stored = Moments(), Random(2026), 0
        for call in recorded(command, self.folder / "calls", env, REPO):
            if not disk.play(call):
                continue
            moments.prefixes += 1
            if moments.prefixes % every:
                continue
            for kind in kinds:
                tree = disk.came_up(kind, rng)
                if kind != "safe" and hash(tree) in moments.seen:
                    continue
                moments.seen.add(hash(tree))
                name = f"{moments.prefixes}-{kind}"
                rows, meaning = self.looked_at(tree, name)
                if kind == "safe":
                    assert rows >= stored, f"{name}: a row that was written is lost"
                    stored = rows
                moments.found.setdefault(meaning, (name, tree, rows))
        self._is_what_lies_there(disk)
        return moments

    def _is_what_lies_there(self, disk: Disk) -> None:
        """The record is whole: replayed to its end it is what the process left."""
        for rel, (content, mtime) in disk.came_up("all", Random(0)).files.items():
            path = self.root / rel
            assert path.read_bytes() == content, rel
            assert mtime in (None, path.stat().st_mtime_ns), rel

    def looked_at(self, tree: Tree, name: str) -> tuple[int, int]:
        """The catalogue is whole, and what it calls stored lies there whole. Return how many files it ever stored,
        and what tells this state from others.
        """
        place = self.folder / "look"
        Tree({rel: tree.files[rel] for rel in CATALOGUE if rel in tree.files}, []).build(place)
        rows: list[tuple[Any, ...]] = []
        works: tuple[Any, ...] = ()
        if (place / CATALOGUE[0]).exists():
            with closing(sqlite3.connect(place / CATALOGUE[0])) as db, telling(name):
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",), name
                if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'media'").fetchone():
                    rows = db.execute("SELECT path, state, sha256 FROM media ORDER BY id").fetchall()
                    works = db.execute("SELECT count(*), (SELECT count(*) FROM payload) FROM work").fetchone()
        shutil.rmtree(place)
        for path, state, sha256 in rows:
            if state == "stored":
                content = tree.files.get(f"media/{path}")
                assert content is not None, f"{name}: {path} is stored, and not there"
                assert hashlib.sha256(content[0]).hexdigest() == sha256, f"{name}: {path} is not whole"
        others = frozenset((rel, content) for rel, (content, _) in tree.files.items() if rel not in CATALOGUE)
        return sum(sha256 is not None for _, _, sha256 in rows), hash((tuple(rows), works, others))

    def goes_on(self, name: str, tree: Tree, forgotten: int, stored: int) -> Snapshot:
        """Start the mirror on what came up: it ends as the undisturbed one, and fetches nothing that it had."""
        root = self.folder / "again"
        tree.build(root)
        self.app.state.image_counts.clear()
        code = self.children.run("tests.power_child", root, self.url, forgotten, OTHER_BOOT)
        assert code == 0, f"{name}: the next start ends with exit code {code}"
        mine = snapshot(root)
        del mine.tables["row_block"]  # digests of rows, with their times
        with closing(sqlite3.connect(root / CATALOGUE[0])) as db:
            (ever,) = db.execute("SELECT count(*) FROM media WHERE sha256 IS NOT NULL").fetchone()
        shutil.rmtree(root)
        assert sum(self.app.state.image_counts.values()) <= ever - stored, f"{name}: fetches what it has"
        return mine

    def try_all(self, forgotten: int, every: int, kinds: tuple[Loss, ...], starts: int) -> Moments:
        moments = self.record(forgotten, every, kinds)
        tree = Disk(self.root).came_up("all", Random(0))
        rows, _ = self.looked_at(tree, "the end")
        whole = self.goes_on("the end", tree, forgotten, rows)
        found, failed = list(moments.found.values()), list[str]()
        for number in range(min(starts, len(found))):
            name, tree, stored = found[(2 * number + 1) * len(found) // (2 * min(starts, len(found)))]
            try:
                the_same(self.goes_on(name, tree, forgotten, stored), whole)
            except AssertionError as error:
                failed.append(f"{name}: {error}")
            shutil.rmtree(self.folder / "again", ignore_errors=True)
        assert not failed, "\n".join(failed)
        return moments


@pytest.fixture
def life(tmp_path: Path, children: Children) -> Iterator[Life]:
    now = int(time.time()) * 1000
    world = empty_world(lambda: now)
    add_artist(world, works=2, manga=1, ugoira=1, novels=1, pages=2)
    (tmp_path / "mirror").mkdir()
    app = create_app(world)
    with running(app) as url:
        yield Life(tmp_path, world, app, url, children)


@fault(
    Row(
        Kind.POWER,
        seen="another boot than that of the last run: what had come of unfinished files is not trusted",
        rests="everything, until it is started again; the service starts with the machine",
        goes_on="nothing",
        told="",
        back="start it again: what was recorded was synced before, whatever else the disk lost, kept in part "
        "or in another order; a file is called stored only when its bytes and its name were safe, and unfinished "
        "files are fetched again",
    )
)
def test_a_first_mirror_whose_power_is_cut_is_the_same_mirror_after_the_next_start(life: Life) -> None:
    moments = life.try_all(0, 61, ("safe", "names", "mixed"), 1)
    told(Kind.POWER, "")  # each start ended with exit code 0
    assert moments.prefixes > 500


def test_a_start_after_a_loss_of_power_waits_for_no_media_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    setup = Setup(tmp_path / "mirror", "http://127.0.0.1:9", [], mirror={"media": media})

    async def begin() -> None:
        async with open_mirror(setup.config(), {}) as mirror:
            assert mirror.root.rebooted

    asyncio.run(begin())
    media.rename(tmp_path / "not mounted")
    monkeypatch.setattr("pixmirror.store.start.boot_id", lambda: OTHER_BOOT)
    asyncio.run(begin())
