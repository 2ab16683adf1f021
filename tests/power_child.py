"""A mirror whose system calls are recorded, or that starts after the power was cut: `main(ROOT, URL, KEY, BOOT)`
syncs, and forgets the work of KEY if that is not 0. With BOOT the machine was started anew: it verifies, too."""

import asyncio
import sys
from pathlib import Path

from pixmirror import verify
from pixmirror.daemon.mirror import open_mirror
from pixmirror.daemon.sync import sync
from pixmirror.fetch import trash
from pixmirror.ingest.forgetting import Target
from pixmirror.store import start
from tests.standin import BOOKMARKS, FOLLOWING, Setup


async def _run(root: Path, url: str, forgotten: int, verifies: bool) -> int:
    setup = Setup(root, url, [FOLLOWING, BOOKMARKS], pixiv={"image_connections": 2})
    async with open_mirror(setup.config(), {}) as m:
        report = await sync(m, (), horizon_s=30)
        if forgotten:
            await trash.forget(m.db, m.root, Target("work", forgotten), m.clock.now(), 30)
        if report.exit_code or not verifies:
            return report.exit_code
        found = await verify.run(m.db, m.root.media, quick=False, now=m.clock.now(), root=m.root)
    return 0 if found.sound and not found.unknown_files else 1


def main(root: str, url: str, forgotten: str = "0", boot: str = "") -> int:
    if boot:
        start.boot_id = lambda: boot
    return asyncio.run(_run(Path(root), url, int(forgotten), bool(boot)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
