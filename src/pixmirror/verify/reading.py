"""Read a stored file again, and say what is wrong with it. Plain blocking code, for threads.

A file is read from the disk and not from memory, else nothing would be proved of the disk; and it does not stay in
memory, where it would take the place of what others read.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from pixmirror.catalogue.findings import Kind
from pixmirror.catalogue.queue import StoredMedia
from pixmirror.verify.report import Bad, Problem

BLOCK = 1 << 20
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK

Rest = Callable[[int], None]  # called after each block of a file, with its bytes; what it raises ends the reading


def no_rest(size: int) -> None:
    """Go on at once."""


def check(media_root: Path, rows: Sequence[StoredMedia], quick: bool, rest: Rest = no_rest) -> list[Bad]:
    """Return those of these files that are not as they were stored; with `quick` only by name and size."""
    return [bad for row in rows if (bad := check_one(media_root, row, quick, rest)) is not None]


def check_one(media_root: Path, row: StoredMedia, quick: bool, rest: Rest = no_rest) -> Bad | None:
    found = compare(media_root / row.path, row.size, None if quick else row.sha256, rest)
    return Bad(row.media_id, row.path, *found) if found else None


def compare(path: Path, size: int, sha256: str | None, rest: Rest = no_rest) -> tuple[Problem, Kind, str] | None:
    """Return what is wrong with a file, or None. Without `sha256` its content is not read."""
    try:
        return _kind(path.stat(), size) if sha256 is None else _content(path, size, sha256, rest)
    except (FileNotFoundError, NotADirectoryError):
        return "missing", "missing", "no such file"
    except OSError as error:
        return "unreadable", "unreadable", error.strerror or str(error)


def _kind(found: os.stat_result, size: int) -> tuple[Problem, Kind, str] | None:
    if not stat.S_ISREG(found.st_mode):
        return "wrong_kind", "wrong_kind", "no plain file has its name"
    if found.st_size != size:
        kind: Kind = "partial" if found.st_size < size else "rotten"
        return "wrong_size", kind, f"{found.st_size} bytes instead of {size}"
    return None


def _content(path: Path, size: int, sha256: str, rest: Rest) -> tuple[Problem, Kind, str] | None:
    try:
        fd = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            return _kind(path.stat(), size)
        raise
    try:
        if (wrong := _kind(os.fstat(fd), size)) is not None:
            return wrong
        digest = digest_of(fd, rest)
    finally:
        os.close(fd)
    return None if digest == sha256 else ("wrong_hash", "rotten", f"sha256 {digest}")


def digest_of(fd: int, rest: Rest = no_rest) -> str:
    """Return the sha256 in hex of what the disk has of an open file."""
    _drop(fd)
    digest = hashlib.sha256()
    while block := os.read(fd, BLOCK):
        digest.update(block)
        rest(len(block))
    _drop(fd)
    return digest.hexdigest()


def _drop(fd: int) -> None:
    """Have the system forget what it holds of a file in memory, where it can be told so."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
