"""The queue of files is a query: order, waiting, claims, ends."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Database
from pixmirror.ingest.works import record_works
from pixmirror.models import Lane, Stored
from tests.catalogue.builders import HOUR, NOW, illust, original, seen, want_again, works


@pytest.fixture
def filled(db: Database) -> Database:
    """Four files: works 1 (two pages) and 2 from a backfill, work 3 new."""
    backfill = seen(lane=Lane.BACKFILL)
    db.run_sync(record_works, backfill, works(illust(1, pages=2), illust(2)), {})
    db.run_sync(record_works, seen(lane=Lane.NEW), works(illust(3)), {})
    return db


def names(items: list[Any]) -> list[tuple[int, int]]:
    return [(i.work_id, i.index) for i in items]


def stored(item: Any, size: int = 10) -> Stored:
    return Stored(item.path, size, "ab" * 32, item.urls[0])


def test_the_urgent_come_first_and_nothing_is_claimed_twice(filled: Database):
    first = filled.run_sync(queue.claim, 2, NOW)
    assert names(first) == [(3, 0), (1, 0)]
    assert names(filled.run_sync(queue.claim, 10, NOW)) == [(1, 1), (2, 0)]
    assert filled.run_sync(queue.claim, 10, NOW) == []
    [item, _] = first
    assert (item.user_id, item.urls, item.path, item.attempts) == (7, (original(3),), "7/3_p0.png", 1)
    assert (item.role, item.version, item.create_date) == ("page", "20230427133951", 1682570391000)


def test_only_files_of_the_lanes_asked_for_are_claimed_and_due(filled: Database):
    assert names(filled.run_sync(queue.claim, 10, NOW, Lane.BACKFILL)) == [(3, 0)]
    assert filled.run_sync(queue.claim, 10, NOW, Lane.BACKFILL) == []
    assert filled.read_sync(queue.next_due, Lane.BACKFILL) is None
    assert filled.read_sync(queue.next_due) == 0


def test_claims_return_at_start(filled: Database):
    claimed = filled.run_sync(queue.claim, 3, NOW)
    filled.run_sync(queue.finish, claimed[0].media_id, stored(claimed[0]), NOW)
    assert filled.run_sync(queue.release_all) == 2
    again = filled.run_sync(queue.claim, 10, NOW)
    assert names(again) == [(1, 0), (1, 1), (2, 0)]
    assert {i.attempts for i in again} == {1}


def test_what_waits_blocks_nothing_and_wakes_when_due(filled: Database):
    for item in filled.run_sync(queue.claim, 3, NOW):
        filled.run_sync(queue.retry_later, item.media_id, NOW + HOUR, "503")
    assert names(filled.run_sync(queue.claim, 10, NOW)) == [(2, 0)]
    assert filled.read_sync(queue.next_due) == NOW + HOUR
    assert filled.run_sync(queue.claim, 10, NOW + HOUR - 1) == []
    woken = filled.run_sync(queue.claim, 10, NOW + HOUR)
    assert names(woken) == [(3, 0), (1, 0), (1, 1)]
    assert {i.attempts for i in woken} == {2}


def test_counts_follow_every_end(filled: Database, rows):
    items = filled.run_sync(queue.claim, 4, NOW)
    assert filled.read_sync(queue.counts) == queue.MediaCounts(wanted=4)
    filled.run_sync(queue.finish_all, [(i.media_id, stored(i)) for i in items[:2]], NOW)
    filled.run_sync(queue.gone, items[2].media_id, "404")
    filled.run_sync(queue.fail, items[3].media_id, "cut")
    expected = queue.MediaCounts(stored=2, gone=1, failed=1, bytes_stored=20)
    assert filled.read_sync(queue.counts) == expected
    filled.run_sync(queue.finish, items[0].media_id, stored(items[0], 15), NOW)
    assert filled.read_sync(queue.counts) == replace(expected, bytes_stored=25)
    assert filled.run_sync(queue.recount) == (2, 25)
    filled.run_sync(queue.lost, items[0].media_id, "missing")
    filled.run_sync(queue.lost, items[0].media_id, "missing")
    assert filled.read_sync(queue.counts) == queue.MediaCounts(
        wanted=1, stored=1, gone=1, failed=1, bytes_stored=10
    )
    assert filled.run_sync(want_again) == 1
    assert filled.run_sync(want_again, items[2].work_key, ("gone", "failed")) == 1
    assert filled.read_sync(queue.counts).wanted == 3
    filled.run_sync(lambda c: c.exec_driver_sql("UPDATE meta SET value = '7' WHERE key = 'stored_files'"))
    assert filled.run_sync(queue.recount) == (1, 10)
    assert filled.read_sync(queue.counts).stored == 1


def test_what_is_damaged_at_the_source_is_asked_for_again_when_it_is_due(filled: Database):
    [item, *others] = filled.run_sync(queue.claim, 10, NOW)
    filled.run_sync(queue.finish_all, [(i.media_id, stored(i)) for i in others], NOW)
    filled.run_sync(queue.damaged, item.media_id, "bb", "cut JPEG", NOW + HOUR)
    assert filled.read_sync(queue.counts).damaged == 1
    assert filled.read_sync(queue.next_due) == NOW + HOUR
    assert filled.run_sync(queue.claim, 10, NOW) == []
    [again] = filled.run_sync(queue.claim, 10, NOW + HOUR)
    assert (again.media_id, again.damaged_sha256) == (item.media_id, "bb")


def test_what_was_given_up_by_an_older_version_is_wanted_again(filled: Database):
    first, second, *_ = filled.run_sync(queue.claim, 10, NOW)
    filled.run_sync(queue.fail, first.media_id, "the image host failed (503)")
    filled.run_sync(queue.fail, second.media_id, "more than the 9 bytes that mirror.max_file allows")
    assert filled.run_sync(queue.revive) == 1
    assert [(i.media_id, i.attempts) for i in filled.run_sync(queue.claim, 10, NOW)] == [(first.media_id, 1)]


def test_verify_reads_stored_files_in_pages(filled: Database, rows):
    items = filled.run_sync(queue.claim, 3, NOW)
    filled.run_sync(queue.finish_all, [(i.media_id, stored(i)) for i in items], NOW)
    page = filled.read_sync(queue.stored_media, 0, 2)
    rest = filled.read_sync(queue.stored_media, page[-1].media_id, 2)
    assert [m.media_id for m in page + rest] == sorted(i.media_id for i in items)
    filled.run_sync(queue.set_verified, [page[0].media_id], NOW + 5)
    assert len(rows("SELECT 1 FROM media WHERE verified_at = ?", NOW + 5)) == 1


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (queue._READY, "media_ready"),
        (f"{queue._WAKE} state = 'waiting' AND due_at <= :now", "media_waiting"),
        (queue._RELEASE, "media_fetching"),
    ],
)
def test_the_queue_walks_its_partial_indexes(db: Database, statement: str, index: str):
    def explain(conn: Connection) -> str:
        found = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", {"n": 1, "before": 1, "now": 1})
        return " ".join(row[3] for row in found)

    text = db.run_sync(explain)
    assert index in text
    assert "TEMP B-TREE" not in text
