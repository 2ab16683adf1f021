"""One run of a job: its head walks, and what they make due. Backfills and chores go on by themselves.

Following and user jobs lean on the follow feeds, where one request shows the new works of all artists
(architecture: walks).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pixmirror.catalogue import chores, feeds, runs, tombstones
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.feeds import Feed
from pixmirror.clock import DAY_MS
from pixmirror.ingest import refresh, sharing
from pixmirror.ledger import missing
from pixmirror.models import Lane
from pixmirror.sync import sources, walk
from pixmirror.sync.context import Context, Job, JobResult
from pixmirror.sync.kinds.ranking import run_ranking
from pixmirror.sync.walk import Walked

FOLLOWING_PASS_MS = DAY_MS
BOOKMARKS_PASS_MS = 7 * DAY_MS
DEEP_LOOK_MS = 2 * DAY_MS  # once a day a follow feed is read this far below its anchors


async def run_job(ctx: Context, job: Job) -> JobResult:
    """Run a job once. PixivErrors that concern everything, and LoginErrors, are the caller's."""
    if job.kind == "following":
        return await _following(ctx, job)
    if job.kind == "user":
        return await _users(ctx, job)
    if job.kind == "bookmarks":
        return await _bookmarks(ctx, job)
    return await run_ranking(ctx, job)


async def _head(
    ctx: Context, job: Job, endpoint: str, params: Mapping[str, Any], floor: int | None = None
) -> tuple[Feed, Walked]:
    """Head walk of a feed, down to known ground. A first backfill is left to the backfiller.

    But not that of the follow list: it shows the newest works of everybody, thirty artists a page, and comes
    before all their lists.
    """
    now, lane = ctx.clock.now(), int(Lane.NEW)
    feed = await ctx.db.run(feeds.open_feed, ctx.account_id, endpoint, params, job=job.name, lane=lane, now=now)
    async with ctx.walking.alone(feed.id):
        feed = await ctx.db.read(feeds.get_feed, feed.id)
        if await ctx.is_closed(feed):
            return feed, Walked()
        source = sources.source(ctx.asking(feed.failures), job, endpoint, params)
        walked = await walk.head(ctx.db, ctx.clock, feed, source, Lane.NEW, floor=floor)
        newest = ("head", "backfill") if endpoint == sources.FOLLOWING else ("head",)
        if walked.gap is not None and walked.gap.kind in newest:
            walked = walked.plus(await walk.close(ctx.db, ctx.clock, feed, walked.gap, source, Lane.NEW))
        feed = await ctx.db.read(feeds.get_feed, feed.id)
    ctx.ring()
    await ctx.heard_of(feed, walked.error)
    return feed, walked


async def _full_pass_if_older(ctx: Context, job: Job, feed: Feed, age_ms: int) -> None:
    now = ctx.clock.now()
    if feed.head_at is not None and (feed.full_at is None or now - feed.full_at >= age_ms):
        source = sources.source(ctx, job, feed.endpoint, feed.params)
        await ctx.db.run(walk.open_full_pass, feed, source, now)
        ctx.ring()


async def _following(ctx: Context, job: Job) -> JobResult:
    result = JobResult()
    for endpoint in _follow_feeds(job):
        result = await _follow_feed(ctx, job, endpoint, result)
    for restrict in job.restrict:
        feed, walked = await _head(ctx, job, sources.FOLLOWING, {"restrict": restrict})
        result = result.plus(walked.new, walked.seen, walked.failed)
        await _full_pass_if_older(ctx, job, feed, FOLLOWING_PASS_MS)
    await ctx.db.run(sharing.leave_unfollowed, ctx.account_id, job.name, ctx.clock.now())
    return result


async def _follow_feed(ctx: Context, job: Job, endpoint: str, result: JobResult) -> JobResult:
    restrict = _of_feeds(job)
    now = ctx.clock.now()
    name = f"deep_look:{endpoint}:{restrict}"
    looked = int(await ctx.db.read(runs.get_meta, name) or 0)
    # Below what stood at the top then; a clock that was set back must not make it deeper.
    floor = min(now, looked) - DEEP_LOOK_MS if looked and now - looked >= DAY_MS else None
    _, walked = await _head(ctx, job, endpoint, {"restrict": restrict}, floor)
    if floor is not None or not looked:
        await ctx.db.run(runs.set_meta, name, str(now))
    return result.plus(walked.new, walked.seen, walked.failed)


async def _users(ctx: Context, job: Job) -> JobResult:
    result = JobResult()
    endpoints = [sources.USER_ILLUSTS, sources.USER_NOVELS] if job.wants.novels else [sources.USER_ILLUSTS]
    left_out = await ctx.db.run(_leave_others, job, ctx.account_id, ctx.clock.now())
    for user_id in job.users:
        if user_id in left_out:
            continue
        if job.wants.profiles:
            await ctx.db.run(_profile_once, user_id, ctx.clock.now())
        for endpoint in endpoints:
            _, walked = await _head(ctx, job, endpoint, {"user_id": user_id})
            result = result.plus(walked.new, walked.seen, walked.failed)
    return result


def leave_others(conn: Connection, job: Job, account_id: int, now: int) -> None:
    """Lists that the job no longer names are walked for it no more, nor is what waits of artists who left it."""
    if job.kind == "user":
        sharing.leave_users(conn, job.name, sharing.scope_of(conn, job.name) - set(job.users), now)
    elif job.kind == "following":
        sharing.leave_unfollowed(conn, account_id, job.name, now)
    own = {(endpoint, feeds.canonical(params)) for endpoint, params in _lists(job)}
    artists = (sources.USER_ILLUSTS, sources.USER_NOVELS) if job.wants.novels else (sources.USER_ILLUSTS,)
    known = feeds.lists_of(conn, job.name)
    others = [i for i, one in known.items() if one not in own and one[0] not in artists]
    feeds.leave(conn, job.name, others)


def _lists(job: Job) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The lists that the job names by itself, not those of artists."""
    if job.kind == "bookmarks":
        tag = {"tag": job.tag} if job.tag else {}
        for medium in job.media:
            yield from ((sources.bookmarks_endpoint(medium), {"restrict": r, **tag}) for r in job.restrict)
    elif job.kind == "following":
        yield from ((sources.FOLLOWING, {"restrict": r}) for r in job.restrict)
        yield from ((endpoint, {"restrict": _of_feeds(job)}) for endpoint in _follow_feeds(job))


def _follow_feeds(job: Job) -> list[str]:
    return [sources.ILLUST_FOLLOW, sources.NOVEL_FOLLOW] if job.wants.novels else [sources.ILLUST_FOLLOW]


def _of_feeds(job: Job) -> str:
    return "all" if len(job.restrict) > 1 else job.restrict[0]


def _leave_others(conn: Connection, job: Job, account_id: int, now: int) -> set[int]:
    """The same, and says which of its users are left out."""
    leave_others(conn, job, account_id, now)
    return refresh.gone_users(conn, job.users) | tombstones.people(conn, job.users)


def _profile_once(conn: Connection, user_id: int, now: int) -> None:
    name = f"profile_asked:{user_id}"
    if runs.get_meta(conn, name) is None:
        chores.add(conn, "profile", user_id, int(Lane.EXTRA), now)
        runs.set_meta(conn, name, str(now))


async def _bookmarks(ctx: Context, job: Job) -> JobResult:
    result = JobResult()
    for medium in job.media:
        for restrict in job.restrict:
            params = {"restrict": restrict, **({"tag": job.tag} if job.tag else {})}
            feed, walked = await _head(ctx, job, sources.bookmarks_endpoint(medium), params)
            result = result.plus(walked.new, walked.seen, walked.failed)
            # What a pass missed is confirmed by another one, a day later.
            missed = await ctx.db.read(missing.unconfirmed, "bookmark", ctx.account_id)
            await _full_pass_if_older(ctx, job, feed, DAY_MS if missed else BOOKMARKS_PASS_MS)
    return result
