"""`add` beside a running pixmirror: its engine does it, whatever its jobs read."""

from pathlib import Path

import pytest

from pixmirror.demo.generate import add_artist
from pixmirror.demo.server import running
from tests.daemon.service import Service, app_of, small_world

pytestmark = pytest.mark.anyio


async def test_a_running_pixmirror_brings_what_is_added_and_answers_when_it_is_here(tmp_path: Path) -> None:
    world = small_world()
    stranger = add_artist(world, works=2, novels=1, follow=None)
    work = next(w for w in world.works.values() if w.user_id == stranger.id and w.medium == "illust")
    with running(app_of(world)) as url:
        service = Service(tmp_path, url)
        async with service.running():
            one = await service.ask("add", refs=[str(work.id), "illust:999999999"])
            [here, missing] = one["added"]
            assert (here["became"], here["title"], here["amount"]) == ("here", work.title, "1 page")
            assert (missing["became"], one["exit_code"]) == ("not_there", 10)
            again = await service.ask("add", refs=[str(work.id)])
            assert [one["was_here"] for one in (here, missing, *again["added"])] == [False, False, True]
            artist = await service.ask("add", refs=[f"user:{stranger.id}"])
            assert (artist["added"][0]["became"], artist["added"][0]["works"]) == ("here", 3)
            refused = await service.ask("add", refs=["nonsense"])
            assert (refused["ok"], refused["exit_code"]) == (False, 2)


async def test_while_everything_is_paused_nothing_is_added(tmp_path: Path) -> None:
    with running(app_of(small_world())) as url:
        service = Service(tmp_path, url)
        async with service.running():
            await service.ask("pause")
            refused = await service.ask("add", refs=["1"])
    assert "pixmirror resume" in refused["error"]
