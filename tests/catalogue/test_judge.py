"""The judge: what two sightings confirm is believed, but not all at once, nor while Pixiv denies everything."""

from collections.abc import Callable
from typing import Any

import pytest

from pixmirror.catalogue import chores, runs
from pixmirror.catalogue.database import Database
from pixmirror.ingest.comments import record_comments
from pixmirror.ingest.people import record_user_state
from pixmirror.ingest.works import record_works
from pixmirror.ledger import controls, file_doubts, judge, moves
from pixmirror.ledger.brake import FEW, Brake, brakes_on, troubles
from pixmirror.ledger.judge import Judged
from pixmirror.ledger.sightings import record_state
from pixmirror.models import State
from tests.catalogue.builders import DAY, HOUR, ME, NOW, comment, comments, illust, novel, seen, stub, user, works

Rows = Callable[..., list[dict[str, Any]]]
SHARE = 0.05
LATER = NOW + DAY


def know(db: Database, count: int, now: int = NOW, owner: Any = None) -> None:
    db.run_sync(record_works, seen(now), works(*(illust(n, owner=owner) for n in range(1, count + 1))), {})


def deny(db: Database, numbers: range, *times: int) -> None:
    for at in times:
        for n in numbers:
            db.run_sync(record_state, seen(at), 2 * n, State.GONE, "detail: 404")


def answers(db: Database, at: int, control: str = "control:detail:illust") -> None:
    db.run_sync(runs.set_meta, control, str(at))


def judged(db: Database, now: int, share: float = SHARE) -> Judged:
    return db.run_sync(judge.judge, now, share)


def gone(rows: Rows) -> int:
    return len(rows("SELECT 1 FROM work WHERE state = 'gone'"))


def test_a_few_move_when_something_else_answers(db: Database, rows: Rows):
    know(db, 20)
    deny(db, range(1, 4), NOW, LATER)
    answers(db, LATER)
    assert judged(db, LATER).moved == {}, "more of the same may be on its way"
    assert judged(db, LATER + HOUR).moved == {"work": 3}
    assert gone(rows) == 3
    moved = rows("SELECT owner_kind, owner_id, state, evidence, at FROM state_change ORDER BY owner_id")
    assert moved[0] == {
        "owner_kind": "work", "owner_id": 2, "state": "gone", "evidence": "detail: 404", "at": LATER + HOUR,
    }  # fmt: skip
    assert rows("SELECT 1 FROM doubt") == []


@pytest.mark.parametrize(
    ("known", "denied", "held"), [(20, 5, False), (20, 6, True), (200, 10, False), (200, 11, True)]
)
def test_more_than_a_share_of_them_moves_nothing(db: Database, rows: Rows, known: int, denied: int, held: bool):
    know(db, known)
    deny(db, range(1, denied + 1), NOW, LATER)
    answers(db, LATER)
    found = judged(db, LATER + HOUR)
    assert gone(rows) == (0 if held else denied)
    assert found.brakes == db.read_sync(brakes_on)
    expected = Brake("work", LATER + HOUR, denied, known, {"gone": denied})
    assert found.brakes == ((expected,) if held else ())


def test_those_of_the_last_day_count_too(db: Database, rows: Rows):
    know(db, 20)
    for n, hours in enumerate((0, 1, 2, 3, 4, 5), 1):
        deny(db, range(n, n + 1), NOW + hours * HOUR, LATER + hours * HOUR)
        answers(db, LATER + hours * HOUR)
        judged(db, LATER + (hours + 1) * HOUR)
    assert gone(rows) == 5
    assert [b.count for b in db.read_sync(brakes_on)] == [1]


def test_since_stays_and_the_brake_goes_when_all_were_seen_again(db: Database, rows: Rows):
    know(db, 20)
    deny(db, range(1, 11), NOW, LATER)
    answers(db, LATER)
    for hours in (1, 7):
        assert [b.since for b in judged(db, LATER + hours * HOUR).brakes] == [LATER + HOUR]
    know(db, 20, LATER + 8 * HOUR)
    assert judged(db, LATER + 9 * HOUR) == Judged({}, ())
    assert gone(rows) == 0


def test_what_is_left_when_the_brake_goes_is_asked_for_anew(db: Database, rows: Rows):
    know(db, 20)
    deny(db, range(1, 11), NOW, LATER)
    answers(db, LATER)
    judged(db, LATER + HOUR)
    know(db, 8, LATER + 2 * HOUR)
    back = LATER + 3 * HOUR
    assert judged(db, back) == Judged({}, ())
    assert rows("SELECT 1 FROM doubt") == []
    asked = db.read_sync(chores.due, back + HOUR, 99)
    assert {c.key for c in asked if c.kind == "detail"} >= {18, 20}
    deny(db, range(9, 11), back + 60_000)
    answers(db, back + 60_000)
    assert judged(db, back + 2 * HOUR).moved == {"work": 2}


def test_the_user_says_that_it_is_true(db: Database, rows: Rows):
    know(db, 20)
    deny(db, range(1, 11), NOW, LATER)
    answers(db, LATER)
    judged(db, LATER + HOUR)
    assert db.run_sync(judge.accept, "work", LATER + 2 * HOUR) == 10
    assert gone(rows) == 10
    assert db.read_sync(brakes_on) == ()
    deny(db, range(11, 13), LATER + HOUR, LATER + 26 * HOUR)
    answers(db, LATER + 26 * HOUR)
    assert judged(db, LATER + 27 * HOUR).moved == {"work": 2}, "what was accepted is no news"


def test_a_denial_beside_which_nothing_answers_is_not_believed(db: Database, rows: Rows):
    know(db, 20)
    deny(db, range(1, 3), NOW, LATER)
    [control] = [c for c in db.read_sync(chores.due, LATER, 99) if c.kind == "detail"]
    assert control.key not in (2, 4)
    assert [(b.why, b.count) for b in judged(db, LATER + HOUR).brakes] == [("blind", 2)]
    assert gone(rows) == 0
    # Pixiv answers again, days later: what was denied meanwhile has to be denied again.
    recovered = LATER + 3 * DAY
    answers(db, recovered)
    assert judged(db, recovered) == Judged({}, ())
    assert rows("SELECT 1 FROM doubt") == []
    assert {c.key for c in db.read_sync(chores.due, recovered + HOUR, 99)} >= {2, 4}
    deny(db, range(1, 3), recovered + HOUR)
    assert judged(db, recovered + 3 * HOUR).moved == {"work": 2}


def test_placeholders_are_believed_while_lists_show_something_else(db: Database, rows: Rows):
    know(db, 20)
    for at in (NOW, LATER):
        db.run_sync(record_works, seen(at), works(stub(1, "limit_sanity_level")), {})
    assert [b.why for b in judged(db, LATER + HOUR).brakes] == ["blind"]
    db.run_sync(record_works, seen(LATER + HOUR), works(illust(2)), {})
    judged(db, LATER + 2 * HOUR)
    db.run_sync(record_works, seen(LATER + 2 * HOUR), works(stub(1, "limit_sanity_level"), illust(2)), {})
    assert judged(db, LATER + 4 * HOUR).moved == {"work": 1}
    assert rows("SELECT state FROM work WHERE work_key = 2") == [{"state": "limited"}]


def test_a_placeholder_in_place_of_a_detail_is_believed_once_the_detail_of_another_work_came(
    db: Database, rows: Rows
):
    know(db, 20)
    for at in (NOW, LATER):
        db.run_sync(record_works, seen(at, endpoint="detail"), works(stub(1, "limit_sanity_level")), {})
    [control] = [c for c in db.read_sync(chores.due, LATER, 99) if c.kind == "detail"]
    assert control.key != 2
    answers(db, LATER)
    assert judged(db, LATER + HOUR).moved == {"work": 1}
    assert rows("SELECT state FROM work WHERE work_key = 2") == [{"state": "limited"}]


def test_a_doubt_that_nothing_can_prove_holds_nothing_but_itself(db: Database, rows: Rows):
    know(db, 20)
    db.run_sync(record_works, seen(), works(novel(500), novel(501)), {})
    for at in (NOW, LATER):
        db.run_sync(record_state, seen(at), 1001, State.GONE, "detail: 404")
    deny(db, range(1, 3), NOW, LATER)
    answers(db, LATER)  # details of illusts are answered, those of novels are not
    found = judged(db, LATER + HOUR)
    assert found.moved == {"work": 2}
    assert [(b.why, b.count, b.since) for b in found.brakes] == [("blind", 1, LATER + HOUR)]
    assert rows("SELECT owner_id FROM doubt") == [{"owner_id": 1001}]
    deny(db, range(3, 5), LATER + 2 * DAY, LATER + 3 * DAY)
    answers(db, LATER + 3 * DAY)
    found = judged(db, LATER + 3 * DAY + HOUR)
    assert found.moved == {"work": 2}
    assert [(b.why, b.count, b.since) for b in found.brakes] == [("blind", 1, LATER + HOUR)]
    # Novels are answered for again: this one must be denied anew before it is believed.
    answers(db, LATER + 4 * DAY, "control:detail:novel")
    assert judged(db, LATER + 4 * DAY + HOUR) == Judged({}, ())
    assert rows("SELECT owner_id FROM doubt") == []
    assert 1001 in {c.key for c in db.read_sync(chores.due, LATER + 5 * DAY, 99)}


def leave(db: Database, user_id: int, *times: int) -> None:
    for at in times:
        db.run_sync(record_user_state, seen(at), user_id, State.USER_GONE, "profile: 404")


def test_a_user_takes_their_works_along_and_counts_once(db: Database, rows: Rows):
    know(db, 30)
    db.run_sync(record_works, seen(), works(*(illust(n, owner=user(8)) for n in range(31, 40))), {})
    leave(db, 7, NOW, LATER)
    answers(db, LATER, controls.PROFILE)
    assert judged(db, LATER + HOUR).moved == {"user": 1}
    assert rows("SELECT state, count(*) AS n FROM work GROUP BY state ORDER BY state") == [
        {"state": "live", "n": 9},
        {"state": "user_gone", "n": 30},
    ]
    assert rows("SELECT DISTINCT evidence FROM work WHERE state = 'user_gone'") == [
        {"evidence": "user 7: profile: 404"}
    ]
    deny(db, range(31, 33), LATER, LATER + DAY)
    answers(db, LATER + DAY)
    assert judged(db, LATER + DAY + HOUR).moved == {"work": 2}


def test_works_of_a_user_who_does_not_answer_wait_for_their_user(db: Database, rows: Rows):
    know(db, 30)
    deny(db, range(1, 21), NOW, LATER)
    answers(db, LATER)
    leave(db, 7, NOW)
    assert judged(db, LATER + HOUR) == Judged({}, ())
    leave(db, 7, LATER)
    answers(db, LATER, controls.PROFILE)
    judged(db, LATER + 2 * HOUR)
    assert rows("SELECT DISTINCT state FROM work") == [{"state": "user_gone"}]


@pytest.mark.parametrize(
    ("state", "left"),
    [(State.GONE, {}), (State.LIMITED, dict.fromkeys(("ugoira", "comments", "replies"), LATER + HOUR + 30 * DAY))],
)
def test_nothing_more_is_asked_about_what_is_gone_and_what_is_hidden_rests(
    db: Database, rows: Rows, state: State, left: dict[str, int]
):
    know(db, 20)
    db.run_sync(record_comments, seen(), 2, comments(comment(1, has_replies=True)))
    db.run_sync(chores.add, "ugoira", 2, 1, NOW)
    db.run_sync(chores.add, "comments", 2, 1, NOW)
    db.run_sync(chores.add, "comments", 4, 1, NOW)
    db.run_sync(chores.postpone, "comments", 2, LATER, "404")
    db.run_sync(moves.move, "work", [moves.Move(2, state, "no", ME)], LATER + HOUR)
    found = rows("SELECT kind, due_at, attempts, error FROM chore WHERE key = 2 OR kind = 'replies'")
    assert {r["kind"]: r["due_at"] for r in found if r["kind"] != "detail"} == left
    assert not [r for r in found if r["attempts"] or r["error"]], "nothing of it is stuck"
    assert rows("SELECT 1 FROM chore WHERE kind = 'comments' AND key = 4")


def test_our_own_404_is_no_news_and_no_move(db: Database, rows: Rows):
    know(db, 1, owner=user(ME))
    leave(db, ME, NOW, LATER)
    answers(db, LATER, controls.PROFILE)
    assert judged(db, LATER + HOUR) == Judged({}, ())
    assert rows("SELECT 1 FROM doubt") == []


def test_what_is_held_is_asked_for_little_by_little(db: Database):
    know(db, 30)
    deny(db, range(1, 21), NOW, LATER)
    answers(db, LATER)
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    for hours in (1, 7, 13):
        judged(db, LATER + hours * HOUR)
    asked = db.read_sync(chores.due, LATER + 30 * DAY, 99)
    assert len(asked) == 20
    assert min(c.due_at for c in asked) == LATER + DAY + HOUR
    assert len({c.due_at for c in asked}) == 20


def test_a_brake_says_what_it_holds(db: Database):
    many = str(Brake("work", NOW, 1200, 9000, {"gone": 1200}))
    assert many.startswith("1,200 of 9,000 live works would change at once (1,200 gone)")
    assert "pixmirror gone --accept work" in many
    assert "Pixiv denies 3 users" in str(Brake("user", NOW, 3, 9, {"user_gone": 3}, "blind"))


def test_a_file_is_not_gone_while_many_files_are_and_each_counts_once(db: Database):
    insert = (
        "INSERT INTO media (id, owner_kind, owner_id, role, idx, version, url, path, state, priority, first_seen, "
        "stored_at) VALUES (?, 'work', ?, 'page', 0, '', '', '', ?, 0, 0, ?)"
    )
    db.run_sync(lambda c: [c.exec_driver_sql(insert, (n, n, "waiting", 0)) for n in range(6)])
    for n in range(5):
        for hours in (0, 1, 26):
            db.run_sync(file_doubts.look, "denied", n, "u", NOW + hours * HOUR)
    assert db.read_sync(file_doubts.is_believed, "denied", NOW, SHARE)
    db.run_sync(file_doubts.look, "denied", 5, "u", NOW)
    assert not db.read_sync(file_doubts.is_believed, "denied", NOW, SHARE)
    db.run_sync(lambda c: [c.exec_driver_sql(insert, (n, n, "stored", NOW)) for n in range(10, 140)])
    assert db.read_sync(file_doubts.is_believed, "denied", NOW + HOUR, SHARE), "a twentieth of what is fetched"
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM media WHERE state = 'stored'"))
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE media SET state = 'gone' WHERE id = 3"))
    assert db.read_sync(file_doubts.is_believed, "denied", NOW, SHARE), "what is settled counts no more"
    db.run_sync(file_doubts.forget_settled)
    assert (
        db.read_sync(lambda c: c.exec_driver_sql("SELECT count(*) FROM meta WHERE key LIKE 'denied:%'").scalar())
        == 5
    )


def test_a_look_counts_when_it_is_an_hour_and_then_a_day_after_the_last(db: Database):
    at = (0, 10 / 60, 1, 2, 20, 25, 30, 49)
    looks = [db.run_sync(file_doubts.look, "denied", 1, "u", NOW + int(hours * HOUR)) for hours in at]
    assert [d.looks for d in looks] == [1, 1, 2, 2, 2, 3, 3, 4]
    assert [d.is_seen_enough for d in looks] == [False] * 5 + [True] * 3
    assert db.run_sync(file_doubts.look, "denied", 1, "another", NOW + 50 * HOUR).looks == 1
    assert db.run_sync(file_doubts.look, "denied", 1, "another", NOW).last == NOW, "the clock was set back"


def test_back_to_live_is_a_move_too(db: Database, rows: Rows):
    know(db, 2)
    db.run_sync(moves.move, "work", [moves.Move(2, "gone", "detail: 404", ME)], LATER)
    know(db, 2, LATER + DAY)
    assert [r["state"] for r in rows("SELECT state FROM state_change ORDER BY id")] == ["gone", "live"]
    assert [r["state"] for r in rows("SELECT state FROM work")] == ["live", "live"]


def test_a_few_denials_that_nothing_confirms_yet_are_no_trouble_before_a_day_has_passed():
    few = Brake("work", LATER, 2, 20, {"gone": 2}, "blind")
    many = Brake("work", LATER, FEW + 1, 20, {"gone": FEW + 1}, "blind")
    assert troubles([few, many], LATER + HOUR) == (many,)
    assert troubles([few], LATER + DAY) == (few,)


def test_what_the_website_denies_waits_until_it_shows_something_else_and_holds_nobody(db: Database, rows: Rows):
    know(db, 20)
    for at in (NOW, LATER):
        db.run_sync(record_state, seen(at), 2, State.GONE, "web: 404")
    db.run_sync(record_works, seen(LATER + HOUR), works(illust(9)), {})
    assert judged(db, LATER + 2 * HOUR).brakes == ()
    assert rows("SELECT state FROM work WHERE work_key = 2") == [{"state": "live"}]
    db.run_sync(controls.answered, controls.WEBSITE, LATER + HOUR)
    judged(db, LATER + 2 * HOUR)
    assert rows("SELECT state FROM work WHERE work_key = 2") == [{"state": "gone"}]
