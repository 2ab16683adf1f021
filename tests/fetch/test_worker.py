"""How a file that cannot be had ends: never before its work was asked, and never asked for ever."""

from pathlib import Path
from typing import Any, cast

import pytest

from pixmirror.catalogue import chores, migrate, queue
from pixmirror.catalogue.database import Database
from pixmirror.errors import Damaged, DiskFull
from pixmirror.fetch.verdicts import again, damaged, not_there
from pixmirror.fetch.worker import Claim, Worker
from pixmirror.ingest.works import record_works
from pixmirror.models import MediaItem
from tests.catalogue.builders import DAY, HOUR, NOW, illust, seen, works


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


def deny(db: Database, now: int, control: bool | None = True) -> str:
    item = claim(db, now)
    return db.run_sync(lambda conn: not_there(conn, item, "404", now, control=control))


def test_a_file_waits_for_its_detail_before_it_is_gone(db: Database):
    assert deny(db, NOW) == "later"
    assert db.read_sync(chores.is_unanswered, "detail", 2, NOW), "asked at once"
    assert deny(db, NOW + HOUR) == "later"
    now = NOW + HOUR + DAY
    db.run_sync(chores.postpone, "detail", 2, now + DAY, "503")
    assert deny(db, now) == "later"
    assert counts(db) == {"waiting": 1}
    db.run_sync(chores.done, "detail", 2, now + 9 * DAY)
    assert deny(db, now + 3 * DAY) == "believed"
    assert counts(db) == {"gone": 1}


def test_the_reason_of_a_denied_file_is_one_sentence(db: Database):
    item = claim(db, NOW)
    db.run_sync(lambda conn: not_there(conn, item, "GET /img: 404.", NOW, control=True))
    [why] = db.read_sync(lambda conn: conn.exec_driver_sql("SELECT error FROM media").scalars().all())
    assert why == "GET /img: 404; asked for once, it is believed to be gone only after looks on more days"


def test_a_404_is_no_proof_where_no_other_file_comes(db: Database):
    now = NOW
    deny(db, now)
    db.run_sync(chores.done, "detail", 2)
    for later in (HOUR, DAY):
        now += later
        assert deny(db, now, control=False) == "later"
    assert deny(db, now + 3 * DAY, control=None) == "control"


def test_a_detail_that_never_answers_does_not_hold_a_file_for_ever(db: Database):
    verdicts = [deny(db, NOW + n * 20 * DAY) for n in range(5)]
    assert verdicts[-1] == "believed"
    assert counts(db) == {"gone": 1}


def test_a_file_that_fails_for_ever_is_asked_for_rarer_and_rarer_and_never_given_up(db: Database):
    now, waits = NOW, []
    for _ in range(12):
        item = claim(db, now)
        db.run_sync(again, item, "500", now)
        due = db.read_sync(queue.next_due)
        assert due is not None
        waits.append((due - now) // 1000)
        now = due
    assert waits[:4] == [2, 10, 60, 600]
    assert waits == sorted(waits)
    assert waits[-1] == 7 * 86_400
    assert counts(db) == {"waiting": 1}


def test_bytes_that_are_damaged_otherwise_each_time_are_no_proof(db: Database):
    for n in range(12):
        assert counts(db).keys() <= {"wanted", "waiting"}
        now = NOW + n * 7 * DAY
        item = claim(db, now)
        db.run_sync(damaged, item, Damaged("cut", sha256=f"{n}"), now, 0.05, True)
    assert counts(db) == {"waiting": 1}


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
