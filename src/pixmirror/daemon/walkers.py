"""The loops that walk lists: which one is read next, and whose trouble it is when reading it fails."""

import asyncio
from typing import TYPE_CHECKING

from pixmirror.catalogue import feeds
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS
from pixmirror.contained import contained
from pixmirror.daemon.wakeups import EmptyPolls
from pixmirror.errors import RateLimited, Unforeseen
from pixmirror.models import Lane
from pixmirror.sync import sources, walk
from pixmirror.sync.setbacks import backoff_ms
from pixmirror.sync.suspicion import of_list

if TYPE_CHECKING:
    from pixmirror.daemon.engine import Engine

LANE_OF_GAP = {"head": Lane.NEW, "page": Lane.RETRY, "backfill": Lane.BACKFILL, "full": Lane.REFRESH}


class Walkers:
    """What the walkers of one engine share. They hold `pick` while they choose, as the chore runners do."""

    def __init__(self, engine: "Engine", pick: asyncio.Lock) -> None:
        self._engine = engine
        self._mirror = engine.mirror
        self._walking = engine.walking
        self._pick = pick
        self._empty_walks = EmptyPolls(engine.wakeup)

    async def step(self) -> bool:
        """Walk the most urgent list that nobody walks. Return whether there was one."""
        if "login" in self._engine.trouble.errors:
            return False
        async with self._pick:
            # Taken before the read: what ends while we read may still look open in what we read.
            busy = self._walking.busy()
            found = await self._empty_walks.find(lambda: self._mirror.db.read(self._next_walk, busy))
            if found is None:
                return False
            feed, gap = found
            if feed.id in self._walking.busy():
                return True  # a job took it while we read
            self._walking.take(feed.id)
        try:
            with contained(f"The list {feed.endpoint}", gap.error if gap else feed.error):
                await self._walk(feed, gap)
        except Unforeseen as error:
            await self._put_off(feed, gap, str(error))
        except RateLimited as error:
            own = self._engine.context.of_its_own(of_list(feed, gap), error, (gap or feed).error)
            if own is None:
                raise
            await self._put_off(feed, gap, own, DAY_MS)
        finally:
            self._walking.free(feed.id)
            self._empty_walks.again()
        self._engine.works_again("catalogue")
        self._engine.wakeup.wake()
        return True

    async def _walk(self, feed: feeds.Feed, gap: feeds.Gap | None) -> None:
        job = self._mirror.jobs.get(feed.job)
        if job is None:
            return  # the configuration was reloaded meanwhile
        place = gap or feed
        ctx = self._engine.context.asking(place.failures, place.error)
        if await ctx.is_closed(feed):
            return
        source = sources.SOURCES[feed.endpoint](ctx, job, feed.params)
        if gap is None:
            walked = await walk.head(ctx.db, ctx.clock, feed, source, Lane(feed.lane))
            await ctx.heard_of(feed, walked.error)
        else:
            lane = LANE_OF_GAP[gap.kind]

            def go_on() -> bool:
                wanted = feed.job in self._engine.active() and self._names(feed)
                return wanted and not self._walking.is_wanted(feed.id) and self._engine.is_open(lane)

            walked = await walk.close(ctx.db, ctx.clock, feed, gap, source, lane, go_on=go_on)
            if walked.pages:
                await ctx.heard_of(feed, None)
            if walked.error is not None:
                await ctx.heard_of(feed, walked.error, gap)

    def _names(self, feed: feeds.Feed) -> bool:
        """Return whether the job that walks this list still names its artist."""
        job, user_id = self._mirror.jobs.get(feed.job), feed.params.get("user_id")
        return job is not None and (job.kind != "user" or user_id in job.users)

    async def _put_off(self, feed: feeds.Feed, gap: feeds.Gap | None, reason: str, wait_ms: int = 0) -> None:
        """Put the list off in place of the walk, which could not even record its failure, or for `wait_ms`."""
        due = self._mirror.clock.now() + max(wait_ms, backoff_ms((gap or feed).failures))
        if gap is None:
            await self._mirror.db.run(feeds.feed_failed, feed.id, due, reason)
        else:
            await self._mirror.db.run(feeds.gap_failed, gap.id, due, reason)

    def _next_walk(self, conn: Connection, busy: frozenset[int]) -> tuple[feeds.Feed, feeds.Gap | None] | None:
        now, names = self._mirror.clock.now(), self._engine.active()
        for feed in feeds.due_feeds(conn, names, now, len(busy) + 1):
            if feed.id not in busy and self._engine.is_open(Lane(feed.lane)):
                return feed, None
        for feed, gap in feeds.due_gaps(conn, names, now, len(busy) + 64):
            if feed.id not in busy and self._engine.is_open(LANE_OF_GAP[gap.kind]):
                return feed, gap
        for feed in feeds.due_refreshes(conn, names, now, len(busy) + 1):
            if feed.id not in busy and self._engine.is_open(Lane.REFRESH):
                return feed, None
        return None
