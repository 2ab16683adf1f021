"""`pixmirror sync`: run jobs once, due or not, do all that they made due, fetch the files, and end.

`sync` does it in a process of its own, `beside` in a running pixmirror that is asked; each ends with a SyncReport.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pixmirror.catalogue import chores, endpoints, feeds, of_jobs, queue, runs
from pixmirror.catalogue.added import ADDED
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.queue import MediaCounts
from pixmirror.daemon.engine import Engine, is_limit
from pixmirror.daemon.fetching import lanes_before
from pixmirror.daemon.mirror import Mirror
from pixmirror.daemon.notices import Notices
from pixmirror.daemon.trouble import LASTING, by_hand
from pixmirror.daemon.upkeep import judge_now, keep_counts
from pixmirror.errors import ConfigError, HeldBack, LoginError, PixmirrorError, exit_code
from pixmirror.ingest.broken import unread_works
from pixmirror.ledger.brake import Brake, brakes_on
from pixmirror.models import Lane
from pixmirror.pixiv.waiting import Blocked
from pixmirror.reports import syncs, troubles
from pixmirror.reports.moments import clock
from pixmirror.reports.troubles import Trouble
from pixmirror.sync.context import Job, JobResult

if TYPE_CHECKING:
    from pixmirror.daemon.serve import Daemon

SOON_MS = 8 * 3600 * 1000  # what failed is tried again within 6 hours; what is put off for longer is explained
LOOK_S = 5.0  # how often a running job is looked at
PATIENCE = 2  # strikes of one trouble, after which the end is not waited for


@dataclass(frozen=True, slots=True)
class Brought:
    """What one job brought: works (illusts, manga, ugoira) and novels that the mirror had not met before, of all
    pages; `seen`: entries of the lists' heads.
    """

    works: int = 0
    novels: int = 0
    seen: int = 0
    error: str | None = None

    @property
    def new(self) -> int:
        return self.works + self.novels


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How a sync ended, made by `report` alone; `exit_code` and `as_dict` are all that others see of it.

    `trouble` is what stopped it, `left` how many files may still come, `undone` how many lists and questions wait
    for a next try, `brakes` what seems gone and is not believed, which is no failure.
    """

    results: Mapping[str, Brought]
    files: MediaCounts
    trouble: PixmirrorError | None
    left: int = 0
    undone: int = 0
    brakes: tuple[Brake, ...] = ()
    requests: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    alone: bool = False  # no daemon runs

    @property
    def exit_code(self) -> int:
        failed = any(result.error for result in self.results.values())
        return exit_code(self.trouble, incomplete=failed or self.left + self.undone > 0)

    def _stopped_by(self) -> str | None:
        """Say what stopped it and what helps. Where no daemon runs nothing goes on by itself."""
        if self.trouble is None:
            return None
        advice = by_hand(self.trouble.advice) if self.alone else self.trouble.advice
        return f"{str(self.trouble).rstrip('.')}. {advice}".strip()

    def as_dict(self) -> dict[str, Any]:
        """Return what `sync --json` prints, and what a running pixmirror answers."""
        return {
            "jobs": {name: asdict(result) | {"new": result.new} for name, result in self.results.items()},
            "files": asdict(self.files),
            "left": self.left,
            "undone": self.undone,
            "requests": dict(self.requests),
            "trouble": self._stopped_by(),
            "held": " ".join(str(brake) for brake in self.brakes) or None,
            "troubles": [asdict(one) | {"text": str(one)} for one in self.troubles],
            "exit_code": self.exit_code,
        }


async def sync(mirror: Mirror, names: Sequence[str] = (), *, horizon_s: float = 60) -> SyncReport:
    """Run the named jobs, or all enabled ones, to the end. LoginError at once if Pixiv does not let us in."""
    wanted, results = await _apart_from_resting(mirror, names)
    jobs = [mirror.jobs[name] for name in wanted]
    async with _notices(mirror) as notices:
        engine = Engine(mirror, on_trouble=notices.trouble, only=tuple(names) or None)
        since = mirror.clock.now()
        engine.remember_warning()
        engine.pings.whole("start")
        blocked = engine.held_back()
        if blocked is None:
            await mirror.log_in()
            await mirror.db.run(ask_again, since)
            async with asyncio.TaskGroup() as group:
                loops = engine.start(group)
                running = group.create_task(_run(engine, jobs, results))
                blocked = await _ended(engine, (running,)) or await drain(engine, horizon_s)
                running.cancel()  # where it is held back
                # Who only ever runs `sync` has no other time for it, and all that was asked is answered.
                await judge_now(mirror, notices.trouble, settling_ms=0)
                for task in loops:
                    task.cancel()
            await _tell_what_works(engine, notices, results, proven=blocked is None)
        counts = mirror.transport.counts
        requests = {"api": counts.api, "image": counts.image}
        ended = await report(engine, names, results, since, blocked, requests=requests)
        await keep_counts(mirror, notices.trouble, every_ms=0)
        await mirror.db.run(troubles.keep, engine.trouble.as_data(mirror.clock.now()))
        await mirror.db.run(syncs.note_sync, since, mirror.clock.now(), ended.exit_code)
        await notices.send_digest()
        engine.pings.sync_ended(ended.exit_code)
        await engine.pings.settled()
        return ended


@asynccontextmanager
async def _notices(mirror: Mirror) -> AsyncIterator[Notices]:
    """Send notices as a running pixmirror does: who runs `sync` by cron looks at no terminal."""
    notices = Notices(mirror)
    telling = asyncio.create_task(notices.tell())
    try:
        yield notices
    except LoginError as error:
        notices.trouble("login", error)
        raise
    finally:
        await notices.all_told()
        telling.cancel()


async def _tell_what_works(
    engine: Engine, notices: Notices, results: Mapping[str, JobResult], *, proven: bool
) -> None:
    """Tell that what an earlier process could not get over is over. `proven`: Pixiv answered to the end."""
    over = ["login", "catalogue", *(["pixiv"] if proven else ()), *(["images"] if engine.files else ())]
    for cause in over:
        if cause not in engine.trouble.errors:
            notices.trouble(cause, None)
    if "storage" not in engine.trouble.errors:
        notices.disk_works()
    states = await engine.mirror.db.read(runs.job_states)
    for name, result in results.items():
        failures = states[name].failures if name in states else 0
        if result.own:
            await notices.job_ended(name, result.error, failures)


def _jobs_to_run(mirror: Mirror, asked: Sequence[str]) -> list[str]:
    """Return the jobs that were asked for, or all that are not paused. ConfigError where that cannot be."""
    unknown = sorted(set(asked) - set(mirror.jobs))
    if unknown:
        known = ", ".join(mirror.jobs) or "none"
        raise ConfigError(f"No enabled job is called {', '.join(unknown)}; enabled jobs: {known}.")
    if mirror.pause_of_all is not None:
        raise ConfigError("Everything is paused; `pixmirror resume` first.")
    paused = [name for name in asked if name in mirror.paused]
    if paused:
        raise ConfigError(f"{', '.join(paused)} is paused; `pixmirror resume {paused[0]}` first.")
    return list(asked) or [name for name in mirror.jobs if name not in mirror.paused]


async def _apart_from_resting(mirror: Mirror, asked: Sequence[str]) -> tuple[Sequence[str], dict[str, JobResult]]:
    """Return the jobs to run now, and what to say of those that rest and were not asked for by name."""
    wanted, now = _jobs_to_run(mirror, asked), mirror.clock.now()
    rests = {} if asked else await mirror.db.read(runs.resting)
    resting = {name: rest for name, rest in rests.items() if name in wanted and now < rest.until}
    told = {name: JobResult(error=_rests(name, rest, now), own=False) for name, rest in resting.items()}
    return [name for name in wanted if name not in resting], told


def _rests(name: str, rest: runs.Rest, now: int) -> str:
    return (
        f"It failed {rest.failures} times in a row and rests until {clock(rest.until, now)}; "
        f"`pixmirror sync {name}` asks at once. {rest.reason}"
    )


async def beside(daemon: "Daemon", asked: Sequence[str]) -> SyncReport:
    """Do the same in a running pixmirror, whose other work goes on.

    Run these jobs (empty: all), due or not, and wait until what they made due is done or is held back for long.
    """
    engine, mirror = daemon.engine, daemon.mirror
    names, results = await _apart_from_resting(mirror, asked)
    if (no_login := engine.trouble.errors.get("login")) is not None:
        raise copy.copy(no_login)
    since = mirror.clock.now()
    blocked = engine.held_back()
    if blocked is None:
        await mirror.db.run(ask_again, since)
        engine.wakeup.wake()
        # Those under way began before they were asked: what is newer they may not see.
        blocked = await _ended(engine, [task for name, task in daemon.running.items() if name in names])
        begun = {name: task for name in names if (task := daemon.start_job(name)) is not None}
        blocked = blocked or await _ended(engine, begun.values())
        last = await mirror.db.read(runs.last_runs)  # others may begin while this waits for what they found
        blocked = blocked or await drain(engine, names=asked or None)
        results |= {
            name: JobResult(run.seen, run.error, run=run.id)
            for name, run in last.items()
            if name in begun and run.started_at >= since
        }
    return await report(engine, asked, results, since, blocked)


async def _ended(engine: Engine, tasks: Iterable[asyncio.Task[None]]) -> Blocked | None:
    """Wait until these have ended, or until nothing at all is sent for long; then return why."""
    left = set(tasks)
    while left:
        if (blocked := engine.held_back()) is not None:
            return blocked
        _, left = await asyncio.wait(left, timeout=LOOK_S)
    return None


async def _run(engine: Engine, jobs: Sequence[Job], results: dict[str, JobResult]) -> None:
    for job in jobs:  # one after the other
        results[job.name] = await engine.run_job(job)


def ask_again(conn: Connection, now: int) -> None:
    """Try now what failed and waits for its next try: somebody asks. What is put off for long stays so."""
    queue.ask_now(conn)
    feeds.ask_again(conn, now, now + SOON_MS)
    chores.ask_again(conn, now, now + SOON_MS)
    endpoints.ask_again(conn, now, now + SOON_MS)


async def drain(engine: Engine, horizon_s: float = 60, names: Sequence[str] | None = None) -> Blocked | None:
    """Wait until nothing is due, and nothing will be within `horizon_s`, or until trouble outlasts patience.

    With `names` only what these jobs want counts, whatever else goes on. Return what holds back the rest for
    long, if something is left that it holds back.
    """
    names = names or engine.only
    while True:
        await engine.mirror.clock.sleep(0.05 if names is None else 0.5)
        held = engine.held()
        if names is engine.only and not engine.wakeup.quiet(ignoring=tuple(held)):
            continue
        if any(n >= PATIENCE or c in LASTING for c, n in engine.trouble.strikes.items()):
            return next(iter(held.values()), None)
        before = engine.mirror.clock.now() + round(horizon_s * 1000)
        if await is_due(engine, names, before, tuple(held), lanes_before(engine.mirror)):
            continue
        if held:
            return next(iter(held.values())) if await is_due(engine, names, before, (), queue.ALL_LANES) else None
        if names is not engine.only or engine.wakeup.quiet():
            return await _kept_back(engine, names)


async def is_due(
    engine: Engine, names: Sequence[str] | None, before: int, held: Sequence[str], lanes: int
) -> bool:
    """Return whether something is due by then: files in lanes before `lanes`; nothing for the loops in `held`."""
    asking = "login" not in engine.trouble.errors and "walk" not in held

    def read(conn: Connection) -> bool:
        if names is None:
            times = [feeds.next_due(conn, engine.active()), chores.next_due(conn)] if asking else []
            times += [queue.next_due(conn, lanes)] if "fetch" not in held else []
            return any(t is not None and t <= before for t in times)
        due = feeds.next_due(conn, names) if asking else None
        return (
            (due is not None and due <= before)
            or (asking and of_jobs.questions_due(conn, names, before, tuple(Lane)))
            or ("fetch" not in held and of_jobs.files_due(conn, names, before, lanes))
        )

    return not engine.mirror.all_paused and await engine.mirror.db.read(read)


async def _kept_back(engine: Engine, names: Sequence[str] | None) -> Blocked | None:
    """Return why files are left, if today's last bytes are not for them."""
    blocked = engine.mirror.transport.images.blocked_until(Lane.BACKFILL)
    left = blocked and await is_due(engine, names, engine.mirror.clock.now(), ("walk",), queue.ALL_LANES)
    return blocked if left else None


async def report(
    engine: Engine,
    asked: Sequence[str],
    results: Mapping[str, JobResult],
    since: int,
    blocked: Blocked | None,
    *,
    requests: Mapping[str, int] | None = None,
) -> SyncReport:
    """Tell how a sync that began at `since` ended. `asked`: its jobs, empty for all; `blocked`: what holds it."""
    mirror = engine.mirror
    trouble = next(iter(engine.trouble.errors.values()), None)
    if blocked is not None and (trouble is None or is_limit(trouble)):
        trouble = HeldBack(f"Nothing more is asked for now, {until(blocked, mirror.clock.now())}.")
    now, names = mirror.clock.now(), (*(results or mirror.jobs), ADDED)

    def read(conn: Connection) -> SyncReport:
        files = queue.counts(conn)
        if asked:
            left = of_jobs.files_left(conn, asked)
            undone = feeds.undone(conn, asked, now) + chores.failing(conn, now + SOON_MS, asked)
        else:
            left = files.wanted + files.waiting + files.failed
            undone = feeds.undone(conn, names, now) + chores.failing(conn, now + SOON_MS)
            undone += len(unread_works(conn, now))
        brought = {
            name: Brought(*of_jobs.came_in(conn, name, since), result.seen, result.error)
            for name, result in results.items()
        }
        brakes, known = brakes_on(conn), troubles.known(conn, now)
        alone = requests is not None
        stopped = trouble or (engine.lacks_room() if left else None)
        return SyncReport(brought, files, stopped, left, undone, brakes, requests or {}, known, alone)

    found = await mirror.db.read(read)
    for name, result in results.items():
        if result.run is not None:
            await mirror.db.run(
                runs.note_new, result.run, found.results[name].new
            )  # so that `status` says the same
    return found


def until(blocked: Blocked, now: int) -> str:
    """Say until when nothing is sent, in local time, and why."""
    when = f"before `{blocked.ended_by}`"
    if blocked.until is not None:
        when = f"before {clock(blocked.until, now)}"
    return f"{when}: {blocked.reason}"
