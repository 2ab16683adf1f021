"""The one estimate, all along a first sync that takes days: near the truth, and the same in all three commands."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pixmirror.catalogue.database import Connection, open_readonly
from pixmirror.catalogue.sql import value
from pixmirror.cli import common, plan, seen
from pixmirror.cli.common import Session
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.estimates import what_is_left
from pixmirror.daemon.mirror import Mirror, catalogue_path, open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.models import Lane, Restrict
from pixmirror.reports.estimate import Estimate
from pixmirror.store.outside import Room
from pixmirror.sync import planning
from pixmirror.sync.kinds import BookmarksJob, FollowingJob
from tests.simulation.clock import DAY_MS, YearClock
from tests.standin import Setup
from tests.virtual_time import run_virtually, serving

JOBS = (
    FollowingJob(name="following", kind="following", every="1d"),
    BookmarksJob(name="bookmarks", kind="bookmarks", every="1d"),
)
FACTOR = 1.5
LOOK_MS = 50 * 60_000
_TODO = """
SELECT (SELECT count(*) FROM chore WHERE due_at <= :now AND lane < 5)
  + (SELECT count(*) FROM feed WHERE due_at <= :now) + (SELECT count(*) FROM gap WHERE due_at <= :now)
  + (SELECT count(*) FROM media WHERE state IN ('wanted', 'fetching'))"""


def _todo(conn: Connection, now: int) -> int:
    return int(value(conn, _TODO, now=now))


@dataclass
class Told:
    """What was told at each moment (ms): by all three commands alike."""

    begun: int = 0
    ended: int = 0
    at: list[tuple[int, Estimate]] = field(default_factory=list)

    def when(self, share: float) -> tuple[float, Estimate]:
        """Return the seconds that were left so far on the way, and the estimate of that moment."""
        moment = self.begun + share * (self.ended - self.begun)
        at, found = min(self.at, key=lambda one: abs(one[0] - moment))
        return (self.ended - at) / 1000, found


def a_world(clock: YearClock, artists: int, works: int) -> World:
    """Artists of very different size; half the bookmarks are of artists who are not followed."""
    world = empty_world(clock, strip_captions="all")
    for n in range(artists + 3):
        count = works * (1 + n % 5) // 3
        follow: Restrict | None = None if n >= artists else "private" if n % 4 == 3 else "public"
        add_artist(
            world, works=count, manga=count // 5, ugoira=count // 10, novels=count // 6, pages=3, follow=follow
        )
    for n, work in enumerate(sorted(world.works.values(), key=lambda w: w.id)):
        if n % 9 == 0:
            world.bookmark(work, "private" if n % 2 else "public")
        if n % 3 == 0:
            world.comment(work, work.user_id, "well done")
    return world


def first_sync(root: Path, artists: int, works: int, a_day: int, monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()

    async def main(clock: YearClock) -> None:
        monkeypatch.setattr(planning, "on_disk", lambda folder: Room(free=1 << 40))  # others write to this disk
        monkeypatch.setattr(Session, "ask", lambda s, command, timeout=None: None)  # no daemon runs here
        for module in (common, plan, seen):
            monkeypatch.setattr(module, "now_ms", clock.now)
        async with serving(create_app(a_world(clock, artists, works))) as url:
            setup = Setup(
                root, url, JOBS, pixiv={"requests_per_minute": 30, "requests_per_day": a_day},
                mirror={"sidecars": False},
            )  # fmt: skip
            async with open_mirror(setup.config(), {}, clock=clock) as mirror:
                await mirror.log_in()
                engine, pacer = Engine(mirror), mirror.transport.pacer
                clock.idle = lambda: pacer.blocked_until(Lane.REFRESH) is not None
                told.begun = clock.now()
                async with asyncio.TaskGroup() as group:
                    loops = engine.start(group)
                    jobs = group.create_task(run_daily(engine, clock))
                    await watch(mirror, clock, told)
                    for task in (*loops, jobs):
                        task.cancel()

    run_virtually(main, make=YearClock)
    return told


async def run_daily(engine: Engine, clock: YearClock) -> None:
    while True:
        for job in engine.mirror.jobs.values():
            await engine.run_job(job)
        await clock.until(clock.now() + DAY_MS)


async def watch(mirror: Mirror, clock: YearClock, told: Told) -> None:
    """Look every 50 minutes, as the progress of `sync` does; now and then with the other two commands as well."""
    s = Session(None)
    s.__dict__["config"] = mirror.config
    while True:
        await clock.until(clock.now() + LOOK_MS)
        await mirror.save_spent()  # every two seconds, but for the naps of this clock
        now = clock.now()
        with open_readonly(catalogue_path(mirror.config.mirror.root)) as db:
            e = db.read_sync(what_is_left, now, mirror.config)
            todo = db.read_sync(_todo, now)
        if not todo:
            told.ended = now
            return
        assert not e.is_done, "never all of it with something left"
        if len(told.at) % 8 == 0:
            assert plan.read_plan(s, None).estimate == e
            status = seen.read_status(s)
            assert status["estimate"] == e.as_dict()
            assert status["eta_hours"] == e.hours
        told.at.append((now, e))


def judge(told: Told) -> None:
    for share in (0.1, 0.5, 0.9):
        left, e = told.when(share)
        assert e.seconds is not None, (share, e)
        assert left / FACTOR <= e.seconds.likely <= left * FACTOR, (share, left / 3600, e.seconds, e)
    before: Estimate | None = None
    for at, e in told.at:
        if before is not None and before.seconds is not None and e.seconds is not None:
            jumped = e.seconds.likely > before.seconds.likely * 1.1 + 60
            assert not jumped or e.because, (at, before.seconds, e.seconds)
        before = e


def test_along_a_first_sync_of_days_all_commands_say_the_same_and_are_near_the_truth(
    tmp_path, monkeypatch
) -> None:
    told = first_sync(tmp_path / "mirror", 5, 12, 60, monkeypatch)
    assert told.ended - told.begun > 2 * DAY_MS
    judge(told)


@pytest.mark.long
@pytest.mark.parametrize(("artists", "works", "a_day", "days"), [(15, 36, 400, 2), (45, 12, 240, 5)])
def test_along_a_first_sync_of_a_week(
    artists: int, works: int, a_day: int, days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = first_sync(tmp_path / "mirror", artists, works, a_day, monkeypatch)
    assert told.ended - told.begun > days * DAY_MS
    judge(told)
