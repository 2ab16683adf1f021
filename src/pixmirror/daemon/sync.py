"""`pixmirror sync`: run jobs once, due or not, do all that they made due, fetch the files, and end.

By itself or by a running pixmirror that is asked: how it ended is told by one report, with one exit code.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pixmirror.catalogue import chores, feeds, of_jobs, queue
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.queue import MediaCounts
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.judging import judge_now
from pixmirror.daemon.mirror import Mirror, jobs_to_run
from pixmirror.errors import HeldBack, PixmirrorError, RateLimited, exit_code
from pixmirror.ingest.broken import unread_works
from pixmirror.ledger.brake import Brake, brakes_on
from pixmirror.models import from_ms
from pixmirror.pixiv import Blocked
from pixmirror.reports import troubles
from pixmirror.reports.troubles import Trouble
from pixmirror.sync.context import Job, JobResult

SOON_MS = 8 * 3600 * 1000  # what failed is tried again within 6 hours; what is put off for longer is explained
LOOK_S = 5.0  # how often a running job is looked at


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
    """How a sync ended. `trouble` is what stopped it, `left` how many files may still come, `undone` how many
    lists and questions wait for a next try.

    `brakes`: what seems gone and is not believed, which is no failure.
    """

    results: Mapping[str, Brought]
    files: MediaCounts
    trouble: PixmirrorError | None
    left: int = 0
    undone: int = 0
    brakes: tuple[Brake, ...] = ()
    requests: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()

    @property
    def exit_code(self) -> int:
        failed = any(result.error for result in self.results.values())
        return exit_code(self.trouble, incomplete=failed or self.left + self.undone > 0)

    def as_dict(self) -> dict[str, Any]:
        """As `sync --json` prints it, and as a running pixmirror answers it."""
        return {
            "jobs": {name: asdict(result) | {"new": result.new} for name, result in self.results.items()},
            "files": asdict(self.files),
            "requests": dict(self.requests),
            "trouble": f"{self.trouble} {self.trouble.advice}".strip() if self.trouble else None,
            "held": " ".join(str(brake) for brake in self.brakes) or None,
            "troubles": [asdict(one) | {"text": str(one)} for one in self.troubles],
            "exit_code": self.exit_code,
        }

    @property
    def requests_api(self) -> int:
        return self.requests.get("api", 0)

    @property
    def requests_image(self) -> int:
        return self.requests.get("image", 0)


async def sync(
    mirror: Mirror,
    names: Sequence[str] = (),
    *,
    observe: Callable[[Engine], None] = lambda engine: None,
    horizon_s: float = 60,
) -> SyncReport:
    """Run the named jobs, or all enabled ones, to the end. Raises LoginError at once if there is no way in."""
    jobs = [mirror.jobs[name] for name in jobs_to_run(mirror, names)]
    engine = Engine(mirror, only=tuple(names) or None)
    observe(engine)
    since, results = mirror.clock.now(), dict[str, JobResult]()
    blocked = engine.held_back()
    if blocked is None:
        await mirror.log_in()
        await mirror.db.run(ask_again, since)
        async with asyncio.TaskGroup() as group:
            loops = engine.start(group)
            blocked = await _run(engine, jobs, results) or await engine.drain(horizon_s)
            # Who only ever runs `sync` has no other time for it, and all that was asked is answered.
            await judge_now(mirror, lambda cause, error: None, settling_ms=0)
            for task in loops:
                task.cancel()
    counts = mirror.transport.counts
    requests = {"api": counts.api, "image": counts.image}
    ended = await report(engine, names, results, since, blocked, requests=requests)
    await mirror.db.run(troubles.keep, engine.trouble.as_data(mirror.clock.now()))
    return ended


async def _run(engine: Engine, jobs: Sequence[Job], results: dict[str, JobResult]) -> Blocked | None:
    """Run the jobs one after the other. Stop and return why, if nothing at all is sent for long."""

    async def run() -> None:
        for job in jobs:
            results[job.name] = await engine.run_job(job)

    running = asyncio.create_task(run())
    try:
        while not running.done():
            if (blocked := engine.held_back()) is not None:
                return blocked
            await asyncio.wait((running,), timeout=LOOK_S)
        running.result()
        return None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def ask_again(conn: Connection, now: int) -> None:
    """Whoever asks now need not wait for the next try of what failed; what is put off for long stays so."""
    queue.ask_now(conn)
    feeds.ask_again(conn, now, now + SOON_MS)
    chores.ask_again(conn, now, now + SOON_MS)


async def report(
    engine: Engine,
    asked: Sequence[str],
    results: Mapping[str, JobResult],
    since: int,
    blocked: Blocked | None,
    *,
    requests: Mapping[str, int] | None = None,
) -> SyncReport:
    """Tell how a sync ended that began at `since`. `asked`: its jobs, empty for all; `blocked`: what holds it."""
    mirror = engine.mirror
    trouble = next(iter(engine.trouble.errors.values()), None)
    if blocked is not None and (trouble is None or isinstance(trouble, RateLimited)):
        trouble = HeldBack(f"Nothing more is asked for now, {until(blocked)}.")
    files, left, undone, brought, brakes = await mirror.db.read(
        _standing, tuple(asked), tuple(results) or tuple(mirror.jobs), results, since, mirror.clock.now()
    )
    return SyncReport(
        results=brought, files=files, trouble=trouble, left=left, undone=undone, brakes=brakes,
        requests=dict(requests or {}), troubles=await mirror.db.read(troubles.known, mirror.clock.now()),
    )  # fmt: skip


def until(blocked: Blocked) -> str:
    """Until when nothing is sent, and why; local time."""
    when = "before `pixmirror resume`"
    if blocked.until is not None:
        when = f"before {from_ms(blocked.until).astimezone().isoformat(' ', 'minutes')[:16]}"
    return f"{when}: {blocked.reason}"


def _standing(
    conn: Connection,
    asked: Sequence[str],
    names: Sequence[str],
    results: Mapping[str, JobResult],
    since: int,
    now: int,
) -> tuple[MediaCounts, int, int, dict[str, Brought], tuple[Brake, ...]]:
    files = queue.counts(conn)
    if asked:
        left = of_jobs.files_left(conn, asked)
        undone = feeds.undone(conn, asked, now) + of_jobs.failing(conn, asked, now + SOON_MS)
    else:
        left = files.wanted + files.waiting + files.failed
        undone = feeds.undone(conn, names, now) + chores.failing(conn, now + SOON_MS)
        undone += len(unread_works(conn, now))
    brought = {
        name: Brought(*of_jobs.came_in(conn, name, since), result.seen, result.error)
        for name, result in results.items()
    }
    return files, left, undone, brought, brakes_on(conn)
