"""The head of a list: read down to known ground by a job's run. Backfills and chores go on by themselves."""

from collections.abc import Mapping
from typing import Any

from pixmirror.catalogue import feeds
from pixmirror.catalogue.feeds import Feed
from pixmirror.models import Lane
from pixmirror.sync import sources, walk
from pixmirror.sync.context import Context, Job
from pixmirror.sync.walk import Walked


async def read_head(
    ctx: Context, job: Job, endpoint: str, params: Mapping[str, Any], floor: int | None = None
) -> tuple[Feed, Walked]:
    """Read a list from its top down to known ground. Its first backfill is left to the backfiller.

    Only the following list is read to its end at once: it shows the newest works of everybody, 30 artists a page,
    and opens all their lists.
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
    ctx.wake()
    await ctx.heard_of(feed, walked.error)
    return feed, walked


async def full_pass_if_older(ctx: Context, job: Job, feed: Feed, age_ms: int) -> None:
    """Have the whole list read again where its last full pass is older than this."""
    now = ctx.clock.now()
    if feed.head_at is not None and (feed.full_at is None or now - feed.full_at >= age_ms):
        source = sources.source(ctx, job, feed.endpoint, feed.params)
        await ctx.db.run(walk.open_full_pass, feed, source, now)
        ctx.wake()
