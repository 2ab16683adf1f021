"""What nobody has foreseen is the failure of one thing: it is put off with its reason, and all else is done."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pixmirror.catalogue.database import open_readonly
from pixmirror.catalogue.schema import chore, feed, media
from pixmirror.daemon import upkeep
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.daemon.walkers import Walkers
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.fetch.worker import Worker
from pixmirror.sync import chores, sources
from tests.faults import Faults, nothing_is_lost
from tests.standin import FOLLOWING, Setup
from tests.virtual_time import VirtualClock, run_virtually, serving, working

DAY_S = 86_400.0


def a_world(clock: VirtualClock) -> World:
    world = empty_world(clock)
    old = clock.now() - 9 * 86_400_000
    artists = [add_artist(world, works=4, manga=0, ugoira=1, novels=0, until_ms=old) for _ in range(2)]
    for work in world.works.values():
        world.comment(work, artists[0].id, "hello", ms=old)
    return world


def rows(setup: Setup, table: Any) -> list[Any]:
    with open_readonly(catalogue_path(setup.root)) as db, db.reading() as conn:
        return list(conn.execute(select(table)))


def breaking(real: Any, is_hit: Any) -> Any:
    """The function, which has a mistake of ours for some of what it is handed."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        if is_hit(*args):
            raise KeyError("offset")
        return real(*args, **kwargs)

    return broken


def break_a_chore(patch: pytest.MonkeyPatch, world: World) -> Any:
    worst = min(work.id for work in world.works.values() if work.type == "ugoira") * 2
    handlers = {**chores.HANDLERS}
    handlers["ugoira"] = breaking(handlers["ugoira"], lambda ctx, job, chore, lane: chore.key == worst)
    patch.setattr(chores, "HANDLERS", handlers)
    return chore


def break_a_list(patch: pytest.MonkeyPatch, world: World) -> Any:
    worst = max(work.user_id for work in world.works.values())
    real = sources._user_works
    hit = lambda ctx, job, params, medium: params["user_id"] == worst  # noqa: E731
    made = breaking(real, hit)
    patch.setitem(sources.SOURCES, sources.USER_ILLUSTS, lambda c, j, p: made(c, j, p, "illust"))
    return feed


def break_a_file(patch: pytest.MonkeyPatch, world: World) -> Any:
    worst = min(work.id for work in world.works.values())
    real = Worker._fetch
    patch.setattr(Worker, "_fetch", breaking(real, lambda self, claim: claim.item.work_key == worst * 2))
    return media


@pytest.mark.parametrize("break_one", [break_a_chore, break_a_list, break_a_file])
def test_one_thing_that_meets_a_mistake_of_ours_is_put_off_by_name_and_all_else_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_one: Any
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_world(clock)
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
            with monkeypatch.context() as patch:
                table = break_one(patch, world)
                for _ in range(2):
                    async with asyncio.timeout(DAY_S):
                        assert (await setup.sync(clock=clock)).exit_code in (0, 7)
            named = [row for row in rows(setup, table) if row.error]
            assert len(named) == 1
            assert "KeyError" in named[0].error
            assert named[0].due_at is not None
            await clock.sleep(2 * DAY_S)
            assert (await setup.sync(clock=clock)).exit_code == 0
            nothing_is_lost(setup, world)

    run_virtually(main)


def test_a_loop_and_a_task_of_upkeep_that_meet_a_mistake_of_ours_rest_by_name_until_they_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_world(clock)
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
            with monkeypatch.context() as patch:
                patch.setattr(Walkers, "_next_walk", breaking(Walkers._next_walk, lambda *args: True))
                tasks = tuple(
                    upkeep.Task(t.name, t.every_ms, breaking(t.run, lambda *args: True)) for t in upkeep.TASKS[:1]
                )
                patch.setattr(upkeep, "TASKS", tasks + upkeep.TASKS[1:])
                async with working(setup, clock) as engine:
                    await engine.run_job(engine.mirror.jobs["following"])
                    await clock.sleep(600)
                    assert any("unforeseen:walk" in cause for cause in engine.trouble.errors)
                    patch.undo()
                    await clock.sleep(DAY_S)
                    assert not engine.trouble.errors
            assert len(setup.export("works")) == len(world.works)

    run_virtually(main)


def test_a_sidecar_that_cannot_be_written_is_tried_each_day_by_name_and_the_others_are_written(
    tmp_path: Path,
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_world(clock)
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
            worst = min(work.id for work in world.works.values())
            user_id = next(work.user_id for work in world.works.values() if work.id == worst)
            in_the_way = setup.root / "media" / str(user_id) / f"{worst}.json"
            await replace(setup, mirror={"sidecars": False}).sync(clock=clock)
            in_the_way.mkdir(parents=True)
            assert (await setup.sync(clock=clock)).exit_code in (0, 7)
            assert len(list((setup.root / "media").rglob("*.json"))) == len(world.works)
            (named,) = [row for row in rows(setup, chore) if row.kind == "sidecar"]
            assert (named.key, bool(named.error)) == (worst * 2, True)
            in_the_way.rmdir()
            await clock.sleep(2 * DAY_S)
            assert (await setup.sync(clock=clock)).exit_code == 0
            assert in_the_way.is_file()

    run_virtually(main)
