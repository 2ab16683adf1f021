"""An endpoint that Pixiv has removed costs one try a day for all that would ask it, and the mirror goes on."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pixmirror.catalogue import endpoints
from pixmirror.daemon.first_look import look_first
from pixmirror.daemon.mirror import open_mirror
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.sync.kinds import FollowingJob
from tests.faults import Faults, error, html, status
from tests.standin import FOLLOWING, Setup
from tests.virtual_time import VirtualClock, run_virtually, serving, working

DAY_S = 86_400.0
LISTS = FollowingJob(name="f", kind="following", every="30m", files=False, profiles=False)
GONE = {"an empty 404": status(404), "its own words": error(404, user_message="Specified end-point doesn't exist")}


def play(root: Path, scene: Callable[[VirtualClock, World, Faults, Setup], Awaitable[None]]) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        old = clock.now() - 9 * 86_400_000
        artists = [add_artist(world, works=9, manga=0, ugoira=0, novels=1, until_ms=old) for _ in range(3)]
        for work in world.works.values():
            world.comment(work, artists[0].id, "hello", ms=old)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            await scene(clock, world, faults, Setup(root, url, [LISTS]))

    run_virtually(main)


@pytest.mark.parametrize("how", ["an empty 404", pytest.param("its own words", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("path", "a_try"),
    [
        ("/illust/comments", 2),
        *(pytest.param(f"/v1/{of}", 1, marks=pytest.mark.long) for of in ("user/novels", "novel/follow")),
    ],
)
def test_all_that_would_ask_a_removed_endpoint_ask_it_once_a_day(
    tmp_path: Path, path: str, a_try: int, how: str
) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        faults.add(path, GONE[how])
        for day in range(4):  # each after a restart
            async with working(setup, clock) as engine:
                for _ in range(3):
                    error = (await engine.run_job(engine.mirror.jobs["f"])).error
                    assert day == 0 or error is None
                    clock.nap = 600.0  # little happens
                    await clock.sleep(DAY_S * 0.3)
                asked = len(faults.asked(path))
                assert asked <= a_try * (6 if day == 0 else 2)  # at first by as many as ask at once
                faults.seen.clear()
                gone = await engine.mirror.db.read(endpoints.refusals)
                ((_, found),) = gone.items()
                assert "no such endpoint" in found.reason
                assert clock.now() < found.until <= clock.now() + DAY_S * 1000
        faults.clear()
        async with working(setup, clock) as engine:
            await clock.sleep(DAY_S + 3600)
            await engine.run_job(engine.mirror.jobs["f"])
            await clock.sleep(3600)
            assert not await engine.mirror.db.read(endpoints.refusals)
        assert len(setup.export("comments")) == len(world.works)

    play(tmp_path / "mirror", scene)


def test_one_thing_without_an_answer_is_not_the_endpoints(tmp_path: Path) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        worst = max(work.id for work in world.works.values() if work.type == "illust")
        faults.add(rf"/illust/comments\?illust_id={worst}\b", status(404))
        async with working(setup, clock) as engine:
            await engine.run_job(engine.mirror.jobs["f"])
            await clock.sleep(3600)
        assert len(setup.export("comments")) == len(world.works) - 1

    play(tmp_path / "mirror", scene)


def test_the_first_mirror_begins_though_an_endpoint_is_gone(tmp_path: Path) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        faults.add("/v1/novel/follow", GONE["its own words"])
        whole = Setup(setup.root, setup.url, [FOLLOWING])
        async with open_mirror(whole.config(), {}, clock=clock) as mirror:
            await look_first(mirror)
        await whole.sync(clock=clock)
        assert len(setup.export("works")) == 27

    play(tmp_path / "mirror", scene)


FAILS = {"500": status(500), "a web page": html(403, "<html><body>No</body></html>"), "a list": status(200, [])}


@pytest.mark.parametrize(
    "how", ["500", *(pytest.param(how, marks=pytest.mark.long) for how in ("a web page", "a list"))]
)
def test_an_endpoint_that_fails_for_everything_is_tried_by_one_for_all(tmp_path: Path, how: str) -> None:
    async def scene(clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        spoiled = faults.add("/illust/comments", FAILS[how])
        async with working(setup, clock) as engine:
            await engine.run_job(engine.mirror.jobs["f"])
            await clock.sleep(DAY_S / 5)
            assert spoiled.hits <= 3 * (3 + 5)  # the first three works, then one after each rest
            ((thing, found),) = (await engine.mirror.db.read(endpoints.refusals)).items()
            assert thing == "comments:illust"
            assert found.until > clock.now()
            faults.clear()
            await clock.sleep(DAY_S / 3)
            assert not await engine.mirror.db.read(endpoints.refusals)
        assert len(setup.export("comments")) == len(world.works)

    play(tmp_path / "mirror", scene)
