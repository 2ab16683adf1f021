"""Walks that were cut, renamed or answered badly are finished later, and until then say so."""

from pathlib import Path
from typing import Any

import pytest

from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.sync.kinds import BookmarksJob, FollowingJob
from tests.faults import Faults, changed, status
from tests.standin import Setup

pytestmark = pytest.mark.anyio

LATER_PAGES = "/v1/user/illusts.*offset="


def following(name: str = "following") -> FollowingJob:
    quick = {"comments": False, "profiles": False, "files": False}
    return FollowingJob.model_validate({"name": name, "kind": "following", "every": "30m", **quick})


def artist_of_150() -> Faults:
    world = empty_world()
    add_artist(world, works=150)
    return Faults(create_app(world))


async def test_a_backfill_whose_job_was_renamed_is_finished_by_its_heir(tmp_path: Path) -> None:
    faults = artist_of_150()
    with running(faults) as url:
        faults.add(LATER_PAGES, status(500))
        first = Setup(tmp_path / "mirror", url, [following("artists")])
        assert (await first.sync(horizon_s=0)).exit_code == 7
        assert len(first.export("works")) < 150

        faults.clear()
        renamed = Setup(tmp_path / "mirror", url, [following("people")])
        report = await renamed.sync(horizon_s=700)

    assert len(renamed.export("works")) == 150
    assert report.exit_code == 0


@pytest.mark.parametrize("value", [None, "3O", "9" * 30])
async def test_a_next_url_that_cannot_be_followed_is_not_taken_for_the_end(
    tmp_path: Path, value: str | None
) -> None:
    def spoil(body: dict[str, Any]) -> dict[str, Any]:
        link = "https://app-api.pixiv.net/v1/user/illusts?user_id=1"
        return {**body, "next_url": link if value is None else f"{link}&offset={value}"}

    faults = artist_of_150()
    with running(faults) as url:
        fault = faults.add("/v1/user/illusts", changed(spoil))
        setup = Setup(tmp_path / "mirror", url, [following()])
        report = await setup.sync(horizon_s=0)
        assert fault.hits
        assert report.exit_code == 7

        faults.clear()
        report = await setup.sync(horizon_s=700)

    assert len(setup.export("works")) == 150
    assert report.exit_code == 0


async def test_a_follow_feed_that_ends_above_known_ground_sends_to_the_artists_own_lists(tmp_path: Path) -> None:
    world = empty_world()
    artist = add_artist(world, works=40)
    app = create_app(world)
    faults = Faults(app)
    with running(faults) as url:
        setup = Setup(tmp_path / "mirror", url, [following()])
        await setup.sync()
        for _ in range(45):
            world.post(artist.id)
        # The feed shows its first page only, as one that is capped above what we know.
        faults.add("/v2/illust/follow", changed(lambda body: {**body, "next_url": None}))
        await setup.sync()

    assert len(setup.export("works")) == 85


async def test_a_bookmark_cursor_that_is_no_number_puts_the_list_off_and_stops_nothing_else(
    tmp_path: Path,
) -> None:
    world = empty_world()
    add_artist(world, works=4)
    world.bookmark(next(iter(world.works.values())), "public")
    faults = Faults(create_app(world))

    def spoil(body: dict[str, Any]) -> dict[str, Any]:
        return {
            **body,
            "next_url": "https://app-api.pixiv.net/v1/user/bookmarks/illust?max_bookmark_id=eyJhIjoxfQ",
        }

    with running(faults) as url:
        faults.add("/v1/user/bookmarks/illust", changed(spoil))
        bookmarks = BookmarksJob(name="bookmarks", kind="bookmarks", every="1h", files=False, comments=False)
        setup = Setup(tmp_path / "mirror", url, [bookmarks, following()])
        assert (await setup.sync(horizon_s=0)).exit_code == 7
        assert len(setup.export("works")) == 4
        faults.clear()
        assert (await setup.sync(horizon_s=700)).exit_code == 0
    assert len(setup.export("bookmarks")) == 1
