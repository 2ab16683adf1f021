"""A mirror that kills itself: `main(ROOT, URL, KIND, N)` syncs, and dies by SIGKILL at the Nth request, rename or
commit. Without KIND it syncs to the end."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from pixmirror.pixiv.transport import Transport
from tests.standin import Setup


def die_at(kind: str, number: int, by: signal.Signals = signal.SIGKILL) -> None:
    left = number

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), by)

    if kind == "request":
        _before(Transport, "send_once", step)
    elif kind == "image":
        _before(Transport, "image_client", lambda: None)
        import pixmirror.fetch.worker as worker

        _before(worker, "open_image", step)
    elif kind == "rename":
        for name in ("rename", "replace", "link"):
            _around(os, name, step, after=False)
    elif kind == "renamed":
        for name in ("rename", "replace", "link"):
            _around(os, name, step, after=True)
    elif kind == "commit":
        event.listen(Engine, "commit", lambda connection: step())


def _before(owner: Any, name: str, step: Callable[[], None]) -> None:
    _around(owner, name, step, after=False)


def _around(owner: Any, name: str, step: Callable[[], None], *, after: bool) -> None:
    real = getattr(owner, name)

    def stepping(*args: Any, **kwargs: Any) -> Any:
        if not after:
            step()
        result = real(*args, **kwargs)
        if after:
            step()
        return result

    setattr(owner, name, stepping)


def main(root: str, url: str, kind: str = "", number: str = "") -> int:
    if kind:
        die_at(kind, int(number))
    report = asyncio.run(Setup(Path(root), url).sync())
    return report.exit_code
