"""What the kept answers cost: bytes of payloads, versions and the whole catalogue for each work.

    python -m tests.bench.payloads [--works 900] [--edits 3]

Mirrors a generated Pixiv on loopback, lets artists edit every work some times, and mirrors it again. Exits with 1
if the payloads of an ordinary work (mirrored once, never edited) are above the target.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import anyio

from pixmirror.catalogue.database import open_readonly
from pixmirror.catalogue.refs import Ref
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import World
from pixmirror.reports import history
from tests.standin import BOOKMARKS, FOLLOWING, Setup

TARGET = 800  # bytes of payloads of an ordinary work
# What a row takes beside its body: digest, numbers, names, and the entry of its index.
_ROWS = (
    "SELECT endpoint, count(*), count(DISTINCT owner_id), sum(length(body)), sum(length(body) + 16 + 48 + 24)"
    " FROM payload WHERE owner_kind = '{}' GROUP BY endpoint ORDER BY endpoint"
)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def _catalogue(root: Path) -> Iterator[sqlite3.Connection]:
    conn = sqlite3.connect(f"file:{catalogue_path(root)}?mode=ro", uri=True)
    try:
        yield conn
    finally:
        conn.close()


def _edit(world: World, times: int) -> None:
    for key, work in list(world.works.items()):
        world.works[key] = replace(work, title=f"{work.title} {times}", tags=(*work.tags, f"edit{times}"))


def _tables(conn: sqlite3.Connection) -> dict[str, int]:
    """Bytes on disk by table, indexes with their tables."""
    stmt = (
        "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name"
        " GROUP BY m.tbl_name ORDER BY 2 DESC"
    )
    return dict(conn.execute(stmt).fetchall())


def _payloads_of(conn: sqlite3.Connection) -> tuple[int, int]:
    """(works, bytes on disk of the payloads of works): their share of the table by what they hold."""
    works = conn.execute("SELECT count(*) FROM work WHERE user_id IS NOT NULL").fetchone()[0]
    share = conn.execute(
        "SELECT 1.0 * sum((length(body) + 88) * (owner_kind = 'work')) / sum(length(body) + 88) FROM payload"
    ).fetchone()[0]
    return works, int(_tables(conn)["payload"] * share)


def _report(root: Path) -> float:
    with _catalogue(root) as conn:
        for kind in ("work", "user"):
            for endpoint, rows, owners, body, whole in conn.execute(_ROWS.format(kind)):
                _say(
                    f"  {kind} {endpoint:<8} {rows:6,} rows of {owners:5,} {kind}s: "
                    f"{body / rows:6.0f} bytes a body, {whole / owners:6.0f} a {kind}"
                )
        works, size = _payloads_of(conn)
        tables = _tables(conn)
        total = sum(tables.values())
        _say(f"  payloads of works: {size / works:.0f} bytes a work on disk ({works:,} works)")
        _say(f"  whole catalogue:   {total / works:.0f} bytes a work ({total / 2**20:.1f} MiB)")
        _say("  " + ", ".join(f"{name} {n / works:.0f}" for name, n in list(tables.items())[:8]))
    return size / works


def _versions(root: Path) -> None:
    with open_readonly(catalogue_path(root)) as db, db.reading() as conn:
        keys = [row[0] for row in conn.exec_driver_sql("SELECT work_key FROM work WHERE user_id IS NOT NULL")]
        start = time.process_time()
        counts = [history.summary(conn, Ref.of_work(key))[0] for key in keys]
        spent = time.process_time() - start
    _say(f"  versions: {sum(counts) / len(counts):.1f} a work, told in {spent / len(counts) * 1000:.1f} ms a work")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=900)
    parser.add_argument("--edits", type=int, default=3)
    asked = parser.parse_args()
    world = generate(WorldSpec(works=asked.works))
    with tempfile.TemporaryDirectory() as folder, running(create_app(world)) as url:
        jobs = [job.model_copy(update={"files": False}) for job in (FOLLOWING, BOOKMARKS)]
        setup = Setup(Path(folder) / "mirror", url, jobs)
        anyio.run(setup.sync)
        _say("Mirrored once:")
        once = _report(setup.root)
        _versions(setup.root)
        for number in range(asked.edits):
            _edit(world, number)
            with sqlite3.connect(catalogue_path(setup.root)) as conn:  # every list is due again
                conn.execute("UPDATE feed SET due_at = 0")
            conn.close()
            anyio.run(setup.sync)
        _say(f"After {asked.edits} edits of every work:")
        after = _report(setup.root)
        _versions(setup.root)
        _say(f"  {(after - once) / asked.edits:.0f} bytes of payloads a work and edit")
    _say(f"An ordinary work: {once:.0f} bytes of payloads; the target is {TARGET}.")
    return int(once > TARGET)


if __name__ == "__main__":
    sys.exit(main())
