"""How SQLite is told which file to open; its failures, and those of the disk, as errors that say what to do."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from sqlalchemy.exc import DBAPIError

from pixmirror.errors import BadResponse, CatalogueDamaged, DiskFull, MirrorLocked, StorageError

# What SQLite says where the disk refuses the locks and the shared memory that a catalogue needs.
_NO_LOCKS = (
    "SQLITE_IOERR_LOCK", "SQLITE_IOERR_UNLOCK", "SQLITE_IOERR_RDLOCK", "SQLITE_IOERR_CHECKRESERVEDLOCK",
    "SQLITE_IOERR_SHMOPEN", "SQLITE_IOERR_SHMLOCK", "SQLITE_IOERR_SHMMAP", "SQLITE_PROTOCOL", "SQLITE_NOLFS",
)  # fmt: skip


ROOM = 64 << 10  # bytes: with less SQLite cannot make the files beside a catalogue


def uri(path: Path, mode: Literal["ro", "rw"]) -> str:
    """Return SQLite's URI of a file. Names are bytes: not every folder's is text.

    In a folder that is read-only SQLite cannot make what it needs beside a write-ahead log. Where there is no log
    either, nothing is open for writing and nothing can be: then the file is read as one that does not change.
    """
    place = path.resolve()
    still = mode == "ro" and not os.access(place.parent, os.W_OK) and not os.path.lexists(f"{place}-wal")
    return f"file:{quote(os.fsencode(place))}?mode={mode}{'&immutable=1' if still else ''}"


def identity(path: Path) -> tuple[int, ...] | None:
    """Return what stays while a file is written, and is another when it is replaced; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def translated(path: Path, what: str = "catalogue") -> Iterator[None]:
    """Raise SQLite's and the system's failures as ours; a number too large for SQLite as a fault of the answer.

    `what` the file is, for the sentence.
    """
    try:
        yield
    except OverflowError as error:
        raise BadResponse(f"A number in the answer is larger than the {what} can hold.") from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        ours = _ours(getattr(cause, "sqlite_errorname", "") or "", path, what, cause)
        if ours is None:
            raise
        raise ours from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"No room left for the {what} at {path}.") from error
        reason = error.strerror or error
        raise StorageError(f"The {what} at {path} cannot be written or read: {reason}.") from error


def _ours(name: str, path: Path, what: str, cause: BaseException | None) -> Exception | None:
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _is_full(path)):
        return DiskFull(f"No room left for the {what} at {path}.")
    if name.startswith(_NO_LOCKS):
        return no_locks(path)
    if name.startswith(("SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_NOMEM")):
        return StorageError(f"The {what} at {path} cannot be written or read: {cause}.")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return CatalogueDamaged(f"{path} is damaged or is not a {what}: {cause}.")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return MirrorLocked(f"Another program holds the {what} at {path}.")
    return None


def _is_full(path: Path) -> bool:
    """True if the disk takes nothing more: SQLite says so in words of its own only where it writes pages."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM


def no_locks(path: Path) -> StorageError:
    """Return the error for a disk without the locks that SQLite needs."""
    return StorageError(
        f"The disk of {path} has no file locks that SQLite can use; the mirror's root needs them: "
        "a local disk, and `mirror.media` for a share"
    )


def write_ahead(raw: sqlite3.Connection, path: Path) -> None:
    """Switch to the write-ahead log. StorageError where SQLite finds that the disk cannot have one."""
    (mode,) = raw.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise no_locks(path)
