"""One writer, whole transactions, and errors that say what to do."""

import asyncio
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from pixmirror.catalogue.database import Database, open_readonly
from pixmirror.errors import CatalogueError, DiskFull, MirrorLocked, StorageError


def put(conn: Connection, key: str, value: str = "1") -> str:
    conn.exec_driver_sql("INSERT INTO meta VALUES (?, ?)", (key, value))
    return key


def keys(conn: Connection) -> list[str]:
    return [key for (key,) in conn.exec_driver_sql("SELECT key FROM meta ORDER BY key")]


def test_open_makes_the_catalogue_and_its_pragmas(tmp_path: Path):
    with Database.open(tmp_path / "new.db") as db:
        pragma = lambda c, name: c.exec_driver_sql(f"PRAGMA {name}").scalar()  # noqa: E731
        assert db.run_sync(pragma, "journal_mode") == "wal"
        assert db.run_sync(pragma, "synchronous") == 2
        assert db.run_sync(pragma, "foreign_keys") == 1
        assert db.read_sync(pragma, "query_only") == 1
        assert db.read_sync(pragma, "wal_autocheckpoint") == 0
    assert not (tmp_path / "new.db-wal").exists()


def test_a_missing_catalogue_is_not_made_unasked(tmp_path: Path):
    with pytest.raises(CatalogueError, match="no catalogue"):
        Database.open(tmp_path / "none.db", create=False)
    with pytest.raises(CatalogueError, match="no catalogue"):
        open_readonly(tmp_path / "none.db")


def test_readers_see_commits_only_and_cannot_write(db: Database):
    inside, on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        put(conn, "a")
        inside.set()
        on.wait(5)

    thread = threading.Thread(target=db.run_sync, args=(slow,))
    thread.start()
    inside.wait(5)
    assert db.read_sync(keys) == []
    on.set()
    thread.join()
    with open_readonly(db.path) as other:
        assert other.read_sync(keys) == ["a"]
    with pytest.raises(StorageError):
        db.read_sync(put, "b")


def test_all_writes_come_from_one_thread(db: Database):
    async def many() -> set[int]:
        return set(await asyncio.gather(*(db.run(lambda c: threading.get_ident()) for _ in range(20))))

    assert len(asyncio.run(many())) == 1


def test_a_cancelled_caller_does_not_undo_its_transaction(db: Database):
    async def cancelled() -> None:
        go = threading.Event()

        def slow(conn: Connection) -> None:
            go.wait(5)
            put(conn, "first")

        first = asyncio.create_task(db.run(slow))
        queued = asyncio.create_task(db.run(put, "queued"))
        await asyncio.sleep(0.01)
        first.cancel()
        queued.cancel()
        go.set()
        ended = await asyncio.gather(first, queued, return_exceptions=True)
        assert all(isinstance(e, asyncio.CancelledError) for e in ended)

    asyncio.run(cancelled())
    db.run_sync(keys)
    assert db.read_sync(keys) == ["first", "queued"]


def test_a_failing_transaction_leaves_nothing_and_the_next_works(db: Database):
    def failing(conn: Connection) -> None:
        put(conn, "a")
        put(conn, "a")

    with pytest.raises(Exception, match="UNIQUE"):
        db.run_sync(failing)
    assert db.run_sync(put, "b") == "b"
    assert db.read_sync(keys) == ["b"]


def test_a_commit_that_fails_leaves_nothing_and_the_next_works(db: Database):
    def failing(conn: Connection) -> None:
        put(conn, "a")
        conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        conn.exec_driver_sql("INSERT INTO feed_job (feed_id, job, joined_at) VALUES (404, 'a', 1)")

    with pytest.raises(Exception, match="FOREIGN KEY"):
        db.run_sync(failing)
    assert db.run_sync(put, "b") == "b"
    assert db.read_sync(keys) == ["b"]


def test_a_full_disk_is_said_so_and_passes(db: Database):
    def fill(conn: Connection) -> None:
        conn.exec_driver_sql("INSERT INTO meta SELECT 'k' || value, zeroblob(0) || hex(randomblob(500)) "
                             "FROM json_each(?)", (str(list(range(4000))),))  # fmt: skip

    def limit(conn: Connection, pages: int) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    db.run_sync(limit, 300)
    with pytest.raises(DiskFull):
        db.run_sync(fill)
    db.run_sync(limit, 1_000_000)
    db.run_sync(fill)
    assert len(db.read_sync(keys)) == 4000


def test_a_lock_held_by_another_program_is_said_so(catalogue_path: Path):
    with Database.open(catalogue_path) as db:
        db.run_sync(lambda c: c.exec_driver_sql("PRAGMA busy_timeout=10"))
        other = sqlite3.connect(catalogue_path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MirrorLocked):
            db.run_sync(put, "a")
        other.close()
        db.run_sync(put, "a")


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 40, b"x"])
def test_what_is_no_catalogue_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "catalogue.db"
    path.write_bytes(content)
    with pytest.raises(CatalogueError):
        Database.open(path)
    assert path.read_bytes() == content


def test_unknown_failures_are_not_dressed_up(db: Database):
    with pytest.raises(OperationalError, match="no such table"):
        db.run_sync(lambda c: c.exec_driver_sql("SELECT 1 FROM nowhere"))


def test_opening_and_closing_leaks_nothing(catalogue_path: Path):
    def one_round() -> None:
        with Database.open(catalogue_path) as db:
            db.run_sync(lambda c: None)
            db.read_sync(keys)
            asyncio.run(db.read(keys))

    one_round()
    files, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(50):
        one_round()
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == (files, threads)


def test_the_log_that_a_long_reader_let_grow_shrinks_again(catalogue_path: Path):
    def write(conn: Connection, key: str, size: int) -> None:
        conn.exec_driver_sql("INSERT INTO meta VALUES (?, hex(zeroblob(?)))", (key, size // 2))

    wal = catalogue_path.with_name(f"{catalogue_path.name}-wal")
    with Database.open(catalogue_path) as db:
        with db.reading() as conn:
            before = keys(conn)
            for n in range(4):
                db.run_sync(write, f"big {n}", 25 << 20)
            assert keys(conn) == before
        grown = wal.stat().st_size
        for n in range(3):
            db.run_sync(write, f"small {n}", 10)
        assert wal.stat().st_size <= 64 << 20 < grown


def test_tidying_cuts_the_log_off_and_waits_for_no_reader(catalogue_path: Path):
    log = catalogue_path.with_name(f"{catalogue_path.name}-wal")
    with Database(catalogue_path) as db:
        db.run_sync(put, "a", "x" * 100_000)
        assert asyncio.run(db.tidy()) == 0
        assert log.stat().st_size == 0
        with db.reading() as old:
            assert keys(old).count("a") == 1
            db.run_sync(put, "b", "x" * 100_000)
            began = time.monotonic()
            asyncio.run(db.tidy())
            assert time.monotonic() - began < 5  # half of the patience for locks, which stays as it was
            assert "b" not in keys(old)
        assert asyncio.run(db.tidy()) == 0
        assert log.stat().st_size == 0
        assert db.run_sync(lambda conn: conn.exec_driver_sql("PRAGMA busy_timeout").scalar()) == 10_000
        db.run_sync(put, "c")
