"""The mirror through the year: it runs some days, is stopped or killed, and comes back after minutes or days."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pixmirror.catalogue import runs
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.mirror import Mirror, open_mirror
from pixmirror.errors import CatalogueError, PixmirrorError
from pixmirror.ledger import judge
from pixmirror.ledger.brake import brakes_on
from pixmirror.models.jobs import JobConfig
from pixmirror.pixiv.pacing import PacerState
from pixmirror.sync.kinds import BookmarksJob, FollowingJob, RankingJob
from tests.simulation.clock import DAY_MS, HOUR_MS, YearClock
from tests.simulation.recorder import Recorder
from tests.standin import Setup

TOP = 15


def jobs(every: str) -> tuple[JobConfig, ...]:
    """Everything that is mirrored, so often; the ranking daily."""
    return (
        FollowingJob(name="following", kind="following", every=every),
        BookmarksJob(name="bookmarks", kind="bookmarks", every=every),
        RankingJob(name="ranking", kind="ranking", every="1d", media=("illust",), modes=("day",), top=TOP),
    )


PER_MINUTE, PER_DAY = 30, 400
PIXIV = {"requests_per_minute": PER_MINUTE, "requests_per_day": PER_DAY, "image_connections": 1}
UP_DAYS = 4.0
PATIENCE_S = 60.0
DOWN_MS = (5 * 60_000, HOUR_MS, 10 * HOUR_MS, DAY_MS, 4 * DAY_MS)  # at most, one of these


@dataclass(slots=True)
class Lanes:
    """Requests by lane and Japanese day, as the pacer counts them."""

    by_day: Counter[tuple[str, str]] = field(default_factory=Counter)
    _last: dict[str, int] = field(default_factory=dict)

    def watch(self, state: PacerState) -> None:
        """One request was started, or the pace changed."""
        now = dict(state.spent_by_lane)
        for lane, count in now.items():
            before = self._last.get(lane, 0)
            self.by_day[state.day, lane] += count - before if count >= before else count
        self._last = now

    def opened(self, state: PacerState) -> None:
        self._last = dict(state.spent_by_lane)

    @property
    def total(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (_, lane), count in self.by_day.items():
            found[lane] += count
        return found


@dataclass(slots=True)
class Keeper:
    """Keeps the mirror running, more or less, until the year ends."""

    setup: Setup
    clock: YearClock
    recorder: Recorder
    rng: Random
    end_ms: int
    quiet_from: int
    lanes: Lanes = field(default_factory=Lanes)
    stops: int = 0
    kills: int = 0
    down_ms: int = 0
    brakes: list[str] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)

    async def keep(self) -> None:
        """Until the end; in the quiet days there is only a short downtime, now and then."""
        while (now := self.clock.now()) < self.end_ms:
            up = now + int(max(2 * HOUR_MS, self.rng.expovariate(1 / UP_DAYS) * DAY_MS))
            if up >= self.end_ms:
                await self._run(self.end_ms, kill=False)
                return
            await self._run(up, kill=self.rng.random() < 0.6)
            begin = self.clock.now()
            down = int(self.rng.choice(DOWN_MS) * self.rng.random())
            if begin > self.quiet_from:
                down = min(down, HOUR_MS)
            await self.clock.until(min(begin + down, self.end_ms - 2 * DAY_MS))
            self.down_ms += self.clock.now() - begin

    async def _run(self, until: int, *, kill: bool) -> None:
        dead = asyncio.Event()
        begin = self.clock.now()
        with suppress(_Killed):
            async with open_mirror(self.setup.config(), {}, clock=self.clock) as mirror:
                self._watch(mirror)
                await mirror.log_in()
                await self._work(mirror, until, dead if kill else None)
        self.clock.idle = lambda: False
        self.recorder.disarm()
        if dead.is_set():
            self.kills += 1
            self.recorder.killed(self.clock.now(), self.clock.now())
        elif until < self.end_ms:
            self.stops += 1
        assert self.clock.now() > begin

    def _watch(self, mirror: Mirror) -> None:
        pacer = mirror.transport.pacer
        self.lanes.opened(pacer.state)
        pacer._on_change = self.lanes.watch

    async def _work(self, mirror: Mirror, until: int, dead: asyncio.Event | None) -> None:
        engine = Engine(mirror, on_trouble=self._trouble)
        self.clock.idle = lambda: engine.wakeup.quiet(ignoring=tuple(engine.held()))
        async with asyncio.TaskGroup() as group:
            tasks = [*engine.start(group), group.create_task(self._jobs(engine))]
            tasks.append(group.create_task(self._user(mirror)))
            await self.clock.until(until)
            if dead is not None:
                self._arm(mirror, dead)
                await dead.wait()
            await self._end(tasks)
        if dead is not None:
            raise _Killed

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        """Cancels them, as often as it needs: one that goes on all the same is told of."""
        left = set(tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=PATIENCE_S)
            self.troubles.update(f"went on although cancelled: {task.get_coro()}" for task in left)

    def _trouble(self, cause: str, error: PixmirrorError | None) -> None:
        if error is not None:
            self.troubles[f"{cause}: {error}"] += 1

    def _arm(self, mirror: Mirror, dead: asyncio.Event) -> None:
        """At the next answer, of a file if one comes, nothing more is written."""
        after = self.rng.randrange(1, 12)

        def when(path: str) -> bool:
            nonlocal after
            after -= 1
            return after <= 0

        async def refuse(*_: Any, **__: Any) -> Any:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError  # what cleans up when it ends must not go on
            raise CatalogueError("The process is dead.")

        def die() -> None:
            mirror.db.run = refuse  # type: ignore[method-assign]
            dead.set()

        self.recorder.arm(when, die)

    async def _user(self, mirror: Mirror) -> None:
        """Whoever owns the mirror: reads the notice of a brake within a day or two, and knows that it is true."""
        while True:
            await self.clock.until(self.clock.now() + DAY_MS)
            for brake in await mirror.db.read(brakes_on):
                if brake.why == "many" and self.clock.now() - brake.since >= DAY_MS:
                    self.brakes.append(f"{brake.kind}: {brake.count} of {brake.live}")
                    await mirror.db.run(judge.accept, brake.kind, self.clock.now())

    async def _jobs(self, engine: Engine) -> None:
        """Runs each job when it is due: `every` after its last end, overdue ones at once."""
        mirror = engine.mirror
        every = {job.name: int(job.every or 3600) * 1000 for job in self.setup.jobs}
        states = await mirror.db.read(runs.job_states)
        due = {name: (states[name].last_done_at or 0) + every[name] if name in states else 0 for name in every}
        while True:
            name = min(due, key=lambda n: due[n])
            await self.clock.until(due[name])
            self.clock.wake()
            try:
                await engine.run_job(mirror.jobs[name])
            except CatalogueError:
                return  # dead: not even its end could be recorded
            due[name] = self.clock.now() + every[name]


class _Killed(Exception):
    """The process is no more; nothing was closed in order."""
