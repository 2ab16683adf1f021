"""What the short screen of `status` looks like."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from pixmirror.cli import layout
from pixmirror.cli.common import name_the_zone, say
from pixmirror.terminal import one_line

if TYPE_CHECKING:
    from pixmirror.reports.headline import Headline
    from pixmirror.reports.screen import Screen


def show(found: "Screen", clear: bool = False) -> None:
    """Print the short screen."""
    lines = list(_screen(found))
    if clear:
        typer.echo("\x1b[H\x1b[2J", nl=False)
    for line in lines:
        say(line)
    name_the_zone()  # now: the next screen has its own


def _screen(found: "Screen") -> Iterator[str]:
    for one in found["situations"]:
        yield from _situation(one["says"], one["do"])
    if found["is_well"]:
        yield _last_and_next(found)
    yield ""
    for label, text in found["figures"]:
        yield _labelled(label, text)
    if found["asides"]:
        yield ""
        yield from map(one_line, found["asides"])
    if found["jobs"]:
        yield ""
        yield from _columns(found["jobs"])
    yield "More: status --full, coverage, gone, why ID"


def _situation(says: str, do: Iterable[str]) -> Iterator[str]:
    yield one_line(says)
    yield from (f"  {one_line(line)}" for line in do)


def _last_and_next(found: "Screen") -> str:
    parts = []
    if (last := found["last"]) is not None:
        parts.append(f"Last new work: {layout.cut(one_line(last['title']), 24)} ({last['when']}).")
    if found["next_look"] is not None:
        parts.append(f"Next look: {found['next_look']}.")
    return f"  {' '.join(parts)}"


def show_headlines(found: "Iterable[Headline]") -> None:
    """Say each situation with what to do."""
    for one in found:
        for line in _situation(one.says, one.do):
            say(line)


def _labelled(label: str, text: str) -> str:
    return f"{label:<10} {one_line(text)}"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows whose cells stand below each other; the first are names, which are cut where it is narrow."""
    widths = [max(map(layout.cells, column)) for column in zip(*rows, strict=True)]
    if room := layout.width():
        widths[0] = min(widths[0], max(layout.LEAST_NAME, room - sum(widths[1:]) - 3 * len(widths[1:])))
    for row in rows:
        cells = [layout.cut(cell, width) for cell, width in zip(row, widths, strict=True)]
        yield "   ".join(c + " " * (w - layout.cells(c)) for c, w in zip(cells, widths, strict=True)).rstrip()
