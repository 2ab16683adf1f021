"""Feeds and their gaps: where each walk of a list stands (design 5).

A feed is keyed by account, endpoint and parameters, never by a job's name. Every change here is made in the
transaction of the page that caused it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.schema import feed, gap


@dataclass(frozen=True, slots=True)
class Feed:
    """One list that is walked. `marks` holds anchors or the cursor of the last head walk."""

    id: int
    account_id: int
    endpoint: str
    params: Mapping[str, Any]
    marks: Mapping[str, Any]
    job: str
    lane: int
    due_at: int | None
    failures: int
    head_at: int | None
    full_at: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a feed that is not read yet. `kind`: head, backfill, full or page."""

    id: int
    feed_id: int
    kind: str
    spec: Mapping[str, Any]
    failures: int
    due_at: int
    error: str | None


def canonical(params: Mapping[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _feed(row: Row[Any]) -> Feed:
    return Feed(
        id=row.id,
        account_id=row.account_id,
        endpoint=row.endpoint,
        params=json.loads(row.params),
        marks=json.loads(row.marks),
        job=row.job,
        lane=row.lane,
        due_at=row.due_at,
        failures=row.failures,
        head_at=row.head_at,
        full_at=row.full_at,
    )


def _gap(row: Row[Any]) -> Gap:
    return Gap(row.id, row.feed_id, row.kind, json.loads(row.spec), row.failures, row.due_at, row.error)


def open_feed(
    conn: Connection, account_id: int, endpoint: str, params: Mapping[str, Any], *, job: str, lane: int
) -> Feed:
    """The feed of this question; made if it is new. The newest job that asks becomes its walker."""
    conn.execute(
        insert(feed)
        .values(account_id=account_id, endpoint=endpoint, params=canonical(params), job=job, lane=lane)
        .on_conflict_do_update(
            index_elements=["account_id", "endpoint", "params"], set_={"job": job}, where=feed.c.job != job
        )
    )
    row = conn.execute(
        select(feed).where(
            feed.c.account_id == account_id, feed.c.endpoint == endpoint, feed.c.params == canonical(params)
        )
    ).one()
    return _feed(row)


def open_feeds(
    conn: Connection,
    account_id: int,
    endpoint: str,
    params: Sequence[Mapping[str, Any]],
    *,
    job: str,
    lane: int,
    due_at: int,
) -> None:
    """Make those feeds that are new, due at once, and make the known ones due again."""
    if not params:
        return
    statement = insert(feed)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "endpoint", "params"],
            set_={"job": job, "due_at": func.min(func.coalesce(feed.c.due_at, due_at), due_at)},
        ),
        [
            {
                "account_id": account_id,
                "endpoint": endpoint,
                "params": canonical(p),
                "job": job,
                "lane": lane,
                "due_at": due_at,
            }
            for p in params
        ],
    )


def open_if_new(
    conn: Connection,
    account_id: int,
    endpoint: str,
    params: Mapping[str, Any],
    *,
    job: str,
    lane: int,
    due_at: int,
) -> None:
    """A list that nobody walks yet becomes due; one that somebody does stays his."""
    row = {"account_id": account_id, "endpoint": endpoint, "params": canonical(params), "job": job}
    conn.execute(insert(feed).values(**row, lane=lane, due_at=due_at).on_conflict_do_nothing())


def adopt_feeds(conn: Connection, jobs: Sequence[str], endpoints: Sequence[str], job: str) -> int:
    """Lists whose job is no longer there, renamed or removed, are walked on by `job`."""
    orphans = feed.c.job.not_in(jobs) & feed.c.endpoint.in_(endpoints)
    return conn.execute(update(feed).where(orphans).values(job=job)).rowcount


def get_feed(conn: Connection, feed_id: int) -> Feed:
    return _feed(conn.execute(select(feed).where(feed.c.id == feed_id)).one())


def due_feeds(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[Feed]:
    """Feeds of these jobs whose head must be walked now, by lane, the longest waiting first."""
    rows = conn.execute(
        select(feed)
        .where(feed.c.due_at <= now, feed.c.job.in_(jobs))
        .order_by(feed.c.lane, feed.c.due_at, feed.c.id)
        .limit(limit)
    )
    return [_feed(r) for r in rows]


def make_due(conn: Connection, account_id: int, endpoint: str, now: int) -> int:
    """Every feed of this endpoint becomes due: its capped feed has overflowed."""
    return conn.execute(
        update(feed).where(feed.c.account_id == account_id, feed.c.endpoint == endpoint).values(due_at=now)
    ).rowcount


def set_marks(conn: Connection, feed_id: int, marks: Mapping[str, Any]) -> None:
    conn.execute(update(feed).where(feed.c.id == feed_id).values(marks=canonical(marks)))


def head_done(conn: Connection, feed_id: int, now: int) -> None:
    conn.execute(update(feed).where(feed.c.id == feed_id).values(head_at=now, due_at=None, failures=0, error=None))


def full_done(conn: Connection, feed_id: int, now: int) -> None:
    conn.execute(update(feed).where(feed.c.id == feed_id).values(full_at=now))


def feed_failed(conn: Connection, feed_id: int, due_at: int | None, error: str) -> None:
    conn.execute(
        update(feed).where(feed.c.id == feed_id).values(failures=feed.c.failures + 1, error=error, due_at=due_at)
    )


def gaps(conn: Connection, feed_id: int) -> list[Gap]:
    return [_gap(r) for r in conn.execute(select(gap).where(gap.c.feed_id == feed_id).order_by(gap.c.id))]


def open_gap(conn: Connection, feed_id: int, kind: str, spec: Mapping[str, Any], now: int) -> Gap:
    row = conn.execute(
        insert(gap).values(feed_id=feed_id, kind=kind, spec=canonical(spec), opened_at=now).returning(gap)
    ).one()
    return _gap(row)


def move_gap(conn: Connection, gap_id: int, spec: Mapping[str, Any]) -> None:
    """The gap starts later now: a page of it was read."""
    conn.execute(update(gap).where(gap.c.id == gap_id).values(spec=canonical(spec), failures=0, error=None))


def end_gap_at(conn: Connection, gap_id: int, ids: Sequence[int]) -> None:
    """The gap ends where these ids are met; one that is closed already is left alone."""
    row = conn.execute(select(gap).where(gap.c.id == gap_id)).one_or_none()
    if row is not None:
        spec = canonical({**json.loads(row.spec), "stop": list(ids)})
        conn.execute(update(gap).where(gap.c.id == gap_id).values(spec=spec))


def close_gap(conn: Connection, gap_id: int) -> None:
    conn.execute(delete(gap).where(gap.c.id == gap_id))


def gap_failed(conn: Connection, gap_id: int, due_at: int, error: str) -> int | None:
    """Returns how often in a row it failed; None if it is closed already."""
    failures: int | None = conn.execute(
        update(gap)
        .where(gap.c.id == gap_id)
        .values(failures=gap.c.failures + 1, due_at=due_at, error=error)
        .returning(gap.c.failures)
    ).scalar_one_or_none()
    return failures


_ORDER = case({"head": 0, "page": 1, "backfill": 2, "full": 3}, value=gap.c.kind, else_=4)


def due_gaps(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[tuple[Feed, Gap]]:
    """Gaps of these jobs to close now: cut head walks first, full passes last."""
    columns = [c.label(f"g_{c.name}") for c in gap.c]
    rows = conn.execute(
        select(feed, *columns)
        .join(gap, gap.c.feed_id == feed.c.id)
        .where(gap.c.due_at <= now, feed.c.job.in_(jobs))
        .order_by(_ORDER, gap.c.id)
        .limit(limit)
    )
    return [
        (_feed(r), Gap(r.g_id, r.id, r.g_kind, json.loads(r.g_spec), r.g_failures, r.g_due_at, r.g_error))
        for r in rows
    ]


def stale_feeds(conn: Connection, account_id: int, endpoint: str, before: int, limit: int) -> list[Feed]:
    """Feeds of an endpoint whose last full pass is older than `before`, oldest first."""
    rows = conn.execute(
        select(feed)
        .where(
            feed.c.account_id == account_id,
            feed.c.endpoint == endpoint,
            func.coalesce(feed.c.full_at, 0) < before,
            feed.c.head_at < before,
        )
        .order_by(func.coalesce(feed.c.full_at, 0))
        .limit(limit)
    )
    return [_feed(r) for r in rows]


def undone(conn: Connection, jobs: Sequence[str], now: int) -> int:
    """How many lists of these jobs are not read to where they should be: open gaps, and heads that failed."""
    mine = feed.c.job.in_(jobs)
    open_gaps = select(func.count()).select_from(gap).join(feed, gap.c.feed_id == feed.c.id).where(mine)
    heads = select(func.count()).select_from(feed).where(mine, feed.c.due_at.is_not(None), feed.c.failures > 0)
    return (conn.scalar(open_gaps) or 0) + (conn.scalar(heads) or 0)


def gap_is_open(conn: Connection, gap_id: int) -> bool:
    return conn.scalar(select(gap.c.id).where(gap.c.id == gap_id)) is not None


def next_due(conn: Connection, jobs: Sequence[str]) -> int | None:
    """When the next feed or gap of these jobs is due, ms UTC."""
    mine = feed.c.job.in_(jobs)
    times = [
        conn.scalar(select(func.min(feed.c.due_at)).where(mine)),
        conn.scalar(select(func.min(gap.c.due_at)).join(feed, gap.c.feed_id == feed.c.id).where(mine)),
    ]
    return min((t for t in times if t is not None), default=None)
