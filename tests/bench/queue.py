"""Scenario 4: files are claimed and finished, 16 at a time, in a catalogue of 5,000,000 files of which half wait.

Milliseconds of processor time for each claim of 16 files and each finish of 16, a transaction and an fsync each,
beside the same in a catalogue a hundredth as large: a queue must not grow slow with what lies behind it.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Database
from pixmirror.models import MediaItem, Stored
from tests.bench import catalogues
from tests.bench.measure import Figure, Options

NAME = "queue"
FILES = 5  # a work
CLAIM = 16
ROUNDS = 500
T = TypeVar("T")


def scenario(options: Options) -> Iterator[Figure]:
    sizes = (200, 2_000) if options.small else (10_000, 1_000_000)
    for size in sizes:
        rows = size * FILES
        source = catalogues.made(options.cache, size, files=FILES, wanted=rows // 2, say=options.say)
        path = catalogues.copied(source, options.folder / "queue.db")
        with Database.open(path) as db:
            for number in range(options.runs):
                options.say(f"{NAME}: {rows:,} files, run {number + 1}")
                for what, cost in _round(db, 10 if options.small else ROUNDS).items():
                    beside = f"{sizes[0] * FILES:,} files" if size != sizes[0] else None
                    yield Figure(NAME, f"CPU a {what}", f"{rows:,} files", cost, "ms", beside)
        path.unlink()


def _round(db: Database, times: int) -> dict[str, float]:
    """Milliseconds of CPU each."""
    claim, finish = f"claim of {CLAIM}", f"finish of {CLAIM}"
    spent: dict[str, float] = defaultdict(float)

    def timed(what: str, do: Callable[..., T], *args: Any) -> T:
        began = time.process_time()
        found = do(*args)
        spent[what] += time.process_time() - began
        return found

    for _ in range(times):
        items = timed(claim, db.run_sync, queue.claim, CLAIM, catalogues.NOW)
        done = [(item.media_id, _stored(item)) for item in items]
        timed(finish, db.run_sync, queue.finish_all, done, catalogues.NOW)
        timed("finish of one", db.run_sync, queue.finish_all, done[:1], catalogues.NOW)
        timed("look for what is due", db.read_sync, queue.next_due)
    return {what: cost * 1000 / times for what, cost in spent.items()}


def _stored(item: MediaItem) -> Stored:
    return Stored(item.path, 300_000, hashlib.sha256(item.path.encode()).hexdigest(), item.urls[0])
