"""The comments of one work in threads, some at a time: each answer below what it answers, the vanished marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.sql import made, row
from pixmirror.models import State

AT_ONCE = 50
# In the order of threads: (thread, key), where a thread is the key of the comment that began it.
_SOME = """
SELECT c.comment_key, c.comment_key >> 1, c.parent_key IS NOT NULL, c.user_id, coalesce(u.name, ''), c.comment,
  c.stamp_id, c.date, c.state, c.state_at
FROM comment c LEFT JOIN user u ON u.id = c.user_id
WHERE c.work_key = :key AND (coalesce(c.parent_key, c.comment_key), c.comment_key) > (:thread, :after)
ORDER BY coalesce(c.parent_key, c.comment_key), c.comment_key LIMIT :most"""
_THREAD = "SELECT coalesce(parent_key, comment_key) FROM comment WHERE comment_key = :after AND work_key = :key"
_COUNTED = f"""
SELECT count(c.comment_key) AS here, coalesce(sum(c.state != '{State.LIVE}'), 0) AS vanished, w.comments_at,
  coalesce(w.total_comments, 0) AS counted
FROM work w LEFT JOIN comment c ON c.work_key = w.work_key WHERE w.work_key = :key"""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, or an answer to one. Its words are plain text; a stamp has none."""

    key: int
    id: int
    is_reply: bool
    user_id: int | None
    name: str
    words: str
    stamp: int | None
    at: int | None
    state: str
    state_at: int | None

    @property
    def is_vanished(self) -> bool:
        return self.state != State.LIVE


@dataclass(frozen=True, slots=True)
class Comments:
    """Some comments of a work. `after`: the key that the next ones follow, None at the end."""

    some: tuple[Comment, ...]
    after: int | None
    here: int
    vanished: int
    read_at: int | None  # when all of them were last read
    counted: int  # by Pixiv


def more_comments(conn: Connection, key: int, after: int) -> Comments | None:
    """Return the same of a work that may not be here, or be forgotten: None then."""
    known = row(conn, "SELECT 1 FROM work WHERE work_key = :key", key=key)
    return None if known is None or tombstones.is_forgotten(conn, key) else comments(conn, key, after)


def comments(conn: Connection, key: int, after: int = 0) -> Comments:
    """Return the comments that follow the one with the key `after` in the order of threads, from 0 the first."""
    begun = row(conn, _THREAD, after=after, key=key) if after else None
    thread = begun[0] if begun is not None else after
    found = made(conn, Comment, _SOME, key=key, thread=thread, after=after, most=AT_ONCE + 1)
    counted: Any = row(conn, _COUNTED, key=key)
    some: Sequence[Comment] = found[:AT_ONCE]
    return Comments(
        some=tuple(some),
        after=some[-1].key if len(found) > AT_ONCE else None,
        here=counted.here,
        vanished=counted.vanished,
        read_at=counted.comments_at,
        counted=counted.counted,
    )
