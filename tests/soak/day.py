"""A day of the service: a Pixiv in which as much happens each hour, and the figures of the process after each."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from random import Random

from pixmirror.demo import words
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import Key, World
from tests.children import REPO
from tests.soak.child import Figures, Plan
from tests.virtual_time import START_MS

LOG, CATALOGUE, SEARCH = "log", "catalogue", "search"
OBJECTS = 1.01  # as many, at most
STEADY = 1.2  # as much as before, at most: what happens is random
STEPS = 2.0  # of the search index, whose segments are merged now and then
MEMORY = 3 << 20  # the caches of SQLite fill with what came in
KINDS, WEIGHTS = ("illust", "manga", "ugoira", "novel"), (60, 20, 8, 12)


def day(
    folder: Path,
    intervals: int = 24,
    every_s: int = 3600,
    scrape_s: int = 60,
    *,
    seed: int = 1,
    observed: bool = True,
    nap_s: float = 0.0,
    image_connections: int = 4,
    works: int = 60,
    posts: int = 8,
    told: Callable[[Figures], None] = lambda figures: None,
) -> list[Figures]:
    """Let the service run for so long. Return what it held after each interval.

    Among the sizes are its log and what its databases hold, in the file or in the write-ahead log.
    """
    now, rng = [START_MS], Random(seed)
    spec = WorldSpec(
        seed,
        now_ms=START_MS,
        artists=4,
        private=1,
        others=2,
        works=works,
        bookmarks=works // 3,
        commented=works // 5,
    )
    world = generate(spec, lambda: now[0])
    found, newest = [], list[Key]()
    log = folder / LOG
    with running(create_app(world)) as url, log.open("wb") as err:
        plan = Plan(
            str(folder / "mirror"), url, START_MS, intervals, every_s, scrape_s, observed, nap_s, image_connections
        )
        with _child(plan, err.fileno()) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for line in process.stdout:
                figures = Figures(**json.loads(line))
                figures.sizes[LOG] = log.stat().st_size
                for name in (CATALOGUE, SEARCH):
                    figures.sizes[name] = _written(folder / f"mirror/{name}.db")
                found.append(figures)
                told(figures)
                now[0] = figures.now_ms
                newest = _happen(world, rng, newest, posts)
                process.stdin.write("\n")
                process.stdin.flush()
    assert process.returncode == 0, log.read_text()[-2000:]
    return found


def _written(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        (size,) = db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()
        return int(size)


def _child(plan: Plan, err: int) -> "subprocess.Popen[str]":
    """Start the service, with the memory settings of its unit."""
    unit = (REPO / "systemd/pixmirror.service").read_text()
    settings = dict(re.findall(r"^Environment=(MALLOC_\w+)=(\d+)$", unit, re.MULTILINE))
    assert settings
    path = os.pathsep.join((str(REPO / "src"), str(REPO)))
    env = {**os.environ, **settings, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "tests.soak.child", json.dumps(asdict(plan))]
    return subprocess.Popen(
        command, cwd=REPO, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err
    )


def _happen(world: World, rng: Random, newest: list[Key], posts: int) -> list[Key]:
    """Let people post, edit what was posted, replace files, delete, comment and bookmark. Return what is new."""
    with world.lock:
        people = sorted(f for f in world.follows[world.me] if not world.users[f].gone)
        for key in rng.sample(newest, min(3, len(newest))):
            world.edit(key, title=words.title(rng), caption=words.caption(rng, 1))
        if newest:
            world.delete(rng.choice(newest))
        posted = []
        for _ in range(posts):
            kind = rng.choices(KINDS, WEIGHTS)[0]
            work = world.post(rng.choice(people), kind, width=64, height=64, ext="jpg")
            posted.append(work.key)
        if posted:
            world.bookmark(posted[0], rng.choice(("public", "private")), ("mine",))
            world.comment(posted[0], rng.choice(people), words.caption(rng, 1))
        return posted


def halves(found: Sequence[Figures]) -> tuple[Sequence[Figures], Sequence[Figures]]:
    middle = len(found) // 2
    return found[:middle], found[middle:]


def leaked(found: Sequence[Figures], spare: int = 0) -> list[str]:
    """Return of what the process held more in the second half than ever in the first.

    `spare`: so many may be new, where the first half was too short to need each thread and connection once.
    """
    told = []
    for name in ("descriptors", "threads", "tasks"):
        before, after = (max(getattr(one, name) for one in part) for part in halves(found))
        if after > before + spare:
            told.append(f"{name}: {before}, then {after}")
    return told


def swollen(found: Sequence[Figures]) -> list[str]:
    """Return what grew in the second half of a day by more than what came in explains.

    The first interval brings the mirror; from then on as much comes in each hour. So rows, the databases' pages
    and the log may grow as in the first half, and what is cut off at times may not get larger than it was.
    """
    first, middle, last = found[0], found[len(found) // 2 - 1], found[-1]
    hours = (last.now_ms - middle.now_ms) / (middle.now_ms - first.now_ms)
    steady = {name: lambda one, name=name: one.sizes[name] for name in (CATALOGUE, SEARCH, LOG)}
    told = []
    for name, of in (*steady.items(), ("rows", lambda one: sum(one.rows.values()))):
        before, after = of(middle) - of(first), of(last) - of(middle)
        if after > before * hours * (STEPS if name == SEARCH else STEADY):
            told.append(f"{name}: {before} more, then {after}")
    for name in (f"{CATALOGUE}.db-wal", f"{SEARCH}.db-wal"):
        before, after = (max(one.sizes.get(name, 0) for one in part) for part in halves(found))
        if after > before * STEADY:
            told.append(f"{name}: at most {before}, then {after}")
    before, after = (max(one.anonymous for one in part) for part in halves(found))
    if after - before > MEMORY:
        told.append(f"memory: at most {before}, then {after}")
    before, after = (max(one.objects for one in part) for part in halves(found))
    if after > before * OBJECTS:
        told.append(f"objects: at most {before}, then {after}")
    return told
