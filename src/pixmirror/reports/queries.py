"""`status`: what the mirror holds, how it goes, and what is stuck."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import queue, runs
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import made, row, rows, value
from pixmirror.catalogue.words import many, plain, until
from pixmirror.clock import DAY_MS, jst_day
from pixmirror.reports import troubles
from pixmirror.reports.came_in import CameIn, came_in
from pixmirror.reports.headline import Planned
from pixmirror.reports.reasons import FILES
from pixmirror.reports.troubles import Trouble

NOT_READ = "item not understood"
SAMPLE = 5_000  # rows of one state that are looked through for reasons; the counts are exact all the same

_HELD = """
SELECT (SELECT count(*) FROM user) AS users, (SELECT count(*) FROM tag) AS tags,
  (SELECT count(*) FROM comment) AS comments, (SELECT count(*) FROM bookmark WHERE state != 'gone') AS bookmarks"""
# The novels by their partial index: to look at each work for them takes ten times as long.
_WORKS = "SELECT (SELECT count(*) FROM work), (SELECT count(*) FROM work WHERE work_key & 1)"
_CHORES = "SELECT kind, sum(due_at <= :now), sum(due_at > :now) FROM chore GROUP BY kind"
_LATE = "SELECT kind, key, error, due_at FROM chore WHERE error IS NOT NULL LIMIT :most"
_LISTS = """
SELECT endpoint || ' ' || params, error, due_at FROM feed WHERE failures > 0
UNION ALL SELECT f.endpoint || ' ' || f.params, g.error, g.due_at
FROM gap g JOIN feed f ON f.id = g.feed_id WHERE g.failures > 0 LIMIT :most"""
_CUT = """
SELECT endpoint || ' ' || params, json_extract(marks, '$.cut.why') AS why, NULL FROM feed
WHERE why IS NOT NULL LIMIT :most"""
_BROKEN = """
SELECT endpoint, reason, is_partial IS NOT NULL AS is_partial, count(*) FROM broken
GROUP BY endpoint, reason, is_partial IS NOT NULL ORDER BY count(*) DESC LIMIT 20"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it goes now, from whoever knows; None where unknown. `note` is a sentence, e.g. on a cool-down."""

    requests_per_hour: float | None = None
    files_per_hour: float | None = None
    bytes_per_hour: float | None = None
    note: str = ""


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
    brought: int = 0  # by the newest run that brought something, and when that began
    brought_at: int | None = None


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
    hours_left: float | None = None,
) -> Status:
    """Return the status. The daemon passes in what it alone knows: planned jobs, pace, some troubles.

    `hours_left`: how long it still takes, if that is known.
    """
    n = queue.counts(conn)
    held = row(conn, _HELD)
    works, novels = known_works(conn)
    job_list = job_statuses(conn, now, jobs)
    gaps = made(conn, Gaps, "SELECT count(*), count(DISTINCT feed_id), min(opened_at) FROM gap")[0]
    wrong = (*told, *troubles.known(conn, now))
    found = (*(str(one) for one in wrong if not one.explained), *_problems(job_list, runs.resting(conn)))
    return Status(
        now=now,
        healthy=not found,
        problems=found,
        troubles=wrong,
        notes=(*_notes(conn, now, job_list, gaps, pace), *(str(one) for one in wrong if one.explained)),
        works=works,
        users=held.users,
        tags=held.tags,
        comments=held.comments,
        novels=novels,
        bookmarks=held.bookmarks,
        files=Files(n.wanted + n.waiting, n.stored, n.gone, n.failed, n.damaged, n.refused, n.waiting),
        bytes=n.bytes_stored,
        requests=requests_today(conn, now),
        jobs=job_list,
        came_in=came_in(conn, now - DAY_MS, now),
        stuck=stuck(conn),
        explained=explained(conn),
        states=dict(rows(conn, "SELECT state, count(*) FROM work WHERE state != 'live' GROUP BY state")),
        chores={kind: Due(due, later) for kind, due, later in rows(conn, _CHORES, now=now)},
        gaps=gaps,
        pace=pace,
        eta_hours=hours_left,
    )


def known_works(conn: Connection) -> tuple[int, int]:
    """Count the illusts, and the novels; stubs among them."""
    works, novels = row(conn, _WORKS)
    return works - novels, novels


def hidden_from_app(conn: Connection) -> int:
    """Count the works that Pixiv hides from the app: a web login shows them."""
    return int(value(conn, "SELECT count(*) FROM work WHERE state = 'limited' AND state != 'live'"))


def requests_today(conn: Connection, now: int) -> Requests:
    spent = runs.spent_on(conn, jst_day(now))
    image, size = spent.pop(runs.IMAGE_LANE, (0, 0))
    return Requests(api=sum(n for n, _ in spent.values()), image=image, image_bytes=size)


def job_statuses(conn: Connection, now: int, planned: Mapping[str, Planned] | None) -> tuple[JobStatus, ...]:
    states, last = runs.job_states(conn), runs.last_runs(conn)
    if planned is None:
        planned = {s.name: Planned(s.kind) for s in states.values()}
    result = []
    for name, one in planned.items():
        state, ran = states.get(name), last.get(name)
        brought = runs.last_with_new(conn, name) if ran and not ran.new else ran
        result.append(
            JobStatus(
                name=name, kind=one.kind, last_run=ran.started_at if ran else None,
                outcome=ran.outcome if ran else None, next_run=one.next_run, new=ran.new if ran else 0,
                error=ran.error if ran else None, enabled=one.enabled,
                paused=state is not None and state.held(now) == "paused",
                paused_until=state.paused_until if state else None, suspended=state.suspended if state else None,
                failures=state.failures if state else 0, last_done_at=state.last_done_at if state else None,
                brought=brought.new if brought else 0, brought_at=brought.started_at if brought else None,
            )
        )  # fmt: skip
    return tuple(result)


def explained(conn: Connection) -> tuple[Reason, ...]:
    """Return which files are not to be had at Pixiv, by their reasons."""
    return (*_files(conn, "gone"), *_files(conn, "damaged"))


def stuck(conn: Connection) -> tuple[Reason, ...]:
    found = [*_files(conn, "failed"), *_files(conn, "waiting")]
    chores = rows(conn, _LATE, most=SAMPLE)
    for kind in sorted({r.kind for r in chores}):
        seen = [(troubles.question_ref(kind, r.key), r.error, r.due_at) for r in chores if r.kind == kind]
        found += _grouped(f"{kind} not read", seen, len(chores) == SAMPLE)
    for what, sql in (("list not read", _LISTS), ("list that ends early", _CUT)):
        lists = rows(conn, sql, most=SAMPLE)
        found += _grouped(what, lists, len(lists) == SAMPLE)
    for endpoint, reason, is_partial, count in rows(conn, _BROKEN):
        found.append(Reason("item read in part" if is_partial else NOT_READ, count, reason, (endpoint,)))
    return tuple(found)


def _files(conn: Connection, state: str) -> list[Reason]:
    # gone, failed and damaged share one partial index; its condition must stand in the statement.
    shared = "" if state == "waiting" else "AND state IN ('gone', 'failed', 'damaged')"
    found = rows(
        conn, f"SELECT owner_id, error, due_at FROM media WHERE state = '{state}' {shared} LIMIT {SAMPLE}"
    )
    seen = [(str(Ref.of_work(r.owner_id)), r.error, r.due_at if state == "waiting" else None) for r in found]
    return _grouped(f"file {FILES[state].says}", seen, len(found) == SAMPLE)


def _grouped(what: str, found: Iterable[tuple[str, str | None, int | None]], sampled: bool) -> list[Reason]:
    """Group by reason, with up to three examples each; long numbers in a reason (ids, sizes) do not part it."""
    groups: dict[str, list[tuple[str, str, int | None]]] = {}
    for example, error, due in found:
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


def _problems(jobs: Sequence[JobStatus], rests: Container[str]) -> Iterable[str]:
    for job in jobs:
        if job.suspended:
            yield f"Job {job.name} stands still: {job.suspended}."
        elif job.failures >= 3:
            once_a_day = (
                f" It is asked once a day until it works, and at once by `pixmirror resume {job.name}`."
                if job.name in rests
                else ""
            )
            reason = (job.error or "no reason on record").rstrip(".")
            yield f"Job {job.name} failed {job.failures} times in a row: {reason}.{once_a_day}"


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
