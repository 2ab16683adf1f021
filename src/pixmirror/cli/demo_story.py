"""The demo's story: a first mirror that is killed twice, days in which things happen at Pixiv, a look after each.

The days are those before today, so that the mirror ends in the present.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from pixmirror.catalogue import queue
from pixmirror.cli import formats, layout, progress
from pixmirror.cli.common import Session, complain, note, now_ms, say, the_error, told
from pixmirror.cli.demo_setup import DAYS, DemoMirror, DemoServer
from pixmirror.clock import DAY_MS, shifted
from pixmirror.daemon.first_look import look_first
from pixmirror.daemon.mirror import open_mirror
from pixmirror.errors import ExitCode, PixmirrorError
from pixmirror.reports.news import News, between

# Days before today: what is missed is believed only after it was missed again on another day.
LOOKS = (DAYS, 13, 11, 9, 7, 5, 0)
KILL_AT = (0.2, 0.7)  # files for a work
LOOK_S = 0.05
MIRRORED = (ExitCode.DONE, ExitCode.INCOMPLETE)  # what is left is told at the end, and the days go on
STOP_S = 5.0
CHILD = "import sys; from pixmirror.cli.demo_story import main; sys.exit(main())"
SHOW_CURSOR = "\x1b[?25h\r\x1b[K"  # which a killed progress bar has hidden
TIMES = {1: "killed once on purpose, and it went on where it was", 2: "killed twice on purpose, and it went on"}


def tell(s: Session, mirror: DemoMirror, server: DemoServer, on_first: Callable[[], None]) -> int:
    """Tell the days that were not told yet, up to today, a line each; after the first there is something to see.
    Return the last exit code.
    """
    if mirror.looked:
        on_first()
    for number in range(mirror.looked, len(LOOKS)):
        day = LOOKS[number]
        mirror.has_looked(number, day)
        server.shift(-day * DAY_MS)
        if number == 0:
            code, kills = _first(s, mirror, server)
        else:
            code, kills = mirror_at(s, -day * DAY_MS), 0
        if code not in MIRRORED:
            return code
        if number < len(LOOKS) - 1:  # what of the last day is to be told the end tells as well
            mirror.has_looked(number + 1, day)
            say_day(DAYS - day + 1, ", ".join(_happened(s, number, kills)) or "nothing new")
        if number == 0:
            on_first()
    return ExitCode.DONE


def say_day(day: int, happened: str) -> None:
    """Say what happened on a day of the story."""
    say(layout.wrapped(happened, f"Day {day:<4}"))


def _first(s: Session, mirror: DemoMirror, server: DemoServer) -> tuple[int, int]:
    """Make the first mirror, killed twice on the way. Return its exit code, and how often it was killed."""
    shift, kills = -LOOKS[0] * DAY_MS, 0
    for share in KILL_AT:
        code = _in_a_process(s, shift, kill_at=max(5, int(share * mirror.works)))
        if code != -signal.SIGKILL:
            return code, kills
        kills += 1
        server.shift(shift)
    return _in_a_process(s, shift), kills


def _happened(s: Session, number: int, kills: int) -> list[str]:
    """Tell what a look has seen to happen since the one before."""
    with s.reading() as db, db.reading() as conn:
        until = now_ms() - LOOKS[number] * DAY_MS
        after = now_ms() - LOOKS[number - 1] * DAY_MS if number else 0
        news = between(conn, after, until)
    if number == 0:
        said = f"the first mirror: {formats.count(news.works, 'work')}, {formats.count(news.files, 'file')}"
        return [f"{said}; {TIMES[kills]}" if kills else said]
    return list(_words(news))


def _words(news: News) -> Iterator[str]:
    if news.works:
        yield formats.count(news.works, "new work")
    for one in news.left:
        yield f"the artist {one.name} left Pixiv ({formats.count(one.works, 'work')} kept)"
    if news.gone:
        yield f"{formats.count(news.gone, 'work')} deleted at Pixiv (kept)"
    if news.replaced:
        yield f"{formats.count(news.replaced, 'picture')} replaced (both kept)"
    if news.bookmarks:
        yield f"{formats.count(news.bookmarks, 'bookmark')} taken back (remembered)"


def _in_a_process(s: Session, shift: int, kill_at: int | None = None) -> int:
    """Mirror in a process, which ends with us; kill it when `kill_at` files are stored. Return its exit code."""
    command = [sys.executable, "-c", CHILD, str(s.config_file), str(shift)]
    # Its own session: Ctrl-C is for us, and we pass it on once. Its input ends when we do, however we end.
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None
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
        process.stdin.close()
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


def mirror_at(s: Session, shift_ms: int) -> int:
    """Mirror all there is so many milliseconds from now; return the exit code of a sync."""
    with suppress(KeyboardInterrupt), shifted(shift_ms):
        return asyncio.run(_mirror_at(s))
    return ExitCode.INTERRUPTED


async def _mirror_at(s: Session) -> int:
    from pixmirror.cli.work import mirror_once

    async with open_mirror(s.config, s.env) as mirror:
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
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        return mirror_at(Session(Path(sys.argv[1])), int(sys.argv[2]))
    except (PixmirrorError, ExceptionGroup) as raised:
        if (error := the_error(raised)) is None:
            raise
        complain(error)
        return error.exit_code


def _end_with_input() -> None:
    """Stop in order when the demo that started this is no more; after a while, anyhow."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(STOP_S)
    os._exit(ExitCode.INTERRUPTED)
