"""Progress of a mirroring run: bars on a terminal, a plain line every few seconds elsewhere."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import typer

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Connection, ReadOnly
from pixmirror.cli import formats
from pixmirror.cli.common import note
from pixmirror.reports import plan, queries

BAR_S, LINE_S = 0.5, 5.0
WINDOW_S = 60.0


@contextmanager
def counting(line: Callable[[Any], str], *, quiet: bool = False) -> Iterator[Callable[[Any], None] | None]:
    """Yield what shows on one line, redrawn each time, how far something is; None where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    yield lambda found: typer.echo(f"\r{line(found)} ", err=True, nl=False)
    typer.echo("\r", err=True, nl=False)


@dataclass(frozen=True, slots=True)
class Figures:
    """Where a run stands. `left`: requests still to be sent, as far as is known; files come beside them."""

    works: int
    stored: int
    wanted: int
    bytes: int
    left: int


Show = Callable[[Figures, float | None], None]
Display = AbstractContextManager[Show]


def figures(conn: Connection, now: int) -> Figures:
    n = queue.counts(conn)
    works = sum(queries.known_works(conn))
    return Figures(works, n.stored, n.wanted + n.waiting, n.bytes_stored, plan.left(conn, now).asked)


@contextmanager
def _bars() -> Iterator[Show]:
    """Draw rich's bars, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f} files"),
        TextColumn("{task.fields[more]}"),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("0 works", total=1, more="")

        def show(f: Figures, eta: float | None) -> None:
            more = [formats.size(f.bytes)]
            if f.left:
                more.append(f"{formats.count(f.left, 'request')} to send")
            if eta is not None:
                more.append(f"{formats.span(eta)} left")
            works, total = f"{f.works:,} works", max(f.stored + f.wanted, 1)
            drawn.update(task, description=works, completed=f.stored, total=total, more=" · ".join(more))

        yield show


@contextmanager
def _lines() -> Iterator[Show]:
    """Print a line now and then on standard error, for logs and pipes."""
    last, said = time.monotonic() - LINE_S + 1, None

    def show(f: Figures, eta: float | None) -> None:
        nonlocal last, said
        if time.monotonic() - last >= LINE_S and f != said:
            last, said = time.monotonic(), f
            note(line(f, eta))

    yield show


def line(f: Figures, eta: float | None = None) -> str:
    text = f"{f.works:,} works, {f.stored:,} of {f.stored + f.wanted:,} files, {formats.size(f.bytes)}"
    if f.left:
        text += f", {formats.count(f.left, 'request')} to send"
    return f"{text}, about {formats.span(eta)} left" if eta is not None else text


def display(quiet: bool = False) -> Display:
    if quiet:
        return nullcontext(lambda figures, eta: None)
    return _bars() if sys.stderr.isatty() else _lines()


@asynccontextmanager
async def beside(coroutine: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run this as long as the block runs; it is never the reason that the block fails."""
    task = asyncio.create_task(coroutine)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def watching(db: ReadOnly, shown: Display) -> AsyncIterator[None]:
    """Show where the catalogue stands while the block runs."""
    with shown as show:
        async with beside(_watch(db, show)):
            yield


async def _watch(db: ReadOnly, show: Show) -> None:
    history: deque[tuple[float, Figures]] = deque()
    while True:
        began = time.monotonic()
        f = await db.read(figures, int(time.time() * 1000))
        history.append((began, f))
        while began - history[0][0] > WINDOW_S:
            history.popleft()
        show(f, eta(history))
        # A large catalogue takes longer to count: never spend more than a tenth of the time on it.
        await asyncio.sleep(max(BAR_S, 10 * (time.monotonic() - began)))


def eta(history: deque[tuple[float, Figures]]) -> float | None:
    """Return the seconds left for the files and details known now, at the pace of the last minute."""
    (then, a), (now, b) = history[0], history[-1]
    passed = now - then
    if passed < 3:
        return None
    left = []
    for todo, done in ((b.wanted, b.stored - a.stored), (b.left, a.left - b.left)):
        if todo:
            left.append(todo * passed / done if done > 0 else None)
    if not left or None in left:
        return None
    return max(x for x in left if x is not None)
