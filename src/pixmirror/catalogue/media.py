"""The files of works: what some job wants is wanted, and what no job wants is refused."""

from collections.abc import Collection, Iterable

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    update,
)

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.schema import media, work, work_job
from pixmirror.catalogue.sql import among, listed

# By the role of what lacks: what is asked to tell of it.
ASKED_BY = {"page": Kind.DETAIL, "embed": Kind.TEXT, "frame": Kind.UGOIRA}


def is_one_of(*states: str) -> ColumnElement[bool]:
    """Match these states, written into the SQL: an expanding IN cannot be executed for many rows."""
    return media.c.state.in_([literal_column(f"'{state}'") for state in states])


def is_in(state: str) -> ColumnElement[bool]:
    """Match a state by its literal in the SQL: with a bound value SQLite would not use the partial index."""
    return media.c.state == literal_column(f"'{state}'")


IN_TROUBLE = is_one_of("gone", "failed", "damaged")  # as the partial index spells it, or SQLite reads all rows
_of_works = (media.c.owner_kind == "work") & among(media.c.owner_id, "keys") & (media.c.is_current == 1)
_WANT = (
    update(media)
    .where(_of_works, media.c.state == "refused")
    .values(
        state=case((media.c.path == "", "failed"), else_="wanted"),
        error=case((media.c.path == "", media.c.error), else_=None),
        attempts=0,
        due_at=0,
        priority=bindparam("lane"),
    )
)
_REFUSE = update(media).where(_of_works, is_one_of("wanted", "waiting")).values(state="refused")
# Of a work's file: some job has seen the work, and does not refuse it.
is_seen = exists().where(work_job.c.work_key == media.c.owner_id)
is_wanted_by_a_job = is_seen.where(work_job.c.refused_reason.is_(None))
_REFUSE_UNWANTED = (
    update(media)
    .where(
        among(media.c.id, "ids"),
        is_one_of("wanted", "waiting"),
        media.c.owner_kind == "work",
        is_seen,
        ~is_wanted_by_a_job,
    )
    .values(state="refused")
)
_REFUSALS = select(func.count(), func.count(work_job.c.refused_reason)).where(
    work_job.c.work_key == bindparam("b_key")
)


# In the result, not in the condition: SQLite would rather read all files of works than look these few up.
_owners = select(case((media.c.owner_kind == "work", media.c.owner_id))).where(among(media.c.id, "ids"))
_more_comes = exists().where(
    media.c.owner_kind == "work",
    media.c.owner_id == work.c.work_key,
    is_one_of("wanted", "fetching"),
)
_RENEW_SIDECARS = (
    update(work)
    .where(work.c.work_key.in_(_owners), work.c.sidecar_seq > 0, ~_more_comes)
    .values(sidecar_seq=func.min(work.c.sidecar_seq, work.c.change_seq - 1))
)


def want_files(conn: Connection, keys: Collection[int], lane: int) -> set[int]:
    """Want the files of these works, for some job does now. Return the keys of works that are not forgotten."""
    keys = set(keys) - tombstones.works(conn, keys)
    if keys:
        conn.execute(_WANT, {"keys": listed(keys), "lane": int(lane)})
    return keys


def refuse_files(conn: Connection, keys: Collection[int]) -> None:
    """Refuse the files of these works, which no job wants any more. What is stored stays."""
    if keys:
        conn.execute(_REFUSE, {"keys": listed(keys)})


def refuse_unwanted(conn: Connection, ids: Collection[int]) -> None:
    """Refuse those of these files that no job wants any more since they were claimed for fetching."""
    if ids:
        conn.execute(_REFUSE_UNWANTED, {"ids": listed(ids)})


def is_wanted(conn: Connection, key: int) -> bool:
    """True unless every job that saw the work refuses it, or the user forgot it."""
    jobs, refusing = conn.execute(_REFUSALS, {"b_key": key}).one()
    return bool(jobs == 0 or refusing < jobs) and not tombstones.is_forgotten(conn, key)


def renew_sidecars(conn: Connection, ids: Iterable[int]) -> None:
    """Have the sidecars of these files' works written again, once no other file of the work is to come."""
    conn.execute(_RENEW_SIDECARS, {"ids": listed(ids)})
