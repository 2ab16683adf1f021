"""Jobs of kind `ranking`: the newest day of each mode in the job's run, earlier days one by one as a chore.

A day's ranking appears about noon JST of the next day; before that an empty answer means "not yet". A day is due
while it was not read as deep as a job wants it. What other jobs had read, a job that comes later sees unasked.
"""

import json
import math
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import groupby
from typing import Any

from pixmirror.catalogue import chores, runs
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.errors import BadResponse, InvalidRequest, OffsetCap, PixivError
from pixmirror.ingest import filters as filter_rows
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.ingest import sharing
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.ranking import PUBLISHED_AT_HOUR, DayState, Ranking, RankingDay, dates
from pixmirror.ledger import agenda
from pixmirror.models import JST, Lane, Listing, Medium, Received, to_ms
from pixmirror.pixiv.app import AppApi, illusts, novels
from pixmirror.reports import plan_known
from pixmirror.reports.left import PAGE, Asked
from pixmirror.sync import filters, sources
from pixmirror.sync.context import Context, Job, JobResult
from pixmirror.sync.kinds.kind import Actions, Calls
from pixmirror.sync.recording import write_page
from pixmirror.sync.setbacks import backoff_ms
from pixmirror.sync.suspicion import Subject

CHORE, KEY = chores.Kind.RANKING, 0
EMPTY_AFTER_MS = 3 * DAY_MS
_INDEX = re.compile(r"\[(\d+)\]")
FAILURES_IN_A_ROW = 3  # then the earlier days of the mode rest until tomorrow
WORKS = 1000


@dataclass(frozen=True, slots=True)
class Day:
    """One ranking, and the jobs that want it, the first of them the one that asks."""

    place: Ranking
    jobs: tuple[Job, ...]

    @property
    def of_mode(self) -> str:
        return f"{self.place.medium}:{self.place.mode}"

    @property
    def name(self) -> str:
        return f"{self.of_mode}:{self.place.date}"

    @property
    def day(self) -> date:
        return date.fromisoformat(self.place.date)

    @property
    def subject(self) -> Subject:
        return ("ranking", self.of_mode, self.day.toordinal())

    @property
    def top(self) -> int:
        return max(job.top for job in self.jobs)


async def run(ctx: Context, job: Job) -> JobResult:
    """Read the newest day of each mode, and let the earlier ones be read after it."""
    result = JobResult()
    now = ctx.clock.now()
    for medium in job.media:
        for mode in job.modes:
            known = await ctx.db.read(ingest_ranking.ranking_days, ctx.account_id, medium, mode)
            for day in dates(job.since, job.until, now)[:1]:
                if ingest_ranking.is_due(known.get(day.isoformat()), now, job.top):
                    place = Ranking(ctx.account_id, medium, mode, day.isoformat())
                    result = await _read_newest(ctx, _day(ctx, job, place), result)
            while await ctx.db.run(_catch_up, ctx, job, medium, mode, now):
                pass
    await ctx.db.run(agenda.read_earlier_rankings, KEY, ctx.clock.now())
    ctx.wake()
    return result


async def _read_newest(ctx: Context, one: Day, result: JobResult) -> JobResult:
    """Read the newest day. A reading that fails after its first page starts again at the next run."""
    seen, endpoint = 0, f"{one.place.medium}/ranking"
    if await ctx.endpoints.closed(ctx.db, endpoint, ctx.clock.now()):
        return result
    try:
        async for so_far in read_pages(ctx, one, Lane.NEW):
            seen = so_far
            ctx.wake()
    except PixivError as error:
        if error.scope == "everything":
            raise
        await ctx.endpoints.heard(ctx.db, endpoint, error, ctx.clock.now())
        await ctx.heard(one.subject, error)
        return result.plus(seen, str(error))
    await ctx.endpoints.heard(ctx.db, endpoint, None, ctx.clock.now())
    await ctx.suspicion.answered()
    return result.plus(seen)


def _day(ctx: Context, job: Job, place: Ranking) -> Day:
    """Return the day with all jobs that want it, so that it is read once, as deep as the deepest of them wants."""
    others = [j for j in _jobs(ctx) if j.name != job.name and place.medium in j.media and place.mode in j.modes]
    day, now = date.fromisoformat(place.date), ctx.clock.now()
    return Day(place, (job, *(j for j in others if day in dates(j.since, j.until, now))))


def _jobs(ctx: Context) -> list[Job]:
    return [j for j in ctx.jobs.values() if j.kind == "ranking" and j.name not in ctx.paused]


# -- one day: a reading that is cut starts over (architecture: walks) ------------------------------------------


async def read_pages(ctx: Context, one: Day, lane: Lane) -> AsyncGenerator[int, None]:
    """Yield after each page how many places have been read so far. InvalidRequest: Pixiv has no such ranking."""
    now = ctx.clock.now()
    ask = _asking(one.place.medium)
    snapshot = await ctx.db.run(ingest_ranking.begin_ranking, one.place, now)
    api = ctx.api.at(lane)
    try:
        listing: Listing[Any] = await ask(api, one.place.mode, one.day)
    except InvalidRequest:
        # Before the first ranking, or not a mode of this account; or something else that passes.
        if await ctx.db.run(ingest_ranking.deny_ranking, one.place, snapshot, ctx.clock.now()):
            return
        raise
    rank, seen_keys, whole = 1, set[int](), False
    while True:
        ranked = _ranked(listing, rank, one.top)
        keys = [received.item.key for _, received in ranked]
        if seen_keys & set(keys):
            # It was published anew while we read: start again at the next run.
            return
        seen_keys.update(keys)
        await write_page(ctx.db, listing, _record_page, ctx, one, ranked, snapshot, lane)
        shown = min(len(listing.items) + len(listing.broken), one.top - rank + 1)
        rank += shown
        yield rank - 1
        whole = listing.next is None or not shown
        if whole or rank > one.top:
            break
        try:
            listing = await ask(api, one.place.mode, next=listing.next)
        except OffsetCap:
            whole = True  # as deep as Pixiv shows it
            break
    if rank > 1:
        state: DayState = "whole" if whole else "complete"
        await ctx.db.run(ingest_ranking.finish_ranking, one.place, snapshot, state, rank - 1, ctx.clock.now())
    elif ctx.clock.now() >= _out_at(one.day) + EMPTY_AFTER_MS:
        await ctx.db.run(ingest_ranking.deny_ranking, one.place, snapshot, ctx.clock.now())


def _out_at(day: date) -> int:
    """Return when a day's ranking should be out, ms UTC."""
    return to_ms(datetime(day.year, day.month, day.day, PUBLISHED_AT_HOUR, tzinfo=JST)) + DAY_MS


def _record_page(
    conn: Connection,
    listing: Listing[Any],
    ctx: Context,
    one: Day,
    ranked: Sequence[tuple[int, Received[Any]]],
    snapshot: int,
    lane: Lane,
) -> None:
    """Record a page. Each job sees the works down to its own top."""
    now = ctx.clock.now()
    record_broken(conn, listing.endpoint, listing.unread, now)
    readable = {item.key for item in listing}
    ranked = [(rank, received) for rank, received in ranked if received.item.key in readable]
    for jobs, part in groupby(ranked, lambda r: tuple(job for job in one.jobs if r[0] <= job.top)):
        works = [received for _, received in part]
        sources.record_works(ctx, jobs[0], conn, works, "feed", lane, now, jobs[1:])
    ingest_ranking.record_ranking(conn, one.place, snapshot, ((rank, r.item.key) for rank, r in ranked))


def _ranked(listing: Listing[Any], first: int, top: int) -> list[tuple[int, Received[Any]]]:
    """Return the page's works with their ranks. One that could not be read keeps its rank."""
    lost = {int(found[1]) for b in listing.broken if (found := _INDEX.search(b.path))}
    places = (n for n in range(len(listing.items) + len(lost)) if n not in lost)
    ranked = zip(places, listing.items, strict=False)
    return [(first + n, received) for n, received in ranked if first + n <= top]


# -- earlier days ----------------------------------------------------------------------------------------------


async def backfill(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Read one earlier day, the newest that is due; the chore stays due as long as there are more."""
    now, later = ctx.clock.now(), dict(chore.progress)
    due = await ctx.db.read(_due_days, ctx, now)
    one = next((d for d in due if not any(_waits(later, name, now) for name in (d.name, d.of_mode))), None)
    if one is None:
        await ctx.db.run(_nothing_now, later, {name for d in due for name in (d.name, d.of_mode)}, now)
        return
    try:
        failed = int(later.get(one.name, [0])[0])
        async for _ in read_pages(ctx.asking(failed), _day(ctx, one.jobs[0], one.place), lane):
            ctx.wake()
        later.pop(one.of_mode, None)
        if await ctx.db.read(_is_open, one):
            raise BadResponse(
                f"ranking {one.of_mode} of {one.place.date}: it is empty, or changed while it was read"
            )
        later.pop(one.name, None)
    except PixivError as error:
        if error.scope == "everything":
            raise
        _note(later, one, error, ctx.clock.now())
        await ctx.db.run(chores.save_progress, CHORE, KEY, later)
        await ctx.heard(one.subject, error)
        return
    await ctx.db.run(chores.save_progress, CHORE, KEY, later)
    await ctx.heard(one.subject, None)


def _is_open(conn: Connection, one: Day) -> bool:
    account_id, medium, mode, day = one.place
    known = ingest_ranking.ranking_days(conn, account_id, medium, mode).get(day)
    return known is None or known.state == "reading"


def _due_days(conn: Connection, ctx: Context, now: int) -> list[Day]:
    """Return the earlier days that are due, newest first."""
    found: dict[Ranking, Day] = {}
    for job in _jobs(ctx):
        for medium in job.media:
            for mode in job.modes:
                known = ingest_ranking.ranking_days(conn, ctx.account_id, medium, mode)
                for day in _earlier(job, known, now):
                    if ingest_ranking.is_due(known.get(day.isoformat()), now, job.top):
                        place = Ranking(ctx.account_id, medium, mode, day.isoformat())
                        found.setdefault(place, Day(place, (job,)))
    return sorted(found.values(), key=lambda d: d.day, reverse=True)


def _earlier(job: Job, known: dict[str, RankingDay], now: int) -> Iterator[date]:
    """Yield the earlier days of a job. Without `since`, those that could not be read when they were the newest."""
    covered = dates(job.since, job.until, now)
    yield from covered[1:]
    if job.since is None:
        for name, day in known.items():
            if (day.state == "reading" or day.denied) and date.fromisoformat(name) not in covered[:1]:
                yield date.fromisoformat(name)


def _waits(later: dict[str, Any], name: str, now: int) -> bool:
    """Tell whether a day or mode waits. `later` holds how often it failed in a row, until when it waits, why."""
    return name in later and later[name][1] > now


def _note(later: dict[str, Any], one: Day, error: PixivError, now: int) -> None:
    times = int(later.get(one.name, [0])[0])
    refused = isinstance(error, InvalidRequest)
    wait = DAY_MS if refused else backoff_ms(times)
    later[one.name] = [times + 1, now + wait, str(error)]
    in_a_row = int(later.get(one.of_mode, [0])[0]) + 1
    rests = in_a_row >= FAILURES_IN_A_ROW
    later[one.of_mode] = [0 if rests else in_a_row, now + DAY_MS if rests else 0, str(error)]


def _nothing_now(conn: Connection, later: dict[str, Any], due: set[str], now: int) -> None:
    """Put the chore off until the first of the waiting days; end it when none waits."""
    waiting = {name: entry for name, entry in later.items() if name in due}
    if not waiting:
        chores.done(conn, CHORE, KEY)
        return
    times = [entry[1] for entry in waiting.values() if entry[1] > now]
    chores.save_progress(conn, CHORE, KEY, waiting)
    name, entry = max(waiting.items(), key=lambda one: one[0].count(":"))  # a day says more than a mode
    chores.put_off(conn, CHORE, KEY, min(times, default=now + DAY_MS), f"{name.replace(':', ' ')}: {entry[2]}")


# -- what other jobs had read ----------------------------------------------------------------------------------


def _catch_up(conn: Connection, ctx: Context, job: Job, medium: Medium, mode: str, now: int) -> bool:
    """Show the job what was ranked in its days before it wanted them, or while it was not enabled.

    Return whether there may be more.
    """
    covered = dates(job.since, job.until, now)
    name = f"ranking_seen:{job.name}:{medium}:{mode}"
    wants = [job.since and job.since.isoformat(), job.until and job.until.isoformat(), job.top]
    before = json.loads(runs.get_meta(conn, name) or "{}")
    since = int(before.get("at", 0)) if before.get("wants") == wants else 0
    days = (covered[-1].isoformat(), covered[0].isoformat()) if covered else ("", "")
    place = (ctx.account_id, medium, mode, job.name, days, job.top, since, WORKS)
    keys = ingest_ranking.unseen(conn, *place)
    if keys:
        facts = {f.key: filters.refuse(job.wanted, f) for f in filter_rows.facts_of_these(conn, keys)}
        stubs = set(keys) - facts.keys()
        sharing.also_saw(conn, job.name, facts, stubs, now, int(Lane.BACKFILL), comments=job.wants.comments)
        return True
    runs.set_meta(conn, name, json.dumps({"wants": wants, "at": now}))
    return False


# -- beforehand ------------------------------------------------------------------------------------------------


def asks(job: Job, conn: Connection, now: int) -> Asked:
    """Count each day twice: it is read when it comes out, and once more a day later."""
    pages = math.ceil(job.top / PAGE)
    days = [day.isoformat() for day in dates(job.since, job.until, now)]
    due, unread = (pages * n for n in plan_known.rankings_due(conn, job.media, job.modes, days, now))
    return Asked(
        requests={"rankings": due},
        works=round(unread * PAGE * plan_known.newly_ranked(conn, job.media, job.modes)),
        unknown=("which works the rankings name: up to 30 on each page, with their files",) if due else (),
        daily={"rankings": 2.0 * pages * len(job.media) * len(job.modes) * (job.until is None)},
    )


def first_look(api: AppApi, job: Job, me: int) -> Calls:
    for medium in job.media:
        yield f"/v1/{medium}/ranking", partial(_asking(medium), api, job.modes[0])


def _asking(medium: Medium) -> Callable[..., Awaitable[Listing[Any]]]:
    return illusts.ranking if medium == "illust" else novels.ranking


ACTIONS = Actions(run=run, asks=asks, first_look=first_look)
