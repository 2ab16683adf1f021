"""Apply a job's filter to what is known already, without asking Pixiv again."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, bindparam, literal_column, select, update

from pixmirror.catalogue.media import refuse_files, want_files
from pixmirror.catalogue.schema import media, work, work_job
from pixmirror.catalogue.sql import Many, among, listed
from pixmirror.ingest.known import tags_of
from pixmirror.ledger import agenda
from pixmirror.models import Lane, WorkFacts

LEFT = "the artist is no longer in this job"

_KNOWN = select(
    work.c.work_key.label("key"), work.c.type, work.c.user_id, work.c.x_restrict, work.c.ai_type,
    work.c.total_bookmarks, work.c.page_count, work.c.create_date,
).where(work.c.user_id.is_not(None))  # fmt: skip
_FACTS = (
    _KNOWN.join(work_job, work_job.c.work_key == work.c.work_key)
    .where(work_job.c.job == bindparam("b_job"), work_job.c.work_key > bindparam("after"))
    .order_by(work_job.c.work_key)
    .limit(bindparam("n"))
)
_FACTS_OF_THESE = _KNOWN.where(among(work.c.work_key, "keys"))
_REASON = Many(
    update(work_job)
    .where(work_job.c.work_key == bindparam("b_key"), work_job.c.job == bindparam("b_job"))
    .values(refused_reason=bindparam("reason"))
)
_WANTED = (
    select(work_job.c.work_key)
    .where(among(work_job.c.work_key, "keys"), work_job.c.refused_reason.is_(None))
    .distinct()
)
_REASONS = select(work_job.c.work_key, work_job.c.refused_reason).where(
    among(work_job.c.work_key, "keys"), work_job.c.job == bindparam("b_job")
)

# The job accepts the novel, for its text; whether it wants pictures is told beside its reasons.
_NOVEL_FILES = (
    update(media)
    .where(
        media.c.state == literal_column("'refused'"),
        media.c.owner_kind == "work",
        media.c.is_current == 1,
        media.c.role.in_(("cover", "embed")),
        media.c.owner_id.in_(
            select(work_job.c.work_key).where(
                work_job.c.job == bindparam("b_job"), work_job.c.refused_reason.is_(None)
            )
        ),
    )
    .values(state="wanted", error=None, attempts=0, due_at=0, priority=int(Lane.BACKFILL))
)


def facts_of(conn: Connection, job: str, after_key: int, limit: int) -> list[WorkFacts]:
    """Return works that the job has seen, stubs left out, by key."""
    return _facts(conn, conn.execute(_FACTS, {"b_job": job, "after": after_key, "n": limit}).all())


def facts_of_these(conn: Connection, keys: Sequence[int]) -> list[WorkFacts]:
    """Return the facts of these works, stubs left out."""
    return _facts(conn, conn.execute(_FACTS_OF_THESE, {"keys": listed(keys)}).all())


def _facts(conn: Connection, rows: Sequence[Any]) -> list[WorkFacts]:
    tags = tags_of(conn, [r.key for r in rows])
    return [WorkFacts(**r._mapping, tags=frozenset(tags.get(r.key, ()))) for r in rows]


def reasons_of(conn: Connection, job: str, keys: Iterable[int]) -> dict[int, str | None]:
    """Return why the job refuses those of these works that it has seen, None where it wants one."""
    return dict(conn.execute(_REASONS, {"keys": listed(keys), "b_job": job}).all())


@contextmanager
def files_follow(conn: Connection, keys: Collection[int], lane: int, now: int) -> Iterator[None]:
    """Want or refuse the files of these works, as what is written meanwhile makes some job or none want them."""
    bound = {"keys": listed(keys)}
    before = set(conn.execute(_WANTED, bound).scalars())
    yield
    after = set(conn.execute(_WANTED, bound).scalars())
    agenda.ask_for_wanted(conn, want_files(conn, after - before, lane), now)
    refuse_files(conn, before - after)


def apply_refusals(conn: Connection, job: str, reasons: Mapping[int, str | None], now: int) -> int:
    """Set why the job refuses each of these works (None: it wants it). Return how many reasons changed.

    Files that become wanted go into the queue behind new works; files that no job wants leave it. Stored ones
    stay. A work of an artist who has left the job stays refused until a list of the job shows it again.
    """
    known = reasons_of(conn, job, reasons)
    changed = [key for key, reason in known.items() if reason not in (reasons[key], LEFT)]
    if changed:
        with files_follow(conn, changed, Lane.BACKFILL, now):
            _REASON(conn, [{"b_key": key, "b_job": job, "reason": reasons[key]} for key in changed])
    return len(changed)


def rejudge_novel_files(conn: Connection, job: str, files: bool) -> int:
    """Want covers and pictures of the novels that the job accepts, where its `files` may have become true.

    Call it when all its refusals have been applied. Returns how many files that are. What another job has had
    fetched or queued stays when `files` is false.
    """
    return conn.execute(_NOVEL_FILES, {"b_job": job}).rowcount if files else 0
