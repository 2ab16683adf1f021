"""thumbs.db: what is made, what failed, what goes; and a file that is made anew."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import thumbs
from pixmirror.catalogue.thumbs import Thumb, ThumbsDatabase
from pixmirror.clock import DAY_MS

Rows = Callable[[str], list[tuple[Any, ...]]]
NOW = 1_800_000_000_000
KEYS = "SELECT sha256, work_key, idx, colour, error, looked_at FROM thumb ORDER BY sha256"


def sha(n: int) -> str:
    return f"{n:064x}"


def one(n: int, size: int = 100) -> Thumb:
    return Thumb(sha(n), 2 * n, 0, 0xFF8000 + n, 400, 480, -n, size)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[ThumbsDatabase]:
    with ThumbsDatabase.open(tmp_path / "thumbs.db") as found:
        yield found


@pytest.fixture
def of(db: ThumbsDatabase) -> Rows:
    return lambda sql: db.run_sync(lambda c: [tuple(row) for row in c.exec_driver_sql(sql)])


def test_what_is_made_is_noted_and_a_failure_too(db: ThumbsDatabase, of: Rows):
    db.run_sync(thumbs.made, [one(1), one(2)], NOW)
    db.run_sync(thumbs.failed, sha(3), 6, 0, "It is no picture.", NOW)
    db.run_sync(thumbs.failed, sha(2), 4, 0, "It went bad.", NOW + 1)
    assert of(KEYS) == [
        (sha(1), 2, 0, 0xFF8001, None, 0),
        (sha(2), 4, 0, None, "It went bad.", 0),
        (sha(3), 6, 0, None, "It is no picture.", 0),
    ]
    db.run_sync(thumbs.made, [one(3)], NOW + 2)
    assert of(KEYS)[2] == (sha(3), 6, 0, 0xFF8003, None, 0)
    assert of("SELECT dhash FROM thumb WHERE idx = 0 AND work_key = 6") == [(-3,)]


def test_what_is_let_go_leaves_its_row(db: ThumbsDatabase, of: Rows):
    db.run_sync(thumbs.made, [one(1), one(2)], NOW)
    db.run_sync(thumbs.let_go, [sha(1), sha(9)])
    assert [row[0] for row in of(KEYS)] == [sha(2)]


def test_what_had_to_go_keeps_what_was_learned_of_it(db: ThumbsDatabase, of: Rows):
    db.run_sync(thumbs.made, [one(1), one(2)], NOW)
    db.run_sync(thumbs.failed, sha(3), 6, 0, "It is no picture.", NOW)
    db.run_sync(thumbs.emptied, [sha(1), sha(3), sha(9)])
    assert of("SELECT bytes, colour, dhash FROM thumb ORDER BY sha256") == [
        (0, 0xFF8001, -1),
        (100, 0xFF8002, -2),
        (None, None, None),
    ]
    assert db.run_sync(thumbs.held) == 100
    assert db.run_sync(thumbs.over_cap, 0) == (sha(2),)


def test_what_nobody_looked_at_for_longest_goes_first(db: ThumbsDatabase):
    db.run_sync(thumbs.made, [one(n) for n in (1, 2, 3, 4)], NOW)
    for n in (2, 3, 4):
        db.run_sync(thumbs.looked_at, [sha(n)], NOW + n)
    db.run_sync(thumbs.failed, sha(5), 10, 0, "It is no picture.", NOW)
    assert db.run_sync(thumbs.held) == 400
    assert db.run_sync(thumbs.over_cap, 400) == ()
    assert db.run_sync(thumbs.over_cap, 399) == (sha(1),)
    db.run_sync(thumbs.looked_at, [sha(1)], NOW + 2 * DAY_MS)
    assert db.run_sync(thumbs.over_cap, 200) == (sha(2), sha(3))
    assert db.run_sync(thumbs.over_cap, 0) == (sha(2), sha(3), sha(4), sha(1))
    assert db.run_sync(thumbs.over_cap, 200, sha(2)) == (sha(3), sha(4))


def test_a_look_is_noted_once_a_day(db: ThumbsDatabase, of: Rows):
    db.run_sync(thumbs.made, [one(1), one(2)], NOW)
    db.run_sync(thumbs.looked_at, [sha(1), sha(2)], NOW)
    assert [row[-1] for row in of(KEYS)] == [NOW, NOW]
    db.run_sync(thumbs.looked_at, [sha(1)], NOW + DAY_MS)
    assert [row[-1] for row in of(KEYS)] == [NOW, NOW]
    db.run_sync(thumbs.looked_at, [sha(1)], NOW + DAY_MS + 1)
    assert [row[-1] for row in of(KEYS)] == [NOW + DAY_MS + 1, NOW]


@pytest.mark.parametrize("order", ["looked_at", "sum(bytes)"])
def test_what_goes_is_found_without_reading_all_rows(of: Rows, order: str):
    (plan,) = of(f"EXPLAIN QUERY PLAN SELECT {order} FROM thumb WHERE bytes > 0 ORDER BY looked_at")
    assert "thumb_by_look" in plan[-1]


def spoiled(path: Path) -> None:
    path.write_bytes(os.urandom(40_000))


def of_another_format(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE thumb (older TEXT)")
        raw.execute("PRAGMA user_version=999")


@pytest.mark.parametrize("left", [spoiled, of_another_format, Path.touch])
def test_a_file_that_cannot_be_used_is_made_anew(tmp_path: Path, left: Callable[[Path], None]):
    path = tmp_path / "thumbs.db"
    left(path)
    path.with_name("thumbs.db-wal").write_bytes(b"of the old one")
    with ThumbsDatabase.open(path) as db:
        db.run_sync(thumbs.made, [one(1)], NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    with ThumbsDatabase.open(path) as db:
        assert db.run_sync(thumbs.held) == 100
    assert [file.name for file in tmp_path.iterdir()] == ["thumbs.db"]


def test_pages_that_went_bad_while_it_was_open_cost_no_write(tmp_path: Path):
    path = tmp_path / "thumbs.db"
    with ThumbsDatabase.open(path) as db:
        db.run_sync(thumbs.made, [one(n) for n in range(500)], NOW)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with ThumbsDatabase.open(path) as db:
        db.run_sync(thumbs.made, [one(1)], NOW)
        assert db.run_sync(thumbs.held) == 100
        asyncio.run(db.make_anew())
        assert db.run_sync(thumbs.held) == 0
        db.run_sync(thumbs.made, [one(2)], NOW)
