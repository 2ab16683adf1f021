"""Of which stored files thumbnails are still to be made, and what became of the files of those that are there."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.shelves import lacking
from pixmirror.catalogue.sql import listed, rows, value
from pixmirror.reports.pictures import StoredFile

TOP = 1 << 62  # above the key of every work
PART = 500  # files of one answer; a work has at most 200

_OF_A_FILE = "m.owner_id, m.role, m.idx, m.path, m.size, m.sha256"
_LACKS = "t.sha256 IS NULL OR t.bytes = 0"  # one that could not be made lacks nothing
_FILES = "FROM media m {} LEFT JOIN thumbs.thumb t ON t.sha256 = m.sha256"
# What was replaced is among the others: a search by picture finds it, too.
_KINDS = """m.owner_kind = 'work' AND m.state = 'stored' AND m.sha256 IS NOT NULL
  AND (m.is_current = 1 AND m.idx = 0 AND m.role IN ('page', 'ugoira', 'cover')) = :first"""
_DOWNWARDS = f"""
SELECT {_OF_A_FILE}, {_LACKS} {_FILES.format("")}
WHERE {_KINDS} AND m.owner_id < :below ORDER BY m.owner_id DESC LIMIT :most"""
_SINCE = f"""
SELECT {_OF_A_FILE}, {_LACKS}, m.stored_at, m.id {_FILES.format("INDEXED BY media_stored")}
WHERE {_KINDS} AND m.stored_at >= :at AND (m.stored_at > :at OR m.id > :id)
ORDER BY m.stored_at, m.id LIMIT :most"""
_LAST_STORED = "SELECT coalesce(max(stored_at), 0) FROM media WHERE state = 'stored'"
# A thumbnail outlives its file where that was lost, but not where it was forgotten, or the work is no more.
_IN_FOLDER = """
SELECT t.sha256, t.bytes, EXISTS (
  SELECT 1 FROM media m
  WHERE m.owner_kind = 'work' AND m.owner_id = t.work_key AND m.sha256 = t.sha256 AND m.state <> 'forgotten')
FROM thumbs.thumb t WHERE t.sha256 >= :prefix AND t.sha256 < :prefix || 'g'"""
_ERROR = "SELECT error FROM thumbs.thumb WHERE sha256 = :sha256"
_HASHES = "SELECT dhash, work_key FROM thumbs.thumb WHERE dhash IS NOT NULL"
_OF_WORKS = """
SELECT m.owner_id, m.role, m.idx, m.path, m.size, m.sha256, t.dhash
FROM thumbs.thumb t JOIN media m
  ON m.owner_kind = 'work' AND m.owner_id = t.work_key AND m.sha256 = t.sha256 AND m.state = 'stored'
WHERE t.work_key IN (SELECT value FROM json_each(:keys)) AND t.dhash IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Files that lack a thumbnail, of some that were looked at, and where to look on: None at the end."""

    files: tuple[StoredFile, ...]
    after: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Folder:
    """The thumbnails whose sha256 begins alike: those that are there, and those whose files have gone."""

    there: frozenset[str]
    gone: frozenset[str]


def downwards(conn: Connection, place: tuple[int, int], first: bool) -> Stretch:
    """Look at first pictures of works, or at all others, from the newest work down; `place` begins at (TOP, 0)."""
    found = rows(conn, _DOWNWARDS, below=place[0], first=first, most=PART)
    after = None
    if len(found) == PART:
        last = found[-1].owner_id
        whole = [row for row in found if row.owner_id != last]  # of the last work there may be more
        found, after = (whole, last + 1) if whole else (found, last)
    in_order = sorted(found, key=lambda row: (-row.owner_id, row.role, row.idx))
    return Stretch(_lacking(in_order), None if after is None else (after, 0))


def since(conn: Connection, place: tuple[int, int], first: bool) -> Stretch:
    """Look at what was stored after `place`, the last of which is the next one."""
    found = rows(conn, _SINCE, at=place[0], id=place[1], first=first, most=PART)
    return Stretch(_lacking(found), (found[-1].stored_at, found[-1].id) if found else place)


def last_stored(conn: Connection) -> tuple[int, int]:
    """Return the place from which `since` finds what will be stored from now on."""
    return value(conn, _LAST_STORED), TOP


def _lacking(found: Collection[tuple[object, ...]]) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(*row[:6]) for row in found if row[6])  # type: ignore[arg-type]


def in_folder(conn: Connection, prefix: str) -> Folder | None:
    """Look at the thumbnails whose sha256 begins with these digits; None while thumbs.db cannot be read."""
    if lack_of_thumbs(conn) is not None:
        return None
    found = rows(conn, _IN_FOLDER, prefix=prefix)
    return Folder(
        frozenset(sha256 for sha256, size, has_file in found if has_file and size),
        frozenset(sha256 for sha256, _, has_file in found if not has_file),
    )


def why_none(conn: Connection, sha256: str) -> str | None:
    """Return why no thumbnail could be made of a file; None where none was tried, or it could."""
    found: str | None = value(conn, _ERROR, sha256=sha256)
    return found


def hashes(conn: Connection) -> Iterator[Sequence[tuple[int, int]]]:
    """Give the dHash of each thumbnail and the work that it is of, thousands at a time.

    By the driver's own cursor: for 10^6 rows SQLAlchemy's would cost 0.9 s more.
    """
    cursor = conn.connection.cursor()
    cursor.execute(_HASHES)
    while found := cursor.fetchmany(10_000):
        yield found


def hashes_of(conn: Connection, keys: Collection[int]) -> list[tuple[int, StoredFile]]:
    """Return the dHash of each stored picture of these works, but of none that is forgotten."""
    found = rows(conn, _OF_WORKS, keys=listed(keys))
    hidden = tombstones.works(conn, keys)
    return [(row.dhash, StoredFile(*row[:6])) for row in found if row.owner_id not in hidden]


def lack_of_thumbs(conn: Connection) -> str | None:
    """Return why thumbs.db cannot be read, so that these answers know of no thumbnail; None where it can."""
    return lacking(conn).get("thumbs")
