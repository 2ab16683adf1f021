"""A process that brings a search.db up and is killed in the middle of it: `index_child.py ROOT WHERE COUNT`.

WHERE is `before` or `after` the COUNT-th commit.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from pixmirror.catalogue.search import index as module
from pixmirror.catalogue.search.index import Index

root, where, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
commits = 0
connect = sqlite3.connect


class Doomed(sqlite3.Connection):
    def execute(self, sql: str, *bound: Any) -> sqlite3.Cursor:
        global commits
        commits += sql == "COMMIT"
        last = sql == "COMMIT" and commits == count
        if last and where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = super().execute(sql, *bound)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def doomed(*args: Any, **options: Any) -> sqlite3.Connection:
    return connect(*args, **options, factory=Doomed)


module.AT_ONCE = 3
module.sqlite3.connect = doomed  # type: ignore[attr-defined]
index = Index(root)
while index.step():
    pass
index.close()
