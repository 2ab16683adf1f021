"""The user's own tags of bookmarks, as folders."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import made

_TAGS = """
SELECT name, sum(count) FROM bookmark_tag WHERE account_id IN (SELECT id FROM account)
GROUP BY name ORDER BY sum(count) DESC, name LIMIT 200"""


@dataclass(frozen=True, slots=True)
class OwnTag:
    """`works`: how many bookmarks Pixiv counts with it."""

    name: str
    works: int


def own_tags(conn: Connection) -> tuple[OwnTag, ...]:
    """Return the own tags, those of most bookmarks first."""
    return made(conn, OwnTag, _TAGS)
