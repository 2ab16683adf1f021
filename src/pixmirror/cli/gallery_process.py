"""The gallery as a process that another command starts, and that ends with it, however that ends."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pixmirror.cli.common import Session, note
from pixmirror.cli.gallery import GREETING, running_address
from pixmirror.errors import ExitCode, PixmirrorError

log = logging.getLogger(__name__)

END_S = 8
AGAIN_S = 30.0
IS_PRIVATE = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")  # what systemd tells its main process alone
HOPELESS = (ExitCode.CONFIG, ExitCode.CATALOGUE, ExitCode.LOCKED)


class GalleryProcess:
    """The gallery of one config file. Use it as a context manager: what runs at the end is ended."""

    def __init__(self, config_file: Path) -> None:
        self._config_file = config_file
        self._process: subprocess.Popen[str] | None = None
        self._closing = threading.Event()

    def start(self) -> bool:
        """Start it, unless it runs. Return whether it answers; if not, it has said why itself."""
        if self._process is not None and self._process.poll() is None:
            return True
        command = [sys.executable, "-m", "pixmirror", "--config", str(self._config_file), "gallery", "--beside"]
        env = {name: value for name, value in os.environ.items() if name not in IS_PRIVATE}
        # Its own session: Ctrl-C is for us, and ends it by its input. Its input ends when we do, however we end.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, env=env
        )
        assert self._process.stdout is not None
        return self._process.stdout.readline().startswith(GREETING)

    def address(self) -> str | None:
        """Return an address that opens it once; None where it does not run."""
        with suppress(PixmirrorError):
            return running_address(Session(self._config_file))
        return None

    def keep(self) -> None:
        """Start it again, a while later, whenever it ended in a way that may pass. Blocks until `close`."""
        while not self._closing.is_set():
            assert self._process is not None
            code = self._process.wait()
            if self._closing.is_set():
                return
            if code in HOPELESS:
                log.error("The gallery ended (exit code %d), and is not started again; mirroring goes on.", code)
                return
            log.error("The gallery ended (exit code %d); it is started again.", code)
            if not self._closing.wait(AGAIN_S):
                self.start()

    def close(self) -> None:
        """End it in order; after a while, anyhow."""
        self._closing.set()
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def __enter__(self) -> "GalleryProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def gallery_beside(config_file: Path) -> Iterator[None]:
    """Run the gallery as long as the block, and tell a terminal its address."""
    with GalleryProcess(config_file) as process:
        if process.start() and sys.stdout.isatty() and (address := process.address()):
            note(f"The gallery, to be opened once within ten minutes: {address}")
        threading.Thread(target=process.keep, name="gallery", daemon=True).start()
        yield
