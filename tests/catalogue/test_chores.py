"""Chores: in lanes, when due, with their progress."""

from pixmirror.catalogue import chores
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Database
from pixmirror.models import Lane
from tests.catalogue.builders import HOUR, NOW


def add(db: Database, kind: str, key: int, lane: int = Lane.EXTRA, due: int = NOW) -> None:
    db.run_sync(chores.add, kind, key, lane, due)


def test_the_higher_lane_first_then_the_longest_due(db: Database):
    add(db, "comments", 1, Lane.EXTRA, NOW - 9)
    add(db, "text", 2, Lane.COMPLETE, NOW)
    add(db, "text", 3, Lane.COMPLETE, NOW - 1)
    add(db, "ugoira", 4, Lane.COMPLETE, NOW + 1)
    found = db.read_sync(chores.due, NOW, 10)
    assert [(c.kind, c.key) for c in found] == [("text", 3), ("text", 2), ("comments", 1)]
    assert [c.key for c in db.read_sync(chores.due, NOW, 2)] == [3, 2]
    assert [c.key for c in db.read_sync(chores.due, NOW, 10, [Lane.EXTRA])] == [1]
    assert db.read_sync(chores.next_due) == NOW - 9
    assert db.read_sync(chores.counts, NOW) == {"comments": (1, 0), "text": (2, 0), "ugoira": (0, 1)}


def test_added_again_the_earlier_and_more_urgent_wins_and_progress_stays(db: Database):
    add(db, "comments", 1, Lane.EXTRA, NOW + HOUR)
    db.run_sync(chores.save_progress, "comments", 1, {"offset": 30})
    add(db, "comments", 1, Lane.REFRESH, NOW)
    assert db.read_sync(chores.due, NOW, 1) == [Chore("comments", 1, Lane.EXTRA, NOW, 0, {"offset": 30})]
    add(db, "comments", 1, Lane.COMPLETE, NOW + HOUR)
    assert db.read_sync(chores.due, NOW, 1) == [Chore("comments", 1, Lane.COMPLETE, NOW, 0, {"offset": 30})]


def test_what_was_put_off_is_not_brought_forward_by_a_page(db: Database):
    add(db, "ugoira", 1)
    db.run_sync(chores.postpone, "ugoira", 1, NOW + HOUR, "500")
    add(db, "ugoira", 1)
    assert db.read_sync(chores.due, NOW, 1) == []
    [later] = db.read_sync(chores.due, NOW + HOUR, 1)
    assert (later.attempts, later.error) == (1, "500")


def test_done_is_gone_or_comes_again_as_new(db: Database):
    add(db, "comments", 1)
    db.run_sync(chores.save_progress, "comments", 1, {"offset": 30})
    db.run_sync(chores.postpone, "comments", 1, NOW, "500")
    db.run_sync(chores.done, "comments", 1, NOW + HOUR, Lane.REFRESH)
    assert db.read_sync(chores.due, NOW + HOUR, 1) == [Chore("comments", 1, Lane.REFRESH, NOW + HOUR)]
    db.run_sync(chores.done, "comments", 1)
    assert db.read_sync(chores.next_due) is None
