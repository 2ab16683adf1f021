"""The mirror's catalogue as the judge of a year reads it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.database import open_readonly
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.demo.things import Key
from pixmirror.ingest.files import text_of
from pixmirror.models import split_key, work_key
from tests.simulation.log import Thing


@dataclass(frozen=True, slots=True)
class Change:
    """A row of state_change or drift."""

    at: int
    state: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """A bookmark or a follow."""

    state: str
    restrict: str
    tags: frozenset[str] = frozenset()


def key_of(thing: Thing) -> int:
    """The catalogue's number of a thing of the log."""
    subject = thing[1]
    return subject if isinstance(subject, int) else work_key(*subject)


class Kept:
    """What the catalogue and the disk hold, read once."""

    def __init__(self, conn: Connection, root: Path) -> None:
        def rows(sql: str) -> list[Any]:
            return list(conn.exec_driver_sql(sql))

        self.conn = conn
        self.accounts: set[int] = {i for (i,) in rows("SELECT id FROM account")}
        self.works: dict[Key, str] = {split_key(k): s for k, s in rows("SELECT work_key, state FROM work")}
        self.users: dict[int, str] = dict(rows("SELECT id, state FROM user"))
        self.comments: dict[Key, tuple[str, str, int | None]] = {
            split_key(k): (s, t, stamp)
            for k, s, t, stamp in rows("SELECT comment_key, state, comment, stamp_id FROM comment")
        }
        tags: dict[int, set[str]] = defaultdict(set)
        for key, name in rows("SELECT work_key, name FROM bookmark_work_tag"):
            tags[key].add(name)
        self.bookmarks: dict[Key, Membership] = {
            split_key(k): Membership(s, r, frozenset(tags[k]))
            for k, s, r in rows("SELECT work_key, state, restrict FROM bookmark")
        }
        self.follows = {i: Membership(s, r) for i, s, r in rows("SELECT user_id, state, restrict FROM follow")}
        self.ranked = set(map(tuple, rows("SELECT medium, mode, date, work_key FROM ranking")))
        self.texts: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for novel, at, body in rows("SELECT work_key, seen_at, body FROM text_version ORDER BY id"):
            self.texts[novel].append((at, text_of(body)))
        self.changes: dict[tuple[str, int], list[Change]] = defaultdict(list)
        for kind, owner, at, state, why in rows(
            "SELECT owner_kind, owner_id, at, state, evidence FROM state_change ORDER BY id"
        ):
            self.changes[kind, owner].append(Change(at, state, why))
        self.drift: dict[tuple[str, int], list[Change]] = defaultdict(list)
        for kind, item, at, event in rows("SELECT kind, item, at, event FROM drift ORDER BY id"):
            self.drift[kind, item].append(Change(at, event))
        self.doubts = rows("SELECT owner_kind, count(*) FROM doubt GROUP BY owner_kind")
        self.media: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for url, fetched, state, digest in rows("SELECT url, fetched_url, state, sha256 FROM media"):
            for address in {url, fetched} - {None}:
                self.media[address.split("pximg.net", 1)[-1]].append((state, digest))
        self.on_disk = {
            hashlib.sha256(path.read_bytes()).hexdigest() for path in (root / "media").rglob("*") if path.is_file()
        }


@contextmanager
def kept(root: Path) -> Iterator[Kept]:
    """The catalogue of a mirror that is not running."""
    with open_readonly(catalogue_path(root)) as db, db.reading() as conn:
        yield Kept(conn, root)
