"""What a scenario of the benchmark is given and what it gives; and what a child process costs."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_EVERY_S = 0.02
# What pip installs is compiled, and stays so.
_AS_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Figure:
    """One measurement. The less the better, always.

    The median of all with the same `scenario`, `what`, `subject` and `unit` is divided by that of the subject
    `ratio_to`, of the same `what` and `unit`. `target` is the most that the ratio may be, or the median where
    there is no `ratio_to`. With two targets a measurement is given twice, each beside another subject.
    """

    scenario: str
    what: str
    subject: str
    value: float
    unit: str
    ratio_to: str | None = None
    target: float | None = None


@dataclass(frozen=True)
class Options:
    """What was asked for. `folder` is the scenario's own, empty, and removed after it; what is made once for all
    runs to come lies in `cache`.
    """

    runs: int
    small: bool
    folder: Path
    say: Callable[[str], None]
    cache: Path = Path(tempfile.gettempdir()) / "pixmirror-bench"


# Sets up once, then measures every competitor in each of `runs` rounds, one after the other.
Scenario = Callable[[Options], Iterator[Figure]]


@dataclass(frozen=True)
class Spent:
    """What a child and all its descendants cost; `peak_mb` (10^6 bytes) is the sum of their peaks."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str


def gallery_dl() -> Path | None:
    """Its command: what GALLERY_DL names, else what is on the PATH, else beside our own Python."""
    named = os.environ.get("GALLERY_DL", "gallery-dl")
    found = shutil.which(named) or shutil.which(Path(sys.executable).parent / "gallery-dl")
    return Path(found) if found else None


class Failed(Exception):
    """A child that was measured ended otherwise than expected."""


def run(
    argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None, ends: int = 0
) -> Spent:
    """Runs a command to its end. `env` is added to ours. Errors: Failed, if it ends with another status."""
    began = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**_AS_INSTALLED, **(env or {})},
        cwd=cwd,
    ) as child:
        peaks = _Peaks(child.pid)
        assert child.stdout is not None
        try:
            output = child.stdout.read().decode(errors="replace")
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    peak = peaks.stop()
    if child.returncode != ends:
        raise Failed(f"{argv[0]} ended with {child.returncode}: {output[-2000:]}")
    return Spent(wall, used.ru_utime + used.ru_stime, peak / 1e6, output)


class _Peaks:
    """Reads the high-water marks of a process and its descendants now and then.

    ru_maxrss would be simpler, but it counts what our own process held when it forked.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._end.set()
        self._thread.join()
        return sum(self._peaks.values())

    def _watch(self) -> None:
        while not self._end.wait(_EVERY_S):
            for pid in _tree(self._pid):
                self._peaks[pid] = max(self._peaks.get(pid, 0), peak_bytes(pid))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it has ended meanwhile
        return
    for child in children:
        yield from _tree(child)


def peak_bytes(pid: int) -> int:
    """The most memory that a living process held at once (VmHWM); 0 of one that is gone."""
    return _status_bytes(pid, "VmHWM:")


def _status_bytes(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a living process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
