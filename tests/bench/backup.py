"""Scenario 10, the drill: a mirror of 1,000,000 works is backed up while it ingests, its disk is lost, and it is
restored.

3,000,000 files lie there, names of some hundred small ones: what is measured is all but the copying of bytes,
which any tool needs alike. They are shared with the backup by hard links. A thread records a page of 30 new works
each two seconds meanwhile. After the restore `verify --quick` and `sync` follow; the Pixiv that they ask is an
empty one that counts how often it is asked for a file that is here.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from pixmirror.catalogue.database import Database
from pixmirror.demo.generate import empty_world
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.ingest.works import record_works
from tests.bench import catalogues
from tests.bench.ingesting import EVERY_S, pages_of
from tests.bench.measure import Figure, Options, run
from tests.catalogue.builders import seen

NAME = "backup"
WORKS, SMALL = 1_000_000, 300
SEEDS = 300  # a file of ext4 has 65,000 names at the most: the mirror's, the backup's, and the restored ones
ALL_S = 300.0
SYNC_S = 600


def scenario(options: Options) -> Iterator[Figure]:
    works = SMALL if options.small else WORKS
    me, config = f"pixmirror, {works:,} works", options.folder / "config.toml"
    root, to = options.folder / "mirror", options.folder / "backup"
    options.say(f"{NAME}: making the files of {works:,} works")
    stored = _mirror(options, root, works)
    asked: list[str] = []
    with running(_Counting(create_app(empty_world()), asked)) as url:
        config.write_text(_config(root, url))
        command: list[str | Path] = [sys.executable, "-m", "pixmirror", "--config", config]
        with _ingesting(root, works):
            for what in ("first backup while it ingests", "backup again, with what is new"):
                options.say(f"{NAME}: {what}")
                spent = run([*command, "backup", to])
                yield Figure(NAME, f"{what}: wall", me, spent.wall_s, "s")
                yield Figure(NAME, f"{what}: CPU", me, spent.cpu_s, "s")
                yield Figure(NAME, f"{what}: peak memory", me, spent.peak_mb, "MB")
        root.rename(options.folder / "lost")
        whole = 0.0
        for what, arguments in (("restore", ["restore", to]), ("verify --quick", ["verify", "--quick"])):
            options.say(f"{NAME}: {what}")
            spent = run([*command, *arguments])
            whole += spent.wall_s
            yield Figure(NAME, f"{what}: wall", me, spent.wall_s, "s")
            yield Figure(NAME, f"{what}: CPU", me, spent.cpu_s, "s")
            yield Figure(NAME, f"{what}: peak memory", me, spent.peak_mb, "MB")
        yield Figure(NAME, "restored and verified: wall", me, whole, "s", None, ALL_S)
        options.say(f"{NAME}: sync")
        began = time.perf_counter()
        subprocess.run([*map(str, command), "sync"], timeout=SYNC_S, check=False, capture_output=True)
        yield Figure(NAME, "sync after it: wall", me, time.perf_counter() - began, "s")
    here = _stored(root)
    lost = float(stored - len(here & stored_names(to)))
    yield Figure(NAME, "files that are stored no more", me, lost, "files", None, 0.0)
    yield Figure(NAME, "files fetched twice", me, float(len(here & set(asked))), "files", None, 0.0)
    if options.small:
        return
    for folder in ("lost", "mirror", "backup"):
        shutil.rmtree(options.folder / folder)


def stored_names(to: Path) -> set[str]:
    newest = max((to / "runs").iterdir())
    return _names(newest / "catalogue.db")


def _stored(root: Path) -> set[str]:
    return _names(root / "catalogue.db")


def _names(path: Path) -> set[str]:
    """Names at the image host of what is stored."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as raw:
        return {url.rsplit("/", 1)[1] for (url,) in raw.execute("SELECT url FROM media WHERE state = 'stored'")}


class _Counting:
    """A Pixiv that notes the names of the files that it is asked for."""

    def __init__(self, app: ASGIApp, asked: list[str]) -> None:
        self.app, self.asked = app, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "/img-original/" in scope["path"]:
            self.asked.append(scope["path"].rsplit("/", 1)[1])
        await self.app(scope, receive, send)


def _config(root: Path, url: str) -> str:
    hosts = "\n".join(f'"{host}" = "{url}"' for host in HOSTS)
    return (
        f'[mirror]\nroot = "{root}"\nkeep_free = "0"\nsidecars = false\n'
        '[pixiv]\nrefresh_token = "demo-refresh-token"\n'
        f"requests_per_minute = 0\nrequests_per_day = 100\n[pixiv.hosts]\n{hosts}\n"
        '[[jobs]]\nname = "following"\nkind = "following"\nevery = "1h"\n'
    )


def _mirror(options: Options, root: Path, works: int) -> int:
    """Make a mirror whose files are names of a few. Return how many are stored."""
    path = catalogues.copied(catalogues.made(options.cache, works, say=options.say), root / "catalogue.db")
    mirror_id = str(uuid.uuid4())
    (root / "mirror.json").write_text(json.dumps({"mirror_id": mirror_id, "catalogue": True}))
    media, seeds = root / "media", options.folder / "seeds"
    for folder in (media, seeds):
        folder.mkdir()
    (media / ".pixmirror-media").write_text(f"{mirror_id}\n")
    bodies = [b"\x89PNG " + str(number).encode() * (number + 1) for number in range(SEEDS)]
    for number, body in enumerate(bodies):
        (seeds / str(number)).write_bytes(body)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("BEGIN")
        raw.execute("CREATE TEMP TABLE seed (k INTEGER PRIMARY KEY, size, sha256)")
        told = [(k, len(body), hashlib.sha256(body).hexdigest()) for k, body in enumerate(bodies)]
        raw.executemany("INSERT INTO seed VALUES (?, ?, ?)", told)
        raw.execute(
            "UPDATE media SET size = s.size, sha256 = s.sha256 FROM seed s "
            "WHERE s.k = media.id % ? AND state = 'stored'",
            (SEEDS,),
        )
        raw.execute("UPDATE work SET sidecar_seq = -2")
        raw.execute("COMMIT")
        made, stored = set[str](), 0
        for media_id, rel in raw.execute("SELECT id, path FROM media WHERE state = 'stored' ORDER BY id"):
            if (folder_of := rel.rpartition("/")[0]) not in made:
                os.makedirs(media / folder_of, exist_ok=True)
                made.add(folder_of)
            os.link(seeds / str(media_id % SEEDS), media / rel)
            stored += 1
    return stored


@contextmanager
def _ingesting(root: Path, works: int) -> Iterator[None]:
    """Record a page each two seconds beside it."""
    stop, done = threading.Event(), list[int]()

    def record() -> None:
        with Database.open(root / "catalogue.db") as db:
            for number, page in enumerate(pages_of(works, 500)):
                db.run_sync(record_works, seen(catalogues.NOW + number, account_id=catalogues.ACCOUNT), page, {})
                done.append(number)
                if stop.wait(EVERY_S):
                    return

    thread = threading.Thread(target=record)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert done, "nothing was recorded"
