"""The real mirror before the generated Pixiv, in virtual time: `python -m tests.bench.pace_run '{...}'`.

The argument is a Plan; the answer is one line of JSON. Behind the client all is the real code: walks, jobs, pacer,
lanes, budgets, catalogue, queue, engine. Only what goes over the network is not: calls are answered in the
process, and a file takes the time that its bytes need and finishes its row in the real queue.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, text

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Connection
from pixmirror.daemon.engine import Engine
from pixmirror.daemon.fetching import lanes_before
from pixmirror.daemon.mirror import Mirror, open_mirror
from pixmirror.daemon.wakeups import EmptyPolls
from pixmirror.models import MediaItem, Stored, work_key
from pixmirror.sync.context import Job
from pixmirror.sync.kinds import BookmarksJob, FollowingJob
from tests.bench.measure import peak_bytes
from tests.bench.pace_pixiv import FIRST_WORK, Pixiv, Size
from tests.simulation.clock import YearClock
from tests.standin import Setup
from tests.virtual_time import run_virtually

PER_MINUTE, PER_DAY, BYTES_A_DAY, CONNECTIONS = 30, 20_000, 20 << 30, 4  # the defaults
EVERY_S = {"following": 1800, "bookmarks": 3600}
FILE_BYTES = 300_000
BYTES_A_SECOND = 1_000_000  # that one connection carries
TOGETHER = 64  # files that a fetcher takes at once, so that two transactions do for all of them
LOOK_S = 600.0
DAY_S = 86_400


@dataclass(frozen=True)
class Plan:
    """`model` N: a model 1:N, in which works, pace, caps and jobs are all N times less, and hours the same.

    `until`: "known" (all works), "done" (files and comments, too), or "days" alone; never longer than `days`.
    """

    folder: str
    artists: int
    works: int
    bookmarks: int
    a_week: float
    days: float
    until: str
    model: int = 1
    files: bool = True
    look_s: float = 10.0


class Clock(YearClock):
    """The engine's looks, which would be most of the work, are rarer: every `look_s` (a model 1:N: N times)."""

    model = 1
    look_s = 10.0

    async def sleep(self, seconds: float) -> None:
        if self.idle() or seconds not in (0.2, 0.5, 5.0, 30.0):
            await super().sleep(seconds)
        else:
            await asyncio.sleep(max(seconds, self.look_s) * self.model)


def main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    imports_mb = peak_bytes(os.getpid()) / 1e6
    began = time.perf_counter()
    found = run_virtually(lambda clock: _run(plan, clock), make=Clock)
    used = resource.getrusage(resource.RUSAGE_SELF)
    found |= {"wall_s": time.perf_counter() - began, "cpu_s": used.ru_utime + used.ru_stime}
    found["imports_mb"] = imports_mb
    sys.stdout.write(json.dumps(found) + "\n")


async def _run(plan: Plan, clock: Clock) -> dict[str, Any]:
    clock.model, clock.look_s = plan.model, plan.look_s
    size = Size(plan.artists, plan.works, plan.bookmarks, plan.a_week)
    pixiv = Pixiv(clock, size)
    jobs = (
        FollowingJob(name="following", kind="following", every="30m"),
        BookmarksJob(name="bookmarks", kind="bookmarks", every="1h"),
    )
    pace = {
        "requests_per_minute": PER_MINUTE,
        "requests_per_day": PER_DAY // plan.model,
        "image_bytes_per_day": str(BYTES_A_DAY // plan.model),
        "image_connections": CONNECTIONS,
    }
    setup = Setup(Path(plan.folder) / "mirror", "http://127.0.0.1:9", jobs, pace, {"sidecars": False})
    async with open_mirror(setup.config(), {}, clock=clock) as mirror:
        pixiv.requests = mirror.transport.counts
        mirror.transport.send_once = pixiv.send_once  # type: ignore[method-assign]
        mirror.transport.pacer.configure(per_minute=PER_MINUTE / plan.model, per_day=PER_DAY // plan.model)
        await mirror.log_in()
        engine = Engine(mirror)
        fetching = Fetching(engine, plan)
        engine._fetch = fetching.step  # type: ignore[method-assign,assignment]
        clock.idle = lambda: engine.wakeup.quiet(ignoring=tuple(engine.held()))
        async with asyncio.TaskGroup() as group:
            tasks = engine.start(group)
            tasks += [group.create_task(_job(engine, clock, job, plan)) for job in mirror.jobs.values()]
            await _until(plan, mirror, pixiv, clock)
            peak = peak_bytes(os.getpid())  # before we count
            for task in tasks:
                task.cancel()
        return await _found(plan, mirror, pixiv) | {"peak_mb": peak / 1e6}


async def _job(engine: Engine, clock: Clock, job: Job, plan: Plan) -> None:
    """As the daemon runs it: `every` after its last start, or at once if that took longer."""
    while True:
        began = clock.monotonic()
        result = await engine.run_job(job)
        if result.error:
            raise RuntimeError(result.error)
        await asyncio.sleep(max(0.0, began + EVERY_S[job.kind] * plan.model - clock.monotonic()))
        clock.wake()


class Fetching:
    """In the place of Engine._fetch: files take time on a connection, and their rows are finished as always."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine, self.plan = engine, plan
        self.empty_polls = EmptyPolls(engine.wakeup)

    async def step(self, *_: object) -> bool:
        mirror = self.engine.mirror
        images = mirror.transport.images
        if not self.plan.files:
            return False
        async with images.slot():
            items = await self.empty_polls.find(self._claim)
            if items is None:
                return False
            seconds = FILE_BYTES * len(items) / BYTES_A_SECOND * self.plan.model
            await asyncio.sleep(seconds)
            mirror.transport.counts.image += len(items)
            mirror.transport.counts.image_bytes += FILE_BYTES * len(items)
            images.received(FILE_BYTES * len(items))
            images.finished(FILE_BYTES, seconds / len(items) / self.plan.model)
        done = [(item.media_id, _stored(item)) for item in items]
        await mirror.db.run(queue.finish_all, done, mirror.clock.now())
        self.engine.wakeup.wake()
        return True

    async def _claim(self) -> list[MediaItem] | None:
        mirror = self.engine.mirror
        return await mirror.db.run(queue.claim, TOGETHER, mirror.clock.now(), lanes_before(mirror)) or None


def _stored(item: MediaItem) -> Stored:
    return Stored(item.path, FILE_BYTES, f"{item.media_id:064x}", item.urls[0])


# How far it is ---------------------------------------------------------------------------------------------------

_KNOWN = text("SELECT count(*) FROM work")
_FILES = text("SELECT count(*) FROM media WHERE state IN ('wanted', 'fetching')")
_THREADS = text("SELECT count(*) FROM chore WHERE kind = 'comments' AND due_at <= :now AND attempts = 0")


def _left(conn: Connection, plan: Plan, size: Size, now: int) -> bool:
    """Whether there is something left of what the plan waits for."""
    if plan.until == "days" or conn.execute(_KNOWN).scalar_one() < size.total:
        return True
    if plan.until == "known":
        return False
    wanted = conn.execute(_FILES).scalar_one() if plan.files else 0
    return bool(wanted or conn.execute(_THREADS, {"now": now}).scalar_one())


async def _until(plan: Plan, mirror: Mirror, pixiv: Pixiv, clock: Clock) -> None:
    told = time.monotonic()
    while clock.monotonic() < plan.days * DAY_S:
        await asyncio.sleep(LOOK_S * plan.model)
        if not await mirror.db.read(_left, plan, pixiv.size, clock.now()):
            return
        if time.monotonic() - told > 20:
            told = time.monotonic()
            sys.stderr.write(f"{clock.monotonic() / 3600:.1f} h: {len(pixiv.log.at)} requests\n")


# What came of it -------------------------------------------------------------------------------------------------


async def _found(plan: Plan, mirror: Mirror, pixiv: Pixiv) -> dict[str, Any]:
    size = pixiv.size
    newest = {work_key("illust" if not pixiv.is_novel(n) else "novel", FIRST_WORK + n): n
              for n in (pixiv.newest(a) for a in range(size.artists))}  # fmt: skip
    times = await mirror.db.read(_times, pixiv, list(newest))
    known_s = times["known_s"] or 0.0
    requests = list(pixiv.log.rows())
    phases = {"until all works are known": [r for r in requests if r[0] <= known_s]}
    phases["after that"] = [r for r in requests if r[0] > known_s]
    return {
        "plan": plan.__dict__,
        "virtual_s": mirror.clock.monotonic(),
        "floor": _floor(pixiv),
        "times": times,
        "phases": {name: _shares(rows) for name, rows in phases.items() if rows},
        "new_works": await mirror.db.read(_new_works, pixiv),
        "state": await mirror.db.read(_state, mirror.clock.now()),
    }


def _floor(pixiv: Pixiv) -> dict[str, int]:
    """Pages of 30 of all lists, without overlap: the least that shows every work and every follow."""
    size = pixiv.size
    lists = Counter((artist, medium) for artist in range(size.artists) for medium in ("illust", "novel")
                    for _ in range(-(-_old(pixiv, artist, medium) // 30)))  # fmt: skip
    overlapped = sum(1 if (n := _old(pixiv, *key)) <= 30 else 1 + -(-(n - 30) // 29) for key in lists)
    others = -(-size.bookmarks // 30) + -(-size.artists // 30)
    return {"lists": sum(lists.values()) + others, "with_overlap": overlapped + others}


def _old(pixiv: Pixiv, artist: int, medium: str) -> int:
    return sum(n < pixiv.size.own for n in pixiv.works_of(artist, medium))


def _shares(rows: list[tuple[float, str, str, int]]) -> dict[str, Any]:
    by = Counter((lane, path, brought) for _, lane, path, brought in rows)
    table: dict[str, list[int]] = {}
    for (lane, path, brought), count in by.items():
        table.setdefault(f"{lane} {path}", [0, 0, 0])[brought] += count
    return {
        "requests": len(rows),
        "nothing": sum(r[3] == 0 for r in rows),
        "empty_threads": sum(r[3] == 2 for r in rows),
        "table": dict(sorted(table.items(), key=lambda pair: -sum(pair[1]))),
    }


def _times(conn: Connection, pixiv: Pixiv, newest: list[int]) -> dict[str, float | None]:
    """Seconds from the start until the last of each was there."""
    start, own_end = pixiv.start, 2 * (FIRST_WORK + pixiv.size.own)
    new_end = 2 * 400_000_000  # ids of works that were posted meanwhile lie between
    old = f"(work_key < {own_end} OR work_key > {new_end})"
    media_old = f"(owner_id < {own_end} OR owner_id > {new_end}) AND owner_kind = 'work'"
    among = text("SELECT max(first_seen) FROM work WHERE work_key IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    stored = text(
        "SELECT max(stored_at) FROM media WHERE owner_kind = 'work' AND owner_id IN :keys AND role != 'cover'"
    ).bindparams(bindparam("keys", expanding=True))
    found = {
        "newest_known_s": conn.execute(among, {"keys": newest}).scalar(),
        "newest_stored_s": conn.execute(stored, {"keys": newest}).scalar(),
        "known_s": conn.execute(text(f"SELECT max(first_seen) FROM work WHERE {old}")).scalar(),
        "files_s": conn.execute(text(f"SELECT max(stored_at) FROM media WHERE {media_old}")).scalar(),
        "comments_s": conn.execute(
            text(f"SELECT max(comments_at) FROM work WHERE {old} AND create_date < {start - 8 * DAY_S * 1000}")
        ).scalar(),
    }
    return {name: None if at is None else (at - start) / 1000 for name, at in found.items()}


def _new_works(conn: Connection, pixiv: Pixiv) -> dict[str, Any]:
    """Of each work that was posted meanwhile: how long until it was known, and until the last of its files was."""
    first = FIRST_WORK + pixiv.size.own
    rows = conn.execute(
        text("""
            SELECT w.work_key, w.first_seen, sum(m.state NOT IN ('stored', 'gone')), max(m.stored_at)
            FROM work w LEFT JOIN media m ON m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.is_current
            WHERE w.work_key BETWEEN :first AND :last GROUP BY w.work_key
        """),
        {"first": 2 * first, "last": 800_000_000},
    ).all()
    posted = {first + k: at for k, at in enumerate(pixiv.posted)}
    seen = [(at - posted[key >> 1]) / 1000 for key, at, _, _ in rows]
    stored = [(at - posted[key >> 1]) / 1000 for key, _, left, at in rows if not left and at is not None]
    return {
        "posted": len(posted), "seen": _spread(seen), "stored": _spread(stored),
    }  # fmt: skip


def _spread(seconds: list[float]) -> dict[str, float]:
    """Seconds: the median, and what 99 of 100 are below."""
    order = sorted(seconds)
    if not order:
        return {"count": 0}
    at = {"median": 0.5, "p99": 0.99, "max": 1.0}
    return {"count": len(order)} | {
        name: order[min(len(order) - 1, int(len(order) * p))] for name, p in at.items()
    }


def _state(conn: Connection, now: int) -> dict[str, Any]:
    """What the catalogue holds at the end."""
    one = {
        "works": "SELECT count(*) FROM work", "files": "SELECT count(*) FROM media",
        "stored": "SELECT count(*) FROM media WHERE state = 'stored'",
        "threads_due": "SELECT count(*) FROM chore WHERE kind = 'comments' AND due_at <= :now",
        "unlisted": "SELECT count(*) FROM gap",
    }  # fmt: skip
    counts: Iterator[tuple[str, Any]] = ((n, conn.execute(text(q), {"now": now}).scalar()) for n, q in one.items())
    return dict(counts)


if __name__ == "__main__":
    main()
