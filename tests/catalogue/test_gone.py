"""What survives only here: counted by state and by user, the newest first."""

from typing import Any

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.queue import claim, finish
from pixmirror.ingest.works import record_works
from pixmirror.ledger import leavers
from pixmirror.ledger.moves import Move, move
from pixmirror.models import Stored
from pixmirror.reports import drift, gone
from tests.catalogue.builders import DAY, ME, NOW, illust, novel, seen, stub, user, works


def store_all(db: Database, size: int = 100) -> None:
    for item in db.run_sync(claim, 99, NOW):
        db.run_sync(finish, item.media_id, Stored(item.path, size, "00"), NOW)


def away(db: Database, key: int, state: str, at: int) -> None:
    db.run_sync(move, "work", [Move(key, state, "detail: 404", ME)], at)


def only_here(db: Database, limit: int = 10) -> gone.OnlyHere:
    return db.read_sync(gone.only_here, limit)


def test_what_is_here_and_not_there_is_counted_by_state(db: Database):
    db.run_sync(record_works, seen(), works(illust(1, pages=2), illust(2), illust(3), stub(4)), {})
    store_all(db)
    db.run_sync(record_works, seen(), works(illust(5)), {})  # nothing of it is here
    for key, state, at in ((2, "gone", NOW + DAY), (4, "mypixiv", NOW + 2 * DAY), (10, "gone", NOW + 3 * DAY)):
        away(db, key, state, at)
    found = only_here(db)
    assert (found.works, found.files, found.bytes) == (2, 3, 300)
    assert found.states == (gone.Total("gone", 1, 2, 200), gone.Total("mypixiv", 1, 1, 100))
    assert [(w.id, w.title, w.artist, w.state, w.since, w.files, w.bytes) for w in found.newest] == [
        (2, "picture 2", "artist 7", "mypixiv", NOW + 2 * DAY, 1, 100),
        (1, "picture 1", "artist 7", "gone", NOW + DAY, 2, 200),
    ]
    assert [w.id for w in only_here(db, 1).newest] == [2]


def test_a_text_is_something_that_survives(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(novel(1)), {})
    sql = "INSERT INTO text_version (work_key, digest, body, seen_at) VALUES (3, 'd', x'00112233', 1)"
    db.run_sync(lambda c: c.exec_driver_sql(sql))
    away(db, 3, "deleted", NOW + DAY)
    [survivor] = only_here(db).newest
    assert (survivor.medium, survivor.id, survivor.files, survivor.bytes) == ("novel", 1, 0, 4)
    cover = "('work', 3, 'cover', 0, '', 'u', '7/c', 'stored', 1, 1, 5)"
    columns = "(owner_kind, owner_id, role, idx, version, url, path, state, priority, first_seen, size)"
    db.run_sync(lambda c: c.exec_driver_sql(f"INSERT INTO media {columns} VALUES {cover}"))
    [survivor] = only_here(db).newest
    assert (survivor.files, survivor.bytes) == (1, 9)
    copies = db.read_sync(drift._copies_of_works, [3])[3], db.read_sync(drift._copy_of_user, 7)
    assert [(copy.files, copy.bytes) for copy in copies] == [(survivor.files, survivor.bytes)] * 2


def test_users_who_left_are_named_with_what_they_left(db: Database):
    page = works(illust(1), illust(2), illust(3, owner=user(8)))
    db.run_sync(record_works, seen(), page, {})
    store_all(db)
    db.run_sync(move, "user", [Move(7, "user_gone", "profile: 404", ME)], NOW + DAY)
    db.run_sync(leavers.left, ME, 7, "user_gone", "profile: 404", NOW, NOW + DAY)
    [left] = only_here(db).users
    assert (left.id, left.name, left.state, left.since) == (7, "artist 7", "user_gone", NOW + DAY)
    assert (left.works, left.files, left.bytes) == (2, 2, 200)
