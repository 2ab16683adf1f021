"""Scenario 2: 1,000 followed artists who posted nothing new, then 25 new works, 3 of them ugoira.

Requests, wall and CPU, beside gallery-dl reading the feed of followed artists until the first work that it has.
Both have mirrored everything before. Pacing is off.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import standin
from tests.bench.measure import Failed, Figure, Options, Spent, gallery_dl
from tests.bench.standin import Pixiv

NAME = "nothing-new"
FEED = "https://www.pixiv.net/bookmark_new_illust.php"
WHOLE = {"artists": 1000, "works": 4, "pages": [1], "picture": 3_000}
SMALL = {"artists": 12, "works": 4, "pages": [1], "picture": 3_000}
ILLUSTS, UGOIRA = 22, 3
_MOST_REQUESTS = {"nothing new": 4, "25 new works": 8}
_MOST_CPU_S = {"nothing new": 1.0}
_MOST_MB = 110


@dataclass(frozen=True)
class _Competitor:
    name: str
    folder: Path
    run: Callable[[], Spent]


def scenario(options: Options) -> Iterator[Figure]:
    spec: dict[str, Any] = SMALL if options.small else WHOLE
    with standin.pixiv(**spec) as server:
        there = spec["artists"] * spec["works"]
        competitors = list(_competitors(server, options.folder))
        for one in competitors:
            options.say(f"{NAME}: {one.name} mirrors {there:,} works first")
            one.run()
            _has(one, there)
        for number in range(options.runs):
            for one in competitors:
                options.say(f"{NAME}: run {number + 1}, {one.name}, nothing new")
                yield from _measured(server, one, "nothing new", there)
            server.tell(f"post {ILLUSTS} {UGOIRA}")
            there += ILLUSTS
            for one in competitors:
                options.say(f"{NAME}: run {number + 1}, {one.name}, {ILLUSTS + UGOIRA} new works")
                yield from _measured(server, one, f"{ILLUSTS + UGOIRA} new works", there)


def _competitors(server: Pixiv, folder: Path) -> Iterator[_Competitor]:
    if gallery_dl():
        other = folder / "gallery-dl"
        # without a work that it has it reads on, so the first time it reads all
        known = {"archive": str(folder / "archive.sqlite3"), "skip": "abort:1"}
        yield _Competitor("gallery-dl", other, partial(standin.gallery_dl, other, server, FEED, **known))
    ours = folder / "pixmirror"
    config = standin.write_config(ours, server, connections=4)
    yield _Competitor("pixmirror", ours, partial(standin.sync, config, server))


def _measured(server: Pixiv, one: _Competitor, what: str, there: int) -> Iterator[Figure]:
    server.tell("counts")
    spent = one.run()
    counts = server.tell("counts")
    _has(one, there)
    ours = one.name == "pixmirror"
    beside = "gallery-dl" if ours else None
    yield Figure(NAME, f"{what}, wall", one.name, spent.wall_s, "s", beside)
    yield Figure(NAME, f"{what}, CPU", one.name, spent.cpu_s, "s", None, _MOST_CPU_S.get(what) if ours else None)
    yield Figure(NAME, f"{what}, peak memory", one.name, spent.peak_mb, "MB", None, _MOST_MB if ours else None)
    api = sum(n for path, n in counts["api"].items() if path != "/auth/token")
    most = _MOST_REQUESTS[what] if ours else None
    yield Figure(NAME, f"{what}, API requests", one.name, api, "", None, most)
    yield Figure(NAME, f"{what}, image requests", one.name, counts["image"], "")


def _has(one: _Competitor, works: int) -> None:
    """The one page of each illust must be there."""
    found = sum(1 for _ in one.folder.rglob("*_p0.jpg"))
    if found != works:
        raise Failed(f"{one.name} has {found} files of {works}")
