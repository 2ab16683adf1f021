"""The trash: what goes in, what comes back, what is removed, and what a disk that is not there changes."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue import migrate, queue
from pixmirror.catalogue.database import Database
from pixmirror.errors import StorageAbsent, StorageError
from pixmirror.fetch import trash
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target
from pixmirror.ingest.works import record_works
from pixmirror.models import Stored
from pixmirror.store import MirrorRoot
from tests.catalogue.builders import DAY, HOUR, NOW, illust, seen, works

pytestmark = pytest.mark.anyio
WORK = Target("work", 2)
BODY = b"the bytes of a page"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[MirrorRoot]:
    with MirrorRoot.open(tmp_path / "mirror") as found:
        yield found


@pytest.fixture
def db(tmp_path: Path, root: MirrorRoot) -> Iterator[Database]:
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as found:
        found.run_sync(record_works, seen(), works(illust(1, pages=3)), {})
        for item in found.run_sync(queue.claim, 9, NOW):
            path = root.media / item.path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(BODY)
            stored = Stored(item.path, len(BODY), hashlib.sha256(BODY).hexdigest())
            found.run_sync(queue.finish, item.media_id, stored, NOW)
        yield found


def states(db: Database) -> dict[str, Any]:
    query = "SELECT path, state FROM media ORDER BY path"
    return dict(db.read_sync(lambda c: c.exec_driver_sql(query).all()))


def files(root: MirrorRoot) -> list[str]:
    found = [p.relative_to(root.media).as_posix() for p in root.media.rglob("*") if p.is_file()]
    return sorted(p for p in found if not p.startswith(".pix"))


def stored(db: Database) -> tuple[int, int]:
    counts = db.read_sync(queue.counts)
    return counts.stored, counts.bytes_stored


async def test_out_and_back(db: Database, root: MirrorRoot) -> None:
    before = files(root)
    done = await trash.forget(db, root, WORK, NOW, 30)
    assert (done.files, done.bytes) == (3, 3 * len(BODY))
    assert files(root) == [f".trash/2023-11-14/{path}" for path in before]
    assert stored(db) == (0, 0)
    back = await trash.unforget(db, root, WORK, NOW + DAY)
    assert (back.files, back.wanted) == (3, 0)
    assert files(root) == before
    assert stored(db) == (3, 3 * len(BODY))


async def test_what_is_damaged_or_missing_in_the_trash_is_wanted_again(db: Database, root: MirrorRoot) -> None:
    await trash.forget(db, root, WORK, NOW, 30)
    folder = root.media / ".trash/2023-11-14/7"
    (folder / "1_p0.png").write_bytes(BODY[:-1] + b"X")
    (folder / "1_p1.png").unlink()
    back = await trash.unforget(db, root, WORK, NOW)
    assert (back.files, back.wanted) == (1, 2)
    assert states(db) == {"7/1_p0.png": "wanted", "7/1_p1.png": "wanted", "7/1_p2.png": "stored"}
    assert files(root) == ["7/1_p2.png"]
    assert stored(db) == (1, len(BODY))


async def test_the_trash_is_emptied_when_its_time_is_over_and_the_tombstone_stays(
    db: Database, root: MirrorRoot
) -> None:
    await trash.forget(db, root, WORK, NOW, 30)
    for day in range(30):
        assert await trash.purge(db, root, NOW + day * DAY) == 0
    assert len(files(root)) == 3
    assert await trash.purge(db, root, NOW + 30 * DAY) == 3
    assert files(root) == []
    [stone] = db.read_sync(forgetting.listing)
    assert (stone.purge_at, stone.files) == (None, 0)
    assert set(states(db).values()) == {"forgotten"}
    back = await trash.unforget(db, root, WORK, NOW + 31 * DAY)
    assert (back.files, back.wanted) == (0, 3)


async def test_a_clock_that_stands_ahead_for_a_while_empties_no_trash(db: Database, root: MirrorRoot) -> None:
    await trash.forget(db, root, WORK, NOW, 30)
    for hours in (6, 12, 18, 24):
        assert await trash.purge(db, root, NOW + 3650 * DAY + hours * HOUR) == 0
    assert await trash.purge(db, root, NOW + 29 * DAY) == 0
    assert len(files(root)) == 3


async def test_days_0_remove_nothing_else_of_the_trash(db: Database, root: MirrorRoot) -> None:
    await trash.forget(db, root, Target("page", 2, 0), NOW, 1)
    await trash.forget(db, root, Target("page", 2, 1), NOW + 99 * DAY, 0)
    assert files(root) == [".trash/2023-11-14/7/1_p0.png", "7/1_p2.png"]


async def test_no_days_remove_at_once(db: Database, root: MirrorRoot) -> None:
    await trash.forget(db, root, WORK, NOW, 0)
    assert files(root) == []
    assert set(states(db).values()) == {"forgotten"}


async def test_a_plan_without_its_moves_is_carried_out_later(db: Database, root: MirrorRoot) -> None:
    db.run_sync(forgetting.forget, WORK, NOW, 30)
    root.move("7/1_p0.png", ".trash/2023-11-14/7/1_p0.png")
    await trash.settle(db, root)
    assert [p for p in files(root) if not p.startswith(".trash")] == []
    db.run_sync(forgetting.unforget, WORK, NOW)
    root.move(".trash/2023-11-14/7/1_p0.png", "7/1_p0.png")
    await trash.settle(db, root)
    assert set(states(db).values()) == {"stored"}
    assert len(files(root)) == 3


async def test_forgotten_and_wanted_back_before_anything_moved(db: Database, root: MirrorRoot) -> None:
    before = files(root)
    db.run_sync(forgetting.forget, WORK, NOW, 30)
    db.run_sync(forgetting.unforget, WORK, NOW)
    await trash.settle(db, root)
    assert files(root) == before
    assert set(states(db).values()) == {"stored"}
    assert stored(db) == (3, 3 * len(BODY))


async def test_a_disk_that_is_not_there_forgets_nothing(db: Database, root: MirrorRoot, tmp_path: Path) -> None:
    root.media.rename(tmp_path / "unmounted")
    with pytest.raises(StorageAbsent):
        await trash.forget(db, root, WORK, NOW, 30)
    assert set(states(db).values()) == {"stored"}
    db.run_sync(forgetting.forget, WORK, NOW, 30)
    with pytest.raises(StorageAbsent):
        await trash.settle(db, root)
    (tmp_path / "unmounted").rename(root.media)
    await trash.settle(db, root)
    assert all(path.startswith(".trash/") for path in files(root))


async def test_the_sidecar_goes_also_when_it_was_written_late(db: Database, root: MirrorRoot) -> None:
    sidecar = root.media / "7" / "1.json"
    for thorough in (False, True):
        sidecar.write_text("{}")
        if thorough:
            await trash.settle(db, root, thorough=True)
        else:
            await trash.forget(db, root, WORK, NOW, 30)
        assert not sidecar.exists()


async def test_several_works_are_forgotten_at_once_and_what_stops_it_is_told(
    db: Database, root: MirrorRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.run_sync(record_works, seen(), works(illust(2), illust(3)), {})
    targets = [Target("work", key) for key in (2, 4, 6)]
    monkeypatch.setattr(trash, "AT_ONCE", 2)
    assert await trash.forget_all(db, root, targets[:1], NOW, 30) == (1, "")
    assert all(path.startswith(".trash/") for path in files(root))

    def fails(conn: Connection, target: Target, now: int, days: int) -> None:
        if target == targets[2]:
            raise StorageError("The disk is full.")
        forget(conn, target, now, days)

    forget = forgetting.forget
    monkeypatch.setattr(forgetting, "forget", fails)
    assert await trash.forget_all(db, root, targets, NOW, 30) == (2, "The disk is full.")
    assert set(states(db).values()) == {"forgotten", "wanted"}
    with pytest.raises(StorageError):
        await trash.forget_all(db, root, targets[2:], NOW, 30)
