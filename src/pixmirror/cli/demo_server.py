"""The demo Pixiv as a process of its own, which ends with us however we end."""

import subprocess
import sys
from types import TracebackType
from typing import Self

from pixmirror.errors import PixmirrorError

GREETING = "listening "
END_S = 5


class DemoBroken(PixmirrorError):
    """The generated Pixiv did not start."""


class DemoServer:
    """`url` answers while the block runs."""

    def __init__(
        self, seed: int, artists: int, works: int, made_ms: int, live: float | None, shift_ms: int = 0
    ) -> None:
        numbers = {"port": 0, "seed": seed, "artists": artists, "works": works}
        numbers |= {"made-ms": made_ms, "shift-ms": shift_ms}
        arguments = [text for name, n in numbers.items() for text in (f"--{name}", str(n))]
        if live is not None:
            arguments += ["--live", str(live)]
        self._command = [sys.executable, "-m", "pixmirror.demo", *arguments, "--story", "--exit-with-stdin"]
        self.url = ""

    def __enter__(self) -> Self:
        # Its own session: Ctrl-C is for us, and it is still needed while we stop.
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        try:
            line = self._process.stdout.readline()
            if not line.startswith(GREETING):
                raise DemoBroken("The generated Pixiv did not start; what it said stands above.")
        except BaseException:
            self._end()
            raise
        self.url = line.removeprefix(GREETING).strip()
        return self

    def shift(self, ms: int) -> None:
        """Its time is this much later (or earlier) than ours from now on."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"shift {ms}\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline().startswith("shifted"):
            raise DemoBroken("The generated Pixiv ended; what it said stands above.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
