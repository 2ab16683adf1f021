"""Jobs of kind `ranking`: the newest day of each mode in the job's run, earlier days one by one as a chore.

A day's ranking appears about noon JST of the next day; before that an empty answer means "not yet". A day is due
while it was not read as deep as a job wants it. What other jobs had read, a job that comes later sees unasked.
"""

import json
import math
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from pixmirror.catalogue import chores, runs
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.errors import BadResponse, InvalidRequest, PixivError
from pixmirror.ingest import filters as filter_rows
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.ingest import sharing
from pixmirror.ingest.ranking import RankingDay
from pixmirror.ledger import agenda
from pixmirror.models import JST, Lane, Medium, from_ms
from pixmirror.pixiv import AppApi
from pixmirror.pixiv.app import illusts, novels
from pixmirror.reports import plan_known
from pixmirror.reports.plan import PAGE, Asked
from pixmirror.sync import filters
from pixmirror.sync.context import Context, Job, JobResult
from pixmirror.sync.kinds.kind import Actions, Calls
from pixmirror.sync.ranking_day import PUBLISHED_AT_HOUR, Day, read_pages
from pixmirror.sync.setbacks import backoff_ms
from pixmirror.sync.suspicion import Subject

CHORE, KEY = chores.Kind.RANKING, 0
FAILURES_IN_A_ROW = 3  # then the earlier days of the mode rest until tomorrow
WORKS = 1000


def newest_date(now: int) -> date:
    """Return the newest day whose ranking should be out."""
    moment = from_ms(now).astimezone(JST)
    return moment.date() - timedelta(days=1 if moment.hour >= PUBLISHED_AT_HOUR else 2)


def dates(since: date | None, until: date | None, now: int) -> list[date]:
    """Return the days that a job covers, newest first."""
    newest = min(newest_date(now), until or date.max)
    first = since or newest
    return [newest - timedelta(days=n) for n in range((newest - first).days + 1)]


async def run(ctx: Context, job: Job) -> JobResult:
    """Read the newest day of each mode, and let the earlier ones be read after it."""
    result = JobResult()
    now = ctx.clock.now()
    for medium in job.media:
        for mode in job.modes:
            known = await ctx.db.read(ingest_ranking.ranking_days, ctx.account_id, medium, mode)
            for day in dates(job.since, job.until, now)[:1]:
                if ingest_ranking.is_due(known.get(day.isoformat()), now, job.top):
                    result = await _read_newest(ctx, _day(ctx, job, medium, mode, day), result)
            while await ctx.db.run(_catch_up, ctx, job, medium, mode, now):
                pass
    await ctx.db.run(agenda.read_earlier_rankings, KEY, ctx.clock.now())
    if not ctx.jobs:
        await _backfill_now(ctx, job)
    ctx.wake()
    return result


async def _read_newest(ctx: Context, one: Day, result: JobResult) -> JobResult:
    """Read the newest day. A reading that fails after its first page starts again at the next run."""
    brought, endpoint = JobResult(), f"{one.medium}/ranking"
    if await ctx.endpoints.closed(ctx.db, endpoint, ctx.clock.now()):
        return result
    try:
        async for so_far in read_pages(ctx, one, Lane.NEW):
            brought = so_far
            ctx.wake()
    except PixivError as error:
        if error.scope == "everything":
            raise
        await ctx.endpoints.heard(ctx.db, endpoint, error, ctx.clock.now())
        await ctx.heard(_subject(one), error)
        return result.plus(brought.new, brought.seen, str(error))
    await ctx.endpoints.heard(ctx.db, endpoint, None, ctx.clock.now())
    await ctx.suspicion.answered()
    return result.plus(brought.new, brought.seen)


def _subject(one: Day) -> Subject:
    return ("ranking", one.of_mode, one.day.toordinal())


def _day(ctx: Context, job: Job, medium: Medium, mode: str, day: date) -> Day:
    """Return the day with all jobs that want it, so that it is read once, as deep as the deepest of them wants."""
    others = [j for j in _jobs(ctx) if j.name != job.name and medium in j.media and mode in j.modes]
    covered = [j for j in others if day in dates(j.since, j.until, ctx.clock.now())]
    return Day(medium, mode, day, (job, *covered))


def _jobs(ctx: Context) -> list[Job]:
    return [j for j in ctx.jobs.values() if j.kind == "ranking" and j.name not in ctx.paused]


# -- earlier days ----------------------------------------------------------------------------------------------


async def backfill(ctx: Context, job: Job, chore: Chore, lane: Lane) -> None:
    """Read one earlier day, the newest that is due; the chore stays due as long as there are more."""
    await _backfill(ctx, _jobs(ctx), chore, lane)


async def _backfill_now(ctx: Context, job: Job) -> None:
    """Read all earlier days now, for a single job whose chores nobody else does."""
    while chore := await ctx.db.read(chores.find, CHORE, KEY, ctx.clock.now()):
        await _backfill(ctx, [job], chore, Lane.BACKFILL)


async def _backfill(ctx: Context, jobs: list[Job], chore: Chore, lane: Lane) -> None:
    now, later = ctx.clock.now(), dict(chore.progress)
    due = await ctx.db.read(_due_days, ctx, jobs, now)
    one = next((d for d in due if not any(_waits(later, name, now) for name in (_name(d), d.of_mode))), None)
    if one is None:
        await ctx.db.run(_nothing_now, later, {name for d in due for name in (_name(d), d.of_mode)}, now)
        return
    try:
        failed = int(later.get(_name(one), [0])[0])
        async for _ in read_pages(ctx.asking(failed), _day(ctx, one.jobs[0], one.medium, one.mode, one.day), lane):
            ctx.wake()
        later.pop(one.of_mode, None)
        if await ctx.db.read(_is_open, ctx, one):
            raise BadResponse(f"ranking {one.of_mode} of {one.name}: it is empty, or changed while it was read")
        later.pop(_name(one), None)
    except PixivError as error:
        if error.scope == "everything":
            raise
        _note(later, one, error, ctx.clock.now())
        await ctx.db.run(chores.save_progress, CHORE, KEY, later)
        await ctx.heard(_subject(one), error)
        return
    await ctx.db.run(chores.save_progress, CHORE, KEY, later)
    await ctx.heard(_subject(one), None)


def _is_open(conn: Connection, ctx: Context, one: Day) -> bool:
    known = ingest_ranking.ranking_days(conn, ctx.account_id, one.medium, one.mode).get(one.name)
    return known is None or known.state == "reading"


def _due_days(conn: Connection, ctx: Context, jobs: list[Job], now: int) -> list[Day]:
    """Return the earlier days that are due, newest first."""
    found: dict[tuple[date, Medium, str], Day] = {}
    for job in jobs:
        for medium in job.media:
            for mode in job.modes:
                known = ingest_ranking.ranking_days(conn, ctx.account_id, medium, mode)
                for day in _earlier(job, known, now):
                    if ingest_ranking.is_due(known.get(day.isoformat()), now, job.top):
                        found.setdefault((day, medium, mode), Day(medium, mode, day, (job,)))
    return sorted(found.values(), key=lambda d: d.day, reverse=True)


def _earlier(job: Job, known: dict[str, RankingDay], now: int) -> Iterator[date]:
    """Yield the earlier days of a job. Without `since`, those that could not be read when they were the newest."""
    covered = dates(job.since, job.until, now)
    yield from covered[1:]
    if job.since is None:
        for name, day in known.items():
            if (day.state == "reading" or day.denied) and date.fromisoformat(name) not in covered[:1]:
                yield date.fromisoformat(name)


def _name(one: Day) -> str:
    return f"{one.of_mode}:{one.name}"


def _waits(later: dict[str, Any], name: str, now: int) -> bool:
    """Tell whether a day or mode waits. `later` holds how often it failed in a row, until when it waits, why."""
    return name in later and later[name][1] > now


def _note(later: dict[str, Any], one: Day, error: PixivError, now: int) -> None:
    times = int(later.get(_name(one), [0])[0])
    refused = isinstance(error, InvalidRequest)
    wait = DAY_MS if refused else backoff_ms(times)
    later[_name(one)] = [times + 1, now + wait, str(error)]
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
    due = pages * plan_known.rankings_due(conn, job.media, job.modes, days, now)
    return Asked(
        requests={"rankings": due},
        unknown=("which works the rankings name: up to 30 on each page, with their files",) if due else (),
        daily={"rankings": 2.0 * pages * len(job.media) * len(job.modes) * (job.until is None)},
    )


def first_look(api: AppApi, job: Job, me: int) -> Calls:
    for medium in job.media:
        ask = illusts.ranking if medium == "illust" else novels.ranking
        yield f"/v1/{medium}/ranking", partial(ask, api, job.modes[0])


ACTIONS = Actions(run=run, asks=asks, first_look=first_look)
