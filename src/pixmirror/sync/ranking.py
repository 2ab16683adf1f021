"""Rankings: one reading of one medium, mode and JST day at a time, restarted when it was cut (design 5).

A day's ranking appears about noon JST of the next day; before that an empty answer means "not yet".
"""

import re
from collections.abc import AsyncGenerator
from datetime import date, datetime, timedelta
from typing import Any

from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.ingest import ranking as ingest_ranking
from pixmirror.catalogue.ingest.broken import record_broken
from pixmirror.catalogue.ingest.ranking import DayState
from pixmirror.clock import DAY_MS
from pixmirror.errors import InvalidRequest, OffsetCap, PixivError
from pixmirror.models import JST, Lane, Listing, Medium, from_ms
from pixmirror.pixiv.app import illusts, novels
from pixmirror.sync import sources
from pixmirror.sync.context import Context, Job, JobResult

PUBLISHED_AT_HOUR = 12
_INDEX = re.compile(r"\[(\d+)\]")
EMPTY_AFTER_MS = 3 * DAY_MS


def newest_date(now: int) -> date:
    """The newest day whose ranking should be out."""
    moment = from_ms(now).astimezone(JST)
    return moment.date() - timedelta(days=1 if moment.hour >= PUBLISHED_AT_HOUR else 2)


def dates(since: date | None, until: date | None, now: int) -> list[date]:
    """The days that a job covers, newest first."""
    newest = min(newest_date(now), until or date.max)
    first = since or newest
    return [newest - timedelta(days=n) for n in range((newest - first).days + 1)]


def _noon_after(day: date) -> int:
    noon = datetime(day.year, day.month, day.day, PUBLISHED_AT_HOUR, tzinfo=JST) + timedelta(days=1)
    return int(noon.timestamp() * 1000)


async def run_ranking(ctx: Context, job: Job) -> JobResult:
    """Read each day that is missing, and once more each that is a day old."""
    result = JobResult()
    for medium in job.media:
        for mode in job.modes:
            known = await ctx.db.read(ingest_ranking.ranking_days, ctx.account_id, medium, mode)
            for day in dates(job.since, job.until, ctx.clock.now()):
                if ingest_ranking.is_due(known.get(day.isoformat()), ctx.clock.now()):
                    result = await _read_day(ctx, job, medium, mode, day, result)
    return result


async def _read_day(ctx: Context, job: Job, medium: Medium, mode: str, day: date, result: JobResult) -> JobResult:
    """A reading that fails after its first page stays open: the next run starts it again."""
    brought = JobResult()
    try:
        async for so_far in _read_pages(ctx, job, medium, mode, day):
            brought = so_far
            ctx.ring()
    except PixivError as error:
        if error.scope == "everything":
            raise
        await ctx.heard(("ranking", f"{medium} {mode}", day.toordinal()), error)
        return result.plus(brought.new, brought.seen, str(error))
    await ctx.suspicion.answered()
    return result.plus(brought.new, brought.seen)


async def _read_pages(
    ctx: Context, job: Job, medium: Medium, mode: str, day: date
) -> AsyncGenerator[JobResult, None]:
    """Page after page: what has been read so far."""
    now = ctx.clock.now()
    name = day.isoformat()
    ask = illusts.ranking if medium == "illust" else novels.ranking
    snapshot = await ctx.db.run(ingest_ranking.begin_ranking, ctx.account_id, medium, mode, name, now)
    api = ctx.api.at(Lane.NEW)
    key = (medium, mode, name, snapshot)
    try:
        listing: Listing[Any] = await ask(api, mode, day)
    except InvalidRequest:
        # Pixiv has no ranking of this mode for this day: before its first, or not a mode of this account.
        await ctx.db.run(_finish, ctx, key, "empty_for_account", 0)
        raise
    rank, new, seen_keys = 1, 0, set[int]()
    while True:
        items = listing.items[: job.top - rank + 1]
        keys = [received.item.key for received in items]
        if seen_keys & set(keys):
            # It was published anew while we read: start again at the next run.
            return
        seen_keys.update(keys)
        new += await ctx.db.run(_record_page, ctx, job, listing, key, rank)
        rank += len(items) + len(listing.broken)
        yield JobResult(new, rank - 1)
        if listing.next is None or rank > job.top:
            break
        try:
            listing = await ask(api, mode, next=listing.next)
        except OffsetCap:
            break  # as deep as Pixiv shows it
    if rank > 1 or ctx.clock.now() >= _noon_after(day) + EMPTY_AFTER_MS:
        await ctx.db.run(_finish, ctx, key, "complete" if rank > 1 else "empty_for_account", rank - 1)


def _finish(
    conn: Connection, ctx: Context, key: tuple[Medium, str, str, int], state: DayState, depth: int
) -> None:
    ingest_ranking.finish_ranking(conn, ctx.account_id, *key, state, depth, ctx.clock.now())


def _record_page(
    conn: Connection, ctx: Context, job: Job, listing: Listing[Any], key: tuple[Medium, str, str, int], rank: int
) -> int:
    medium, mode, day, snapshot = key
    now = ctx.clock.now()
    items = listing.items[: job.top - rank + 1]
    record_broken(conn, listing.endpoint, listing.unread, now)
    ingested = sources.record_works(ctx, job, conn, items, "feed", Lane.NEW, now)
    for first, keys in _ranks(listing, rank, job.top):
        ingest_ranking.record_ranking(conn, ctx.account_id, medium, mode, day, snapshot, first, keys)
    return len(ingested.new)


def _ranks(listing: Listing[Any], first: int, top: int) -> list[tuple[int, list[int]]]:
    """(rank, key) of the page's works; one that could not be read keeps its rank."""
    lost = {int(found[1]) for b in listing.broken if (found := _INDEX.search(b.path))}
    places = (n for n in range(len(listing.items) + len(lost)) if n not in lost)
    ranked = zip(places, listing.items, strict=False)
    return [(first + n, [received.item.key]) for n, received in ranked if first + n <= top]
