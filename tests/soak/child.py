"""`pixmirror run` in a process of its own, on virtual time: `python -m tests.soak.child PLAN`, a Plan as JSON.

It measures itself after each interval, prints the figures as a line of JSON, and goes on when it has read a line.
"""

import asyncio
import gc
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Any

from apscheduler.schedulers import base as apscheduler

from pixmirror import control, logs
from pixmirror.catalogue.schema import metadata
from pixmirror.daemon import searching
from pixmirror.daemon.mirror import Mirror, open_mirror
from pixmirror.models import from_ms
from tests import virtual_time
from tests.standin import EVERYTHING, Setup
from tests.virtual_time import VirtualClock, run_virtually

THREADS = 4
SILENCE_S = 5.0  # the stand-in is another process, which a busy machine may keep waiting


@dataclass(frozen=True, slots=True)
class Plan:
    """`intervals` of `every_s` virtual seconds. `observed`: with HTTP and metrics, asked each `scrape_s`.

    `nap_s` is that of the clock: what looks again and again looks so rarely.
    """

    root: str
    url: str
    start_ms: int
    intervals: int
    every_s: int
    scrape_s: int
    observed: bool = True
    nap_s: float = 0.0
    image_connections: int = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What a process held at one moment. Sizes in bytes; `sizes` of the files in the root, but media.

    `anonymous` is its memory without mapped files, which are shared by whoever runs the same libraries.
    """

    now_ms: int
    anonymous: int
    resident: int
    objects: int
    descriptors: int
    threads: int
    tasks: int
    sizes: dict[str, int]
    rows: dict[str, int]
    scrapes: int


class _Datetime(datetime):
    """APScheduler's view of the clock."""

    clock: VirtualClock

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_Datetime":
        return cls.fromtimestamp(from_ms(cls.clock.now()).timestamp(), tz)


def main(plan: Plan) -> None:
    logs.setup()
    virtual_time.SILENCE_S = SILENCE_S
    if not plan.observed:
        _leave_out_http()
    run_virtually(lambda clock: _serve(plan, clock), plan.start_ms)


def _leave_out_http() -> None:
    """Let the service start as it would without HTTP and metrics."""

    async def nothing(daemon: object) -> None:
        pass

    for name, what in (("http", {"answering": nullcontext}), ("textfile", {"keep": nothing})):
        module: Any = ModuleType(f"pixmirror.daemon.{name}")
        module.__dict__.update(what)
        sys.modules[module.__name__] = module
        import pixmirror.daemon

        setattr(pixmirror.daemon, name, module)


async def _serve(plan: Plan, clock: VirtualClock) -> None:
    from pixmirror.daemon.serve import Daemon

    # As many threads on every machine: those of a larger pool are made one by one, when many are first needed.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    _Datetime.clock = clock
    clock.nap = plan.nap_s
    apscheduler.datetime = _Datetime
    searching.time = clock  # type: ignore[attr-defined, assignment]  # of which it reads `monotonic` alone
    root = Path(plan.root)
    env = {"RUNTIME_DIRECTORY": str(root.parent / "run")}
    paced = {"requests_per_minute": 30, "requests_per_day": 20_000, "image_connections": plan.image_connections}
    config = Setup(root, plan.url, jobs=EVERYTHING, pixiv=paced).config()
    async with open_mirror(config, env, clock=clock, what="run") as mirror:
        daemon = Daemon(mirror, None, env)
        measuring = asyncio.create_task(_measure(plan, mirror, env))
        measuring.add_done_callback(lambda _: daemon.stop())
        await daemon.run()
        await measuring


async def _measure(plan: Plan, mirror: Mirror, env: dict[str, str]) -> None:
    scrapes = 0
    for _ in range(plan.intervals):
        for _ in range(plan.every_s // plan.scrape_s):
            await asyncio.sleep(plan.scrape_s)
            if plan.observed:
                for page in ("/metrics", "/healthz"):
                    await _scrape(Path(plan.root), env, page)
                scrapes += 1
        rows = await mirror.db.read(_rows)
        gc.collect()
        figures = _figures(Path(plan.root), mirror.clock.now(), rows, scrapes)
        sys.stdout.write(json.dumps(asdict(figures)) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()


async def _scrape(root: Path, env: dict[str, str], page: str) -> None:
    (path, *_) = control.socket_paths(root, env, control.HTTP)
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(f"GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]


def _rows(conn: Any) -> dict[str, int]:
    return {name: conn.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in metadata.tables}


def _figures(root: Path, now: int, rows: dict[str, int], scrapes: int) -> Figures:
    memory = {"Anonymous:": 0, "Rss:": 0}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        name, value, *_ = line.split()
        if name in memory:
            memory[name] = int(value) * 1024
    media = root / "media"
    found = (path for path in root.rglob("*") if path.is_file() and media not in path.parents)
    return Figures(
        now_ms=now,
        anonymous=memory["Anonymous:"],
        resident=memory["Rss:"],
        objects=len(gc.get_objects()),
        descriptors=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        tasks=len(asyncio.all_tasks()),
        sizes={str(path.relative_to(root)): path.stat().st_size for path in found},
        rows=rows,
        scrapes=scrapes,
    )


if __name__ == "__main__":
    main(Plan(**json.loads(sys.argv[1])))
