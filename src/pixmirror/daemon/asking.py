"""The loops that ask Pixiv: which list or chore is next, whose a failure is, and how an outage is got through."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from pixmirror.catalogue import chores, feeds, runs
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.feeds import Feed, Gap
from pixmirror.catalogue.refs import Ref
from pixmirror.clock import DAY_MS
from pixmirror.contained import contained
from pixmirror.daemon.trouble import PIXIV
from pixmirror.daemon.wakeups import EmptyPolls
from pixmirror.errors import RateLimited, Unforeseen
from pixmirror.logs import about
from pixmirror.models import Lane
from pixmirror.pixiv.app import users
from pixmirror.sync import sources, walk
from pixmirror.sync.chores import run_chore
from pixmirror.sync.context import Context, Walking
from pixmirror.sync.setbacks import backoff_ms
from pixmirror.sync.suspicion import NOTHING, Endpoints, PutOff, Subject, Suspicion, of_list

if TYPE_CHECKING:
    from pixmirror.daemon.engine import Engine

LANE_OF_GAP = {"head": Lane.NEW, "page": Lane.RETRY, "backfill": Lane.BACKFILL, "full": Lane.REFRESH}
WALKERS = 3
CHORE_RUNNERS = 4
RUNNERS_PER_LANE = 2  # of 4, so that every lane has a request waiting at the pacer (architecture: one budget)

_OUTAGE = "outage"  # meta key: what an outage put off
MOST_KEPT = 1000  # things put off are remembered over a restart; others wait for their own back-off

Step = Callable[[], Awaitable[bool]]


class Asking:
    """What the loops of one engine that ask Pixiv share.

    `_suspicion` judges the App API; `_website` judges www.pixiv.net, whose trouble stops what needs the cookie.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._mirror = engine.mirror
        self._walking = Walking()
        self._chores: dict[tuple[str, int], int] = {}  # under way, with their lanes
        self._pick = asyncio.Lock()  # held while one loop chooses
        self._empty_walks, self._empty_chores = EmptyPolls(engine.wakeup), EmptyPolls(engine.wakeup)
        self._trying = asyncio.Lock()  # held by the one that tries while Pixiv does not answer
        on_answer = partial(engine.works_again, PIXIV)
        self._suspicion = Suspicion(
            self._ask_control, wake=self._wake, keep=self._keep, load=self._load, on_answer=on_answer
        )
        self._website = Suspicion()
        self._endpoints = Endpoints()

    def doing(self) -> tuple[list[int], list[tuple[str, int]]]:
        """Return the ids of the lists that are read now, by jobs too, and kind and key of what else is asked."""
        return sorted(self._walking.busy()), list(self._chores)

    @property
    def context(self) -> Context:
        """What jobs and chores are handed now: a reload or a new login may have changed it."""
        m = self._mirror
        return Context(
            m.db, m.api, m.clock, m.account_id,
            wake=self._engine.wakeup.wake, jobs=m.jobs, walking=self._walking, web=m.web, paused=m.paused,
            brake=m.config.mirror.brake_percent / 100,
            suspicion=self._suspicion, website=self._website, endpoints=self._endpoints,
        )  # fmt: skip

    def loops(self) -> list[tuple[str, Step]]:
        """Return the name of each loop, and what takes one step of it."""
        steps: list[tuple[str, Step]] = [(f"walk-{n}", self._walk_next) for n in range(WALKERS)]
        steps += [(f"chore-{n}", self._do_next_chore) for n in range(CHORE_RUNNERS)]
        return [(name, partial(self._in_turn, name, step)) for name, step in steps]

    # -- outages -------------------------------------------------------------------------------------------

    async def _in_turn(self, name: str, step: Step) -> bool:
        """Take one step. While Pixiv does not answer one loop at a time tries, after each pause."""
        errors, wakeup = self._engine.trouble.errors, self._engine.wakeup
        if PIXIV in errors:
            wakeup.pause(name)
            async with self._trying:
                await self.pause_ended()
                if PIXIV in errors:
                    wakeup.busy(name)
                    if await step():
                        return True
                    if PIXIV in errors and self._may_ask():
                        # Nothing is due that would tell whether Pixiv answers again.
                        await self._ask_control()
                        await self._suspicion.answered()
                    return False
            wakeup.busy(name)
        return await step()

    async def pause_ended(self) -> None:
        """Wait until Pixiv may be tried again."""
        while left := self._engine.trouble.left(PIXIV, self._mirror.clock.now()):
            await self._mirror.clock.sleep(left)

    async def decide(self) -> None:
        """Find out whether what failed in a run was its own. Raise what concerns everything."""
        if PIXIV not in self._engine.trouble.errors and self._may_ask():
            await self._suspicion.decide()

    def _may_ask(self) -> bool:
        return "login" not in self._engine.trouble.errors and not self._mirror.all_paused

    async def _ask_control(self) -> None:
        """Ask for our own profile, which is there as long as Pixiv answers."""
        await users.detail(self._mirror.api.at(Lane.NEW), self._mirror.account_id)

    async def _wake(self, put_off: Collection[Subject]) -> None:
        """Make due at once what the outage put off."""
        now = self._mirror.clock.now()

        def wake(conn: Connection) -> None:
            chores.wake(conn, [(kind, key) for what, kind, key in put_off if what == "chore"], now)
            lists = {what: [n for of, _, n in put_off if of == what] for what in ("feed", "gap")}
            feeds.wake(conn, lists["feed"], lists["gap"], now)

        await self._mirror.db.run(wake)
        self._engine.wakeup.wake()

    async def _keep(self, found: PutOff) -> None:
        """Remember over a restart what the outage put off."""
        kept = {"failures": found.failures, "put_off": sorted(found.subjects)[:MOST_KEPT]}
        await self._mirror.db.run(runs.set_json, _OUTAGE, kept)

    async def _load(self) -> PutOff:
        kept = await self._mirror.db.read(runs.get_json, _OUTAGE)
        if not kept:
            return NOTHING
        return PutOff(frozenset((what, kind, key) for what, kind, key in kept["put_off"]), kept["failures"])

    # -- chores --------------------------------------------------------------------------------------------

    async def _do_next_chore(self) -> bool:
        """Do the most urgent chore that nobody does. Return whether there was one."""
        if not self._may_ask():
            return False
        db = self._mirror.db
        async with self._pick:
            chore = await self._empty_chores.find(lambda: db.read(self._next_chore, dict(self._chores)))
            if chore is None:
                return False
            self._chores[chore.kind, chore.key] = chore.lane
        try:
            if chore.asked_again:
                await db.run(chores.claim, chore.kind, chore.key)
            with about(**_named(chore)):
                await run_chore(self.context, self._mirror.job_for_chores(), chore)
        finally:
            del self._chores[chore.kind, chore.key]
            self._empty_chores.again()
        self._engine.works_again("catalogue")
        return True

    def _next_chore(self, conn: Connection, busy: dict[tuple[str, int], int]) -> Chore | None:
        """Return the most urgent chore that nobody does, of the lanes that have not enough runners already."""
        lanes: list[int] | None = None
        if self._mirror.transport.pacer.interval_ms:
            runners = Counter(busy.values())
            lanes = [lane for lane in Lane if runners[lane] < RUNNERS_PER_LANE and self._is_open(lane)]
        due = chores.due(conn, self._mirror.clock.now(), len(busy) + 1, lanes, self._engine.only)
        return next((chore for chore in due if (chore.kind, chore.key) not in busy), None)

    def _is_open(self, lane: Lane) -> bool:
        return not self._mirror.transport.pacer.keeps_back(lane)

    # -- lists ---------------------------------------------------------------------------------------------

    async def _walk_next(self) -> bool:
        """Walk the most urgent list that nobody walks. Return whether there was one."""
        if not self._may_ask():
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
        place = gap or feed
        try:
            with about(job=feed.job), contained(f"The list {feed.endpoint}", place.error):
                await self._walk(feed, gap)
        except Unforeseen as error:
            await self._put_off(feed, gap, str(error), backoff_ms(place.failures))
        except RateLimited as error:
            own = self.context.of_its_own(of_list(feed, gap), error, place.error)
            if own is None:
                raise
            await self._put_off(feed, gap, own, max(DAY_MS, backoff_ms(place.failures)))
        finally:
            self._walking.free(feed.id)
            self._empty_walks.again()
        self._engine.works_again("catalogue")
        self._engine.wakeup.wake()
        return True

    async def _walk(self, feed: Feed, gap: Gap | None) -> None:
        job, place = self._mirror.jobs.get(feed.job), gap or feed
        ctx = self.context.asking(place.failures, place.error)
        if job is None or await ctx.is_closed(feed):  # None: the configuration was reloaded meanwhile
            return
        source = sources.SOURCES[feed.endpoint](ctx, job, feed)
        if gap is None:
            walked = await walk.head(ctx.db, ctx.clock, feed, source, Lane(feed.lane))
            await ctx.heard_of(feed, walked.error)
            return
        lane = LANE_OF_GAP[gap.kind]

        def go_on() -> bool:
            wanted = feed.job in self._engine.active() and self._names(feed)
            return wanted and not self._walking.is_wanted(feed.id) and self._is_open(lane)

        walked = await walk.close(ctx.db, ctx.clock, feed, gap, source, lane, go_on=go_on)
        if walked.pages:
            await ctx.heard_of(feed, None)
        if walked.error is not None:
            await ctx.heard_of(feed, walked.error, gap)

    def _names(self, feed: Feed) -> bool:
        """Return whether the job that walks this list still names its artist."""
        job, user_id = self._mirror.jobs.get(feed.job), feed.params.get("user_id")
        return job is not None and job.names(user_id)

    async def _put_off(self, feed: Feed, gap: Gap | None, reason: str, wait_ms: int) -> None:
        """Put the list off in place of the walk, which could not even record its failure."""
        due = self._mirror.clock.now() + wait_ms
        if gap is None:
            await self._mirror.db.run(feeds.feed_failed, feed.id, due, reason)
        else:
            await self._mirror.db.run(feeds.gap_failed, gap.id, due, reason)

    def _next_walk(self, conn: Connection, busy: frozenset[int]) -> tuple[Feed, Gap | None] | None:
        now, names = self._mirror.clock.now(), self._engine.active()
        for feed in feeds.due_feeds(conn, names, now, len(busy) + 1):
            if feed.id not in busy and self._is_open(Lane(feed.lane)):
                return feed, None
        for feed, gap in feeds.due_gaps(conn, names, now, len(busy) + 64):
            if feed.id not in busy and self._is_open(LANE_OF_GAP[gap.kind]):
                return feed, gap
        for feed in feeds.due_refreshes(conn, names, now, len(busy) + 1):
            if feed.id not in busy and self._is_open(Lane.REFRESH):
                return feed, None
        return None


def _named(chore: Chore) -> dict[str, Any]:
    """Name the work or the artist that a chore is about, for the log."""
    if chore.kind in chores.Kind.about("work"):
        return {"work": str(Ref.of_work(chore.key))}
    return {"user": chore.key} if chore.kind in chores.Kind.about("user") else {}
