"""The image budget's promises: bytes a day, connections, throttling noticed, state kept."""

import asyncio
import json

import pytest

from pixmirror.clock import jst_day
from pixmirror.models import Lane
from pixmirror.pixiv import Blocked, BudgetState, ImageBudget

pytestmark = pytest.mark.anyio
MIB = 1024 * 1024


def blocked(budget: ImageBudget, lane: Lane = Lane.NEW) -> Blocked:
    found = budget.blocked_until(lane)
    assert found is not None
    return found


async def test_no_more_transfers_than_connections_run_at_once(clock):
    budget, inside, most = ImageBudget(clock, bytes_per_day=0, connections=3), 0, 0

    async def one():
        nonlocal inside, most
        async with budget.slot():
            inside += 1
            most = max(most, inside)
            for _ in range(3):
                await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(12)))
    assert most == 3


async def test_spent_bytes_wait_for_midnight_in_japan(clock):
    budget = ImageBudget(clock, bytes_per_day=10 * MIB, connections=2)
    async with budget.slot():
        budget.received(11 * MIB)
    assert budget.bytes_today == 11 * MIB
    assert "image bytes" in blocked(budget).reason
    async with budget.slot():
        assert jst_day(clock.now()) == "2025-11-22"
    assert budget.bytes_today == 0


async def test_the_last_twentieth_of_a_days_bytes_is_kept_for_new_works(clock):
    budget = ImageBudget(clock, bytes_per_day=100 * MIB, connections=2)
    budget.received(95 * MIB - 1)
    assert not budget.keeps_back(Lane.BACKFILL)
    budget.received(1)
    assert budget.keeps_back(Lane.BACKFILL)
    assert "for new works" in blocked(budget, Lane.REFRESH).reason
    assert budget.blocked_until(Lane.RETRY) is None
    budget.configure(bytes_per_day=0, connections=2)
    assert not budget.keeps_back(Lane.BACKFILL)


async def test_throttled_transfers_halve_the_connections_and_pause(clock):
    budget = ImageBudget(clock, bytes_per_day=0, connections=4)
    for _ in range(8):
        budget.finished(300 * 1024, 30)
    assert budget.allowed == 2
    assert blocked(budget).until == clock.now() + 60_000


async def test_healthy_transfers_bring_the_connections_back_one_by_one(clock):
    budget = ImageBudget(clock, bytes_per_day=0, connections=4, state=BudgetState(connections=1, strikes=2))
    seen = []
    for _ in range(24):
        budget.finished(3 * MIB, 1)
        seen.append(budget.allowed)
    assert (seen[7], seen[15], seen[23]) == (2, 3, 4)
    assert (budget.state.connections, budget.state.strikes) == (0, 0)


async def test_small_quick_files_say_nothing_about_throttling(clock):
    budget = ImageBudget(clock, bytes_per_day=0, connections=4)
    for _ in range(50):
        budget.finished(2000, 0.5)
    assert budget.allowed == 4


async def test_429_brings_a_cooldown_that_doubles_and_honours_retry_after(clock):
    budget = ImageBudget(clock, bytes_per_day=0, connections=4)
    budget.slow_down()
    budget.slow_down()
    assert (budget.allowed, blocked(budget).until) == (2, clock.now() + 60_000)
    clock.ms += 60_000
    budget.slow_down()
    assert (budget.allowed, blocked(budget).until) == (1, clock.now() + 120_000)
    budget.slow_down(600)
    assert blocked(budget).until == clock.now() + 600_000
    begin = clock.now()
    async with budget.slot():
        assert clock.now() - begin == 600_000


async def test_state_survives_a_restart(clock):
    saved: list[BudgetState] = []
    budget = ImageBudget(clock, bytes_per_day=MIB, connections=4, on_change=saved.append)
    budget.received(2 * MIB)
    budget.slow_down()
    state = BudgetState.from_dict(json.loads(json.dumps(saved[-1].to_dict())))
    again = ImageBudget(clock, bytes_per_day=MIB, connections=4, state=state)
    assert (again.state, again.allowed) == (budget.state, 2)
    assert again.blocked_until() == budget.blocked_until()
    assert BudgetState.from_dict({"day": 1}) == BudgetState()


async def test_a_hold_keeps_new_transfers_back_until_resume(clock):
    budget = ImageBudget(clock, bytes_per_day=0, connections=1)
    budget.hold_until(None, "storage absent")
    entered = asyncio.Event()

    async def one():
        async with budget.slot():
            entered.set()

    task = asyncio.create_task(one())
    await asyncio.sleep(0.01)
    assert not entered.is_set()
    budget.resume()
    await asyncio.wait_for(task, 1)


async def test_a_slow_line_of_ones_own_is_no_throttling(clock):
    """60 KB/s in all: fewer connections carry as much, so that no pause helps."""
    budget, pauses = ImageBudget(clock, bytes_per_day=0, connections=4), 0
    for _ in range(400):
        budget.finished(300 * 1024, 300 * 1024 / (60 * 1024 / budget.allowed))
        if found := budget.blocked_until():
            pauses += 1
            assert found.until is not None
            clock.ms = found.until + 1
    assert pauses == 1


async def test_a_slow_line_with_one_connection_is_known_after_a_few_pauses(clock):
    budget, pauses = ImageBudget(clock, bytes_per_day=0, connections=1), 0
    for _ in range(400):
        budget.finished(300 * 1024, 20)
        if found := budget.blocked_until():
            pauses += 1
            assert found.until is not None
            clock.ms = found.until + 1
    assert pauses == 2


async def test_a_host_that_throttles_each_connection_is_met_with_pauses(clock):
    budget, pauses = ImageBudget(clock, bytes_per_day=0, connections=4), 0
    for _ in range(24):
        budget.finished(300 * 1024, 30)
        if found := budget.blocked_until():
            pauses += 1
            assert found.until is not None
            clock.ms = found.until + 1
    assert pauses == 3
