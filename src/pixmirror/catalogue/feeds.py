"""Feeds and their gaps: where each walk of a list stands (architecture: walks).

A feed is keyed by account, endpoint and parameters, never by a job's name. Every change here is made in the
transaction of the page that caused it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Row,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.schema import feed, feed_job, gap, tombstone, user
from pixmirror.catalogue.sql import among, listed
from pixmirror.models import Lane, State

ARTIST_LISTS = ("user/illusts", "user/novels")
NEVER = 2**53  # ms UTC, for what is asked no more until somebody wakes it


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
    full_started: int | None = None
    refresh_at: int | None = None
    error: str | None = None


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
    found: dict[str, Any] = {f.name: getattr(row, f.name) for f in fields(Feed)}
    return Feed(**found | {"params": json.loads(row.params), "marks": json.loads(row.marks)})


def _gap(row: Row[Any]) -> Gap:
    return Gap(row.id, row.feed_id, row.kind, json.loads(row.spec), row.failures, row.due_at, row.error)


def open_feed(
    conn: Connection,
    account_id: int,
    endpoint: str,
    params: Mapping[str, Any],
    *,
    job: str,
    lane: int,
    now: int = 0,
) -> Feed:
    """Return this feed, made if it is new. `job` is among those that want it, from `now` on."""
    one = {"account_id": account_id, "endpoint": endpoint, "params": canonical(params)}
    conn.execute(insert(feed).values(**one, job=job, lane=lane).on_conflict_do_nothing())
    found = _at(conn, account_id, endpoint, [one["params"]])
    _join(conn, found, job, now)
    return _feed(found[0])


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
    """Make those feeds that are new, due at once, and make the known ones due again; `job` wants them."""
    if not params:
        return
    one = {"account_id": account_id, "endpoint": endpoint, "job": job, "lane": lane, "due_at": due_at}
    conn.execute(
        insert(feed).on_conflict_do_update(
            index_elements=["account_id", "endpoint", "params"],
            set_={"due_at": func.min(func.coalesce(feed.c.due_at, due_at), due_at)},
        ),
        [one | {"params": canonical(p)} for p in params],
    )
    _join(conn, _at(conn, account_id, endpoint, [canonical(p) for p in params]), job, due_at)


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
    """Make a list due that nobody walks yet; one that somebody walks stays as it is.

    It is for those who want the other list of the same user, if there are any, else for `job`.
    """
    found = [j for other in ARTIST_LISTS if other != endpoint for j in jobs_of(conn, account_id, other, params)]
    row = {"account_id": account_id, "endpoint": endpoint, "params": canonical(params)}
    new = insert(feed).values(**row, job=(found or [job])[0], lane=lane, due_at=due_at)
    if conn.execute(new.on_conflict_do_nothing()).rowcount:
        for name in found or [job]:
            _join(conn, _at(conn, account_id, endpoint, [row["params"]]), name, due_at)


def _at(conn: Connection, account_id: int, endpoint: str, params: Sequence[object]) -> Sequence[Row[Any]]:
    wanted = (feed.c.account_id == account_id, feed.c.endpoint == endpoint, feed.c.params.in_(params))
    return conn.execute(select(feed).where(*wanted)).all()


def _join(conn: Connection, rows: Sequence[Row[Any]], job: str, now: int) -> None:
    """Note that `job` wants what these lists show. For a list that was never read it wants all of it."""
    conn.execute(
        insert(feed_job).on_conflict_do_nothing(),
        [{"feed_id": r.id, "job": job, "joined_at": 0 if r.head_at is None else now} for r in rows],
    )


def jobs_of(conn: Connection, account_id: int, endpoint: str, params: Mapping[str, Any]) -> list[str]:
    """Return the jobs that want what a list shows, removed jobs among them."""
    stmt = select(feed_job.c.job).join(feed, feed.c.id == feed_job.c.feed_id).order_by(feed_job.c.job)
    one = (feed.c.account_id == account_id, feed.c.endpoint == endpoint, feed.c.params == canonical(params))
    return list(conn.execute(stmt.where(*one)).scalars())


def wanted_lists(conn: Connection, job: str, endpoint: str) -> dict[int, int]:
    """Return {user id: feed id} of the artists' lists of an endpoint that a job wants."""
    owner = func.json_extract(feed.c.params, "$.user_id")
    stmt = select(owner, feed.c.id).join(feed_job, feed_job.c.feed_id == feed.c.id)
    rows = conn.execute(stmt.where(feed_job.c.job == job, feed.c.endpoint == endpoint, owner.is_not(None)))
    return {row[0]: row[1] for row in rows}


def lists_of(conn: Connection, job: str) -> dict[int, tuple[str, str]]:
    """Return {feed id: (endpoint, canonical parameters)} of all lists that a job wants."""
    stmt = select(feed.c.id, feed.c.endpoint, feed.c.params).join(feed_job, feed_job.c.feed_id == feed.c.id)
    return {r.id: (r.endpoint, r.params) for r in conn.execute(stmt.where(feed_job.c.job == job))}


def unwanted_lists(
    conn: Connection, account_id: int, job: str, endpoint: str, user_ids: Sequence[int]
) -> set[int]:
    """Return which of these users have no list of this endpoint that the job wants."""
    mine = exists().where(feed_job.c.feed_id == feed.c.id, feed_job.c.job == job)
    stmt = select(feed.c.params).where(
        feed.c.account_id == account_id,
        feed.c.endpoint == endpoint,
        feed.c.params.in_([_of_user(i) for i in user_ids]),
        mine,
    )
    has = {int(json.loads(params)["user_id"]) for params in conn.execute(stmt).scalars()}
    return set(user_ids) - has


def leave(conn: Connection, job: str, feed_ids: Sequence[int]) -> None:
    """Note that the job does not want these lists any more."""
    for feed_id in feed_ids:
        conn.execute(delete(feed_job).where(feed_job.c.feed_id == feed_id, feed_job.c.job == job))


def hand_over(conn: Connection, before: str, after: str) -> int:
    """Hand the lists of a job, and what it has seen, over to the name that it goes by now."""
    mine = select(feed_job.c.feed_id, literal(after), feed_job.c.joined_at).where(feed_job.c.job == before)
    columns = ["feed_id", "job", "joined_at"]
    return conn.execute(insert(feed_job).from_select(columns, mine).on_conflict_do_nothing()).rowcount


def late_comer(conn: Connection, feed_id: int, pass_started: int) -> bool:
    """True if a job came to the list after that pass began, and so has not seen all of it."""
    late = select(feed_job.c.job).where(feed_job.c.feed_id == feed_id, feed_job.c.joined_at > pass_started)
    return conn.execute(late.limit(1)).first() is not None


def get_feed(conn: Connection, feed_id: int) -> Feed:
    return _feed(conn.execute(select(feed).where(feed.c.id == feed_id)).one())


_NOW: BindParameter[int] = bindparam("now")
_AT_MOST: BindParameter[int] = bindparam("n")
_of_jobs = among(feed_job.c.job, "jobs") & (feed_job.c.feed_id == feed.c.id)
_owner = func.json_extract(feed.c.params, "$.user_id")
_barred = (tombstone.c.owner_kind == "user") & (tombstone.c.owner_id == _owner)
# One of these jobs wants it, and it is no list of a user who is forgotten (architecture: refusal stands).
_WANTED = exists().where(_of_jobs) & ~exists().where(_barred)
# Which of them walks it: its own while it is among them, else any that wants it.
_other = select(func.min(feed_job.c.job)).where(_of_jobs).scalar_subquery()
_WALKED = select(feed, case((among(feed.c.job, "jobs"), feed.c.job), else_=_other).label("walker")).where(_WANTED)
_DUE = _WALKED.where(feed.c.due_at <= _NOW).order_by(feed.c.lane, feed.c.due_at, feed.c.id).limit(_AT_MOST)
_REFRESH = _WALKED.where(feed.c.refresh_at <= _NOW).order_by(feed.c.refresh_at).limit(_AT_MOST)


def due_feeds(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[Feed]:
    """Return feeds of these jobs whose head must be walked now, by lane, the longest waiting first."""
    rows = conn.execute(_DUE, {"jobs": listed(jobs), "now": now, "n": limit})
    return [replace(_feed(r), job=r.walker) for r in rows]


def due_refreshes(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[Feed]:
    """Return feeds of these jobs whose head is read again only to see what has changed."""
    rows = conn.execute(_REFRESH, {"jobs": listed(jobs), "now": now, "n": limit})
    return [replace(_feed(r), job=r.walker, lane=int(Lane.REFRESH)) for r in rows]


def make_due(conn: Connection, account_id: int, endpoint: str, now: int) -> int:
    """Make every feed of this endpoint due but those of users who left: a capped feed has overflowed."""
    left = select(user.c.id).where(user.c.state.in_(State.LEFT))
    owner = func.coalesce(func.json_extract(feed.c.params, "$.user_id"), 0)
    wanted = (feed.c.account_id == account_id, feed.c.endpoint == endpoint, owner.not_in(left))
    return conn.execute(update(feed).where(*wanted).values(due_at=now)).rowcount


def set_marks(conn: Connection, feed_id: int, marks: Mapping[str, Any]) -> None:
    """Replace these marks of the feed and keep the others; None removes one."""
    merged = func.json_patch(feed.c.marks, canonical(marks))
    conn.execute(update(feed).where(feed.c.id == feed_id).values(marks=merged))


def head_done(conn: Connection, feed_id: int, now: int) -> None:
    conn.execute(update(feed).where(feed.c.id == feed_id).values(head_at=now, due_at=None, failures=0, error=None))


def full_done(conn: Connection, feed_id: int, now: int, started: int | None = None) -> None:
    begun = now if started is None else started
    conn.execute(update(feed).where(feed.c.id == feed_id).values(full_at=now, full_started=begun))


def refresh_at(conn: Connection, feed_id: int, at: int | None) -> None:
    conn.execute(update(feed).where(feed.c.id == feed_id).values(refresh_at=at))


def stop_user(conn: Connection, account_id: int, user_id: int) -> None:
    """Stop asking for the lists of a user who left, until `wake_user`."""
    ids = [r.id for endpoint in ARTIST_LISTS for r in _at(conn, account_id, endpoint, [_of_user(user_id)])]
    conn.execute(
        update(feed).where(feed.c.id.in_(ids)).values(due_at=None, refresh_at=None, failures=0, error=None)
    )
    conn.execute(update(gap).where(gap.c.feed_id.in_(ids)).values(due_at=NEVER))


def wake_user(conn: Connection, account_id: int, user_id: int, now: int) -> None:
    """Make the lists of a user who is back due, with what was left unread, and a full pass after that."""
    ids = [r.id for endpoint in ARTIST_LISTS for r in _at(conn, account_id, endpoint, [_of_user(user_id)])]
    conn.execute(update(feed).where(feed.c.id.in_(ids)).values(due_at=now, full_at=None))
    conn.execute(update(gap).where(gap.c.feed_id.in_(ids)).values(due_at=now))


def _of_user(user_id: int) -> str:
    return canonical({"user_id": user_id})


def feed_failed(conn: Connection, feed_id: int, due_at: int | None, error: str) -> None:
    """Count a failure of the feed's head. A re-reading of it becomes no more urgent than that."""
    again = case((feed.c.refresh_at < due_at, due_at), else_=feed.c.refresh_at)
    moved = {"failures": feed.c.failures + 1, "error": error, "due_at": due_at, "refresh_at": again}
    conn.execute(update(feed).where(feed.c.id == feed_id).values(**moved))


def wake(conn: Connection, feed_ids: Sequence[int], gap_ids: Sequence[int], now: int) -> None:
    """Make those of these feeds and gaps due that failed and were put off."""
    failed = (feed.c.id.in_(feed_ids), feed.c.failures > 0, feed.c.due_at > now)
    conn.execute(update(feed).where(*failed).values(due_at=now))
    conn.execute(
        update(gap).where(gap.c.id.in_(gap_ids), gap.c.failures > 0, gap.c.due_at > now).values(due_at=now)
    )


def gaps(conn: Connection, feed_id: int) -> list[Gap]:
    return [_gap(r) for r in conn.execute(select(gap).where(gap.c.feed_id == feed_id).order_by(gap.c.id))]


def open_gap(conn: Connection, feed_id: int, kind: str, spec: Mapping[str, Any], now: int) -> Gap:
    row = conn.execute(
        insert(gap).values(feed_id=feed_id, kind=kind, spec=canonical(spec), opened_at=now).returning(gap)
    ).one()
    return _gap(row)


def move_gap(conn: Connection, gap_id: int, spec: Mapping[str, Any]) -> None:
    """Let the gap start later: a page of it was read."""
    conn.execute(update(gap).where(gap.c.id == gap_id).values(spec=canonical(spec), failures=0, error=None))


def shift_gap(
    conn: Connection,
    gap_id: int,
    spec: Mapping[str, Any],
    due_at: int | None = None,
    failures: int | None = None,
) -> None:
    """Move the gap, of which nothing was read; set `due_at` and `failures` if given."""
    more = {"due_at": due_at, "failures": failures}
    given = {name: value for name, value in more.items() if value is not None}
    conn.execute(update(gap).where(gap.c.id == gap_id).values(spec=canonical(spec), **given))


def end_gap_at(conn: Connection, gap_id: int, ids: Sequence[int]) -> None:
    """Let the gap end where these ids are met, unless it is closed already."""
    row = conn.execute(select(gap).where(gap.c.id == gap_id)).one_or_none()
    if row is not None:
        spec = canonical({**json.loads(row.spec), "stop": list(ids)})
        conn.execute(update(gap).where(gap.c.id == gap_id).values(spec=spec))


def close_gap(conn: Connection, gap_id: int) -> None:
    conn.execute(delete(gap).where(gap.c.id == gap_id))


def gap_failed(conn: Connection, gap_id: int, due_at: int, error: str) -> int | None:
    """Count a failure. Return how often in a row the gap failed, or None if it is closed already."""
    failures: int | None = conn.execute(
        update(gap)
        .where(gap.c.id == gap_id)
        .values(failures=gap.c.failures + 1, due_at=due_at, error=error)
        .returning(gap.c.failures)
    ).scalar_one_or_none()
    return failures


_gap_order = case({"head": 0, "page": 1, "backfill": 2, "full": 3}, value=gap.c.kind, else_=4)
_DUE_GAPS = (
    _WALKED.add_columns(*(c.label(f"g_{c.name}") for c in gap.c))
    .join(gap, gap.c.feed_id == feed.c.id)
    .where(gap.c.due_at <= _NOW)
    .order_by(_gap_order, gap.c.id)
    .limit(_AT_MOST)
)
_of_feeds = select(func.count()).select_from(feed).where(_WANTED)
_OPEN_GAPS = _of_feeds.join(gap, gap.c.feed_id == feed.c.id).where(gap.c.due_at < NEVER)
_FAILED_HEADS = _of_feeds.where(feed.c.due_at.is_not(None), feed.c.failures > 0)
_cut, _tried = (func.json_extract(feed.c.marks, path) for path in ("$.cut.why", "$.tried.at"))
_CUT_SHORT = _of_feeds.where(
    _cut.is_not(None), _tried.is_not(None)
)  # one that Pixiv caps has been read as far as can be
_NEXT = (
    select(func.min(feed.c.due_at)).where(_WANTED),
    select(func.min(feed.c.refresh_at)).where(_WANTED),
    select(func.min(gap.c.due_at)).join(feed, gap.c.feed_id == feed.c.id).where(_WANTED),
)


def due_gaps(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[tuple[Feed, Gap]]:
    """Return gaps of these jobs to close now: cut head walks first, full passes last."""
    return [
        (
            replace(_feed(r), job=r.walker),
            Gap(r.g_id, r.id, r.g_kind, json.loads(r.g_spec), r.g_failures, r.g_due_at, r.g_error),
        )
        for r in conn.execute(_DUE_GAPS, {"jobs": listed(jobs), "now": now, "n": limit})
    ]


def undone(conn: Connection, jobs: Sequence[str], now: int) -> int:
    """Count what of these jobs' lists is not read: open gaps, heads that failed, and lists that led nowhere."""
    of = {"jobs": listed(jobs)}
    return sum(conn.scalar(left, of) or 0 for left in (_OPEN_GAPS, _FAILED_HEADS, _CUT_SHORT))


def get_gap(conn: Connection, gap_id: int) -> Gap | None:
    """Return the gap as it is now; None once it is closed."""
    row = conn.execute(select(gap).where(gap.c.id == gap_id)).one_or_none()
    return None if row is None else _gap(row)


def ask_again(conn: Connection, now: int, before: int) -> int:
    """Make due the lists, and parts of lists, that failed and would be tried again before this time."""
    moved = 0
    for table in (feed, gap):
        late = (table.c.failures > 0) & (table.c.due_at > now) & (table.c.due_at < before)
        moved += conn.execute(update(table).where(late).values(due_at=now)).rowcount
    return moved


def next_due(conn: Connection, jobs: Sequence[str]) -> int | None:
    """Return when the next feed or gap of these jobs is due, ms UTC."""
    times = [conn.scalar(next_one, {"jobs": listed(jobs)}) for next_one in _NEXT]
    return min((t for t in times if t is not None), default=None)
