"""A mirror that kills itself while it forgets: `main(ROOT, VERB, KEY, KIND, N)` dies by SIGKILL at the Nth rename
or commit of `forget` or `unforget`, and ends by itself if there are fewer."""

import asyncio
import os
from pathlib import Path

from pixmirror.daemon.mirror import open_mirror
from pixmirror.fetch import trash
from pixmirror.ingest.forgetting import Target
from tests.crash_child import die_at
from tests.standin import Setup


async def _forget(root: Path, verb: str, key: int, kind: str, number: int) -> None:
    async with open_mirror(Setup(root, "http://127.0.0.1:9").config(), {}) as m:
        target, now = Target("work", key), m.clock.now()
        die_at(kind, number)
        if verb == "forget":
            await trash.forget(m.db, m.root, target, now, 30)
        else:
            await trash.unforget(m.db, m.root, target, now)
        os._exit(0)  # what closing a mirror does is no part of it


def main(root: str, verb: str, key: str, kind: str, number: str) -> None:
    asyncio.run(_forget(Path(root), verb, int(key), kind, int(number)))
