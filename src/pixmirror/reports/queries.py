"""`status`: what the mirror holds, how it goes, and what is stuck."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text

from pixmirror.catalogue import chores, queue, runs
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import bookmark, broken, chore, comment, feed, gap, tag, user, work
from pixmirror.catalogue.words import many, plain, until
from pixmirror.clock import DAY_MS
from pixmirror.reports import plan, troubles
from pixmirror.reports.troubles import Trouble

NOT_READ = "item not understood"
SAMPLE = 5_000  # rows of one state that are looked through for reasons; the counts are exact all the same


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it goes now, from whoever knows; None where unknown. `note` is a sentence, e.g. on a cool-down."""

    requests_per_hour: float | None = None
    files_per_hour: float | None = None
    bytes_per_hour: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A job of the configuration, as the scheduler has it."""

    kind: str
    next_run: int | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Files:
    """Files by state; `wanted` includes those being fetched and those waiting for a second try."""

    wanted: int
    stored: int
    gone: int
    failed: int
    damaged: int
    refused: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Requests:
    """Spent today (JST)."""

    api: int
    image: int
    image_bytes: int


@dataclass(frozen=True, slots=True)
class JobStatus:
    name: str
    kind: str
    last_run: int | None
    outcome: str | None
    next_run: int | None
    new: int
    error: str | None
    enabled: bool
    paused: bool
    paused_until: int | None
    suspended: str | None
    failures: int
    last_done_at: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    """How many things of one kind have this reason; `sampled`: counted in a part of them only."""

    what: str
    count: int
    reason: str
    examples: tuple[str, ...] = ()
    next_at: int | None = None
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class CameIn:
    """What the last 24 hours brought."""

    works: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Due:
    due: int
    later: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """Parts of lists that are not read yet."""

    count: int
    lists: int
    since: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """One screen. `works` are illusts, manga and ugoira; `novels` are counted apart, as in `export`."""

    now: int
    healthy: bool
    problems: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    notes: tuple[str, ...]
    works: int
    users: int
    tags: int
    comments: int
    novels: int
    bookmarks: int
    files: Files
    bytes: int
    requests: Requests
    jobs: tuple[JobStatus, ...]
    came_in: CameIn
    stuck: tuple[Reason, ...]
    explained: tuple[Reason, ...]
    states: Mapping[str, int]
    chores: Mapping[str, Due]
    gaps: Gaps
    pace: Pace
    eta_hours: float | None

    def as_dict(self) -> dict[str, Any]:
        """What `status --json` prints."""
        result: dict[str, Any] = plain(self)
        return result


def status(
    conn: Connection,
    now: int,
    *,
    jobs: Mapping[str, Planned] | None = None,
    pace: Pace = Pace(),
    told: Sequence[Trouble] = (),
) -> Status:
    """Return the status. The daemon passes in what it alone knows: planned jobs, pace, some troubles."""
    files, size = _files(conn)
    job_list = _jobs(conn, now, jobs)
    to_ask = _chores(conn, now)
    gaps = _gaps(conn)
    stuck = (*_file_reasons(conn, ("failed", "waiting")), *_chore_reasons(conn), *_list_reasons(conn))
    stuck += _broken_reasons(conn)
    wrong = (*told, *troubles.known(conn, now))
    found = (*(str(one) for one in wrong if not one.explained), *_problems(job_list))
    works, novels = known_works(conn)
    return Status(
        now=now,
        healthy=not found,
        problems=found,
        troubles=wrong,
        notes=(*_notes(conn, now, job_list, gaps, pace), *(str(one) for one in wrong if one.explained)),
        works=works,
        users=_count(conn, user),
        tags=_count(conn, tag),
        comments=_count(conn, comment),
        novels=novels,
        bookmarks=_number(conn, select(func.count()).select_from(bookmark).where(bookmark.c.state != "gone")),
        files=files,
        bytes=size,
        requests=_requests(conn, now),
        jobs=job_list,
        came_in=_came_in(conn, now - DAY_MS, now),
        stuck=stuck,
        explained=_file_reasons(conn, ("gone", "damaged")),
        states=_states(conn),
        chores=to_ask,
        gaps=gaps,
        pace=pace,
        eta_hours=plan.eta(conn, now, _rates(pace)),
    )


def _rates(pace: Pace) -> plan.Rates:
    return plan.Rates(
        requests_per_hour=pace.requests_per_hour,
        files_per_hour=pace.files_per_hour,
        bytes_per_hour=pace.bytes_per_hour,
    )


def _number(conn: Connection, statement: Any) -> int:
    return int(conn.execute(statement).scalar() or 0)


def _count(conn: Connection, table: Any) -> int:
    return _number(conn, select(func.count()).select_from(table))


def known_works(conn: Connection) -> tuple[int, int]:
    """Count the illusts, and the novels; stubs among them."""
    both, novels = conn.execute(select(func.count(), func.sum(work.c.work_key.op("&")(1))).select_from(work)).one()
    return both - (novels or 0), novels or 0


def _states(conn: Connection) -> dict[str, int]:
    rows = conn.execute(text("SELECT state, count(*) FROM work WHERE state != 'live' GROUP BY state"))
    return {r.state: r[1] for r in rows}


def _files(conn: Connection) -> tuple[Files, int]:
    n = queue.counts(conn)
    wanted = n.wanted + n.waiting
    return Files(wanted, n.stored, n.gone, n.failed, n.damaged, n.refused, n.waiting), n.bytes_stored


def _came_in(conn: Connection, since: int, now: int) -> CameIn:
    # The state is a literal: SQLite uses a partial index only where it can read its condition in the statement.
    fresh = text(
        "SELECT count(*), coalesce(sum(size), 0) FROM media "
        "WHERE state = 'stored' AND stored_at BETWEEN :since AND :now"
    )
    files, size = conn.execute(fresh, {"since": since, "now": now}).one()
    works = select(func.count()).select_from(work).where(work.c.first_seen.between(since, now))
    return CameIn(_number(conn, works), files, size)


def _requests(conn: Connection, now: int) -> Requests:
    spent = runs.spent_on(conn, runs.jst_day(now))
    image, size = spent.pop(runs.IMAGE_LANE, (0, 0))
    return Requests(api=sum(n for n, _ in spent.values()), image=image, image_bytes=size)


def _jobs(conn: Connection, now: int, planned: Mapping[str, Planned] | None) -> tuple[JobStatus, ...]:
    states, last = runs.job_states(conn), runs.last_runs(conn)
    if planned is None:
        planned = {s.name: Planned(s.kind) for s in states.values()}
    result = []
    for name, one in planned.items():
        state, ran = states.get(name), last.get(name)
        result.append(
            JobStatus(
                name=name,
                kind=one.kind,
                last_run=ran.started_at if ran else None,
                outcome=ran.outcome if ran else None,
                next_run=one.next_run,
                new=ran.new if ran else 0,
                error=ran.error if ran else None,
                enabled=one.enabled,
                paused=state is not None and state.held(now) == "paused",
                paused_until=state.paused_until if state else None,
                suspended=state.suspended if state else None,
                failures=state.failures if state else 0,
                last_done_at=state.last_done_at if state else None,
            )
        )
    return tuple(result)


def _chores(conn: Connection, now: int) -> dict[str, Due]:
    return {kind: Due(due, later) for kind, (due, later) in chores.counts(conn, now).items()}


def _gaps(conn: Connection) -> Gaps:
    row = conn.execute(
        select(func.count(), func.count(gap.c.feed_id.distinct()), func.min(gap.c.opened_at)).select_from(gap)
    ).one()
    return Gaps(*row)


def _file_reasons(conn: Connection, states: Sequence[str]) -> tuple[Reason, ...]:
    result: list[Reason] = []
    for state in states:
        # gone, failed and damaged share one partial index; its condition must stand in the statement.
        where = f"state = '{state}'"
        if state != "waiting":
            where += " AND state IN ('gone', 'failed', 'damaged')"
        rows = conn.execute(text(f"SELECT owner_id, error, due_at FROM media WHERE {where} LIMIT {SAMPLE}")).all()
        seen = [(str(Ref.of_work(r.owner_id)), r.error, r.due_at if state == "waiting" else None) for r in rows]
        result += _grouped(f"file {state}", seen, len(rows) == SAMPLE)
    return tuple(result)


def _chore_reasons(conn: Connection) -> tuple[Reason, ...]:
    late = select(chore).where(chore.c.error.is_not(None)).limit(SAMPLE)
    rows = conn.execute(late).all()
    found: list[Reason] = []
    for kind in sorted({r.kind for r in rows}):
        seen = [(troubles.question_ref(kind, r.key), r.error, r.due_at) for r in rows if r.kind == kind]
        found += _grouped(f"{kind} not read", seen, len(rows) == SAMPLE)
    return tuple(found)


def _list_reasons(conn: Connection) -> tuple[Reason, ...]:
    lists = select(feed.c.endpoint, feed.c.params, feed.c.error, feed.c.due_at).where(feed.c.failures > 0)
    parts = select(feed.c.endpoint, feed.c.params, gap.c.error, gap.c.due_at).join(
        feed, feed.c.id == gap.c.feed_id
    )
    rows = conn.execute(lists.limit(SAMPLE)).all()
    rows = [*rows, *conn.execute(parts.where(gap.c.failures > 0).limit(SAMPLE)).all()]
    failed = _grouped("list not read", [(f"{r[0]} {r[1]}", r[2], r[3]) for r in rows], len(rows) >= SAMPLE)
    why = func.json_extract(feed.c.marks, "$.cut.why")
    short = conn.execute(select(feed.c.endpoint, feed.c.params, why).where(why.is_not(None)).limit(SAMPLE)).all()
    cut = [(f"{r[0]} {r[1]}", str(r[2]), None) for r in short]
    return (*failed, *_grouped("list that ends early", cut, len(short) >= SAMPLE))


def _broken_reasons(conn: Connection) -> tuple[Reason, ...]:
    partial = broken.c.is_partial.is_not(None)
    rows = conn.execute(
        select(broken.c.endpoint, broken.c.reason, partial, func.count())
        .group_by(broken.c.endpoint, broken.c.reason, partial)
        .order_by(func.count().desc())
        .limit(20)
    )
    return tuple(
        Reason("item read in part" if part else NOT_READ, n, reason, (endpoint,))
        for endpoint, reason, part, n in rows
    )


def _grouped(what: str, rows: Iterable[tuple[str, str | None, int | None]], sampled: bool) -> list[Reason]:
    """Group by reason, with up to three examples each; long numbers in a reason (ids, sizes) do not part it."""
    groups: dict[str, list[tuple[str, str, int | None]]] = {}
    for example, error, due in rows:
        error = error or "no reason on record"
        groups.setdefault(re.sub(r"\d{5,}", "#", error), []).append((example, error, due))
    result = [
        Reason(
            what=what,
            count=len(group),
            reason=group[0][1] if len({error for _, error, _ in group}) == 1 else kind,
            examples=tuple(dict.fromkeys(example for example, _, _ in group))[:3],
            next_at=min((due for _, _, due in group if due is not None), default=None),
            sampled=sampled,
        )
        for kind, group in groups.items()
    ]
    return sorted(result, key=lambda r: (-r.count, r.reason))[:20]


def _problems(jobs: Sequence[JobStatus]) -> Iterable[str]:
    for job in jobs:
        if job.suspended:
            yield f"Job {job.name} stands still: {job.suspended}."
        elif job.failures >= 3:
            yield f"Job {job.name} failed {job.failures} times in a row: {job.error or 'no reason on record'}."


def _notes(conn: Connection, now: int, jobs: Sequence[JobStatus], gaps: Gaps, pace: Pace) -> tuple[str, ...]:
    notes = [pace.note] if pace.note else []
    if pause := runs.pause_of_all(conn, now):
        notes.append(f"Everything is paused {until(pause.until)}.")
    notes += [f"Job {j.name} is paused {until(j.paused_until)}." for j in jobs if j.paused]
    notes += [
        f"Job {j.name} failed in its last run; it is tried again."
        for j in jobs
        if j.outcome == "failed" and j.failures < 3 and not j.suspended
    ]
    if gaps.since is not None:
        left = many(gaps.count, "stretch", "stretches")
        notes.append(
            f"{left} of {many(gaps.lists, 'list')} {'is' if gaps.count == 1 else 'are'} still to be read."
        )
    return tuple(notes)
