"""Processes that may kill themselves, all forked from one that has imported what they need: that takes a second.

`python -m tests.children` reads a line of JSON for each, runs it, and answers with its exit code.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPO = Path(__file__).parents[1]
MODULES = (
    "tests.crash_child",
    "tests.forget_child",
    "tests.import_child",
    "tests.kills.child",
    "tests.power_child",
    "tests.stop_child",
)
# What they would each import again: half of the processor's time that a short life takes.
AND_LATER = (
    "alembic.command",
    "anyio._backends._asyncio",
    "certifi",
    "httpcore",
    "pixmirror.sync.kinds.following",
)


class Children:
    """Runs one at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, module: str, *arguments: object, kill_after: float | None = None) -> int:
        """Run the `main` of a module in a process of its own. Return its exit code, -9 if it was killed.

        It is killed when it still runs after `kill_after` seconds.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([kill_after, module, *map(str, arguments)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def forking() -> Iterator[Children]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(REPO / "src"), str(REPO)))}
    command = [sys.executable, "-m", "tests.children"]
    with subprocess.Popen(
        command, cwd=REPO, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield Children(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve() -> None:
    for name in (*MODULES, *AND_LATER):
        importlib.import_module(name)
    for line in sys.stdin:
        kill_after, module, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)  # the pipe is for exit codes alone
            os._exit(importlib.import_module(module).main(*arguments))
        sys.stdout.write(f"{_ended(child, kill_after)}\n")
        sys.stdout.flush()


def _ended(child: int, kill_after: float | None) -> int:
    """Return the exit code of a process that may have to be killed."""
    if kill_after is not None:
        end = time.monotonic() + kill_after
        while time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    _serve()
