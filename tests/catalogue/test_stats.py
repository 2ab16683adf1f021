"""Counters over time: a row only where one moved, thinner with age, the newest never lost."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.schema import stat
from pixmirror.ingest import stats
from pixmirror.ingest.stats import Point
from pixmirror.ingest.works import record_works
from tests.catalogue.builders import DAY, HOUR, NOW, illust, seen, stub, works

BUCKET = NOW - NOW % HOUR
Rows = Callable[..., list[dict[str, Any]]]


def show(db: Database, at: int, **counters: Any) -> None:
    db.run_sync(record_works, seen(at), works(illust(1, **counters)), {})


def test_a_row_is_written_only_when_a_counter_moved(db: Database, rows: Rows):
    show(db, NOW)
    show(db, NOW + HOUR)
    assert rows("SELECT * FROM stat") == []
    show(db, NOW + 2 * HOUR, total_view=1001)
    show(db, NOW + 3 * HOUR, total_view=1001)
    assert rows("SELECT * FROM stat") == [
        {
            "work_key": 2,
            "at": BUCKET + 2 * HOUR,
            "total_view": 1001,
            "total_bookmarks": 100,
            "total_comments": None,
        }
    ]


def test_an_hour_holds_one_row_and_the_last_values(db: Database, rows: Rows):
    show(db, BUCKET)
    show(db, BUCKET + HOUR, total_view=1001)
    show(db, BUCKET + HOUR + 5, total_view=1002)
    assert [(r["at"], r["total_view"]) for r in rows("SELECT * FROM stat")] == [(BUCKET + HOUR, 1002)]


def test_a_change_of_the_work_moves_its_counters_too(db: Database, rows: Rows):
    show(db, NOW)
    db.run_sync(record_works, seen(NOW + HOUR), works(illust(1, title="new", total_bookmarks=7)), {})
    assert [r["total_bookmarks"] for r in rows("SELECT * FROM stat")] == [7]


def test_a_work_that_opens_begins_its_series(db: Database, rows: Rows):
    db.run_sync(record_works, seen(NOW), works(stub(1)), {})
    show(db, NOW + DAY)
    assert rows("SELECT * FROM stat") == []
    assert db.read_sync(stats.series, 2) == (Point(NOW + DAY, 1000, 100, None),)


def test_the_series_begins_with_the_first_answer(db: Database):
    show(db, NOW)
    show(db, NOW + 1, total_view=1001)  # in the same hour
    show(db, NOW + DAY, total_view=1002)
    assert [(p.at, p.total_view) for p in db.read_sync(stats.series, 2)] == [
        (NOW, 1000),
        (NOW, 1001),
        (BUCKET + DAY, 1002),
    ]


def test_a_total_that_no_answer_names_stays(db: Database, rows: Rows):
    show(db, NOW, total_comments=3)
    show(db, NOW + HOUR, total_view=5)
    assert [r["total_comments"] for r in rows("SELECT * FROM stat")] == [3]


def test_it_grows_thinner_with_age(db: Database, rows: Rows):
    now = 1000 * DAY
    hours = range(0, 1000 * DAY, 6 * HOUR)

    def fill(conn: Connection) -> None:
        conn.execute(
            insert(stat), [{"work_key": key, "at": at, "total_view": at} for key in (2, 5) for at in hours]
        )

    db.run_sync(fill)
    after: int | None = -1
    chunks = 0
    while after is not None:
        after = db.run_sync(stats.thin, now, 1000, after)
        chunks += 1
    assert chunks > 2
    kept = [r["at"] for r in rows("SELECT at FROM stat WHERE work_key = 5 ORDER BY at")]
    assert kept == [r["at"] for r in rows("SELECT at FROM stat WHERE work_key = 2 ORDER BY at")]
    young = [at for at in kept if now - at <= 7 * DAY]
    assert len(young) == 28
    days = [at for at in kept if 7 * DAY < now - at <= 90 * DAY]
    assert len({at // DAY for at in days}) == len(days) == 83
    weeks = [at for at in kept if 90 * DAY < now - at <= 730 * DAY]
    assert 91 <= len(weeks) <= 93
    assert 9 <= len([at for at in kept if now - at > 730 * DAY]) <= 10
    assert db.run_sync(stats.thin, now) is None
    assert kept == [r["at"] for r in rows("SELECT at FROM stat WHERE work_key = 5 ORDER BY at")]


_ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1200)), unique=True).map(sorted)


@given(_ROWS, st.integers(0, 1300))
def test_the_newest_row_of_a_work_is_never_needless(found: list[tuple[int, int]], today: int):
    rows = [SimpleNamespace(work_key=key, at=day * DAY) for key, day in found]
    gone = stats.needless(rows, today * DAY)
    for key in {r.work_key for r in rows}:
        assert max((r for r in rows if r.work_key == key), key=lambda r: r.at) not in gone
    assert all(today * DAY - r.at > 7 * DAY for r in gone)
    left = [r for r in rows if r not in gone]
    assert stats.needless(left, today * DAY) == []


@given(_ROWS, st.integers(1, 9))
def test_any_budget_comes_to_the_same(found: list[tuple[int, int]], budget: int):
    from sqlalchemy import create_engine

    engine = create_engine("sqlite://")
    with engine.begin() as conn:
        stat.create(conn)
        results = []
        for size in (budget, 10_000):
            conn.execute(stat.delete())
            if found:
                conn.execute(insert(stat), [{"work_key": k, "at": d * DAY} for k, d in found])
            after: int | None = -1
            while after is not None:
                after = stats.thin(conn, 1300 * DAY, size, after)
            results.append(conn.execute(select(stat.c.work_key, stat.c.at)).all())
    assert results[0] == results[1]
