"""A gallery that is killed while it writes: gallery.db is whole, and has all that was committed."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue.gallery.database import GalleryDatabase
from tests.catalogue.gallery.child import WORKS, make

REPO = Path(__file__).parents[3]
SIZES = "SELECT count(work_key) FROM collection LEFT JOIN collection_work ON collection_id = id GROUP BY id"


def kill_after(path: Path, commits: int, seconds: float) -> int:
    """Run the child, kill it so long after so many commits, and return how many it told of."""
    command = [sys.executable, "-m", "tests.catalogue.gallery.child", str(path)]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(commits)]
        time.sleep(seconds)
        child.kill()
        return int(([*told, *child.stdout.readlines()])[-1])


def killed_rounds(path: Path, rounds: int) -> None:
    chance = random.Random(rounds)
    for _ in range(rounds):
        path.unlink(missing_ok=True)
        told = kill_after(path, chance.randint(1, 20), chance.random() / 50)
        with GalleryDatabase.open(path) as db:  # which reads every page of it
            sizes = db.run_sync(collection_sizes)
            assert set(sizes) == {WORKS}
            assert len(sizes) in (told, told + 1)
            db.run_sync(make, 10_000)


def collection_sizes(conn: Connection) -> list[int]:
    return [n for (n,) in conn.exec_driver_sql(SIZES)]


def test_a_killed_gallery_leaves_gallery_db_whole(tmp_path: Path):
    killed_rounds(tmp_path / "gallery.db", 3)


@pytest.mark.long
def test_a_gallery_killed_over_and_over_leaves_gallery_db_whole(tmp_path: Path):
    killed_rounds(tmp_path / "gallery.db", 100)
