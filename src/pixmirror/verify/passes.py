"""The passes over all that is kept: files, sidecars, strays, rows, the catalogue's file.

Each is made of small steps that say where the next one begins. `verify` takes them one after the other, the scrub
(scrub.py) one now and then.
"""

import asyncio
import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pixmirror.catalogue import blocks, findings, losses, queue, runs, soundness
from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import DAY_MS
from pixmirror.errors import CatalogueDamaged, StorageAbsent
from pixmirror.ingest import sidecars
from pixmirror.ingest.garbled import ask_again
from pixmirror.ingest.sidecars import Written
from pixmirror.store import MirrorRoot
from pixmirror.verify import reading
from pixmirror.verify.reading import Rest, no_rest
from pixmirror.verify.report import EXAMPLES, Bad, Report

QUICK_BATCH, HASH_BATCH, SIDECAR_BATCH = 2_000, 64, 2_000  # files between two transactions
STRAY_BATCH, LOST_BATCH = 300, 500
FEW = 10  # so many may be lost of any mirror
MANY_SHARE, MANY = 0.2, 100_000  # more than this is a disk that is not there, until the user says that it is not

Progress = Callable[[Report], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """What every step needs. `guard` raises where the media folder is not the right one; `root` and `copies` are
    what strays are adopted and lost files brought back with, None and () where nothing on the disk may change.
    """

    db: Database
    media_root: Path
    now: int
    report: Report = field(default_factory=Report)
    progress: Progress = lambda report: None
    guard: Callable[[], None] = lambda: None
    root: MirrorRoot | None = None
    copies: Sequence[Path] = ()
    rest: Rest = no_rest

    async def refuse_absent(self) -> None:
        """Raise StorageAbsent where the media folder is not there, or not the right one."""
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        self.guard()
        if not self.media_root.is_dir():
            raise StorageAbsent(f"The media folder {self.media_root} is not there.")


# --- files


async def files(this: Pass, rows: Sequence[queue.StoredMedia], *, quick: bool) -> list[Bad]:
    """Compare these files with their rows. Return what is lost, of which nothing is believed yet."""
    db, report = this.db, this.report
    bad = await asyncio.to_thread(reading.check, this.media_root, rows, quick, this.rest)
    if bad:
        await this.refuse_absent()
        here = await db.read(queue.still_stored, [b.media_id for b in bad])
        bad = [b for b in bad if b.media_id in here]  # the others were forgotten meanwhile
    wrong = {b.media_id for b in bad}
    good = [r for r in rows if r.media_id not in wrong]
    if good and not quick:
        await db.run(_proved, good, this.now)
    refused = [b for b in bad if b.problem == "unreadable"]
    lost_too = await db.run(_refused, refused, this.now) if refused else set()
    report.checked += len(rows)
    report.ok += len(good)
    report.bytes += sum(r.size for r in good)
    for b in bad:
        report.count(b)
    return [b for b in bad if b.problem != "unreadable" or b.path in lost_too]


def _refused(conn: Connection, refused: Sequence[Bad], now: int) -> set[str]:
    """Keep which files the disk refuses. Return those that it could not read a day ago, either: they are lost."""
    findings.note(conn, "file", [(b.path, b.kind, b.detail) for b in refused], now)
    since = set(findings.names(conn, "file", found_before=now - DAY_MS))
    return {b.path for b in refused if b.path in since and b.detail == os.strerror(errno.EIO)}


def _proved(conn: Connection, good: Sequence[queue.StoredMedia], now: int) -> None:
    queue.set_verified(conn, [r.media_id for r in good], now)
    if known := set(findings.names(conn, "file")):
        findings.over(conn, "file", known & {r.path for r in good})


def too_many(lost: int, stored: int) -> bool:
    """Return whether so much is lost at once, of so many files, that it looks like a disk that is not there."""
    return not (lost <= min(max(FEW, MANY_SHARE * stored), MANY) and (lost < stored or lost <= 1))


async def lose(this: Pass, lost: Sequence[Bad]) -> None:
    """Believe that these files are lost: they are wanted again."""
    for start in range(0, len(lost), LOST_BATCH):
        await this.db.run(_lose, lost[start : start + LOST_BATCH])


def _lose(conn: Connection, lost: Sequence[Bad]) -> None:
    for b in lost:
        queue.lost(conn, b.media_id, f"{b.problem.replace('_', ' ')} when verified: {b.detail}")
    findings.over(conn, "file", [b.path for b in lost])


# --- sidecars


async def sidecars_after(this: Pass, after: int, *, quick: bool, limit: int = SIDECAR_BATCH) -> int | None:
    """Look at the sidecars and texts of the next works. Return the last work, None at the end.

    What is missing, or not as it was written, is written again from the catalogue, but not on what may be no disk.
    """
    rows = await this.db.read(sidecars.written_sidecars, after, limit, whole=not quick)
    if not rows:
        return None
    missing, changed, digests = await asyncio.to_thread(_sidecars_in, this, rows, quick)
    if changed:
        still = await this.db.read(sidecars.still_written, [one.work_key for one in changed])
        # Of what was written again meanwhile the digest is another by now.
        changed = [c for c in changed if c.work_key in still and c.is_text | (still[c.work_key] == c.digest)]
    if missing or changed:
        await this.refuse_absent()
        this.report.sidecars_missing += len(missing)
        this.report.sidecars_changed += len(changed)
        this.report.findings["missing"] += len(missing)
        this.report.findings["rotten"] += len(changed)
        if not this.report.held:
            await this.db.run(sidecars.write_again, {one.work_key for one in (*missing, *changed)})
    if digests:
        await this.db.run(sidecars.know_digests, digests)
    return rows[-1].work_key


def _sidecars_in(
    this: Pass, rows: Sequence[Written], quick: bool
) -> tuple[list[Written], list[Written], dict[int, bytes]]:
    """Return what is missing, what is not as it was written, and digests of those that have none yet."""
    missing, changed, digests = [], [], dict[int, bytes]()
    for one in rows:
        path = this.media_root / one.path
        if quick or not one.is_settled:
            if not os.path.lexists(path):
                missing.append(one)
            continue
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            missing.append(one)
            continue
        except OSError:
            changed.append(one)
            continue
        this.rest(len(content))
        digest = sidecars.digest_of(content)
        if one.digest is None and not one.is_text and _is_json(content):
            digests[one.work_key] = digest
        elif one.digest != digest and (one.digest is not None or not one.is_text):
            changed.append(one)
    return missing, changed, digests


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False


# --- strays


async def strays_in(this: Pass, paths: Sequence[str]) -> list[str]:
    """Return which of these files on the disk the catalogue does not know. What was lost is adopted."""
    unknown = sorted(set(paths) - await this.db.read(runs.known_paths, paths))
    if unknown and this.root is not None and not this.report.held:
        unknown = await _without_adopted(this, this.root, unknown)
    this.report.unknown_files += len(unknown)
    this.report.findings["stray"] += len(unknown)
    this.report.unknown.extend(unknown[: EXAMPLES - len(this.report.unknown)])
    if unknown:
        this.progress(this.report)
    return unknown


async def _without_adopted(this: Pass, root: MirrorRoot, unknown: list[str]) -> list[str]:
    """Give those that are known by their sha256 to be lost files their places. Return the others."""
    lost = await this.db.read(losses.by_size)
    if not lost:
        return unknown
    found = await asyncio.to_thread(_known_among, this, unknown, lost)
    adopted = set()
    for path, one in found:
        async with root.moving:
            if one.path in adopted or not await this.db.read(losses.is_lost, one.media_id):
                continue  # by another stray, or it was fetched or forgotten while these were read
            if await asyncio.to_thread(root.move, path, one.path):
                this.report.adopted += await this.db.run(losses.back, [one.media_id], this.now)
                adopted |= {path, one.path}
    return [path for path in unknown if path not in adopted]


def _known_among(
    this: Pass, paths: Sequence[str], lost: Mapping[int, Sequence[losses.Lost]]
) -> list[tuple[str, losses.Lost]]:
    found = []
    for path in paths:
        with suppress(OSError):
            place = this.media_root / path
            if place.is_symlink() or not place.is_file() or (size := place.stat().st_size) not in lost:
                continue
            for one in lost[size]:
                if reading.compare(place, one.size, one.sha256, this.rest) is None:
                    found.append((path, one))
                    break
    return found


def walk(media_root: Path, below: str = "") -> Iterator[str]:
    """Yield the files below a folder of the media; names with a dot first are the store's own (marker, .part)."""
    for folder, folders, names in os.walk(media_root / below):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        to = os.path.relpath(folder, media_root).replace(os.sep, "/")
        for name in sorted(names):
            if not name.startswith("."):
                yield name if to == "." else f"{to}/{name}"


def top(media_root: Path) -> list[str]:
    """Return the folders right below the media folder, sorted; those of artists."""
    with os.scandir(media_root) as entries:
        return sorted(e.name for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False))


async def strays_below(this: Pass, folder: str) -> int:
    """Look for strays in one folder right below the media folder, and keep their names. Return how many files."""
    on_disk, unknown, looked = walk(this.media_root, folder), list[str](), 0
    while paths := await asyncio.to_thread(lambda: list(islice(on_disk, STRAY_BATCH))):
        unknown += await strays_in(this, paths)
        looked += len(paths)
    await this.db.run(keep_strays, f"{folder}/", unknown, this.now)
    return looked


def keep_strays(conn: Connection, below: str, unknown: Sequence[str], now: int) -> None:
    known = [name for name in findings.names(conn, "stray") if name.startswith(below)]
    findings.over(conn, "stray", set(known) - set(unknown))
    findings.note(conn, "stray", [(path, "stray", "not the mirror's") for path in unknown], now)


# --- the catalogue


async def rows_from(this: Pass, room: str, at: int, *, believe: bool = False) -> int | None:
    """Prove the next rows of a table from this key on. Return where the next step begins, None at the end."""
    try:
        found = await this.db.read(blocks.prove, room, at, this.now, believe=believe)
        if found.fresh or found.bad or found.over:
            found = await this.db.run(_prove, room, at, this.now, believe)
        garbled = await this.db.read(soundness.garbled, room, at, found.next)
        if garbled:
            await this.db.run(ask_again, room, garbled, this.now, accepted=believe)
    except CatalogueDamaged as error:
        await _rotten(this, "catalogue", [(room, str(error))])
        return None
    this.report.rows_checked += found.rows
    this.report.rows_changed += len(found.bad)
    if bad := [(f"{room} {b.first}-{b.last}", "its rows are not as they were written") for b in found.bad]:
        await _rotten(this, "rows", bad)
    if garbled and not believe:
        subject: findings.Subject = "payload" if room == "payload" else "text"
        await _rotten(this, subject, [(one.name, one.detail) for one in garbled])
    return found.next


def _prove(conn: Connection, room: str, at: int, now: int, believe: bool) -> blocks.Proved:
    found = blocks.prove(conn, room, at, now, believe=believe)
    blocks.keep(conn, room, found)
    return found


async def _rotten(this: Pass, subject: findings.Subject, found: Sequence[tuple[str, str]]) -> None:
    this.report.findings["rotten"] += len(found)
    this.report.garbled += [name for name, _ in found][: EXAMPLES - len(this.report.garbled)]
    await this.db.run(findings.note, subject, [(name, "rotten", detail) for name, detail in found], this.now)


async def table(this: Pass, name: str) -> tuple[str, ...]:
    """Have SQLite check one table with its indexes and foreign keys. Return what it finds."""
    found = await this.db.read(soundness.check_table, name)
    if found:
        said: list[tuple[str, findings.Kind, str]] = [(f"{name}: {line}", "rotten", line) for line in found]
        await this.db.run(findings.note, "catalogue", said, this.now)
    return found
