"""The catalogue's connections: one thread that writes, two that read; SQLite's errors become ours here.

One connection does all writes and all checkpoints: SQLite before 3.51.3 can corrupt a WAL database when two
connections write and checkpoint at the same instant. Readers are query_only and never checkpoint.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from pixmirror.catalogue import migrate
from pixmirror.catalogue.failures import translated, write_ahead
from pixmirror.catalogue.uris import uri

__all__ = ["Connection", "Database", "ReadOnly", "catalogue_path", "open_readonly"]

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2
WRITER_PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
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
    "cache_size=-4096",
    "mmap_size=0",
)


def catalogue_path(root: Path) -> Path:
    """Return where the catalogue of a mirror lies."""
    return root / "catalogue.db"


def _engine(path: Path, *, writer: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        name = uri(path, "rw" if writer else "ro")
        raw = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
        if writer:
            write_ahead(raw, path)
        for pragma in WRITER_PRAGMAS if writer else _READER_PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")
        return raw

    if writer:
        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    else:
        engine = create_engine(
            "sqlite://", creator=connect, poolclass=QueuePool, pool_size=READERS, max_overflow=READERS
        )

    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", on_begin)
    return engine


class ReadOnly:
    """Read a catalogue while others write it. Each call sees one snapshot."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = ThreadPoolExecutor(READERS, "catalogue-read")
        self._read_engine = _engine(path, writer=False)

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


class Database(ReadOnly):
    """The writing process's catalogue: whole transactions go, as functions, to the one writer thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._writer = ThreadPoolExecutor(1, "catalogue-write")
        self._write_engine = _engine(path, writer=True)
        try:
            self._connection = self._writer.submit(self._connect).result()
        except BaseException:
            self._writer.shutdown(wait=True)
            super().close()
            raise

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Self:
        """Open a catalogue of this schema, and refuse any other. With `create`, make one that is missing."""
        if create and not path.exists():
            migrate.upgrade(path)
        migrate.check(path)
        return cls(path)

    def _connect(self) -> Connection:
        with translated(self.path):
            return self._write_engine.connect()

    def _run(self, fn: Callable[[Connection], T]) -> T:
        with translated(self.path), self._connection.begin():
            return fn(self._connection)

    async def run(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one write transaction. If the caller is cancelled meanwhile, it is committed all the same."""
        loop = asyncio.get_running_loop()
        job = loop.run_in_executor(self._writer, self._run, lambda c: fn(c, *args, **kwargs))
        return await asyncio.shield(job)

    def run_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._writer.submit(self._run, lambda c: fn(c, *args, **kwargs)).result()

    def close(self) -> None:
        """Close the readers first, so that the writer closes last and does the final checkpoint."""
        super().close()
        self._writer.submit(self._connection.close).result()
        self._writer.shutdown(wait=True)
        self._write_engine.dispose()


def open_readonly(path: Path) -> ReadOnly:
    """Open a catalogue for a command that runs beside the daemon."""
    migrate.check(path)
    return ReadOnly(path)
