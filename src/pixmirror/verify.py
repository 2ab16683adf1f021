"""Reads the stored files again and compares them with the catalogue; what is bad is wanted again.

Nothing on disk is ever changed or deleted here, and Pixiv is not asked for anything.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from pixmirror.catalogue import queue, runs, sidecars
from pixmirror.catalogue.database import Connection, Database, ReadOnly
from pixmirror.errors import StorageAbsent

QUICK_BATCH, HASH_BATCH, SIDECAR_BATCH = 2_000, 64, 2_000  # files between two transactions
STRAY_BATCH = 300
TAG_BATCH = 20_000
EXAMPLES = 100
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
    still_wanted: int = 0  # found bad, or lost, before this, and not fetched again yet
    unknown_files: int = 0
    sidecars_missing: int = 0
    bytes: int = 0
    tags_miscounted: int = 0
    bad: list[Bad] = field(default_factory=list)  # the first hundred, like `unknown`
    unknown: list[str] = field(default_factory=list)
    catalogue: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Every stored file is whole, and so is the catalogue; strays, sidecars and counters are no damage."""
        return self.checked == self.ok and not self.catalogue

    def as_dict(self) -> dict[str, Any]:
        return {"sound": self.sound, **asdict(self)}


Progress = Callable[[Report], None]


async def run(
    db: ReadOnly,
    media_root: Path,
    *,
    quick: bool,
    now: int,
    want_again: bool = True,
    progress: Progress | None = None,
    guard: Callable[[], None] | None = None,
) -> Report:
    """Verify everything stored; with `quick` existence and size only.

    `guard` raises if the media folder is not the right one (any more); it is asked before anything is held to be
    lost, so that a disk that goes away costs nothing. A read-only `db` only reports.
    """
    report = Report()
    writer = db if isinstance(db, Database) else None
    await asyncio.to_thread(_present, media_root, guard)
    report.still_wanted = await db.read(queue.wanted_again)
    report.catalogue = await db.read(runs.quick_check)
    await _files(db, writer if want_again else None, media_root, quick, now, report, progress, guard)
    await _sidecars(db, writer if want_again else None, media_root, report, guard)
    await _strays(db, media_root, report, progress)
    await _counters(db, writer if want_again else None, report)
    return report


def _present(media_root: Path, guard: Callable[[], None] | None) -> None:
    if guard:
        guard()
    if not media_root.is_dir():
        raise StorageAbsent(f"The media folder {media_root} is not there.")


async def _files(
    db: ReadOnly,
    writer: Database | None,
    media_root: Path,
    quick: bool,
    now: int,
    report: Report,
    progress: Progress | None,
    guard: Callable[[], None] | None,
) -> None:
    after = 0
    while rows := await db.read(queue.stored_media, after, QUICK_BATCH if quick else HASH_BATCH):
        after = rows[-1].media_id
        bad = await asyncio.to_thread(_check, media_root, rows, quick)
        if bad:
            await asyncio.to_thread(_present, media_root, guard)
            here = await db.read(queue.still_stored, [b.media_id for b in bad])
            bad = [b for b in bad if b.media_id in here]  # the others were forgotten meanwhile
        wrong = {b.media_id for b in bad}
        good = [r.media_id for r in rows if r.media_id not in wrong]
        lost = [b for b in bad if b.problem != "unreadable"]
        if writer and (lost or not quick):
            await writer.run(_settle, [] if quick else good, lost, now)
            report.wanted_again += len(lost)
        report.checked += len(rows)
        report.ok += len(good)
        report.bytes += sum(r.size for r in rows if r.media_id not in wrong)
        for b in bad:
            setattr(report, b.problem, getattr(report, b.problem) + 1)
        _keep(report.bad, bad)
        if progress:
            progress(report)


def _settle(conn: Connection, good: Sequence[int], lost: Sequence[Bad], now: int) -> None:
    if good:
        queue.set_verified(conn, good, now)
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


async def _sidecars(
    db: ReadOnly, writer: Database | None, media_root: Path, report: Report, guard: Callable[[], None] | None
) -> None:
    """Those that were written and are not there; they are written again from the catalogue."""
    after = -1
    while rows := await db.read(sidecars.written_sidecars, after, SIDECAR_BATCH):
        after = rows[-1][0]
        missing = await asyncio.to_thread(_missing, media_root, rows)
        if missing:
            await asyncio.to_thread(_present, media_root, guard)
            report.sidecars_missing += len(missing)
            if writer:
                await writer.run(sidecars.write_again, missing)


def _missing(media_root: Path, rows: Sequence[tuple[int, str]]) -> list[int]:
    return [key for key, rel in rows if not os.path.lexists(media_root / rel)]


async def _strays(db: ReadOnly, media_root: Path, report: Report, progress: Progress | None) -> None:
    """Files that the catalogue does not know. Names with a leading dot are the store's own (marker, .part)."""
    on_disk = _walk(media_root)
    while paths := await asyncio.to_thread(lambda: list(islice(on_disk, STRAY_BATCH))):
        unknown = sorted(set(paths) - await db.read(runs.known_paths, paths))
        report.unknown_files += len(unknown)
        _keep(report.unknown, unknown)
        if progress and unknown:
            progress(report)


def _walk(media_root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(media_root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = os.path.relpath(folder, media_root).replace(os.sep, "/")
        for name in sorted(files):
            if not name.startswith("."):
                yield name if below == "." else f"{below}/{name}"


async def _counters(db: ReadOnly, writer: Database | None, report: Report) -> None:
    last: int | None = 0
    if writer:
        await writer.run(queue.recount)
    while last is not None:
        last, wrong = await db.read(runs.miscounted_tags, last, TAG_BATCH)
        report.tags_miscounted += len(wrong)
        if writer and wrong:
            await writer.run(runs.recount_tags, list(wrong))


def _keep(kept: list[T], more: Sequence[T]) -> None:
    kept.extend(more[: EXAMPLES - len(kept)])
