"""The stored files that the gallery serves."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.sql import row

# By hash alone media has no index; its unique key begins with the owner, so an address names the work as well.
_FILE = """
SELECT owner_id, role, idx, path, size, sha256 FROM media
WHERE owner_kind = 'work' AND owner_id = :key AND sha256 = :sha256 AND state = 'stored' LIMIT 1"""

_FRAMES = """
SELECT owner_id, role, idx, path, size, sha256 FROM media
WHERE owner_kind = 'work' AND owner_id = :key AND role = 'ugoira' AND is_current = 1 AND state = 'stored'
LIMIT 1"""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it lies in the media folder: `path` is relative to it."""

    work_key: int
    role: str
    page: int
    path: str
    size: int
    sha256: str


def stored_file(conn: Connection, key: int, sha256: str) -> StoredFile | None:
    """Return a stored file of a work by its bytes; None where it is not here, or the work was forgotten."""
    found = row(conn, _FILE, key=key, sha256=sha256)
    return None if found is None or tombstones.works(conn, [key]) else StoredFile(*found)


def frames_file(conn: Connection, key: int) -> StoredFile | None:
    """Return the zip with the frames of a ugoira; None where it is not here, or the work was forgotten."""
    found = row(conn, _FRAMES, key=key)
    return None if found is None or tombstones.works(conn, [key]) else StoredFile(*found)
