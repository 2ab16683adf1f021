"""Chores: in lanes, when due, with their progress."""

from pixmirror.catalogue import chores, runs
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Database
from pixmirror.models import Lane
from tests.catalogue.builders import HOUR, NOW


def add(db: Database, kind: str, key: int, lane: int = Lane.EXTRA, due: int = NOW, *, moved: bool = False) -> None:
    db.run_sync(lambda conn: chores.add(conn, kind, key, lane, due, moved=moved))


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


def test_what_moved_while_it_was_asked_for_is_not_done_with_the_answer_that_came_before(db: Database):
    add(db, "text", 1)
    add(db, "text", 1, due=NOW + 5, moved=True)
    assert [(c.due_at, c.attempts) for c in db.read_sync(chores.due, NOW + 5, 1)] == [(NOW, 0)]
    db.run_sync(chores.done, "text", 1)
    assert [c.key for c in db.read_sync(chores.due, NOW + 5, 1)] == [1]
    db.run_sync(chores.done, "text", 1)
    assert db.read_sync(chores.due, NOW + 5, 1) == []


def test_what_moved_while_it_was_asked_for_does_not_wait_for_its_next_turn(db: Database):
    add(db, "profile", 1)
    add(db, "profile", 1, due=NOW + 5, moved=True)
    db.run_sync(chores.done, "profile", 1, NOW + HOUR)
    assert [c.key for c in db.read_sync(chores.due, NOW + 5, 1)] == [1]
    db.run_sync(chores.done, "profile", 1, NOW + HOUR)
    assert db.read_sync(chores.due, NOW + 5, 1) == []


def test_what_moved_before_the_asking_begins_is_asked_once(db: Database):
    add(db, "bookmark_tags", 1)
    add(db, "bookmark_tags", 1, due=NOW + 5, moved=True)
    [claimed] = db.read_sync(chores.due, NOW + 5, 1)
    assert claimed.asked_again
    db.run_sync(chores.claim, "bookmark_tags", 1)
    db.run_sync(chores.save_progress, "bookmark_tags", 1, {"offset": 30})
    db.run_sync(chores.done, "bookmark_tags", 1)
    assert db.read_sync(chores.due, NOW + 5, 1) == []


def test_a_chore_that_is_named_like_a_kind_of_jobs_is_theirs(db: Database):
    for name, kind in (("mine", "toy"), ("other", "following")):
        db.run_sync(runs.save_job, name, kind, None)
    add(db, "toy", 0)
    db.run_sync(chores.postpone, "toy", 0, NOW, "500")
    assert [c.kind for c in db.read_sync(chores.due, NOW, 9, None, ["mine"])] == ["toy"]
    assert db.read_sync(chores.due, NOW, 9, None, ["other"]) == []
    assert [db.read_sync(chores.failing, NOW + 1, jobs) for jobs in (None, ["mine"], ["other"])] == [1, 1, 0]
