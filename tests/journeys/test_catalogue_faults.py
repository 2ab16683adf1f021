"""The catalogue is locked, damaged, or lacks its log: one sentence, nothing lost, and the way back."""

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pixmirror.catalogue import database
from pixmirror.catalogue.database import catalogue_path
from pixmirror.cli.common import the_error
from pixmirror.demo.generate import generate
from pixmirror.demo.server import create_app, running
from pixmirror.errors import CatalogueDamaged, MirrorLocked
from tests.children import Children
from tests.fault_rows import Kind, Row, fault, told
from tests.faults import Case, one_clear_sentence, play, status
from tests.journeys.test_kill import SPEC
from tests.snapshots import snapshot, the_same


@fault(
    Row(
        Kind.BUSY,
        seen="SQLite waits 10 s in vain for a lock that another program holds",
        rests="all that would be recorded, as for the disk",
        goes_on="the gallery and all that reads",
        told="Another program holds the catalogue at … Wait for it or stop it; `pixmirror status` says how far it "
        "is.",
        back="by itself, when the other program lets go",
    )
)
def test_a_catalogue_that_another_program_locks_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = tuple(p.replace("busy_timeout=10000", "busy_timeout=20") for p in database.WRITER_PRAGMAS)
    monkeypatch.setattr(database.Writer.__init__, "__defaults__", ("catalogue", quick))

    async def scene(case: Case) -> None:
        other: list[sqlite3.Connection] = []

        async def lock(exchange: Any) -> None:
            other.append(sqlite3.connect(catalogue_path(case.setup.root), isolation_level=None))
            other[0].execute("BEGIN IMMEDIATE")
            await status(500)(exchange)

        case.faults.add("/v1/user/illusts", lock, times=1)
        with pytest.raises(BaseExceptionGroup) as raised:
            await case.sync()
        error = the_error(raised.value)
        assert isinstance(error, MirrorLocked)
        assert error.exit_code == 5
        told(Kind.BUSY, one_clear_sentence(error))
        assert case.setup.export("works")
        other[0].close()
        await case.recover()

    play(tmp_path / "mirror", scene)


@fault(
    Row(
        Kind.CORRUPT,
        seen="SQLite finds a page that is none, or tables that do not fit",
        rests="all that writes, and what reads that page; nothing is written to it any more by commands",
        goes_on="what reads other pages; files are untouched",
        told="catalogue.db is damaged or is not a catalogue: … Put back your backup of it (without -wal and -shm "
        "files); `pixmirror help recover` says more.",
        back="a backup and `pixmirror sync`; without one `pixmirror reindex --from-media`. Files that lie there "
        "are not fetched again",
        by="every command (exit code 4)",
    )
)
def test_a_damaged_catalogue_is_told_and_a_backup_goes_on(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        assert (await case.sync()).exit_code == 0
        path = catalogue_path(case.setup.root)
        backup = path.read_bytes()
        rng = Random(1)
        path.write_bytes(backup[:8192] + rng.randbytes(len(backup) - 8192))
        with pytest.raises(CatalogueDamaged) as refused:
            await case.sync()
        assert refused.value.exit_code == 4
        told(Kind.CORRUPT, one_clear_sentence(refused.value))
        path.write_bytes(backup)
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        case.world.post(next(u for u in case.world.users if u != case.world.me))
        case.faults.seen.clear()
        await case.recover()
        assert len(case.faults.asked("^/img-")) == 1

    play(tmp_path / "mirror", scene)


@pytest.fixture
def upstream() -> Iterator[tuple[str, Any]]:
    app = create_app(generate(SPEC))
    with running(app) as url:
        yield url, app


@fault(
    Row(
        Kind.WAL_LOST,
        seen="nothing: the catalogue is whole, as it was some time ago. Files in place have no "
        "rows, and what you told it since then (`forget`, `pause`) is to be told again",
        rests="nothing",
        goes_on="everything",
        told="",
        back="by itself: the lists are read on from there, and each file that lies whole in its place is adopted, "
        "not fetched again",
    )
)
def test_a_catalogue_whose_log_is_lost_catches_up_and_fetches_no_file_again(
    children: Children, tmp_path: Path, upstream: tuple[str, Any]
) -> None:
    url, app = upstream
    assert children.run("tests.crash_child", tmp_path / "whole", url) == 0
    app.state.image_counts.clear()
    cut = tmp_path / "cut"
    for kind, number in (("image", 20), ("image", 8)):
        assert children.run("tests.crash_child", cut, url, kind, number) == -signal.SIGKILL
    stored = len([p for p in (cut / "media").rglob("*_*.*") if p.suffix != ".json"])
    assert stored
    for beside in ("-wal", "-shm"):
        catalogue_path(cut).with_name(f"catalogue.db{beside}").unlink()
    code = children.run("tests.crash_child", cut, url)
    told(Kind.WAL_LOST, "" if code == 0 else f"exit code {code}")
    the_same(snapshot(cut), snapshot(tmp_path / "whole"))
