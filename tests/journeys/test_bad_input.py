"""What the user, the disk or the clock gets wrong: one clear sentence, the right exit code, nothing lost."""

import asyncio
import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue.database import open_readonly
from pixmirror.catalogue.migrate import HEAD
from pixmirror.daemon.mirror import catalogue_path, open_mirror
from pixmirror.daemon.sync import SyncReport
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.demo.world import World
from pixmirror.errors import (
    CatalogueError,
    DiskFull,
    LoginNeeded,
    MirrorLocked,
    PixmirrorError,
    StorageError,
    TokenRejected,
    WrongAccount,
)
from pixmirror.fetch.room import IN_A_ROW
from pixmirror.reports import troubles
from pixmirror.store import MARKER, MirrorRoot
from pixmirror.store.part import Part
from tests.fault_rows import Kind, Row, also, fault, faults, told
from tests.faults import Faults, nothing_is_lost, one_clear_sentence, reset, status
from tests.standin import FOLLOWING, Setup
from tests.virtual_time import START_MS, VirtualClock, run_virtually, serving

REPO = Path(__file__).parents[2]
DAY_S = 86_400.0


class Case:
    """A small world, its stand-in, and a mirror of it."""

    def __init__(self, clock: VirtualClock, world: World, faults: Faults, setup: Setup) -> None:
        self.clock, self.world, self.faults, self.setup = clock, world, faults, setup

    def with_pixiv(self, **keys: Any) -> Setup:
        return replace(self.setup, pixiv={**self.setup.pixiv, **keys})

    def with_mirror(self, **keys: Any) -> Setup:
        return replace(self.setup, mirror={**self.setup.mirror, **keys})

    def status(self) -> list[str]:
        """What `status` says to be wrong."""
        with open_readonly(catalogue_path(self.setup.root)) as db, db.reading() as conn:
            return [str(one) for one in (*troubles.kept(conn), *troubles.known(conn, self.clock.now()))]

    async def sync(self, setup: Setup | None = None) -> SyncReport:
        return await (setup or self.setup).sync(clock=self.clock)

    async def refused(self, kind: type[PixmirrorError], exit_code: int, setup: Setup | None = None) -> str:
        """The sentence of a sync that does not begin; it changes nothing in the catalogue."""
        before = contents(self.setup.root)
        with pytest.raises(PixmirrorError) as refusal:
            await self.sync(setup)
        assert type(refusal.value) is kind
        assert refusal.value.exit_code == exit_code
        assert contents(self.setup.root) == before
        return one_clear_sentence(refusal.value)

    async def completes(self, setup: Setup | None = None) -> None:
        assert (await self.sync(setup)).exit_code == 0
        nothing_is_lost(setup or self.setup, self.world)


def play(root: Path, scene: Callable[[Case], Awaitable[None]], start_ms: int = START_MS) -> None:
    """The scene, on virtual time."""

    async def main(clock: VirtualClock) -> None:
        clock.nap = 5.0
        world = empty_world(clock)
        add_artist(world, works=6, manga=1, pages=2, novels=1, ugoira=1, until_ms=clock.now() - 9 * 86_400_000)
        faults = Faults(create_app(world))
        async with serving(faults) as url:
            await scene(Case(clock, world, faults, Setup(root, url, [FOLLOWING])))

    run_virtually(main, start_ms)


def contents(root: Path) -> dict[str, int]:
    """Rows by table, but what a mirror writes down of its own runs."""
    path = catalogue_path(root)
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
    own = ("run", "spent", "meta", "job", "alembic_version")
    return {name: count for name, count in rows.items() if count and name not in own}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# -- login -------------------------------------------------------------------------------------------------------


def test_without_a_token_nothing_is_asked_and_the_login_is_named(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        text = await case.refused(LoginNeeded, 3, case.with_pixiv(refresh_token=None))
        assert text == "There is no Pixiv login yet. Run `pixmirror login`."
        assert not case.faults.seen
        await case.completes()

    play(tmp_path / "mirror", scene)


def test_a_wrong_token_is_offered_once_and_loses_nothing(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        await case.completes()
        case.faults.seen.clear()
        text = await case.refused(TokenRejected, 3, case.with_pixiv(refresh_token="a-secret-of-mine"))
        assert "does not accept the refresh token" in text
        assert text.endswith("Run `pixmirror login`.")
        assert "secret" not in text
        assert [s.path for s in case.faults.seen] == ["/auth/token"]
        await case.completes()

    play(tmp_path / "mirror", scene)


@fault(
    Row(
        Kind.REVOKED,
        seen="Pixiv says that the refresh token is dead: after a password change, a ban, a logout. It is offered "
        "again once a day at most",
        rests="all that is asked of Pixiv's API",
        goes_on="files, the gallery, all that reads",
        told="Pixiv does not accept the refresh token… Run `pixmirror login`.",
        back="`pixmirror login`; a running pixmirror takes it at once",
        by="`status`, the end of `sync` (exit code 3), a notice",
    )
)
def test_a_token_that_is_revoked_while_it_runs_ends_with_3_and_the_next_login_goes_on(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        oauth = case.faults.app.state.oauth

        async def revoke(exchange: Any) -> None:
            oauth.revoke()
            await exchange.inner(exchange.scope, exchange.receive, exchange.send)

        case.faults.add("/v1/user/illusts", revoke, times=1)
        report = await case.sync()
        assert report.exit_code == 3
        told(Kind.REVOKED, one_clear_sentence(report.trouble))
        oauth.refresh_tokens["a-new-token"] = case.world.me
        await case.completes(case.with_pixiv(refresh_token="a-new-token"))

    play(tmp_path / "mirror", scene)


def test_the_token_of_another_account_is_refused_before_anything_is_asked_with_it(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        await case.completes()
        case.faults.seen.clear()
        other = next(u for u in case.world.users if u != case.world.me)
        case.faults.app.state.oauth.refresh_tokens["another"] = other
        text = await case.refused(WrongAccount, 3, case.with_pixiv(refresh_token="another"))
        assert "own mirror folder, or log in with the account of this one" in text
        assert [s.path for s in case.faults.seen] == ["/auth/token"]
        await case.completes()

    play(tmp_path / "mirror", scene)


# -- the catalogue, the lock -------------------------------------------------------------------------------------


def test_a_catalogue_of_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        await case.completes()
        _set_schema(case.setup.root, "9999")
        before = catalogue_path(case.setup.root).read_bytes()
        text = await case.refused(CatalogueError, 4)
        assert "schema 9999, newer than this program knows" in text
        assert "upgrade pixmirror" in text
        assert catalogue_path(case.setup.root).read_bytes() == before
        _set_schema(case.setup.root, HEAD)
        await case.completes()

    play(tmp_path / "mirror", scene)


def _set_schema(root: Path, revision: str) -> None:
    with closing(sqlite3.connect(catalogue_path(root))) as db:
        db.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_file_that_is_no_catalogue_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        case.setup.root.mkdir()
        catalogue_path(case.setup.root).write_bytes(b"my diary" * 1000)
        with pytest.raises(CatalogueError) as refusal:
            await case.sync()
        assert "is damaged or is not a catalogue" in one_clear_sentence(refusal.value)
        assert catalogue_path(case.setup.root).read_bytes() == b"my diary" * 1000
        catalogue_path(case.setup.root).unlink()
        await case.completes()

    play(tmp_path / "mirror", scene)


@contextmanager
def held_by_another_process(root: Path) -> Iterator[int]:
    """A real process that holds the mirror; its number."""
    code = (
        "import sys; from pathlib import Path; from pixmirror.store import MirrorRoot\n"
        "with MirrorRoot.open(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPO / "src")},
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.communicate()


def test_a_second_process_on_the_same_mirror_is_told_who_holds_it(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        with held_by_another_process(case.setup.root) as pid:
            text = await case.refused(MirrorLocked, 5)
            assert f"rocess {pid} holds the mirror" in text
            assert "`pixmirror status`" in text
        assert not case.faults.seen
        await case.completes()

    play(tmp_path / "mirror", scene)


# -- the disk ----------------------------------------------------------------------------------------------------


def test_a_root_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    async def scene(case: Case) -> None:
        with pytest.raises(StorageError) as refusal:
            await case.sync()
        assert refusal.value.exit_code == 6
        assert str(tmp_path / "file" / "mirror") in one_clear_sentence(refusal.value)
        assert not case.faults.seen

    play(tmp_path / "file" / "mirror", scene)


def test_a_read_only_root_is_refused_with_6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(case: Case) -> None:
        await case.completes()
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", _failing(os.open, errno.EROFS, re.compile(str(case.setup.root))))
            text = await case.refused(StorageError, 6)
            assert "the disk is read-only" in text.lower()
        await case.completes()

    play(tmp_path / "mirror", scene)


def _failing(real: Callable[..., Any], number: int, path: re.Pattern[str]) -> Callable[..., Any]:
    def call(name: Any, flags: int, *args: Any, **kwargs: Any) -> Any:
        if path.search(str(name)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(number, os.strerror(number), str(name))
        return real(name, flags, *args, **kwargs)

    return call


def test_a_disk_that_fills_up_stops_only_the_fetching_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(case: Case) -> None:
        with monkeypatch.context() as patch:
            written = 0
            real = os.pwrite

            def pwrite(fd: int, data: bytes, offset: int) -> int:
                nonlocal written
                written += len(data)
                if written > 6000:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return real(fd, data, offset)

            patch.setattr(os, "pwrite", pwrite)
            report = await case.sync()
        assert report.exit_code == 6
        assert isinstance(report.trouble, DiskFull)
        text = one_clear_sentence(report.trouble)
        assert text.startswith("The disk is full: ")
        assert text.endswith("Free some space, or lower mirror.keep_free; fetching resumes by itself.")
        assert len(case.setup.export("works")) == 8  # everything else went on
        assert report.files.failed == 0
        await case.completes()

    play(tmp_path / "mirror", scene)


def test_a_reserve_larger_than_the_disk_fetches_nothing_and_says_so(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        report = await case.sync(case.with_mirror(keep_free="4000 TiB"))
        assert report.exit_code == 6
        assert "are kept free" in one_clear_sentence(report.trouble)
        assert not case.faults.asked("^/img-")
        assert len(case.setup.export("works")) == 8
        await case.completes()

    play(tmp_path / "mirror", scene)


def used(media: Path) -> int:
    """Return how many bytes of fetched files lie in there, whole and in part."""
    kept = (path for path in media.rglob("*.*") if path.name != MARKER and not path.name.endswith(".json"))
    return sum(path.stat().st_size for path in kept)


def test_the_reserve_is_never_eaten_into_and_nothing_is_fetched_in_vain_once_it_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve, room = 10 << 10, 8 << 10
    left: list[int] = []  # after each write

    def free(root: MirrorRoot) -> int:
        return reserve + room - used(root.media)

    def write_out(part: Part, data: bytes, **how: Any) -> None:
        written(part, data, **how)
        left.append(reserve + room - used(tmp_path / "mirror" / "media"))

    written = Part._write_out

    async def scene(case: Case) -> None:
        setup = case.with_mirror(keep_free="10 KiB")
        with monkeypatch.context() as patch:
            patch.setattr(MirrorRoot, "free_bytes", free)
            patch.setattr(Part, "_write_out", write_out)
            report = await case.sync(setup)
        assert report.exit_code == 6
        assert 0 < report.files.bytes_stored <= room
        assert case.faults.asked("^/img-")
        # Files that do not fit are known by the head of their answer, and so many alone do not make the disk full.
        under_way = 2 * setup.config().pixiv.image_connections + IN_A_ROW - 1
        assert len(case.faults.asked("^/img-")) <= report.files.stored + under_way
        assert min(left) >= reserve
        assert report.files.failed == 0
        await case.completes()

    play(tmp_path / "mirror", scene)


def test_a_sync_that_leaves_one_file_for_want_of_room_ends_with_6_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(case: Case) -> None:
        elsewhere = replace(case.setup, root=tmp_path / "elsewhere")
        await case.completes(elsewhere)
        files = (elsewhere.root / "media").rglob("*.*")
        *_, largest = sorted(path.stat().st_size for path in files if path.suffix != ".json")
        setup = case.with_mirror(keep_free="10 KiB")
        with monkeypatch.context() as patch:
            patch.setattr(MirrorRoot, "free_bytes", lambda self: (10 << 10) + largest - 1)
            report = await case.sync(setup)
        assert (report.exit_code, report.left) == (6, 1)
        assert "has no room for 1 file, of" in report.as_dict()["trouble"]
        await case.completes()

    play(tmp_path / "mirror", scene)


@contextmanager
def tiny_disk(place: Path, kib: int) -> Iterator[None]:
    """A real file system of that size, where we may mount one."""
    place.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)]
    if mount is None or subprocess.run([mount, *options], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=True)


def test_a_real_disk_that_is_full_ends_with_6_and_a_larger_one_completes(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        with tiny_disk(tmp_path / "disk", 24):
            setup = case.with_mirror(media=tmp_path / "disk")
            report = await case.sync(setup)
            assert report.exit_code == 6
            assert one_clear_sentence(report.trouble).startswith("The disk ")
            kept = files(tmp_path / "disk")
        (tmp_path / "larger").mkdir()
        for name, data in kept.items():
            place = tmp_path / "larger" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        await case.clock.sleep(DAY_S)
        await case.completes(case.with_mirror(media=tmp_path / "larger"))

    play(tmp_path / "mirror", scene)


def test_media_that_are_not_mounted_change_nothing_anywhere_and_go_on_when_they_are_back(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        nas, away = tmp_path / "nas", tmp_path / "away"
        nas.mkdir()
        setup = case.with_mirror(media=nas)
        await case.completes(setup)
        states = case.setup.export("files")
        nas.rename(away)
        nas.mkdir()  # the empty mount point
        case.world.post(next(u for u in case.world.users if u != case.world.me))
        case.faults.seen.clear()

        report = await case.sync(setup)

        assert report.exit_code == 6
        text = one_clear_sentence(report.trouble)
        assert f"{nas} lacks its marker {MARKER}" in text
        assert "nothing was written" in text
        assert text.endswith("Mount the media folder; fetching resumes by itself.")
        assert not list(nas.iterdir())
        assert not case.faults.asked("^/img-")
        now = {row["id"]: row for row in case.setup.export("files") if row["state"] == "stored"}
        assert now == {row["id"]: row for row in states}
        assert [row["state"] for row in case.setup.export("files") if row not in states] == ["wanted"]

        nas.rmdir()
        report = await case.sync(setup)
        assert f"{nas} is not there" in one_clear_sentence(report.trouble)
        assert not nas.exists()

        away.rename(nas)
        await case.completes(setup)

    play(tmp_path / "mirror", scene)


def test_the_media_of_another_mirror_are_not_touched(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        await case.completes()
        other = replace(case.setup, root=tmp_path / "other")
        await other.sync(clock=case.clock)
        before = files(tmp_path / "other" / "media")
        setup = case.with_mirror(media=tmp_path / "other" / "media")
        case.world.post(next(u for u in case.world.users if u != case.world.me))
        report = await case.sync(setup)
        assert report.exit_code == 6
        assert "belongs to another mirror" in one_clear_sentence(report.trouble)
        assert files(tmp_path / "other" / "media") == before
        await case.completes()

    play(tmp_path / "mirror", scene)


# -- the clock ---------------------------------------------------------------------------------------------------


@faults(
    Row(
        Kind.CLOCK_FORWARD,
        seen="a time that is later than it was by more than the time that passed. It shows when the clock is "
        "right again: times in the catalogue lie in the future",
        rests="nothing; a job that was missed meanwhile runs once",
        goes_on="everything",
        told="The clock was … days ahead until …; what it had put off was pulled back, and what first came in "
        "then may carry wrong dates.",
        back="by itself, when the clock is right: nothing waits for the days that were not",
        by="`status`, for a week",
    ),
    Row(
        Kind.CLOCK_BACK,
        seen="a time before the latest on record, while ten works or more are dated after it",
        rests="what is due at a time",
        goes_on="what is new comes in",
        told="The clock was at …, but it has been … before, and Pixiv has shown works of later days: until it is "
        "right, nothing is done at its time. Set the clock of this machine.",
        back="the right time: it goes on by itself",
        by="`status`",
    ),
)
def test_a_clock_that_is_wrong_for_a_while_is_told_and_loses_nothing(tmp_path: Path, row: Row) -> None:
    async def scene(case: Case) -> None:
        artist = next(u for u in case.world.users if u != case.world.me)
        for _ in range(3):
            case.world.post(artist)
        await case.sync()
        # Our clock alone is wrong for a while; Pixiv's goes on.
        real, days = case.clock.start_ms, 400 if row.kind is Kind.CLOCK_FORWARD else -400
        case.world.now = lambda: real + round(asyncio.get_running_loop().time() * 1000)
        case.clock.start_ms = real + days * 86_400_000
        case.world.post(artist)
        assert (await case.sync()).trouble is None
        assert len(case.setup.export("works")) == 12
        behind = case.status()
        case.clock.start_ms = real
        await case.clock.sleep(DAY_S)
        await case.completes()
        told(row.kind, " ".join(case.status() if row.kind is Kind.CLOCK_FORWARD else behind))

    play(tmp_path / "mirror", scene)


@fault(
    Row(
        Kind.SUSPEND,
        seen="hours that passed at once, and connections that are dead",
        rests="the requests that were under way: they are sent again",
        goes_on="everything else; a job that was missed runs once",
        told="",
        back="by itself when the machine wakes; a new access token is asked for",
    )
)
def test_a_machine_that_sleeps_for_a_night_goes_on_where_it_was(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        async def sleep(exchange: Any) -> None:
            case.clock.start_ms += 9 * 3_600_000
            case.faults.app.state.oauth.expire_all()
            await reset()(exchange)

        naps = [case.faults.add(where, sleep, times=1) for where in ("/v1/user/illusts", "/img-original/")]
        report = await case.sync()
        assert [nap.hits for nap in naps] == [1, 1]
        assert report.exit_code == 0
        told(Kind.SUSPEND, " ".join(case.status()))
        nothing_is_lost(case.setup, case.world)

    play(tmp_path / "mirror", scene)


@also(Kind.CLOCK_FORWARD, Kind.CLOCK_BACK)
@pytest.mark.parametrize("days", [-1.0, 1.0], ids=lambda d: f"{d:+.0f} days")
def test_a_clock_that_jumps_between_runs_loses_nothing_and_stops_nothing(tmp_path: Path, days: float) -> None:
    async def scene(case: Case) -> None:
        fault = case.faults.add("/img-original/", status(500), times=3)
        await case.sync()
        assert fault.hits == 3
        # Our clock alone is wrong for a while; Pixiv's goes on.
        real = case.clock.start_ms
        case.world.now = lambda: real + round(asyncio.get_running_loop().time() * 1000)
        case.clock.start_ms = real + round(days * 86_400_000)
        case.world.post(next(u for u in case.world.users if u != case.world.me))
        assert (await case.sync()).trouble is None
        assert len(case.setup.export("works")) == 9
        case.clock.start_ms = real
        await case.clock.sleep(DAY_S)
        await case.completes()

    play(tmp_path / "mirror", scene)


def test_a_wrong_job_name_names_the_right_ones(tmp_path: Path) -> None:
    async def scene(case: Case) -> None:
        async with open_mirror(case.setup.config(), {}, clock=case.clock):
            pass
        with pytest.raises(PixmirrorError) as refusal:
            await case.setup.sync("folowing", clock=case.clock)
        assert refusal.value.exit_code == 2
        assert one_clear_sentence(refusal.value) == ("No enabled job is called folowing; enabled jobs: following.")
        assert not case.faults.seen

    play(tmp_path / "mirror", scene)
