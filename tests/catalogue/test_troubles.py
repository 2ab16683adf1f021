"""A mirror with one trouble alone: one sentence that is true, names the thing, and says what to do or when."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from pixmirror.catalogue import clocks, endpoints, runs
from pixmirror.catalogue.database import Database
from pixmirror.daemon.trouble import Troubles
from pixmirror.errors import (
    CatalogueError,
    Challenge,
    DiskFull,
    PixmirrorError,
    ServerError,
    StorageAbsent,
    TokenRejected,
    Unreachable,
)
from pixmirror.ingest.works import record_works
from pixmirror.reports import troubles
from pixmirror.reports.queries import status
from pixmirror.reports.troubles import Trouble
from tests.catalogue.builders import DAY, HOUR, NOW, illust, seen, works

MINUTE = 60_000


def sql(statement: str, **values: Any) -> Callable[[Connection], Any]:
    return lambda conn: conn.execute(text(statement), values)


def meta(key: str, value: Any) -> Callable[[Connection], Any]:
    return lambda conn: runs.set_meta(conn, key, json.dumps(value))


def a_feed(**more: Any) -> Callable[[Connection], Any]:
    row = {"due": NOW + HOUR, "failures": 3, "error": "GET /v1/user/illusts: 500", "marks": "{}"} | more
    return sql(
        "INSERT INTO feed (account_id, endpoint, params, job, lane, due_at, failures, error, marks) "
        "VALUES (99, 'user/illusts', '{\"user_id\"\\:7}', 'j', 3, :due, :failures, :error, :marks)", **row,
    )  # fmt: skip


def a_file(state: str, error: str, due: int = 0) -> Callable[[Connection], Any]:
    return sql("UPDATE media SET state = :s, error = :e, due_at = :d, attempts = 3", s=state, e=error, d=due)


BRAKE = {"since": NOW, "count": 9, "live": 20, "states": {"gone": 9}, "why": "many"}
CUT = json.dumps({"cut": {"why": "Pixiv shows only the first 5000 of this list", "at": NOW}})
CIRCLE = json.dumps({"cut": {"why": "the list circles", "at": NOW}, "tried": {"started": NOW, "at": NOW}})
BROKEN = (
    "INSERT INTO broken (endpoint, path, reason, raw, digest, first_seen, last_seen) "
    "VALUES ('/v1/user/illusts', 'illusts[3]', 'id: not a number', '{}', 'd', 1, 1)"
)
# What is wrong: how it comes to stand in the catalogue, its cause, and words of its sentence.
KINDS: dict[str, tuple[Callable[[Connection], Any], str, tuple[str, ...], bool]] = {
    "Pixiv limits us": (meta("pacer", {"cooldown_until": NOW + HOUR}), "limited", ("fewer requests",), False),
    "the image host limits us": (
        meta("image_budget", {"cooldown_until": NOW + HOUR}), "limited", ("image host", "until"), False,
    ),
    "a list fails": (a_feed(), "list", ("artist 7 (user:7)", "500", "Next try"), False),
    "an endpoint is removed": (
        a_feed(error="GET /v1/user/illusts: Pixiv has no such endpoint (404)."), "endpoint",
        ("/v1/user/illusts", "newer pixmirror"), False,
    ),
    "a question fails": (
        sql("INSERT INTO chore (kind, key, lane, due_at, attempts, error) VALUES ('detail', 2, 2, :d, 4, '500')",
            d=NOW + HOUR),
        "question", ("details of 1 ", "500", "Next try"), False,
    ),
    "a file fails": (a_file("waiting", "500 again", NOW + HOUR), "file", ("Page 1 of 1 ", "Next try"), False),
    "a file is given up": (a_file("failed", "too large"), "file", ("Page 1 of 1 ", "pixmirror retry"), False),
    "a file is too large": (
        a_file("failed", "more than mirror.max_file allows"), "file", ("Page 1 of 1 ", "raise mirror.max_file"),
        False,
    ),
    "a page lacks in the answer": (
        sql("UPDATE media SET state = 'failed', url = '', path = '', error = 'no original'"), "file",
        ("Page 1 of 1 could not be had", "pixmirror retry 1"), False,
    ),
    "a file is damaged": (a_file("damaged", "no JPEG", NOW + DAY), "damaged", ("Page 1 of 1 ", "at Pixiv"), True),
    "rows have rotted": (
        sql("INSERT INTO finding VALUES ('rows', 'comment 0-9', 'rotten', 'not as written', 1, 1)"), "rot",
        ("The catalogue is damaged: comment 0-9", "pixmirror help verify"), False,
    ),
    "files cannot be read": (
        sql("INSERT INTO finding VALUES ('file', '7/1_p0.png', 'unreadable', 'I/O error', 1, 1)"), "rot",
        ("Stored files cannot be read: 7/1_p0.png", "pixmirror verify"), False,
    ),
    "an item is unreadable": (sql(BROKEN), "unread", ("/v1/user/illusts", "not a number"), False),
    "a list is capped": (a_feed(failures=0, error=None, due=None, marks=CUT), "capped", ("user:7", "5000"), True),
    "a list leads nowhere": (
        a_feed(failures=0, error=None, due=None, marks=CIRCLE), "list", ("user:7", "circles", "again"), False,
    ),
    "a day of a ranking fails": (
        sql("INSERT INTO chore (kind, key, lane, due_at, error) VALUES ('ranking', 0, 3, :d, :e)",
            d=NOW + HOUR, e="illust day 2023-11-10: 500"),
        "question", ("Rankings of earlier days", "illust day 2023-11-10", "Next try"), False,
    ),
    "the brake holds": (meta("brake:work", BRAKE), "brake", ("9 of 20", "gone --accept work"), False),
    "the clock is behind": (
        meta(clocks.BEHIND, {"now": NOW, "latest": NOW + 99 * DAY}), "clock", ("Set the clock", "2024-02"), False,
    ),
    "the clock was ahead": (
        meta(clocks.SET_BACK, {"at": NOW - HOUR, "by": 3650 * DAY}), "clock", ("3,650 days ahead",), True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_one_trouble_alone_is_one_sentence_and_data(db: Database, kind: str):
    prepare, cause, words, explained = KINDS[kind]
    db.run_sync(record_works, seen(), works(illust(1)), {})
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE media SET state = 'stored', stored_at = 1"))
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    healthy = db.read_sync(status, NOW)
    assert (healthy.healthy, healthy.troubles) == (True, ())
    db.run_sync(prepare)
    found = db.read_sync(status, NOW)
    [one] = found.troubles
    assert (one.cause, one.explained) == (cause, explained)
    assert one.thing
    [sentence] = found.notes if explained else found.problems
    assert all(word in sentence for word in words), sentence
    assert found.healthy == explained


STANDING: dict[str, tuple[PixmirrorError, str, str]] = {
    "login": (TokenRejected("Pixiv does not accept the refresh token."), "the Pixiv login", "pixmirror login"),
    "pixiv": (Unreachable("app-api.pixiv.net: no answer."), "Pixiv", "Check the network"),
    "images": (ServerError("i.pximg.net answers 503 to everything."), "the image host", "503"),
    "storage": (DiskFull("/media has 1 GiB free."), "the media folder", "Free some space"),
    "catalogue": (CatalogueError("The catalogue cannot be written."), "the catalogue", "written"),
}


@pytest.mark.parametrize("cause", STANDING)
def test_what_stopped_a_sync_is_told_by_status_after_it(db: Database, cause: str):
    error, thing, words = STANDING[cause]
    standing = Troubles()
    standing.add(cause, error, NOW)
    db.run_sync(troubles.keep, standing.as_data(NOW))
    [one] = db.read_sync(troubles.kept)
    assert (one.cause, one.thing) == (cause, thing)
    found = db.read_sync(status, NOW, told=[one])
    [sentence] = found.problems
    assert words in sentence
    assert str(error) in sentence
    db.run_sync(troubles.keep, ())
    assert db.read_sync(troubles.kept) == ()


def test_a_challenge_and_absent_storage_say_what_to_do():
    for error, words in (
        (Challenge("A captcha came."), "Open Pixiv in a browser"),
        (StorageAbsent("/mnt/nas is not there."), "Mount the media folder"),
    ):
        standing = Troubles()
        standing.add("pixiv", error, NOW)
        [one] = standing.as_data(NOW)
        assert words in str(one)


@pytest.mark.parametrize("role", ["page", "ugoira", "frame", "cover", "embed"])
def test_a_file_of_any_role_that_failed_is_told(db: Database, role: str):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    failed = "UPDATE media SET state = 'failed', error = 'too large', role = :role"
    db.run_sync(lambda conn: conn.execute(text(failed), {"role": role}))
    assert any(one.thing.startswith(role) for one in db.read_sync(troubles.known, NOW))


def test_a_removed_endpoint_is_told_once_for_all_that_waits_for_it(db: Database):
    reason = "GET /v1/user/illusts: Pixiv has no such endpoint (404)."
    db.run_sync(a_feed(error=reason))
    for _ in range(2):
        db.run_sync(endpoints.refused, "user/illusts", reason, NOW)
    [one] = db.read_sync(troubles.known, NOW)
    assert (one.cause, one.next_at) == ("endpoint", NOW + 3_600_000)


def test_many_of_one_kind_are_one_sentence():
    one = Trouble("file", "page 0 of 1", "Page 1 of 1 is not here yet", next_at=NOW)
    assert str(one).startswith("Page 1 of 1 is not here yet. Next try: 2023-11-14")


@pytest.mark.parametrize(
    "saved",
    ["{}", '{"cooldown_until": "x"}', '{"cooldown_until": 1}', '{"cooldown_until": 99999999999999}'],
)
def test_a_pause_that_is_over_or_never_was_is_no_trouble(db: Database, saved: str):
    db.run_sync(runs.set_meta, "pacer", saved)
    assert db.read_sync(troubles.known, NOW) == ()


@pytest.mark.parametrize("saved", ["", "{", "[]", '{"warned_at": "soon"}'])
def test_a_saved_pace_that_cannot_be_read_is_told_as_a_warning(db: Database, saved: str):
    db.run_sync(runs.set_meta, "pacer", saved)
    [one] = db.read_sync(troubles.known, NOW)
    assert (one.cause, "cannot be read" in one.says, "1970" in str(one)) == ("warning", True, False)
    assert "`pixmirror resume --warning-read`" in one.do
