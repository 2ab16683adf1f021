"""Counters over time as a small drawing: paths for an SVG, and a sentence that says the same. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pixmirror.gallery.shown import count, day
from pixmirror.ingest.stats import Point

WIDTH, HEIGHT, TOP = 320, 84, 4  # of the drawing: 0 lies at HEIGHT


@dataclass(frozen=True, slots=True)
class Plot:
    """`line` and `area` are paths; `most` is the value at the top; `sentence` for who does not see it."""

    line: str
    area: str
    end: tuple[float, float]
    most: int
    first: int  # ms UTC
    last: int
    sentence: str


def plot(points: Sequence[Point]) -> Plot | None:
    """Draw the bookmarks; None where there are not two moments to draw a line between."""
    known = [(p.at, p.total_bookmarks) for p in points if p.total_bookmarks is not None]
    if len(known) < 2 or known[-1][0] <= known[0][0]:
        return None
    first, last = known[0][0], known[-1][0]
    most = _round_up(max(n for _, n in known))
    places = [
        (round((at - first) / (last - first) * WIDTH, 1), round(HEIGHT - n / most * (HEIGHT - TOP), 1))
        for at, n in known
    ]
    line = "M" + " ".join(f"{x:g} {y:g}" for x, y in places)
    return Plot(
        line=line,
        area=f"{line} {WIDTH} {HEIGHT} 0 {HEIGHT}z",
        end=places[-1],
        most=most,
        first=first,
        last=last,
        sentence=_sentence(known),
    )


def _round_up(number: int) -> int:
    """Return a round number that is not below: 1, 2 or 5 with zeros."""
    if number < 1:
        return 1
    power: int = 10 ** int(math.log10(number))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= number)


def _sentence(known: Sequence[tuple[int, int]]) -> str:
    (begin, before), (end, after) = known[0], known[-1]
    verb = "rose" if after > before else "fell" if after < before else "stayed the same"
    if after == before:
        return f"Bookmarks {verb}, {count(after)}, from {day(begin)} to {day(end)}."
    _, largest = max((abs(b - a), at) for (_, a), (at, b) in pairwise(known))
    said = f"Bookmarks {verb} from {count(before)} on {day(begin)} to {count(after)} on {day(end)}"
    return f"{said}, most of all by {day(largest)}." if len(known) > 2 else f"{said}."
