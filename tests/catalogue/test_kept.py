"""What `status` tells with an "as of": counted now and then, kept, and never counted while somebody waits."""

import json
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import feeds, runs
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.schema import ranking_day
from pixmirror.ingest.works import record_works
from pixmirror.reports import kept
from pixmirror.reports.kept import Share
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, seen, user, works


def artist_with(db: Database, user_id: int, *ids: int) -> None:
    """An artist whose list was read to its end and showed these works."""
    db.run_sync(record_works, seen(), works(*(illust(i, owner=user(user_id)) for i in ids)), {})

    def read(conn: Any) -> None:
        feed = feeds.open_feed(conn, ME, "user/illusts", {"user_id": user_id}, job="following", lane=1)
        feeds.full_done(conn, feed.id, NOW + HOUR, NOW)

    db.run_sync(read)


def stored(db: Database, where: str = "1") -> None:
    db.run_sync(lambda c: c.exec_driver_sql(f"UPDATE media SET state = 'stored', size = 1 WHERE {where}"))


def read_of_ranking(conn: Connection, mode: str, date: str, state: str) -> None:
    day = {"account_id": ME, "medium": "illust", "mode": mode, "date": date, "snapshot": 1, "state": state}
    conn.execute(ranking_day.insert().values(**day, depth=1, read_at=NOW))


def counted(db: Database, now: int = NOW) -> kept.Kept:
    found = db.read_sync(kept.count, ME, now)
    db.run_sync(kept.save, found)
    assert db.read_sync(kept.known) == found
    return found


def test_artists_are_whole_when_each_of_their_works_is_here(db: Database) -> None:
    artist_with(db, 7, 1, 2)
    artist_with(db, 8, 3)
    stored(db, "owner_id != 2")
    found = counted(db)
    assert (found.artists, found.missing, found.is_whole) == (Share(1, 2), 1, False)
    assert (found.totals.artists, found.totals.users, found.totals.tags) == (2, 2, 0)
    stored(db)
    assert counted(db).is_whole


def test_a_bookmark_list_is_whole_when_it_was_read_to_its_end(db: Database) -> None:
    def lists(conn: Any) -> None:
        for restrict in ("public", "private"):
            params = {"user_id": ME, "restrict": restrict}
            feed = feeds.open_feed(conn, ME, "user/bookmarks/illust", params, job="bookmarks", lane=1)
            if restrict == "public":
                feeds.full_done(conn, feed.id, NOW, NOW)

    db.run_sync(lists)
    assert counted(db).bookmark_lists == Share(1, 2)


def test_a_day_of_rankings_is_whole_when_each_of_its_modes_was_read(db: Database) -> None:
    for mode, date, state in (("day", "1", "whole"), ("week", "1", "same"), ("day", "2", "reading")):
        db.run_sync(read_of_ranking, mode, date, state)
    assert counted(db).ranking_days == Share(1, 2)


def test_works_that_pixiv_shows_no_more_count_when_their_files_are_here(db: Database) -> None:
    artist_with(db, 7, 1, 2)
    stored(db, "owner_id = 2")
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'gone'"))
    assert counted(db).survivors == 1


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


def test_counting_takes_only_a_small_part_of_the_time(db: Database) -> None:
    artist_with(db, 7, 1)
    found = counted(db)
    db.run_sync(kept.save, kept.Kept(**{n: getattr(found, n) for n in kept.Kept.__slots__} | {"took_ms": 14_400}))
    artist_with(db, 7, 2)
    assert not db.read_sync(kept.is_due, NOW + HOUR)
    assert db.read_sync(kept.is_due, NOW + 2 * HOUR)


def test_counts_that_another_version_kept_are_counted_anew(db: Database) -> None:
    db.run_sync(runs.set_meta, kept.KEPT, json.dumps({"at": NOW, "else": 1}))
    assert db.read_sync(kept.known) is None
    assert db.read_sync(kept.is_due, NOW)
