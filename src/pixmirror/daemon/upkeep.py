"""What asks Pixiv nothing: sidecars, as they are due, and tasks, each at its interval, kept over restarts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from pixmirror import verify
from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Connection
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.contained import contained
from pixmirror.daemon.estimates import what_is_left
from pixmirror.daemon.mirror import Mirror
from pixmirror.errors import ConfigError, PixmirrorError, StorageError, Unforeseen, UpstreamBrake, WebLoginExpired
from pixmirror.fetch import trash
from pixmirror.ingest import sidecars, stats, web_health, web_lists
from pixmirror.ingest.sidecars import Sidecar
from pixmirror.ledger import agenda, brake, judge
from pixmirror.reports import kept, proof
from pixmirror.store import MirrorRoot
from pixmirror.sync import refresh
from pixmirror.verify import mending
from pixmirror.verify.passes import Pass

SIDECARS_AN_HOUR = 2_000
AT_ONCE = 64
RUNS_DAYS = 90  # for so long each run has its row

Failed: TypeAlias = dict[str, PixmirrorError]  # by path
Digests: TypeAlias = dict[str, bytes]
Tell: TypeAlias = Callable[[str, PixmirrorError | None], None]


@dataclass(frozen=True, slots=True)
class Task:
    """`run` gets the mirror and a way to tell the user: tell(cause, error), or (cause, None) when it is over."""

    name: str
    every_ms: int
    run: Callable[[Mirror, Tell], Awaitable[None]]


async def _plan_lists(mirror: Mirror, tell: Tell) -> None:
    wanted = refresh.wishes(mirror.account_id, mirror.jobs)
    await refresh.plan_lists(mirror.db, wanted, mirror.config.pixiv.requests_per_day, mirror.clock.now())


async def _find_works(mirror: Mirror, tell: Tell) -> None:
    wanted = refresh.wishes(mirror.account_id, mirror.jobs)
    await refresh.find_works(mirror.db, wanted, mirror.config.pixiv.requests_per_day, mirror.clock.now())


async def _trash(mirror: Mirror, tell: Tell) -> None:
    """Finish moves that were interrupted, and remove what has lain in the trash for long enough."""
    with suppress(StorageError):  # the next time, then: the fetchers tell of the disk
        await trash.settle(mirror.db, mirror.root, thorough=True)
        await trash.purge(mirror.db, mirror.root, mirror.clock.now())


async def _ask_the_web(mirror: Mirror, tell: Tell) -> None:
    """Ask for what only the cookie shows, and tell whether Pixiv still takes it."""
    if mirror.web is not None:
        now = mirror.clock.now()
        await mirror.db.run(web_lists.ask_overdue, mirror.account_id, now)
        await mirror.db.run(web_lists.ask_all_hidden, now)
        await mirror.db.run(agenda.look_into_inbox, mirror.account_id, now)
        if tags := await mirror.db.read(agenda.unread_tags, now):
            await mirror.db.run(agenda.ask_for_readings, tags, now)
    refusal = await mirror.db.read(web_health.refusal)
    tell("web", WebLoginExpired(str(refusal)) if refusal is not None else None)


async def _thin_stats(mirror: Mirror, tell: Tell) -> None:
    """Thin out old counters, a few thousand rows at a time so that nobody waits long for the writer."""
    after: int | None = -1
    while after is not None:
        after = await mirror.db.run(stats.thin, mirror.clock.now(), stats.CHUNK, after)


async def _thin_runs(mirror: Mirror, tell: Tell) -> None:
    """Make one row a job and day of old runs, a month at a time."""
    before = mirror.clock.now() // DAY_MS * DAY_MS - RUNS_DAYS * DAY_MS  # whole days
    after: int | None = -1
    while after is not None:
        after = await mirror.db.run(runs.thin, before, after)


async def _tidy(mirror: Mirror, tell: Tell) -> None:
    """Write the catalogue's log back and cut it off."""
    await mirror.db.tidy()


async def _find_back(mirror: Mirror, tell: Tell) -> None:
    """Store again files that were lost and given up and lie in place now, or in a copy."""
    with suppress(StorageError):  # the next time, then: the fetchers tell of the disk
        await asyncio.to_thread(mirror.root.check_media)
        await verify.find_back(mirror.db, mirror.root.media, mirror.clock.now(), given_up=True)
        if mirror.config.copies:
            await mending.from_copies(looking(mirror))


async def _renew_sidecars(mirror: Mirror, tell: Tell) -> None:
    """Write again, a few at a time, the sidecars from before files were listed with their hashes, and those of
    novels from before their texts lay beside them.
    """
    if not mirror.config.mirror.sidecars:
        return
    for key, novels_only in ((sidecars.RENEWED, False), (sidecars.RENEWED_TEXTS, True)):
        after = await mirror.db.read(runs.get_meta, key) or "-1"
        if after != sidecars.DONE:
            renew = partial(sidecars.renew, novels_only=novels_only)
            last = await mirror.db.run(renew, int(after), SIDECARS_AN_HOUR)
            await mirror.db.run(runs.set_meta, key, sidecars.DONE if last is None else str(last))


async def keep_counts(mirror: Mirror, tell: Tell, every_ms: int = kept.SOON_MS) -> None:
    """Count what `status` tells with an "as of", if enough has happened since the last time."""
    now = mirror.clock.now()
    if mirror.account_id and await mirror.db.read(kept.is_due, now, every_ms):
        jobs = [job for job in mirror.config.jobs if job.enabled]
        counted, proven = await mirror.db.read(proof.count, mirror.account_id, jobs, now)
        left = await mirror.db.read(what_is_left, now, mirror.config)
        if left.disk is not None:
            counted = replace(counted, growth=kept.Growth(left.disk.per_day, left.disk.history))
        await mirror.db.run(proof.save, proven)
        await mirror.db.run(kept.save, counted)  # last: where this was cut, it is counted again
        if left.is_done and counted.complete.as_of is not None:
            await mirror.db.run(kept.note_whole, now)


async def judge_now(mirror: Mirror, tell: Tell, settling_ms: int = HOUR_MS) -> None:
    """Decide what is in doubt, and tell which brakes hold. `settling_ms` 0: no answer is on its way."""
    share = mirror.config.mirror.brake_percent / 100
    judged = await mirror.db.run(judge.judge, mirror.clock.now(), share, settling_ms)
    troubles = brake.troubles(judged.brakes, mirror.clock.now())
    tell("brake", UpstreamBrake(" ".join(map(str, troubles))) if troubles else None)


def looking(mirror: Mirror, rest: verify.Rest = verify.no_rest) -> Pass:
    """Return what the passes over what is stored here need."""
    copies = [copy.path for copy in mirror.config.copies]
    root = mirror.root
    return Pass(
        mirror.db, root.media, mirror.clock.now(), guard=root.check_media, root=root, copies=copies, rest=rest
    )


TASKS: tuple[Task, ...] = (
    Task("web", HOUR_MS, _ask_the_web),
    Task("judge", 6 * HOUR_MS, judge_now),
    Task("refresh lists", HOUR_MS, _plan_lists),
    Task("refresh works", 24 * HOUR_MS, _find_works),
    Task("trash", 6 * HOUR_MS, _trash),
    Task("lost files", 24 * HOUR_MS, _find_back),
    Task("sidecars", HOUR_MS, _renew_sidecars),
    Task("thin stats", 24 * HOUR_MS, _thin_stats),
    Task("thin runs", 24 * HOUR_MS, _thin_runs),
    Task("tidy", 6 * HOUR_MS, _tidy),
    Task("counts", 5 * 60_000, keep_counts),
)


async def run_due(mirror: Mirror, tell: Tell) -> int:
    """Run the tasks that are due. Return how many ran.

    One that fails stops none of the others; the first error is raised after all had their turn. What nobody has
    foreseen is told as this task's trouble, and the task runs again at its interval.
    """
    done, failed = 0, None
    began = await mirror.db.read(_last_begun)
    for task in TASKS:
        now, key = mirror.clock.now(), _key(task)
        # A clock that was set back must not put a task off for long.
        if 0 <= now - began[task.name] < task.every_ms:
            continue
        try:
            with contained(f"Upkeep ({task.name})"):
                await task.run(mirror, tell)
            tell(key, None)
        except Unforeseen as error:
            tell(key, error)
        except PixmirrorError as error:
            failed = failed or error
            continue
        await mirror.db.run(runs.set_meta, key, str(now))
        done += 1
    if failed is not None:
        raise failed
    return done


def _key(task: Task) -> str:
    return f"upkeep:{task.name}"


def _last_begun(conn: Connection) -> dict[str, int]:
    """Return when each task last ran, ms UTC; 0: never."""
    return {task.name: int(runs.get_meta(conn, _key(task)) or 0) for task in TASKS}


async def accept(mirror: Mirror, kind: str) -> int:
    """Believe all that the brake of this kind holds, at the user's word. Return how many moved."""
    if kind not in brake.KINDS:
        raise ConfigError(f"--accept {kind}: it must be one of {', '.join(brake.KINDS)}.")

    def believe(conn: Connection) -> int:
        if kind not in {held.kind for held in brake.brakes_on(conn)}:
            raise ConfigError(f"Nothing is held of the kind {kind}; `pixmirror gone` says what is.")
        return judge.accept(conn, kind, mirror.clock.now())

    return await mirror.db.run(believe)


# -- sidecars: one that cannot be written is its own work's trouble alone --------------------------------------


async def write_sidecars(mirror: Mirror) -> bool:
    """Write the next sidecars. Return whether there were any. StorageError where the whole disk is at fault."""
    due = await mirror.db.read(sidecars.due_sidecars, AT_ONCE) if mirror.config.mirror.sidecars else []
    if not due:
        return False
    ready = [s for s in due if s.error is None]
    digests: Digests = {}
    try:
        failed = await asyncio.to_thread(_write, mirror.root, ready, digests)
    except Unforeseen:
        failed = await asyncio.to_thread(_one_by_one, mirror.root, ready, digests)
    failed |= {s.rel_path: s.error for s in due if s.error is not None}
    await mirror.db.run(_written, due, failed, digests, mirror.clock.now())
    return True


def _write(root: MirrorRoot, due: Sequence[Sidecar], digests: Digests) -> Failed:
    """Write them, and note the digest of each. Return those that were not written."""
    failed: Failed = {}
    with contained("The sidecars"):
        texts = (file for s in due for file in sidecars.files_for(s, root.read_sidecar(s.rel_path)))
        root.write_sidecars(_noted(texts, digests), failed)
    return failed


def _noted(texts: Iterable[tuple[str, str]], digests: Digests) -> Iterator[tuple[str, str]]:
    for rel, text in texts:
        digests[rel] = sidecars.digest_of(text.encode())
        yield rel, text


def _one_by_one(root: MirrorRoot, due: Sequence[Sidecar], digests: Digests) -> Failed:
    """Write each alone, to find the one that failed in a way that nobody has foreseen."""
    failed: Failed = {}
    for sidecar in due:
        try:
            failed |= _write(root, [sidecar], digests)
        except Unforeseen as error:
            failed[sidecar.rel_path] = error
    return failed


def _written(conn: Connection, due: Sequence[Sidecar], failed: Failed, digests: Digests, now: int) -> None:
    """Record them. What could not be written is tried again a day later, with the reason, as its work's chore."""
    sidecars.sidecar_done(conn, due, {rel: digest for rel, digest in digests.items() if rel not in failed})
    for sidecar in due:
        if (error := failed.get(sidecar.rel_path) or failed.get(sidecar.text_path or "")) is not None:
            agenda.write_sidecar_again(conn, sidecar.work_key, now + DAY_MS, str(error))
