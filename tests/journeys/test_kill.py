"""SIGKILL at any moment costs a repeated request at most; the mirror that results is the same."""

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from tests.children import Children
from tests.fault_rows import Kind, Row, fault, told
from tests.kills.life import live
from tests.snapshots import snapshot, the_same

SPEC = WorldSpec(
    seed=5, now_ms=int(time.time()) * 1000, artists=4, private=1, others=3, works=36, bookmarks=16, commented=8
)
CONNECTIONS = 4
MOMENTS = ("request", "image", "rename", "renamed", "commit")


@pytest.fixture
def upstream() -> Iterator[tuple[str, Any]]:
    app = create_app(generate(SPEC))
    with running(app) as url:
        yield url, app


def kill_many(children: Children, folder: Path, upstream: tuple[str, Any], kills: int, seed: int) -> None:
    """Kill so often, and compare."""
    url, app = upstream
    assert children.run("tests.crash_child", folder / "whole", url) == 0
    whole = snapshot(folder / "whole")
    bodies = sum(app.state.image_counts.values())
    requests = sum(app.state.counts.values())
    app.state.image_counts.clear()
    rng = Random(seed)
    span = {"request": requests // 4, "image": bodies // 4, "rename": 24, "renamed": 24, "commit": 80}
    killed, mirrors = 0, 0
    while killed < kills:
        mirrors += 1
        cut = folder / f"cut-{mirrors}"
        while True:
            kind = rng.choice(MOMENTS)
            moment = (kind, str(rng.randint(1, span[kind]))) if killed < kills else ()
            code = children.run("tests.crash_child", cut, url, *moment)
            if code == 0:
                break
            assert code == -signal.SIGKILL, (kind, code)
            killed += 1
        the_same(snapshot(cut), whole)
    # Each connection may lose the file that it fetches, and one whose bytes wait to be finished.
    assert sum(app.state.image_counts.values()) <= bodies * mirrors + 2 * CONNECTIONS * killed


@fault(
    Row(
        Kind.KILLED,
        seen="nothing: the process is gone. The next start finds what was begun",
        rests="everything, until it is started again; the service starts itself again",
        goes_on="the gallery, which is a process of its own",
        told="",
        back="start it again: a page of a list is in the catalogue whole or not at all, a file is called stored "
        "only when it lies there whole, and at most a few files are fetched twice",
    )
)
def test_a_mirror_killed_while_one_request_in_ten_fails_is_as_one_that_nobody_disturbed(
    children: Children, tmp_path: Path
) -> None:
    tally = live(children, tmp_path, seed=2, kills=6)
    assert tally.failed.total() > 5
    told(Kind.KILLED, "" if tally.kills.total() == 6 else f"{tally.kills}")


MOMENTS_OF_A_STOP = [("request", 1), ("request", 9), ("commit", 14), ("image", 4), ("rename", 30), ("after", 0)]


@fault(
    Row(
        Kind.SIGTERM,
        seen="the signal; a second one changes nothing",
        rests="everything: what is under way is given up, what has come is stored, and the catalogue is closed, "
        "within a second or two (the unit waits 30 s)",
        goes_on="the gallery, which is a process of its own",
        told="",
        back="start it again: it goes on from there",
        by="exit code 0, or 130 of a command that was stopped with Ctrl-C",
    )
)
def test_a_service_that_is_stopped_at_any_moment_ends_in_order_and_the_next_goes_on(
    children: Children, tmp_path: Path, upstream: tuple[str, Any]
) -> None:
    url, _ = upstream
    root = tmp_path / "mirror"
    codes = []
    for kind, number in MOMENTS_OF_A_STOP:
        codes.append(children.run("tests.stop_child", tmp_path, url, kind, number))
        assert not [path.name for path in root.glob("*-wal")], (kind, number)
        with closing(sqlite3.connect(catalogue_path(root))) as db:
            assert db.execute("SELECT count(*) FROM media WHERE state = 'fetching'").fetchone() == (0,)
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    told(Kind.SIGTERM, "".join(f"exit code {code}" for code in codes if code))
    assert children.run("tests.crash_child", tmp_path / "whole", url) == 0
    assert children.run("tests.crash_child", root, url) == 0
    assert snapshot(root).files == snapshot(tmp_path / "whole").files


@pytest.mark.long
def test_a_mirror_killed_1000_times_while_one_request_in_ten_fails_is_as_one_that_nobody_disturbed(
    children: Children, tmp_path: Path
) -> None:
    live(children, tmp_path, seed=1, kills=1000)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(7))
def test_a_first_mirror_killed_100_times_is_the_same_mirror(
    children: Children, tmp_path: Path, upstream: tuple[str, Any], seed: int
) -> None:
    kill_many(children, tmp_path, upstream, kills=15, seed=seed)
