"""Who told what the catalogue says of a work: Pixiv, or only a dump of its dead APIs."""

from collections.abc import Collection

from sqlalchemy import Connection

from pixmirror.catalogue.erasing import DUMPED_COMMENT
from pixmirror.catalogue.payloads import LEGACY, NO_CONTENT
from pixmirror.catalogue.sql import listed, rows, value

PIXIV = "pixiv"
_CLASSES = """
SELECT DISTINCT owner_id, endpoint FROM payload
WHERE owner_kind = 'work' AND owner_id IN (SELECT value FROM json_each(:keys))"""
_DUMPED_AT = f"""
SELECT min(seen_at) FROM payload WHERE owner_kind = :kind AND owner_id = :owner AND endpoint = '{LEGACY}'"""
_COMMENTS = f"SELECT count(*) FROM payload WHERE owner_kind = '{DUMPED_COMMENT}' AND owner_id = :key"


def only_dumped(conn: Connection, keys: Collection[int]) -> set[int]:
    """Return the works that only dumps told of: no answer of Pixiv's showed more than a placeholder."""
    found: dict[int, set[str]] = {}
    for key, endpoint in rows(conn, _CLASSES, keys=listed(keys)):
        found.setdefault(key, set()).add(endpoint)
    return {key for key, classes in found.items() if LEGACY in classes and classes <= NO_CONTENT}


def of_work(conn: Connection, key: int) -> str:
    return LEGACY if only_dumped(conn, (key,)) else PIXIV


def dumped_at(conn: Connection, kind: str, owner: int) -> int | None:
    """Return the time of the oldest dump that tells of it; None if none does."""
    found: int | None = value(conn, _DUMPED_AT, kind=kind, owner=owner)
    return found


def dumped_comments(conn: Connection, key: int) -> int:
    """Count the comments of a work in dumps, which have no ids and so no rows."""
    return value(conn, _COMMENTS, key=key) or 0
