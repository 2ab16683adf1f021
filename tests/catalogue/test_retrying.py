"""What was given up is asked for again at the user's word, and nothing else is."""

from pathlib import Path

import pytest
from sqlalchemy import update

from pixmirror.catalogue import chores, losses, migrate, queue
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.media import NOT_A_FILE, REPLACED
from pixmirror.catalogue.refs import parse_ref
from pixmirror.catalogue.schema import media, work
from pixmirror.errors import ConfigError
from pixmirror.ingest import retrying
from pixmirror.ingest.works import record_works
from pixmirror.models import Lane
from tests.catalogue.builders import DAY, NOW, illust, seen, works

STATES = ("failed", "gone", "damaged", "stored", "refused", "forgotten")
TOO_LARGE = "7/1_p0.png has more than the 9 bytes that mirror.max_file allows"


@pytest.fixture
def db(tmp_path: Path):
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as database:
        database.run_sync(record_works, seen(), works(*(illust(n) for n in range(1, 7))), {})
        for n, state in enumerate(STATES, start=1):
            database.run_sync(set_state, n * 2, state)
        yield database


def set_state(conn: Connection, key: int, state: str, error: str = "404") -> None:
    conn.execute(
        update(media).where(media.c.owner_id == key).values(state=state, error=error, attempts=8, due_at=NOW + DAY)
    )


def wanted(db: Database) -> set[int]:
    """Ids of the works whose files can be claimed."""
    return {item.work_id for item in db.run_sync(queue.claim, 99, NOW)}


@pytest.mark.parametrize(
    ("what", "expected"), [("failed", {1}), ("gone", {2}), ("damaged", {3}), ("too_large", set())]
)
def test_files_of_one_kind_are_asked_for_again(db: Database, what: str, expected: set[int]) -> None:
    assert db.run_sync(retrying.again, None, what, NOW).files == len(expected)
    assert wanted(db) == expected


def test_a_kind_that_there_is_not_is_refused(db: Database) -> None:
    with pytest.raises(ConfigError):
        db.run_sync(retrying.again, None, "stored", NOW)


def test_of_a_user_everything_that_was_given_up_is_asked_for_and_nothing_else(db: Database) -> None:
    assert db.run_sync(retrying.again, parse_ref("user:7"), None, NOW).files == 3
    assert wanted(db) == {1, 2, 3}


@pytest.mark.parametrize("ref", ["1", "2", "3"])
def test_a_work_has_its_files_back(db: Database, ref: str) -> None:
    asked = db.run_sync(retrying.again, parse_ref(ref), None, NOW)
    assert (asked.files, asked.questions) == (1, 0)
    assert wanted(db) == {int(ref)}


def test_a_work_that_is_not_here_is_said_to_be_unknown(db: Database) -> None:
    assert not db.run_sync(retrying.again, parse_ref("99"), None, NOW).is_known


def test_a_work_whose_state_is_not_live_is_asked_about(db: Database) -> None:
    db.run_sync(lambda c: c.execute(update(work).where(work.c.work_key == 2).values(state="gone")))
    assert db.run_sync(retrying.again, parse_ref("1"), None, NOW).questions == 1
    [chore] = db.read_sync(chores.due, NOW, 9, [Lane.RETRY])
    assert (chore.kind, chore.key) == ("detail", 2)


def test_questions_that_failed_and_wait_are_due_at_once(db: Database) -> None:
    for key in (2, 4):
        db.run_sync(chores.add, "detail", key, Lane.RETRY, NOW)
        db.run_sync(chores.postpone, "detail", key, NOW + 30 * DAY, "503")
    assert db.run_sync(retrying.again, parse_ref("1"), None, NOW).questions == 1
    assert [c.key for c in db.read_sync(chores.due, NOW, 9, [Lane.RETRY])] == [2]
    assert db.run_sync(retrying.again, None, "failed", NOW).questions == 1
    assert {c.key for c in db.read_sync(chores.due, NOW, 9, [Lane.RETRY])} == {2, 4}


def test_a_raised_limit_brings_back_what_it_refused_and_nothing_else_does(db: Database) -> None:
    db.run_sync(retrying.use_limit, 9)
    db.run_sync(set_state, 2, "failed", TOO_LARGE)
    for limit, files in ((9, 0), (8, 0), (10, 1), (10, 0)):
        assert db.run_sync(retrying.use_limit, limit) == files
    db.run_sync(set_state, 2, "failed", TOO_LARGE)
    assert db.run_sync(retrying.use_limit, 0) == 1
    assert db.run_sync(retrying.use_limit, 0) == 0


def test_what_was_too_large_is_left_by_failed_and_taken_by_its_own_name(db: Database) -> None:
    db.run_sync(set_state, 2, "failed", TOO_LARGE)
    assert db.run_sync(retrying.again, None, "failed", NOW).files == 0
    assert db.run_sync(retrying.again, None, "too_large", NOW).files == 1


@pytest.mark.parametrize("ref", [None, "9"])
def test_a_work_of_which_pages_lack_is_asked_about_at_once(db: Database, ref: str | None) -> None:
    db.run_sync(record_works, seen(), works(illust(9, pages=2, page_count=3)), {})
    assert db.read_sync(chores.find, "detail", 18, NOW) is None
    if ref is None:
        asked = db.run_sync(retrying.again, None, "failed", NOW)
    else:
        asked = db.run_sync(retrying.again, parse_ref(ref), None, NOW)
    assert asked.questions == 1
    assert db.read_sync(chores.find, "detail", 18, NOW) is not None


def test_what_older_versions_gave_up_is_asked_for_once_more_and_gently(db: Database, rows) -> None:
    """1 failed, 2 gone, 3 damaged, 4 stored, 5 refused, 6 forgotten."""
    db.run_sync(record_works, seen(), works(*(illust(n) for n in range(7, 10))), {})
    db.run_sync(set_state, 14, "failed", NOT_A_FILE)
    db.run_sync(set_state, 16, "gone", REPLACED)
    db.run_sync(set_state, 18, "gone")
    with_kind = {"url": "https://i.pximg.net/img-original/img/2020/01/02/03/04/05/7_p0.avif", "path": ""}
    db.run_sync(lambda c: c.execute(update(media).where(media.c.owner_id == 14).values(**with_kind)))
    db.run_sync(lambda c: c.execute(update(media).where(media.c.state == "damaged").values(due_at=0)))
    db.run_sync(lambda c: c.execute(update(work).where(work.c.work_key == 18).values(state="deleted")))
    assert db.run_sync(retrying.once_more, NOW) == 3
    found = rows("SELECT owner_id / 2 AS id, due_at, path FROM media WHERE state = 'waiting' ORDER BY id")
    assert [(r["id"], r["path"]) for r in found] == [(2, "7/2_p0.png"), (3, "7/3_p0.png"), (7, "7/7_p0.avif")]
    assert sorted(r["due_at"] - NOW for r in found) == [0, 60_000, 120_000]
    db.run_sync(set_state, 4, "gone")
    assert db.run_sync(retrying.once_more, NOW) == 0


def test_of_several_works_it_is_counted_for_how_many_something_was_asked(db: Database) -> None:
    refs = [parse_ref(ref) for ref in ("1", "2", "4", "99")]
    assert db.run_sync(retrying.several, refs, NOW) == 2
    assert wanted(db) == {1, 2}


def test_a_lost_file_is_coming_only_while_it_is_asked_for(db: Database) -> None:
    def move(conn: Connection, state: str) -> None:
        conn.execute(update(media).where(media.c.owner_id == 8).values(state=state, sha256="a" * 64))

    db.run_sync(move, "wanted")
    db.run_sync(losses.note, NOW)
    assert db.read_sync(losses.noted) == losses.Noted(1, ())
    db.run_sync(move, "refused")  # its job is gone from the configuration
    assert db.read_sync(losses.noted) == losses.Noted(0, ())
    db.run_sync(move, "failed")
    assert db.read_sync(losses.noted) == losses.Noted(0, (8,))
