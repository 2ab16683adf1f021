"""The life of a mirror that is killed, and of one that is not, side by side."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.children import REPO, Children
from tests.kills.clock import TIMES
from tests.snapshots import snapshot, the_same

# How often each: a moment of the clock, and the Nth of what must not be torn.
MOMENTS = {"time": 4, "request": 1, "image": 2, "rename": 2, "renamed": 2, "commit": 2}
SPAN = {"request": 24, "image": 40, "rename": 16, "renamed": 16, "commit": 40}
CONNECTIONS = 4
SECONDS = (0.05, 1.0)
WAIT = 60.0  # seconds until a run that rests is killed, whatever moment it was to meet
HALF_AN_HOUR_MS = 1_800_000
PATIENCE = 40  # runs in a row that nobody kills and that do not complete it


@dataclass(slots=True)
class Tally:
    """What was done."""

    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    stages: int = 0
    files: int = 0
    requests: int = 0
    failed: Counter[str] = field(default_factory=Counter)


class Upstream:
    """The stand-in's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        first = self._answer()
        self.whole: str = first["whole"]
        self.failing: str = first["failing"]

    def happen(self) -> dict[str, Any]:
        """Let the world go on. Return what was asked of it until now."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def upstream(seed: int, origin_ms: int) -> Iterator[Upstream]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(REPO / "src"), str(REPO)))}
    command = [sys.executable, "-m", "tests.kills.pixiv", str(seed), str(origin_ms)]
    with subprocess.Popen(
        command, cwd=REPO, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield Upstream(process)
        assert process.stdin is not None
        process.stdin.close()


def live(
    children: Children, folder: Path, seed: int, kills: int, told: Callable[[Tally], None] = lambda tally: None
) -> Tally:
    """Kill a mirror so often while its world goes on; after each stage it must be as one that nobody disturbed."""
    rng, tally, origin = Random(seed), Tally(), int(time.time() * 1000)
    mirror, whole = folder / "killed", folder / "whole"
    with upstream(seed, origin) as pixiv:
        while True:
            tally.stages += 1
            origin = _complete(children, mirror, pixiv.failing, origin, rng, tally, kills)
            # A busy machine is slow 60 times over on this clock: what did not come in time comes by the next run.
            assert any(children.run("tests.kills.child", whole, pixiv.whole, origin) == 0 for _ in range(3))
            mine, theirs = snapshot(mirror), snapshot(whole)
            the_same(mine, theirs)
            assert _names(mirror) == _names(whole)
            tally.files = len(mine.files)
            asked = pixiv.happen()
            tally.requests, tally.failed = asked["seen"], Counter(asked["failed"])
            once, again = asked["images"]
            # Each connection may lose the file that it fetches, and one whose bytes wait to be finished.
            assert again <= once + tally.failed.total() + 2 * CONNECTIONS * tally.kills.total()
            told(tally)
            if tally.kills.total() >= kills:
                break
        assert children.run("tests.kills.child", mirror, pixiv.whole, origin, "verify") == 0
    return tally


def _complete(
    children: Children, mirror: Path, url: str, origin: int, rng: Random, tally: Tally, kills: int
) -> int:
    """Sync until a run comes to its end with nothing left, and kill on the way. Return what the clock began with:
    after each run that has to be followed by another it goes on by half an hour, so that a rest is over.
    """
    patience = PATIENCE
    while patience:
        tally.runs += 1
        kind, after = "", None
        moment: tuple[object, ...] = ()
        if tally.kills.total() < kills:
            kind = rng.choices(list(MOMENTS), list(MOMENTS.values()))[0]
            after = rng.uniform(*SECONDS) if kind == "time" else WAIT
            moment = () if kind == "time" else (kind, rng.randint(1, SPAN[kind]))
        code = children.run("tests.kills.child", mirror, url, origin, *moment, kill_after=after)
        if code == 0:
            return origin
        if code == -signal.SIGKILL:
            assert kind
            tally.kills[kind] += 1
        else:
            assert code in (7, 8), code  # what failed is tried again by the next
            patience -= 1
            origin -= HALF_AN_HOUR_MS // (TIMES - 1)
    raise AssertionError(f"not complete after {PATIENCE} runs to the end")


def _names(root: Path) -> set[str]:
    """All that lies in the mirror's root, but what SQLite has beside an open file."""
    found = (str(path.relative_to(root)) for path in root.rglob("*"))
    return {name for name in found if not name.endswith(("-wal", "-shm"))}
