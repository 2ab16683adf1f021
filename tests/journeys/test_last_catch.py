"""What nobody has foreseen is the failure of one thing: it is put off with its reason, and all else is done."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pixmirror.catalogue import schema
from pixmirror.catalogue.database import open_readonly
from pixmirror.catalogue.schema import broken, chore, feed, gap, media
from pixmirror.daemon import upkeep
from pixmirror.daemon.asking import Asking
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.fetch import trash, worker
from pixmirror.fetch.worker import Worker
from pixmirror.ingest import files, sidecars, works
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
    hit = lambda ctx, job, feed, medium: feed.params["user_id"] == worst  # noqa: E731
    made = breaking(real, hit)
    patch.setitem(sources.SOURCES, sources.USER_ILLUSTS, lambda c, j, f: made(c, j, f, "illust"))
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


@pytest.mark.parametrize("one_of", [min, max], ids=["in the artist's list", "beside a follow, too"])
def test_a_work_that_breaks_while_its_page_is_recorded_is_kept_raw_and_the_rest_of_the_page_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, one_of: Any
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_world(clock)
        worst = one_of(work.id for work in world.works.values())
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
            with monkeypatch.context() as patch:
                hit = lambda seen, known, key, *rest: key == worst * 2  # noqa: E731
                patch.setattr(works, "_item", breaking(works._item, hit))
                for _ in range(2):
                    assert (await setup.sync(clock=clock)).exit_code in (0, 7)
                    await clock.sleep(2 * DAY_S)
            assert {row.work_key for row in rows(setup, schema.work)} == {
                found.id * 2 for found in world.works.values() if found.id != worst
            }
            assert len(rows(setup, schema.follow)) == 2
            found = [row for row in rows(setup, broken) if row.work_key == worst * 2]
            assert f'"id":{worst}' in found[0].raw
            assert "KeyError" in found[0].reason
            assert not [row for row in (*rows(setup, feed), *rows(setup, gap)) if row.error]
            told = [r for r in caplog.records if r.exc_info and "It is kept raw" in r.getMessage()]
            assert 0 < len(told) <= len(rows(setup, broken))  # once for each content
            await clock.sleep(30 * DAY_S)
            assert (await setup.sync(clock=clock)).exit_code == 0
            assert len(rows(setup, schema.work)) == len(world.works)

    run_virtually(main)


def test_what_breaks_while_one_answer_is_recorded_is_kept_with_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_world(clock)
        worst = min(work.id for work in world.works.values() if work.type == "ugoira")
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
            with monkeypatch.context() as patch:
                hit = lambda conn, seen, illust_id, metadata: illust_id == worst  # noqa: E731
                patch.setattr(files, "record_ugoira", breaking(files.record_ugoira, hit))
                await setup.sync(clock=clock)
            (found,) = rows(setup, broken)
            assert (found.endpoint, "frames" in found.raw, "KeyError" in found.reason) == ("ugoira", True, True)

    run_virtually(main)


def test_a_sidecar_whose_row_cannot_be_read_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_world(clock)
        worst = min(work.id for work in world.works.values())
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
            with monkeypatch.context() as patch:
                patch.setattr(
                    sidecars, "_data", breaking(sidecars._data, lambda row, *_: row.work_key == worst * 2)
                )
                assert (await setup.sync(clock=clock)).exit_code in (0, 7)
            assert len(list((setup.root / "media").rglob("*.json"))) == len(world.works) - 1
            (named,) = [row for row in rows(setup, chore) if row.kind == "sidecar"]
            assert (named.key, "KeyError" in named.error) == (worst * 2, True)

    run_virtually(main)


def test_a_file_that_breaks_before_it_is_asked_for_takes_none_of_its_batch_with_it_and_is_tried_more_rarely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = a_world(clock)
        worst = min(work.id for work in world.works.values())
        async with serving(Faults(create_app(world))) as url:
            setup = Setup(tmp_path / "mirror", url, [FOLLOWING])
            with monkeypatch.context() as patch:
                hit = lambda path, url: f"/{worst}" in path  # noqa: E731
                patch.setattr(worker, "path_for", breaking(trash.path_for, hit))
                async with working(setup, clock) as engine:
                    await engine.run_job(engine.mirror.jobs["following"])
                    clock.nap = 60.0
                    await clock.sleep(DAY_S)
            bad = [row for row in rows(setup, media) if row.state != "stored"]
            assert bad
            assert {row.owner_id for row in bad} == {worst * 2}
            assert all(row.attempts >= 5 and row.due_at > clock.now() for row in bad)

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
                patch.setattr(Asking, "_next_walk", breaking(Asking._next_walk, lambda *args: True))
                tasks = tuple(
                    upkeep.Task(t.name, t.every_ms, breaking(t.run, lambda *args: True)) for t in upkeep.TASKS[:1]
                )
                patch.setattr(upkeep, "TASKS", tasks + upkeep.TASKS[1:])
                async with working(setup, clock) as engine:
                    await engine.run_job(engine.mirror.jobs["following"])
                    await clock.sleep(600)
                    assert any("unforeseen:walk" in cause for cause in engine.trouble.errors)
                    patch.undo()
                    clock.nap = 600.0
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
