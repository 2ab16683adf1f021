"""What is remembered of runs, jobs, pauses, spending and the account."""

import pytest
from sqlalchemy import create_engine, select

from pixmirror.catalogue import runs
from pixmirror.catalogue.schema import media, metadata, run, tag, work, work_job, work_tag
from pixmirror.clock import jst_day
from pixmirror.errors import ConfigError, WrongAccount

NOW = 1_780_000_000_000
HOUR = 3_600_000
A_WORK = {"medium": "illust", "type": "illust", "user_id": 7, "title": "", "caption": "", "change_seq": 1}


@pytest.fixture
def conn(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/catalogue.db")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_a_run_is_on_record_from_its_start_to_its_end(conn):
    first = runs.start_run(conn, "a", "following", NOW)
    runs.end_run(conn, first, "failed", NOW + 1, error="no")
    second = runs.start_run(conn, "a", "following", NOW + 2)
    runs.end_run(conn, second, "done", NOW + 3, new=4, seen=30, requests=2)
    assert runs.last_runs(conn) == {
        "a": runs.Run(second, "a", "following", NOW + 2, NOW + 3, "done", 4, 30, 2, None),
    }


def test_runs_of_a_killed_process_are_interrupted_not_running(conn):
    done = runs.start_run(conn, "a", "following", NOW)
    runs.end_run(conn, done, "done", NOW)
    runs.start_run(conn, "b", "bookmarks", NOW)
    for key, at in ((2, NOW - 1), (4, NOW + 1), (6, NOW + 2)):
        conn.execute(work.insert(), A_WORK | {"work_key": key, "first_seen": at, "last_seen": at})
        conn.execute(work_job.insert(), {"work_key": key, "job": "b" if key < 6 else "a", "first_seen": at})
    assert runs.mark_interrupted(conn, NOW + 9) == 1
    assert {name: (r.outcome, r.ended_at, r.new) for name, r in runs.last_runs(conn).items()} == {
        "a": ("done", NOW, 0),
        "b": ("interrupted", NOW + 9, 1),
    }


def test_what_a_sync_brought_is_noted_on_its_own_run_and_not_on_one_that_began_meanwhile(conn):
    of_sync, later = (runs.start_run(conn, "a", "following", at) for at in (NOW, NOW + 1))
    runs.end_run(conn, later, "done", NOW + 2, new=9)
    runs.note_new(conn, of_sync, 5)
    runs.note_new(conn, of_sync, 4)
    counted = dict(conn.execute(select(run.c.id, run.c.new)).all())
    assert counted == {of_sync: 5, later: 9}


def test_a_pause_ends_by_itself_when_it_has_an_end(conn):
    runs.save_job(conn, "a", "following", None)
    runs.pause_job(conn, "a", NOW + HOUR)
    state = runs.job_states(conn)["a"]
    assert (state.held(NOW), state.held(NOW + HOUR)) == ("paused", None)
    runs.pause_job(conn, "a")
    assert runs.job_states(conn)["a"].held(NOW + 1000 * HOUR) == "paused"


def test_resuming_everything_leaves_a_job_paused_that_was_paused_by_name(conn):
    runs.save_job(conn, "a", "following", None)
    runs.pause_job(conn, "a")
    runs.pause_job(conn, None, NOW + HOUR)
    assert runs.pause_of_all(conn, NOW) == runs.Pause(NOW + HOUR)
    assert runs.pause_of_all(conn, NOW + HOUR) is None
    runs.resume_job(conn, None)
    assert runs.pause_of_all(conn, NOW) is None
    assert runs.job_states(conn)["a"].held(NOW) == "paused"


def test_resuming_a_job_does_not_lift_a_suspension_and_the_other_way_round(conn):
    runs.save_job(conn, "a", "following", None)
    runs.save_job(conn, "b", "bookmarks", None)
    runs.pause_job(conn, "a")
    for name in "ab":
        runs.suspend_job(conn, name, "login")
    runs.resume_job(conn, "a")
    assert runs.job_states(conn)["a"].held(NOW) == "suspended"
    runs.pause_job(conn, "a")
    assert runs.unsuspend_jobs(conn, "storage") == ()
    assert runs.unsuspend_jobs(conn, "login") == ("a", "b")
    assert runs.job_states(conn)["a"].held(NOW) == "paused"
    assert runs.job_states(conn)["b"].held(NOW) is None


def test_pausing_an_unknown_job_names_the_known_ones(conn):
    runs.save_job(conn, "daily", "ranking", None)
    with pytest.raises(ConfigError, match="no job 'dayly'; known jobs: daily"):
        runs.pause_job(conn, "dayly")


def test_saving_a_job_again_keeps_its_pause_and_failures(conn):
    runs.save_job(conn, "a", "following", "x")
    runs.pause_job(conn, "a")
    assert [runs.job_done(conn, "a", False, NOW), runs.job_done(conn, "a", False, NOW)] == [1, 2]
    runs.save_job(conn, "a", "following", "y")
    state = runs.job_states(conn)["a"]
    assert (state.paused, state.failures, state.filter_digest, state.last_done_at) == (True, 2, "y", None)
    assert runs.job_done(conn, "a", True, NOW) == 0
    assert runs.job_states(conn)["a"].last_done_at == NOW


def test_spending_adds_up_by_japanese_day_and_lane(conn):
    day = jst_day(1_795_273_200_000 - 1)
    assert (day, jst_day(1_795_273_200_000)) == ("2026-11-21", "2026-11-22")
    runs.add_spent(conn, day, "new", 2, 100)
    runs.add_spent(conn, day, "new", 3, 50)
    runs.add_spent(conn, day, runs.IMAGE_LANE, 1, 7)
    assert runs.spent_on(conn, day) == {"new": (5, 150), "image": (1, 7)}
    assert runs.spent_on(conn, "2026-11-22") == {}


def test_a_value_by_name_is_replaced(conn):
    assert runs.get_meta(conn, "pace") is None
    runs.set_meta(conn, "pace", "1")
    runs.set_meta(conn, "pace", "2")
    assert runs.get_meta(conn, "pace") == "2"


def test_another_account_on_the_same_mirror_is_refused_naming_both(conn):
    assert runs.account_id(conn) is None
    runs.record_account(conn, 11, "Mine", "mine", False, 0, NOW)
    runs.record_account(conn, 11, "Mine, renamed", "mine", True, 2, NOW)
    with pytest.raises(WrongAccount, match=r"'Mine, renamed' \(id 11\).*'Other' \(id 22\)"):
        runs.record_account(conn, 22, "Other", "other", False, 0, NOW)
    assert runs.account_id(conn) == 11


def works(conn, *keys):
    for key in keys:
        conn.execute(
            work.insert().values(
                work_key=key,
                medium="illust",
                type="illust",
                title="",
                caption="",
                change_seq=1,
                first_seen=0,
                last_seen=0,
            )
        )


def test_counters_of_tags_are_compared_page_by_page_and_set_right(conn):
    works(conn, 2, 4)
    conn.execute(tag.insert(), [{"id": i, "name": f"t{i}", "works": n} for i, n in ((1, 2), (2, 0), (3, 5))])
    links = [{"tag_id": 1, "work_key": 2}, {"tag_id": 1, "work_key": 4}, {"tag_id": 2, "work_key": 4}]
    conn.execute(work_tag.insert(), [{**link, "position": 0} for link in links])
    assert runs.miscounted_tags(conn, 0, 2) == (2, {2: "t2"})
    assert runs.miscounted_tags(conn, 2, 2) == (3, {3: "t3"})
    assert runs.miscounted_tags(conn, 3, 2) == (None, {})
    assert runs.recount_tags(conn, [1, 2, 3]) == 2
    assert list(conn.execute(select(tag.c.works).order_by(tag.c.id)).scalars()) == [2, 1, 0]
    assert runs.miscounted_tags(conn, 0, 10) == (3, {})


def test_a_sound_file_has_no_findings(conn):
    assert runs.quick_check(conn) == ()


def test_files_and_sidecars_of_known_works_are_known_and_nothing_else_is(conn):
    works(conn, 2 * 456, 2 * 789 + 1)
    row = {
        "owner_kind": "work",
        "idx": 0,
        "version": "",
        "url": "u",
        "state": "stored",
        "priority": 0,
        "first_seen": 0,
    }
    conn.execute(
        media.insert(),
        [
            {**row, "owner_id": 2 * 456, "role": "page", "path": "11/456_p0.jpg"},
            {**row, "owner_id": 2 * 789 + 1, "role": "cover", "path": "11/novel/789/cover.jpg"},
            {**row, "owner_kind": "user", "owner_id": 11, "role": "avatar", "path": "11/profile/avatar.png"},
            {**row, "owner_id": 2 * 456, "role": "old", "path": "attic/picture.jpg"},
        ],
    )
    known = {
        "11/456_p0.jpg",
        "11/456.json",
        "11/novel/789/cover.jpg",
        "11/novel/789/novel.json",
        "11/novel/789/789.json",
        "11/profile/avatar.png",
        "attic/picture.jpg",
    }
    strays = {"11/456_p1.jpg", "11/999.json", "notes.txt", "11/novel/789/embed_1.jpg", "456_p0.jpg"}
    assert runs.known_paths(conn, sorted(known | strays)) == known


DAY = 24 * HOUR
LONG_AGO = NOW // DAY * DAY


def ran(conn, name, at, outcome="done", **counted):
    run_id = runs.start_run(conn, name, "following", at)
    runs.end_run(conn, run_id, outcome, at + 2000, **counted)
    return run_id


def thin_all(conn, before, days=30):
    after: int | None = -1
    steps = 0
    while after is not None:
        after, steps = runs.thin(conn, before, after, days), steps + 1
    return steps


def test_old_runs_become_one_row_a_job_and_day_and_nothing_that_they_counted_is_lost(conn):
    for hour in range(24):
        ran(conn, "a", LONG_AGO + hour * HOUR, new=1, seen=30, requests=4)
    ran(conn, "a", LONG_AGO + 3 * HOUR, "failed", requests=1, error="no")
    last = ran(conn, "a", LONG_AGO + 23 * HOUR + 1, "interrupted", new=2)
    ran(conn, "b", LONG_AGO, new=5)
    ran(conn, "a", LONG_AGO + DAY, new=7)
    recent = [ran(conn, "a", LONG_AGO + 100 * DAY + n, new=1) for n in range(3)]
    assert thin_all(conn, LONG_AGO + 90 * DAY) == 1
    found = conn.execute(select(run.c.job, run.c.id, run.c.runs, run.c.new, run.c.failed).order_by(run.c.id)).all()
    assert [tuple(one) for one in found] == [
        ("a", last, 26, 26, 1), ("b", last + 1, 1, 5, 0), ("a", last + 2, 1, 7, 0),
        *(("a", n, 1, 1, 0) for n in recent),
    ]  # fmt: skip
    whole = runs.Run(*conn.execute(select(run).where(run.c.id == last)).one())
    assert whole == runs.Run(
        last, "a", "following", LONG_AGO, LONG_AGO + 23 * HOUR + 2001, "failed", 26, 720, 97, None,
        runs=26, failed=1, interrupted=1, took_ms=52_000,
    )  # fmt: skip


def test_thinning_again_changes_nothing_and_what_runs_stays(conn):
    for n in range(5):
        ran(conn, "a", LONG_AGO + n, "failed" if n == 2 else "done", new=1)
    runs.start_run(conn, "a", "following", LONG_AGO + 9)
    thin_all(conn, NOW + 10 * DAY)
    once = conn.execute(select(run)).all()
    thin_all(conn, NOW + 10 * DAY)
    assert conn.execute(select(run)).all() == once
    assert [(r.outcome, r.runs) for r in once] == [("failed", 5), ("running", 1)]
    late = ran(conn, "a", LONG_AGO + 20, new=1)  # as of a clock that was set back
    thin_all(conn, NOW + 10 * DAY)
    one = conn.execute(select(run).where(run.c.id == late)).one()
    assert (one.runs, one.failed, one.new) == (6, 1, 6)


def test_many_days_are_thinned_a_part_at_a_time(conn):
    for day in range(10):
        for n in range(3):
            ran(conn, "a", LONG_AGO + day * DAY + n)
    assert thin_all(conn, LONG_AGO + 20 * DAY, days=4) == 3
    assert conn.execute(select(run.c.runs)).scalars().all() == [3] * 10
