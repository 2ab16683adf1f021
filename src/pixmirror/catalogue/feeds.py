"""Feeds and their gaps: where each walk of a list stands (architecture: walks).

A feed is keyed by account, endpoint and parameters, never by a job's name. Every change here is made in the
transaction of the page that caused it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, case, delete, func, text, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import added
from pixmirror.catalogue.schema import feed, feed_job, gap
from pixmirror.catalogue.sql import listed, row, rows, upsert, value
from pixmirror.models import Lane, Medium, State

ARTIST_LISTS: Mapping[str, Medium] = {"user/illusts": "illust", "user/novels": "novel"}
NEVER = 2**53  # ms UTC, for what is asked no more until somebody wakes it
_AT = "account_id = :account AND endpoint = :endpoint AND params IN (SELECT value FROM json_each(:params))"


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


def _feed(row: Any) -> Feed:
    found: dict[str, Any] = {f.name: getattr(row, f.name) for f in fields(Feed)}
    return Feed(**found | {"params": json.loads(row.params), "marks": json.loads(row.marks)})


def _gap(row: Any) -> Gap:
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
    at = canonical(params)
    new = insert(feed).values(account_id=account_id, endpoint=endpoint, params=at, job=job, lane=lane)
    conn.execute(new.on_conflict_do_nothing())
    found = _at(conn, account_id, endpoint, [at])
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
    again = func.min(func.coalesce(feed.c.due_at, due_at), due_at)
    make = upsert(feed, on=("account_id", "endpoint", "params"), due_at=again)
    conn.execute(make, [one | {"params": canonical(p)} for p in params])
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
    names, at = found or [job], canonical(params)
    new = insert(feed).values(account_id=account_id, endpoint=endpoint, params=at, lane=lane, due_at=due_at)
    if conn.execute(new.values(job=names[0]).on_conflict_do_nothing()).rowcount:
        for name in names:
            _join(conn, _at(conn, account_id, endpoint, [at]), name, due_at)


def _at(conn: Connection, account_id: int, endpoint: str, params: Iterable[str]) -> Sequence[Any]:
    sql = f"SELECT * FROM feed WHERE {_AT}"
    return rows(conn, sql, account=account_id, endpoint=endpoint, params=listed(params))


def _join(conn: Connection, found: Sequence[Any], job: str, now: int) -> None:
    """Note that `job` wants what these lists show. For a list that was never read it wants all of it."""
    conn.execute(
        insert(feed_job).on_conflict_do_nothing(),
        [{"feed_id": r.id, "job": job, "joined_at": 0 if r.head_at is None else now} for r in found],
    )


def jobs_of(conn: Connection, account_id: int, endpoint: str, params: Mapping[str, Any]) -> list[str]:
    """Return the jobs that want what a list shows, removed jobs among them."""
    sql = f"SELECT j.job FROM feed_job j JOIN feed ON feed.id = j.feed_id WHERE {_AT} ORDER BY j.job"
    found = rows(conn, sql, account=account_id, endpoint=endpoint, params=listed((canonical(params),)))
    return [r.job for r in found]


def wanted_lists(conn: Connection, job: str, endpoint: str) -> dict[int, int]:
    """Return {user id: feed id} of the artists' lists of an endpoint that a job wants."""
    sql = """
    SELECT json_extract(f.params, '$.user_id') AS owner, f.id FROM feed f JOIN feed_job j ON j.feed_id = f.id
    WHERE j.job = :job AND f.endpoint = :endpoint AND owner IS NOT NULL"""
    return dict(rows(conn, sql, job=job, endpoint=endpoint))


def lists_of(conn: Connection, job: str) -> dict[int, tuple[str, str]]:
    """Return {feed id: (endpoint, canonical parameters)} of all lists that a job wants."""
    sql = "SELECT f.id, f.endpoint, f.params FROM feed f JOIN feed_job j ON j.feed_id = f.id WHERE j.job = :job"
    return {r.id: (r.endpoint, r.params) for r in rows(conn, sql, job=job)}


def unwanted_lists(
    conn: Connection, account_id: int, job: str, endpoint: str, user_ids: Sequence[int]
) -> set[int]:
    """Return which of these users have no list of this endpoint that the job wants."""
    sql = f"SELECT params FROM feed JOIN feed_job j ON j.feed_id = feed.id WHERE {_AT} AND j.job = :job"
    params = listed(_of_user(i) for i in user_ids)
    has = rows(conn, sql, account=account_id, endpoint=endpoint, params=params, job=job)
    return set(user_ids) - {int(json.loads(r.params)["user_id"]) for r in has}


def leave(conn: Connection, job: str, feed_ids: Sequence[int]) -> None:
    """Note that the job does not want these lists any more."""
    for feed_id in feed_ids:
        conn.execute(delete(feed_job).where(feed_job.c.feed_id == feed_id, feed_job.c.job == job))


def hand_over(conn: Connection, before: str, after: str) -> int:
    """Hand the lists of a job, and what it has seen, over to the name that it goes by now."""
    sql = """
    INSERT INTO feed_job (feed_id, job, joined_at)
    SELECT feed_id, :after, joined_at FROM feed_job WHERE job = :before ON CONFLICT DO NOTHING"""
    return conn.execute(text(sql), {"after": after, "before": before}).rowcount


def late_comer(conn: Connection, feed_id: int, pass_started: int) -> bool:
    """True if a job came to the list after that pass began, and so has not seen all of it."""
    late = "SELECT 1 FROM feed_job WHERE feed_id = :feed AND joined_at > :started LIMIT 1"
    return row(conn, late, feed=feed_id, started=pass_started) is not None


def get_feed(conn: Connection, feed_id: int) -> Feed:
    return _feed(row(conn, "SELECT * FROM feed WHERE id = :id", id=feed_id))


_JOBS = "IN (SELECT value FROM json_each(:jobs))"
# One of these jobs wants it, and it is no list of a user who is forgotten (architecture: refusal stands).
_WANTED = f"""EXISTS (SELECT 1 FROM feed_job j WHERE j.feed_id = feed.id AND j.job {_JOBS})
  AND NOT EXISTS (SELECT 1 FROM tombstone t
    WHERE t.owner_kind = 'user' AND t.owner_id = json_extract(feed.params, '$.user_id'))"""
# Which of them walks it: its own while it is among them, else any that wants it.
_WALKER = f"""iif(feed.job {_JOBS}, feed.job,
  (SELECT min(j.job) FROM feed_job j WHERE j.feed_id = feed.id AND j.job {_JOBS})) AS walker"""
_DUE = f"""
SELECT feed.*, {_WALKER} FROM feed WHERE due_at <= :now AND {_WANTED} ORDER BY lane, due_at, id LIMIT :limit"""
_REFRESH = f"""
SELECT feed.*, {_WALKER} FROM feed WHERE refresh_at <= :now AND {_WANTED} ORDER BY refresh_at LIMIT :limit"""


def due_feeds(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[Feed]:
    """Return feeds of these jobs whose head must be walked now, by lane, the longest waiting first."""
    return [replace(_feed(r), job=r.walker) for r in rows(conn, _DUE, jobs=listed(jobs), now=now, limit=limit)]


def due_refreshes(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[Feed]:
    """Return feeds of these jobs whose head is read again only to see what has changed."""
    found = rows(conn, _REFRESH, jobs=listed(jobs), now=now, limit=limit)
    return [replace(_feed(r), job=r.walker, lane=int(Lane.REFRESH)) for r in found]


def make_due(conn: Connection, account_id: int, endpoint: str, now: int) -> int:
    """Make every feed of this endpoint due but those of users who left: a capped feed has overflowed."""
    sql = f"""
    UPDATE feed SET due_at = :now WHERE account_id = :account AND endpoint = :endpoint
      AND coalesce(json_extract(params, '$.user_id'), 0)
        NOT IN (SELECT id FROM user WHERE state IN {State.LEFT})"""
    return conn.execute(text(sql), {"now": now, "account": account_id, "endpoint": endpoint}).rowcount


def set_marks(conn: Connection, feed_id: int, marks: Mapping[str, Any]) -> None:
    """Replace these marks of the feed and keep the others; None removes one."""
    merged = func.json_patch(feed.c.marks, canonical(marks))
    conn.execute(update(feed).where(feed.c.id == feed_id).values(marks=merged))


def head_done(conn: Connection, feed_id: int, now: int) -> None:
    conn.execute(update(feed).where(feed.c.id == feed_id).values(head_at=now, due_at=None, failures=0, error=None))


def full_done(conn: Connection, feed_id: int, now: int, started: int | None = None) -> None:
    begun = now if started is None else started
    conn.execute(update(feed).where(feed.c.id == feed_id).values(full_at=now, full_started=begun))
    added.list_was_read(conn, feed_id, begun)


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
    return [_gap(r) for r in rows(conn, "SELECT * FROM gap WHERE feed_id = :feed ORDER BY id", feed=feed_id)]


def open_gap(conn: Connection, feed_id: int, kind: str, spec: Mapping[str, Any], now: int) -> Gap:
    new = insert(gap).values(feed_id=feed_id, kind=kind, spec=canonical(spec), opened_at=now).returning(gap)
    return _gap(conn.execute(new).one())


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
    found = get_gap(conn, gap_id)
    if found is not None:
        spec = canonical({**found.spec, "stop": list(ids)})
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


_DUE_GAPS = f"""
SELECT feed.*, {_WALKER}, g.id AS gap_id, g.kind, g.spec, g.failures AS gap_failures, g.due_at AS gap_due_at,
  g.error AS gap_error
FROM feed JOIN gap g ON g.feed_id = feed.id WHERE g.due_at <= :now AND {_WANTED}
ORDER BY CASE g.kind WHEN 'head' THEN 0 WHEN 'page' THEN 1 WHEN 'backfill' THEN 2 WHEN 'full' THEN 3 ELSE 4 END,
  g.id LIMIT :limit"""
_UNDONE = (
    f"SELECT count(*) FROM feed JOIN gap g ON g.feed_id = feed.id WHERE g.due_at < {NEVER} AND {_WANTED}",
    f"SELECT count(*) FROM feed WHERE due_at IS NOT NULL AND failures > 0 AND {_WANTED}",
    # One that Pixiv caps has been read as far as can be.
    f"""SELECT count(*) FROM feed WHERE json_extract(marks, '$.cut.why') IS NOT NULL
      AND json_extract(marks, '$.tried.at') IS NOT NULL AND {_WANTED}""",
)
_NEXT = (
    f"SELECT min(due_at) FROM feed WHERE {_WANTED}",
    f"SELECT min(refresh_at) FROM feed WHERE {_WANTED}",
    f"SELECT min(g.due_at) FROM gap g JOIN feed ON g.feed_id = feed.id WHERE {_WANTED}",
)


def due_gaps(conn: Connection, jobs: Sequence[str], now: int, limit: int) -> list[tuple[Feed, Gap]]:
    """Return gaps of these jobs to close now: cut head walks first, full passes last."""
    return [
        (
            replace(_feed(r), job=r.walker),
            Gap(r.gap_id, r.id, r.kind, json.loads(r.spec), r.gap_failures, r.gap_due_at, r.gap_error),
        )
        for r in rows(conn, _DUE_GAPS, jobs=listed(jobs), now=now, limit=limit)
    ]


def undone(conn: Connection, jobs: Sequence[str], now: int) -> int:
    """Count what of these jobs' lists is not read: open gaps, heads that failed, and lists that led nowhere."""
    return sum(value(conn, left, jobs=listed(jobs)) for left in _UNDONE)


def get_gap(conn: Connection, gap_id: int) -> Gap | None:
    """Return the gap as it is now; None once it is closed."""
    found = row(conn, "SELECT * FROM gap WHERE id = :id", id=gap_id)
    return None if found is None else _gap(found)


def ask_again(conn: Connection, now: int, before: int) -> int:
    """Make due the lists, and parts of lists, that failed and would be tried again before this time."""
    moved = 0
    for table in (feed, gap):
        late = (table.c.failures > 0) & (table.c.due_at > now) & (table.c.due_at < before)
        moved += conn.execute(update(table).where(late).values(due_at=now)).rowcount
    return moved


def next_due(conn: Connection, jobs: Sequence[str]) -> int | None:
    """Return when the next feed or gap of these jobs is due, ms UTC."""
    times = [value(conn, first, jobs=listed(jobs)) for first in _NEXT]
    return min((t for t in times if t is not None), default=None)
