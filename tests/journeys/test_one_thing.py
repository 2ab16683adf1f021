"""One thing that fails never stops the rest; what stops everybody is found out with few requests."""

import itertools
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pixmirror.catalogue.database import open_readonly
from pixmirror.catalogue.schema import chore, feed, work
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.daemon.trouble import PIXIV
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.models.jobs import JobConfig
from pixmirror.sync.kinds import FollowingJob, UserJob
from tests.faults import Act, Faults, error, rate_limit, reset, stall, status
from tests.standin import Setup
from tests.virtual_time import VirtualClock, run_virtually, serving, working

LISTS = FollowingJob(name="f", kind="following", every="30m", files=False, comments=False, profiles=False)
APP = "^/(v[123]|webview)/"
HOUR_S = 3600.0
IDLE_NAP_S = 600.0  # while days pass in which little happens


def rows(setup: Setup, table: Any) -> list[Any]:
    with open_readonly(catalogue_path(setup.root)) as db, db.reading() as conn:
        return list(conn.execute(select(table)))


def of(user_id: int) -> str:
    return rf"/v1/user/illusts\?.*user_id={user_id}\b"


def play(
    root: Path,
    scene: Callable[[VirtualClock, World, Faults, Setup], Awaitable[None]],
    job: JobConfig = LISTS,
    artists: int = 8,
    **of_each: Any,
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        made: dict[str, Any] = {"works": 40, "manga": 0, "ugoira": 0, "novels": 0, **of_each}
        for _ in range(artists):
            add_artist(world, until_ms=clock.now() - 9 * 86_400_000, **made)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            chosen = job
            if isinstance(job, UserJob):
                chosen = job.model_copy(update={"users": tuple(artists_of(world))})
            await scene(clock, world, faults, Setup(root, url, [chosen], pixiv={"requests_per_minute": 30}))

    run_virtually(main)


def artists_of(world: World) -> list[int]:
    return sorted({work.user_id for work in world.works.values()})


def unread(setup: Setup, world: World) -> set[int]:
    """The artists of whom works are unknown."""
    known = {row.work_key for row in rows(setup, work)}
    return {found.user_id for found in world.works.values() if found.id * 2 not in known}


async def run(engine: Engine) -> str | None:
    (job,) = engine.mirror.jobs.values()
    return (await engine.run_job(job)).error


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(reset(), id="reset"),
        pytest.param(stall(), id="stall", marks=pytest.mark.long),
        pytest.param(status(503), id="503", marks=pytest.mark.long),
    ],
)
def test_a_list_that_never_answers_is_put_off_and_the_others_are_read(tmp_path: Path, act: Act) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        worst = artists_of(world)[3]
        faults.add(of(worst), act)
        async with working(setup, clock) as engine:
            await run(engine)
            await clock.sleep(HOUR_S)
            assert PIXIV not in engine.trouble.errors
            (failed,) = [row for row in rows(setup, feed) if row.error]
            assert str(worst) in failed.params
            assert failed.due_at > clock.now() - HOUR_S * 1000
            assert unread(setup, world) == {worst}
            asked = len(faults.asked(of(worst)))
            clock.nap = IDLE_NAP_S
            await clock.sleep(24 * HOUR_S)
            assert len(faults.asked(of(worst))) - asked <= 20  # rarer and rarer, each sent once
            await clock.sleep(24 * HOUR_S)
            asked = len(faults.asked(of(worst)))
            await clock.sleep(48 * HOUR_S)
            assert len(faults.asked(of(worst))) - asked <= 2 * 4
            faults.clear()
            await clock.sleep(25 * HOUR_S)
            assert not unread(setup, world)

    play(tmp_path / "mirror", scene)


def test_in_a_job_of_users_the_next_one_is_read_after_one_that_fails(tmp_path: Path) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        faults.add(of(artists_of(world)[0]), reset())
        async with working(setup, clock) as engine:
            assert "broke off" in (await run(engine) or "")
            await clock.sleep(HOUR_S)
            assert unread(setup, world) == {artists_of(world)[0]}

    play(tmp_path / "mirror", scene, UserJob(name="u", kind="user", every="12h", users=(1,), novels=False))


def test_a_user_of_whom_everything_is_refused_slows_nobody_down(tmp_path: Path) -> None:
    """So Pixiv answers about one that it suspended, in the words that it has for accounts that ask too much."""

    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        suspended = artists_of(world)[0]
        faults.add(rf"user_id={suspended}\b", error(403, user_message="Your access is currently restricted."))
        async with working(setup, clock) as engine:
            await run(engine)
            await clock.sleep(2 * HOUR_S)
            assert unread(setup, world) == {suspended}
            assert PIXIV not in engine.trouble.errors
            pace = engine.mirror.transport.pacer.state
            assert (pace.slowness, pace.strikes) == (1.0, 0)
            assert len(faults.asked(rf"user_id={suspended}\b")) <= 10

    job = UserJob(name="u", kind="user", every="12h", users=(1,), files=False, comments=False, novels=False)
    play(tmp_path / "mirror", scene, job)


def test_two_lists_that_never_answer_are_not_taken_for_an_outage(tmp_path: Path) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        for user_id in artists_of(world)[:2]:
            faults.add(of(user_id), reset())
        async with working(setup, clock) as engine:
            await run(engine)
            clock.nap = IDLE_NAP_S
            for _ in range(24):
                await clock.sleep(HOUR_S)
                assert PIXIV not in engine.trouble.errors
            assert unread(setup, world) == set(artists_of(world)[:2])

    play(tmp_path / "mirror", scene)


def test_an_outage_puts_off_next_to_nothing_and_what_it_did_is_done_at_once_when_it_is_over(
    tmp_path: Path,
) -> None:
    hours = 5

    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        async with working(setup, clock) as engine:
            await run(engine)
            faults.add(APP, reset())
            clock.nap = 10.0
            began = clock.monotonic()
            await clock.sleep(hours * HOUR_S)
            assert PIXIV in engine.trouble.errors
            failed = [row for row in (*rows(setup, chore), *rows(setup, feed)) if row.error]
            tried = {(s.path, s.query) for s in faults.asked(APP) if s.at > began}
            calls = [s for s in faults.asked(APP) if s.at > began]
            assert len(failed) <= 10 + 4 * hours
            assert len(calls) <= 3 * (10 + 4 * hours)  # four tries an hour, each sent three times at most
            assert tried
            later = [s.at for s in calls if s.at > began + HOUR_S]
            assert all(b - a < 30 or b - a > 800 for a, b in itertools.pairwise(later))  # one try at a time
            faults.clear()
            await clock.sleep(1200)
            assert PIXIV not in engine.trouble.errors
            assert not [row for row in (*rows(setup, chore), *rows(setup, feed)) if row.error]
            assert not unread(setup, world)

    play(tmp_path / "mirror", scene, LISTS.model_copy(update={"comments": True}), works=60)


def test_a_limit_that_only_one_thing_meets_is_met_more_and_more_rarely(tmp_path: Path) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        worst = next(found for found in world.works.values() if found.type == "ugoira")
        faults.add(rf"/v1/ugoira/metadata\?.*\b{worst.id}\b", rate_limit())
        async with working(setup, clock) as engine:
            await run(engine)
            clock.nap = IDLE_NAP_S
            await clock.sleep(24 * HOUR_S)
            (failed,) = [row for row in rows(setup, chore) if row.error]
            assert re.search("limits us.*Only this meets", failed.error)
            assert len(faults.asked("/v1/ugoira/metadata")) <= 12
            pacer = engine.mirror.transport.pacer
            for _ in range(48):
                await clock.sleep(HOUR_S)
                assert pacer.blocked_until() is None
            assert not unread(setup, world)
            frames = [row for row in rows(setup, chore) if row.kind == "ugoira"]
            assert len(frames) == 1
            assert PIXIV not in engine.trouble.errors

    play(tmp_path / "mirror", scene, LISTS.model_copy(update={"files": True}), artists=2, works=1, ugoira=2)


def test_trouble_is_over_when_a_control_question_is_answered_though_nothing_is_due(tmp_path: Path) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        async with working(setup, clock) as engine:
            await run(engine)
            clock.nap = IDLE_NAP_S
            await clock.sleep(HOUR_S)
            faults.add("/v2/illust/follow", rate_limit())
            await run(engine)
            assert PIXIV in engine.trouble.errors
            await clock.sleep(6 * HOUR_S)
            assert PIXIV not in engine.trouble.errors

    play(tmp_path / "mirror", scene)


def test_the_first_sync_after_an_outage_of_many_syncs_asks_for_all_that_it_put_off(tmp_path: Path) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        faults.add("^/v[123]/illust/comments|^/v1/user/detail", reset())
        await setup.sync(clock=clock)
        assert not unread(setup, world)
        faults.add(APP, reset())
        for _ in range(12):
            await clock.sleep(HOUR_S)
            assert (await setup.sync(clock=clock)).exit_code == 8
        faults.clear()
        await clock.sleep(HOUR_S)
        report = await setup.sync(clock=clock)
        assert report.exit_code == 0
        assert not [row for row in (*rows(setup, chore), *rows(setup, feed)) if row.error]

    play(tmp_path / "mirror", scene, LISTS.model_copy(update={"comments": True}), artists=1, works=3)
