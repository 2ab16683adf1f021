"""What ingestion commits is in search.db a moment later, whatever happens to that file."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.search.schema import search_path
from pixmirror.catalogue.shelves import open_shelves
from pixmirror.daemon import searching as module
from pixmirror.daemon.searching import Searching
from pixmirror.errors import DiskFull
from pixmirror.ingest.works import record_works
from pixmirror.reports.search import find
from tests.catalogue.builders import illust, seen, works

PATIENCE_S = 30


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as opened:
        yield opened


@pytest.fixture
def searching(db: Database) -> Iterator[Searching]:
    thread = Searching(db.path.parent)
    db.call_after_commits(thread.wake)
    yield thread
    thread.close()


def came(db: Database, *ids: int) -> None:
    db.run_sync(record_works, seen(), works(*(illust(n, title=f"夜空 {n}") for n in ids)), {})


def next_look(searching: Searching, act: Callable[[], None]) -> None:
    """Wait for the end of a look that began after the commit."""
    with searching.looks:
        act()
        before = searching.looked
        # One may have been under way, which saw nothing of it.
        assert searching.looks.wait_for(lambda: searching.looked > before, PATIENCE_S)
    searching.wake()
    with searching.looks:
        before = searching.looked
        assert searching.looks.wait_for(lambda: searching.looked > before, PATIENCE_S)


def ids(db: Database, text: str) -> list[int]:
    with open_shelves(db.path.parent) as shelves:
        found = shelves.read_sync(find, text)
        assert found.note is None
        return [hit.id for hit in found.hits]


def test_a_page_is_found_after_the_next_look_that_its_own_commit_asks_for(db, searching):
    came(db, 1)
    next_look(searching, lambda: came(db, 2))
    assert ids(db, "夜空") == [2, 1]
    next_look(searching, lambda: came(db, 3, 4))
    assert ids(db, "夜空") == [4, 3, 2, 1]


def test_between_two_looks_there_is_less_than_a_second():
    assert module.REST_S < 1


def test_what_is_left_at_the_end_is_indexed_before_the_file_is_closed(db):
    thread = Searching(db.path.parent)
    db.call_after_commits(thread.wake)
    came(db, *range(1, 40))
    thread.close()
    assert not search_path(db.path.parent).with_name("search.db-wal").exists()
    assert len(ids(db, "夜空")) == 39


def test_a_file_that_is_removed_meanwhile_comes_back(db, searching):
    next_look(searching, lambda: came(db, 1))
    search_path(db.path.parent).unlink()
    next_look(searching, lambda: came(db, 2))
    assert ids(db, "夜空") == [2, 1]


def test_a_failure_is_told_once_and_tried_again(db, searching, monkeypatch, caplog):
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    step, failures = (
        Index.step,
        [DiskFull("No room left."), sqlite3.OperationalError("odd"), DiskFull("No room left.")],
    )

    def failing(index: Index) -> bool:
        if failures:
            raise failures.pop()
        return step(index)

    monkeypatch.setattr(Index, "step", failing)
    with caplog.at_level(logging.WARNING):
        next_look(searching, lambda: came(db, 1))
    told = [record.getMessage() for record in caplog.records]
    assert sum("No room left." in line for line in told) == 2
    assert sum("The search index: OperationalError" in line for line in told) >= 1
    assert ids(db, "夜空") == [1]


def test_without_a_commit_no_file_is_made(tmp_path, db):
    Searching(tmp_path).close()
    assert not search_path(tmp_path).exists()


def test_the_log_of_the_index_is_cut_off_now_and_then(
    db: Database, searching: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = search_path(db.path.parent).with_name("search.db-wal")
    next_look(searching, lambda: came(db, 1))
    assert log.stat().st_size > 0
    monkeypatch.setattr(module, "LOG_S", 0)
    next_look(searching, lambda: came(db, 2))
    assert log.stat().st_size == 0
    assert ids(db, "夜空") == [2, 1]
