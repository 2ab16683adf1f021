"""Scenario 5: what a mirror of 1,000,000 works and 3,000,000 files costs: the daemon, the commands, the scrub.

The daemon runs beside a stand-in Pixiv with nothing due, without and with the malloc settings of the systemd unit:
from its start to READY=1, then a minute of rest, then its peak of memory. Commands are whole processes, the start
of Python included. The scrub reads real files, beside sha256sum.
"""

import hashlib
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from pixmirror.daemon import first_look, upkeep
from tests.bench import catalogues, standin
from tests.bench.measure import Figure, Options, peak_bytes, run

NAME = "scale"
WORKS, SMALL = 1_000_000, 2_000
PICTURE = 300_000
PICTURES = 3_000
REST_S, SETTLE_S = 60.0, 8.0
_READY_S, _IDLE_PERCENT, _MOST_MB = 1.5, 0.2, 110
_WATCHDOG = {"WATCHDOG_USEC": "120000000"}  # as in the unit


def scenario(options: Options) -> Iterator[Figure]:
    works = SMALL if options.small else WORKS
    source = catalogues.made(options.cache, works, say=options.say)
    with standin.pixiv(artists=1, works=1, pages=[1], picture=30_000) as server:
        config = standin.write_config(options.folder, server, 4)
        config.write_text(config.read_text().replace('"30m"', '"1d"'))
        catalogue = catalogues.copied(source, options.folder / "mirror" / "catalogue.db")
        _first_run(options, config, catalogue)
        for number in range(options.runs):
            for named, env in (("pixmirror", {}), ("pixmirror, unit's malloc", standin.unit_environment())):
                options.say(f"{NAME}: run {number + 1}, daemon, {named}")
                yield from _daemon(options, config, catalogue, named, env)
            options.say(f"{NAME}: run {number + 1}, commands")
            yield from _commands(options, config, works)
        yield from _scrub(options, server)


# The daemon -------------------------------------------------------------------------------------------------


def _first_run(options: Options, config: Path, catalogue: Path) -> None:
    """Logs in once, so that only rest remains."""
    _settled(catalogue)
    with _running(options.folder, config, {}):
        pass


def _settled(catalogue: Path) -> None:
    """The account had its first look, every job and all upkeep has just been done."""
    now = int(time.time() * 1000)
    kept = {first_look.DONE: "1"} | {f"upkeep:{task.name}": str(now) for task in upkeep.TASKS}
    with closing(sqlite3.connect(catalogue)) as conn:
        conn.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", kept.items())
        conn.execute(
            "INSERT INTO job (name, kind, last_done_at) VALUES ('following', 'following', ?)"
            " ON CONFLICT (name) DO UPDATE SET last_done_at = excluded.last_done_at",
            (now,),
        )
        conn.commit()


def _daemon(
    options: Options, config: Path, catalogue: Path, named: str, env: Mapping[str, str]
) -> Iterator[Figure]:
    _settled(catalogue)
    rest = 2.0 if options.small else REST_S
    with _running(options.folder, config, env) as (child, ready_s):
        at_ready = _cpu_s(child.pid)
        time.sleep(SETTLE_S)
        before, began = _cpu_s(child.pid), time.monotonic()
        time.sleep(rest)
        used = (_cpu_s(child.pid) - before) / (time.monotonic() - began)
        peak = peak_bytes(child.pid) / 1e6
    yield Figure(NAME, "daemon, start to ready", named, ready_s, "s", None, _READY_S)
    yield Figure(NAME, "daemon, CPU until ready", named, at_ready, "s")
    yield Figure(NAME, "daemon, idle", named, used * 100, "% of a core", None, _IDLE_PERCENT)
    yield Figure(NAME, "daemon, peak memory", named, peak, "MB", None, _MOST_MB)


@contextmanager
def _running(
    folder: Path, config: Path, env: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A daemon that is ready, and how many seconds that took."""
    address = folder / "notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        systemd.settimeout(120)
        given = {**os.environ, **_WATCHDOG, **env, "NOTIFY_SOCKET": str(address), "RUNTIME_DIRECTORY": str(folder)}
        began = time.monotonic()
        argv = [sys.executable, "-m", "pixmirror", "--config", str(config), "run"]
        with (folder / "daemon.log").open("ab") as log, subprocess.Popen(argv, env=given, stderr=log) as child:
            try:
                while systemd.recv(4096) != b"READY=1":
                    pass
                yield child, time.monotonic() - began
            finally:
                child.terminate()
                child.wait(60)


def _cpu_s(pid: int) -> float:
    """Like measure.cpu_s, but to the nanosecond: at rest it is little."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


# The commands -----------------------------------------------------------------------------------------------


def _commands(options: Options, config: Path, works: int) -> Iterator[Figure]:
    some = catalogues.FIRST_ID + works // 2 * catalogues.STEP
    asked: dict[str, tuple[str, ...]] = {
        "--version": ("--version",),
        "status": ("status", "--json"),
        "why": ("why", str(some)),
        "search, a tag": ("search", f"タグ{catalogues.tags_of(works) // 2}"),
        "search, a common tag": ("search", "タグ1"),
        "search, nothing found": ("search", "no such thing anywhere"),
        "coverage": ("coverage",),
        "coverage of one artist": ("coverage", "user:7"),
        "gone": ("gone",),
        "gone works": ("gone", "works"),
        "export works": ("export", "works", "-o", str(options.folder / "works.jsonl")),
    }
    for named, words in asked.items():
        spent = run([sys.executable, "-m", "pixmirror", "--config", config, *words])
        yield Figure(NAME, f"`{named}`, wall", "pixmirror", spent.wall_s, "s")
        yield Figure(NAME, f"`{named}`, CPU", "pixmirror", spent.cpu_s, "s")
        yield Figure(NAME, f"`{named}`, peak memory", "pixmirror", spent.peak_mb, "MB", None, _MOST_MB)


# The scrub --------------------------------------------------------------------------------------------------


def _scrub(options: Options, server: standin.Pixiv) -> Iterator[Figure]:
    """Files that are in the page cache: what is measured is reading and hashing, not the disk."""
    folder = options.folder / "scrub"
    config = standin.write_config(folder, server, 4)
    count = 30 if options.small else PICTURES
    catalogue = catalogues.copied(catalogues.made(options.cache, count // 3), folder / "mirror" / "catalogue.db")
    size = _write_files(catalogue, folder / "mirror" / "media") / 1e9
    hashing = "find . -type f -print0 | xargs -0 sha256sum > ../../sums"
    for number in range(options.runs):
        options.say(f"{NAME}: run {number + 1}, scrub")
        theirs = run(["sh", "-c", hashing], cwd=folder / "mirror" / "media")
        ours = run([sys.executable, "-m", "pixmirror", "--config", config, "verify"])
        for named, spent in (("sha256sum", theirs), ("pixmirror verify", ours)):
            beside = "sha256sum" if named != "sha256sum" else None
            yield Figure(NAME, "scrub, wall a GB", named, spent.wall_s / size, "s", beside)
            yield Figure(NAME, "scrub, CPU a GB", named, spent.cpu_s / size, "s", beside)
        yield Figure(NAME, "scrub, peak memory", "pixmirror verify", ours.peak_mb, "MB", None, _MOST_MB)


def _write_files(catalogue: Path, media: Path) -> int:
    """Makes what the catalogue says of its files true; their bytes."""
    block, total = random.Random(1).randbytes(2 * PICTURE), 0
    with closing(sqlite3.connect(catalogue)) as conn:
        found = conn.execute("SELECT id, path FROM media WHERE state = 'stored'").fetchall()
        for number, (media_id, path) in enumerate(found):
            content = block[number : number + PICTURE]
            target = media / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            total += len(content)
            conn.execute(
                "UPDATE media SET size = ?, sha256 = ? WHERE id = ?",
                (len(content), hashlib.sha256(content).hexdigest(), media_id),
            )
        conn.execute("UPDATE meta SET value = ? WHERE key = 'stored_bytes'", (str(total),))
        conn.commit()
    return total
