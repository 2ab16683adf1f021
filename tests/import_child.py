"""An import that kills itself: `python -m tests.import_child CATALOGUE FILE N` dies by SIGKILL before the Nth
commit, and ends by itself if there are fewer."""

import sys
from pathlib import Path

from pixmirror.catalogue.database import Database
from pixmirror.rebuild.dumps import record
from pixmirror.sync import dumps
from tests.crash_child import die_at

BATCH = 10


def main(catalogue: Path, dump: Path, number: int) -> None:
    db = Database.open(catalogue)
    die_at("commit", number)
    dumps.take_in([dump], lambda rows: db.run_sync(record, rows, 1_400_000_000_000), batch=BATCH)
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
