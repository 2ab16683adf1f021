"""What people wrote below all works, the last first: all of it, what vanished at Pixiv, or what one person wrote.

Each page costs a bounded number of rows, however many comments there are, and whatever the settings hide of them.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.sql import row, rows, value
from pixmirror.models import State
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile, tiles
from pixmirror.reports.visible import VISIBLE, allowed
from pixmirror.reports.work_comments import Comment

SHOWN = 50
LOOKED_AT = 1000  # comments at most for a page, shown or not
END = 2**62

_AT = "coalesce(c.date, c.first_seen)"  # as the indexes spell it
_BELOW = f"{{which}} AND {_AT} <= :at AND ({_AT} < :at OR c.comment_key < :key)"
_LAST = f"""
SELECT {_AT} AS at, c.comment_key FROM comment c WHERE {_BELOW}
ORDER BY {_AT} DESC, c.comment_key DESC LIMIT 1 OFFSET {LOOKED_AT - 1}"""
# The state is a literal: SQLite uses a partial index only where it can read its condition in the statement.
_VANISHED = f"c.state != '{State.LIVE}'"
_NAME = """
SELECT coalesce(u.name, '') FROM (SELECT 1 FROM comment WHERE user_id = :id LIMIT 1)
LEFT JOIN user u ON u.id = :id"""
_SOME = f"""
SELECT c.comment_key, c.work_key, {_AT} AS at, c.parent_key IS NOT NULL AS is_reply, c.user_id,
  coalesce(u.name, '') AS name, c.comment, c.stamp_id, c.date, c.state, c.state_at
FROM comment c CROSS JOIN work w ON w.work_key = c.work_key LEFT JOIN user u ON u.id = c.user_id
WHERE {_BELOW} AND {_AT} >= :last_at AND ({_AT} > :last_at OR c.comment_key >= :last_key) AND {VISIBLE}
  AND NOT EXISTS (SELECT 1 FROM tombstone WHERE owner_kind = 'user' AND owner_id = c.user_id)
ORDER BY {_AT} DESC, c.comment_key DESC LIMIT {SHOWN}"""


@dataclass(frozen=True, slots=True)
class Said:
    """A comment, and the work that it is about."""

    comment: Comment
    tile: Tile


@dataclass(frozen=True, slots=True)
class Talk:
    """Some comments. `after`: the moment and the key that the next ones lie below; None at the end."""

    some: tuple[Said, ...]
    after: tuple[int, int] | None
    name: str  # of whom wrote them, where only one person's are asked for
    usual: Defaults


def talk(
    conn: Connection, before: tuple[int, int] = (END, 0), by: int | None = None, *, vanished: bool = False
) -> Talk | None:
    """Return the comments before a moment and key. None where it asks for a person of whom nothing is here."""
    name = "" if by is None else value(conn, _NAME, id=by)
    if name is None or (by is not None and tombstones.people(conn, [by])):
        return None
    which = " AND ".join(("c.user_id = :by",) * (by is not None) + (_VANISHED,) * vanished) or "true"
    bound = {"at": before[0], "key": before[1]} | ({} if by is None else {"by": by})
    last = row(conn, _LAST.format(which=which), **bound)
    last_at, last_key = last or (-END, 0)
    usual = defaults(conn)
    some = rows(conn, _SOME.format(which=which), **bound, last_at=last_at, last_key=last_key, **allowed(usual))
    by_key = {tile.work_key: tile for tile in tiles(conn, list(dict.fromkeys(r.work_key for r in some)))}
    shown = tuple(Said(_comment(r), by_key[r.work_key]) for r in some if r.work_key in by_key)
    if len(some) == SHOWN:
        last = some[-1]
    return Talk(shown, (last.at, last.comment_key) if last else None, name, usual)


def _comment(r: Any) -> Comment:
    return Comment(
        key=r.comment_key, id=r.comment_key >> 1, is_reply=bool(r.is_reply), user_id=r.user_id, name=r.name,
        words=r.comment, stamp=r.stamp_id, at=r.date, state=r.state, state_at=r.state_at,
    )  # fmt: skip
