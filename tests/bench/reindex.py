"""How fast everything derived is built again: works a second of processor time.

python -m tests.bench.reindex [WORKS]
"""

import random
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection

from pixmirror.catalogue.database import Database
from pixmirror.ingest.works import record_works
from pixmirror.rebuild.reindex import check, reindex
from tests.catalogue.builders import DAY, NOW, illust, seen, tag, user, works
from tests.catalogue.derived import DELETE_ALL, without_foreign_keys

PAGE = 30


def fill(db: Database, count: int) -> None:
    """Pages of works with eight tags each; every second page is edited later."""
    rng = random.Random(1)

    def page(conn: Connection, start: int) -> None:
        raws = [
            illust(
                i + 1_000_000,
                pages=1 if i % 3 else 4,
                tags=[tag(f"t{int(rng.paretovariate(0.5)) % 20_000}", "translated") for _ in range(8)],
                owner=user(i % 500 + 1),
            )
            for i in range(start, min(start + PAGE, count))
        ]
        record_works(conn, seen(NOW), works(*raws), {})
        if start % (2 * PAGE) == 0:
            edited = [raw | {"title": "edited"} for raw in raws]
            record_works(conn, seen(NOW + DAY, endpoint="detail"), works(*edited), {})

    for start in range(0, count, PAGE):
        db.run_sync(page, start)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.db"
        with Database.open(path) as db:
            fill(db, count)
        for name, damage, write in (("check", (), False), ("all lost", DELETE_ALL, True), ("all right", (), True)):
            without_foreign_keys(path, *damage)
            with Database.open(path) as db:
                began = time.process_time()
                found = reindex(db, NOW) if write else check(db, NOW)
                speed = found.works / (time.process_time() - began)
                print(f"{name}: {speed:,.0f} works/s, {found.payloads:,} payloads")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
