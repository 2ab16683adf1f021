"""Several jobs over one list: each sees all of it, with its own filter, and no page is asked for twice."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pixmirror.catalogue.database import Database, open_readonly
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.models.jobs import JobConfig
from pixmirror.sync.kinds import BookmarksJob, FollowingJob, UserJob
from tests.faults import Faults, status
from tests.standin import Setup

pytestmark = pytest.mark.anyio

QUICK = {"comments": False, "profiles": False, "every": "30m", "novels": False}


def following(name: str = "following", **more: Any) -> FollowingJob:
    return FollowingJob.model_validate({"name": name, "kind": "following", "files": False, **QUICK, **more})


def artist_job(user_id: int, name: str = "artist", **more: Any) -> UserJob:
    return UserJob.model_validate({"name": name, "kind": "user", "users": [user_id], **QUICK, **more})


def setup(tmp_path: Path, url: str, *jobs: JobConfig) -> Setup:
    return Setup(tmp_path / "mirror", url, jobs, mirror={"sidecars": False})


def rows(setup: Setup, sql: str) -> list[Any]:
    with open_readonly(catalogue_path(setup.root)) as db, db.reading() as conn:
        return [tuple(row) for row in conn.execute(text(sql))]


def seen_by(setup: Setup) -> dict[str, int]:
    return dict(rows(setup, "SELECT job, count(*) FROM work_job GROUP BY job"))


def files(setup: Setup) -> dict[str, int]:
    return dict(rows(setup, "SELECT state, count(*) FROM media GROUP BY state"))


async def test_jobs_that_share_a_list_see_all_of_it_in_one_reading(tmp_path: Path) -> None:
    world = empty_world()
    artist = add_artist(world, works=80)
    faults = Faults(create_app(world))
    with running(faults) as url:
        both = setup(tmp_path, url, following(), artist_job(artist.id, types=["manga"]))
        assert (await both.sync()).exit_code == 0
        assert (await both.sync()).exit_code == 0

    pages = [s for s in faults.seen if s.path == "/v1/user/illusts" and "offset" in s.query]
    assert len(pages) <= 4  # two each for what is below page 1, were it read once by each
    assert seen_by(both) == {"following": 80, "artist": 80}
    reasons = dict(rows(both, "SELECT job, min(refused_reason) FROM work_job GROUP BY job"))
    assert reasons["following"] == "files = false"
    assert reasons["artist"] in ("type is illust", "type is ugoira")


async def test_a_job_that_joins_gets_what_was_there_before_by_one_full_pass(tmp_path: Path) -> None:
    world = empty_world()
    artist = add_artist(world, works=80)
    faults = Faults(create_app(world))
    with running(faults) as url:
        alone = setup(tmp_path, url, following())
        assert (await alone.sync()).exit_code == 0
        assert files(alone).get("stored", 0) == 0

        both = setup(tmp_path, url, following(), artist_job(artist.id))
        assert (await both.sync()).exit_code == 0
        assert seen_by(both) == {"following": 80, "artist": 80}
        assert set(files(both)) == {"stored"}

        faults.seen.clear()
        assert (await both.sync()).exit_code == 0
    again = [s for s in faults.seen if s.path == "/v1/user/illusts"]
    assert len(again) == 1  # the job's own look at the head


async def test_what_only_a_removed_job_wanted_is_not_fetched_until_it_comes_back(tmp_path: Path) -> None:
    world = empty_world()
    artist = add_artist(world, works=12)
    faults = Faults(create_app(world))
    with running(faults) as url:
        faults.add("/img-original/.*", status(500))
        both = setup(tmp_path, url, following(), artist_job(artist.id))
        assert (await both.sync(horizon_s=0)).exit_code != 0
        assert files(both).get("stored", 0) == 0

        faults.clear()
        alone = setup(tmp_path, url, following())
        assert (await alone.sync()).exit_code == 0
        assert set(files(alone)) == {"refused"}
        said = rows(alone, "SELECT DISTINCT refused_reason FROM work_job WHERE job = 'artist'")
        assert said == [("the job is no longer configured",)]

        assert (await both.sync()).exit_code == 0
        assert set(files(both)) == {"stored"}

        # What is stored stays.
        assert (await alone.sync()).exit_code == 0
        assert set(files(alone)) == {"stored"}


async def test_a_renamed_job_reads_nothing_again(tmp_path: Path) -> None:
    world = empty_world()
    for _ in range(3):
        add_artist(world, works=80)
    faults = Faults(create_app(world))
    with running(faults) as url:
        assert (await setup(tmp_path, url, following("artists", files=True)).sync()).exit_code == 0
        faults.seen.clear()
        renamed = setup(tmp_path, url, following("people", files=True))
        assert (await renamed.sync()).exit_code == 0

    assert [s for s in faults.seen if s.path == "/v1/user/illusts"] == []
    assert seen_by(renamed) == {"artists": 240, "people": 240}
    assert set(files(renamed)) == {"stored"}


async def test_an_artist_that_no_job_names_any_more_is_not_asked_for(tmp_path: Path) -> None:
    world = empty_world()
    one, other = (add_artist(world, works=5, follow=None) for _ in range(2))
    faults = Faults(create_app(world))
    with running(faults) as url:
        named = artist_job(one.id).model_copy(update={"users": (one.id, other.id)})
        assert (await setup(tmp_path, url, named).sync()).exit_code == 0
        faults.seen.clear()
        fewer = setup(tmp_path, url, artist_job(one.id))
        assert (await fewer.sync()).exit_code == 0

    asked = {s.query for s in faults.seen if s.path == "/v1/user/illusts"}
    assert all(f"user_id={one.id}" in str(query) for query in asked)


async def test_waiting_files_of_an_artist_taken_out_of_a_job_wait_no_more_until_they_are_back(
    tmp_path: Path,
) -> None:
    world = empty_world()
    one, other = (add_artist(world, works=5, follow=None) for _ in range(2))
    faults = Faults(create_app(world))
    with running(faults) as url:
        faults.add("/img-original/.*", status(500))
        both = artist_job(one.id, files=True).model_copy(update={"users": (one.id, other.id)})
        assert (await setup(tmp_path, url, both).sync(horizon_s=0)).exit_code != 0
        faults.clear()
        fewer = setup(tmp_path, url, artist_job(one.id, files=True))
        assert (await fewer.sync()).exit_code == 0
        count = "SELECT DISTINCT m.state FROM media m JOIN work w ON w.work_key = m.owner_id WHERE user_id = {}"
        assert {r[0] for r in rows(fewer, count.format(one.id))} == {"stored"}
        assert {r[0] for r in rows(fewer, count.format(other.id))} == {"refused"}

        # Another filter does not bring them back, a list that names them does.
        stricter = setup(tmp_path, url, artist_job(one.id, files=True, minimum_bookmarks=0, maximum_pages=500))
        assert (await stricter.sync()).exit_code == 0
        assert {r[0] for r in rows(fewer, count.format(other.id))} == {"refused"}
        again = setup(tmp_path, url, both)
        assert (await again.sync()).exit_code == 0
        assert {r[0] for r in rows(again, count.format(other.id))} == {"stored"}


async def test_waiting_files_of_an_artist_who_is_unfollowed_wait_no_more(tmp_path: Path) -> None:
    world = empty_world()
    artists = [add_artist(world, works=3) for _ in range(8)]
    faults = Faults(create_app(world))
    with running(faults) as url:
        faults.add("/img-original/.*", status(500))
        mine = setup(tmp_path, url, following(files=True))
        assert (await mine.sync(horizon_s=0)).exit_code != 0
        faults.clear()
        left = artists[0].id
        with Database.open(mine.root / "catalogue.db") as db:
            db.run_sync(lambda c: c.exec_driver_sql(f"UPDATE follow SET state = 'gone' WHERE user_id = {left}"))
        world.unfollow(left)
        assert (await mine.sync()).exit_code == 0
    states = "SELECT m.state FROM media m JOIN work w ON w.work_key = m.owner_id WHERE user_id {} {}"
    assert {r[0] for r in rows(mine, states.format("=", left))} == {"refused"}
    assert {r[0] for r in rows(mine, states.format("!=", left))} == {"stored"}


async def test_a_list_that_a_job_names_no_more_is_not_read_on(tmp_path: Path) -> None:
    world = empty_world()
    add_artist(world, works=150, novels=0)
    for work in world.works.values():
        world.bookmark(work, "private")
    faults = Faults(create_app(world))
    with running(faults) as url:
        faults.add("/v1/user/bookmarks/illust.*private.*max_bookmark_id", status(500))
        both = BookmarksJob.model_validate({"name": "b", "kind": "bookmarks", "files": False, **QUICK})
        await setup(tmp_path, url, both).sync(horizon_s=0)
        faults.clear()
        faults.seen.clear()
        public = setup(tmp_path, url, both.model_copy(update={"restrict": ("public",)}))
        assert (await public.sync(horizon_s=0)).exit_code == 0
        assert not faults.asked("/v1/user/bookmarks/illust.*private")

        assert (await setup(tmp_path, url, both).sync()).exit_code == 0
    assert len(setup(tmp_path, url, both).export("bookmarks")) == 150
