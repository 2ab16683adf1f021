"""Pixiv denies everything for days, or an artist leaves and comes back: what the catalogue then says of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import chores
from pixmirror.catalogue.database import Connection, open_readonly
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.daemon.sync import SyncReport
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from tests.faults import Act, Faults, changed, error
from tests.standin import BOOKMARKS, FOLLOWING, Setup
from tests.virtual_time import VirtualClock, run_virtually, serving

DAY_S = 86_400.0
DAY_MS = 86_400_000
ARTISTS, WORKS = 8, 4
API = "^/v[123]/"
LISTED = ("illusts", "novels", "user_previews", "comments", "bookmark_tags")
STATES = ("work", "user", "bookmark", "follow", "comment")


@dataclass
class Case:
    """A world of some artists, its stand-in with switches, and a mirror of it that is synced once a day."""

    clock: VirtualClock
    world: World
    faults: Faults
    setup: Setup

    async def days(self, count: int) -> SyncReport:
        reports = [await self.sync() for _ in range(count)]
        return reports[-1]

    async def sync(self) -> SyncReport:
        await self.clock.sleep(DAY_S)
        return await self.setup.sync(clock=self.clock)

    async def change(self, fn: Callable[[Connection], object]) -> None:
        async with open_mirror(self.setup.config(), {}, clock=self.clock) as mirror:
            await mirror.db.run(fn)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_readonly(catalogue_path(self.setup.root)) as db, db.reading() as conn:
            return [tuple(row) for row in conn.exec_driver_sql(sql)]

    def not_live(self) -> dict[str, list[tuple[Any, ...]]]:
        found = {t: self.rows(f"SELECT state, count(*) FROM {t} WHERE state != 'live' GROUP BY 1") for t in STATES}
        return {table: rows for table, rows in found.items() if rows}


def play(root: Path, scene: Callable[[Case], Awaitable[None]]) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        old = clock.now() - 9 * DAY_MS
        for _ in range(ARTISTS):
            add_artist(world, works=WORKS - 1, novels=1, until_ms=old)
        for work in list(world.works.values())[::2]:
            world.bookmark(work, at=old)
            world.comment(work, world.me, "hello", ms=old)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            case = Case(clock, world, faults, Setup(root, url, [FOLLOWING, BOOKMARKS]))
            await case.sync()
            assert case.rows("SELECT count(*) FROM work") == [(ARTISTS * WORKS,)]
            await scene(case)

    run_virtually(main)


def everything_is_asked(conn: Connection) -> None:
    """As after a long time: the detail of every work, the profile of every user, the comments of every work."""
    works = conn.exec_driver_sql("SELECT work_key FROM work").scalars().all()
    users = conn.exec_driver_sql("SELECT DISTINCT user_id FROM work").scalars().all()
    for kind in ("detail", "comments"):
        chores.add_all(conn, ((kind, key, 5, 0) for key in works))
    chores.add_all(conn, (("profile", key, 5, 0) for key in users))


def empty(body: Any) -> None:
    for name in LISTED:
        if name in body:
            body[name] = []
    if "next_url" in body:
        body["next_url"] = None


def to_stub(work: dict[str, Any]) -> None:
    url = "https://s.pximg.net/common/images/limit_sanity_level_360.png"
    work |= {"title": "", "caption": "", "tags": [], "visible": False, "width": 100, "height": 100}
    work["image_urls"] = {"large": url, "medium": url, "square_medium": url}
    work["user"] |= {"id": 0, "name": "", "account": ""}


def all_stubs(body: Any) -> None:
    for name in ("illust", "novel"):
        if name in body:
            to_stub(body[name])
        for work in body.get(f"{name}s", ()):
            to_stub(work)
    for preview in body.get("user_previews", ()):
        for work in (*preview["illusts"], *preview["novels"]):
            to_stub(work)


MAD: dict[str, tuple[Act, bool]] = {
    "every list is empty": (changed(empty), True),
    "everything is a 404": (error(404, "not found"), True),
    "every work is a stub": (changed(all_stubs), True),
}


@pytest.mark.parametrize(
    "how",
    [
        "everything is a 404",
        *(pytest.param(how, marks=pytest.mark.long) for how in ("every list is empty", "every work is a stub")),
    ],
)
def test_an_upstream_gone_mad_changes_no_state(tmp_path: Path, how: str):
    act, is_told = MAD[how]

    async def scene(case: Case) -> None:
        case.faults.add(API, act)
        told: set[str] = set()
        for _ in range(3):
            await case.change(everything_is_asked)
            report = await case.sync()
            told |= {brake.kind for brake in report.brakes}
            assert case.not_live() == {}
            assert case.rows("SELECT * FROM state_change") == []
        assert bool(told) == is_told, told
        case.faults.clear()
        report = await case.days(3)
        assert report.brakes == ()
        assert case.not_live() == {}
        assert case.rows("SELECT * FROM doubt") == []
        assert case.rows("SELECT * FROM state_change") == []

    play(tmp_path, scene)


def test_an_artist_leaves_and_comes_back(tmp_path: Path):
    async def scene(case: Case) -> None:
        artist = case.rows("SELECT min(user_id) FROM work")[0][0]
        theirs = f"WHERE user_id = {artist}"
        stored = case.rows("SELECT count(*) FROM media WHERE state = 'stored'")
        keys = [key for (key,) in case.rows(f"SELECT work_key FROM work {theirs}")]
        case.world.leave(artist)
        case.faults.seen.clear()
        await case.days(8)
        assert case.rows(f"SELECT state FROM user WHERE id = {artist}") == [("user_gone",)]
        assert case.rows(f"SELECT DISTINCT state FROM work {theirs}") == [("user_gone",)]
        assert case.rows("SELECT state, count(*) FROM work GROUP BY 1") == [
            ("live", (ARTISTS - 1) * WORKS),
            ("user_gone", WORKS),
        ]
        assert case.rows("SELECT count(*) FROM media WHERE state = 'stored'") == stored
        of_works = "|".join(f"(illust|novel)_id={key >> 1}(&|$)" for key in keys)
        assert len(case.faults.asked(f"user_id={artist}(&|$)|{of_works}")) <= 12
        case.faults.seen.clear()
        await case.days(2)
        assert len(case.faults.asked(f"user_id={artist}(&|$)|{of_works}")) <= 2, "the profile, now and then"
        case.world.come_back(artist)
        await case.days(8)
        assert case.not_live().keys().isdisjoint({"work", "user"})
        moved = case.rows(f"SELECT state FROM state_change WHERE owner_kind = 'user' AND owner_id = {artist}")
        assert moved == [("user_gone",), ("live",)]

    play(tmp_path, scene)
