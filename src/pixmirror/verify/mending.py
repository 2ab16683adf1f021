"""Bring back what is lost and not to be had from Pixiv: from its place, or from a second copy, by sha256 alone."""

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from pixmirror.catalogue import losses, tombstones
from pixmirror.catalogue.database import Database
from pixmirror.errors import DiskFull, FileError, StorageError
from pixmirror.models import url_ms
from pixmirror.store import MirrorRoot
from pixmirror.store.part import sync_folders
from pixmirror.verify import reading
from pixmirror.verify.passes import HASH_BATCH, Pass

BELOW = ("", "media")  # of a copy: it is a media folder, or a mirror's root


async def find_back(db: Database, media_root: Path, now: int, *, given_up: bool = False) -> int:
    """Store again what was lost and lies in place with the same bytes. Return how many. `given_up`: only files
    that are not asked for any more.
    """
    after = found = 0
    while rows := await db.read(losses.lost_files, after, HASH_BATCH, given_up=given_up):
        after = rows[-1].media_id
        here = await asyncio.to_thread(_are_here, media_root, rows)
        found += await db.run(losses.back, here, now) if here else 0
    return found


def _are_here(media_root: Path, rows: Sequence[losses.Lost]) -> list[int]:
    return [r.media_id for r in rows if reading.compare(media_root / r.path, r.size, r.sha256) is None]


async def from_copies(this: Pass) -> None:
    """Bring back from the copies what Pixiv has no more. A copy that is not there is told, and is no error."""
    report, root = this.report, this.root
    report.copies_absent = await asyncio.to_thread(absent, this.copies)
    there = [copy for copy in this.copies if str(copy) not in report.copies_absent]
    after = 0
    while there and root is not None and (rows := await this.db.read(losses.for_copies, after, HASH_BATCH)):
        after = rows[-1].media_id
        came = await asyncio.to_thread(_copied, this, root, there, rows)
        if came:
            report.copied += await this.db.run(losses.back, came, this.now)
            await _without_forgotten(this, root, [row for row in rows if row.media_id in came])
            this.progress(report)


async def _without_forgotten(this: Pass, root: MirrorRoot, came: Sequence[losses.Lost]) -> None:
    """Remove again what was forgotten in the moment in which it came."""
    async with root.moving:
        gone = await this.db.read(tombstones.still_forgotten, [row.media_id for row in came])
        for row in came:
            if row.media_id in gone:
                await asyncio.to_thread(root.remove, row.path)


def absent(copies: Sequence[Path]) -> list[str]:
    """Return those of these folders that are not there, or hold nothing, as where a disk is not mounted."""
    return [str(copy) for copy in copies if not _has_any(copy)]


def _has_any(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as entries:
        return any(True for _ in entries)
    return False


def _copied(this: Pass, root: MirrorRoot, copies: Sequence[Path], rows: Sequence[losses.Lost]) -> list[int]:
    """Copy what the copies have of these into their places. Return which lie there now, whole and synced."""
    came, folders = [], set[Path]()
    for row in rows:
        for source in _sources(copies, row):
            try:
                folder = _copy(this, root, source, row)
            except DiskFull:
                raise
            except (FileError, StorageError):  # the copy's own fault, or this one place's
                root.check_writable()
                continue
            if folder is not None:
                came.append(row.media_id)
                folders.add(folder)
                break
    sync_folders(folders)
    return came


def _sources(copies: Sequence[Path], row: losses.Lost) -> Iterator[Path]:
    """Yield files of the copies that may be this one: of its size, under its name, then others beside that."""
    for copy in copies:
        for below in BELOW:
            place = copy.joinpath(below, *PurePosixPath(row.path).parts)
            if _size_of(place) == row.size:
                yield place
    for copy in copies:
        for below in BELOW:
            folder = copy.joinpath(below, *PurePosixPath(row.path).parts[:-1])
            with suppress(OSError), os.scandir(folder) as entries:
                names = sorted(e.name for e in entries if e.name != PurePosixPath(row.path).name)
                yield from (folder / name for name in names if _size_of(folder / name) == row.size)


def _size_of(path: Path) -> int | None:
    with suppress(OSError):
        found = path.lstat()
        return found.st_size if stat.S_ISREG(found.st_mode) else None
    return None


def _copy(this: Pass, root: MirrorRoot, source: Path, row: losses.Lost) -> Path | None:
    """Write a file of these very bytes in its place, and return its folder, which is still to be synced. None: it
    has others, or by now the file was fetched or forgotten.
    """
    root.check_room(row.size)
    part = root.open_part(row.path, row.sha256, is_ours=True)
    try:
        if part.offset:
            part.restart()
        for block in _read(source):
            part.write(block)
            if part.full:
                part.spill()
        if part.digest == row.sha256 and this.db.read_sync(losses.is_lost, row.media_id):
            part.place(url_ms(row.url), replace=True)
            return part.folder
    finally:
        part.abort()
    return None


def _read(source: Path) -> Iterator[bytes]:
    """Yield the blocks of a file of a copy. FileError where it cannot be read."""
    try:
        with source.open("rb", buffering=0) as file:
            while block := file.read(reading.BLOCK):
                yield block
    except OSError as error:
        raise FileError(f"{source} could not be read: {error.strerror or error}") from error
