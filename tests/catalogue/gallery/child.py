"""A gallery that only writes: `python -m tests.catalogue.gallery.child PATH` makes one collection of WORKS works
after the other, each in one transaction, and prints its number once it is committed. It ends when it is killed.
"""

import sys
from itertools import count
from pathlib import Path

from sqlalchemy import Connection

from pixmirror.catalogue.gallery import collections, own
from pixmirror.catalogue.gallery.database import GalleryDatabase

WORKS = 200


def make(conn: Connection, number: int) -> None:
    id_ = collections.make(conn, f"collection {number}", number)
    collections.add_works(conn, id_, range(number, number + WORKS), number)
    own.rate(conn, range(number, number + WORKS), 1 + number % 5, number)
    own.look(conn, number, number)


if __name__ == "__main__":
    with GalleryDatabase.open(Path(sys.argv[1])) as db:
        for n in count(1):
            db.run_sync(make, n)
            print(n, flush=True)  # noqa: T201
