"""How a sync ends, by itself or beside a running pixmirror: when, with which exit code, and what it says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.config import load
from pixmirror.daemon import first_look
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.sync import sync
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import World
from pixmirror.reports import queries
from pixmirror.sync.kinds import KINDS
from tests.daemon.service import BOOKMARKS, FOLLOWING, Service, until
from tests.faults import Faults, status

pytestmark = pytest.mark.anyio
LIMITED = status(429, Retry_After="3600")


def a_world() -> World:
    world = empty_world()
    artist = add_artist(world, works=40, novels=2, follow="public")
    other = add_artist(world, works=1, novels=0, follow=None)
    world.bookmark(next(w for w in world.works.values() if w.user_id == other.id))
    assert artist.id != other.id
    return world


async def by_itself(service: Service, *names: str) -> dict[str, Any]:
    async with open_mirror(load(service.config, service.env, KINDS), service.env) as mirror:
        await mirror.db.run(runs.set_meta, first_look.DONE, "1")
        return (await sync(mirror, names, horizon_s=1)).as_dict()


async def beside(service: Service, *names: str) -> dict[str, Any]:
    async with service.running() as daemon:
        await until(lambda: not daemon.running or daemon.engine.held_back())
        return await service.ask("sync", jobs=list(names))


WAYS: dict[str, Callable[..., Any]] = {"by itself": by_itself, "beside a daemon": beside}
OUTCOMES: dict[str, tuple[tuple[tuple[str, Any], ...], int]] = {
    "done": ((), 0),
    "a list keeps failing": ((("/v1/user/illusts", status(500)),), 7),
    "Pixiv limits us": (((r"^/v\d", LIMITED),), 8),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_one_outcome_has_one_exit_code(
    tmp_path: Path, way: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixmirror.sync.setbacks.BACKOFF_S", (3600,))
    faults = Faults(create_app(a_world()))
    found, code = OUTCOMES[outcome]
    for pattern, act in found:
        faults.add(pattern, act)
    with running(faults) as url:
        ended = await WAYS[way](Service(tmp_path, url))
    assert ended["exit_code"] == code, ended
    assert bool(ended["trouble"]) == (code == 8)


async def test_while_nothing_is_sent_for_long_a_sync_ends_at_once_and_says_until_when(tmp_path: Path) -> None:
    faults = Faults(create_app(a_world()))
    with running(faults) as url:
        service = Service(tmp_path, url)
        assert (await by_itself(service))["exit_code"] == 0
        faults.add(r"^/v\d", LIMITED)
        asked = before = 0
        for _ in range(2):
            before = asked
            ended = await by_itself(service)
            assert ended["exit_code"] == 8
            assert re.search(r"before (\d+ \w+, )?\d\d:\d\d", ended["trouble"])
            assert "fewer requests" in ended["trouble"]
            asked = len(faults.asked(r"^/v\d"))
        assert asked == before, "the second sends nothing"


async def test_what_is_new_is_what_came_in_from_all_pages_works_and_novels_apart(tmp_path: Path) -> None:
    with running(create_app(a_world())) as url:
        service = Service(tmp_path, url)
        found = (await by_itself(service))["jobs"]["following"]
        assert (found["works"], found["novels"], found["new"]) == (40, 2, 42)
        found = (await by_itself(service))["jobs"]["following"]
        assert (found["works"], found["novels"], found["new"]) == (0, 0, 0)


@pytest.mark.parametrize("way", WAYS)
async def test_status_says_of_a_job_what_the_sync_said(tmp_path: Path, way: str) -> None:
    with running(create_app(a_world())) as url:
        service = Service(tmp_path, url, jobs=[FOLLOWING, BOOKMARKS])
        said = {name: one["new"] for name, one in (await WAYS[way](service))["jobs"].items()}
        with Database.open(catalogue_path(service.root)) as db:
            found = {one.name: one.new for one in db.read_sync(queries.job_statuses, 0, None)}
    assert found == said
    assert way != "by itself" or found == {"following": 42, "bookmarks": 1}


async def test_a_job_asked_for_by_name_waits_for_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixmirror.sync.setbacks.BACKOFF_S", (3600,))
    faults = Faults(create_app(a_world()))
    faults.add("offset=", status(500))  # most of the followed artist's works
    with running(faults) as url:
        service = Service(tmp_path, url, jobs=[FOLLOWING, BOOKMARKS])
        for way in WAYS.values():
            assert (await way(service))["exit_code"] == 7
            ended = await way(service, "bookmarks")
            assert (ended["exit_code"], list(ended["jobs"])) == (0, ["bookmarks"])


async def test_a_job_asked_for_by_name_fetches_only_files_that_it_wants(tmp_path: Path) -> None:
    with running(create_app(a_world())) as url:
        service = Service(tmp_path, url, jobs=[FOLLOWING, BOOKMARKS])
        assert (await by_itself(service))["exit_code"] == 0
        with Database.open(catalogue_path(service.root)) as db:
            db.run_sync(lambda c: c.exec_driver_sql("UPDATE media SET state = 'wanted', stored_at = NULL"))
        ended = await by_itself(service, "bookmarks")
        assert (ended["exit_code"], ended["files"]["wanted"]) == (0, 42)
        assert (await by_itself(service))["files"]["wanted"] == 0


async def test_who_asks_again_need_not_wait_for_the_next_try_of_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixmirror.sync.setbacks.BACKOFF_S", (3600,))
    faults = Faults(create_app(a_world()))
    with running(faults) as url:
        service = Service(tmp_path, url)
        faults.add("offset=", status(500))
        assert (await by_itself(service))["exit_code"] == 7
        faults.clear()
        ended = await by_itself(service)
        assert (ended["exit_code"], ended["jobs"]["following"]["works"]) == (0, 10)
