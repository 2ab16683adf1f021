"""`plan`: the arithmetic of requests, files and hours, from what is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixmirror.catalogue.database import Database
from pixmirror.cli.plan import planned
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.reports import plan
from pixmirror.reports.plan import Left, Rates, hours_left, hours_of, pages
from pixmirror.sync.kinds import KINDS, FollowingJob, RankingJob
from tests.catalogue.builders import DAY, ME, NOW

FOLLOWING = planned(FollowingJob(name="following", every="30m"))


def test_a_list_of_so_many_takes_so_many_pages() -> None:
    assert [pages(n) for n in (0, 1, 30, 31, 59, 60, 300)] == [1, 1, 1, 2, 2, 3, 11]
    assert pages(300, offset=29) == 10


@given(st.integers(min_value=0, max_value=5000), st.integers(min_value=0, max_value=5000))
def test_what_is_read_already_costs_no_more(total: int, offset: int) -> None:
    assert 1 <= pages(total, offset) <= pages(total)
    assert pages(total) <= pages(total + 1)


def test_hours_at_a_pace_and_under_a_daily_cap() -> None:
    assert hours_of(0, None, 0) == 0
    assert hours_of(10, None, 0) is None
    assert hours_of(3600, 1800, 0) == 2
    assert hours_of(3600, 1800, 20_000) == 2
    assert hours_of(2500, 1000, 1000) == 48.5
    assert hours_of(500, None, 1000) == 12


@given(
    st.integers(min_value=0, max_value=10**6),
    st.integers(min_value=0, max_value=10**6),
    st.floats(min_value=1, max_value=36_000),
    st.integers(min_value=0, max_value=50_000),
)
def test_more_requests_never_take_less_time(a: int, b: int, per_hour: float, per_day: int) -> None:
    few, many = sorted((a, b))
    less, more = hours_of(few, per_hour, per_day), hours_of(many, per_hour, per_day)
    assert less is not None
    assert more is not None
    assert less <= more + 1e-6


def test_requests_and_files_go_on_side_by_side() -> None:
    todo = Left({"lists": 60}, files=10, bytes=1000)
    assert hours_left(todo, Rates(requests_per_hour=30, bytes_per_hour=100)) == (2, 10)
    assert hours_left(Left({}, 0, 0), Rates()) == (0, 0)
    assert hours_left(todo, Rates(requests_per_hour=30)) == (2, None)


def test_before_the_first_sync_it_says_what_it_does_not_know() -> None:
    with plan.nothing_yet() as conn:
        found = plan.plan(conn, NOW, [FOLLOWING], Rates(requests_per_hour=1800, requests_per_day=20_000))
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


def test_its_keys_are_stable_and_json() -> None:
    import json

    with plan.nothing_yet() as conn:
        found: dict[str, Any] = plan.plan(conn, NOW, [FOLLOWING]).as_dict()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {
        "jobs", "requests", "requests_total", "files", "bytes", "works", "hours", "hours_requests", "hours_files",
        "next_30_days", "per_day", "per_day_total", "unknown",
    }  # fmt: skip
