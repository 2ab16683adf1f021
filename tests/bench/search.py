"""Scenario 7: search.db of 1,000,000 works: making it, following ingestion, asking it.

Following: pages of 30 new works, in Japanese, are recorded one by one, and after each the index is brought up: its
CPU a page. Beside it the wall time of such pages with and without the index's thread. Questions are asked of one
connection with a warm cache. `pixmirror search` is a whole process, beside `pixmirror --version`.
"""

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.search.schema import search_path
from pixmirror.catalogue.shelves import open_shelves
from pixmirror.daemon.searching import Searching
from pixmirror.ingest.works import record_works
from pixmirror.reports.search import find, suggest
from tests.bench import catalogues
from tests.bench.ingesting import PAGE, Page, pages_of
from tests.bench.measure import Figure, Options, run
from tests.catalogue.builders import seen

NAME = "search"
WORKS, SMALL = 1_000_000, 1_000
PAGES, WARM_UP = 60, 10
TIMES = 40  # each question
_CPU_A_PAGE_MS, _SLOWER, _P50_MS, _P99_MS, _COMMAND_MS = 5.0, 1.1, 15.0, 100.0, 100.0

QUESTIONS = {
    "one character": ("夜", "の", "星", "空", "魔"),
    "two characters": ("約束", "星空", "夏の", "物語", "マー"),
    "three and more": ("星空の", "コーヒー", "魔法少女", "君を待つ", "約束と星空"),
    "romaji": ("hoshi", "koohii", "tokyo", "mahou", "kimi"),
    "two words": ("夏 星空", "作品 物語", "約束 君を", "tag 星", "artist 夏の"),
    "fields": ("星 posted:2019", "夏 bookmarks:>100000", "posted:2016-03", "星空 state:gone", "夏の -星空"),
    "English": ("looking", "thanks for", "artist 77", "s", "user"),
    "a word of every work": ("caption", "tag", "作品"),
}


def scenario(options: Options) -> Iterator[Figure]:
    size = SMALL if options.small else WORKS
    source = catalogues.made(options.cache, size, say=options.say)
    root = options.folder / "mirror"
    catalogues.copied(source, root / "catalogue.db")
    me = f"pixmirror, {size:,} works"
    options.say(f"{NAME}: making the index of {size:,} works")
    index = Index(root)
    cpu_s = _cpu_s(lambda: _all_of(index))
    yield Figure(NAME, "making it: CPU a page of 30 works", me, cpu_s * 1000 * PAGE / size, "ms")
    yield Figure(NAME, "search.db", me, search_path(root).stat().st_size / 1e6, "MB")
    pages = pages_of(size, (WARM_UP + PAGES) * 3 * options.runs)
    for number in range(options.runs):
        options.say(f"{NAME}: run {number + 1}, following")
        some, pages = pages[: (WARM_UP + PAGES) * 3], pages[(WARM_UP + PAGES) * 3 :]
        yield from _following(root, index, some, me)
    index.close()
    yield from _asking(options, root, me)
    yield from _command(options, root, me)


def _all_of(index: Index) -> None:
    while index.step():
        pass


def _cpu_s(act: Any) -> float:
    began = time.thread_time()
    act()
    return time.thread_time() - began


def _following(root: Path, index: Index, pages: Sequence[Page], me: str) -> Iterator[Figure]:
    with Database.open(root / "catalogue.db") as db:
        spent = []
        for n, page in enumerate(pages[: WARM_UP + PAGES]):
            db.run_sync(record_works, seen(catalogues.NOW + n, account_id=catalogues.ACCOUNT), page, {})
            spent.append(_cpu_s(lambda: _all_of(index)))
        yield Figure(
            NAME, "following: CPU a page of 30 works", me, statistics.mean(spent[WARM_UP:]) * 1000, "ms", None,
            _CPU_A_PAGE_MS,
        )  # fmt: skip
        rest = pages[WARM_UP + PAGES :]
        alone, beside = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        without = _wall_ms(db, alone)
        _all_of(index)
    searching = Searching(root)
    with Database.open(root / "catalogue.db") as db:
        db.call_after_commits(searching.wake)
        with_it = _wall_ms(db, beside)
        searching.close()
    what = "ingestion: wall a page of 30 works"
    yield Figure(NAME, what, f"{me}, no index", without, "ms")
    yield Figure(NAME, what, me, with_it, "ms", f"{me}, no index", _SLOWER)


def _wall_ms(db: Database, pages: Sequence[Page]) -> float:
    spent = []
    for n, page in enumerate(pages):
        began = time.perf_counter()
        db.run_sync(record_works, seen(catalogues.NOW + n, account_id=catalogues.ACCOUNT), page, {})
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1000


def _asking(options: Options, root: Path, me: str) -> Iterator[Figure]:
    options.say(f"{NAME}: asking")
    with open_shelves(root) as shelves:
        for what, asked in QUESTIONS.items():
            for call, named in ((find, what), (suggest, f"{what}, suggestions")):
                spent = []
                for text in asked:
                    shelves.read_sync(call, text)
                    for _ in range(2 if options.small else TIMES):
                        began = time.perf_counter()
                        shelves.read_sync(call, text)
                        spent.append((time.perf_counter() - began) * 1000)
                spent.sort()
                yield Figure(NAME, f"{named}: p50", me, statistics.median(spent), "ms", None, _P50_MS)
                yield Figure(NAME, f"{named}: p99", me, spent[int(len(spent) * 0.99)], "ms", None, _P99_MS)


def _command(options: Options, root: Path, me: str) -> Iterator[Figure]:
    options.say(f"{NAME}: the command")
    config = options.folder / "config.toml"
    config.write_text(f'[mirror]\nroot = "{root}"\nkeep_free = "0"\n')
    command: list[str | Path] = [sys.executable, "-m", "pixmirror", "--config", config]
    for text in ("星空", "koohii", "夏 星空"):
        searched = min(run([*command, "search", text]).wall_s for _ in range(3))
        started = min(run([*command, "--version"]).wall_s for _ in range(3))
        yield Figure(
            NAME, "`pixmirror search` after its start", me, (searched - started) * 1000, "ms", None, _COMMAND_MS
        )
