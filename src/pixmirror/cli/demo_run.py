"""One mirroring of the demo at another time; `main` is a process of its own, which can be killed."""

import asyncio
import sys
from pathlib import Path

from pixmirror.cli import progress
from pixmirror.cli.common import Session, complain, note, the_error, told
from pixmirror.clock import Clock
from pixmirror.errors import ExitCode, PixmirrorError


class ShiftedClock(Clock):
    """The machine's clock, set so many milliseconds later (or earlier)."""

    def __init__(self, shift_ms: int) -> None:
        self._shift_ms = shift_ms

    def now(self) -> int:
        return super().now() + self._shift_ms


async def mirror_at(s: Session, shift_ms: int, shown: progress.Display) -> int:
    """Mirror all there is at that time; the exit code of a sync."""
    from pixmirror.cli.work import mirror_once
    from pixmirror.daemon.first_look import look_first
    from pixmirror.daemon.mirror import open_mirror

    async with open_mirror(s.config, s.env, clock=ShiftedClock(shift_ms)) as mirror:
        await look_first(mirror)
        report = await mirror_once(mirror, (), shown)
    for name, result in report.results.items():
        if result.error:
            note(f"{name}: {result.error}")
    if report.trouble:
        note(told(report.trouble))
    return report.exit_code


def main() -> int:
    """Arguments: the config file, and how many milliseconds from now."""
    try:
        return asyncio.run(mirror_at(Session(Path(sys.argv[1])), int(sys.argv[2]), progress.display()))
    except PixmirrorError as error:
        complain(error)
        return error.exit_code
    except ExceptionGroup as group:
        if (first := the_error(group)) is None:
            raise
        complain(first)
        return first.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
