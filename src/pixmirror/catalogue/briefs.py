"""What a chore needs to know of a work or comment before it asks Pixiv."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.sql import made, rows, value


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


def work_brief(conn: Connection, key: int) -> WorkBrief | None:
    return next(iter(made(conn, WorkBrief, _BRIEF, key=key)), None)


def jobs_of(conn: Connection, key: int) -> dict[str, str | None]:
    """Return the jobs that saw a work, each with its reason to refuse it, or None."""
    return dict(rows(conn, "SELECT job, refused_reason FROM work_job WHERE work_key = :key", key=key))


def tag_name(conn: Connection, tag_id: int) -> str | None:
    """Return the name of a tag; None if there is none of this id any more."""
    name: str | None = value(conn, "SELECT name FROM tag WHERE id = :id", id=tag_id)
    return name
