"""What `status` tells with an "as of": counted now and then, kept, and never counted while somebody waits."""

import json
from dataclasses import replace
from typing import Any

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.database import Database
from pixmirror.ingest.works import record_works
from pixmirror.reports import kept, proof
from pixmirror.sync.kinds import FollowingJob
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, seen, user, works

JOB = FollowingJob(name="following", every="1h")


def artist_with(db: Database, user_id: int, *ids: int) -> None:
    """An artist whose list was read to its end and showed these works."""
    db.run_sync(record_works, seen(), works(*(illust(i, owner=user(user_id)) for i in ids)), {})

    def read(conn: Any) -> None:
        feed = feeds.open_feed(conn, ME, "user/illusts", {"user_id": user_id}, job="following", lane=1)
        feeds.full_done(conn, feed.id, NOW + HOUR, NOW)

    db.run_sync(read)


def stored(db: Database, where: str = "1") -> None:
    db.run_sync(lambda c: c.exec_driver_sql(f"UPDATE media SET state = 'stored', size = 1 WHERE {where}"))


def counted(db: Database, now: int = NOW) -> kept.Kept:
    found, _ = db.read_sync(proof.count, ME, (JOB,), now)
    db.run_sync(kept.save, found)
    assert db.read_sync(kept.known) == found
    return found


def test_what_is_whole_is_counted_and_kept(db: Database) -> None:
    artist_with(db, 7, 1, 2)
    artist_with(db, 8, 3)
    stored(db, "owner_id != 2")
    found = counted(db)
    assert (found.complete.artists_complete, found.complete.artists, found.complete.is_complete) == (1, 2, False)
    assert (found.totals.artists, found.totals.users, found.totals.tags) == (2, 2, 0)
    stored(db)
    assert counted(db).complete.is_complete


def test_it_is_counted_again_when_something_came_in_and_a_while_has_passed(db: Database) -> None:
    artist_with(db, 7, 1)
    assert db.read_sync(kept.is_due, NOW)
    counted(db)
    assert not db.read_sync(kept.is_due, NOW + HOUR)
    assert db.read_sync(kept.is_due, NOW + DAY)
    artist_with(db, 7, 2)
    assert not db.read_sync(kept.is_due, NOW + kept.SOON_MS // 2)
    assert db.read_sync(kept.is_due, NOW + kept.SOON_MS)
    stored(db)
    assert db.read_sync(kept.is_due, NOW + kept.SOON_MS // 2), "the last file is here"


def test_a_ranking_of_known_works_and_a_change_of_state_are_counted_too(db: Database) -> None:
    artist_with(db, 7, 1)
    for change in (
        "INSERT INTO ranking_day VALUES (1, 'illust', 'day', '2023-11-13', 1, 'whole', 1, 1)",
        "INSERT INTO state_change VALUES (NULL, 1, 'bookmark', 1, 'gone', '', 1)",
    ):
        counted(db)
        assert not db.read_sync(kept.is_due, NOW + kept.SOON_MS)
        db.run_sync(lambda c, change=change: c.exec_driver_sql(change))  # type: ignore[misc]
        assert db.read_sync(kept.is_due, NOW + kept.SOON_MS), change


def test_counting_takes_only_a_small_part_of_the_time(db: Database) -> None:
    artist_with(db, 7, 1)
    found = counted(db)
    db.run_sync(kept.save, replace(found, took_ms=14_400))
    artist_with(db, 7, 2)
    assert not db.read_sync(kept.is_due, NOW + HOUR)
    assert db.read_sync(kept.is_due, NOW + 2 * HOUR)


def test_counts_that_another_version_kept_are_counted_anew(db: Database) -> None:
    db.run_sync(runs.set_meta, kept.KEPT, json.dumps({"at": NOW, "else": 1}))
    assert db.read_sync(kept.known) is None
    assert db.read_sync(kept.is_due, NOW)
