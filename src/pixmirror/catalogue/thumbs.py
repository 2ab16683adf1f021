"""thumbs.db: which thumbnails are made, and what was learned in making them. It may be deleted at any time.

The gallery's process alone writes it. A thumbnail is named by the SHA-256 of the file that it was made from. Each
function is a transaction; who calls it makes and removes the files: made before the row, removed after it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    update,
)

from pixmirror.catalogue import ddl
from pixmirror.catalogue.database import WRITER_PRAGMAS, Writer
from pixmirror.catalogue.sql import Many, among, listed, upsert
from pixmirror.catalogue.sqlite import translated, uri
from pixmirror.clock import DAY_MS
from pixmirror.errors import CatalogueDamaged

T = TypeVar("T")

FORMAT = 1  # in user_version: a file of another format is made anew
WHAT = "list of thumbnails"
PART = 1000  # rows read at a time

metadata = MetaData()
thumb = Table(
    "thumb",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("work_key", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("colour", Integer),  # the average, 0xRRGGBB; with all that follows None where it could not be made
    Column("width", Integer),
    Column("height", Integer),
    Column("dhash", Integer),  # 64 bits, signed
    Column("bytes", Integer),  # 0 where it had to go: what was learned of it stays
    Column("made_at", Integer, nullable=False),
    Column("error", Text),  # why it could not be made
    # To the day, 0 for never: what nobody looked at for longest goes first.
    Column("looked_at", Integer, nullable=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
_is_there = thumb.c.bytes > literal_column("0")  # as the partial index spells it
Index("thumb_by_work", thumb.c.work_key, thumb.c.idx)
Index("thumb_by_look", thumb.c.looked_at, thumb.c.bytes, sqlite_where=_is_there)

_MADE = Many(upsert(thumb, *(c.name for c in thumb.c if c.name not in ("sha256", "looked_at"))))
_LOOKED = update(thumb).where(among(thumb.c.sha256, "shas"), thumb.c.looked_at < bindparam("before"))
_EMPTIED = update(thumb).where(among(thumb.c.sha256, "shas"), thumb.c.error.is_(None)).values(bytes=0)
_HELD = select(func.coalesce(func.sum(thumb.c.bytes), 0)).where(_is_there)
_OLDEST = select(thumb.c.sha256, thumb.c.bytes).where(_is_there).order_by(thumb.c.looked_at)


@dataclass(frozen=True, slots=True)
class Thumb:
    """A thumbnail: whose it is, its average colour (0xRRGGBB), its size in pixels and bytes, its signed dHash."""

    sha256: str
    work_key: int
    idx: int
    colour: int
    width: int
    height: int
    dhash: int
    bytes: int


class ThumbsDatabase(Writer):
    """thumbs.db, held for writing. A missing, damaged or other one is made anew."""

    @classmethod
    def open(cls, path: Path) -> Self:
        if not _is_usable(path):
            _make_anew(path)
        pragmas = ("synchronous=NORMAL", *WRITER_PRAGMAS[1:])  # a power cut may cost the last thumbnails
        return cls(path, WHAT, pragmas)

    def _run(self, fn: Callable[[Connection], T]) -> T:
        try:
            return super()._run(fn)
        except CatalogueDamaged:
            self._renew()
            return super()._run(fn)

    async def make_anew(self) -> None:
        """Begin again with an empty file, where a reader has found this one damaged."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._renew)

    def _renew(self) -> None:
        self._connection.close()
        _make_anew(self.path)
        self._connection = self._connect()


def made(conn: Connection, thumbs: Sequence[Thumb], now: int) -> None:
    """Note what was made. Nobody has looked at it yet."""
    _MADE(conn, [asdict(one) | {"made_at": now, "looked_at": 0, "error": None} for one in thumbs])


def failed(conn: Connection, sha256: str, key: int, idx: int, error: str, now: int) -> None:
    """Note why one could not be made, so that it is not tried again at every look."""
    nothing = dict.fromkeys(("colour", "width", "height", "dhash", "bytes"))
    row = {"sha256": sha256, "work_key": key, "idx": idx, "error": error, "made_at": now, "looked_at": 0}
    _MADE(conn, [row | nothing])


def looked_at(conn: Connection, shas: Collection[str], now: int) -> None:
    """Note that these were shown, once a day."""
    conn.execute(_LOOKED.values(looked_at=now), {"shas": listed(shas), "before": now - DAY_MS})


def emptied(conn: Connection, shas: Collection[str]) -> None:
    """Note that these are there no more, but may come back; the files go after that."""
    conn.execute(_EMPTIED, {"shas": listed(shas)})


def let_go(conn: Connection, shas: Collection[str]) -> None:
    """Remove their rows; the files go after that."""
    conn.execute(thumb.delete().where(among(thumb.c.sha256, "shas")), {"shas": listed(shas)})


def held(conn: Connection) -> int:
    """Return how many bytes all thumbnails have."""
    return int(conn.execute(_HELD).scalar_one())


def over_cap(conn: Connection, cap: int, stays: str = "") -> tuple[str, ...]:
    """Return which have to go so that all have at most `cap` bytes: those that nobody looked at for longest.

    `stays`: the sha256 of one that does not go.
    """
    excess, going = held(conn) - cap, []
    if excess <= 0:
        return ()
    with conn.execute(_OLDEST, execution_options={"yield_per": PART}) as found:
        for sha256, size in found:
            if sha256 == stays:
                continue
            going.append(sha256)
            excess -= size
            if excess <= 0:
                break
    return tuple(going)


def create(raw: sqlite3.Connection) -> None:
    """Make the tables, empty."""
    ddl.create(metadata, raw)
    raw.execute(f"PRAGMA user_version={FORMAT}")


def thumbs_path(root: Path) -> Path:
    """Return where thumbs.db of a mirror lies."""
    return root / "thumbs.db"


def _is_usable(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with translated(path, WHAT), closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=10)) as raw:
            (found,) = raw.execute("PRAGMA user_version").fetchone()
    except CatalogueDamaged:
        return False
    return bool(found == FORMAT)


def _make_anew(path: Path) -> None:
    """Put an empty file in its place, at once with its tables: readers see the one or the other."""
    part = path.with_name(f"{path.name}.part")
    with translated(path, WHAT):
        for old in (part, path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            old.unlink(missing_ok=True)
        with closing(sqlite3.connect(part)) as raw, raw:
            create(raw)
        part.chmod(0o600)
        part.replace(path)
