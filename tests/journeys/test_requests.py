"""Requests, counted by the stand-in: the scarce resource is not wasted."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.sync.kinds import FollowingJob
from tests.standin import FOLLOWING, Setup

pytestmark = pytest.mark.anyio

# Captions, comments and profiles come later, in their lanes; files are not the account's requests.
LISTS_ONLY = FollowingJob(
    name="following", kind="following", every="30m", comments=False, profiles=False, files=False
)


def api_requests(app: Starlette) -> dict[str, int]:
    return {path: n for path, n in app.state.counts.items() if path != "/auth/token"}


async def test_an_artist_of_300_works_costs_11_list_requests_and_one_for_each_ugoira_and_novel(
    tmp_path: Path,
) -> None:
    world = empty_world()
    add_artist(world, works=290, ugoira=10, novels=4)
    app = create_app(world)
    with running(app) as url:
        report = await Setup(tmp_path / "mirror", url, [FOLLOWING]).sync()

    counts = api_requests(app)
    assert report.exit_code == 0
    assert counts["/v1/user/illusts"] <= 11
    assert counts["/v1/user/novels"] == 1
    assert counts["/v1/ugoira/metadata"] == 10
    assert counts["/webview/v2/novel"] == 4
    assert "/v1/illust/detail" not in counts


@pytest.mark.parametrize("number", [100, pytest.param(1000, marks=pytest.mark.long)])
async def test_a_run_with_nothing_new_costs_4_over_any_number_of_artists_and_25_new_works_cost_8(
    tmp_path: Path, number: int
) -> None:
    world = empty_world()
    artists = [add_artist(world, works=4, follow="private" if n % 4 == 0 else "public") for n in range(number)]
    app = create_app(world)
    with running(app) as url:
        setup = Setup(tmp_path / "mirror", url, [LISTS_ONLY], mirror={"sidecars": False})
        await setup.sync()
        assert len(setup.export("works")) == 4 * number

        app.state.counts.clear()
        await setup.sync()
        assert sum(api_requests(app).values()) <= 4, api_requests(app)

        app.state.counts.clear()
        for n in range(25):
            world.post(artists[n % 10].id, kind="ugoira" if n < 3 else "illust")
        await setup.sync()
        assert sum(api_requests(app).values()) <= 8, api_requests(app)
        assert len(setup.export("works")) == 4 * number + 25


async def test_images_are_fetched_without_token_and_each_once(tmp_path: Path) -> None:
    world = empty_world()
    add_artist(world, works=10, manga=10, pages=2)
    app = create_app(world)
    with running(app) as url:
        setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
        await setup.sync()
        await setup.sync()

    assert sum(app.state.image_counts.values()) == 30
