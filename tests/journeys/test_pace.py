"""The default pace, in virtual time: how long things take, and that they take no longer than they must."""

import itertools
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from pixmirror.catalogue import chores
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.schema import work
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.sync import SyncReport, sync
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.models import JST, Lane, work_key
from pixmirror.pixiv.pacing import UNDER_WAY
from pixmirror.pixiv.waiting import KEPT
from pixmirror.sync.kinds import BookmarksJob, FollowingJob
from tests.faults import Faults, Seen, rate_limit
from tests.standin import Setup
from tests.virtual_time import START_MS, VirtualClock, run_virtually, serving, working

SLOT_S = 2.0  # 30 requests a minute, the default
EVERY_S = 1800.0
START = datetime.fromtimestamp(START_MS / 1000, JST)
DEFAULT_PACE = {"requests_per_minute": 30, "requests_per_day": 20_000}
LISTS_ONLY = FollowingJob(
    name="following", kind="following", every="30m", comments=False, profiles=False, files=False, novels=False
)


def a_setup(root: Path, url: str, job: FollowingJob = LISTS_ONLY, **pixiv: int) -> Setup:
    return Setup(root, url, [job], pixiv={**DEFAULT_PACE, **pixiv}, mirror={"sidecars": False})


def a_world(clock: VirtualClock, artists: int, works: int) -> World:
    """Artists all of whose works are older than a day."""
    world = empty_world(clock)
    for _ in range(artists):
        add_artist(world, works=works, until_ms=clock.now() - 86_400_000)
    return world


def known(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(work)).scalar_one()


def api(faults: Faults) -> list[Seen]:
    return [s for s in faults.seen if s.is_api]


def slots(requests: list[Seen]) -> list[float]:
    """Seconds between the starts of requests."""
    return [b.at - a.at for a, b in itertools.pairwise(requests)]


async def until_quiet(engine: Engine, clock: VirtualClock, look_every_s: float = 60) -> None:
    """Until nothing is due, also on another day, without looking so often."""
    while True:
        await clock.sleep(look_every_s)
        due = await engine.next_due()
        if engine.wakeup.quiet() and not engine.held() and (due is None or due > clock.now()):
            return


def first_mirror(root: Path, artists: int, works: int) -> tuple[float, list[Seen], int]:
    """Virtual seconds of a first sync, its requests, and how many works are known then."""

    async def main(clock: VirtualClock) -> tuple[float, list[Seen], int]:
        clock.nap = 10.0
        faults = Faults(create_app(a_world(clock, artists, works)))
        async with serving(faults) as url:
            setup = a_setup(root, url)
            report = await setup.sync(clock=clock)
            assert report.exit_code == 0
            return clock.monotonic(), api(faults), len(setup.export("works"))

    return run_virtually(main)


def check_first_mirror(root: Path, artists: int, works: int) -> None:
    took, requests, found = first_mirror(root, artists, works)

    lists = -(-works // 30) * artists
    assert found == artists * works
    assert Counter(s.path for s in requests)["/v1/user/illusts"] == lists
    assert took <= 1.1 * lists * SLOT_S
    assert min(slots(requests)) >= SLOT_S


def test_all_works_of_60_artists_are_known_within_1_1_times_what_their_lists_need(tmp_path: Path) -> None:
    check_first_mirror(tmp_path / "mirror", artists=60, works=100)


@pytest.mark.long
def test_all_works_of_1000_artists_are_known_within_1_1_times_what_their_lists_need(tmp_path: Path) -> None:
    check_first_mirror(tmp_path / "mirror", artists=1000, works=100)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_a_work_posted_at_any_moment_of_a_backfill_is_seen_within_one_every(tmp_path: Path, seed: int) -> None:
    runs_of_the_job, artists = 3, 1000
    rng = Random(seed)
    moments = sorted(rng.uniform(60, (runs_of_the_job - 1) * EVERY_S) for _ in range(8))

    async def main(clock: VirtualClock) -> dict[int, tuple[int, int]]:
        clock.nap = 10.0
        world = a_world(clock, artists, works=1)
        ids = sorted(world.users)
        posted: dict[int, int] = {}

        def post(world: World) -> None:
            made = world.post(rng.choice(ids[1:]))
            posted[work_key("illust", made.id)] = clock.now()

        faults = Faults(create_app(world))
        async with serving(faults) as url, working(a_setup(tmp_path / "mirror", url), clock) as engine:
            job = engine.mirror.jobs["following"]
            for moment in moments:
                world.at(clock.start_ms + round(moment * 1000), post)
            for n in range(runs_of_the_job):
                await clock.sleep(n * EVERY_S - clock.monotonic())
                await engine.run_job(job)
            await clock.sleep(30)
            seen = await engine.mirror.db.read(first_seen, list(posted))
            busy = [s for s in api(faults) if s.at < 0.9 * artists * SLOT_S]
            assert sum(slots(busy)) <= 1.02 * SLOT_S * len(busy)  # it was saturated
            return {key: (at, seen[key]) for key, at in posted.items()}

    found = run_virtually(main)

    assert len(found) == len(moments)
    # Its job's next run begins within one `every`, and asks for the follow feed first.
    assert all(0 <= seen - posted <= (EVERY_S + 2 * SLOT_S) * 1000 for posted, seen in found.values())


def first_seen(conn: Connection, keys: list[int]) -> dict[int, int]:
    rows = conn.execute(select(work.c.work_key, work.c.first_seen).where(work.c.work_key.in_(keys)))
    return {key: int(at) for key, at in rows}


def test_a_cool_down_and_the_slower_pace_outlive_a_restart(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> tuple[float, list[Seen]]:
        faults = Faults(create_app(a_world(clock, artists=12, works=31)))
        limit = faults.add("/v1/user/illusts", rate_limit(), times=1, skip=3)
        async with serving(faults) as url:
            setup = a_setup(tmp_path / "mirror", url)
            async with working(setup, clock) as engine:
                await engine.run_job(engine.mirror.jobs["following"])
                while not limit.hits:
                    await clock.sleep(1)
                await clock.sleep(1)
            stopped_at = clock.monotonic()
            await clock.sleep(20)
            clock.nap = 10.0
            assert (await setup.sync(clock=clock)).exit_code == 0
            assert len(setup.export("works")) == 12 * 31
            return stopped_at, list(faults.seen)

    stopped_at, requests = run_virtually(main)

    limited_at = max(s.at for s in requests if s.at < stopped_at)
    second_run = [s for s in requests if s.at > stopped_at]
    assert second_run[0].at - limited_at >= 300  # the first cool-down
    assert min(slots(second_run)) >= 2 * SLOT_S
    assert not [s for s in second_run if s.path == "/auth/token"]


def test_no_japanese_day_sees_more_requests_than_its_cap_and_the_rest_goes_on_the_next(tmp_path: Path) -> None:
    artists, cap = 220, 100

    async def main(clock: VirtualClock) -> tuple[list[Seen], int]:
        faults = Faults(create_app(a_world(clock, artists, works=1)))
        async with serving(faults) as url:
            setup = a_setup(tmp_path / "mirror", url, requests_per_day=cap)
            async with working(setup, clock) as engine:
                clock.nap = 600.0
                await engine.run_job(engine.mirror.jobs["following"])
                await until_quiet(engine, clock)
            return api(faults), len(setup.export("works"))

    requests, found = run_virtually(main)

    days = Counter(datetime.fromtimestamp(START_MS / 1000 + s.at, JST).date() for s in requests)
    assert found == artists
    assert sorted(days) == [START.date() + timedelta(days=n) for n in range(len(days))]
    *full, rest = [days[day] for day in sorted(days)]
    kept = int(cap * KEPT)  # for new works, of which there are none
    assert len(full) == 2
    assert all(cap - kept - UNDER_WAY <= spent <= cap - kept for spent in full)
    assert 0 < rest <= cap - kept


def test_a_work_posted_when_a_backfill_has_spent_its_day_is_seen_and_complete_the_same_day(tmp_path: Path) -> None:
    cap = 200
    job = LISTS_ONLY.model_copy(update={"comments": True, "novels": True})

    async def main(clock: VirtualClock) -> tuple[int, int, list[Seen]]:
        world = a_world(clock, artists=280, works=1)
        for key in world.works:
            world.comment(key, max(world.users), "hello", ms=clock.now() - 3_600_000)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            setup = a_setup(tmp_path / "mirror", url, job, requests_per_day=cap)
            async with working(setup, clock) as engine:
                clock.nap = 60.0
                await engine.run_job(engine.mirror.jobs["following"])
                await clock.sleep(3600)
                spent = len(api(faults))
                posted = world.post(sorted(world.users)[1], kind="novel")
                await engine.run_job(engine.mirror.jobs["following"])
                await clock.sleep(60)
                seen = await engine.mirror.db.read(first_seen, [work_key("novel", posted.id)])
            return spent, len(seen), api(faults)

    spent, seen, requests = run_virtually(main)

    assert cap - int(cap * KEPT) - UNDER_WAY <= spent <= cap - int(cap * KEPT)
    assert seen == 1
    assert [s.path for s in requests[spent:]].count("/webview/v2/novel") == 1


def test_a_work_posted_when_a_backfill_has_spent_the_days_bytes_is_stored_the_same_day(tmp_path: Path) -> None:
    job = LISTS_ONLY.model_copy(update={"files": True})
    cap = 20 << 30
    kept = int(cap * KEPT)

    async def main(clock: VirtualClock) -> tuple[SyncReport, SyncReport, int]:
        clock.nap = 10.0
        world = a_world(clock, artists=3, works=40)
        async with serving(Faults(create_app(world))) as url:
            setup = a_setup(tmp_path / "mirror", url, job, image_bytes_per_day=cap)
            async with open_mirror(setup.config(), {}, clock=clock) as mirror:
                mirror.transport.images.received(cap - kept)
                first = await sync(mirror)
            pages = world.post(sorted(world.users)[1], kind="illust").page_count
            return first, await setup.sync(clock=clock), pages

    first, second, pages = run_virtually(main)

    assert first.files.wanted == 90  # those of the works that only the lists of their artists showed
    assert "the rest of today's image bytes is for new works" in str(first.trouble)
    assert second.files.wanted == first.files.wanted
    assert second.files.stored == first.files.stored + pages


def test_a_waiting_comment_lane_gets_a_twentieth_while_a_backfill_saturates_the_pace(tmp_path: Path) -> None:
    job = LISTS_ONLY.model_copy(update={"comments": True})

    async def main(clock: VirtualClock) -> list[Seen]:
        clock.nap = 10.0
        world = a_world(clock, artists=280, works=1)
        for key in list(world.works)[-40:]:  # of those followed last, whose lists are read first
            world.edit(key, create_ms=clock.now() - 30 * 86_400_000)
            world.comment(key, max(world.users), "hello", ms=clock.now() - 20 * 86_400_000)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            assert (await a_setup(tmp_path / "mirror", url, job).sync(clock=clock)).exit_code == 0
        return api(faults)

    requests = run_virtually(main)

    paths = [s.path for s in requests]
    last_list = len(paths) - paths[::-1].index("/v1/user/illusts")
    first, *comments = [n for n, path in enumerate(paths) if path == "/v3/illust/comments"]
    assert len(comments) == 39
    assert sum(n < last_list for n in comments) >= (last_list - first) // 20 >= 10
    for here, there in itertools.pairwise([first, *comments]):
        assert there - here <= 20 or here > last_list


def test_what_is_read_again_is_asked_for_while_comments_wait_in_a_long_line(tmp_path: Path) -> None:
    job = LISTS_ONLY.model_copy(update={"comments": True})

    async def main(clock: VirtualClock) -> list[Seen]:
        clock.nap = 10.0
        world = a_world(clock, artists=2, works=40)
        for key in world.works:
            world.comment(key, max(world.users), "hello", ms=clock.now() - 3_600_000)
        work = work_key("illust", max(world.works)[1])
        faults = Faults(create_app(world))
        async with serving(faults) as url, working(a_setup(tmp_path / "mirror", url, job), clock) as engine:
            await engine.run_job(engine.mirror.jobs["following"])
            while not faults.asked("/v3/illust/comments"):
                await clock.sleep(1)
            await engine.mirror.db.run(chores.add, "detail", work, int(Lane.REFRESH), clock.now())
            await until_quiet(engine, clock)
        return api(faults)

    requests = [s.path for s in run_virtually(main)]

    first, last = (f([n for n, path in enumerate(requests) if "comments" in path]) for f in (min, max))
    assert first < max(n for n, path in enumerate(requests) if path == "/v1/illust/detail") <= first + 25 < last


def test_a_bookmark_made_during_a_long_backfill_of_bookmarks_is_seen_in_the_next_run(tmp_path: Path) -> None:
    pages = 40
    job = BookmarksJob(
        name="bookmarks",
        kind="bookmarks",
        every="1h",
        media=("illust",),
        comments=False,
        files=False,
        novels=False,
    )

    async def main(clock: VirtualClock) -> tuple[float, list[Seen]]:
        clock.nap = 10.0
        world = empty_world(clock)
        user = add_artist(world, works=30 * pages + 1, until_ms=clock.now() - 86_400_000, follow=None)
        *old, last = (key for key in world.works if world.works[key].user_id == user.id)
        for key in old:
            world.bookmark(key)
        faults = Faults(create_app(world))
        setup = Setup(
            tmp_path / "mirror", url="", jobs=[job], pixiv=dict(DEFAULT_PACE), mirror={"sidecars": False}
        )
        async with serving(faults) as url, working(replace(setup, url=url), clock) as engine:
            await engine.run_job(engine.mirror.jobs["bookmarks"])
            await clock.sleep(3 * SLOT_S)
            world.bookmark(last)
            again = clock.monotonic()
            await engine.run_job(engine.mirror.jobs["bookmarks"])
            took = clock.monotonic() - again
            assert work_key("illust", last[1]) in await engine.mirror.db.read(
                first_seen, [work_key("illust", last[1])]
            )
            await until_quiet(engine, clock)
        assert len(setup.export("bookmarks")) == 30 * pages + 1
        return took, api(faults)

    took, requests = run_virtually(main)

    assert took < 10 * SLOT_S
    assert len([s for s in requests if s.path == "/v1/user/bookmarks/illust"]) <= pages + 8


def test_the_newest_works_of_all_artists_are_known_before_their_lists_are_read(tmp_path: Path) -> None:
    artists, pages = 100, 4

    async def main(clock: VirtualClock) -> tuple[int, list[Seen]]:
        clock.nap = 10.0
        world = a_world(clock, artists, works=40)
        newest = [
            max(key for key, work in world.works.items() if work.user_id == user)
            for user in world.follows[world.me]
        ]
        faults = Faults(create_app(world))
        async with serving(faults) as url, working(a_setup(tmp_path / "mirror", url), clock) as engine:
            await engine.run_job(engine.mirror.jobs["following"])
            found = await engine.mirror.db.read(first_seen, [work_key("illust", key[1]) for key in newest])
        return len(found), api(faults)

    found, requests = run_virtually(main)

    assert found == artists
    assert len(requests) <= 2 * pages + 2  # both restricts of the follow list, the feed, hardly anything else
