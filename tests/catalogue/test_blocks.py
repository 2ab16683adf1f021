"""Rows that never change are told from rotten ones, and what is changed on purpose is no finding."""

import random
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from pixmirror.catalogue import blocks, clocks, soundness
from pixmirror.catalogue.database import Connection, Database
from pixmirror.ingest import forgetting
from pixmirror.ingest.comments import record_comments
from pixmirror.ingest.forgetting import Target
from pixmirror.ingest.garbled import ask_again
from pixmirror.ingest.works import record_works
from tests.catalogue.builders import DAY, NOW, comment, comments, illust, seen, user, works


def proved(db: Database, room: str, now: int = NOW) -> tuple[int, list[tuple[int, int]]]:
    """Prove a whole table. Return how many rows it has, and the blocks that are bad."""
    at: int | None = 0
    count, bad = 0, list[tuple[int, int]]()
    while at is not None:

        def step(conn: Connection, at: int = at) -> blocks.Proved:
            found = blocks.prove(conn, room, at, now)
            blocks.keep(conn, room, found)
            return found

        found = db.run_sync(step)
        count, bad, at = count + found.rows, bad + [(b.first, b.last) for b in found.bad], found.next
    return count, bad


def spoil(db: Database, sql: str, *parameters: object) -> None:
    """Change a row as the disk would: nobody is told."""
    assert db.run_sync(lambda c: c.exec_driver_sql(sql, parameters)).rowcount == 1


@pytest.fixture
def full(db: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(blocks, "SIZE", 3)
    monkeypatch.setattr(blocks, "STEP", 2)
    db.run_sync(record_works, seen(), works(*(illust(n, owner=user(7)) for n in range(1, 12))), {})
    db.run_sync(record_comments, seen(), 2, comments(*(comment(n, user=user(50 + n)) for n in range(10, 30, 2))))
    for room in blocks.ROOMS:
        assert proved(db, room)[1] == []
    return db


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE payload SET owner_id = 99 WHERE id = 5",
        "UPDATE payload SET body = zeroblob(9) WHERE id = 5",
        "DELETE FROM payload WHERE id = 5",
        "UPDATE comment SET comment = comment || 'x' WHERE comment_key = 28",
        "UPDATE comment SET comment = CAST(x'ff' AS TEXT) WHERE comment_key = 28",
        "UPDATE comment SET user_id = user_id + 1 WHERE comment_key = 28",
        "UPDATE sighting SET state = 'gone' WHERE id = 5",
    ],
)
def test_a_row_that_nobody_changed_is_found_again_and_again(full: Database, sql: str) -> None:
    spoil(full, sql)
    room = sql.split()[2 if sql.startswith("DELETE") else 1]
    first, again = proved(full, room)[1], proved(full, room)[1]
    key = 28 if room == "comment" else 5
    assert first == again
    assert [low <= key <= high for low, high in first] == [True]


def test_what_comes_in_or_moves_as_it_should_is_no_finding(full: Database) -> None:
    rng = random.Random(4)
    for turn in range(1, 12):
        now = NOW + turn * DAY
        ids = rng.sample(range(1, 60), 9)
        new = comments(*(comment(n, user=user(50 + n)) for n in ids))
        full.run_sync(record_comments, seen(now), 2, new)
        page = works(*(illust(n, title=f"turn {turn % 3}") for n in rng.sample(range(1, 40), 6)))
        full.run_sync(record_works, seen(now), page, {})
        if rng.random() < 0.7:
            assert {room: proved(full, room, now)[1] for room in blocks.ROOMS} == {
                room: [] for room in blocks.ROOMS
            }
    assert proved(full, "comment")[0] == full.read_sync(
        lambda c: c.exec_driver_sql("SELECT count(*) FROM comment").scalar_one()
    )


def test_who_is_forgotten_leaves_no_finding_and_what_rots_later_is_one(full: Database) -> None:
    for target in (Target("user", 7), Target("user", 60)):
        full.run_sync(forgetting.forget, target, NOW, 0)
    assert {room: proved(full, room)[1] for room in blocks.ROOMS} == {room: [] for room in blocks.ROOMS}
    # What they wrote comes back when they are forgotten no more.
    full.run_sync(forgetting.unforget, Target("user", 60), NOW)
    full.run_sync(record_comments, seen(NOW + 1), 2, comments(comment(10, user=user(60))))
    assert proved(full, "comment")[1] == []
    spoil(full, "UPDATE comment SET comment = 'another' WHERE comment_key = 20")
    assert len(proved(full, "comment")[1]) == 1


def test_rows_that_are_all_gone_can_be_accepted_as_lost(full: Database) -> None:
    full.run_sync(lambda c: c.exec_driver_sql("DELETE FROM payload WHERE id BETWEEN 4 AND 6"))
    assert proved(full, "payload")[1] == [(4, 6)]
    full.run_sync(lambda c: blocks.keep(c, "payload", blocks.prove(c, "payload", 0, NOW, believe=True)))
    assert proved(full, "payload")[1] == []


def drop(conn: Connection, *ids: int) -> None:
    for one in ids:
        conn.exec_driver_sql("DELETE FROM payload WHERE id = ?", (one,))
    blocks.changed(conn, "payload", ids)


def test_a_key_that_is_given_again_leaves_no_finding(full: Database) -> None:
    full.run_sync(drop, 20, 21)
    assert proved(full, "payload")[1] == []
    full.run_sync(drop, 22)
    full.run_sync(record_works, seen(NOW + 1), works(illust(50)), {})
    assert full.read_sync(lambda c: c.exec_driver_sql("SELECT max(id) FROM payload").scalar_one()) == 20
    assert proved(full, "payload")[1] == []


def test_a_pass_that_goes_on_inside_of_a_block_leaves_no_finding(full: Database) -> None:
    full.run_sync(drop, 5)
    full.run_sync(lambda c: blocks.changed(c, "payload", [7]))
    assert proved(full, "payload")[1] == []  # of what remains between, other blocks are made
    full.run_sync(lambda c: blocks.keep(c, "payload", blocks.prove(c, "payload", 7, NOW)))
    full.run_sync(drop, 7)
    assert proved(full, "payload")[1] == []


def test_a_clock_that_is_set_right_leaves_no_finding(full: Database) -> None:
    for part in full.read_sync(clocks.slices):
        full.run_sync(clocks.pull_back_past, part, NOW - DAY)
    assert proved(full, "sighting")[1] == []


def test_a_garbled_answer_is_named_asked_for_again_and_over_once_a_later_one_came(full: Database) -> None:
    spoil(full, "UPDATE payload SET body = x'789c00' WHERE id = 5")
    [found] = full.read_sync(soundness.garbled, "payload", 0, None)
    assert found.name.startswith("4: answer 5 (list)")
    full.run_sync(ask_again, "payload", [found], NOW)
    chores = full.read_sync(lambda c: c.exec_driver_sql("SELECT kind, key FROM chore").all())
    assert ("detail", 8) in [tuple(one) for one in chores]
    assert len(full.read_sync(soundness.garbled, "payload", 0, None)) == 1
    full.run_sync(record_works, seen(NOW + 1), works(illust(4)), {})
    assert full.read_sync(soundness.garbled, "payload", 0, None) == []
    assert proved(full, "payload")[1] == []


def test_a_text_is_compared_with_its_digest(full: Database) -> None:
    body = zlib.compress("本文".encode())
    insert = "INSERT INTO text_version (work_key, digest, body, seen_at) VALUES (2, ?, ?, 1)"
    full.run_sync(lambda c: c.exec_driver_sql(insert, ("0" * 64, body)))
    [found] = full.read_sync(soundness.garbled, "text_version", 0, None)
    assert (found.key, found.detail) == (2, "not as it was written")


def test_sqlite_itself_is_asked_about_keys_that_lead_nowhere(catalogue_path: Path) -> None:
    with closing(sqlite3.connect(catalogue_path)) as raw:
        raw.execute("INSERT INTO work_tag VALUES (1, 2, 0)")
        raw.commit()
    with Database.open(catalogue_path) as db:
        both = tuple(f"1 rows of work_tag name rows of {name} that are not there" for name in ("work", "tag"))
        assert sorted(db.read_sync(soundness.check_table, "work_tag")) == sorted(both)
        assert sorted(db.read_sync(soundness.check, quick=False)) == sorted(both)
        assert db.read_sync(soundness.check, quick=True) == ()
