"""Old dumps beside a mirror that lives: the same catalogue whether they come before or after what Pixiv says."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database, open_readonly
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.rebuild.dumps import record
from pixmirror.rebuild.reindex import check
from pixmirror.store import MirrorRoot
from pixmirror.sync import dumps
from tests.catalogue.derived import derived, primary
from tests.dumped import of_world, row
from tests.standin import BOOKMARKS, FOLLOWING, Setup

MADE = 1_400_000_000_000
UNKNOWN = (101, 102)  # works that are no more


@pytest.fixture
def upstream() -> Iterator[tuple[str, Any]]:
    world = empty_world()
    first = add_artist(world, works=4, ugoira=1, novels=2, follow="public")
    add_artist(world, works=3, follow="private")
    for work in [w for w in world.works.values() if w.user_id == first.id][:2]:
        world.bookmark(work)
    app = create_app(world)
    with running(app) as url:
        yield url, app


def take_in(setup: Setup, folder: Path) -> dumps.Report:
    with MirrorRoot.open(setup.root, umask=0o077):
        db = Database.open(catalogue_path(setup.root))
        try:
            return dumps.take_in([folder], lambda rows: db.run_sync(record, rows, MADE))
        finally:
            db.close()


def told(setup: Setup) -> dict[str, list[dict[str, Any]]]:
    """What is known, but for when it was seen."""
    return {
        kind: [{k: v for k, v in row.items() if not k.endswith(("_at", "_seen"))} for row in setup.export(kind)]
        for kind in ("works", "novels", "users", "tags", "files", "comments")
    }


@pytest.mark.anyio
async def test_before_or_after_a_sync_makes_no_difference_and_costs_no_request(upstream, tmp_path):
    url, app = upstream
    folder = tmp_path / "dumps"
    folder.mkdir()
    illusts, novels = of_world(app.state.world.works.values())
    (folder / "illust.csv").write_text(illusts + "".join(row(n, 99) for n in UNKNOWN))
    (folder / "novel.csv").write_text(novels)
    found, asked = {}, {}
    for name in ("before", "after", "never"):
        setup = Setup(tmp_path / name, url, (FOLLOWING, BOOKMARKS))
        app.state.counts.clear()
        if name == "before":
            assert take_in(setup, folder).counted.works_new == len(app.state.world.works) + 2
        await setup.sync()
        if name == "after":
            assert take_in(setup, folder).counted.works_more == len(app.state.world.works)
            await setup.sync()
            app.state.counts.clear()
            take_in(setup, folder)
            assert not app.state.counts
        elif name == "never":
            await setup.sync()
        else:
            asked[name] = dict(app.state.counts)
        found[name] = told(setup)
        with open_readonly(catalogue_path(setup.root)) as db:
            assert check(db, MADE).examples == []
    assert found["before"] == found["after"]
    dumped = [w for w in found["after"]["works"] if w["provenance"] == "legacy"]
    assert [(w["id"], w["state"]) for w in dumped] == [(n, "unknown") for n in UNKNOWN]
    for kind in ("works", "novels"):
        mine = [w for w in found["after"][kind] if w["provenance"] == "pixiv"]
        assert [_said(w, t) for w, t in zip(mine, found["never"][kind], strict=True)] == found["never"][kind]
    assert found["after"]["files"] == found["never"]["files"]
    app.state.counts.clear()
    await Setup(tmp_path / "once", url, (FOLLOWING, BOOKMARKS)).sync()
    assert asked["before"] == dict(app.state.counts)


def _said(work: dict[str, Any], told_without: dict[str, Any]) -> dict[str, Any]:
    """Only what Pixiv told: a dump may fill what it left empty."""
    return {
        name: value if told_without[name] not in (None, "") else told_without[name] for name, value in work.items()
    }


def test_an_import_that_is_killed_leaves_whole_batches_and_is_completed_by_the_next(children, tmp_path):
    dump = tmp_path / "illust.csv"
    dump.write_text("".join(row(n, 7 + n % 3) for n in range(1, 46)))
    whole = _catalogue(tmp_path / "whole.db")
    assert children.run("tests.import_child", whole, dump, 99) == 0
    for number in (1, 3, 5):
        cut = _catalogue(tmp_path / f"cut{number}.db")
        assert children.run("tests.import_child", cut, dump, number) == -signal.SIGKILL
        with open_readonly(cut) as db:
            assert len(db.read_sync(derived)["work"]) == 10 * (number - 1)
            assert check(db, MADE).examples == []
        assert children.run("tests.import_child", cut, dump, 99) == 0
        assert _all(cut) == _all(whole)


def _catalogue(path: Path) -> Path:
    migrate.upgrade(path)
    return path


def _all(path: Path) -> dict[str, Any]:
    with open_readonly(path) as db:
        return db.read_sync(lambda conn: {**derived(conn), **primary(conn)})
