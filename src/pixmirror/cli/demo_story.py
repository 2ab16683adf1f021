"""The demo's story: a first mirror that is killed twice, days in which things happen upstream, a look after each.

The days are those before today, so that the mirror ends in the present.
"""

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from pixmirror.catalogue import queue
from pixmirror.cli import progress
from pixmirror.cli.common import Session, complain, note, say, the_error, told
from pixmirror.cli.demo_setup import DAYS, DemoMirror, DemoServer
from pixmirror.clock import DAY_MS, Clock
from pixmirror.daemon.first_look import look_first
from pixmirror.daemon.mirror import open_mirror
from pixmirror.errors import ExitCode, PixmirrorError

# Days before today: what is missed is believed only after it was missed again on another day.
LOOKS = (14, 12, 10, 8, 6, 0)
KILL_AT = (0.2, 0.7)  # files for a work
LOOK_S = 0.05
CHILD = "import sys; from pixmirror.cli.demo_story import main; sys.exit(main())"
SHOW_CURSOR = "\x1b[?25h\r\x1b[K"  # which a killed progress bar has hidden


def tell(s: Session, mirror: DemoMirror, server: DemoServer) -> tuple[int, int]:
    """Tell all of it, up to now. Return the last exit code, and how often the mirroring was killed."""
    first = -DAYS * DAY_MS
    say(f"{DAYS} days ago: the first mirror, killed (SIGKILL) twice on the way.")
    kills = 0
    for share in KILL_AT:
        server.shift(first)
        code = _in_a_process(s, first, kill_at=max(5, int(share * mirror.works)))
        if code != -signal.SIGKILL:
            break
        kills += 1
        note("Killed. It goes on where it was.")
    else:
        code = _in_a_process(s, first)
    for day in LOOKS:
        if code:
            return code, kills
        server.shift(-day * DAY_MS)
        if day == LOOKS[0]:
            say("Meanwhile upstream: an artist leaves, a picture is replaced, a title edited, a work deleted.")
        say(f"{f'{day} days ago' if day else 'Today'}: it looks again.")
        code = mirror_at(s, -day * DAY_MS)
    return code, kills


def _in_a_process(s: Session, shift: int, kill_at: int | None = None) -> int:
    """Mirror in a process; kill it when `kill_at` files are stored. Return its exit code."""
    command = [sys.executable, "-c", CHILD, str(s.config_file), str(shift)]
    # Its own session: Ctrl-C is for us, and we pass it on once.
    process = subprocess.Popen(command, start_new_session=True)
    try:
        while process.poll() is None:
            if kill_at is not None and _stored(s) >= kill_at:
                process.kill()
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        return ExitCode.INTERRUPTED
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
        if process.returncode == -signal.SIGKILL and sys.stderr.isatty():
            sys.stderr.write(SHOW_CURSOR)
            sys.stderr.flush()
    return process.returncode


def _stored(s: Session) -> int:
    try:
        with s.reading() as db:
            return db.read_sync(queue.counts).stored
    except PixmirrorError:
        return 0  # there is no catalogue yet


class _ShiftedClock(Clock):
    """The machine's clock, set so many milliseconds later (or earlier)."""

    def __init__(self, shift_ms: int) -> None:
        self._shift_ms = shift_ms

    def now(self) -> int:
        return super().now() + self._shift_ms


def mirror_at(s: Session, shift_ms: int) -> int:
    """Mirror all there is so many milliseconds from now; return the exit code of a sync."""
    with suppress(KeyboardInterrupt):
        return asyncio.run(_mirror_at(s, shift_ms))
    return ExitCode.INTERRUPTED


async def _mirror_at(s: Session, shift_ms: int) -> int:
    from pixmirror.cli.work import mirror_once

    async with open_mirror(s.config, s.env, clock=_ShiftedClock(shift_ms), what="demo") as mirror:
        await look_first(mirror)
        report = await mirror_once(mirror, (), progress.display())
    for name, result in report.results.items():
        if result.error:
            note(f"{name}: {result.error}")
    if report.trouble:
        note(told(report.trouble))
    return report.exit_code


def main() -> int:
    """Mirror in a process of its own, which can be killed. Arguments: those of `mirror_at`."""
    try:
        return mirror_at(Session(Path(sys.argv[1])), int(sys.argv[2]))
    except (PixmirrorError, ExceptionGroup) as raised:
        if (error := the_error(raised)) is None:
            raise
        complain(error)
        return error.exit_code
