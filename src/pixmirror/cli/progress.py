"""How far a mirroring run is: one line, redrawn on a terminal; now and then a line elsewhere."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import typer

from pixmirror.catalogue.database import Connection, ReadOnly
from pixmirror.cli import formats
from pixmirror.cli.common import note, now_ms
from pixmirror.daemon.estimates import what_is_left
from pixmirror.reports.estimate import Estimate, newest_artist
from pixmirror.reports.moments import clock
from pixmirror.terminal import one_line

if TYPE_CHECKING:
    from pixmirror.config import Config

REDRAW_S, LINE_S, AGAIN_S = 0.5, 300.0, 3600.0

Show = Callable[[Estimate, str], None]
Display = AbstractContextManager[Show]


@contextmanager
def counting(line: Callable[[Any], str], *, quiet: bool = False) -> Iterator[Callable[[Any], None] | None]:
    """Yield what shows on one line, redrawn each time, how far something is; None where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    yield lambda found: typer.echo(f"\r{line(found)} ", err=True, nl=False)
    typer.echo("\r", err=True, nl=False)


class _Reasons:
    """Why it takes longer than was told, said once in a while: figures go up and down as lists are read."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def tell(self, because: str) -> None:
        kind, now = because.partition(" (")[0], time.monotonic()
        if because and now - self._said.get(kind, -AGAIN_S) >= AGAIN_S:
            self._said[kind] = now
            note(because)


@contextmanager
def _redrawn() -> Iterator[Show]:
    """Draw one line on standard error again and again; what is said meanwhile goes above it."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    reasons = _Reasons()
    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as drawn:

        def show(e: Estimate, artist: str) -> None:
            reasons.tell(e.because)
            room = shutil.get_terminal_size().columns - 1
            text = Text(line(e, artist, room), no_wrap=True, overflow="ellipsis")
            drawn.update(text, refresh=True)

        yield show


@contextmanager
def _lines() -> Iterator[Show]:
    """Say a line now and then on standard error, for logs and pipes."""
    last, said, reasons = time.monotonic(), "", _Reasons()

    def show(e: Estimate, artist: str) -> None:
        nonlocal last, said
        reasons.tell(e.because)
        if time.monotonic() - last >= LINE_S and (text := line(e, artist)) != said:
            last, said = time.monotonic(), text
            note(f"{text}.")

    yield show


def line(e: Estimate, artist: str = "", room: int = 10_000) -> str:
    """Say how far it is, in so many columns: whole if need be without the artist, wider ones with what is left."""
    from rich.cells import cell_len

    text = rest(e)
    name = f" ({one_line(artist)})" if artist else ""
    left = f"; {e.what_is_left()}" if not e.is_done and e.what_is_left() not in text else ""
    size = f", {formats.size(e.bytes_here)} here" if e.bytes_here else ""
    more = (left + size, left, "")
    fits = (text + part + who for part in more for who in (name, ""))
    return next((one for one in fits if cell_len(one) <= room), text)


def rest(e: Estimate) -> str:
    """Say how far it is and how long it takes; while nothing is sent, until when."""
    if e.resting_until is None or e.is_done:
        return e.line()
    after = f", then {e.after_the_rest(now_ms())}" if e.seconds is not None else ""
    return f"{e.how_far()}; resting until {clock(e.resting_until, now_ms())}{after}"


def display(quiet: bool = False) -> Display:
    if quiet:
        return nullcontext(lambda estimate, artist: None)
    return _redrawn() if sys.stderr.isatty() else _lines()


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
async def watching(
    db: ReadOnly,
    shown: Display,
    config: "Config",
    names: Sequence[str] = (),
    now: Callable[[], int] = now_ms,
) -> AsyncIterator[None]:
    """Show how far these jobs are (all without names) while the block runs."""
    with shown as show:
        async with beside(_watch(db, show, config, names, now)):
            yield


async def _watch(db: ReadOnly, show: Show, config: "Config", names: Sequence[str], now: Callable[[], int]) -> None:
    def read(conn: Connection, at: int) -> tuple[Estimate, str]:
        return what_is_left(conn, at, config, names), newest_artist(conn)

    while True:
        began = time.monotonic()
        show(*await db.read(read, now()))
        # A large catalogue takes longer to count: never spend more than a tenth of the time on it.
        await asyncio.sleep(max(REDRAW_S, 10 * (time.monotonic() - began)))
