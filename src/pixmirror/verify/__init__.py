"""Read what is stored again and compare it with the catalogue; what is bad is wanted again, or brought back.

`run` does it in a hurry, all of it at once; the scrub (scrub.py) takes the same steps one now and then. Pixiv is
asked for nothing here, and nothing on disk is deleted: a lost file's place is given to a file with its very bytes.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from pixmirror.catalogue import blocks, findings, losses, queue, runs, soundness
from pixmirror.catalogue.database import Database
from pixmirror.store import MirrorRoot
from pixmirror.verify import mending, passes, scrub
from pixmirror.verify.mending import find_back
from pixmirror.verify.passes import Pass, Progress
from pixmirror.verify.reading import Rest, no_rest
from pixmirror.verify.report import Bad, Problem, Report

__all__ = ["Bad", "Problem", "Progress", "Report", "Rest", "find_back", "no_rest", "run"]

TAG_BATCH = 20_000


async def run(
    db: Database,
    media_root: Path,
    *,
    quick: bool,
    now: int,
    believe: bool = False,
    progress: Progress | None = None,
    guard: Callable[[], None] | None = None,
    root: MirrorRoot | None = None,
    copies: Sequence[Path] = (),
) -> Report:
    """Verify everything that is stored; with `quick` only that it exists with its size.

    `guard` raises if the media folder is not the right one (any more). It is asked before anything is held to be
    lost, so that a disk that goes away costs nothing. When very much is lost at once it is not believed, unless
    `believe`. With `root` strays that are known to be lost are adopted, and `copies` bring back what Pixiv lacks.
    """
    progress, guard = progress or (lambda report: None), guard or (lambda: None)
    this = Pass(db, media_root, now, Report(), progress, guard, root, copies)
    report = this.report
    await this.refuse_absent()
    report.back = await find_back(db, media_root, now)
    report.catalogue = await db.read(soundness.check, quick=quick)
    await db.run(findings.over, "catalogue")
    await db.run(findings.note, "catalogue", [(line, "rotten", line) for line in report.catalogue], now)
    lost = await _files(this, quick)
    if believe:
        report.held = ""
    if not report.held:
        await passes.lose(this, lost)
        await db.run(scrub.go_on)
    if not quick:
        await _rows(this, believe=believe)
    after: int | None = -1
    while after is not None:
        after = await passes.sidecars_after(this, after, quick=quick)
    await _strays(this)
    if not report.held:
        await mending.from_copies(this)
    await _lost(this, [] if report.held else [b.media_id for b in lost])
    await db.run(losses.note, now)
    await _counters(this)
    return report


async def _files(this: Pass, quick: bool) -> list[Bad]:
    """Return what is lost; of more than `MANY` that `report.held` does not believe, not all."""
    after, lost, db, report = 0, list[Bad](), this.db, this.report
    stored = (await db.read(queue.counts)).stored
    while rows := await db.read(queue.stored_media, after, passes.QUICK_BATCH if quick else passes.HASH_BATCH):
        after = rows[-1].media_id
        bad = await passes.files(this, rows, quick=quick)
        if not report.held or len(lost) < passes.MANY:
            lost += bad
        report.held = _held(report, stored)
        this.progress(report)
    return lost


def _held(report: Report, stored: int) -> str:
    """Return why what is lost is not believed, or ""."""
    lost = report.missing + report.wrong_size + report.wrong_hash + report.wrong_kind
    if not passes.too_many(lost, stored):
        return ""
    return (
        f"{lost:,} of {stored:,} files are missing or bad: that looks like a disk that is not there, or not "
        "whole, so nothing is fetched again. Mount it and verify again; if they are lost: "
        "`pixmirror verify --believe`."
    )


async def _rows(this: Pass, *, believe: bool) -> None:
    for subject in ("payload", "text", "rows"):
        await this.db.run(findings.over, subject)
    for room in blocks.ROOMS:
        at: int | None = 0
        while at is not None:
            at = await passes.rows_from(this, room, at, believe=believe)


async def _strays(this: Pass) -> None:
    """List files that the catalogue does not know."""
    on_disk, unknown = passes.walk(this.media_root), list[str]()
    while paths := await asyncio.to_thread(lambda: list(islice(on_disk, passes.STRAY_BATCH))):
        unknown += await passes.strays_in(this, paths)
    await this.db.run(passes.keep_strays, "", unknown, this.now)


async def _lost(this: Pass, found: Sequence[int]) -> None:
    """Count what is still lost: what this run found (its ids), what was before, what cannot be had; list that."""
    report = this.report
    mine = await this.db.read(losses.outstanding, found)
    everything = await this.db.read(losses.outstanding)
    report.wanted_again = mine.coming
    report.mended = len(found) - mine.coming - mine.given_up
    report.still_wanted = everything.coming - mine.coming
    report.given_up = everything.given_up
    report.lost = [one.path for one in await this.db.read(losses.given_up, losses.MOST_LISTED)]


async def _counters(this: Pass) -> None:
    await this.db.run(queue.recount)
    last: int | None = 0
    while last is not None:
        last, wrong = await this.db.read(runs.miscounted_tags, last, TAG_BATCH)
        this.report.tags_miscounted += len(wrong)
        if wrong:
            await this.db.run(runs.recount_tags, list(wrong))
