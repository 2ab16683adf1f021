"""A mirror that may die: `main(ROOT, URL, ORIGIN_MS, KIND, N)` syncs, and is killed as `tests.crash_child` is; of
kind `verify` it is verified, without KIND it syncs to the end."""

import asyncio
from pathlib import Path

from pixmirror import verify
from pixmirror.daemon.mirror import open_mirror
from pixmirror.errors import PixmirrorError
from tests.crash_child import die_at
from tests.kills.clock import FastClock
from tests.standin import Setup


def main(root: str, url: str, origin_ms: str, kind: str = "", number: str = "") -> int:
    setup, clock = Setup(Path(root), url), FastClock(int(origin_ms))
    if kind == "verify":
        return 0 if asyncio.run(_is_sound(setup, clock)) else 1
    if kind:
        die_at(kind, int(number))
    try:
        return asyncio.run(setup.sync(clock=clock)).exit_code
    except PixmirrorError as error:  # no login, as the command would tell
        return error.exit_code


async def _is_sound(setup: Setup, clock: FastClock) -> bool:
    async with open_mirror(setup.config(), {}, clock=clock) as mirror:
        report = await verify.run(mirror.db, mirror.root.media, quick=False, now=clock.now())
        return report.sound and not report.unknown_files
