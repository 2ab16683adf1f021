"""The loops that do the work: some ask Pixiv (asking), some fetch files (fetching), one writes sidecars.

Each does what a query of the catalogue gives it (architecture: queue is a query); jobs only make things due. The
trouble of one loop pauses what shares its cause (account, network, disk) and nothing else.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from pixmirror.catalogue import chores, clocks, feeds, of_jobs, queue, runs
from pixmirror.catalogue.added import ADDED
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.words import length
from pixmirror.contained import contained
from pixmirror.daemon import upkeep
from pixmirror.daemon.asking import Asking
from pixmirror.daemon.estimates import keep_what_is_left
from pixmirror.daemon.fetching import Fetching, lanes_before
from pixmirror.daemon.mirror import Mirror, pull_back_times
from pixmirror.daemon.pings import Pings
from pixmirror.daemon.trouble import PIXIV, TROUBLE_S, UNFORESEEN, WARNING, WORKS_AGAIN, Troubles, cause_of
from pixmirror.daemon.wakeups import Wakeup
from pixmirror.errors import AccountWarned, NoRoom, PixmirrorError, RateLimited, Unforeseen
from pixmirror.fetch.worker import Worker
from pixmirror.logs import about
from pixmirror.models import Lane
from pixmirror.pixiv.waiting import WARNED, Blocked
from pixmirror.reports.doing import Doing
from pixmirror.sync.context import Job, JobResult
from pixmirror.sync.kinds import KINDS

log = logging.getLogger(__name__)

ALARM_S = 30.0  # at the most, between two looks for what is due
AGAIN_S = 5.0  # until the next look while something is due, which the loops go on with by themselves
UPKEEP_S = 300.0
TOLD_S = 60.0  # between two estimates of what is left that are kept
TOLD_IDLE_S = 600.0  # while no loop has work: then all that changes is how long a rest still lasts
NOT_OF_A_JOB = frozenset({"login", WARNING, PIXIV, "catalogue"})  # what cuts a run while it stands still
HELD_S = 600  # a lane that is blocked for longer is not waited for by `sync`


@dataclass(slots=True)
class Ran:
    """The runs of jobs that ended since the start: how many, by job and outcome, and the seconds they took."""

    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, job: str, outcome: str, ms: int) -> None:
        self.ended[job, outcome] += 1
        self.seconds[job] = self.seconds.get(job, 0.0) + max(ms, 0) / 1000


class Engine:
    """The loops and what they share. `only`: the jobs that are worked on, with what they want; None for all."""

    def __init__(
        self,
        mirror: Mirror,
        *,
        on_trouble: Callable[[str, PixmirrorError | None], None] | None = None,
        only: Sequence[str] | None = None,
    ):
        self.mirror = mirror
        self.only = only
        self.wakeup = Wakeup()
        self.trouble = Troubles()
        self.pings = Pings(mirror)
        self.files = 0  # stored since the start
        self._well: set[str] = set()  # causes for which nothing stood still when they were last heard of
        self.ran = Ran()
        self._on_trouble = on_trouble or (lambda cause, error: None)
        self._asking = Asking(self)
        self._fetching = Fetching(mirror, self.wakeup, only)
        self._running: list[str] = []
        self._latest = mirror.clock.now()
        self._logged_in = asyncio.Event()
        self._logged_in.set()

    def active(self) -> list[str]:
        """Return the jobs whose lists are walked now: enabled, not paused; and what was added by hand."""
        m = self.mirror
        paused = m.jobs if m.all_paused else m.paused
        named = m.jobs if m.all_paused else (*m.jobs, ADDED)
        return [name for name in named if name not in paused and (self.only is None or name in self.only)]

    def doing(self) -> Doing:
        """Return what is being done at this moment."""
        lists, questions = self._asking.doing()
        return Doing(tuple(self._running), lists, questions, list(self._fetching.under_way.values()))

    def lacks_room(self) -> NoRoom | None:
        """Return what to say of the files that the disk has no room for, if there are any."""
        return self._fetching.lacks_room()

    # -- loops ---------------------------------------------------------------------------------------------

    def start(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Start all loops in this group."""
        tasks = [group.create_task(self._loop(name, step)) for name, step in self._asking.loops()]
        write_sidecars = partial(upkeep.write_sidecars, self.mirror)
        tasks += [group.create_task(self._loop("sidecars", write_sidecars))]
        connections = range(self.mirror.config.pixiv.image_connections)
        tasks += [group.create_task(self._fetch_loop(f"fetch-{n}")) for n in connections]
        tasks += [group.create_task(part) for part in (self._alarm(), self._bookkeeper(), self._upkeep())]
        return tasks

    async def _loop(self, name: str, step: Callable[[], Awaitable[bool]]) -> None:
        """Take one step after the other; after a step that found nothing wait for the next wake-up."""
        while True:
            wakes = self.wakeup.busy(name)
            stands_still = self.trouble.errors.get(f"{UNFORESEEN}:{name}")
            try:
                with contained(f"The loop {name}", str(stands_still)):
                    worked = await step()
            except PixmirrorError as error:
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise asyncio.CancelledError from error  # what failed was the tidying up of a stop
                await self._rest_after(name, error)
                continue
            if stands_still is not None:
                self.works_again(f"{UNFORESEEN}:{name}")
            if not worked:
                await self.wakeup.wait(name, wakes)

    async def _rest_after(self, name: str, error: PixmirrorError) -> None:
        """Wait as long as this error asks for."""
        self.wakeup.pause(name)
        if isinstance(error, Unforeseen):
            # Tied to no one thing: this loop rests, the others go on.
            await self.mirror.clock.sleep(self.met_trouble(f"{UNFORESEEN}:{name}", error))
            return
        if error.scope == "item":
            # It should have ended where the item was; it must not stop everything else.
            log.error("%s: %s", name, error)
            await self.mirror.clock.sleep(TROUBLE_S[0])
            return
        cause = cause_of(error, fetching=name.startswith("fetch"))
        seconds = self.met_trouble(cause, error)
        if cause == "login":
            await self._logged_in.wait()
        elif cause not in (PIXIV, WARNING):  # for which all who ask wait together
            await self.mirror.clock.sleep(seconds)

    def met_trouble(self, cause: str, error: PixmirrorError) -> float:
        """Note what stands still, and tell of it if it is new. Return the seconds until the next try."""
        if isinstance(error, AccountWarned):
            self.mirror.freeze()
        first = cause not in self.trouble.errors
        self._well -= {cause, PIXIV} if cause == "login" else {cause}
        seconds = self.trouble.add(cause, error, self.mirror.clock.now())
        if first:
            if cause == "login":
                self._logged_in.clear()
            # That nothing is sent for a while, and until when, `run` and `sync` say by themselves.
            level = logging.DEBUG if is_limit(error) else logging.WARNING
            log.log(level, "%s. %s", str(error).rstrip("."), error.advice)
            self._on_trouble(cause, error)
        return seconds

    @contextmanager
    def minded(self, what: str) -> Iterator[None]:
        """Turn what fails in the block into trouble that is told until it goes well again; raise nothing."""
        cause = f"{UNFORESEEN}:{what}"
        known = self.trouble.errors.get(cause)
        try:
            with contained(what, str(known)):
                yield
        except Unforeseen as error:
            self.met_trouble(cause, error)
        except PixmirrorError as error:
            self.met_trouble(cause_of(error), error)
        else:
            if known is not None:
                self.works_again(cause)

    def remember_warning(self) -> None:
        """Tell that the account was warned, if it was before this process began and nobody has read it."""
        if self.mirror.is_warned:
            self.met_trouble(WARNING, AccountWarned(f"{WARNED}: nothing is sent."))

    def logged_in(self) -> None:
        """Let go on what waited for a login."""
        self.works_again("login")
        self._logged_in.set()
        self.wakeup.wake()

    def works_again(self, cause: str) -> None:
        """Note that nothing stands still for this cause. Tell it if something did; and the first time, as an
        earlier process may have ended while something did.
        """
        error, since = self.trouble.errors.get(cause), self.trouble.since.get(cause)
        is_over = self.trouble.over(cause)
        if cause not in self._well:
            self._well.add(cause)
            self._on_trouble(cause, None)
        if not is_over:
            return
        if since is not None and cause != "login":  # of which the login itself is told
            level = logging.DEBUG if is_limit(error) else logging.INFO
            after = length((self.mirror.clock.now() - since) / 1000)
            log.log(level, "Going on after %s: %s.", after, WORKS_AGAIN.get(cause, "it works again"))

    async def _fetch_loop(self, name: str) -> None:
        worker = self._fetching.worker()
        try:
            await self._loop(name, lambda: self._fetch(worker))
        finally:
            await worker.aclose()

    async def _fetch(self, worker: Worker) -> bool:
        found, stored = await self._fetching.step(worker)
        if stored:
            self.files += stored
            self.works_again("storage")
            self.works_again("images")
        return found

    async def _alarm(self) -> None:
        """Wake the loops when something that waits becomes due."""
        while True:
            due = None
            with self.minded("Looking for what is due"):
                due = await self.next_due()
            now = self.mirror.clock.now()
            wait = ALARM_S if due is None else min(ALARM_S, max(0.2, (due - now) / 1000))
            if due is not None and due <= now:
                self.wakeup.wake()
                wait = AGAIN_S
            await self.mirror.clock.sleep(wait)

    async def _upkeep(self) -> None:
        """Do what upkeep is due, and note the time, by which the next start sees whether the clock went back."""
        while True:
            with self.minded("Upkeep"):
                if await upkeep.run_due(self.mirror, self._on_trouble):
                    self.wakeup.wake()
            with self.minded("Noting the time"):
                await self.mirror.db.run(clocks.note, self.mirror.clock.now())
            await self.mirror.clock.sleep(UPKEEP_S)

    async def next_due(self) -> int | None:
        """Return when the next thing that waits is due and may be done, ms UTC."""
        names = self.active()
        held = self.held()
        asking = not self.mirror.all_paused and "login" not in self.trouble.errors and "walk" not in held
        fetching = not self.mirror.all_paused and "fetch" not in held
        before = lanes_before(self.mirror)

        def read(conn: Connection) -> list[int | None]:
            times = [feeds.next_due(conn, names), chores.next_due(conn)] if asking else []
            return [*times, queue.next_due(conn, before)] if fetching else times

        return min((t for t in await self.mirror.db.read(read) if t is not None), default=None)

    def held(self) -> dict[str, Blocked]:
        """Return which loops wait for long, by how their names begin: for quiet hours, a new day, a cool-down."""
        t = self.mirror.transport
        api, images = t.pacer.blocked_until(Lane.REFRESH), t.images.blocked_until()
        held = {"walk": api, "chore": api, "fetch": images}
        return {name: b for name, b in held.items() if b is not None and self._is_long(b)}

    def _is_long(self, blocked: Blocked) -> bool:
        return blocked.until is None or blocked.until > self.mirror.clock.now() + HELD_S * 1000

    async def _bookkeeper(self) -> None:
        """Save requests, bytes and pace: now and then, at each cool-down, and at the end."""
        told, before = 0.0, (-1, False)
        try:
            while True:
                state = (self.wakeup.wakes, self.wakeup.quiet())
                is_idle = state == before and state[1] and not self._running
                if self.mirror.clock.monotonic() - told >= (TOLD_IDLE_S if is_idle else TOLD_S):
                    told, before = self.mirror.clock.monotonic(), state
                    with self.minded("Estimating what is left"):
                        now = self.mirror.clock.now()
                        await self.mirror.db.run(keep_what_is_left, now, self.mirror.config)
                for _ in range(4):
                    await self.mirror.clock.sleep(0.5)
                    await self._look_at_the_clock()
                    if self.mirror.pace_unsaved():
                        break
                await self._save_spent()
        finally:
            await self._save_spent()

    async def _look_at_the_clock(self) -> None:
        """When the clock was set back, make due again what it had put off while it was ahead."""
        now, before = self.mirror.clock.now(), self._latest
        self._latest = now
        if now >= before - clocks.TOLERANCE_MS:
            return
        try:
            await self.mirror.db.run(clocks.note, before)
            await pull_back_times(self.mirror.db, now)
        except PixmirrorError as error:
            self._latest = before  # once more
            self.met_trouble(cause_of(error), error)
        self.wakeup.wake()

    async def _save_spent(self) -> None:
        with self.minded("Counting requests"):
            await self.mirror.save_spent()

    # -- jobs ----------------------------------------------------------------------------------------------

    async def run_job(self, job: Job) -> JobResult:
        """Run a job and record the run. What concerns everything becomes trouble: the job says so, and that its
        run was cut, which is no failure of the job.
        """
        m = self.mirror
        began = m.clock.now()
        run_id = await m.db.run(runs.start_run, job.name, job.kind, began)
        before = m.transport.counts.api
        self.wakeup.busy(f"job-{run_id}")
        self._running.append(job.name)
        self.pings.job_began(job.name)
        result: JobResult | None = None
        try:
            with about(job=job.name), contained(f"The job {job.name}"):
                await self._asking.pause_ended()
                result = await KINDS[job.kind].actions.run(self._asking.context, job)
                if result.error is not None:
                    await self._asking.decide()
        except PixmirrorError as error:
            if error.scope != "item":
                self.met_trouble(cause_of(error), error)
            result = replace(result or JobResult(), error=str(error), own=error.scope == "item")
        finally:
            self.wakeup.leave(f"job-{run_id}")
            self._running.remove(job.name)
            if result is not None and result.error and not NOT_OF_A_JOB.isdisjoint(self.trouble.errors):
                result = replace(result, own=False)
            self.pings.job_ended(job.name, result)
            self.ran.add(job.name, _outcome(result), m.clock.now() - began)
            await m.db.run(_end, run_id, job, result, m.transport.counts.api - before, began, m.clock.now())
        self.wakeup.wake()
        return replace(result, run=run_id)

    def held_back(self) -> Blocked | None:
        """Return what keeps even new works waiting for long."""
        blocked = self.mirror.transport.pacer.blocked_until(Lane.NEW)
        return blocked if blocked is not None and self._is_long(blocked) else None


def _outcome(result: JobResult | None) -> runs.Outcome:
    """Say how a run ended. Without a result it was interrupted, and so it was by what is not its own."""
    if result is None or (result.error and not result.own):
        return "interrupted"
    return "failed" if result.error else "done"


def is_limit(error: PixmirrorError | None) -> bool:
    """Return whether Pixiv asked for fewer requests, and it passes by itself."""
    return isinstance(error, RateLimited) and not isinstance(error, AccountWarned)


def _end(
    conn: Connection, run_id: int, job: Job, result: JobResult | None, requests: int, began: int, now: int
) -> None:
    """Record how a run ended, and all that came in meanwhile."""
    got, outcome = result or JobResult(), _outcome(result)
    new = sum(of_jobs.came_in(conn, job.name, began))
    runs.end_run(conn, run_id, outcome, now, new=new, seen=got.seen, requests=requests, error=got.error)
    if outcome != "interrupted":
        runs.job_done(conn, job.name, ok=outcome == "done", now=now)
