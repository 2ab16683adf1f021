"""Why at a glance: one line when all is well, else the reason, the next step, and the story."""

import re
from typing import Any

import pytest

from pixmirror.catalogue import queue, runs
from pixmirror.catalogue import schema as s
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.refs import Ref
from pixmirror.fetch import verdicts
from pixmirror.ingest.works import record_works
from pixmirror.ledger import moves
from pixmirror.ledger.sightings import record_state
from pixmirror.models import MediaItem, State, Stored
from pixmirror.reports.why import why
from pixmirror.reports.why_short import Short, short
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, seen, stub, works

WORK = Ref("illust", 1)
MINUTE = 60_000


def ask(db: Database, ref: Ref = WORK, now: int = NOW) -> Short:
    return db.read_sync(lambda conn: short(conn, why(conn, ref, now), now))


def store(db: Database, *, but: tuple[int, ...] = (), now: int = NOW) -> dict[int, MediaItem]:
    """Store every file that is wanted but for these pages, which are returned as claimed."""
    left = {}
    for item in db.run_sync(queue.claim, 99, now):
        page = int(re.findall(r"_p(\d+)\.", item.path)[0])
        if page in but:
            left[page] = item
        else:
            db.run_sync(queue.finish, item.media_id, Stored(item.path, 9, "f" * 64), now)
    return left


def put(db: Database, table: Any, **row: Any) -> None:
    db.run_sync(lambda c: c.execute(table.insert().values(**row)))


def test_all_is_well_in_one_line(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1, title="金魚", pages=2)), {})
    store(db)
    assert ask(db, now=NOW + 9 * MINUTE) == Short(
        "金魚 (1), by artist 7: here, whole, up to date (seen 9 min ago).", is_here=True
    )


def test_a_missing_page_is_told_with_reason_next_step_and_story(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1, title="夕凪", pages=5)), {})
    third = store(db, but=(2,), now=NOW + DAY)[2]
    db.run_sync(verdicts.not_there, third, "HTTP 404", NOW + 2 * DAY)
    db.run_sync(verdicts.not_there, third, "HTTP 404", NOW + 3 * DAY)
    found = ask(db, now=NOW + 3 * DAY + 6 * HOUR)
    assert found.first == "夕凪 (1), by artist 7: page 3 of 5 is not here."
    assert found.steps[0] == (
        "Pixiv's image host answered 404 twice. Asked for again in 18 h; sooner: pixmirror retry 1"
    )
    assert [event.what for event in found.story] == [
        "seen by following",
        "pages 1, 2, 4 and 5 stored",
        f"page 3: 404, and again on {found_day(NOW + 3 * DAY)}",
    ]


def found_day(ms: int) -> str:
    from pixmirror.reports.moments import day

    return day(ms, NOW + 4 * DAY)


@pytest.mark.parametrize(
    ("pages", "but", "says"),
    [
        (1, (0,), "its picture is not here."),
        (3, (0, 1, 2), "none of its 3 pages is here."),
        (3, (0, 2), "pages 1 and 3 of 3 are not here."),
        (12, tuple(range(1, 12)), "11 pages of 12 are not here."),
    ],
)
def test_what_is_missing_is_counted(db: Database, pages: int, but: tuple[int, ...], says: str) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=pages)), {})
    store(db, but=but)
    found = ask(db)
    assert found.first == f"picture 1 (1), by artist 7: {says}"
    assert found.steps == ("It is first in the queue.",)
    assert not found.is_here


def test_what_waits_its_turn_says_so(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    assert ask(db).steps == ("It is the next in the queue.",)


def test_what_stands_in_the_way_is_said_of_what_is_to_come_alone(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    db.run_sync(queue.claim, 99, NOW)
    way = "Nothing is being mirrored: pixmirror does not run. Start it: pixmirror run."
    db.run_sync(runs.pause_job, None, None)
    told = db.read_sync(lambda conn: short(conn, why(conn, WORK, NOW), NOW, way))
    assert told.steps == ("It is first in the queue.", way), "of what was claimed by who was killed, and said once"
    put(db, s.tombstone, owner_kind="work", owner_id=2, at=NOW)
    never = db.read_sync(lambda conn: short(conn, why(conn, Ref("illust", 3), NOW), NOW, way))
    assert way not in never.steps


def test_what_a_filter_leaves_out_names_the_job(db: Database) -> None:
    db.run_sync(record_works, seen(job="daily"), works(illust(1, x_restrict=1)), {2: "x_restrict is r18"})
    assert ask(db).first == "picture 1 (1), by artist 7: left out by job daily: R-18 (x_restrict)."


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (State.GONE, "here, whole; gone at Pixiv since {day}, kept here."),
        (State.USER_GONE, "here, whole; the artist left Pixiv (noticed {day}), kept here."),
        (State.PRIVATE, "here, whole; made private by the artist since {day}."),
        (State.LIMITED, "here, whole; hidden from the app by Pixiv since {day}."),
    ],
)
def test_what_pixiv_no_longer_shows_is_said_to_be_kept(db: Database, state: State, says: str) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    store(db)
    db.run_sync(moves.move, "work", [moves.Move(2, state, "detail: 404", ME)], NOW + DAY)
    found = ask(db, now=NOW + 2 * DAY)
    assert found.first == f"picture 1 (1), by artist 7: {says.format(day=found_day(NOW + DAY))}"
    assert found.is_here


def test_what_is_hidden_names_the_cure(db: Database) -> None:
    db.run_sync(record_works, seen(), works(stub(1, "limit_sanity_level")), {})
    assert ask(db).first.startswith("Work 1, without a title: hidden from the app by Pixiv")
    assert ask(db).first.endswith("; a web login shows it: pixmirror help recover")


def test_a_doubt_is_a_second_look_that_is_due(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    store(db)
    db.run_sync(record_state, seen(NOW + HOUR, endpoint="detail"), 2, State.GONE, "detail: 404")
    says = "here, whole. Pixiv says that it is gone: a second look is due in 23 h."
    assert ask(db, now=NOW + 2 * HOUR).first == f"picture 1 (1), by artist 7: {says}"


@pytest.mark.parametrize(
    ("ref", "first", "step"),
    [
        (Ref("illust", 5), "Work 5: never", "pixmirror add https://www.pixiv.net/artworks/5 brings it."),
        (Ref("novel", 5), "Novel 5: never", "pixmirror add https://www.pixiv.net/novel/show.php?id=5 brings it."),
        (Ref("user", 5), "User 5: never", "pixmirror add https://www.pixiv.net/users/5 brings them."),
    ],
)
def test_what_no_job_saw_says_what_brings_it(db: Database, ref: Ref, first: str, step: str) -> None:
    assert ask(db, ref) == Short(f"{first} seen by any job.", (step,), is_unknown=True)


def test_what_is_asked_for_and_was_not_answered_yet_is_not_said_to_be_unknown(db: Database) -> None:
    put(db, s.chore, kind="detail", key=10, lane=0, due_at=NOW)
    found = ask(db, Ref("illust", 5))
    assert found.first == "Work 5: not here yet; Pixiv has not been asked for it, or did not answer."
    assert found.steps == ("It is asked for now.",)
    assert not found.is_unknown


def test_a_pause_is_told_with_what_is_missing_and_not_without(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    db.run_sync(runs.save_job, "following", "following", None)
    db.run_sync(runs.pause_job, "following", NOW + 3 * HOUR)
    db.run_sync(runs.pause_job, None)
    assert ask(db).steps == (
        "It is the next in the queue.",
        "Everything is paused: pixmirror resume",
        "Job following is paused and goes on in 3 h; sooner: pixmirror resume following",
    )
    store(db)
    assert ask(db).steps == ()


def test_what_you_forgot_says_how_it_comes_back(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    put(db, s.tombstone, owner_kind="work", owner_id=2, at=NOW, purge_at=NOW + 30 * DAY)
    found = ask(db, now=NOW + HOUR)
    assert found.first == "picture 1 (1), by artist 7: you forgot it 60 min ago."
    until = found_day(NOW + 30 * DAY)
    assert found.steps == (f"The files can be had back until {until}: pixmirror unforget 1",)
    assert not found.is_unknown


def test_a_page_that_you_forgot_is_named_as_its_file_and_page_are(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=3)), {})
    store(db)
    put(db, s.tombstone, owner_kind="page", owner_id=2, idx=1, at=NOW, purge_at=NOW + 30 * DAY)
    assert "here, whole, without 1_p1 that you forgot" in ask(db).first


def test_a_user_is_counted(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    store(db, but=(), now=NOW)
    assert ask(db, Ref("user", 7)).first == "artist 7 (user:7): 2 works known, all files here."
