"""Who told what the catalogue says of a work: Pixiv, or only a dump of its dead APIs."""

from sqlalchemy import Connection

from pixmirror.catalogue.erasing import DUMPED_COMMENT
from pixmirror.catalogue.payloads import LEGACY, NO_CONTENT
from pixmirror.catalogue.sql import value

PIXIV = "pixiv"
_ANSWERS = "SELECT 1 FROM payload p WHERE p.owner_kind = 'work' AND p.owner_id = {0}"
# True for a work, by its key, that only dumps told of: no answer of Pixiv's showed more than a placeholder.
ONLY_DUMPED = f"""
(EXISTS ({_ANSWERS} AND p.endpoint = '{LEGACY}')
  AND NOT EXISTS ({_ANSWERS} AND p.endpoint NOT IN {tuple(sorted(NO_CONTENT))}))"""
_DUMPED_AT = f"""
SELECT min(seen_at) FROM payload WHERE owner_kind = :kind AND owner_id = :owner AND endpoint = '{LEGACY}'"""
_COMMENTS = f"SELECT count(*) FROM payload WHERE owner_kind = '{DUMPED_COMMENT}' AND owner_id = :key"


def of_work(conn: Connection, key: int) -> str:
    return LEGACY if value(conn, f"SELECT {ONLY_DUMPED.format(':key')}", key=key) else PIXIV


def dumped_at(conn: Connection, kind: str, owner: int) -> int | None:
    """Return the time of the oldest dump that tells of it; None if none does."""
    found: int | None = value(conn, _DUMPED_AT, kind=kind, owner=owner)
    return found


def dumped_comments(conn: Connection, key: int) -> int:
    """Count the comments of a work in dumps, which have no ids and so no rows."""
    return value(conn, _COMMENTS, key=key) or 0
