"""What a filter refuses is catalogued with its reason, and picked up when the filter is loosened."""

import asyncio
from pathlib import Path

import pytest

from pixmirror.catalogue.database import Connection, open_readonly
from pixmirror.catalogue.refs import Ref
from pixmirror.daemon.job_changes import use_jobs
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.models import Medium
from pixmirror.reports.why import why
from pixmirror.sync.kinds import FollowingJob, UserJob
from tests.faults import Faults
from tests.standin import Setup
from tests.virtual_time import VirtualClock, run_virtually, serving, working

pytestmark = pytest.mark.anyio


def following(**filters: object) -> FollowingJob:
    common = {"name": "following", "kind": "following", "every": "30m", "comments": False}
    return FollowingJob.model_validate({**common, **filters})


def states(setup: Setup) -> dict[str, int]:
    found = [row["state"] for row in setup.export("files")]
    return {state: found.count(state) for state in sorted(set(found))}


async def test_a_loosened_filter_fetches_without_asking_for_lists_again(tmp_path: Path) -> None:
    world = empty_world()
    add_artist(world, works=6, manga=4, pages=3, ugoira=2, novels=1)
    app = create_app(world)
    with running(app) as url:
        strict = Setup(tmp_path / "mirror", url, [following(types=["illust"])])
        await strict.sync()
        assert states(strict) == {"refused": 12, "stored": 6}
        assert len(strict.export("works")) == 12
        assert "/v1/ugoira/metadata" not in app.state.counts

        app.state.counts.clear()
        loose = Setup(tmp_path / "mirror", url, [following()])
        report = await loose.sync()

    assert report.exit_code == 0
    assert "/v1/user/illusts" not in app.state.counts
    assert app.state.counts["/v1/ugoira/metadata"] == 2
    assert set(states(loose)) == {"stored"}
    assert loose.export("novels")[0]["text"]


async def test_a_tightened_filter_keeps_what_is_stored(tmp_path: Path) -> None:
    world = empty_world()
    add_artist(world, works=3, manga=2, pages=2)
    with running(create_app(world)) as url:
        await Setup(tmp_path / "mirror", url, [following()]).sync()
        setup = Setup(tmp_path / "mirror", url, [following(types=["illust"])])
        await setup.sync()

    assert states(setup) == {"stored": 7}


async def test_why_names_the_filter_that_refused(tmp_path: Path) -> None:
    world = empty_world()
    artist = add_artist(world, works=2)
    work = world.post(artist.id, tags=("ネタバレ",))
    with running(create_app(world)) as url:
        setup = Setup(tmp_path / "mirror", url, [following(tags_none=["ネタバレ"])])
        await setup.sync()

    medium: Medium = "illust"
    with open_readonly(catalogue_path(setup.root)) as db:
        answer = db.read_sync(why, Ref(medium, work.id), 0).as_dict()

    assert "ネタバレ" in str(answer["jobs"])


async def test_a_work_with_too_few_bookmarks_is_fetched_once_it_has_enough(tmp_path: Path) -> None:
    world = empty_world()
    artist = add_artist(world, works=1)
    work = world.post(artist.id, total_bookmarks=3)
    with running(create_app(world)) as url:
        setup = Setup(tmp_path / "mirror", url, [following(minimum_bookmarks=100)])
        await setup.sync()
        assert "stored" not in states(setup)

        world.edit(work, total_bookmarks=150)
        await setup.sync()  # the follow feed shows it again

    stored = [row["id"] for row in setup.export("files") if row["state"] == "stored"]
    assert stored == [work.id]


def test_a_filter_that_changes_during_a_walk_judges_all_that_the_walk_reads(tmp_path: Path) -> None:
    async def play(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        artist = add_artist(world, works=300, manga=0, ugoira=0, novels=0, until_ms=clock.now() - 9 * 86_400_000)
        async with serving(Faults(create_app(world))) as url:
            job = {"name": "artist", "kind": "user", "every": "12h", "users": (artist.id,), "comments": False}
            job |= {"profiles": False, "novels": False}
            before = Setup(tmp_path, url, [UserJob.model_validate(job)], {"requests_per_minute": 30})
            async with working(before, clock) as engine:
                mirror = engine.mirror
                task = asyncio.create_task(engine.run_job(mirror.jobs["artist"]))
                while not await mirror.db.read(works_of, None):
                    await clock.sleep(1)
                stricter = UserJob.model_validate(job | {"minimum_bookmarks": 10**9})
                await use_jobs(mirror, Setup(tmp_path, url, [stricter]).config())
                assert 0 < await mirror.db.read(works_of, None) < 300
                await clock.sleep(1200)
                assert await mirror.db.read(works_of, None) == 300
                assert await mirror.db.read(works_of, "refused_reason IS NULL") == 0
                waiting = "SELECT count(*) FROM media WHERE state IN ('wanted', 'waiting')"
                assert await mirror.db.read(lambda c: c.exec_driver_sql(waiting).scalar()) == 0
                task.cancel()

    run_virtually(play)


def works_of(conn: Connection, where: str | None) -> int:
    return int(conn.exec_driver_sql(f"SELECT count(*) FROM work_job WHERE {where or '1'}").scalar() or 0)
