"""When jobs are due: intervals, crontab lines, time zones, jitter, and clocks that are set."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pixmirror.models import from_ms, to_ms
from pixmirror.models.jobs import JobConfig
from pixmirror.schedule import CRON_JITTER_S, MOST_JITTER_S, SPREAD_S, Schedule, When, _Trigger, due_after

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.anyio


def local(year: int, month: int, day: int, hour: int, minute: int, zone: str) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))


def fires(when: When, start: datetime, count: int) -> list[datetime]:
    """What the scheduler would do, without the jitter."""

    class Calm(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return 0.0

    trigger, found, at = _Trigger(when, Calm()), [], start
    for _ in range(count):
        following = trigger.get_next_fire_time(at, at)
        assert following is not None
        found.append(following)
        at = following
    return found


def test_a_job_that_never_ran_is_overdue() -> None:
    assert When("x", every=3600).overdue(NOW)


def test_a_missed_interval_and_a_missed_crontab_moment_are_overdue_and_others_are_not() -> None:
    done = to_ms(NOW - 2 * HOUR)

    assert When("x", every=3600, last_done_at=done).overdue(NOW)
    assert not When("x", every=3 * 3600, last_done_at=done).overdue(NOW)
    assert When("x", cron="30 11 * * *", last_done_at=done).overdue(NOW)
    assert not When("x", cron="30 12 * * *", last_done_at=done).overdue(NOW)


def test_crontab_days_go_by_name_in_the_job_s_own_time_zone() -> None:
    found = fires(When("x", cron="30 12 * * mon-fri", timezone="Asia/Tokyo"), NOW, 3)

    assert found == [local(2026, 11, d, 12, 30, "Asia/Tokyo") for d in (23, 24, 25)]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own zone is that of Berlin."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("cron", ["30 2 * * *", "*/30 2 * * *", "30 1-3 * * *", "30 12 * * mon"])
@pytest.mark.parametrize("start", [datetime(2026, 10, 23, 12, tzinfo=UTC), datetime(2027, 3, 26, tzinfo=UTC)])
def test_a_crontab_line_without_a_zone_runs_by_the_machine_s_clock(cron: str, start: datetime) -> None:
    found = fires(When("x", cron=cron), start, 10)

    assert found == fires(When("x", cron=cron, timezone="Europe/Berlin"), start, 10)


def test_a_named_hour_comes_once_in_the_night_when_summer_time_ends() -> None:
    when = When("x", cron="30 2 * * *", timezone="Europe/Berlin")

    found = fires(when, datetime(2026, 10, 24, 12, tzinfo=UTC), 3)

    assert [f.astimezone(ZoneInfo("Europe/Berlin")).day for f in found] == [25, 26, 27]


def test_a_named_hour_that_is_left_out_comes_once_all_the_same() -> None:
    found = fires(When("x", cron="30 2 * * *", timezone="Europe/Berlin"), datetime(2026, 3, 28, 12, tzinfo=UTC), 2)

    assert [f.astimezone(ZoneInfo("Europe/Berlin")).day for f in found] == [29, 30]


def test_a_line_for_each_half_hour_goes_through_the_double_hour() -> None:
    found = fires(
        When("x", cron="*/30 * * * *", timezone="Europe/Berlin"), datetime(2026, 10, 24, 23, 45, tzinfo=UTC), 6
    )

    assert {b - a for a, b in pairwise(found)} == {timedelta(minutes=30)}


def test_a_line_that_never_comes_has_no_next_run() -> None:
    assert When("x", cron="0 0 31 feb *", last_done_at=to_ms(NOW)).next(NOW) is None


@pytest.mark.parametrize("every", [60, 3600, 30 * 86400])
def test_jitter_stays_within_its_bounds_and_never_calls_at_once(every: int) -> None:
    trigger = _Trigger(When("x", every=every), random.Random(1))
    most = min(every * 0.05, MOST_JITTER_S)

    found = [trigger.get_next_fire_time(NOW, NOW) for _ in range(200)]

    waits = [(f - NOW).total_seconds() for f in found if f is not None]
    assert len(set(waits)) > 100
    assert all(every - most <= wait <= every + most for wait in waits)


def test_a_crontab_line_is_never_early() -> None:
    trigger = _Trigger(When("x", cron="30 12 * * *"), random.Random(1))

    for _ in range(100):
        found = trigger.get_next_fire_time(None, NOW)
        assert found is not None
        assert 0 <= (found - NOW - timedelta(minutes=30)).total_seconds() <= CRON_JITTER_S
        after = trigger.get_next_fire_time(found, found)
        assert after is not None
        assert after - found > timedelta(hours=23)


def test_a_clock_set_forward_by_a_year_makes_one_run_of_what_was_missed() -> None:
    later = NOW + timedelta(days=365)
    trigger = _Trigger(When("x", every=60), random.Random(1))

    following = trigger.get_next_fire_time(NOW, later)

    assert following is not None
    assert following > later + timedelta(seconds=50)


def test_after_a_clock_set_back_by_a_day_the_next_run_is_one_interval_away() -> None:
    when = When("x", every=1800, last_done_at=to_ms(NOW + timedelta(days=1)))

    assert not when.overdue(NOW)
    assert when.next(NOW) == NOW + timedelta(minutes=30)


async def test_overdue_jobs_are_spread_and_others_keep_their_time() -> None:
    schedule = Schedule(lambda name: None, rng=random.Random(1))
    schedule.start()
    now = datetime.now(UTC) + HOUR  # nothing fires in the test
    done = to_ms(now - timedelta(minutes=10))

    schedule.use(
        [*(When(f"late{n}", every=60) for n in range(4)), When("fresh", every=3600, last_done_at=done)], now
    )

    late = sorted(from_ms(schedule.next_run(f"late{n}") or 0) for n in range(4))
    assert late[0] - now < timedelta(seconds=2)
    assert all(b - a > timedelta(seconds=SPREAD_S - 1) for a, b in pairwise(late))
    assert abs(from_ms(schedule.next_run("fresh") or 0) - (now + timedelta(minutes=50))) < timedelta(seconds=1)
    schedule.stop()


async def test_a_job_that_left_the_table_is_not_called_and_a_failed_one_not_before_its_time() -> None:
    due: list[str] = []
    schedule = Schedule(due.append)
    schedule.start()
    now = datetime.now(UTC)

    schedule.use([When("gone", every=60, last_done_at=to_ms(now - timedelta(seconds=59)))], now)
    schedule.use([When("failed", every=60, not_before=to_ms(now + HOUR))], now)
    await asyncio.sleep(1.3)

    assert due == []
    assert schedule.next_run("gone") is None
    assert schedule.next_run("failed") == to_ms(now + HOUR)
    schedule.stop()


async def test_a_due_job_is_called_on_the_loop_and_once() -> None:
    due: list[str] = []
    schedule = Schedule(due.append)
    schedule.start()

    schedule.use([When("x", every=60)], datetime.now(UTC))
    await asyncio.sleep(1.3)

    assert due == ["x"]
    schedule.stop()


def test_a_job_is_due_after_its_last_run_by_its_own_rule() -> None:
    last = to_ms(datetime(2026, 11, 30, 10, tzinfo=UTC))
    often = JobConfig(name="a", kind="following", every="30m")
    daily = JobConfig(name="b", kind="ranking", cron="30 12 * * *", timezone="Asia/Tokyo")
    assert due_after(often, None) is None
    assert due_after(often, last) == last + 30 * 60 * 1000
    assert due_after(daily, last) == to_ms(datetime(2026, 12, 1, 3, 30, tzinfo=UTC))
