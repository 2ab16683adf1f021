"""Read the stored files again and compare them with the catalogue; what is bad is wanted again.

What was once found lost and lies in place again is stored again. Nothing on disk is changed or deleted here, and
Pixiv is asked for nothing.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from pixmirror.catalogue import losses, queue, runs
from pixmirror.catalogue.database import Connection, Database
from pixmirror.errors import StorageAbsent
from pixmirror.ingest import sidecars

QUICK_BATCH, HASH_BATCH, SIDECAR_BATCH = 2_000, 64, 2_000  # files between two transactions
STRAY_BATCH, LOST_BATCH = 300, 500
TAG_BATCH = 20_000
EXAMPLES = 100
FEW = 10  # so many may be lost of any mirror
MANY_SHARE, MANY = 0.2, 100_000  # more than this is a disk that is not there, until the user says that it is not
BLOCK = 1 << 20

T = TypeVar("T")
Problem = Literal["missing", "wrong_size", "wrong_hash", "unreadable"]


@dataclass(frozen=True, slots=True)
class Bad:
    """A stored file that is not as it was stored."""

    media_id: int
    path: str
    problem: Problem
    detail: str


@dataclass(slots=True)
class Report:
    """What was found. `unreadable` files (an I/O error, a permission) are reported only: the disk is at fault."""

    checked: int = 0
    ok: int = 0
    missing: int = 0
    wrong_size: int = 0
    wrong_hash: int = 0
    unreadable: int = 0
    wanted_again: int = 0
    back: int = 0  # lost before this, and there again with the same bytes
    still_wanted: int = 0  # found bad, or lost, before this, and not fetched again yet
    given_up: int = 0  # lost before this, not to be had any more, and not accepted as lost
    held: str = ""  # so much is lost at once that none of it is believed
    unknown_files: int = 0
    sidecars_missing: int = 0
    bytes: int = 0
    tags_miscounted: int = 0
    bad: list[Bad] = field(default_factory=list)  # the first hundred, like `unknown` and `lost`
    lost: list[str] = field(default_factory=list)  # paths of what was given up
    unknown: list[str] = field(default_factory=list)
    catalogue: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Return whether every file ever stored is whole, or its loss accepted, and the catalogue too. Strays,
        sidecars and counters are no damage.
        """
        return self.checked == self.ok and not (self.catalogue or self.still_wanted or self.given_up)

    def as_dict(self) -> dict[str, Any]:
        return {"sound": self.sound, **asdict(self)}


Progress = Callable[[Report], None]


@dataclass(frozen=True, slots=True)
class _Run:
    """What every step of one verification needs."""

    db: Database
    media_root: Path
    report: Report
    progress: Progress
    guard: Callable[[], None]

    async def refuse_absent(self) -> None:
        """Raise StorageAbsent where the media folder is not there, or not the right one."""
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        self.guard()
        if not self.media_root.is_dir():
            raise StorageAbsent(f"The media folder {self.media_root} is not there.")


async def run(
    db: Database,
    media_root: Path,
    *,
    quick: bool,
    now: int,
    believe: bool = False,
    progress: Progress | None = None,
    guard: Callable[[], None] | None = None,
) -> Report:
    """Verify everything that is stored; with `quick` only that it exists with its size.

    `guard` raises if the media folder is not the right one (any more). It is asked before anything is held to be
    lost, so that a disk that goes away costs nothing. When very much is lost at once it is not believed, unless
    `believe`.
    """
    report = Report()
    this = _Run(db, media_root, report, progress or (lambda report: None), guard or (lambda: None))
    await this.refuse_absent()
    report.back = await find_back(db, media_root, now)
    outstanding = await db.read(losses.outstanding)
    report.still_wanted, report.given_up = outstanding.coming, outstanding.given_up
    report.lost = [path for path, _ in await db.read(losses.examples, EXAMPLES)]
    report.catalogue = await db.read(runs.quick_check)
    lost = await _files(this, quick, now)
    if believe:
        report.held = ""
    if not report.held:
        for start in range(0, len(lost), LOST_BATCH):
            chunk = lost[start : start + LOST_BATCH]
            await db.run(_lose, chunk)
            report.wanted_again += len(chunk)
    await db.run(losses.note, now)
    await _sidecars(this)
    await _strays(this)
    await _counters(this)
    return report


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
    here = []
    for row in rows:
        with suppress(OSError):
            if _compare(media_root / row.path, row.size, row.sha256) is None:
                here.append(row.media_id)
    return here


async def _files(this: _Run, quick: bool, now: int) -> list[Bad]:
    """Return what is lost; of more than `MANY` that `report.held` does not believe, not all."""
    after, lost, db, report = 0, list[Bad](), this.db, this.report
    stored = (await db.read(queue.counts)).stored
    while rows := await db.read(queue.stored_media, after, QUICK_BATCH if quick else HASH_BATCH):
        after = rows[-1].media_id
        bad = await asyncio.to_thread(_check, this.media_root, rows, quick)
        if bad:
            await this.refuse_absent()
            here = await db.read(queue.still_stored, [b.media_id for b in bad])
            bad = [b for b in bad if b.media_id in here]  # the others were forgotten meanwhile
        wrong = {b.media_id for b in bad}
        good = [r.media_id for r in rows if r.media_id not in wrong]
        if good and not quick:
            await db.run(queue.set_verified, good, now)
        if not report.held or len(lost) < MANY:
            lost += [b for b in bad if b.problem != "unreadable"]
        report.checked += len(rows)
        report.ok += len(good)
        report.bytes += sum(r.size for r in rows if r.media_id not in wrong)
        for b in bad:
            setattr(report, b.problem, getattr(report, b.problem) + 1)
        _keep(report.bad, bad)
        report.held = _held(report, stored)
        this.progress(report)
    return lost


def _held(report: Report, stored: int) -> str:
    """Return why what is lost is not believed, or ""."""
    lost = report.missing + report.wrong_size + report.wrong_hash
    if lost <= min(max(FEW, MANY_SHARE * stored), MANY) and (lost < stored or lost <= 1):
        return ""
    return (
        f"{lost:,} of {stored:,} files are missing or bad: that looks like a disk that is not there, or not "
        "whole, so nothing is fetched again. Mount it and verify again; if they are lost: "
        "`pixmirror verify --believe`."
    )


def _lose(conn: Connection, lost: Sequence[Bad]) -> None:
    for b in lost:
        queue.lost(conn, b.media_id, f"{b.problem.replace('_', ' ')} when verified: {b.detail}")


def _check(media_root: Path, rows: Sequence[queue.StoredMedia], quick: bool) -> list[Bad]:
    bad = []
    for row in rows:
        found: tuple[Problem, str] | None
        try:
            found = _compare(media_root / row.path, row.size, None if quick else row.sha256)
        except (FileNotFoundError, NotADirectoryError):
            found = ("missing", "no such file")
        except OSError as error:
            found = ("unreadable", error.strerror or str(error))
        if found:
            bad.append(Bad(row.media_id, row.path, *found))
    return bad


def _compare(path: Path, size: int, sha256: str | None) -> tuple[Problem, str] | None:
    is_size = path.stat().st_size
    if is_size != size:
        return "wrong_size", f"{is_size} bytes instead of {size}"
    if sha256 is None:
        return None
    with path.open("rb", buffering=0) as file:
        digest = hashlib.sha256()
        while block := file.read(BLOCK):
            digest.update(block)
    return None if digest.hexdigest() == sha256 else ("wrong_hash", f"sha256 {digest.hexdigest()}")


async def _sidecars(this: _Run) -> None:
    """List the sidecars that were written and are not there; they are written again from the catalogue, but not on
    what may be no disk at all.
    """
    after = -1
    while rows := await this.db.read(sidecars.written_sidecars, after, SIDECAR_BATCH):
        after = rows[-1][0]
        missing = await asyncio.to_thread(_missing, this.media_root, rows)
        if missing:
            await this.refuse_absent()
            this.report.sidecars_missing += len(missing)
            if not this.report.held:
                await this.db.run(sidecars.write_again, missing)


def _missing(media_root: Path, rows: Sequence[tuple[int, str]]) -> list[int]:
    return [key for key, rel in rows if not os.path.lexists(media_root / rel)]


async def _strays(this: _Run) -> None:
    """List files that the catalogue does not know. Names with a dot first are the store's own (marker, .part)."""
    on_disk = _walk(this.media_root)
    while paths := await asyncio.to_thread(lambda: list(islice(on_disk, STRAY_BATCH))):
        unknown = sorted(set(paths) - await this.db.read(runs.known_paths, paths))
        this.report.unknown_files += len(unknown)
        _keep(this.report.unknown, unknown)
        if unknown:
            this.progress(this.report)


def _walk(media_root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(media_root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = os.path.relpath(folder, media_root).replace(os.sep, "/")
        for name in sorted(files):
            if not name.startswith("."):
                yield name if below == "." else f"{below}/{name}"


async def _counters(this: _Run) -> None:
    await this.db.run(queue.recount)
    last: int | None = 0
    while last is not None:
        last, wrong = await this.db.read(runs.miscounted_tags, last, TAG_BATCH)
        this.report.tags_miscounted += len(wrong)
        if wrong:
            await this.db.run(runs.recount_tags, list(wrong))


def _keep(kept: list[T], more: Sequence[T]) -> None:
    kept.extend(more[: EXAMPLES - len(kept)])
