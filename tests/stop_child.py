"""A service that is asked to stop: `main(FOLDER, URL, KIND, N)` runs it, and sends SIGTERM to itself at the Nth
request, image, rename or commit, or N seconds after its start."""

import asyncio
import os
import signal
import threading
from pathlib import Path

from pixmirror.daemon.engine import Engine
from pixmirror.daemon.serve import serve
from tests.crash_child import die_at
from tests.daemon.service import BOOKMARKS, FOLLOWING, Service


def main(folder: str, url: str, kind: str, number: str) -> int:
    service = Service(Path(folder), url, [FOLLOWING, BOOKMARKS])

    def ready(engine: Engine) -> None:
        if kind == "after":
            timer = threading.Timer(float(number), os.kill, (os.getpid(), signal.SIGTERM))
            timer.daemon = True
            timer.start()
        else:
            die_at(kind, int(number), signal.SIGTERM)

    asyncio.run(serve(service.config, service.env, on_ready=ready))
    return 0
