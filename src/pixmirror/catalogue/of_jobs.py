"""What some jobs want: their files, and the chores about what they have seen.

Conditions in SQL on a row of `media` or `chore`, with `:jobs` a JSON list of names, and what is counted with them.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from pixmirror.catalogue.added import ADDED, WISHED
from pixmirror.catalogue.sql import listed, row, value

_NAMES = "IN (SELECT value FROM json_each(:jobs))"
_SEEN = f"EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = %s AND j.job {_NAMES}%s)"
MEDIA = f"+media.owner_kind = 'work' AND {_SEEN % ('media.owner_id', ' AND j.refused_reason IS NULL')}"
# A chore that is named like a kind of jobs is theirs.
CHORE = f"""CASE
  WHEN {WISHED} THEN '{ADDED}' {_NAMES}
  WHEN chore.kind = 'control' THEN 1
  WHEN chore.kind = 'reading' THEN 0
  WHEN chore.kind IN ('profile', 'coverage', 'follow') THEN EXISTS (SELECT 1 FROM feed f
      JOIN feed_job j ON j.feed_id = f.id WHERE f.account_id IN (SELECT id FROM account)
      AND f.endpoint IN ('user/illusts', 'user/novels') AND f.params = '{{"user_id":' || chore.key || '}}'
      AND j.job {_NAMES})
  WHEN chore.kind = 'bookmark_tags' THEN EXISTS (SELECT 1 FROM feed f JOIN feed_job j ON j.feed_id = f.id
      WHERE f.endpoint LIKE 'user/bookmarks/%' AND j.job {_NAMES})
  WHEN chore.kind IN (SELECT kind FROM job) THEN
    EXISTS (SELECT 1 FROM job WHERE job.kind = chore.kind AND job.name {_NAMES})
  WHEN chore.kind = 'replies' THEN EXISTS (SELECT 1 FROM comment c
      JOIN work_job j ON j.work_key = c.work_key WHERE c.comment_key = chore.key AND j.job {_NAMES})
  ELSE {_SEEN % ("chore.key", "")} END"""

_CHORE_DUE = f"SELECT 1 FROM chore WHERE lane = :lane AND due_at <= :before AND {CHORE} LIMIT 1"
_FILES_DUE = (
    "state = 'wanted' AND priority < :lanes",
    "state = 'fetching'",
    "state = 'waiting' AND due_at <= :before",
)
_FAILED = "state = 'failed' AND state IN ('gone', 'failed', 'damaged')"  # as the partial index spells it
_LEFT = ("state = 'wanted'", "state = 'fetching'", "state = 'waiting'", _FAILED)
_CAME_IN = """
SELECT count(*) - coalesce(sum(work_key & 1), 0), coalesce(sum(work_key & 1), 0) FROM work
WHERE first_seen >= :since AND user_id IS NOT NULL
  AND EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = work.work_key AND j.job = :job)"""
_FILES_CAME_IN = """
SELECT count(*), coalesce(sum(size), 0) FROM media
WHERE state = 'stored' AND stored_at >= :since AND +owner_kind = 'work'
  AND EXISTS (SELECT 1 FROM work_job j WHERE j.work_key = owner_id AND j.job = :job)"""


def questions_due(conn: Connection, jobs: Sequence[str], before: int, lanes: Sequence[int]) -> bool:
    """True if a chore about what these jobs have seen is due by then."""
    return any(value(conn, _CHORE_DUE, jobs=listed(jobs), before=before, lane=int(lane)) for lane in lanes)


def files_due(conn: Connection, jobs: Sequence[str], before: int, lanes: int) -> bool:
    """True if a file that these jobs want is fetched now, or may be by then; new ones of lanes before `lanes`."""
    due = f"SELECT 1 FROM media WHERE {{}} AND {MEDIA} LIMIT 1"
    return any(
        value(conn, due.format(which), jobs=listed(jobs), before=before, lanes=lanes) for which in _FILES_DUE
    )


def files_left(conn: Connection, jobs: Sequence[str]) -> int:
    """Count the files that these jobs want, that are not here and may still come."""
    return sum(value(conn, f"SELECT count(*) FROM media WHERE {w} AND {MEDIA}", jobs=listed(jobs)) for w in _LEFT)


def came_in(conn: Connection, job: str, since: int) -> tuple[int, int]:
    """Count the works (illusts, manga, ugoira), and the novels, that came in since then and that this job saw."""
    works, novels = row(conn, _CAME_IN, since=since, job=job)
    return works, novels


def files_came_in(conn: Connection, job: str, since: int) -> tuple[int, int]:
    """Count the files, and their bytes, that came in since then of works that this job saw."""
    files, size = row(conn, _FILES_CAME_IN, since=since, job=job)
    return files, size
