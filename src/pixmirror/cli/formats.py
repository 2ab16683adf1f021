"""How numbers, times and tables look to people."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from pixmirror.cli import layout
from pixmirror.cli.common import hinted, saw, say
from pixmirror.terminal import one_line
from pixmirror.terminal import size as size


def count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def amounts(counts: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    """Return "3 failed" and the like of each count that is not 0."""
    return [f"{counts[key]:,} {word}" for key, word in words.items() if counts[key]]


def say_any(n: int, one: str, rest: str) -> None:
    """Say how many there are of something, and what is to be said of them, if there are any."""
    if n:
        say(f"{count(n, one)} {rest}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a quiet table: no lines, no colours but a bold head on a terminal. No head if it is empty."""
    lines = layout.table(head, [tuple(map(one_line, row)) for row in rows])
    for number, line in enumerate(lines):
        is_head = number == 0 and any(head) and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        typer.echo(typer.style(line, bold=True) if is_head else saw(hinted(line)))
