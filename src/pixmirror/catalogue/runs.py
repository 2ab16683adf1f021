"""What the mirror remembers of its own work: runs, jobs and why they stand still, requests spent, its account."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select, text, update

from pixmirror.catalogue import of_jobs
from pixmirror.catalogue.schema import account, job, meta, run, spent
from pixmirror.catalogue.sql import (
    KEYS,
    Many,
    among,
    changed,
    column,
    excluded,
    listed,
    made,
    rows,
    upsert,
    value,
)
from pixmirror.clock import DAY_MS
from pixmirror.errors import ConfigError, WrongAccount

Outcome = Literal["running", "done", "failed", "interrupted"]

FAILURES_TO_REST = 5
REST_MS = DAY_MS
IMAGE_LANE = "image"  # the lane of the image host in `spent`; every other lane is the API's
_LEADING_ID = re.compile(r"\d+", re.ASCII)
_PAUSE = "pause"  # meta key: everything stands still
_LOGIN_REFUSED = "login_refused"  # meta key
_JOBS = f"SELECT {', '.join(column.name for column in job.c)} FROM job ORDER BY name"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job; or all `runs` of a job on one day of long ago, with their sums and the worst outcome.

    `failed`, `interrupted` and `took_ms` are counted of several runs alone.
    """

    id: int
    job: str
    kind: str
    started_at: int
    ended_at: int | None
    outcome: str
    new: int
    seen: int
    requests: int
    error: str | None
    runs: int = 1
    failed: int = 0
    interrupted: int = 0
    took_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Everything stands still, until a moment or until resumed."""

    until: int | None = None

    def holds(self, now: int) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class JobState:
    """What is remembered of a job. A pause is the user's, a suspension ours: each has its own way out."""

    name: str
    kind: str
    filter_digest: str | None
    paused: int  # 0 or 1
    paused_until: int | None
    failures: int
    suspended: str | None
    last_done_at: int | None

    def held(self, now: int) -> Literal["paused", "suspended"] | None:
        """Say why the job must not run now, or None."""
        if self.paused and (self.paused_until is None or now < self.paused_until):
            return "paused"
        return "suspended" if self.suspended else None


@dataclass(frozen=True, slots=True)
class Rest:
    """A job that failed too often for reasons of its own: when it is asked again (ms UTC), and why it failed."""

    until: int
    failures: int
    reason: str


# --- runs


def start_run(conn: Connection, name: str, kind: str, now: int) -> int:
    row = {"job": name, "kind": kind, "started_at": now, "outcome": "running"}
    return int(conn.execute(run.insert().returning(run.c.id), row).scalar_one())


def end_run(
    conn: Connection,
    run_id: int,
    outcome: Outcome,
    now: int,
    *,
    new: int = 0,
    seen: int = 0,
    requests: int = 0,
    error: str | None = None,
) -> None:
    conn.execute(
        update(run)
        .where(run.c.id == run_id)
        .values(ended_at=now, outcome=outcome, new=new, seen=seen, requests=requests, error=error)
    )


def note_new(conn: Connection, run_id: int, new: int) -> None:
    """Record how many works a run brought, with what came after its end, as of gaps."""
    conn.execute(update(run).where(run.c.id == run_id, run.c.new < new).values(new=new))


def mark_interrupted(conn: Connection, now: int) -> int:
    """End, at start, the runs of an earlier process, with what came in until then. Return how many there were."""
    left = rows(conn, "SELECT id, job, started_at FROM run WHERE outcome = 'running'")
    for one in left:
        new = sum(of_jobs.came_in(conn, one.job, one.started_at))
        end_run(conn, one.id, "interrupted", now, new=new)
    return len(left)


def last_runs(conn: Connection) -> dict[str, Run]:
    """Return the newest run of each job."""
    newest = select(func.max(run.c.id)).group_by(run.c.job)
    return {r.job: Run(*r) for r in conn.execute(select(run).where(run.c.id.in_(newest)).order_by(run.c.job))}


def last_with_new(conn: Connection, job_name: str) -> Run | None:
    """Return the newest run of a job that brought something."""
    brought = select(run).where(run.c.job == job_name, run.c.new > 0).order_by(run.c.id.desc()).limit(1)
    found = conn.execute(brought).first()
    return Run(*found) if found is not None else None


def first_run_at(conn: Connection) -> int | None:
    """Return when the first run of all began, ms UTC."""
    return conn.execute(select(run.c.started_at).order_by(run.c.id).limit(1)).scalar_one_or_none()


_OLD = "FROM run WHERE started_at < :before AND outcome != 'running'"
_DAYS = f"""
SELECT DISTINCT started_at / {DAY_MS} AS day {_OLD} AND started_at / {DAY_MS} > :after ORDER BY day LIMIT :n"""
_SUMS = f"""
SELECT max(id) AS id, min(started_at) AS started_at, max(ended_at) AS ended_at, sum(new) AS new, sum(seen) AS seen,
  sum(requests) AS requests, sum(runs) AS runs,
  sum(iif(runs > 1, failed, outcome = 'failed')) AS failed,
  sum(iif(runs > 1, interrupted, outcome = 'interrupted')) AS interrupted,
  sum(coalesce(took_ms, ended_at - started_at, 0)) AS took_ms
{_OLD} AND started_at / {DAY_MS} {KEYS} GROUP BY job, started_at / {DAY_MS} HAVING count(*) > 1"""
_MERGE = Many("""
UPDATE run SET started_at = :started_at, ended_at = :ended_at, new = :new, seen = :seen, requests = :requests,
  runs = :runs, failed = :failed, interrupted = :interrupted, took_ms = :took_ms,
  outcome = iif(:failed, 'failed', iif(:interrupted, 'interrupted', 'done')) WHERE id = :id""")
_MERGED = f"""
DELETE FROM run WHERE started_at < :before AND outcome != 'running' AND started_at / {DAY_MS} {KEYS}
  AND id NOT IN (SELECT max(id) {_OLD} AND started_at / {DAY_MS} {KEYS} GROUP BY job, started_at / {DAY_MS})"""


def thin(conn: Connection, before: int, after: int = -1, days: int = 30) -> int | None:
    """Make one row a job and day (UTC) of runs that began before then, in the next `days` days after day `after`.
    Return the last of them, to go on after it; None at the end. The newest row keeps its id and its error.
    """
    found = column(conn, _DAYS, before=before, after=after, n=days)
    if found:
        keys = listed(found)
        _MERGE(conn, [r._asdict() for r in rows(conn, _SUMS, before=before, keys=keys)])
        changed(conn, _MERGED, before=before, keys=keys)
    return found[-1] if len(found) == days else None


# --- jobs


def job_states(conn: Connection) -> dict[str, JobState]:
    return {state.name: state for state in made(conn, JobState, _JOBS)}


def resting(conn: Connection) -> dict[str, Rest]:
    """Return the jobs that are asked once a day, because their last runs failed and the last one read nothing."""
    failed = """
    SELECT job.name, job.failures, coalesce(run.ended_at, run.started_at) AS at, run.error FROM job
    JOIN run ON run.id = (SELECT max(id) FROM run WHERE run.job = job.name AND outcome = 'failed')
    WHERE job.failures >= :most AND run.seen = 0"""
    found = rows(conn, failed, most=FAILURES_TO_REST)
    return {r.name: Rest(r.at + REST_MS, r.failures, r.error or "no reason on record") for r in found}


def states_and_rests(conn: Connection) -> tuple[dict[str, JobState], dict[str, Rest]]:
    return job_states(conn), resting(conn)


def save_job(conn: Connection, name: str, kind: str, filter_digest: str | None) -> None:
    """Make a job of the configuration known, with the filters that are now applied to all it has seen."""
    conn.execute(
        upsert(job, "kind", "filter_digest"), {"name": name, "kind": kind, "filter_digest": filter_digest}
    )


def pause_job(conn: Connection, name: str | None, until: int | None = None) -> None:
    """Pause one job, or with None everything; it is remembered over restarts."""
    if name is None:
        set_json(conn, _PAUSE, {"until": until})
    else:
        _set_job(conn, name, is_paused=1, paused_until=until)


def resume_job(conn: Connection, name: str | None) -> None:
    """Take back a pause, and the rest of a job that failed too often. What was paused by its own name stays so
    when everything is resumed.
    """
    if name is None:
        drop_meta(conn, _PAUSE)
    else:
        _set_job(conn, name, is_paused=0, paused_until=None, failures=0)


def pause_of_all(conn: Connection, now: int) -> Pause | None:
    """Return the pause of everything, if it holds now."""
    stored = get_json(conn, _PAUSE)
    pause = Pause(**stored) if stored else None
    return pause if pause and pause.holds(now) else None


def suspend_job(conn: Connection, name: str, reason: str) -> None:
    """Stop a job for a reason of ours ("login"); only the end of that reason lifts it."""
    _set_job(conn, name, suspended=reason)


def unsuspend_jobs(conn: Connection, reason: str) -> tuple[str, ...]:
    """Let every job run that stood still for this reason, which has passed. Return which."""
    lifted = update(job).where(job.c.suspended == reason).values(suspended=None).returning(job.c.name)
    return tuple(sorted(conn.execute(lifted).scalars()))


def job_done(conn: Connection, name: str, ok: bool, now: int) -> int:
    """Record the end of a run. Return how many runs have failed in a row."""
    end = update(job).where(job.c.name == name).returning(job.c.failures)
    end = end.values(failures=0, last_done_at=now) if ok else end.values(failures=job.c.failures + 1)
    return int(conn.execute(end).scalar_one())


def _set_job(conn: Connection, name: str, **values: object) -> None:
    if not conn.execute(update(job).where(job.c.name == name).values(**values)).rowcount:
        known = ", ".join(job_states(conn)) or "none yet"
        raise ConfigError(f"There is no job {name!r}; known jobs: {known}.")


# --- requests spent


def add_spent(conn: Connection, day: str, lane: str, requests: int, size: int) -> None:
    more = excluded(spent).c
    sums = upsert(spent, requests=spent.c.requests + more.requests, bytes=spent.c.bytes + more.bytes)
    conn.execute(sums, {"day": day, "lane": lane, "requests": requests, "bytes": size})


def spent_on(conn: Connection, day: str) -> dict[str, tuple[int, int]]:
    """Return {lane: (requests, bytes)} of a day."""
    return {r.lane: (r.requests, r.bytes) for r in conn.execute(select(spent).where(spent.c.day == day))}


# --- single values, and the account


def get_meta(conn: Connection, key: str) -> str | None:
    found: str | None = value(conn, "SELECT value FROM meta WHERE key = :key", key=key)
    return found


def set_meta(conn: Connection, key: str, value: str) -> None:
    conn.execute(upsert(meta, "value"), {"key": key, "value": value})


def get_json(conn: Connection, key: str) -> Any:
    """Return a value that is kept as JSON; None if there is none."""
    kept = get_meta(conn, key)
    return None if kept is None else json.loads(kept)


def get_saved(conn: Connection, key: str) -> Any:
    """Return what a process saved of its state: {} if there is nothing; None if it is damaged, and no JSON."""
    kept = get_meta(conn, key)
    try:
        return {} if kept is None else json.loads(kept)
    except (ValueError, RecursionError):
        return None


def set_json(conn: Connection, key: str, value: Any) -> None:
    set_meta(conn, key, json.dumps(value))


def drop_meta(conn: Connection, *keys: str) -> None:
    conn.execute(delete(meta).where(among(meta.c.key, "keys")), {"keys": listed(keys)})


def account_id(conn: Connection) -> int | None:
    """Return whose mirror this is, or None before the first login."""
    found: int | None = value(conn, "SELECT id FROM account ORDER BY id LIMIT 1")
    return found


def record_account(
    conn: Connection, user_id: int, name: str, login: str, is_premium: bool, x_restrict: int, now: int
) -> None:
    """Remember who logged in. Refuse another account than the mirror's own."""
    owner = conn.execute(select(account.c.id, account.c.name).order_by(account.c.id).limit(1)).one_or_none()
    if owner and owner.id != user_id:
        raise WrongAccount(
            f"This mirror belongs to the Pixiv account {owner.name!r} (id {owner.id}), but the login is that of "
            f"{name!r} (id {user_id}): log in as {owner.id}, or give {user_id} a mirror folder of its own."
        )
    told = {"name": name, "account": login, "is_premium": int(is_premium), "x_restrict": x_restrict}
    conn.execute(upsert(account, *told, "seen_at"), told | {"id": user_id, "seen_at": now})
    drop_meta(conn, _LOGIN_REFUSED)
    unsuspend_jobs(conn, "login")


def note_refused_login(conn: Connection, error: str, now: int) -> None:
    """Remember since when Pixiv does not take the login; `error` is the class of the error."""
    known = refused_login(conn)
    set_json(conn, _LOGIN_REFUSED, {"since": known[0] if known else now, "error": error})


def refused_login(conn: Connection) -> tuple[int, str] | None:
    """Return since when (ms UTC) Pixiv does not take the login, and the class of the error; None if it does."""
    kept = get_json(conn, _LOGIN_REFUSED)
    return (kept["since"], kept["error"]) if kept else None


# --- upkeep


def quick_check(conn: Connection) -> tuple[str, ...]:
    """Return SQLite's own findings about the file; none if it is sound."""
    return tuple(line for line in conn.execute(text("PRAGMA quick_check(20)")).scalars() if line != "ok")


def miscounted_tags(conn: Connection, after: int, limit: int) -> tuple[int | None, dict[int, str]]:
    """Compare the counters of the next `limit` tags: the last one looked at or None, {id: name} of wrong ones."""
    sql = """
    SELECT id, name, works != (SELECT count(*) FROM work_tag WHERE tag_id = tag.id) FROM tag
    WHERE id > :after ORDER BY id LIMIT :limit"""
    page = rows(conn, sql, after=after, limit=limit)
    return (page[-1].id if page else None), {i: name for i, name, wrong in page if wrong}


def recount_tags(conn: Connection, tag_ids: Sequence[int]) -> int:
    """Count the works of these tags again, and set the counters right. Return how many moved."""
    counted = "(SELECT count(*) FROM work_tag WHERE tag_id = tag.id)"
    which = f"id IN (SELECT value FROM json_each(:ids)) AND works != {counted}"
    return conn.execute(text(f"UPDATE tag SET works = {counted} WHERE {which}"), {"ids": listed(tag_ids)}).rowcount


def known_paths(conn: Connection, paths: Sequence[str]) -> set[str]:
    """Return which of these paths (relative to the media folder) the catalogue knows, with sidecars and texts."""
    ids = {path: _ids_in(path) for path in paths}
    keys = sorted({key for found in ids.values() for i in found for key in (i * 2, i * 2 + 1)})
    among_keys = "IN (SELECT value FROM json_each(:keys))"
    owned = f"SELECT path FROM media WHERE owner_kind = 'work' AND owner_id {among_keys}"
    known = {r.path for r in rows(conn, owned, keys=listed(keys))} & ids.keys()
    there = f"SELECT work_key FROM work WHERE work_key {among_keys}"
    works = {r.work_key for r in rows(conn, there, keys=listed(keys))}
    for path in ids.keys() - known:
        is_beside = path.endswith(".json") or (path.endswith(".txt") and "/novel/" in path)
        if is_beside and any(key in works for i in ids[path] for key in (i * 2, i * 2 + 1)):
            known.add(path)
    # The few that are left may belong to another owner or lie where only their row says: one pass over all paths.
    if left := ids.keys() - known:
        of_paths = "SELECT path FROM media WHERE path IN (SELECT value FROM json_each(:paths))"
        known |= {r.path for r in rows(conn, of_paths, paths=listed(left))}
    return known


def _ids_in(path: str) -> set[int]:
    """Return the ids of works that a path can belong to: leading digits of its parts below the artist's folder."""
    found = (_LEADING_ID.match(part) for part in path.split("/")[1:])
    return {int(m[0]) for m in found if m and len(m[0]) <= 15}
