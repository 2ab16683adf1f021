"""When each stored file was last proved to be as it was stored. That it came, and was hashed, is a proof too."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.queue import StoredMedia
from pixmirror.catalogue.sql import made, value

_AT = "coalesce(verified_at, stored_at, 0)"
_OLDEST = f"""
SELECT id, path, size, sha256, role, url, {_AT} AS at FROM media
WHERE state = 'stored' AND {_AT} <= :before ORDER BY {_AT} LIMIT :n"""
_ENDS = f"SELECT {{}}({_AT}) FROM media WHERE state = 'stored'"
_OVERDUE = f"""
SELECT count(*) FROM (SELECT 1 FROM media WHERE state = 'stored' AND {_AT} < :since LIMIT :most)"""
_PROVED = f"SELECT count(*) FROM media WHERE state = 'stored' AND {_AT} >= :since"
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Ends:
    """When the files proved longest ago and last were proved, ms UTC; None without files."""

    oldest: int | None
    newest: int | None


def ends(conn: Connection) -> Ends:
    return Ends(*(value(conn, _ENDS.format(which)) for which in ("min", "max")))


def overdue(conn: Connection, since: int, stored: int) -> int:
    """Count the files, of so many `stored`, that were last proved before that.

    Reads an index entry for each of them; of many, for each of the others: 3,000,000 that nobody ever read again
    take 0.2 s, and the first page of the gallery asks.
    """
    few: int = value(conn, _OVERDUE, since=since, most=MANY)
    return few if few < MANY else max(few, stored - int(value(conn, _PROVED, since=since)))


def oldest(conn: Connection, before: int, limit: int, without: Collection[str] = ()) -> tuple[StoredMedia, ...]:
    """Return the files that were proved longest ago, all of them before that, but for these paths."""
    found = made(conn, _stored, _OLDEST, before=before, n=limit + len(without))
    return tuple(one for one in found if one.path not in without)[:limit]


def _stored(*columns: object) -> StoredMedia:
    return StoredMedia(*columns[:6])  # type: ignore[arg-type]
