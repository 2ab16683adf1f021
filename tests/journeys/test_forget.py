"""What the user forgot stays away whatever Pixiv does, and forgetting survives being killed at any moment."""

import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pixmirror import verify
from pixmirror.catalogue import queue
from pixmirror.catalogue.database import open_readonly
from pixmirror.catalogue.schema import media, tombstone
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.daemon.sync import drain
from pixmirror.daemon.upkeep import run_due
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import Work, World
from pixmirror.fetch import trash
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target
from pixmirror.models import work_key
from pixmirror.sync.kinds import FollowingJob
from tests.catalogue.builders import want_again
from tests.children import Children
from tests.faults import Faults, cut, stall
from tests.standin import BOOKMARKS, FOLLOWING, Setup
from tests.virtual_time import VirtualClock, run_virtually, serving, working

DAY_S = 86_400.0
ONLY_MANGA = FollowingJob(name="following", kind="following", every="30m", types=["manga"])


@dataclass
class Case:
    clock: VirtualClock
    world: World
    faults: Faults
    setup: Setup

    async def sync(self, **changes: Any) -> int:
        return (await replace(self.setup, **changes).sync(clock=self.clock)).exit_code

    async def do(self, verb: str, target: Target, days: int = 30) -> Any:
        async with open_mirror(self.setup.config(), {}, clock=self.clock) as m:
            if verb == "forget":
                return await trash.forget(m.db, m.root, target, self.clock.now(), days)
            return await trash.unforget(m.db, m.root, target, self.clock.now())

    async def upkeep(self) -> None:
        async with open_mirror(self.setup.config(), {}, clock=self.clock) as m:
            await run_due(m, lambda cause, error: None)

    async def verify(self) -> verify.Report:
        async with open_mirror(self.setup.config(), {}, clock=self.clock) as m:
            return await verify.run(m.db, m.root.media, quick=False, now=self.clock.now())

    def asked(self, work: Work) -> list[str]:
        return [s.path for s in self.faults.asked(rf"/img-(original|zip-ugoira)/.*/{work.id}[_-]")]

    @property
    def media(self) -> Path:
        return self.setup.root / "media"

    def files(self, work: Work) -> dict[str, bytes]:
        """The work's files under their final names."""
        return {p.name: p.read_bytes() for p in self.media.glob(f"*/{work.id}[_-]*")}


def key_of(work: Work) -> int:
    return work_key("novel" if work.medium == "novel" else "illust", work.id)


def target_of(work: Work) -> Target:
    return Target("work", key_of(work))


def play(root: Path, scene: Callable[[Case], Awaitable[None]]) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        add_artist(world, works=6, manga=2, pages=3, ugoira=1, until_ms=clock.now() - 9 * 86_400_000)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            await scene(Case(clock, world, faults, Setup(root, url, [FOLLOWING, BOOKMARKS])))

    run_virtually(main)


def of_kind(world: World, kind: str) -> Work:
    return next(w for w in world.works.values() if w.type == kind)


def rows(root: Path, table: Any = media) -> list[Any]:
    with open_readonly(catalogue_path(root)) as db, db.reading() as conn:
        return list(conn.execute(select(table)))


def test_the_image_host_never_sees_a_request_for_a_forgotten_work(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        assert await case.sync() == 0
        work, moving = of_kind(case.world, "manga"), of_kind(case.world, "ugoira")
        assert case.files(work)
        for each in (work, moving):
            await case.do("forget", target_of(each))
            assert not case.files(each)
        case.faults.seen.clear()

        for n in range(3):
            await case.clock.sleep(DAY_S)
            case.world.replace_files(work, page_count=4 + n)
            case.world.replace_files(moving)
            case.world.edit(work, title=f"bumped {n}")
            if n == 0:
                case.world.bookmark(work)
            jobs = [ONLY_MANGA] if n == 1 else [FOLLOWING, BOOKMARKS]
            assert await case.sync(jobs=jobs) == 0
            async with open_mirror(case.setup.config(), {}, clock=case.clock) as m:
                await m.db.run(want_again, None, ("failed", "gone", "damaged"))
            assert (await case.verify()).sound
        for _ in range(40):
            await case.clock.sleep(DAY_S)
            await case.upkeep()
        assert await case.sync() == 0

        assert case.asked(work) == case.asked(moving) == []
        assert not case.faults.asked(f"/v1/ugoira/metadata.*illust_id={moving.id}")
        assert not case.files(work)
        assert not (case.media / ".trash").exists()

        await case.do("unforget", target_of(work))
        assert await case.sync() == 0
        stored = [r for r in case.setup.export("files") if r["id"] == work.id and r["state"] == "stored"]
        assert len(stored) >= 6

    play(tmp_path / "mirror", scene)


def test_one_page_stays_away_when_all_pages_are_replaced(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        assert await case.sync() == 0
        work = of_kind(case.world, "manga")
        before = case.files(work)
        key = key_of(work)
        await case.do("forget", Target("page", key, 1))
        assert before.keys() - case.files(work).keys() == {n for n in before if "_p1" in n}
        await case.clock.sleep(DAY_S)
        case.world.replace_files(work)
        assert await case.sync() == 0
        assert not [name for name in case.files(work) if "_p1" in name]
        assert len([name for name in case.files(work) if "_p0" in name]) == 2
        await case.do("unforget", Target("page", key, 1))
        assert await case.sync() == 0
        assert case.files(work).items() >= before.items()

    play(tmp_path / "mirror", scene)


def test_a_forgotten_user_brings_nothing_new(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        assert await case.sync() == 0
        user_id = of_kind(case.world, "manga").user_id
        name = case.world.users[user_id].name
        await case.do("forget", Target("user", user_id))
        case.faults.seen.clear()
        await case.clock.sleep(DAY_S)
        fresh = case.world.post(user_id)
        assert await case.sync() == 0
        assert not case.faults.asked("/img-original/")
        assert {r.state for r in rows(case.setup.root)} == {"forgotten"}
        assert any(r["id"] == fresh.id for r in case.setup.export("works"))
        assert name not in str(case.setup.export("users"))
        assert (await case.verify()).sound

    play(tmp_path / "mirror", scene)


def test_what_is_forgotten_while_it_is_fetched_leaves_no_file(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        work = of_kind(case.world, "manga")
        slow = case.faults.add(f"/img-original/.*/{work.id}_p", stall(0.5), times=1)

        async def forget_it() -> None:
            while not slow.hits:
                await case.clock.sleep(1)
            await trash.forget(m.db, m.root, target_of(work), case.clock.now(), 30)

        assert await case.sync(jobs=[ONLY_MANGA.model_copy(update={"types": ("ugoira",)})]) == 0
        async with working(case.setup, case.clock) as engine:
            m = engine.mirror
            [await engine.run_job(job) for job in list(m.jobs.values())]
            await forget_it()
            await drain(engine)
        assert not case.files(work)
        states = [r for r in rows(case.setup.root) if r.owner_id == target_of(work).id]
        assert {r.state for r in states} == {"forgotten"}
        assert not list(case.media.rglob(f"*{work.id}_p*.part"))

    play(tmp_path / "mirror", scene)


def test_a_missing_sidecar_is_written_again(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        assert await case.sync() == 0
        work = of_kind(case.world, "manga")
        [sidecar] = case.media.glob(f"*/{work.id}.json")
        text = sidecar.read_text()
        sidecar.unlink()
        report = await case.verify()
        assert (report.sound, report.sidecars_missing) == (True, 1)
        assert await case.sync() == 0
        assert sidecar.read_text() == text

    play(tmp_path / "mirror", scene)


def test_what_fails_for_days_is_never_given_up_and_leaves_no_part_in_the_end(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        hopeless, cut_once = [w for w in case.world.works.values() if w.type == "illust"][:2]
        case.faults.add(f"/img-original/.*/{hopeless.id}_p", cut())
        case.faults.add(f"/img-original/.*/{cut_once.id}_p", cut(), times=1)
        await case.sync()
        for _ in range(12):
            await case.clock.sleep(DAY_S)
            await case.sync()
        states = {r.owner_id: r.state for r in rows(case.setup.root)}
        assert (states[key_of(hopeless)], states[key_of(cut_once)]) == ("waiting", "stored")
        case.faults.clear()
        await case.sync()
        assert {r.state for r in rows(case.setup.root)} == {"stored"}
        assert not list(case.media.rglob("*.part"))

    play(tmp_path / "mirror", scene)


# --- killed


@pytest.fixture(scope="module")
def whole(children: Children, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A mirror, and the key of a work with two pages in it."""
    world = empty_world()
    add_artist(world, works=2, manga=1, pages=2)
    root = tmp_path_factory.mktemp("whole") / "mirror"
    with running(create_app(world)) as url:
        assert children.run("tests.crash_child", root, url) == 0
    return root, of_kind(world, "manga").id * 2


def files_below(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and p.suffix != ".json" and not p.name.startswith(".pix")
    }


@pytest.mark.parametrize("verb", ["forget", "unforget"])
@pytest.mark.parametrize("kind", ["renamed", "commit"])
@pytest.mark.anyio
async def test_killed_at_any_moment_no_file_is_lost_or_left_behind(
    children: Children, tmp_path: Path, whole: tuple[Path, int], verb: str, kind: str
) -> None:
    def child(root: Path, verb: str, kind: str, number: int) -> int:
        return children.run("tests.forget_child", root, verb, key, kind, number)

    source, key = whole
    before = files_below(source / "media")
    if verb == "unforget":
        shutil.copytree(source, tmp_path / "forgotten")
        assert child(tmp_path / "forgotten", "forget", "commit", 999) == 0
        source = tmp_path / "forgotten"
    for number in range(1, 99):
        root = tmp_path / str(number)
        shutil.copytree(source, root)
        code = child(root, verb, kind, number)
        assert code in (0, -signal.SIGKILL)
        await settled(root, key, before)
        if code == 0:
            break
    assert number > 2


async def settled(root: Path, key: int, before: dict[str, bytes]) -> None:
    """The next start finishes what was begun, in the direction that the catalogue says."""
    async with open_mirror(Setup(root, "http://127.0.0.1:9").config(), {}) as m:
        here, trashed = files_below(m.root.media), files_below(m.root.media / ".trash")
        is_forgotten = bool(rows(root, tombstone))
        states = {r.state for r in rows(root) if r.owner_id == key}
        mine = {path: body for path, body in before.items() if f"/{key >> 1}_p" in path}
        if is_forgotten:
            assert states == {"forgotten"}
            assert {path.split("/", 1)[1]: body for path, body in trashed.items()} == mine
            assert not here.keys() & mine.keys()
            assert not list(m.root.media.glob(f"*/{key >> 1}.json"))
            await trash.unforget(m.db, m.root, Target("work", key), m.clock.now())
        assert files_below(m.root.media) == before
        assert {r.state for r in rows(root)} == {"stored"}
        assert (await verify.run(m.db, m.root.media, quick=False, now=m.clock.now())).sound
        counts = await m.db.read(queue.counts)
        assert counts.stored == len([r for r in rows(root) if r.state == "stored"])
        assert not await m.db.read(forgetting.has_moves)
