"""Scenario 9: the gallery of 1,000,000 works, looked at by 8 readers while pages are ingested.

A reader opens pages of one kind after another as fast as a hasty person does, over a connection that stays open.
Times are those of a reader: our own work, the wait for the others' pages, and loopback. Beside them a process
records a page of 30 new works each two seconds, as fast as a polite daemon can, and brings the search index up.
Thumbnails are not made: no picture of these catalogues exists.
"""

import http.client
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from pixmirror.catalogue.search import guessing
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.search.schema import FORMAT, search_path
from tests.bench import catalogues
from tests.bench.ingesting import ingesting
from tests.bench.measure import Figure, Options, cpu_s, peak_bytes

NAME = "gallery"
WORKS, SMALL = 1_000_000, 2_000
READERS, REST_S, ROUNDS, SMALL_ROUNDS = 8, 0.25, 60, 2
_P50_MS, _P99_MS, _MOST_MB, _FIRST_KB = 15.0, 100.0, 200, 60
_HEADERS = {
    "Accept": "text/html",
    "Accept-Encoding": "gzip",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
}


def scenario(options: Options) -> Iterator[Figure]:
    works = SMALL if options.small else WORKS
    root = options.folder / "mirror"
    _mirror(options, root, works)
    config = options.folder / "config.toml"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config.write_text(
        f'[mirror]\nroot = "{root}"\nkeep_free = "0"\n'
        f'[gallery]\nlisten = "127.0.0.1:{port}"\nrequire_key = false\n'
    )
    for number in range(options.runs):
        options.say(f"{NAME}: run {number + 1}")
        with _serving(config, port) as child, ingesting(root, works):
            before = cpu_s(child.pid)
            spent, sizes = _read(port, works, SMALL_ROUNDS if options.small else ROUNDS)
            used = cpu_s(child.pid) - before
            memory = peak_bytes(child.pid) / 1e6
        me = f"pixmirror, {works:,} works"
        for kind, times in spent.items():
            times.sort()
            yield Figure(NAME, f"{kind}: p50", me, statistics.median(times), "ms", None, _P50_MS)
            yield Figure(NAME, f"{kind}: p99", me, times[int(len(times) * 0.99)], "ms", None, _P99_MS)
            yield Figure(NAME, f"{kind}: largest page, packed", me, max(sizes[kind]) / 1000, "KB", None, _FIRST_KB)
        yield Figure(NAME, "CPU a page", me, used * 1000 / sum(map(len, spent.values())), "ms")
        yield Figure(NAME, "peak memory", me, memory, "MB", None, _MOST_MB)


def _mirror(options: Options, root: Path, works: int) -> None:
    """Make a mirror with its search index, of which the process beside makes nothing anew. The index of a million
    works takes minutes: it is kept, too.
    """
    source = catalogues.made(options.cache, works, say=options.say)
    catalogues.copied(source, root / "catalogue.db")
    guesser = guessing.guesser()
    kept = source.with_suffix(f".search-{FORMAT}{'-guessed' if guesser else ''}")
    if kept.exists():
        catalogues.copied(kept, search_path(root))
        return
    options.say(f"{NAME}: making the index of {works:,} works")
    index = Index(root, guessing.guess if guesser else None, guesser)
    while index.step():
        pass
    index.close()
    catalogues.copied(search_path(root), kept)


@contextmanager
def _serving(config: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "pixmirror", "--config", str(config), "gallery"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            while not _answers(port):
                assert child.poll() is None, "the gallery did not start"
                time.sleep(0.1)
            yield child
        finally:
            child.terminate()
            child.wait(60)


def _answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            _get(connection, "/static/gallery.css")
        except OSError:
            return False
    return True


def _pages(works: int) -> dict[str, Callable[[random.Random], str]]:
    """Return what readers open: an address by chance of each kind."""
    tags, artists = catalogues.tags_of(works), max(1, works // catalogues.WORKS_OF_ARTIST)
    months = [f"{year}-{month:02}" for year in range(2015, 2025) for month in range(1, 13)]

    def work(rng: random.Random) -> int:
        number = rng.randrange(works)
        return catalogues.FIRST_ID + (number + (number % 33 == 7)) * catalogues.STEP  # not a novel

    return {
        "home": lambda rng: "/",
        "works, newest": lambda rng: "/works",
        "works at any month": lambda rng: f"/works?at={rng.choice(months)}",
        "a month's works": lambda rng: f"/works/b/{rng.choice(months)}",
        "bookmarks": lambda rng: "/bookmarks",
        "works of a tag": lambda rng: f"/works?tag=タグ{rng.randrange(tags)}",
        "works of two common tags": lambda rng: f"/works?tag=タグ{rng.randrange(4)}&tag=タグ{rng.randrange(4, 9)}",
        "artists": lambda rng: "/a",
        "an artist": lambda rng: f"/a/{rng.randrange(artists) + 1}",
        "a work": lambda rng: f"/w/{work(rng)}",
        "search": lambda rng: f"/search?q={rng.choice(('夏', '星空', '約束 物語', 'hoshi', '物語'))}",
        "suggestions": lambda rng: f"/search/suggest?q={rng.choice(('夏', 'hosh', 'タグ1', 'artist 7'))}",
    }


def _read(port: int, works: int, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[int]]]:
    """Have the readers open pages. Return milliseconds and bytes by kind, without each reader's first round."""
    spent, sizes, lock = defaultdict[str, list[float]](list), defaultdict[str, list[int]](list), threading.Lock()
    failures: list[str] = []

    def note(kind: str, turn: int, status: int, size: int, took_ms: float) -> None:
        with lock:
            if status != 200:
                failures.append(f"{kind}: {status}")
            elif turn:
                spent[kind].append(took_ms)
                sizes[kind].append(size)

    def reader(number: int) -> None:
        rng, pages = random.Random(number), _pages(works)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            for turn in range(rounds):
                for kind in rng.sample(sorted(pages), len(pages)):
                    note(kind, turn, *_timed(connection, pages[kind](rng)))
                    time.sleep(rng.uniform(0, 2 * REST_S))

    readers = [threading.Thread(target=reader, args=(number,)) for number in range(READERS)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    if failures:
        raise AssertionError(f"{len(failures)} pages could not be had: {failures[:5]}")
    return dict(sorted(spent.items())), sizes


def _timed(connection: http.client.HTTPConnection, address: str) -> tuple[int, int, float]:
    began = time.perf_counter()
    status, size = _get(connection, address)
    return status, size, (time.perf_counter() - began) * 1000


def _get(connection: http.client.HTTPConnection, address: str) -> tuple[int, int]:
    connection.request("GET", quote(address, safe="/?=&"), headers=_HEADERS)
    answer = connection.getresponse()
    return answer.status, len(answer.read())
