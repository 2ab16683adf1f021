"""What came, changed and went between two moments, by when it was seen."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import made, row

_COUNTS = """
SELECT (SELECT count(*) FROM work WHERE first_seen > :after AND first_seen <= :until AND type != ''),
  (SELECT count(*) FROM media WHERE state = 'stored' AND stored_at > :after AND stored_at <= :until),
  (SELECT count(DISTINCT new.owner_id) FROM media new JOIN media old USING (owner_kind, owner_id, role, idx)
   WHERE owner_kind = 'work' AND old.state = 'stored' AND NOT old.is_current
     AND new.state = 'stored' AND new.is_current AND new.stored_at > :after AND new.stored_at <= :until),
  (SELECT count(*) FROM work w LEFT JOIN user u ON u.id = w.user_id
   WHERE w.state IN ('gone', 'deleted') AND w.state_at > :after AND w.state_at <= :until AND w.user_id IS NOT NULL
     AND coalesce(u.state, 'live') = 'live'),
  (SELECT count(*) FROM bookmark WHERE state != 'live' AND state_at > :after AND state_at <= :until
     AND account_id IN (SELECT id FROM account))"""
_LEFT = """
SELECT u.name, count(DISTINCT w.work_key) FROM user u
JOIN work w ON w.user_id = u.id JOIN media m ON m.owner_kind = 'work' AND m.owner_id = w.work_key
WHERE u.state IN ('user_gone', 'user_suspended') AND u.state_at > :after AND u.state_at <= :until
  AND m.state = 'stored' GROUP BY u.id ORDER BY u.state_at"""


@dataclass(frozen=True, slots=True)
class Left:
    """An artist who left Pixiv, and how many of their works are kept here."""

    name: str
    works: int


@dataclass(frozen=True, slots=True)
class News:
    """What happened: works and files that came in, works whose files were replaced (both versions are stored),
    works gone at Pixiv whose artist is still there, own bookmarks that vanished, and artists who left."""

    works: int
    files: int
    replaced: int
    gone: int
    bookmarks: int
    left: tuple[Left, ...]


def between(conn: Connection, after: int, until: int) -> News:
    """Return what was seen to happen later than `after` and not later than `until`, ms UTC."""
    works, files, replaced, gone, bookmarks = row(conn, _COUNTS, after=after, until=until)
    return News(works, files, replaced, gone, bookmarks, made(conn, Left, _LEFT, after=after, until=until))
