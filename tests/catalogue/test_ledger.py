"""The ledger: what is seen of works and users over time, what is asked again and when."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixmirror.catalogue import chores, feeds
from pixmirror.catalogue.database import Database
from pixmirror.ingest.people import record_profile, record_user_state, record_users
from pixmirror.ingest.works import record_works
from pixmirror.ledger import absent, agenda, leavers, moves
from pixmirror.ledger.sightings import record_state, verdict
from pixmirror.models import Lane, Received, State, User, UserDetail
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, novel, seen, stub, user, works

Rows = Callable[..., list[dict[str, Any]]]
MINUTE = 60_000
TODAY = "2023-11-14T20:00:00+00:00"  # two hours before NOW


def detail_due(rows: Rows, key: int) -> tuple[int, int]:
    [row] = rows("SELECT due_at, lane FROM chore WHERE kind = 'detail' AND key = ?", key)
    return row["due_at"] - NOW, row["lane"]


def look(db: Database, key: int, create_date: int | None, age: int) -> tuple[int, int]:
    _, lane, due = db.read_sync(agenda.next_look, key, create_date, NOW, NOW + age)
    return due - NOW, int(lane)


# -- stubs -----------------------------------------------------------------------------------------------------


def test_a_young_stub_is_asked_for_after_minutes(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(10, create_date=TODAY), illust(30), stub(11)), {})
    assert detail_due(rows, 22) == (10 * MINUTE, Lane.RETRY)
    looks = [0, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 180 * DAY, 360 * DAY]
    found = [look(db, 22, None, age) for age in looks]
    assert [due for due, _ in found] == [*looks[1:], 540 * DAY]
    assert [lane for _, lane in found] == [Lane.RETRY] * 3 + [Lane.REFRESH] * 6


def test_an_old_stub_is_asked_for_rarely(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(10), illust(30, create_date=TODAY), stub(11)), {})
    assert detail_due(rows, 22) == (30 * DAY, Lane.REFRESH)
    assert [look(db, 22, None, n * DAY)[0] // DAY for n in (30, 180, 359, 360)] == [180, 360, 360, 540]


def test_a_stub_above_all_that_is_known_counts_as_young(db: Database):
    db.run_sync(record_works, seen(), works(illust(10)), {})
    assert look(db, 22, None, 0) == (10 * MINUTE, Lane.RETRY)
    assert look(db, 23, None, 0) == (10 * MINUTE, Lane.RETRY), "novels have ids of their own"


def test_a_work_that_is_hidden_is_looked_at_a_day_later(db: Database, rows: Rows):
    db.run_sync(record_works, seen(NOW - DAY), works(*(illust(n) for n in range(1, 5))), {})
    db.run_sync(record_works, seen(), works(stub(1, "limit_sanity_level"), stub(2)), {})
    assert detail_due(rows, 2) == (DAY, Lane.REFRESH)
    assert detail_due(rows, 4) == (0, Lane.REFRESH), "the placeholder of what is gone: its detail tells"
    db.run_sync(record_works, seen(NOW + HOUR), works(illust(1)), {})
    assert rows("SELECT state FROM work WHERE work_key = 2") == [{"state": "live"}]


def test_a_page_full_of_stubs_asks_for_nothing(db: Database, rows: Rows):
    db.run_sync(record_works, seen(NOW - DAY), works(*(illust(n) for n in range(1, 20))), {})
    db.run_sync(record_works, seen(), works(*(stub(n, "limit_sanity_level") for n in range(1, 20))), {})
    assert rows("SELECT 1 FROM chore WHERE kind = 'detail'") == []


# -- what moves, and what does not -----------------------------------------------------------------------------


@settings(deadline=None)
@given(st.sampled_from(State), st.sampled_from(State), st.integers(0, 3 * DAY))
def test_good_news_is_believed_at_once_and_bad_news_of_what_is_live_never(old: State, new: State, age: int):
    found = verdict(old, new, NOW - age, NOW)
    if new is old or new is State.UNKNOWN:
        assert found == "no"
    elif new is State.LIVE:
        assert found == "move"
    elif old is State.LIVE:
        assert found == ("doubt" if age >= DAY else "no")
    if new is State.GONE and old in (State.DELETED, State.PRIVATE, State.MYPIXIV, State.USER_GONE):
        assert found == "no", "a 404 knows less"


def test_a_guess_between_denials_does_not_hold_them_up(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    for hours in range(0, 30, 6):
        db.run_sync(record_state, seen(NOW + hours * HOUR), 2, State.GONE, "detail: 404")
        db.run_sync(record_works, seen(NOW + hours * HOUR + 1), works(stub(1)), {})
    assert [r["state"] for r in rows("SELECT state FROM doubt")] == ["gone"]
    assert [r["state"] for r in rows("SELECT state FROM sighting WHERE owner_id = 2")] == ["live", "gone"]


def test_a_placeholder_says_more_than_a_404(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    for hours in (0, 12, 24, 36):
        db.run_sync(record_state, seen(NOW + hours * HOUR), 2, State.GONE, "detail: 404")
        db.run_sync(record_works, seen(NOW + hours * HOUR + 1), works(stub(1, "limit_mypixiv", restrict=1)), {})
    assert [r["state"] for r in rows("SELECT state FROM doubt")] == ["mypixiv"]


def test_a_page_with_nothing_in_doubt_costs_no_statement_more(db: Database):
    page = works(*(illust(n) for n in range(1, 31)))
    db.run_sync(record_works, seen(), page, {})
    asked: list[str] = []

    def listen(conn: Any) -> None:
        conn.connection.dbapi_connection.set_trace_callback(asked.append)
        record_works(conn, replace(seen(NOW + HOUR), endpoint="list"), page, {})
        conn.connection.dbapi_connection.set_trace_callback(None)

    db.run_sync(listen)
    mine = [sql for sql in asked if "doubt" in sql or "state_change" in sql]
    assert len(mine) == 1, "users are looked up together with their doubts"
    assert mine[0].lstrip().startswith("SELECT")


# -- users -----------------------------------------------------------------------------------------------------


def profile(user_id: int, **totals: int) -> Received[UserDetail]:
    raw = {"user": user(user_id, comment=""), "profile": totals}
    return Received(UserDetail.model_validate(raw), raw)


def is_gone(db: Database, user_id: int, now: int) -> None:
    db.run_sync(moves.move, "user", [moves.Move(user_id, "user_gone", "profile: 404", ME)], now)
    db.run_sync(leavers.left, ME, user_id, "user_gone", "profile: 404", now, now)


def test_each_face_of_a_user_is_kept(db: Database, rows: Rows):
    for name, at in (("a", 0), ("a", 1), ("b", 2), ("a", 3)):
        db.run_sync(record_users, seen(NOW + at), [User.model_validate(user(1, name=name))])
    kept = rows("SELECT endpoint, seen_at FROM payload WHERE owner_kind = 'user'")
    assert kept == [{"endpoint": "list", "seen_at": NOW + at} for at in (0, 2, 3)]


def test_a_profile_tells_the_number_of_public_bookmarks(db: Database, rows: Rows):
    db.run_sync(record_profile, seen(), profile(1, total_illust_bookmarks_public=12))
    db.run_sync(record_profile, seen(), profile(1, total_illusts=3))
    assert rows("SELECT total_bookmarks_public, total_illusts FROM user") == [
        {"total_bookmarks_public": 12, "total_illusts": 3}
    ]


def test_who_was_listed_between_two_denials_is_not_in_doubt(db: Database, rows: Rows):
    db.run_sync(record_users, seen(), [User.model_validate(user(1))])
    for at in (HOUR, 2 * HOUR, DAY + 3 * HOUR):
        db.run_sync(record_user_state, seen(NOW + at), 1, State.USER_GONE, "profile: 404")
        if at == 2 * HOUR:
            db.run_sync(record_users, seen(NOW + 3 * HOUR), [User.model_validate(user(1))])
    assert rows("SELECT 1 FROM doubt") == []
    db.run_sync(record_user_state, seen(NOW + 3 * DAY), 1, State.USER_GONE, "profile: 404")
    assert [r["owner_kind"] for r in rows("SELECT owner_kind FROM doubt")] == ["user"]
    db.run_sync(record_users, seen(NOW + 4 * DAY), [User.model_validate(user(1))])
    assert rows("SELECT 1 FROM doubt") == []


def test_nothing_more_is_asked_of_who_left_but_their_profile(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(1), novel(2), illust(3, owner=user(8))), {})
    for user_id in (7, 8):
        params = [{"user_id": user_id}]
        db.run_sync(feeds.open_feeds, ME, "user/illusts", params, job="following", lane=3, due_at=NOW)
    for key in (2, 5, 6):
        db.run_sync(chores.add, "detail", key, 5, NOW)
    is_gone(db, 7, NOW + HOUR)
    left = rows("SELECT kind, key, due_at FROM chore WHERE kind IN ('detail', 'text', 'profile') ORDER BY key")
    assert left == [
        {"kind": "detail", "key": 6, "due_at": NOW},
        {"kind": "profile", "key": 7, "due_at": NOW + HOUR + DAY},
    ]
    due = db.read_sync(feeds.due_feeds, ["following"], NOW + 999 * DAY, 9)
    assert [f.params["user_id"] for f in due] == [8]


def test_the_profile_is_asked_for_more_and_more_rarely(db: Database):
    at, asked = NOW, []
    for _ in range(5):
        at = leavers.next_profile(NOW, at)
        asked.append((at - NOW) // DAY)
    assert asked == [1, 7, 37, 67, 97]


def test_who_comes_back_is_read_again_whole(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    params = [{"user_id": 7}]
    db.run_sync(feeds.open_feeds, ME, "user/illusts", params, job="following", lane=3, due_at=NOW)
    is_gone(db, 7, NOW + HOUR)
    back = NOW + 9 * DAY
    db.run_sync(record_profile, seen(back), profile(7))
    assert rows("SELECT state FROM user") == [{"state": "live"}]
    assert db.read_sync(feeds.due_feeds, ["following"], back, 9)
    db.run_sync(record_works, seen(back + HOUR), works(illust(1)), {})
    states = rows("SELECT work_key, state FROM work ORDER BY 1")
    assert [r["state"] for r in states] == ["live", "user_gone"]
    assert db.run_sync(absent.ask_about_absent, ME, 7, "illust", back + 1, back + 2 * HOUR) == 1
    db.run_sync(record_state, seen(back + 3 * HOUR), 4, State.GONE, "detail: 404")
    assert rows("SELECT state FROM work WHERE work_key = 4") == [{"state": "gone"}]
    moved = rows("SELECT state FROM state_change WHERE owner_kind = 'work' AND owner_id = 4 ORDER BY id")
    assert [r["state"] for r in moved] == ["user_gone", "gone"]


def test_works_denied_in_the_days_when_their_user_left_went_with_them(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(1), illust(2), illust(3)), {})
    db.run_sync(moves.move, "work", [moves.Move(2, "gone", "detail: 404", ME)], NOW + DAY)
    db.run_sync(moves.move, "work", [moves.Move(4, "gone", "detail: 404", ME)], NOW + 50 * DAY)
    db.run_sync(leavers.left, ME, 7, "user_gone", "profile: 404", NOW + 51 * DAY, NOW + 53 * DAY)
    assert [r["state"] for r in rows("SELECT state FROM work ORDER BY work_key")] == [
        "gone",
        "user_gone",
        "user_gone",
    ]


def test_suspended_is_known_better_than_gone(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    is_gone(db, 7, NOW)
    db.run_sync(record_user_state, seen(NOW + DAY), 7, State.USER_SUSPENDED, "web: 403")
    for days in (2, 4):
        db.run_sync(record_user_state, seen(NOW + days * DAY), 7, State.USER_GONE, "profile: 404")
    assert rows("SELECT state, evidence FROM user") == [{"state": "user_suspended", "evidence": "web: 403"}]
    assert rows("SELECT state FROM work") == [{"state": "user_suspended"}]


def test_after_three_refusals_the_user_is_asked_about_and_the_rest_waits(db: Database, rows: Rows):
    db.run_sync(record_works, seen(), works(*(illust(n) for n in range(1, 9))), {})
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    for n in range(1, 9):
        db.run_sync(chores.add, "detail", 2 * n, 5, NOW)
    refused = [db.run_sync(leavers.refused, 7, NOW + n) for n in range(4)]
    assert refused == [False, False, True, True]
    asked = {(c["kind"], c["due_at"], c["lane"]) for c in rows("SELECT kind, due_at, lane FROM chore")}
    assert asked == {("profile", NOW + 2, Lane.RETRY), ("detail", NOW + DAY + 3, Lane.REFRESH)} or asked == {
        ("profile", NOW + 2, Lane.RETRY),
        ("detail", NOW + DAY + 2, Lane.REFRESH),
    }
    assert db.run_sync(leavers.forget_refusals, NOW + HOUR) == 0
    assert db.run_sync(leavers.forget_refusals, NOW + 2 * DAY) == 1


# -- absent from a full pass -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "first", "profile_asked"), [(9, 1, False), (6, 4, False), (2, 3, False), (0, 0, True)]
)
def test_what_a_full_pass_does_not_show_is_asked_for(
    db: Database, rows: Rows, shown: int, first: int, profile_asked: bool
):
    every = [illust(n) for n in range(1, 11)]
    db.run_sync(record_works, seen(), works(*every), {})
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    start = NOW + DAY
    if shown:
        db.run_sync(record_works, seen(start), works(*every[:shown]), {})
        db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    assert db.run_sync(absent.ask_about_absent, ME, 7, "illust", start, start) == 10 - shown
    found = rows("SELECT kind, due_at, lane FROM chore ORDER BY due_at")
    details = [c for c in found if c["kind"] == "detail"]
    assert len(details) == 10 - shown
    assert {c["lane"] for c in details} <= {Lane.REFRESH}
    assert len([c for c in details if c["due_at"] <= start]) == first
    assert bool([c for c in found if c["kind"] == "profile"]) == profile_asked
    assert rows("SELECT DISTINCT state FROM work") == [{"state": "live"}]


def test_a_work_that_is_listed_again_needs_no_question(db: Database):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    assert not db.read_sync(absent.is_back, ME, 2, NOW + 1)
    db.run_sync(record_works, seen(NOW + HOUR), works(illust(1)), {})
    assert db.read_sync(absent.is_back, ME, 2, NOW + 1)
