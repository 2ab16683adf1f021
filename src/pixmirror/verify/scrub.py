"""The scrub: what `verify` does in a hurry, taken in small steps, so that each file is read once in so many days.

Files come in the order of their last proof, so nothing has to be remembered of them. Of the other passes the place
is kept in the catalogue, over restarts. Each second allows so many bytes to be read. What was not read while the
disk was needed for other things is read later; once that is the share of a day, it is put off no longer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from pixmirror.catalogue import blocks, findings, losses, proofs, queue, runs, soundness
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.verify import mending, passes
from pixmirror.verify.passes import Pass

KEPT = "scrub"  # meta key
FILES, SIDECARS, STRAYS = 8, 200, 300  # in one step
BURSTS = 25  # a day, so that a disk may sleep between them
WINDOW = 10_000  # files of which the lost ones are counted together
HELD = (
    "so many of the files that were read are missing or bad that it looks like a disk that is not there, or not "
    "whole: nothing is fetched again"
)


@dataclass(slots=True)
class Kept:
    """What is remembered: `left` bytes may be read at `at` (ms UTC); of the last `looked` files `lost` were lost.

    `held`: when so many were lost that it was not believed. `places`: of each pass where it goes on, None at its
    end, and when it began. `again`: the next files may be such that the disk has refused.
    """

    at: int
    left: float = 0
    looked: int = 0
    lost: int = 0
    held: int | None = None
    again: bool = False
    places: dict[str, tuple[Any, int]] = field(default_factory=dict)
    is_known: bool = False  # it was kept before


@dataclass(frozen=True, slots=True)
class Plan:
    """Each file is read once in so many `days`; `bytes_per_day` 0 is no limit.

    `is_idle` tells whether nothing else needs the disk now.
    """

    days: int
    bytes_per_day: int = 0
    is_idle: Callable[[], bool] = lambda: True

    def share(self, stored: int) -> float:
        """Return how many bytes a day allows, of so many that are stored."""
        needed = stored / self.days
        return min(needed, self.bytes_per_day) if self.bytes_per_day else needed


async def step(this: Pass, plan: Plan) -> Kept:
    """Read what is due now, and take the next small step of each other pass. StorageAbsent."""
    await this.refuse_absent()
    kept = await this.db.read(_load, this.now)
    counts = await this.db.read(queue.counts)
    share = plan.share(counts.bytes_stored)
    await _allow(this, plan, kept, share)
    before = asdict(kept)
    try:
        await _files(this, plan, kept, share, counts.stored)
        for name, take in _passes().items():
            if plan.is_idle() or _is_late(this, plan, kept, name):
                await _take(this, plan, kept, name, take)
    finally:
        if asdict(kept) != before or not kept.is_known:  # else nothing is written: a disk may sleep
            kept.is_known = True
            await this.db.run(runs.set_json, KEPT, asdict(kept))
    return kept


def _load(conn: Connection, now: int) -> Kept:
    found = runs.get_json(conn, KEPT)
    try:
        kept = Kept(**found)
    except TypeError:
        return Kept(now)
    kept.at = min(kept.at, now)  # the clock was ahead
    kept.places = {name: (at, min(began, now)) for name, (at, began) in kept.places.items()}
    return kept


def go_on(conn: Connection) -> None:
    """Read files again after so many were lost at once: `verify` has judged them."""
    findings.over(conn, "disk")
    if found := runs.get_json(conn, KEPT):
        runs.set_json(conn, KEPT, found | {"held": None, "looked": 0, "lost": 0})


async def _allow(this: Pass, plan: Plan, kept: Kept, share: float) -> None:
    """Add what may be read since the last step: at most the share of a day, and twice as fast when it is late."""
    oldest = (await this.db.read(proofs.ends)).oldest
    is_late = oldest is not None and oldest < this.now - plan.days * DAY_MS and not plan.bytes_per_day
    kept.left = min(share, kept.left + share * (1 + is_late) * (this.now - kept.at) / DAY_MS)
    kept.at = this.now


# --- files


async def _files(this: Pass, plan: Plan, kept: Kept, share: float, stored: int) -> None:
    if kept.held is not None and this.now - kept.held < DAY_MS:
        return
    if kept.looked > WINDOW:
        kept.looked = kept.lost = 0
    if kept.left < share / BURSTS:
        return
    while kept.left > 0 and (plan.is_idle() or kept.left >= share):
        rows = _at_most(kept.left, await this.db.read(_due, this.now - DAY_MS, again=kept.again))
        if not rows:
            break
        kept.again = not kept.again
        lost = await passes.files(this, rows, quick=False)
        kept.left -= sum(row.size for row in rows)
        if kept.held is not None and not lost:  # what was missing is there again
            kept.held, kept.looked, kept.lost = None, 0, 0
            await this.db.run(findings.over, "disk")
        kept.looked, kept.lost = kept.looked + len(rows), kept.lost + len(lost)
        is_much = kept.lost > max(passes.FEW, passes.MANY_SHARE * kept.looked)
        if lost and (kept.held is not None or is_much or passes.too_many(kept.lost, stored)):
            kept.held = this.now
            await this.db.run(findings.note, "disk", [("media", "missing", HELD)], this.now)
            return
        if lost:
            await passes.lose(this, lost)
            await mending.from_copies(this)
            await this.db.run(losses.note, this.now)


def _due(conn: Connection, before: int, *, again: bool) -> tuple[queue.StoredMedia, ...]:
    """Return the files that were proved longest ago. Those that the disk refuses are tried again after a day, but
    only every other time (`again`), or when nothing else is due: they stay the oldest for ever.
    """
    refused = findings.names(conn, "file", before)
    others = () if again else proofs.oldest(conn, before, FILES, findings.names(conn, "file"))
    return others or proofs.oldest(conn, before, FILES, refused)


def _at_most(size: float, rows: tuple[queue.StoredMedia, ...]) -> tuple[queue.StoredMedia, ...]:
    """Return the first of these files, until one brings them above this size."""
    for n, row in enumerate(rows, start=1):
        size -= row.size
        if size <= 0:
            return rows[:n]
    return rows


# --- the other passes

Take = Callable[[Pass, Any], Awaitable[Any]]


def _passes() -> dict[str, Take]:
    """Return the passes by name. Each goes from its place, None at its start, to the next one, None at its end."""
    return {
        "sidecars": lambda this, at: passes.sidecars_after(
            this, -1 if at is None else at, quick=False, limit=SIDECARS
        ),
        "strays": _strays,
        "tables": _table,
        **{room: _rows(room) for room in blocks.ROOMS},
    }


def _is_late(this: Pass, plan: Plan, kept: Kept, name: str) -> bool:
    """Return whether a pass has waited so long for an idle disk that it is put off no longer."""
    _, began = kept.places.setdefault(name, (None, this.now - plan.days * DAY_MS))
    return this.now - began >= 2 * plan.days * DAY_MS


async def _take(this: Pass, plan: Plan, kept: Kept, name: str, take: Take) -> None:
    """Take the next step of one pass. One that has ended begins anew when it is as old as a proof may be."""
    at, began = kept.places.get(name, (None, 0))
    if at is None and this.now - began < plan.days * DAY_MS:
        return
    began = this.now if at is None else began
    to = await take(this, at)
    if to is None:
        await this.db.run(findings.over_since, name, began)
    kept.places[name] = (to, began)


async def _strays(this: Pass, at: str | None) -> str | None:
    looked = 0
    for name in await asyncio.to_thread(passes.top, this.media_root):
        if at is None or name > at:
            looked += await passes.strays_below(this, name)
            if looked >= STRAYS:
                return name
    return None


async def _table(this: Pass, at: str | None) -> str | None:
    left = [name for name in soundness.TABLES if at is None or name > at]
    if left:
        await passes.table(this, left[0])
    return left[0] if len(left) > 1 else None


def _rows(room: str) -> Take:
    return lambda this, at: passes.rows_from(this, room, at or 0)
