"""Apply a job's filter to what is known already, without asking Pixiv again."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.media import refuse_files, want_files
from pixmirror.catalogue.sql import KEYS, Many, changed, column, listed, rows
from pixmirror.ingest.known import tags_of
from pixmirror.ledger import agenda
from pixmirror.models import Lane, WorkFacts

LEFT = "the artist is no longer in this job"

_KNOWN = """
SELECT w.work_key AS key, w.type, w.user_id, w.x_restrict, w.ai_type, w.total_bookmarks, w.page_count,
  w.create_date FROM work w"""
_FACTS = f"""
{_KNOWN} JOIN work_job j ON j.work_key = w.work_key
WHERE w.user_id IS NOT NULL AND j.job = :job AND j.work_key > :after ORDER BY j.work_key LIMIT :n"""
_FACTS_OF_THESE = f"{_KNOWN} WHERE w.user_id IS NOT NULL AND w.work_key {KEYS}"
_REASON = Many("UPDATE work_job SET refused_reason = :reason WHERE work_key = :key AND job = :job")
_WANTED = f"SELECT DISTINCT work_key FROM work_job WHERE work_key {KEYS} AND refused_reason IS NULL"
_REASONS = f"SELECT work_key, refused_reason FROM work_job WHERE work_key {KEYS} AND job = :job"
# The job accepts the novel, for its text; whether it wants pictures is told beside its reasons.
_NOVEL_FILES = f"""
UPDATE media SET state = 'wanted', error = NULL, attempts = 0, due_at = 0, priority = {int(Lane.BACKFILL)}
WHERE state = 'refused' AND owner_kind = 'work' AND is_current = 1 AND role IN ('cover', 'embed')
  AND owner_id IN (SELECT work_key FROM work_job WHERE job = :job AND refused_reason IS NULL)"""


def facts_of(conn: Connection, job: str, after_key: int, limit: int) -> list[WorkFacts]:
    """Return works that the job has seen, stubs left out, by key."""
    return _facts(conn, rows(conn, _FACTS, job=job, after=after_key, n=limit))


def facts_of_these(conn: Connection, keys: Sequence[int]) -> list[WorkFacts]:
    """Return the facts of these works, stubs left out."""
    return _facts(conn, rows(conn, _FACTS_OF_THESE, keys=listed(keys)))


def _facts(conn: Connection, found: Sequence[Any]) -> list[WorkFacts]:
    tags = tags_of(conn, [r.key for r in found])
    return [WorkFacts(**r._asdict(), tags=frozenset(tags.get(r.key, ()))) for r in found]


def reasons_of(conn: Connection, job: str, keys: Iterable[int]) -> dict[int, str | None]:
    """Return why the job refuses those of these works that it has seen, None where it wants one."""
    return dict(rows(conn, _REASONS, keys=listed(keys), job=job))


@contextmanager
def files_follow(conn: Connection, keys: Collection[int], lane: int, now: int) -> Iterator[None]:
    """Want or refuse the files of these works, as what is written meanwhile makes some job or none want them."""
    before = set(column(conn, _WANTED, keys=listed(keys)))
    yield
    after = set(column(conn, _WANTED, keys=listed(keys)))
    agenda.ask_for_wanted(conn, want_files(conn, after - before, lane), now)
    refuse_files(conn, before - after)


def apply_refusals(conn: Connection, job: str, reasons: Mapping[int, str | None], now: int) -> int:
    """Set why the job refuses each of these works (None: it wants it). Return how many reasons changed.

    Files that become wanted go into the queue behind new works; files that no job wants leave it. Stored ones
    stay. A work of an artist who has left the job stays refused until a list of the job shows it again.
    """
    known = reasons_of(conn, job, reasons)
    moved = [key for key, reason in known.items() if reason not in (reasons[key], LEFT)]
    if moved:
        with files_follow(conn, moved, Lane.BACKFILL, now):
            _REASON(conn, [{"key": key, "job": job, "reason": reasons[key]} for key in moved])
    return len(moved)


def rejudge_novel_files(conn: Connection, job: str, files: bool) -> int:
    """Want covers and pictures of the novels that the job accepts, where its `files` may have become true.

    Call it when all its refusals have been applied. Returns how many files that are. What another job has had
    fetched or queued stays when `files` is false.
    """
    return changed(conn, _NOVEL_FILES, job=job) if files else 0
