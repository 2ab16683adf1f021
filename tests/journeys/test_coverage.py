"""Completeness against the whole truth of the stand-in, with a login at the website and without one."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import open_readonly
from pixmirror.clock import Clock
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import WorldSpec, add_artist, empty_world, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import Key, Work, World
from pixmirror.ingest import web_health
from pixmirror.reports import coverage
from pixmirror.reports.coverage import Overview
from tests.standin import BOOKMARKS, FOLLOWING, Setup
from tests.truth import truth

pytestmark = pytest.mark.anyio
COOKIE = {"phpsessid": "10000001_demo"}
HIDDEN = "limit_sanity_level"


class Later(Clock):
    """The machine's clock, set forward by hand."""

    ms = 0

    def now(self) -> int:
        return super().now() + self.ms

    def advance(self, days: float) -> None:
        self.ms += int(days * 86_400_000)


def small_world(clock: Clock) -> tuple[World, list[Work]]:
    """Two artists; of the first, one work of each type is to be hidden from the app."""
    world = empty_world(clock.now)
    first = add_artist(world, works=6, ugoira=2, novels=2, follow="public")
    add_artist(world, works=3, follow="private")
    mine = [w for w in world.works.values() if w.user_id == first.id]
    pages = world.post(first.id, "manga", page_count=3)
    chosen = [next(w for w in mine if w.type == kind) for kind in ("illust", "ugoira", "novel")]
    return world, [*chosen, pages]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[World, list[Work], Callable[..., Setup], Any]]:
    clock = Later()
    world, hidden = small_world(clock)
    app = create_app(world)
    with running(app) as url:

        def setup(name: str = "mirror", **pixiv: Any) -> Setup:
            return Setup(tmp_path / name, url, (FOLLOWING, BOOKMARKS), pixiv)

        app.state.clock = clock
        yield world, hidden, setup, app


def ask(setup: Setup, sql: str) -> list[tuple[Any, ...]]:
    with open_readonly(catalogue_path(setup.root)) as db, db.reading() as conn:
        return [tuple(row) for row in conn.exec_driver_sql(sql)]


def ours(setup: Setup, kind: str, world: World) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What we hold and the truth, in the keys that the truth knows."""
    order = {"files": lambda r: (r["medium"], r["id"], r["role"], r["page"])}.get(kind, lambda r: r["id"])
    theirs = sorted(truth(world, kind), key=order)
    mine = sorted(setup.export(kind), key=order)
    keys = [set(row) for row in theirs]
    return [{k: row[k] for k in names} for row, names in zip(mine, keys, strict=True)], theirs


async def test_what_the_app_hides_is_read_from_the_website_and_is_as_if_the_app_had_shown_it(scene) -> None:
    world, hidden, setup, _ = scene
    for work in hidden:
        world.hide(work)
    mirror = setup(**COOKIE)

    report = await mirror.sync()

    assert report.exit_code == 0
    for work in hidden:
        world.show(work)  # so that the truth counts them
    for kind in ("works", "novels", "files"):
        mine, theirs = ours(mirror, kind, world)
        assert mine == theirs
    keys = sorted(w.id * 2 + (w.medium == "novel") for w in hidden)
    assert ask(mirror, "SELECT work_key FROM work WHERE evidence = 'web' ORDER BY 1") == [(k,) for k in keys]
    assert not ask(mirror, "SELECT * FROM chore WHERE kind IN ('ugoira', 'text') AND lane < 5")


def proof(setup: Setup, user_id: int | None = None) -> Overview:
    with open_readonly(catalogue_path(setup.root)) as db:
        return db.read_sync(coverage.coverage, db.read_sync(runs.account_id) or 0, user_id)


def holes(setup: Setup, user_id: int, has_web: bool = False) -> dict[str, str]:
    with open_readonly(catalogue_path(setup.root)) as db:
        found = db.read_sync(coverage.missing, db.read_sync(runs.account_id) or 0, user_id, has_web)
    return {str(m.ref): m.reason for m in found}


async def test_without_a_cookie_the_profile_tells_how_many_are_hidden(scene) -> None:
    world, hidden, setup, _ = scene
    for work in hidden:
        world.hide(work)
    owner = hidden[0].user_id
    world.bookmark(hidden[0])
    there = [w for w in world.works.values() if w.user_id == owner and w.state == "live"]
    mirror = setup()

    await mirror.sync()

    [found] = proof(mirror, owner).artists
    assert (found.total, found.complete, found.holes, found.percent) == (len(there), len(there), 0, 100.0)
    assert found.listed == len(there)
    assert found.web_listed is None
    assert found.checked_at is not None


async def test_with_a_cookie_every_work_that_pixiv_has_is_here(scene) -> None:
    world, hidden, setup, _ = scene
    for work in hidden:
        world.hide(work)
    owner = hidden[0].user_id
    all_of = [w for w in world.works.values() if w.user_id == owner]
    mirror = setup(**COOKIE)

    await mirror.sync()

    [found] = proof(mirror, owner).artists
    assert (found.total, found.complete, found.hidden, found.web_listed) == (
        len(all_of),
        len(all_of),
        4,
        len(all_of),
    )
    assert found.listed == len(all_of) - 4
    assert holes(mirror, owner, True) == {}
    everybody = proof(mirror)
    assert everybody.total.total == everybody.total.complete == len(world.works)
    assert everybody.total.percent == 100.0


async def test_a_cookie_that_has_expired_stops_nothing_but_what_needs_it_and_a_new_one_goes_on(scene) -> None:
    world, hidden, setup, app = scene
    for work in hidden:
        world.hide(work)
    dead = setup(phpsessid="10000001_dead")

    report = await dead.sync()

    assert report.exit_code == 0
    assert report.trouble is None
    shown = [w for w in world.works.values() if w.state == "live"]
    assert ask(dead, "SELECT count(*) FROM work WHERE state = 'live'") == [(len(shown),)]
    assert "does not work" in problem(dead)
    await dead.sync()
    web = [path for path in app.state.counts if path.startswith(("/ajax/", "/rpc/"))]
    assert 1 <= sum(app.state.counts[path] for path in web) <= 4, "it is not tried again and again"

    alive = setup(**COOKIE)
    assert (await alive.sync()).exit_code == 0

    assert problem(alive) == ""
    assert ask(alive, "SELECT count(*) FROM work WHERE state = 'live'") == [(len(world.works),)]


def problem(setup: Setup) -> str:
    with open_readonly(catalogue_path(setup.root)) as db:
        return str(db.read_sync(web_health.refusal) or "")


async def test_a_bookmark_that_the_app_hides_is_had_from_the_website_though_nobody_follows_its_artist(
    scene,
) -> None:
    world, _, setup, _ = scene
    stranger = add_artist(world, works=2)
    work = next(w for w in world.works.values() if w.user_id == stranger.id)
    world.bookmark(work)
    world.hide(work)
    mirror = setup(**COOKIE)

    await mirror.sync()

    assert ask(mirror, f"SELECT state, evidence FROM work WHERE work_key = {work.id * 2}") == [("live", "web")]
    files = ask(mirror, f"SELECT DISTINCT state FROM media WHERE owner_id = {work.id * 2}")
    assert files == [("stored",)]


async def test_that_the_app_goes_on_hiding_a_work_of_the_website_is_no_news(scene) -> None:
    world, hidden, setup, app = scene
    clock = app.state.clock
    for work in hidden:
        world.bookmark(work)
        world.hide(work)
    mirror = setup(**COOKIE)

    for _ in range(4):
        await mirror.sync(clock=clock)
        clock.advance(2)

    assert ask(mirror, "SELECT count(*) FROM work WHERE evidence = 'web' AND state = 'live'") == [(len(hidden),)]
    assert ask(mirror, "SELECT count(*) FROM doubt") == [(0,)]
    assert ask(mirror, "SELECT count(*) FROM state_change WHERE state != 'live'") == [(0,)]


async def test_a_work_that_the_app_shows_again_is_the_apps_again_and_no_new_version(scene) -> None:
    world, hidden, setup, app = scene
    clock = app.state.clock
    link = '<a href="https://example.com/a?b=c" target="_blank">here</a>'
    for work in hidden:
        world.edit(work, caption=f"{link}, {work.caption}")
        world.hide(work)
    mirror = setup(**COOKIE)
    await mirror.sync(clock=clock)
    before = ask(mirror, "SELECT work_key, title, caption, change_seq FROM work ORDER BY work_key")

    for work in hidden:
        world.show(work)
    clock.advance(40)
    await mirror.sync(clock=clock)
    await mirror.sync(clock=clock)

    assert ask(mirror, "SELECT count(*) FROM work WHERE evidence = 'web'") == [(0,)]
    after = ask(mirror, "SELECT work_key, title, caption, change_seq FROM work ORDER BY work_key")
    assert [row[:3] for row in after] == [row[:3] for row in before]


@pytest.mark.parametrize("cookie", [True, pytest.param(False, marks=pytest.mark.long)])
async def test_of_a_whole_pixiv_each_artists_numbers_are_the_truth(tmp_path: Path, cookie: bool) -> None:
    clock = Later()
    spec = WorldSpec(seed=5, now_ms=clock.now(), artists=6, private=2, others=3, works=90, bookmarks=30)
    world = generate(spec, clock.now)
    readable = ("live", HIDDEN) if cookie else ("live",)
    with running(create_app(world)) as url:
        mirror = Setup(tmp_path / "mirror", url, (FOLLOWING, BOOKMARKS), COOKIE if cookie else {})
        await mirror.sync(clock=clock)
        theirs = truth_of(world, readable)
        found = {c.user_id: (c.total, c.complete, c.listed) for c in proof(mirror).artists if c.state == "live"}
        assert {k: v for k, v in found.items() if k in theirs} == theirs
        assert found.keys() - theirs.keys() == set()

        live = [w for w in world.works.values() if w.user_id in theirs and w.state == "live"]
        for work in live[::40]:  # fewer than the brake would hold
            world.delete(work)
        for work in live[1::40]:
            world.hide(work)
        for work in live[2::9]:
            world.post(work.user_id, "illust")
        for _ in range(3):
            clock.advance(31)
            await mirror.sync(clock=clock)

        theirs = truth_of(world, ("live", HIDDEN))  # what we had before it was hidden is here anyway
        if not cookie:
            always = {w.key for w in world.works.values() if w.state == HIDDEN} - {w.key for w in live}
            theirs = truth_of(world, ("live", HIDDEN), without=always)
        found = {c.user_id: (c.total, c.complete, c.listed) for c in proof(mirror).artists if c.user_id in theirs}
        assert found == theirs


def truth_of(
    world: World, states: tuple[str, ...], without: Collection[Key] = ()
) -> dict[int, tuple[int, int, int]]:
    """Of each followed artist: works upstream, as many whole here, and those that the app lists."""
    mine = [f.user_id for f in world.follows[world.me].values() if not world.users[f.user_id].gone]
    works = [w for w in world.works.values() if w.key not in without]
    count = {i: sum(w.user_id == i and w.state in states for w in works) for i in mine}
    shown = {i: sum(w.user_id == i and w.state == "live" for w in works) for i in mine}
    return {i: (count[i], count[i], shown[i]) for i in mine}
