"""How numbers, times and tables look to people."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from pixmirror.cli import layout
from pixmirror.cli.common import saw, say
from pixmirror.terminal import one_line
from pixmirror.terminal import size as size


def span(seconds: float) -> str:
    """Return a length of time: 45 s, 12 min, 3.5 h, 4 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"


def moment(ms: int | None) -> str:
    """Return a time as the user's clock shows it."""
    from pixmirror.models import from_ms

    return "" if ms is None else f"{from_ms(ms).astimezone():%Y-%m-%d %H:%M}"


def clock(ms: int) -> str:
    """Return a moment to come as the user's clock shows it: "14:32", with the date where it is not today."""
    from datetime import datetime

    from pixmirror.models import from_ms

    here = from_ms(ms).astimezone()
    today = datetime.now().astimezone().date() == here.date()
    return f"{here:%H:%M}" if today else f"{here.day} {here:%b %H:%M}"


def from_now(ms: int | None, now: int) -> str:
    """Return how far away a moment is: "in 5 min", "3.0 h ago"."""
    if ms is None:
        return "-"
    seconds = (ms - now) / 1000
    if abs(seconds) < 1:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


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
        typer.echo(typer.style(line, bold=True) if is_head else saw(line))
