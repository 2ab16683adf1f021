"""Sentences and tables that fit the terminal: words wrap, names are cut, ids, dates and amounts never break."""

import os
import re
import shutil
import sys
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from pixmirror.cli.common import say
from pixmirror.terminal import one_line

NARROWEST_NAME = 12
_BETWEEN = re.compile(r"(?<!\d) ")  # where a line may end: never between a number and its unit


def width() -> int:
    """Return how many columns there are; 0 where nobody looks, as in a pipe, so that each line is whole."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return 0
    return max(shutil.get_terminal_size().columns, 20)


def tell(text: str, indent: str = "") -> None:
    """Say a sentence, wrapped at words; what follows its first line is indented by two more."""
    for line in wrapped(one_line(text), indent):
        say(line)


def wrapped(text: str, indent: str = "", following: str | None = None) -> list[str]:
    """Return the lines of a sentence; those after the first begin with `following`."""
    room, lines, line = width(), list[str](), indent
    following = f"{indent}  " if following is None else following
    bare = True
    for word in _BETWEEN.split(text):
        longer = line + word if bare else f"{line} {word}"
        if room and not bare and cell_len(longer) > room:
            lines.append(line)
            longer = following + word
        line, bare = longer, False
    return [*lines, line]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of a name, figures and a reason. Where it is narrow reasons go below, and names are cut."""
    lines = [tuple(map(one_line, row)) for row in rows]
    columns = list(zip(head, *lines, strict=True))
    widths = [max(map(cell_len, column)) for column in columns[:-1]]
    room = width()
    reasons = max((cell_len(row[-1]) for row in lines), default=0)
    below = bool(room) and sum(widths) + 2 * len(widths) + max(reasons, cell_len(head[-1])) > room
    if below:
        others = sum(widths[1:]) + 2 * len(widths[1:])
        widths[0] = min(widths[0], max(NARROWEST_NAME, room - others))
    for n, row in enumerate([tuple(head), *lines]):
        cells = [_fit(cell, size, is_name=not i) for i, (cell, size) in enumerate(zip(row, widths, strict=False))]
        line = "  ".join(cells)
        if not below:
            say(f"{line}  {row[-1]}".rstrip())
            continue
        say(line.rstrip())
        if n and row[-1]:
            tell(row[-1], "  ")


def _fit(text: str, size: int, *, is_name: bool) -> str:
    """Return a cell of this width: a name cut to it, a figure to the right."""
    if not is_name:
        return " " * (size - cell_len(text)) + text
    cut = text if cell_len(text) <= size else f"{set_cell_size(text, size - 1).rstrip()}…"
    return set_cell_size(cut, size)
