"""`pixmirror sync`: run jobs once, due or not, do all that they made due, fetch the files, and end."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pixmirror.catalogue import chores, feeds, queue
from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.ingest.broken import unread_works
from pixmirror.catalogue.ledger import judge
from pixmirror.catalogue.ledger.judge import Brake
from pixmirror.catalogue.queue import MediaCounts
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.judging import judge_now
from pixmirror.daemon.mirror import Mirror, jobs_to_run
from pixmirror.errors import PixmirrorError
from pixmirror.sync.context import JobResult

SOON_MS = 8 * 3600 * 1000  # what failed is tried again within 6 hours; what is put off for longer is explained


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How a sync ended. `trouble` is what stopped it, `undone` how many lists and chores wait for a next try.

    `brakes`: what seems gone and is not believed, which is no failure.
    """

    results: dict[str, JobResult]
    files: MediaCounts
    requests_api: int
    requests_image: int
    trouble: PixmirrorError | None
    undone: int = 0
    brakes: tuple[Brake, ...] = ()

    @property
    def exit_code(self) -> int:
        if self.trouble is not None:
            return self.trouble.exit_code
        unfinished = self.files.wanted + self.files.waiting + self.files.failed + self.undone
        return 7 if unfinished or any(r.error for r in self.results.values()) else 0


async def sync(
    mirror: Mirror,
    names: Sequence[str] = (),
    *,
    observe: Callable[[Engine], None] = lambda engine: None,
    horizon_s: float = 60,
) -> SyncReport:
    """Run the named jobs, or all enabled ones, to the end. Raises LoginError at once if there is no way in."""
    jobs = [mirror.jobs[name] for name in jobs_to_run(mirror, names)]
    await mirror.log_in()
    await mirror.db.run(queue.ask_now)  # whoever asks now need not wait for what was put off
    engine = Engine(mirror)
    observe(engine)
    async with asyncio.TaskGroup() as group:
        loops = engine.start(group)
        results = await engine.run_jobs(jobs)
        await engine.drain(horizon_s)
        # Who only ever runs `sync` has no other time for it, and all that was asked is answered.
        await judge_now(mirror, lambda cause, error: None, settling_ms=0)
        for task in loops:
            task.cancel()
    counts = mirror.transport.counts
    return SyncReport(
        results={job.name: result for job, result in zip(jobs, results, strict=True)},
        files=await mirror.db.read(queue.counts),
        requests_api=counts.api,
        requests_image=counts.image,
        trouble=next(iter(engine.trouble.errors.values()), None),
        brakes=await mirror.db.read(judge.brakes),
        undone=await mirror.db.read(_undone, [job.name for job in jobs], mirror.clock.now()),
    )


def _undone(conn: Connection, names: Sequence[str], now: int) -> int:
    return feeds.undone(conn, names, now) + chores.failing(conn, now + SOON_MS) + len(unread_works(conn, now))
