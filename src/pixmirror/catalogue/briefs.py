"""What a chore needs to know of a work or comment before it asks Pixiv."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import listed, made, rows, value


@dataclass(frozen=True, slots=True)
class WorkBrief:
    key: int
    state: str
    caption: str
    create_date: int | None
    total_comments: int | None
    comments_at: int | None


_BRIEF = """
SELECT work_key, state, caption, create_date, total_comments, comments_at FROM work WHERE work_key = :key"""
_UNKNOWN = """
SELECT work_key FROM work WHERE work_key IN (SELECT value FROM json_each(:keys))
  AND caption = '' AND detail_at IS NULL AND user_id IS NOT NULL AND state = 'live'"""


def work_brief(conn: Connection, key: int) -> WorkBrief | None:
    return next(iter(made(conn, WorkBrief, _BRIEF, key=key)), None)


def jobs_of(conn: Connection, key: int) -> dict[str, str | None]:
    """Return the jobs that saw a work, each with its reason to refuse it, or None."""
    return dict(rows(conn, "SELECT job, refused_reason FROM work_job WHERE work_key = :key", key=key))


def caption_unknown(conn: Connection, keys: Sequence[int]) -> list[int]:
    """Return which of these works, in this order, have an empty caption that only lists have shown."""
    found = {r.work_key for r in rows(conn, _UNKNOWN, keys=listed(keys))}
    return [key for key in keys if key in found]


def tag_name(conn: Connection, tag_id: int) -> str | None:
    """Return the name of a tag; None if there is none of this id any more."""
    name: str | None = value(conn, "SELECT name FROM tag WHERE id = :id", id=tag_id)
    return name
