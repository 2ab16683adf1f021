"""Connections: one thread that writes a file, others that read it; SQLite's errors become ours here.

One connection does all writes and all checkpoints: SQLite before 3.51.3 can corrupt a WAL database when two
connections write and checkpoint at the same instant. Readers are query_only and never checkpoint.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from pixmirror.catalogue import migrate
from pixmirror.catalogue.sqlite import identity, translated, uri, write_ahead

__all__ = ["Connection", "Database", "ReadOnly", "Writer", "catalogue_path", "open_readonly", "reading_engine"]

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2
BUSY_MS = 10_000
WRITER_PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MS}",
    # 32 MB of log: what page after page of works changes is written back once. SQLite's own 1,000 pages are one
    # and a half pages of works into a large catalogue.
    "wal_autocheckpoint=8000",
    # What a long reader made it grow beyond that is cut off once all of it is written back.
    f"journal_size_limit={64 << 20}",
    "cache_size=-8192",  # twice as much makes no page of works into 10^6 any faster
    "mmap_size=0",
    "temp_store=MEMORY",
)
_READER_PRAGMAS = (
    "query_only=ON",
    "busy_timeout=10000",
    "wal_autocheckpoint=0",
    "mmap_size=0",
)
READER_CACHE = 4 << 10  # KiB
FILE = "file"  # in `info` of a reading connection: the identity of its file
CATALOGUE = migrate.CATALOGUE.what


def catalogue_path(root: Path) -> Path:
    """Return where the catalogue of a mirror lies."""
    return root / "catalogue.db"


def _writing_engine(path: Path, pragmas: Sequence[str]) -> Engine:
    def connect() -> sqlite3.Connection:
        raw = _connect(path, "rw")
        write_ahead(raw, path)
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}")
        return raw

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    return _beginning(engine, "BEGIN IMMEDIATE")


def reading_engine(
    path: Path,
    readers: int = READERS,
    cache: int = READER_CACHE,
    prepare: Callable[[sqlite3.Connection, dict[Any, Any]], None] | None = None,
) -> Engine:
    """Return an engine for so many readers, and as many more when they are not enough.

    `cache`: KiB of each; `prepare` gets each new connection, and where what belongs to it is noted.
    """

    def connect(entry: ConnectionPoolEntry) -> sqlite3.Connection:
        entry.info[FILE] = identity(path)
        raw = _connect(path, "ro")
        try:
            for pragma in (*_READER_PRAGMAS, f"cache_size=-{cache}"):
                raw.execute(f"PRAGMA {pragma}")
            if prepare is not None:
                prepare(raw, entry.info)
        except BaseException:
            raw.close()
            raise
        return raw

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=readers,
        max_overflow=readers,
        pool_use_lifo=True,  # who reads alone reads by the connection whose cache is warm
    )
    return _beginning(engine, "BEGIN")


def _connect(path: Path, mode: Literal["ro", "rw"]) -> sqlite3.Connection:
    return sqlite3.connect(uri(path, mode), uri=True, isolation_level=None, check_same_thread=False, timeout=10)


def _beginning(engine: Engine, begin: str) -> Engine:
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


class ReadOnly:
    """Read a catalogue while others write it. Each call sees one snapshot."""

    def __init__(self, path: Path, engine: Engine | None = None, readers: int = READERS) -> None:
        self.path = path
        self._readers = ThreadPoolExecutor(readers, "catalogue-read")
        self._read_engine = engine or reading_engine(path, readers)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a snapshot for the calling thread, for what streams (export)."""
        with translated(self.path), self._read_engine.connect() as connection, connection.begin():
            yield connection

    def _read(self, fn: Callable[[Connection], T]) -> T:
        with self.reading() as connection:
            return fn(connection)

    async def read(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, lambda c: fn(c, *args, **kwargs))

    def read_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._read(lambda c: fn(c, *args, **kwargs))

    def close(self) -> None:
        self._readers.shutdown(wait=True)
        self._read_engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def cut_log(raw: Any) -> int:
    """Write the log back and cut it off. Return how many pages of it are left, as somebody reads."""
    raw.execute("PRAGMA busy_timeout=0")  # nobody waits for a long reader: the next time, then
    try:
        _, pages, written = raw.execute("PRAGMA main.wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return int(pages) - int(written)


class Writer:
    """The one thread that writes a file: whole transactions go to it, as functions."""

    def __init__(self, path: Path, what: str = CATALOGUE, pragmas: Sequence[str] = WRITER_PRAGMAS) -> None:
        self.path = path
        self._what = what
        self.on_commit: Callable[[], None] = lambda: None  # called on the writer's thread
        self._thread = ThreadPoolExecutor(1, f"{path.stem}-write")
        self._engine = _writing_engine(path, pragmas)
        try:
            self._connection = self._thread.submit(self._connect).result()
        except BaseException:
            self._thread.shutdown(wait=True)
            raise

    def _connect(self) -> Connection:
        with translated(self.path, self._what):
            return self._engine.connect()

    def _run(self, fn: Callable[[Connection], T]) -> T:
        with translated(self.path, self._what):
            try:
                with self._connection.begin():
                    done = fn(self._connection)
            finally:
                self._end()
        self.on_commit()
        return done

    def _end(self) -> None:
        """Undo what a failed commit left open, which SQLAlchemy does not: the next transaction could not begin."""
        raw = self._connection.connection.dbapi_connection
        if raw is not None and raw.in_transaction:
            raw.rollback()

    async def run(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one write transaction. If the caller is cancelled meanwhile, it is committed all the same."""
        loop = asyncio.get_running_loop()
        job = loop.run_in_executor(self._thread, self._run, lambda c: fn(c, *args, **kwargs))
        job.add_done_callback(_heard)
        return await asyncio.shield(job)

    def run_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._thread.submit(self._run, lambda c: fn(c, *args, **kwargs)).result()

    def _tidy(self) -> int:
        """Return how many pages of the log are left because somebody reads."""
        with translated(self.path, self._what):
            raw = self._connection.connection.dbapi_connection
            assert raw is not None
            return cut_log(raw)

    async def tidy(self) -> int:
        """Write the log back and cut it off, between two transactions. Return how many pages of it are left, as
        somebody reads.

        No PRAGMA optimize: all statements are written for a planner without statistics. With those of 10^6 works
        it looked for due gaps among all lists, not among the gaps.
        """
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, self._tidy))

    def close(self) -> None:
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown(wait=True)
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _heard(job: asyncio.Future[Any]) -> None:
    """Take the error of a caller who was cancelled meanwhile: asyncio would log it as one that nobody caught."""
    if not job.cancelled():
        job.exception()


class Database(ReadOnly):
    """The writing process's catalogue: its readers and its writer."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._writer = Writer(path)
        except BaseException:
            super().close()
            raise

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Self:
        """Open a catalogue of this schema, and refuse any other. With `create`, make one that is missing."""
        if create and not path.exists():
            migrate.upgrade(path)
        migrate.check(path)
        return cls(path)

    async def run(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._writer.run(fn, *args, **kwargs)

    def run_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._writer.run_sync(fn, *args, **kwargs)

    async def tidy(self) -> int:
        """Write the log back and cut it off, as `Writer.tidy` does."""
        return await self._writer.tidy()

    def call_after_commits(self, call: Callable[[], None]) -> None:
        """Call this after each commit, on the writer's thread: it must be quick, and raise nothing."""
        self._writer.on_commit = call

    def close(self) -> None:
        """Close the readers first, so that the writer closes last and does the final checkpoint."""
        super().close()
        self._writer.close()


def open_readonly(path: Path) -> ReadOnly:
    """Open a catalogue for a command that runs beside the daemon."""
    migrate.check(path)
    return ReadOnly(path)
