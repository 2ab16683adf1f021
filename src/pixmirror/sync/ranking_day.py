"""Reading the ranking of one medium, mode and JST day; a reading that is cut starts over (architecture: walks)."""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.errors import InvalidRequest, OffsetCap
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.ranking import DayState, Ranking
from pixmirror.models import JST, Lane, Listing, Medium, Received
from pixmirror.pixiv.app import illusts, novels
from pixmirror.sync import sources
from pixmirror.sync.context import Context, Job, JobResult
from pixmirror.sync.recording import write_page

PUBLISHED_AT_HOUR = 12
EMPTY_AFTER_MS = 3 * DAY_MS
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Day:
    """One ranking, and the jobs that want it, the first of them the one that asks."""

    medium: Medium
    mode: str
    day: date
    jobs: tuple[Job, ...]

    @property
    def name(self) -> str:
        return self.day.isoformat()

    @property
    def of_mode(self) -> str:
        return f"{self.medium}:{self.mode}"

    @property
    def top(self) -> int:
        return max(job.top for job in self.jobs)


def _noon_after(day: date) -> int:
    noon = datetime(day.year, day.month, day.day, PUBLISHED_AT_HOUR, tzinfo=JST) + timedelta(days=1)
    return int(noon.timestamp() * 1000)


async def read_pages(ctx: Context, one: Day, lane: Lane) -> AsyncGenerator[JobResult, None]:
    """Yield after each page what has been read so far. InvalidRequest: Pixiv has no such ranking."""
    now = ctx.clock.now()
    ask = illusts.ranking if one.medium == "illust" else novels.ranking
    place = Ranking(ctx.account_id, one.medium, one.mode, one.name)
    snapshot = await ctx.db.run(ingest_ranking.begin_ranking, place, now)
    api = ctx.api.at(lane)
    try:
        listing: Listing[Any] = await ask(api, one.mode, one.day)
    except InvalidRequest:
        # Before the first ranking, or not a mode of this account; or something else that passes.
        if await ctx.db.run(ingest_ranking.deny_ranking, place, snapshot, ctx.clock.now()):
            return
        raise
    rank, new, seen_keys, whole = 1, 0, set[int](), False
    while True:
        ranked = _ranked(listing, rank, one.top)
        keys = [received.item.key for _, received in ranked]
        if seen_keys & set(keys):
            # It was published anew while we read: start again at the next run.
            return
        seen_keys.update(keys)
        new += await write_page(ctx.db, listing, _record_page, ctx, one, ranked, snapshot, lane)
        shown = min(len(listing.items) + len(listing.broken), one.top - rank + 1)
        rank += shown
        yield JobResult(new, rank - 1)
        whole = listing.next is None or not shown
        if whole or rank > one.top:
            break
        try:
            listing = await ask(api, one.mode, next=listing.next)
        except OffsetCap:
            whole = True  # as deep as Pixiv shows it
            break
    if rank > 1:
        state: DayState = "whole" if whole else "complete"
        await ctx.db.run(ingest_ranking.finish_ranking, place, snapshot, state, rank - 1, ctx.clock.now())
    elif ctx.clock.now() >= _noon_after(one.day) + EMPTY_AFTER_MS:
        await ctx.db.run(ingest_ranking.deny_ranking, place, snapshot, ctx.clock.now())


def _record_page(
    conn: Connection,
    listing: Listing[Any],
    ctx: Context,
    one: Day,
    ranked: Sequence[tuple[int, Received[Any]]],
    snapshot: int,
    lane: Lane,
) -> int:
    """Record a page. Each job sees the works down to its own top."""
    now, new = ctx.clock.now(), 0
    record_broken(conn, listing.endpoint, listing.unread, now)
    readable = {item.key for item in listing}
    ranked = [(rank, received) for rank, received in ranked if received.item.key in readable]
    for jobs, part in groupby(ranked, lambda r: tuple(job for job in one.jobs if r[0] <= job.top)):
        works = [received for _, received in part]
        new += len(sources.record_works(ctx, jobs[0], conn, works, "feed", lane, now, jobs[1:]).new)
    place = Ranking(ctx.account_id, one.medium, one.mode, one.name)
    ingest_ranking.record_ranking(conn, place, snapshot, ((rank, r.item.key) for rank, r in ranked))
    return new


def _ranked(listing: Listing[Any], first: int, top: int) -> list[tuple[int, Received[Any]]]:
    """Return the page's works with their ranks. One that could not be read keeps its rank."""
    lost = {int(found[1]) for b in listing.broken if (found := _INDEX.search(b.path))}
    places = (n for n in range(len(listing.items) + len(lost)) if n not in lost)
    ranked = zip(places, listing.items, strict=False)
    return [(first + n, received) for n, received in ranked if first + n <= top]
