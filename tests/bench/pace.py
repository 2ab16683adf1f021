"""Scenario 6: the polite pace, in virtual time. 1,500 artists with 300 works each and 140,000 bookmarks.

At the default pace and caps: when the newest work of every artist, all works, all files and all comments are
there; how many requests brought something new; and how soon a work that is posted meanwhile is seen and stored.
Nothing in it is measured in real time but CPU and memory, so that one run is as good as many.

The lists are read at full size. What comes after them, two weeks and more, is a model 1:25 of it, in which works,
pace, caps and jobs are all 25 times less and hours are the same, and another 1:50, which must agree.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.measure import Figure, Options, run

NAME = "polite-pace"
ARTISTS, WORKS, BOOKMARKS, A_WEEK = 1500, 300, 140_000, 1000
SLOT_H = 2 / 3600
_MOST_OF_FLOOR = 1.1
_MOST_WITHOUT_NEWS = 5.0
_MOST_MB = 110
_HOURS = {
    "newest_known_s": "the newest work of every artist is known",
    "newest_stored_s": "the newest work of every artist is stored",
    "known_s": "all works are known",
    "files_s": "all files are there",
    "comments_s": "all comments were seen once",
}


@dataclass(frozen=True)
class _Part:
    """One simulation: how much smaller it is than the whole, and what of it is told."""

    name: str
    plan: dict[str, Any]
    hours: tuple[str, ...]
    news: bool = False  # how soon new works are seen and stored


def scenario(options: Options) -> Iterator[Figure]:
    for part in _small() if options.small else _whole():
        options.say(f"{NAME}: {part.name}")
        folder = options.folder / part.name.replace(" ", "-").replace(":", "-")
        folder.mkdir()
        plan = json.dumps({"folder": str(folder), **part.plan})
        spent = run([sys.executable, "-m", "tests.bench.pace_run", plan])
        found = json.loads(spent.output.splitlines()[-1])
        options.say(f"  {spent.wall_s:.0f} s, {spent.cpu_s:.0f} s of CPU; {json.dumps(found['phases'])}")
        yield from _figures(part, found)


def _whole() -> list[_Part]:
    done = ("known_s", "files_s", "comments_s")
    return [
        _Part("lists 1:1", _plan(1, "known", 3), tuple(_HOURS)[:3]),
        _Part("all 1:25", _plan(25, "done", 60), done),
        _Part("all 1:50", _plan(50, "done", 60), done),
        _Part("year 1:25", _plan(25, "days", 365) | {"model": 1, "look_s": 60.0}, (), news=True),
    ]


def _small() -> list[_Part]:
    return [
        _Part("all 1:50", _plan(50, "done", 60) | {"works": 30, "bookmarks": 200}, tuple(_HOURS)),
        _Part("2 days 1:50", _plan(50, "days", 2) | {"works": 10, "bookmarks": 200, "model": 1}, (), news=True),
    ]


def _plan(model: int, until: str, days: float) -> dict[str, Any]:
    return {
        "artists": ARTISTS // model, "works": WORKS, "bookmarks": BOOKMARKS // model, "a_week": A_WEEK / model,
        "days": days, "until": until, "model": model,
    }  # fmt: skip


def _figures(part: _Part, found: dict[str, Any]) -> Iterator[Figure]:
    def figure(what: str, value: float, unit: str, target: float | None = None) -> Figure:
        return Figure(NAME, what, part.name, value, unit, target=target)

    slot = SLOT_H * found["plan"]["model"]
    for name in part.hours:
        yield figure(f"until {_HOURS[name]}", (found["times"][name] or 0) / 3600, "h")
    if "known_s" in part.hours:
        known_h, floor = found["times"]["known_s"] / 3600, found["floor"]
        yield figure(
            "all works known, of the floor of list pages", known_h / (floor["lists"] * slot), "x", _MOST_OF_FLOOR
        )
        overlap = known_h / (floor["with_overlap"] * slot)
        yield figure("the same, of pages that overlap by one item", overlap, "x", _MOST_OF_FLOOR)
    for phase, counts in found["phases"].items():
        asked = counts["requests"]
        without = counts["nothing"] / asked * 100
        target = None if part.news else _MOST_WITHOUT_NEWS
        yield figure(f"requests {phase}", asked, "")
        yield figure(f"requests that bring nothing new, {phase}", without, "%", target)
        yield figure(f"first looks at empty comments, {phase}", counts["empty_threads"] / asked * 100, "%")
    if part.news:
        for event in ("seen", "stored"):
            spread = found["new_works"][event]
            for share in ("median", "p99"):
                yield figure(f"a new work is {event}, {share}", spread[share] / 60, "min")
    yield figure("peak memory, the generated Pixiv included", found["peak_mb"], "MB", _MOST_MB)
    yield figure("the same after imports", found["imports_mb"], "MB")
    yield figure("CPU a request, all included", found["cpu_s"] * 1000 / _requests(found), "ms")


def _requests(found: dict[str, Any]) -> int:
    return sum(int(counts["requests"]) for counts in found["phases"].values())
