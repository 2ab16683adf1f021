"""A consistent copy of one of our files while others write it, and what of the media folder belongs to it.

SQLite's backup starts over when another connection writes between two of its steps; where pages come in all the
time it never ends (measured at 2 GB and six commits a second: not a twentieth in 90 s). Inside one read
transaction it sees one snapshot to the end (30 s), and who writes does not wait. The source is opened read-only:
it neither writes nor checkpoints.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pixmirror.catalogue.paths import sidecar_path, text_path
from pixmirror.catalogue.sqlite import translated, uri
from pixmirror.errors import CatalogueDamaged

PAGES = 4096  # 16 MB between two looks whether to stop

_STORED = "SELECT path, size, sha256, 0 AS seq, 0 AS here FROM media WHERE {} AND path != ''"
# Stored; or stored once and lost: then the backup may be the only place that has it.
_FILES = f"""
SELECT * FROM (
  {_STORED.format("state = 'stored' AND sha256 IS NOT NULL").replace("0 AS here", "1 AS here")}
  UNION ALL {_STORED.format("state NOT IN ('stored', 'forgotten') AND sha256 IS NOT NULL")}
  UNION ALL SELECT sidecar_of(work_key, user_id), NULL, NULL, sidecar_seq, 0
    FROM work WHERE sidecar_seq >= 0 AND user_id IS NOT NULL
  UNION ALL SELECT text_of(work_key, user_id), NULL, NULL, sidecar_seq, 0
    FROM work WHERE sidecar_seq >= 0 AND user_id IS NOT NULL AND work_key & 1
) ORDER BY path"""
# What is forgotten, also while it lies in the trash.
_FORGOTTEN = """
SELECT path, trash IS NULL FROM media WHERE state = 'forgotten' AND path != ''"""
_OF_WORKS = """
SELECT work_key, user_id, max(purge_at) FROM (
  SELECT w.work_key, w.user_id, t.purge_at FROM tombstone t JOIN work w ON w.work_key = t.owner_id
    WHERE t.owner_kind = 'work' AND w.user_id IS NOT NULL
  UNION ALL SELECT w.work_key, w.user_id, t.purge_at FROM tombstone t JOIN work w ON w.user_id = t.owner_id
    WHERE t.owner_kind = 'user')
GROUP BY work_key"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that belongs into a backup, relative to the media folder.

    Of a stored file `size` and `sha256` are known. Of a sidecar they are None, and `seq` moves when it is written
    anew (0: not known). `here`: the catalogue says that it lies there.
    """

    path: str
    size: int | None
    sha256: str | None
    seq: int
    here: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Paths of what the user has forgotten: all of them, and those that cannot be had back any more."""

    all: frozenset[str]
    for_good: frozenset[str]


def copy_database(
    source: Path, target: Path, what: str, step: Callable[[int, int], None] = lambda done, whole: None
) -> None:
    """Copy a file that may be written meanwhile. CatalogueDamaged where SQLite finds fault with it.

    `step` is told how many pages are done, of how many; what it raises ends the copy. The caller syncs the file.
    """
    target.unlink(missing_ok=True)
    with translated(source, what), closing(_open(uri(source, "ro"))) as raw:
        raw.execute("PRAGMA query_only=ON")
        raw.execute("PRAGMA mmap_size=0")
        raw.execute("BEGIN")
        raw.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # from now on it is one snapshot
        with translated(target, what), closing(_open(f"{_plain(target)}?mode=rwc&nolock=1")) as copy:
            copy.execute("PRAGMA journal_mode=OFF")
            copy.execute("PRAGMA synchronous=OFF")
            raw.backup(copy, pages=PAGES, progress=lambda _, left, whole: step(whole - left, whole), sleep=0)
    target.chmod(0o600)
    with translated(target, what), closing(_still(target)) as raw:
        (found,) = raw.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise CatalogueDamaged(f"{source} is damaged ({found}): no backup is made of it, the earlier ones stay.")


def wanted_files(copy: Path) -> Iterator[Wanted]:
    """Yield every file that a copied catalogue knows of, by path."""
    before = None
    with translated(copy), closing(_still(copy)) as raw:
        raw.create_function("sidecar_of", 2, sidecar_path, deterministic=True)
        raw.create_function("text_of", 2, text_path, deterministic=True)
        for path, size, sha256, seq, here in raw.execute(_FILES):
            if path != before:
                yield Wanted(path, size, sha256, seq, bool(here))
            before = path


def forgotten_files(copy: Path) -> Forgotten:
    """Return what a copied catalogue says is forgotten."""
    everything, for_good = set[str](), set[str]()
    with translated(copy), closing(_still(copy)) as raw:
        for path, is_over in raw.execute(_FORGOTTEN):
            everything.add(path)
            if is_over:
                for_good.add(path)
        for key, user, purge_at in raw.execute(_OF_WORKS):
            paths = [path for path in (sidecar_path(key, user), text_path(key, user)) if path]
            everything.update(paths)
            if purge_at is None:
                for_good.update(paths)
    return Forgotten(frozenset(everything), frozenset(for_good))


def revision_of(copy: Path) -> str:
    """Return the schema of a copied file."""
    with translated(copy), closing(_still(copy)) as raw:
        return str(raw.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _open(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)


def _still(path: Path) -> sqlite3.Connection:
    """Open a file that nobody writes, and leave nothing beside it."""
    return _open(f"{_plain(path)}?mode=ro&immutable=1")


def _plain(path: Path) -> str:
    return f"file:{quote(os.fsencode(path.absolute()))}"
