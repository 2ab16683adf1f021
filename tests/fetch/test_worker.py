"""How a file that cannot be had ends: never before its work was asked, and never asked for ever."""

from pathlib import Path
from typing import Any, cast

import pytest

from pixmirror.catalogue import chores, migrate, queue
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.ingest.works import record_works
from pixmirror.errors import Damaged, DiskFull
from pixmirror.fetch.finishing import ATTEMPTS, damaged, not_there
from pixmirror.fetch.worker import Claim, Worker
from pixmirror.models import MediaItem
from tests.catalogue.builders import DAY, NOW, illust, seen, works


@pytest.fixture
def db(tmp_path: Path):
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as database:
        database.run_sync(record_works, seen(), works(illust(1)), {})
        yield database


def claim(db: Database, now: int) -> MediaItem:
    [item] = db.run_sync(queue.claim, 1, now)
    return item


def counts(db: Database) -> dict[str, int]:
    found = db.read_sync(queue.counts)
    return {name: n for name in ("wanted", "waiting", "gone", "failed", "damaged") if (n := getattr(found, name))}


def test_a_file_waits_for_its_detail_before_it_is_gone(db: Database):
    now = NOW
    for _ in range(3):
        db.run_sync(not_there, claim(db, now), "404", now)
        assert counts(db) == {"waiting": 1}
        now += DAY
    db.run_sync(chores.postpone, "detail", 2, now + DAY, "503")
    db.run_sync(not_there, claim(db, now), "404", now)
    assert counts(db) == {"waiting": 1}
    now += DAY
    db.run_sync(chores.done, "detail", 2, now + DAY)
    db.run_sync(not_there, claim(db, now), "404", now)
    assert counts(db) == {"gone": 1}


def test_a_detail_that_never_answers_does_not_hold_a_file_for_ever(db: Database):
    for n in range(ATTEMPTS):
        db.run_sync(not_there, claim(db, NOW + n * DAY), "404", NOW + n * DAY)
    assert counts(db) == {"gone": 1}


def test_bytes_that_are_damaged_otherwise_each_time_fail_in_the_end(db: Database):
    for n in range(ATTEMPTS):
        assert counts(db).keys() <= {"wanted", "waiting"}
        item = claim(db, NOW + n * DAY)
        db.run_sync(damaged, item, Damaged("cut", sha256=f"{n}"), NOW + n * DAY)
    assert counts(db) == {"failed": 1}


@pytest.mark.anyio
async def test_an_error_of_one_file_does_not_lose_the_next_that_has_come(db: Database, monkeypatch):
    finished = []

    class Finisher:
        async def finish(self, fetched: str) -> bool:
            finished.append(fetched)
            if fetched == "first":
                raise DiskFull("the disk is full")
            return True

    names = iter(("first", "second"))

    async def come(claim: Claim) -> str:
        return next(names)

    worker = Worker(cast(Any, None), cast(Any, Finisher()), cast(Any, None))
    monkeypatch.setattr(worker, "_fetch", come)
    [item] = db.run_sync(queue.claim, 1, NOW)
    assert await worker.fetch(Claim(item, NOW)) == 0
    with pytest.raises(DiskFull):
        await worker.fetch(Claim(item, NOW))
    assert await worker.settle() == 1
    assert finished == ["first", "second"]
