"""Status says how it goes in one screen; why has a reason for everything that is missing."""

import json

import pytest
from sqlalchemy import create_engine

from pixmirror.catalogue import runs, samples
from pixmirror.catalogue import schema as s
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.samples import Sample
from pixmirror.clock import jst_day
from pixmirror.reports import queries
from pixmirror.reports.came_in import CameIn
from pixmirror.reports.estimate import estimate
from pixmirror.reports.headline import Planned
from pixmirror.reports.pace import Limits
from pixmirror.reports.queries import status
from pixmirror.reports.troubles import Trouble
from pixmirror.reports.why import why

NOW = 1_780_000_000_000
HOUR = 3_600_000
SEEN = {"first_seen": NOW - 50 * HOUR, "last_seen": NOW}
WORK = Ref("illust", 10)


@pytest.fixture
def conn(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/catalogue.db")
    s.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(s.account.insert().values(id=1, name="me", account="me", seen_at=NOW))
        yield connection
    engine.dispose()


def put(conn, table, *rows):
    for row in rows:
        conn.execute(table.insert().values(**row))


def put_work(conn, key=20, job="following", refused=None, **fields):
    medium = "novel" if key & 1 else "illust"
    row = {"work_key": key, "medium": medium, "type": medium, "title": f"t{key}", "caption": "", "change_seq": 1}
    put(conn, s.work, row | SEEN | fields)
    if job:
        put(conn, s.work_job, {"work_key": key, "job": job, "first_seen": NOW, "refused_reason": refused})


def put_file(conn, state, key=20, idx=0, **fields):
    row = {"owner_kind": "work", "owner_id": key, "role": "page", "idx": idx, "version": "", "url": "u"}
    row |= {"path": f"1/{key}_p{idx}", "state": state, "priority": 2, "first_seen": NOW}
    put(conn, s.media, row | fields)
    if state == "stored":
        for name, n in (("stored_files", 1), ("stored_bytes", fields["size"])):
            runs.set_meta(conn, name, str(int(runs.get_meta(conn, name) or 0) + n))


def told(conn, ref=WORK):
    return " ".join(why(conn, ref, NOW).answer)


# --- status


def test_status_has_the_stable_keys_and_is_json(conn):
    runs.save_job(conn, "a", "following", None)
    shown = status(conn, NOW).as_dict()
    assert json.loads(json.dumps(shown)) == shown
    assert {
        "works",
        "users",
        "tags",
        "comments",
        "novels",
        "bookmarks",
        "files",
        "bytes",
        "requests",
        "jobs",
    } <= set(shown)
    assert {"wanted", "stored", "gone", "failed"} <= set(shown["files"])
    assert {"api", "image"} <= set(shown["requests"])
    assert {"name", "kind", "last_run", "outcome", "next_run", "new", "error"} <= set(shown["jobs"][0])


def test_an_empty_mirror_is_healthy_and_has_nothing_to_do(conn):
    now = status(conn, NOW, hours_left=estimate(conn, NOW).hours)
    assert (now.healthy, now.problems, now.works, now.eta_hours) == (True, (), 0, 0.0)


def test_wanted_files_include_those_being_fetched_and_those_waiting(conn):
    put_work(conn)
    states = ("wanted", "fetching", "waiting", "stored", "gone", "failed", "damaged", "refused", "refused")
    for idx, state in enumerate(states):
        put_file(conn, state, idx=idx, size=7 if state == "stored" else None, stored_at=NOW)
    now = status(conn, NOW)
    files = now.files
    assert (files.wanted, files.stored, files.gone, files.failed) == (3, 1, 1, 1)
    assert (files.damaged, files.refused, files.waiting, now.bytes) == (1, 2, 1, 7)


def test_works_and_novels_are_counted_apart_and_hidden_ones_by_state(conn):
    for key, state in ((20, "live"), (22, "limited"), (24, "limited"), (21, "gone")):
        put_work(conn, key, state=state)
    now = status(conn, NOW)
    assert (now.works, now.novels, now.states) == (3, 1, {"limited": 2, "gone": 1})


def test_what_came_in_is_of_the_last_day_only(conn):
    put_work(conn, 20)
    put_work(conn, 22, first_seen=NOW - HOUR, user_id=1)
    put_work(conn, 24, first_seen=NOW - HOUR, state="unknown")  # an empty entry in a list
    put_work(conn, 25, first_seen=NOW - HOUR, user_id=1)
    put_file(conn, "stored", 20, size=5, stored_at=NOW - 30 * HOUR)
    put_file(conn, "stored", 22, size=6, stored_at=NOW - HOUR)
    assert status(conn, NOW).came_in == CameIn(works=2, novels=1, files=1, bytes=6)


def test_requests_of_today_are_those_of_the_japanese_day(conn):
    today = jst_day(NOW)
    runs.add_spent(conn, today, "new", 3, 0)
    runs.add_spent(conn, today, "backfill", 4, 0)
    runs.add_spent(conn, today, runs.IMAGE_LANE, 5, 99)
    runs.add_spent(conn, jst_day(NOW - 24 * HOUR), "new", 100, 0)
    assert status(conn, NOW).requests == queries.Requests(api=7, image=5, image_bytes=99)


def test_a_job_shows_its_last_run_and_the_next_that_the_scheduler_names(conn):
    runs.save_job(conn, "a", "following", None)
    run = runs.start_run(conn, "a", "following", NOW - HOUR)
    runs.end_run(conn, run, "failed", NOW, new=3, error="Pixiv did not answer.")
    planned = {"a": Planned("following", NOW + HOUR), "b": Planned("ranking", enabled=False)}
    first, second = status(conn, NOW, jobs=planned).as_dict()["jobs"]
    assert (first["last_run"], first["outcome"], first["next_run"], first["new"], first["error"]) == (
        "2026-05-28T19:26:40+00:00",
        "failed",
        "2026-05-28T21:26:40+00:00",
        3,
        "Pixiv did not answer.",
    )
    assert (second["name"], second["kind"], second["outcome"], second["enabled"]) == ("b", "ranking", None, False)


def test_it_is_unhealthy_with_one_sentence_for_each_cause(conn):
    for name in "ab":
        runs.save_job(conn, name, "following", None)
    runs.suspend_job(conn, "a", "login")
    for _ in range(3):
        runs.job_done(conn, "b", False, NOW)
    put_work(conn)
    put_file(conn, "failed", error="too large")
    found = status(conn, NOW, told=[Trouble("storage", "media", "The media folder is not there", "Mount it")])
    assert not found.healthy
    assert found.problems == (
        "The media folder is not there. Mount it.",
        "Page 1 of 10 could not be had: too large. `pixmirror retry 10` asks for it again; `pixmirror why 10` has "
        "the reason.",
        "Job a stands still: login.",
        "Job b failed 3 times in a row: no reason on record.",
    )


def test_a_pause_is_a_note_and_no_problem(conn):
    runs.save_job(conn, "a", "following", None)
    runs.pause_job(conn, "a")
    runs.pause_job(conn, None, NOW + HOUR)
    now = status(conn, NOW)
    assert now.healthy
    assert now.notes == ("Everything is paused until 2026-05-28 21:26 UTC.", "Job a is paused until resumed.")


def test_what_is_stuck_is_grouped_by_reason_with_examples(conn):
    for key in (20, 22, 24, 26):
        put_work(conn, key)
        put_file(conn, "waiting", key, error=f"500 for {key}000", due_at=NOW + key)
    put_file(conn, "failed", 20, idx=1, error="too large")
    put_file(conn, "gone", 20, idx=2, error="404")
    put(conn, s.chore, {"kind": "text", "key": 21, "lane": 1, "due_at": NOW, "error": "bad answer"})
    now = status(conn, NOW)
    assert [(r.what, r.count, r.reason, r.examples, r.next_at) for r in now.stuck] == [
        ("file could not be had", 1, "too large", ("10",), None),
        ("file waiting for another try", 4, "500 for #", ("10", "11", "12"), NOW + 20),
        ("text not read", 1, "bad answer", ("novel:10",), NOW),
    ]
    assert [(r.what, r.reason) for r in now.explained] == [("file gone at Pixiv, and not here", "404")]


def test_lists_not_read_to_the_end_and_items_not_understood_are_shown(conn):
    feed = {"id": 1, "account_id": 1, "endpoint": "/v1/user/illusts", "params": "{}", "job": "a", "lane": 3}
    put(conn, s.feed, feed)
    put(
        conn,
        s.gap,
        {"feed_id": 1, "kind": "page", "spec": "{}", "failures": 2, "error": "502", "opened_at": NOW - 5},
    )
    put(conn, s.gap, {"feed_id": 1, "kind": "head", "spec": "{}", "opened_at": NOW - 9})
    broken = {"endpoint": "e", "path": "p", "reason": "no id", "raw": "{}", "digest": "d"}
    put(conn, s.broken, broken | {"first_seen": NOW, "last_seen": NOW})
    now = status(conn, NOW)
    assert now.gaps == queries.Gaps(count=2, lists=1, since=NOW - 9)
    assert [(r.what, r.count, r.reason) for r in now.stuck] == [
        ("list not read", 1, "502"),
        ("item not understood", 1, "no id"),
    ]


def test_hours_left_are_those_of_the_slower_of_files_and_requests(conn):
    put_work(conn)
    put_file(conn, "stored", size=100, stored_at=NOW)
    for idx in range(1, 9):
        put_file(conn, "wanted", idx=idx)
    for key in range(6):
        put(conn, s.chore, {"kind": "comments", "key": key, "lane": 4, "due_at": NOW + (key > 3)})
    assert status(conn, NOW).chores == {"comments": queries.Due(due=4, later=2)}

    def hours(a_minute, bytes_an_hour=None):
        if bytes_an_hour is not None:
            samples.add(conn, Sample(NOW, 3600.0, 0, 1, bytes_an_hour, asking=False, fetching=True))
        return status(conn, NOW, hours_left=estimate(conn, NOW, (), Limits(a_minute)).hours).eta_hours

    assert hours(1 / 60) == 4
    assert hours(2 / 60) == 2
    assert hours(2 / 60, bytes_an_hour=160) == 5


# --- why


def test_what_was_never_seen_is_said_so_with_advice(conn):
    put_work(conn, 21)
    answer = told(conn)
    assert answer.startswith("Never seen: no job has seen it.")
    assert "pixmirror add" in answer
    assert "novel:10" in answer
    assert not why(conn, WORK, NOW).known


def test_a_complete_work_says_so(conn):
    put_work(conn)
    put_file(conn, "stored", size=1)
    put_file(conn, "gone", idx=1, is_current=0)
    found = why(conn, WORK, NOW)
    assert "Complete: 1 of 1 files are stored." in found.answer
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()


def test_a_refused_work_names_the_job_and_the_filter(conn):
    put_work(conn, refused="tags_none: 猫")
    put_file(conn, "refused")
    assert "every job that lists it filters it out (following: tags_none: 猫)" in told(conn)
    assert why(conn, WORK, NOW).jobs[0].refused_reason == "tags_none: 猫"


@pytest.mark.parametrize(
    ("state", "fields", "says"),
    [
        ("wanted", {}, "it is in the queue, with 2 files before it"),
        ("waiting", {"due_at": NOW + HOUR, "error": "502"}, "it is tried again at 2026-05-28 21:26 UTC"),
        ("waiting", {"due_at": NOW, "error": "502"}, "it is due to be tried again now"),
        ("fetching", {}, "it is first in the queue"),
        (
            "gone",
            {"error": "404 twice"},
            "Gone at Pixiv, and not here: page 0 (404 twice): it is fetched if the artist replaces it",
        ),
        (
            "failed",
            {"error": "too large"},
            "Could not be had: page 0 (too large): `pixmirror retry 10` asks for it again",
        ),
        ("damaged", {"error": "cut JPEG"}, "the same damaged file on different days; it is asked for again now"),
    ],
)
def test_each_missing_file_says_what_happens_next_and_when(conn, state, fields, says):
    put_work(conn, 22)
    put_file(conn, "wanted", 22, priority=0)
    put_file(conn, "wanted", 22, idx=1)
    put_work(conn)
    put_file(conn, state, **fields)
    assert says in told(conn)
    assert says.split(": ")[-1] in why(conn, WORK, NOW).files[0].next


def test_a_hidden_work_tells_its_state_and_the_sightings_behind_it(conn):
    put_work(conn, type="", state="limited", state_at=NOW, evidence="list: limit_unknown")
    sight = {"account_id": 1, "owner_kind": "work", "owner_id": 20, "first_at": NOW, "last_at": NOW}
    put(conn, s.sighting, {**sight, "state": "limited", "evidence": "list: limit_sanity_level"})
    found = why(conn, WORK, NOW)
    assert "limited" in found.answer[0]
    assert "only a placeholder" in found.answer[1]
    assert found.sightings[0].evidence == "list: limit_sanity_level"


def test_what_is_still_to_be_asked_of_pixiv_is_listed_with_its_time(conn):
    put_work(conn, 21)
    put(conn, s.chore, {"kind": "text", "key": 21, "lane": 1, "due_at": NOW + HOUR, "attempts": 2, "error": "502"})
    put(conn, s.comment, {"comment_key": 101, "work_key": 21, "comment": "", **SEEN})
    put(conn, s.chore, {"kind": "replies", "key": 101, "lane": 4, "due_at": NOW})
    answer = told(conn, Ref("novel", 10))
    assert "text; it is due at 2026-05-28 21:26 UTC after 2 attempts (502)." in answer
    assert "replies; it is due now" in answer


def test_what_waits_while_everything_stands_still_says_so(conn):
    put_work(conn)
    put_file(conn, "wanted")
    runs.save_job(conn, "following", "following", None)
    runs.suspend_job(conn, "following", "login")
    runs.pause_job(conn, None)
    assert "Everything is paused until resumed. Job following stands still: login." in told(conn)


def test_an_unreadable_item_that_names_the_id_is_found_and_no_other(conn):
    broken = {"endpoint": "/v2/illust/follow", "path": "illusts[3]", "first_seen": NOW, "last_seen": NOW}
    put(conn, s.broken, {**broken, "reason": "no title", "raw": '{"id": 10, "x": 1}', "digest": "1"})
    put(conn, s.broken, {**broken, "reason": "other", "raw": '{"id": 100, "y": 210}', "digest": "2"})
    found = why(conn, WORK, NOW)
    assert [b.reason for b in found.broken] == ["no title"]
    assert "An answer of /v2/illust/follow names it, but could not be read: no title." in found.answer


def test_a_user_tells_follow_works_files_and_lists_to_be_read(conn):
    put(conn, s.user, {"id": 5, "name": "n", "account": "a", **SEEN})
    put(conn, s.follow, {"account_id": 1, "user_id": 5, "restrict": "private", **SEEN})
    for key, state in ((20, "live"), (22, "limited")):
        put_work(conn, key, user_id=5, state=state)
    put_file(conn, "wanted")
    feed = {
        "id": 1,
        "account_id": 1,
        "endpoint": "/v1/user/illusts",
        "params": '{"user_id":5}',
        "job": "a",
        "lane": 3,
    }
    put(conn, s.feed, feed, feed | {"id": 2, "params": '{"user_id":55}', "due_at": NOW})
    put(conn, s.gap, {"feed_id": 1, "kind": "backfill", "spec": "{}", "due_at": NOW, "opened_at": NOW})
    put(conn, s.chore, {"kind": "profile", "key": 5, "lane": 4, "due_at": NOW})
    found = why(conn, Ref("user", 5), NOW)
    answer = " ".join(found.answer)
    for sentence in ("Followed (private).", "2 works are known, of them 1 limited.", "Files: 1 wanted."):
        assert sentence in answer
    assert {p.what for p in found.pending} == {"profile", "a part of /v1/user/illusts"}
    assert found.jobs[0].works == 2


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("SELECT count(*) FROM media WHERE state = 'stored' AND stored_at >= 1", "media_stored"),
        ("SELECT count(*) FROM work WHERE first_seen >= 1", "work_by_first_seen"),
    ],
)
def test_counts_of_the_last_day_use_an_index_where_the_schema_has_it(conn, statement, index):
    names = {i.name for table in s.metadata.tables.values() for i in table.indexes}
    if index not in names:
        pytest.skip(f"the schema has no {index}")
    plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    assert any(index in row[-1] for row in plan)
