"""The pacer's promises: order, pace, no starving, cool-downs, the daily cap, and the same after a restart."""

import asyncio
import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixmirror.clock import Clock, jst_day
from pixmirror.pixiv import Blocked, Lane, Pacer, PacerState
from pixmirror.pixiv.hosts import APP_HOST, WEB_HOST
from pixmirror.pixiv.pacing import MOST_STALLED, STALLED_S
from tests.virtual_time import run_virtually

pytestmark = pytest.mark.anyio


def new_log() -> list[tuple[int, Lane, object]]:
    return []


def blocked(pacer: Pacer, host: str = APP_HOST) -> Blocked:
    found = pacer.blocked_until(host=host)
    assert found is not None
    return found


async def work(pacer, clock, log, lane, name=""):
    async with pacer.turn(lane):
        log.append((clock.now(), lane, name))
        await asyncio.sleep(0)


async def test_starts_are_one_interval_apart(clock):
    pacer, log = Pacer(clock, per_minute=30), new_log()
    await asyncio.gather(*(work(pacer, clock, log, Lane.NEW) for _ in range(5)))
    times = [at for at, _, _ in log]
    assert [b - a for a, b in pairwise(times)] == [2000] * 4


async def test_higher_lanes_go_first_and_each_lane_in_order(clock):
    pacer, log = Pacer(clock, per_minute=60), new_log()
    lanes = [Lane.REFRESH, Lane.BACKFILL, Lane.NEW, Lane.BACKFILL, Lane.COMPLETE, Lane.NEW]
    await asyncio.gather(*(work(pacer, clock, log, lane, i) for i, lane in enumerate(lanes)))
    assert [name for _, _, name in log] == [2, 5, 4, 1, 3, 0]


async def test_only_one_paced_request_is_in_flight(clock):
    pacer, inside, most = Pacer(clock, per_minute=6000), 0, 0

    async def one():
        nonlocal inside, most
        async with pacer.turn(Lane.NEW):
            inside += 1
            most = max(most, inside)
            for _ in range(100):
                await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(10)))
    assert most == 1


async def test_without_a_pace_any_number_runs_at_once(clock):
    pacer, gate, inside = Pacer(clock, per_minute=0), asyncio.Event(), 0

    async def one():
        nonlocal inside
        async with pacer.turn(Lane.NEW):
            inside += 1
            await gate.wait()

    tasks = [asyncio.create_task(one()) for _ in range(20)]
    await asyncio.sleep(0.01)
    assert inside == 20
    gate.set()
    await asyncio.gather(*tasks)
    assert clock.sleeps == []


async def test_every_waiting_lane_gets_a_slot_in_any_twenty(clock):
    pacer, log = Pacer(clock, per_minute=6000), new_log()
    work_of = {Lane.NEW: 300} | dict.fromkeys(list(Lane)[1:], 30)
    await asyncio.gather(*(work(pacer, clock, log, lane) for lane, n in work_of.items() for _ in range(n)))
    order = [lane for _, lane, _ in log]
    waiting = order[:200]
    for start in range(180):
        assert set(waiting[start : start + 20]) == set(Lane)
    assert waiting.count(Lane.NEW) >= 150


async def test_a_lower_lane_gets_no_more_than_one_slot_in_twenty_while_a_higher_one_waits(clock):
    pacer, log = Pacer(clock, per_minute=6000), new_log()
    work_of = {Lane.BACKFILL: 190, Lane.EXTRA: 30}
    await asyncio.gather(*(work(pacer, clock, log, lane) for lane, n in work_of.items() for _ in range(n)))
    order = [lane for _, lane, _ in log]
    assert order[:200].count(Lane.EXTRA) == 10


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(list(Lane)), min_size=1, max_size=120))
def test_any_mix_of_lanes_is_served_whole_and_no_lane_waits_for_twenty(lanes):
    async def run():
        class Jump(Clock):
            ms = 0

            def now(self):
                return self.ms

            async def sleep(self, seconds):
                self.ms += round(seconds * 1000)

        clock, log = Jump(), new_log()
        pacer = Pacer(clock, per_minute=60)
        await asyncio.gather(*(work(pacer, clock, log, lane) for lane in lanes))
        return [lane for _, lane, _ in log]

    order = asyncio.run(run())
    assert sorted(order) == sorted(lanes)
    for lane in set(lanes):
        places = [-1, *(i for i, served in enumerate(order) if served == lane)]
        assert max(b - a for a, b in pairwise(places)) <= 20


async def test_a_limit_halves_the_pace_and_brings_a_cooldown_that_doubles_to_twenty_minutes(clock):
    pacer = Pacer(clock, per_minute=60)
    waits = []
    for _ in range(5):
        pacer.slow_down()
        waits.append((blocked(pacer).until - clock.now()) / 1000)
        clock.ms = blocked(pacer).until
        assert pacer.blocked_until() is None
    assert waits == [300, 600, 1200, 1200, 1200]
    assert pacer.interval_ms == 8000


async def test_retry_after_counts_instead_of_the_default(clock):
    pacer, log = Pacer(clock, per_minute=60), new_log()
    pacer.slow_down(17)
    begin = clock.now()
    await work(pacer, clock, log, Lane.NEW)
    assert log[0][0] - begin == 17_000


async def test_many_failures_at_once_slow_down_only_once(clock):
    pacer = Pacer(clock, per_minute=60)
    for _ in range(10):
        pacer.slow_down()
    assert (pacer.interval_ms, pacer.state.strikes) == (2000, 1)
    assert blocked(pacer).until == clock.now() + 300_000


async def test_the_pace_comes_back_slowly(clock):
    pacer = Pacer(clock, per_minute=60)
    pacer.slow_down()
    for _ in range(49):
        pacer.succeeded()
    assert pacer.interval_ms == 2000
    pacer.succeeded()
    assert pacer.interval_ms == 1800
    for _ in range(50 * 7):
        pacer.succeeded()
    assert pacer.interval_ms == 1000
    assert pacer.state.strikes == 0


async def test_pace_cooldown_and_spending_survive_a_restart(clock):
    saved: list[PacerState] = []
    pacer = Pacer(clock, per_minute=60, per_day=10, on_change=saved.append)
    log = new_log()
    for _ in range(3):
        await work(pacer, clock, log, Lane.BACKFILL)
    pacer.slow_down()
    state = PacerState.from_dict(json.loads(json.dumps(saved[-1].to_dict())))
    assert state == pacer.state
    again = Pacer(clock, per_minute=60, per_day=10, state=state)
    assert (again.interval_ms, again.spent_today, again.state.spent_by_lane) == (2000, 3, {"BACKFILL": 3})
    assert again.blocked_until() == pacer.blocked_until()


@pytest.mark.parametrize("junk", [{}, {"slowness": None}, {"slowness": "x", "day": 3}])
def test_a_state_that_is_not_understood_is_a_fresh_one(junk):
    assert PacerState.from_dict(junk) == PacerState()


async def test_a_spent_day_waits_for_midnight_in_japan(clock):
    pacer, log = Pacer(clock, per_minute=60, per_day=3), new_log()
    await asyncio.gather(*(work(pacer, clock, log, Lane.NEW) for _ in range(4)))
    assert jst_day(log[2][0]) == "2025-11-21"
    assert log[3][0] == 1_763_737_200_000  # 2025-11-22 00:00 +09:00
    assert pacer.spent_today == 1


async def test_the_daily_cap_holds_without_a_pace_too(clock):
    pacer, log = Pacer(clock, per_minute=0, per_day=2), new_log()
    await asyncio.gather(*(work(pacer, clock, log, Lane.NEW) for _ in range(3)))
    assert [jst_day(at) for at, _, _ in log] == ["2025-11-21", "2025-11-21", "2025-11-22"]


async def test_status_names_why_nothing_is_sent_and_until_when(clock):
    pacer = Pacer(clock, per_minute=60, per_day=1)
    assert pacer.blocked_until() is None
    pacer.slow_down(60)
    assert "cooling down" in blocked(pacer).reason
    async with pacer.turn(Lane.NEW):
        pass
    assert "requests are spent" in blocked(pacer).reason
    pacer.hold_until(None, "paused")
    assert pacer.blocked_until() == (None, "paused")
    pacer.resume()
    assert "requests are spent" in blocked(pacer).reason


async def test_a_hold_ends_by_itself_or_by_resume(clock):
    pacer, log = Pacer(clock, per_minute=0), new_log()
    pacer.hold_until(clock.now() + 5000, "quiet hours")
    begin = clock.now()
    await work(pacer, clock, log, Lane.NEW)
    assert log[0][0] - begin == 5000
    pacer.hold_until(None, "paused")
    task = asyncio.create_task(work(pacer, clock, log, Lane.NEW))
    await asyncio.sleep(0.01)
    assert not task.done()
    pacer.resume()
    await asyncio.wait_for(task, 1)


@pytest.mark.parametrize("per_minute", [0, 60])
async def test_a_cancelled_wait_leaves_the_turn_to_the_next(clock, per_minute):
    pacer, log = Pacer(clock, per_minute=per_minute), new_log()
    pacer.hold_until(None, "paused")
    tasks = [asyncio.create_task(work(pacer, clock, log, Lane.NEW, i)) for i in range(4)]
    await asyncio.sleep(0.01)
    for i in (0, 2):
        tasks[i].cancel()
    pacer.resume()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [name for _, _, name in log] == [1, 3]
    await work(pacer, clock, log, Lane.NEW, 9)
    assert pacer.waiting == {}


async def test_a_cancel_at_any_moment_never_blocks_the_pacer(clock):
    pacer, log = Pacer(clock, per_minute=60), new_log()
    for turns in range(12):
        task = asyncio.create_task(work(pacer, clock, log, Lane.NEW))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(work(pacer, clock, log, Lane.NEW), 1)


async def test_a_failing_request_gives_its_turn_back(clock):
    pacer, log = Pacer(clock, per_minute=60), new_log()
    with pytest.raises(KeyError):
        async with pacer.turn(Lane.NEW):
            raise KeyError
    await asyncio.wait_for(work(pacer, clock, log, Lane.NEW), 1)


async def test_a_clock_set_back_does_not_stop_the_pacer(clock):
    pacer, log = Pacer(clock, per_minute=60), new_log()
    await work(pacer, clock, log, Lane.NEW)
    clock.ms -= 7 * 86_400_000
    begin = clock.now()
    await work(pacer, clock, log, Lane.NEW)
    assert log[1][0] - begin <= 1000


async def test_a_wait_that_begins_as_the_last_one_ends_is_served(clock):
    pacer, log = Pacer(clock, per_minute=60), new_log()
    for _ in range(5):
        await work(pacer, clock, log, Lane.NEW)
    assert len(log) == 5


async def test_a_host_that_limits_leaves_the_pace_of_the_others_alone(clock):
    pacer = Pacer(clock, per_minute=60, per_day=100)
    pacer.slow_down(host=WEB_HOST)
    assert blocked(pacer, WEB_HOST).until == clock.now() + 300_000
    assert (pacer.blocked_until(), pacer.interval_ms, pacer.state.strikes) == (None, 1000, 0)
    pacer.slow_down(host="app-api.pixiv.net")
    assert pacer.interval_ms == 2000
    assert pacer.state.of(WEB_HOST).strikes == 1
    for _ in range(50 * 7):
        pacer.succeeded(WEB_HOST)
    assert pacer.state.of(WEB_HOST).slowness == 1
    assert pacer.interval_ms == 2000


async def test_requests_to_a_host_that_cools_down_wait_and_the_others_go_by(clock):
    pacer, log, begin = Pacer(clock, per_minute=60, per_day=100), new_log(), clock.now()

    async def ask(host):
        async with pacer.turn(Lane.NEW, host):
            log.append((clock.now() - begin, Lane.NEW, host))

    pacer.slow_down(host=WEB_HOST)
    await asyncio.gather(ask(WEB_HOST), *(ask(APP_HOST) for _ in range(3)))
    assert [(at, host) for at, _, host in log] == [
        (0, APP_HOST), (1000, APP_HOST), (2000, APP_HOST), (300_000, WEB_HOST)
    ]  # fmt: skip
    assert pacer.spent_today == 4


async def test_two_hosts_share_one_interval(clock):
    pacer, log = Pacer(clock, per_minute=30), new_log()

    async def ask(host):
        async with pacer.turn(Lane.NEW, host):
            log.append((clock.now(), Lane.NEW, host))

    await asyncio.gather(*(ask(host) for host in (APP_HOST, WEB_HOST) * 3))
    assert [b[0] - a[0] for a, b in pairwise(log)] == [2000] * 5


async def test_the_pace_of_each_host_survives_a_restart(clock):
    pacer = Pacer(clock, per_minute=60)
    pacer.slow_down(host=WEB_HOST)
    again = PacerState.from_dict(json.loads(json.dumps(pacer.state.to_dict())))
    assert again == pacer.state
    assert Pacer(clock, per_minute=60, state=again).blocked_until(host=WEB_HOST) is not None
    before = {name: value for name, value in pacer.state.to_dict().items() if name != "others"}
    assert PacerState.from_dict(before) == replace(pacer.state, others={})
    assert PacerState.from_dict({**before, "others": {WEB_HOST: {"slowness": "x"}}}) == PacerState()


def test_a_request_that_gets_no_answer_gives_its_turn_back():
    async def main(clock):
        pacer, stuck, log = Pacer(clock, per_minute=60), asyncio.Event(), new_log()

        async def hang():
            async with pacer.turn(Lane.NEW):
                await stuck.wait()

        begin = clock.now()
        hanging = [asyncio.create_task(hang()) for _ in range(MOST_STALLED - 1)]
        await asyncio.sleep(0)
        await work(pacer, clock, log, Lane.NEW)
        assert (log[0][0] - begin) / 1000 <= STALLED_S * MOST_STALLED
        hanging += [asyncio.create_task(hang())]
        waiting = asyncio.create_task(work(pacer, clock, log, Lane.NEW))
        await clock.sleep(3600)
        assert not waiting.done()  # as many as that are no longer one thing's trouble
        stuck.set()
        await asyncio.gather(waiting, *hanging)

    run_virtually(main)


async def test_when_the_clock_breaks_those_who_wait_hear_of_it(clock):
    async def broken(seconds):
        raise OSError("no clock")

    clock.sleep = broken
    pacer, log = Pacer(clock, per_minute=60), new_log()
    await work(pacer, clock, log, Lane.NEW)
    with pytest.raises(OSError, match="no clock"):
        await asyncio.wait_for(work(pacer, clock, log, Lane.NEW), 1)
