"""How numbers, times and tables look to people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from pixmirror.cli.common import say
from pixmirror.terminal import one_line

if TYPE_CHECKING:
    from rich.console import Console


def size(n: float) -> str:
    """Format bytes as people read them: 4.2 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(n) < 1024:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1024
    return f"{n:.2f} TiB"


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
    """Print a quiet table: no lines, no colours; folded where it is narrow, never cut. No head if empty."""
    from rich.console import Console

    lines = [tuple(map(one_line, row)) for row in rows]
    out = Console(highlight=False)
    if out.is_terminal:
        _rich_table(out, head, lines)
    else:
        _plain_table([tuple(head), *lines] if any(head) else lines)


def _rich_table(out: "Console", head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_header=any(head))
    for name in head:
        shown.add_column(name, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    out.print(shown)


def _plain_table(rows: Sequence[Sequence[str]]) -> None:
    from rich.cells import cell_len

    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
