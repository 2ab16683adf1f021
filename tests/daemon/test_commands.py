"""What a running pixmirror answers where a request names many works, or cannot be done now."""

from pathlib import Path

import pytest

from pixmirror.daemon.commands import MOST_WORKS
from pixmirror.demo.server import running
from tests.daemon.service import Service, app_of, small_world

pytestmark = pytest.mark.anyio


async def test_many_works_are_asked_for_again_and_forgotten_by_one_request_each(tmp_path: Path) -> None:
    world = small_world()
    refs = [str(work.id) for work in world.works.values() if work.medium == "illust"][:3]
    with running(app_of(world)) as url:
        service = Service(tmp_path, url)
        async with service.running():
            await service.ask("sync")
            asked = await service.ask("retry", refs=[*refs, refs[0], "1"])
            assert (asked["done"], asked["asked"], asked["why"]) == (4, 0, "")
            forgotten = await service.ask("forget", refs=refs)
            assert (forgotten["done"], forgotten["why"]) == (3, "")
            media = service.root / "media"
            assert [path for ref in refs for path in media.glob(f"*/{ref}_*")] == []


async def test_what_is_no_list_of_works_is_refused_whole(tmp_path: Path) -> None:
    too_many = [str(n) for n in range(1, MOST_WORKS + 2)]
    with running(app_of(small_world())) as url:
        service = Service(tmp_path, url)
        async with service.running():
            for command in ("retry", "forget"):
                for refs in ([], ["user:11"], ["1", "nonsense"], "1", too_many):
                    refused = await service.ask(command, refs=refs)
                    assert (refused["ok"], refused["exit_code"]) == (False, 2), (command, refs)


async def test_while_everything_is_paused_a_check_asks_pixiv_nothing(tmp_path: Path) -> None:
    with running(app_of(small_world())) as url:
        service = Service(tmp_path, url)
        async with service.running():
            await service.ask("pause")
            assert await service.ask("check") == {"ok": True, "held": "before `pixmirror resume`: paused"}
