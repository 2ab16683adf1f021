"""`plan`: the arithmetic of requests, files and hours, from what is known."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Database
from pixmirror.clock import jst_day
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.models import JST, to_ms
from pixmirror.reports import plan
from pixmirror.reports.estimate import estimate, keep
from pixmirror.reports.left import pages
from pixmirror.reports.moments import between
from pixmirror.reports.pace import Limits, Way
from pixmirror.sync.kinds import KINDS, FollowingJob, RankingJob
from pixmirror.sync.planning import planned
from tests.catalogue.builders import DAY, ME, NOW

NOON = to_ms(datetime(2026, 11, 20, 12, 0, tzinfo=JST))
FOLLOWING = planned(FollowingJob(name="following", every="30m"))


def test_a_list_of_so_many_takes_so_many_pages() -> None:
    assert [pages(n) for n in (0, 1, 30, 31, 59, 60, 300)] == [1, 1, 1, 2, 2, 3, 11]
    assert pages(300, offset=29) == 10


@given(st.integers(min_value=0, max_value=5000), st.integers(min_value=0, max_value=5000))
def test_what_is_read_already_costs_no_more(total: int, offset: int) -> None:
    assert 1 <= pages(total, offset) <= pages(total)
    assert pages(total) <= pages(total + 1)


def way(rate: float, per_day: float = 0, **more: Any) -> Way:
    return Way(rate, rate, rate, per_day, **more)


def test_time_at_a_pace_and_under_a_daily_cap() -> None:
    assert way(1).seconds(0, NOON, 1) == 0
    assert way(0.5).seconds(1800, NOON, 0.5) == 3600
    assert way(0.5, 20_000).seconds(1800, NOON, 0.5) == 3600
    assert way(1, 1000).seconds(500, NOON, 1) == 500
    assert way(1, 1000).seconds(1500, NOON, 1) == 12 * 3600 + 500, "the rest after midnight in Japan"
    assert way(1, 1000).seconds(3500, NOON, 1) == 12 * 3600 + 2 * 86400 + 500
    assert way(1, 1000, spent=900).seconds(500, NOON, 1) == 12 * 3600 + 400


def test_a_rest_and_a_halved_pace_are_part_of_the_time() -> None:
    assert way(1, opens_at=NOON + 600_000).seconds(100, NOON, 1) == 700
    assert way(1, slowness=2.0).seconds(50, NOON, 1) == 100
    assert 1000 < way(1, slowness=2.0).seconds(1000, NOON, 1) < 1500, "the pace comes back"


@given(
    st.integers(min_value=0, max_value=10**6),
    st.integers(min_value=0, max_value=10**6),
    st.floats(min_value=0.01, max_value=10),
    st.integers(min_value=0, max_value=50_000),
)
def test_more_requests_never_take_less_time(a: int, b: int, rate: float, per_day: int) -> None:
    few, many = sorted((a, b))
    assert way(rate, per_day).seconds(few, NOON, rate) <= way(rate, per_day).seconds(many, NOON, rate) + 1e-6


def test_spans_are_ranges_with_their_unit_and_never_0() -> None:
    minute, hour, day = 60, 3600, 86400
    assert between(0, 0) == "less than a minute"
    assert between(30 * minute, 44 * minute) == "about 30 to 45 min"
    assert between(20 * minute, 20 * minute) == "about 20 min"
    assert between(40 * minute, 3 * hour) == "about 40 min to 3 h"
    assert between(5 * day, 7 * day) == "about 5 to 7 days"
    assert between(3 * 365 * day, 3 * 365 * day) == "about 3 years"


def test_before_the_first_sync_it_is_not_known_yet_instead_of_0_seconds() -> None:
    with plan.nothing_yet() as conn:
        e = estimate(conn, NOW, [FOLLOWING], Limits(30, 20_000))
    assert e.seconds is None
    assert e.line() == "0 works so far; less than a minute of reading first"
    assert not e.is_done


def test_in_a_cool_down_the_rest_is_part_of_the_time(db: Database) -> None:
    def rest(conn: Any) -> None:
        runs.set_json(
            conn, "pacer", {"slowness": 2.0, "cooldown_until": NOW + 600_000, "day": "", "spent_today": 0}
        )
        conn.exec_driver_sql("INSERT INTO chore (kind, key, lane, due_at) VALUES ('detail', 2, 4, 0)")

    db.run_sync(rest)
    e = db.read_sync(estimate, NOW, (), Limits(30))
    assert e.resting_until == NOW + 600_000
    assert e.resting == "limit"
    assert e.how_long() == "about 10 min"


def test_what_falls_due_before_the_end_is_part_of_what_is_left(db: Database) -> None:
    """Under a small cap the comments of works that turn a week old come before the last detail."""

    def ask(conn: Any) -> None:
        sql = "INSERT INTO chore (kind, key, lane, due_at) SELECT ?, value, ?, ? FROM json_each(?)"
        for kind, keys, lane, due in (
            ("detail", range(600), 4, 0),
            ("comments", range(300), 4, NOW + 3 * DAY),
            ("comments", range(300, 500), 4, NOW + 7 * DAY),  # 900 take longer than that
            ("comments", range(500, 999), 4, NOW + 20 * DAY),
            ("detail", range(600, 999), 5, NOW + DAY),  # only looked at again, when nothing else waits
        ):
            conn.exec_driver_sql(sql, (kind, lane, due, str([*keys])))

    db.run_sync(ask)
    e = db.read_sync(estimate, NOW, (), Limits(30, 120))
    assert e.seconds is not None
    assert e.requests.likely == 1100
    assert 9 * DAY < e.seconds.likely * 1000 < 10 * DAY
    assert db.read_sync(estimate, NOW, (), Limits(30)).requests.likely == 600, "that takes 20 minutes"


def test_never_all_of_it_with_requests_left(db: Database) -> None:
    def ask(conn: Any) -> None:
        conn.exec_driver_sql("INSERT INTO chore (kind, key, lane, due_at) VALUES ('profile', 7, 4, 0)")

    db.run_sync(ask)
    e = db.read_sync(estimate, NOW, (), Limits(30))
    assert e.line() == "0 works, 1 request left; less than a minute"


def test_a_figure_that_grows_says_why(db: Database) -> None:
    def more(conn: Any, kind: str, first: int, last: int) -> None:
        for key in range(first, last):
            conn.exec_driver_sql("INSERT INTO chore (kind, key, lane, due_at) VALUES (?, ?, 4, 0)", (kind, key))

    def told() -> str:
        return db.read_sync(estimate, NOW, (), Limits(30)).because

    db.run_sync(more, "profile", 0, 100)
    db.run_sync(lambda conn: keep(conn, NOW, estimate(conn, NOW, (), Limits(30))))
    assert told() == ""
    db.run_sync(more, "detail", 0, 200)
    why = "Longer than before: more works are asked for one by one (200 requests more)."
    assert told() == why
    db.run_sync(lambda conn: keep(conn, NOW, estimate(conn, NOW, (), Limits(30))))
    assert told() == why, "it is told for a while"


def test_when_the_disk_is_full_comes_from_30_days_of_growth(db: Database) -> None:
    def grew(conn: Any, first: int, last: int) -> None:
        for n in range(first, last):
            runs.add_spent(conn, jst_day(NOW - n * DAY), "image", 1, 1 << 30)

    def disk() -> Any:
        return db.read_sync(estimate, NOW, (), Limits(room=600 << 30)).disk

    db.run_sync(grew, 0, 11)
    assert disk().history == 10
    assert disk().text() == "enough for all that is asked for", "nothing was posted lately"
    db.run_sync(grew, 11, 31)
    assert disk().text() == "enough for about 600 days"


def test_before_the_first_sync_it_says_what_it_does_not_know() -> None:
    with plan.nothing_yet() as conn:
        found = plan.plan(conn, NOW, [FOLLOWING], Limits(30, 20_000))
    assert found.requests == {"lists": 4}
    assert found.files == 0
    assert found.per_day["list heads"] == 192
    assert any(
        "the following list was never read: first 1 request per 30 artists" in text for text in found.unknown
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [("user", "2 of its artists were never read"), ("bookmarks", "the bookmarks were never read")],
)
def test_each_kind_of_job_says_what_it_does_not_know(kind: str, said: str) -> None:
    with plan.nothing_yet() as conn:
        keys = {"name": "one", "every": "1h", **({"users": (1, 2)} if kind == "user" else {})}
        found = plan.plan(conn, NOW, [planned(KINDS[kind].config.model_validate(keys))])
    assert any(said in text for text in found.unknown)


def test_rankings_that_were_read_are_not_counted(db: Database) -> None:
    days = ("2023-11-11", "2023-11-12", "2023-11-13")
    keys = {
        "name": "ranks",
        "every": "1d",
        "modes": ["day", "week"],
        "since": days[0],
        "until": days[-1],
        "top": 150,
    }
    job = planned(RankingJob.model_validate(keys))

    def requests(now: int = NOW) -> int:
        return db.read_sync(plan.plan, now, [job]).requests.get("rankings", 0)

    def read(conn: Any) -> None:
        conn.exec_driver_sql(f"INSERT INTO account (id, name, account, seen_at) VALUES ({ME}, 'me', 'me', 0)")
        for day in days:
            one = ingest_ranking.Ranking(ME, "illust", "day", day)
            snapshot = ingest_ranking.begin_ranking(conn, one, NOW)
            if day != days[0]:
                ingest_ranking.finish_ranking(conn, one, snapshot, "complete", 100, NOW)

    assert requests() == 30
    db.run_sync(read)
    assert requests() == 20
    assert requests(NOW + DAY) == 30, "each is read once more a day later"


def test_rankings_are_expected_to_bring_what_those_read_last_alone_brought(db: Database) -> None:
    days = [f"2023-10-{n}" for n in range(11, 21)]
    keys = {"name": "ranks", "every": "1d", "modes": ["day"], "since": days[0], "until": days[-1], "top": 30}
    job = planned(RankingJob.model_validate(keys))

    def works(now: int = NOW) -> int:
        return db.read_sync(plan.plan, now, [job]).works

    def read(conn: Any, day: str, ranked: range, at: int = NOW) -> None:
        one = ingest_ranking.Ranking(ME, "illust", "day", day)
        snapshot = ingest_ranking.begin_ranking(conn, one, at)
        ingest_ranking.record_ranking(conn, one, snapshot, ((n + 1, key * 2) for n, key in enumerate(ranked)))
        ingest_ranking.finish_ranking(conn, one, snapshot, "complete", 30, at)

    me = f"INSERT INTO account (id, name, account, seen_at) VALUES ({ME}, 'me', 'me', 0)"
    db.run_sync(lambda conn: conn.exec_driver_sql(me))
    assert works() == 210
    db.run_sync(read, days[-1], range(30))
    assert works() == 189, "nothing tells yet how they overlap"
    db.run_sync(read, days[-2], range(3, 33))
    assert works() == round(8 * 30 * 0.1 * 0.7)
    for day in days[1:-2]:
        db.run_sync(read, day, range(30))
    assert works(NOW + DAY) == works() == 0, "a second reading that is due brings no works"
    for day in days[1:]:
        db.run_sync(read, day, range(3, 33) if day == days[-2] else range(30), NOW + 1)
    assert works() == 0, "nor does one that equals the first tell anything else"


def test_its_keys_are_stable_and_json() -> None:
    import json

    with plan.nothing_yet() as conn:
        found: dict[str, Any] = plan.plan(conn, NOW, [FOLLOWING]).as_dict()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {
        "jobs", "requests", "requests_total", "files", "bytes", "works", "hours", "hours_requests", "hours_files",
        "next_30_days", "per_day", "per_day_total", "unknown", "estimate",
    }  # fmt: skip
