"""The disk fails in every way at every write: one sentence, nothing half done, and all goes on when it is well."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pixmirror.cli.common import the_error
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
from pixmirror.errors import ExitCode, PixmirrorError
from tests.fault_rows import Kind, Row, also, faults, told
from tests.faults import Case, Faults, one_clear_sentence
from tests.standin import FOLLOWING, Setup
from tests.virtual_time import VirtualClock, run_virtually, serving

CALLS = ("open", "write", "pwrite", "fsync", "rename", "mkdir", "ftruncate", "utime", "unlink")
# What SQLite says for the same fault, at a commit.
IN_SQLITE = {
    errno.ENOSPC: "SQLITE_FULL", errno.EDQUOT: "SQLITE_FULL", errno.EROFS: "SQLITE_READONLY",
    errno.EIO: "SQLITE_IOERR_FSYNC", errno.EMFILE: "SQLITE_CANTOPEN",
}  # fmt: skip


class Disk:
    """From the write `bad_from` on each below this folder fails with `number`; with `commits` also SQLite's."""

    def __init__(self, folder: Path, number: int, bad_from: int, *, commits: bool = True) -> None:
        self.folder, self.number, self.bad_from, self.commits = folder, number, bad_from, commits
        self.writes: list[str] = []
        self._ours: set[int] = set()

    def step(self, what: str) -> bool:
        self.writes.append(what)
        return self.failed

    @property
    def failed(self) -> bool:
        return len(self.writes) > self.bad_from

    @contextmanager
    def watched(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self._around(name, getattr(os, name)))
            event.listen(Engine, "commit", self._commit)
            try:
                yield
            finally:
                event.remove(Engine, "commit", self._commit)

    def _around(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *args: Any, **kwargs: Any) -> Any:
            if self._is_write(name, target, *args) and self.step(name):
                raise OSError(self.number, os.strerror(self.number), target if isinstance(target, str) else None)
            made = real(target, *args, **kwargs)
            if name == "open" and str(self.folder) in str(target):
                self._ours.add(made)
            elif name == "open":
                self._ours.discard(made)
            return made

        return call

    def _is_write(self, name: str, target: Any, *args: Any) -> bool:
        if isinstance(target, int):
            return target in self._ours
        if str(self.folder) not in str(target):
            return False
        if name != "open":
            return self.number != errno.EMFILE  # which only opening meets
        return bool(args[0] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

    def _commit(self, connection: Any) -> None:
        if self.commits and self.step("commit"):
            error = sqlite3.OperationalError(os.strerror(self.number))
            error.sqlite_errorname = IN_SQLITE[self.number]
            raise error


def play(folder: Path, scene: Callable[[Case], Any]) -> None:
    async def main(clock: VirtualClock) -> None:
        clock.nap = 30.0
        world = empty_world(clock)
        add_artist(world, works=3, manga=1, pages=2, novels=1, ugoira=1, until_ms=clock.now() - 9 * 86_400_000)
        app = Faults(create_app(world))
        async with serving(app) as url:
            await scene(Case(clock, world, app, Setup(folder / "mirror", url, [FOLLOWING])))

    run_virtually(main)


NUMBERS = {
    Kind.DISK_FULL: errno.ENOSPC,
    Kind.QUOTA: errno.EDQUOT,
    Kind.READ_ONLY: errno.EROFS,
    Kind.IO_ERROR: errno.EIO,
    Kind.OPEN_FILES: errno.EMFILE,
}


def of_the_disk(kind: Kind, seen: str, told: str, back: str) -> Row:
    rests = "the disk; the write that failed leaves nothing half done"
    goes_on = "what needs no write; with the media on a disk of their own: lists, texts, comments"
    return Row(kind, seen, rests, goes_on, told, back, by="`status`, the end of `sync`, a notice")


ROWS = (
    of_the_disk(
        Kind.DISK_FULL,
        '"no space left" at any write; before that, the reserve `mirror.keep_free`',
        "The disk is full: … could not be written. Free some space, or lower mirror.keep_free; fetching resumes "
        "by itself.",
        "free some space: it goes on by itself",
    ),
    of_the_disk(
        Kind.QUOTA,
        '"quota exceeded" at any write: the same as a full disk',
        "The disk is full: … could not be written. Free some space, or lower mirror.keep_free; fetching resumes "
        "by itself.",
        "a larger quota, or less in it: it goes on by itself",
    ),
    of_the_disk(
        Kind.READ_ONLY,
        '"read-only file system" at any write, as after a remount for errors',
        "The disk is read-only: … could not be written; `dmesg` may say why. Nothing is lost; pixmirror tries "
        "again by itself.",
        "mount it writable: it goes on by itself",
    ),
    of_the_disk(
        Kind.IO_ERROR,
        '"input/output error" at any write',
        "The disk fails: … could not be read or written (Input/output error); `dmesg` says more. Nothing is lost; "
        "pixmirror tries again by itself.",
        "a disk that works, with what was on it; then `pixmirror verify` finds and fetches what is bad",
    ),
    of_the_disk(
        Kind.OPEN_FILES,
        "a file or a connection cannot be opened; it is not held against Pixiv or the file",
        "Too many files are open: raise the limit (`ulimit -n`, or LimitNOFILE= of the service). Nothing is lost; "
        "pixmirror tries again by itself.",
        "by itself, or a higher limit and a restart",
    ),
)


async def fails_and_recovers(case: Case, disk: Disk) -> None:
    """A sync that meets it ends with 6 and a sentence; the next, on a disk that works, has all."""
    try:
        with disk.watched():
            report = await case.sync()
        error, code = report.trouble, report.exit_code
    except (PixmirrorError, BaseExceptionGroup) as raised:
        error = the_error(raised)
        code = error.exit_code if error else ExitCode.FAULT
    if disk.failed:
        assert code == 6
        one_clear_sentence(error)
    await case.recover(3600)


@faults(*ROWS)
def test_a_disk_of_media_that_fails_stops_the_fetching_and_nothing_else(tmp_path: Path, row: Row) -> None:
    async def scene(case: Case) -> None:
        media = tmp_path / "media"
        media.mkdir()
        case.setup = replace(case.setup, mirror={"media": media})
        disk = Disk(media, NUMBERS[row.kind], 12, commits=False)
        with disk.watched():
            report = await case.sync()
        assert disk.failed
        assert report.exit_code == 6
        told(row.kind, one_clear_sentence(report.trouble))
        assert len(case.setup.export("works")) == 5
        assert all(novel["text"] for novel in case.setup.export("novels"))
        assert {file["state"] for file in case.setup.export("files")} <= {"stored", "wanted", "waiting"}
        await case.recover(3600)

    play(tmp_path, scene)


@also(*NUMBERS)
@pytest.mark.parametrize("number", NUMBERS.values(), ids=errno.errorcode.get)
def test_a_disk_that_fails_at_some_write_loses_nothing(tmp_path: Path, number: int) -> None:
    moments = Random(number).sample(range(340), 3)  # of about 340 writes of a first sync

    async def scene(case: Case) -> None:
        for moment in moments:
            case.setup = replace(case.setup, root=tmp_path / str(moment))
            await fails_and_recovers(case, Disk(case.setup.root, number, moment))

    play(tmp_path, scene)


@pytest.mark.long
@pytest.mark.parametrize("number", NUMBERS.values(), ids=errno.errorcode.get)
def test_a_disk_that_fails_at_any_write_loses_nothing(tmp_path: Path, number: int) -> None:
    async def scene(case: Case) -> None:
        for moment in range(1000):
            case.setup = replace(case.setup, root=tmp_path / str(moment))
            disk = Disk(case.setup.root, number, moment)
            await fails_and_recovers(case, disk)
            if not disk.failed:
                return

    play(tmp_path, scene)
