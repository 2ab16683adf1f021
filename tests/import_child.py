"""An import that kills itself: `main(CATALOGUE, FILE, N)` dies by SIGKILL before the Nth commit, and ends by
itself if there are fewer."""

from pathlib import Path

from pixmirror.catalogue.database import Database
from pixmirror.rebuild.dumps import record
from pixmirror.sync import dumps
from tests.crash_child import die_at

BATCH = 10


def main(catalogue: str, dump: str, number: str) -> int:
    db = Database.open(Path(catalogue))
    die_at("commit", int(number))
    dumps.take_in([Path(dump)], lambda rows: db.run_sync(record, rows, 1_400_000_000_000), batch=BATCH)
    db.close()
    return 0
