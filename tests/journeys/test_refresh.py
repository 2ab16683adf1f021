"""Reading again what may have changed, over months of virtual time: no later than promised, within the budget."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixmirror.clock import DAY_MS
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.sync import refresh
from pixmirror.sync.kinds import FollowingJob, RankingJob
from pixmirror.sync.refresh import SHARE
from tests.faults import Faults
from tests.standin import Setup
from tests.virtual_time import VirtualClock, run_virtually, serving

A_DAY_S = 86400
PER_DAY = 400
QUICK = {"comments": False, "profiles": False, "files": False, "novels": False}
FOLLOWING = FollowingJob.model_validate({"name": "following", "kind": "following", "every": "30m", **QUICK})
RANKING = RankingJob.model_validate(
    {
        "name": "ranking",
        "kind": "ranking",
        "every": "1d",
        "media": ["illust"],
        "modes": ["day"],
        "until": "2026-11-19",
        **QUICK,
    }
)


def months(
    root: Path, make: Callable[[World], Any], days: dict[int, Callable[[World, Any], object]], last: int
) -> tuple[Callable[[int, str], int | None], Faults, Any, Setup]:
    """A mirror that runs every other day and on those of `days`; on which day each title was noticed."""
    noticed: dict[tuple[int, str], int] = {}

    async def main(clock: VirtualClock) -> tuple[Any, ...]:
        clock.nap = 10.0
        world = empty_world(clock)
        made = make(world)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            pixiv = {"requests_per_minute": 60, "requests_per_day": PER_DAY}
            setup = Setup(root, url, [FOLLOWING, RANKING], pixiv=pixiv, mirror={"sidecars": False})
            for day in range(last + 1):
                if day in days:
                    days[day](world, made)
                if day % 2 == 0 or day in days:
                    await setup.sync(clock=clock, horizon_s=0)
                    for row in setup.export("works"):
                        noticed.setdefault((row["id"], row["title"]), day)
                await asyncio.sleep(A_DAY_S - clock.monotonic() % A_DAY_S)
            return faults, made, setup

    faults, made, setup = run_virtually(main)
    return (lambda work_id, title: noticed.get((work_id, title))), faults, made, setup


def edit(title: str, of: Callable[[Any], int]) -> Callable[[World, Any], object]:
    return lambda world, made: world.edit(("illust", of(made)), title=title)


def test_edits_of_new_and_old_works_are_noticed_within_the_promised_ages(tmp_path: Path) -> None:
    week = 7 * DAY_MS

    def make(world: World) -> dict[str, int]:
        artist = add_artist(world, works=60, every_ms=week, until_ms=world.now() - DAY_MS)
        ids = sorted(w.id for w in world.works.values() if w.user_id == artist.id)
        other = add_artist(world, works=1, follow=None, until_ms=world.now() - 2 * DAY_MS)
        ranked = next(w.id for w in world.works.values() if w.user_id == other.id)
        return {"new": ids[-1], "old": ids[0], "ranked": ranked, "artist": artist.id}

    days = {
        2: edit("new one edited", lambda made: made["new"]),
        3: edit("old one edited", lambda made: made["old"]),
    }
    noticed, faults, made, _ = months(tmp_path / "mirror", make, days, last=36)

    day = noticed(made["new"], "new one edited")
    assert day is not None
    assert day - 2 <= 7 + 2
    day = noticed(made["old"], "old one edited")
    assert day is not None
    assert day - 3 <= 30 + 2

    asked = Counter(s.path for s in faults.seen if s.at > A_DAY_S)
    lists = asked["/v1/user/illusts"]
    assert lists <= 36 / 6.3 + 3  # a head a week, and the rest of one full pass


def test_a_work_that_no_list_shows_is_asked_about_by_its_age(tmp_path: Path) -> None:
    def make(world: World) -> int:
        artist = add_artist(world, works=1, follow=None, until_ms=world.now() - DAY_MS)
        return next(w.id for w in world.works.values() if w.user_id == artist.id)

    noticed, faults, made, _ = months(tmp_path / "mirror", make, {4: edit("edited", lambda made: made)}, last=20)
    asked = [s for s in faults.seen if s.path == "/v1/illust/detail"]
    day = noticed(made, "edited")
    assert day is not None
    assert day - 4 <= 7 + 3  # it is found within a day, asked about within another, looked at here every other
    assert 2 <= len(asked) <= 4
    assert len(asked) <= SHARE * PER_DAY * 20


def test_the_lists_of_who_is_unfollowed_are_not_read_again(tmp_path: Path) -> None:
    def make(world: World) -> tuple[int, int]:
        kept, left = (add_artist(world, works=40, until_ms=world.now() - DAY_MS) for _ in range(2))
        return kept.id, left.id

    def unfollow(world: World, made: Any) -> None:
        world.unfollow(made[1])

    _, faults, (kept, left), _ = months(tmp_path / "mirror", make, {1: unfollow}, last=16)
    late = Counter(s.query for s in faults.seen if s.path == "/v1/user/illusts" and s.at > 6 * A_DAY_S)
    assert any(f"user_id={kept}" in query for query in late)
    assert not any(f"user_id={left}" in query for query in late)


@pytest.mark.long
def test_after_a_long_downtime_what_is_due_is_spread_over_hours(tmp_path: Path) -> None:
    artists = 60

    async def main(clock: VirtualClock) -> tuple[int, int]:
        clock.nap = 10.0
        world = empty_world(clock)
        for _ in range(artists):
            add_artist(world, works=2, until_ms=world.now() - DAY_MS)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            pixiv = {"requests_per_minute": 60, "requests_per_day": PER_DAY}
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING], pixiv=pixiv, mirror={"sidecars": False})
            await setup.sync(clock=clock, horizon_s=0)
            await asyncio.sleep(90 * A_DAY_S)
            before = len(faults.seen)
            await setup.sync(clock=clock, horizon_s=0)
            first = [s for s in faults.seen[before:] if s.path == "/v1/user/illusts"]
            for _ in range(30):
                await asyncio.sleep(3600)
                await setup.sync(clock=clock, horizon_s=0)
            every = [s for s in faults.seen[before:] if s.path == "/v1/user/illusts"]
            return len(first), len({s.query for s in every})

    first, all_of_them = run_virtually(main)
    an_hour = refresh.most_a_day(PER_DAY) / 24
    assert first <= an_hour + 4  # walkers may have begun before it was spread
    assert all_of_them == artists
