"""Removed bookmarks and unfollowed artists are noticed however `restrict` is spread over jobs."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pixmirror.catalogue.database import open_readonly
from pixmirror.clock import Clock
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.models.jobs import JobConfig
from pixmirror.sync.kinds import BookmarksJob, FollowingJob
from tests.faults import Faults
from tests.standin import Setup
from tests.virtual_time import VirtualClock, run_virtually, serving

DAY_S = 86_400
QUICK: dict[str, Any] = {"every": "30m", "files": False, "comments": False, "profiles": False, "novels": False}


def jobs(*lists: tuple[str, ...]) -> list[JobConfig]:
    """A following and a bookmarks job for each of these restricts."""
    made: list[JobConfig] = []
    for n, restrict in enumerate(lists):
        made.append(
            FollowingJob.model_validate(QUICK | {"name": f"f{n}", "kind": "following", "restrict": restrict})
        )
        made.append(
            BookmarksJob.model_validate(QUICK | {"name": f"b{n}", "kind": "bookmarks", "restrict": restrict})
        )
    return made


SPREAD = {
    "one job": jobs(("public", "private")),
    "two jobs": jobs(("public",), ("private",)),
    "public alone": jobs(("public",)),
}


@pytest.mark.parametrize(
    "how", ["two jobs", *(pytest.param(how, marks=pytest.mark.long) for how in ("one job", "public alone"))]
)
def test_what_was_removed_is_noticed_and_what_was_switched_is_not_taken_for_it(tmp_path: Path, how: str):
    async def scene(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        old = clock.now() - 9 * DAY_S * 1000
        artists = [add_artist(world, works=2, novels=0, follow="public", until_ms=old) for _ in range(8)]
        works = [next(w for w in world.works.values() if w.user_id == a.id) for a in artists]
        for n, work in enumerate(works):
            world.bookmark(work, "public", at=old + n)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            mine = Setup(tmp_path / "mirror", url, SPREAD[how], mirror={"sidecars": False})
            await mine.sync(clock=clock)
            world.unfollow(artists[0].id)
            world.unbookmark(works[0])
            world.follow(artists[1].id, "private")
            world.bookmark(works[1], "private", at=clock.now())
            for _ in range(10):
                await clock.sleep(DAY_S)
                await mine.sync(clock=clock)
        found = {}
        with open_readonly(catalogue_path(mine.root)) as db, db.reading() as conn:
            for table, column in (("follow", "user_id"), ("bookmark", "work_key")):
                rows = conn.execute(text(f"SELECT {column}, state, restrict FROM {table}"))
                found[table] = {row[0]: (row[1], row[2]) for row in rows}
        for table, keys in (("follow", [a.id for a in artists]), ("bookmark", [w.id * 2 for w in works])):
            assert found[table][keys[0]][0] == "gone", table
            assert found[table][keys[1]] == ("live", "private"), table
            assert {found[table][key] for key in keys[2:]} == {("live", "public")}, table
        asked = faults.asked("/bookmark/detail|/follow/detail")
        assert len(asked) <= 6 if how == "public alone" else not asked, asked

    run_virtually(scene)


@pytest.mark.long
def test_what_was_switched_to_a_list_that_no_job_reads_and_removed_there_is_noticed(tmp_path: Path):
    async def scene(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        old = clock.now() - 9 * DAY_S * 1000
        artists = [add_artist(world, works=1, novels=0, follow="public", until_ms=old) for _ in range(3)]
        works = list(world.works.values())
        for n, work in enumerate(works):
            world.bookmark(work, "public", at=old + n)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            mine = Setup(tmp_path / "mirror", url, SPREAD["public alone"], mirror={"sidecars": False})
            await mine.sync(clock=clock)
            world.follow(artists[0].id, "private")
            world.bookmark(works[0], "private", at=clock.now())

            async def live(table: str, column: str, key: int) -> tuple[str, str]:
                with open_readonly(catalogue_path(mine.root)) as db, db.reading() as conn:
                    row = conn.execute(text(f"SELECT state, restrict FROM {table} WHERE {column} = {key}")).one()
                    return row.state, row.restrict

            of = (("follow", "user_id", artists[0].id), ("bookmark", "work_key", works[0].id * 2))
            for days in (12, 48):
                for _ in range(days // 2):
                    await clock.sleep(2 * DAY_S)
                    await mine.sync(clock=clock)
                for one in of:
                    assert await live(*one) == ("live" if days == 12 else "gone", "private"), one
                if days == 12:
                    world.unfollow(artists[0].id)
                    world.unbookmark(works[0])
        assert len(faults.asked("/bookmark/detail|/follow/detail")) < 16

    run_virtually(scene)


def test_a_clock_that_stood_ten_years_ahead_for_a_day_delays_nothing(tmp_path: Path):
    async def scene(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        old = clock.now() - 9 * DAY_S * 1000
        artists = [add_artist(world, works=2, novels=0, follow="public", until_ms=old) for _ in range(8)]
        works = [next(w for w in world.works.values() if w.user_id == a.id) for a in artists]
        for n, work in enumerate(works):
            world.bookmark(work, "public", at=old + n)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            mine = Setup(tmp_path / "mirror", url, SPREAD["one job"], mirror={"sidecars": False})
            await mine.sync(clock=clock)
            ahead = SetForward(clock, 3650 * DAY_S)
            for _ in range(2):
                await mine.sync(clock=ahead)
                await clock.sleep(DAY_S / 2)
            world.unfollow(artists[0].id)
            world.unbookmark(works[0])
            for _ in range(10):
                await mine.sync(clock=clock)
                await clock.sleep(DAY_S)
        with open_readonly(catalogue_path(mine.root)) as db, db.reading() as conn:
            gone = [
                conn.execute(text(f"SELECT {column} FROM {table} WHERE state = 'gone'")).scalars().all()
                for table, column in (("follow", "user_id"), ("bookmark", "work_key"))
            ]
        assert gone == [[artists[0].id], [works[0].id * 2]]

    run_virtually(scene)


class SetForward(Clock):
    """A clock so many seconds ahead of another one."""

    def __init__(self, right: Clock, seconds: int) -> None:
        self.right = right
        self.ms = seconds * 1000

    def now(self) -> int:
        return self.right.now() + self.ms

    def monotonic(self) -> float:
        return self.right.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self.right.sleep(seconds)
