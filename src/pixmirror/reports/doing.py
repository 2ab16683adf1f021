"""What a running process does at this moment: it says so by ids, and the catalogue has the words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import listed, rows
from pixmirror.catalogue.words import many
from pixmirror.reports.troubles import about, list_name

_LISTS = "SELECT endpoint, params FROM feed WHERE id IN (SELECT value FROM json_each(:ids)) LIMIT :most"
_ARTISTS = """
SELECT u.name FROM feed f JOIN user u ON u.id = json_extract(f.params, '$.user_id')
WHERE f.id IN (SELECT value FROM json_each(:lists)) AND f.endpoint IN ('user/illusts', 'user/novels')
UNION ALL SELECT u.name FROM work w JOIN user u ON u.id = w.user_id
WHERE w.work_key IN (SELECT value FROM json_each(:works)) LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Doing:
    """What a process does now. `jobs`: those that run; `lists`: ids of the feeds that are read; `questions`: kind
    and key of the chores that are asked; `files`: the keys of the works of which a file is being fetched.
    """

    jobs: Sequence[str] = ()
    lists: Sequence[int] = ()
    questions: Sequence[tuple[str, int]] = ()
    files: Sequence[int] = ()

    @classmethod
    def of(cls, answer: Mapping[str, Any] | None) -> "Doing":
        """Read it from what a running pixmirror answers."""
        given = answer or {}
        return cls(**{name: given.get(name) or () for name in cls.__slots__})


def told(conn: Connection, doing: Doing, most: int = 3) -> tuple[str, ...]:
    """Say what is done now, at most so many things: "the list of works of Aki (user:11)", "12 files"."""
    found = rows(conn, _LISTS, ids=listed(doing.lists), most=most) if doing.lists else ()
    lists = [list_name(conn, one.endpoint, one.params) for one in found]
    files = []
    if doing.files:
        refs = dict.fromkeys(str(Ref.of_work(key)) for key in doing.files)
        files = [f"{many(len(doing.files), 'file')} of {many(len(refs), 'work')}"]
    questions = [about(kind, key) for kind, key in doing.questions]
    return (*lists[: most - len(files)], *files, *questions)[:most]


def artist(conn: Connection, doing: Doing) -> str | None:
    """Return the name of an artist whose list is being read, else of one whose file is being fetched."""
    found = rows(conn, _ARTISTS, lists=listed(doing.lists), works=listed(doing.files))
    return found[0].name if found else None
