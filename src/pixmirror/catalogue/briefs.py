"""What a chore needs to know of a work or comment before it asks Pixiv."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from pixmirror.catalogue.schema import work, work_job
from pixmirror.catalogue.sql import among, listed


@dataclass(frozen=True, slots=True)
class WorkBrief:
    key: int
    state: str
    caption: str
    create_date: int | None
    total_comments: int | None
    comments_at: int | None


_BRIEF = (
    work.c.work_key,
    work.c.state,
    work.c.caption,
    work.c.create_date,
    work.c.total_comments,
    work.c.comments_at,
)
_UNKNOWN = select(work.c.work_key).where(
    among(work.c.work_key, "keys"),
    work.c.caption == "",
    work.c.detail_at.is_(None),
    work.c.user_id.is_not(None),
    work.c.state == "live",
)


def work_brief(conn: Connection, key: int) -> WorkBrief | None:
    row = conn.execute(select(*_BRIEF).where(work.c.work_key == key)).one_or_none()
    return None if row is None else WorkBrief(*row)


def jobs_of(conn: Connection, key: int) -> dict[str, str | None]:
    """Return the jobs that saw a work, each with its reason to refuse it, or None."""
    rows = select(work_job.c.job, work_job.c.refused_reason).where(work_job.c.work_key == key)
    return {row.job: row.refused_reason for row in conn.execute(rows)}


def caption_unknown(conn: Connection, keys: Sequence[int]) -> list[int]:
    """Return which of these works, in this order, have an empty caption that only lists have shown."""
    found = set(conn.execute(_UNKNOWN, {"keys": listed(keys)}).scalars())
    return [key for key in keys if key in found]
