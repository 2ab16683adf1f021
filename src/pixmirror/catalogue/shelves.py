"""The catalogue with the files beside it: what every question of the gallery is asked of.

On each connection search.db is `search`, thumbs.db is `thumbs` and gallery.db is `own`. Where a file is missing an
empty one with the same tables stands in, so that no question fails; `lacking` says which, and why. What is derived
(search, thumbs) may also be damaged or of another format: then it counts as missing. gallery.db may not.

One call sees one snapshot of each file. The files are written apart from each other, so a row of one may not be in
another yet, or no longer: questions join with the catalogue, and with its tombstones (catalogue/tombstones.py:
`not_forgotten`), before they show anything. So what is forgotten is gone from all pages with that commit.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from pixmirror.catalogue import ddl, migrate, thumbs
from pixmirror.catalogue.database import FILE, ReadOnly, catalogue_path, reading_engine
from pixmirror.catalogue.gallery import schema as own
from pixmirror.catalogue.gallery.database import refuse_damaged
from pixmirror.catalogue.search import schema as search
from pixmirror.catalogue.sqlite import identity, translated, uri
from pixmirror.errors import CatalogueDamaged, StorageError

log = logging.getLogger(__name__)

T = TypeVar("T")
_Info: TypeAlias = dict[str, Any]
_State: TypeAlias = tuple[int, ...]

READERS = 4
CACHE = 4 << 10  # KiB of each connection for the catalogue; at 10^6 works four times as much saves no CPU
NOT_THERE, DAMAGED = "It is not there.", "It is damaged."
OTHER_FORMAT = "Another version of pixmirror made it."
# In `info` of a connection: what of its files is lacking, how they were, of which generation it is, if it is new.
_LACKING, _SEEN, _GENERATION, _IS_NEW = "lacking", "seen", "generation", "new"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A file beside the catalogue."""

    name: str  # that questions know it by
    file: str
    what: str
    cache: int  # KiB of each connection
    create: Callable[[sqlite3.Connection], None]  # its tables
    refusal: Callable[[sqlite3.Connection, Path], str | None]  # why an attached one cannot be used
    is_derived: bool = True


def _of_search(raw: sqlite3.Connection, path: Path) -> str | None:
    if raw.execute("SELECT 1 FROM search.sqlite_schema WHERE name = 'meta'").fetchone() is None:
        return NOT_THERE
    found = raw.execute("SELECT value FROM search.meta WHERE key = 'format'").fetchone()
    return None if found == (str(search.FORMAT),) else OTHER_FORMAT


def _of_thumbs(raw: sqlite3.Connection, path: Path) -> str | None:
    (found,) = raw.execute("PRAGMA thumbs.user_version").fetchone()
    return {thumbs.FORMAT: None, 0: NOT_THERE}.get(found, OTHER_FORMAT)


def _of_own(raw: sqlite3.Connection, path: Path) -> str | None:
    found = migrate.revision_in(raw, path, own.LINEAGE, "own")
    if found is None:
        return NOT_THERE  # it is just being made
    migrate.check_revision(found, path, own.LINEAGE)
    return None


SHELVES = (
    Shelf("search", "search.db", "search index", 4 << 10, search.create, _of_search),
    Shelf("thumbs", "thumbs.db", "list of thumbnails", 2 << 10, thumbs.create, _of_thumbs),
    Shelf("own", "gallery.db", own.LINEAGE.what, 1 << 10, partial(ddl.create, own.metadata), _of_own, False),
)


def open_shelves(root: Path, readers: int = READERS) -> "Shelves":
    """Open the catalogue of a mirror and what stands beside it, for reading, whoever writes them."""
    path = catalogue_path(root)
    migrate.check(path)
    return Shelves(path, readers)


def lacking(conn: Connection) -> Mapping[str, str]:
    """Return what is not there for this question, by its name (search, thumbs, own), and why."""
    found: Mapping[str, str] = conn.info[_LACKING]
    return found


class Shelves(ReadOnly):
    """Read the catalogue and the files beside it. What appears, or is replaced, is there from the next call on."""

    def __init__(self, path: Path, readers: int = READERS) -> None:
        self._left_out: dict[str, _State | None] = {}  # damaged files, and how they were
        self._generation = 0  # of what is left out
        self._mending = threading.Lock()
        engine = reading_engine(path, readers, CACHE, self._attach)
        event.listen(engine, "checkout", self._refuse_stale)
        super().__init__(path, engine, readers)

    def _attach(self, raw: sqlite3.Connection, info: _Info) -> None:
        migrate.check(self.path)
        info |= {_IS_NEW: True, _GENERATION: self._generation, _SEEN: {}, _LACKING: {}}
        for shelf in SHELVES:
            path = self._path_of(shelf)
            seen = _state(path)
            why = self._put(raw, shelf, path, seen)
            if why is not None:
                raw.execute(f"ATTACH ':memory:' AS {shelf.name}")
                raw.deserialize(_empty(shelf), name=shelf.name)
                info[_LACKING][shelf.name] = why
            info[_SEEN][shelf.name] = seen
            raw.execute(f"PRAGMA {shelf.name}.cache_size=-{shelf.cache}")

    def _put(self, raw: sqlite3.Connection, shelf: Shelf, path: Path, seen: _State | None) -> str | None:
        """Attach the file under its name, or say why it cannot be."""
        if seen is None:
            return NOT_THERE
        if self._left_out.get(shelf.name) == seen:
            return DAMAGED
        try:
            with translated(path, shelf.what):
                raw.execute(f"ATTACH ? AS {shelf.name}", (uri(path, "ro"),))
                why = shelf.refusal(raw, path)
        except (CatalogueDamaged, StorageError) as error:
            if not shelf.is_derived:
                raise
            why = DAMAGED if isinstance(error, CatalogueDamaged) else str(error)
        if why is not None and shelf.name in (name for _, name, _ in raw.execute("PRAGMA database_list")):
            raw.execute(f"DETACH {shelf.name}")
        return why

    def _refuse_stale(self, raw: object, record: ConnectionPoolEntry, proxy: object) -> None:
        """Have the pool make a connection anew where one of its files is not what it was."""
        info = record.info
        if info.pop(_IS_NEW, False):
            return
        if info[_GENERATION] != self._generation or info[FILE] != identity(self.path):
            raise DisconnectionError
        if any(self._has_changed(shelf, info) for shelf in SHELVES):
            raise DisconnectionError

    def _has_changed(self, shelf: Shelf, info: _Info) -> bool:
        path = self._path_of(shelf)
        seen: _State | None = info[_SEEN][shelf.name]
        if seen is None or shelf.name in info[_LACKING]:
            return _state(path) != seen  # also one that is mended in its place
        return identity(path) != seen[:2]

    def _path_of(self, shelf: Shelf) -> Path:
        return self.path.with_name(shelf.file)

    def _read(self, fn: Callable[[Connection], T]) -> T:
        """Answer without what is derived and damaged; its writer makes it anew."""
        try:
            return super()._read(fn)
        except CatalogueDamaged as error:
            with self._mending:
                for suspects in (tuple(self._left_out), ("search",), ("thumbs",), ("search", "thumbs")):
                    self._leave_out(suspects)
                    with suppress(CatalogueDamaged):
                        found = super()._read(fn)
                        if suspects:
                            files = " and ".join(f"{name}.db" for name in suspects)
                            log.warning("%s is damaged, and left out until it is made anew: %s", files, error)
                        return found
                self._leave_out(())
            self._blame()
            raise

    def _leave_out(self, names: Collection[str]) -> None:
        left_out = {s.name: _state(self._path_of(s)) for s in SHELVES if s.name in names}
        if left_out != self._left_out:
            self._left_out, self._generation = left_out, self._generation + 1

    def _blame(self) -> None:
        """Raise CatalogueDamaged for gallery.db, if that is the one: the error names the catalogue."""
        own = next(self._path_of(shelf) for shelf in SHELVES if not shelf.is_derived)
        if own.exists():
            refuse_damaged(own)


@cache
def _empty(shelf: Shelf) -> bytes:
    """Return a database that has these tables, and nothing in them."""
    with closing(sqlite3.connect(":memory:")) as raw:
        shelf.create(raw)
        return raw.serialize()


def _state(path: Path) -> _State | None:
    """Return what changes, too, with every change of the file, its write-ahead log included.

    An empty log counts as none: whoever looks into the file makes one.
    """
    state: _State = ()
    for name in (path, f"{path}-wal"):
        try:
            found = os.stat(name)
        except OSError:
            return state or None
        if found.st_size or not state:
            state += (found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size)
    return state
