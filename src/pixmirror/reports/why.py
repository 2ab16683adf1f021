"""`why`: why a work or user is or is not here, and what happens next and when (architecture: a reason for all)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.chores import Kind, Subject
from pixmirror.catalogue.feeds import NEVER
from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import made, row, rows, value
from pixmirror.catalogue.words import many, plain, said, until
from pixmirror.reports import states
from pixmirror.reports.reasons import FILES, upper
from pixmirror.reports.why_facts import Facts, facts, sentence, sentences
from pixmirror.reports.why_files import FileWhy, files_of

BROKEN = 2_000  # unreadable items that are looked through for an id

_NEVER = (
    "Never seen: no job has seen it.",
    "It may be outside the lists that the jobs read, deleted before they were read, or in a part not read yet.",
    "To have it, `pixmirror add` its URL, bookmark it, follow its artist, or name the artist in a `user` job.",
)
_JOBS = {
    "work": """
SELECT job, first_seen, refused_reason FROM work_job WHERE work_key = :key ORDER BY first_seen, job""",
    "user": """
SELECT job, min(first_seen), max(refused_reason), count(*) FROM work_job
WHERE work_key IN (SELECT work_key FROM work WHERE user_id = :key) GROUP BY job ORDER BY job""",
}
_REPLIES = """
SELECT kind, min(due_at), max(attempts), max(error), count(*) FROM chore
WHERE kind = 'replies' AND key IN (SELECT comment_key FROM comment WHERE work_key = :key) GROUP BY kind"""
_SIGHTINGS = """
SELECT state, evidence, first_at, last_at FROM sighting
WHERE owner_kind = :kind AND owner_id = :key ORDER BY id DESC LIMIT 50"""
_LISTS = f"""
SELECT f.endpoint, f.due_at, f.failures, f.error, f.refresh_at, json_extract(f.marks, '$.cut.why') AS cut,
  count(g.id) AS gaps, min(g.due_at) AS gap_due_at, max(g.failures) AS gap_failures, max(g.error) AS gap_error
FROM feed f LEFT JOIN gap g ON g.feed_id = f.id AND g.due_at < {NEVER}
WHERE json_extract(f.params, '$.user_id') = :user GROUP BY f.id"""


@dataclass(frozen=True, slots=True)
class SeenBy:
    """A job that saw the work, or some works of the user; `refused_reason`: the filter that keeps files away."""

    job: str
    first_seen: int
    refused_reason: str | None
    works: int = 1


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that Pixiv is still to be asked for."""

    what: str
    due_at: int | None
    attempts: int
    error: str | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A stretch of one state, as this account saw it."""

    state: str
    evidence: str
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Unread:
    """An item of an answer that could not be read and that names the id."""

    endpoint: str
    path: str
    reason: str
    times: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that bears on one work or user; `answer` says it in sentences."""

    ref: Ref
    known: bool
    title: str
    state: str | None
    answer: tuple[str, ...]
    jobs: tuple[SeenBy, ...]
    files: tuple[FileWhy, ...]
    pending: tuple[Pending, ...]
    sightings: tuple[Seen, ...]
    broken: tuple[Unread, ...]
    held: tuple[str, ...]
    facts: Facts

    def as_dict(self) -> dict[str, Any]:
        """What `why --json` prints."""
        result: dict[str, Any] = plain(self)
        more = result.pop("facts")
        return {**result, **more}


def why(conn: Connection, ref: Ref, now: int) -> Why:
    """Tell why this is here or not, and what happens next and when."""
    key = ref.work_key
    kind, owner = ("user", ref.id) if key is None else ("work", key)
    of_kind = "SELECT *, name AS title FROM user WHERE id" if key is None else "SELECT * FROM work WHERE work_key"
    r = row(conn, f"{of_kind} = :key", key=owner)
    unread, held = _unread(conn, ref.id), _held(conn, now)
    if key is None:
        pending = _pending_of_user(conn, ref.id)
    else:
        pending = _chores(conn, "work", key) + made(conn, Pending, _REPLIES, key=key)
    jobs = made(conn, SeenBy, _JOBS[kind], key=owner) if r is not None else ()
    files = tuple(files_of(conn, key, now)) if r is not None and key is not None else ()
    if r is None:
        answer = (*_never(conn, ref, unread), *(_about_pending(pending, now) if key is None else ()), *held)
    elif key is None:
        answer = (*_state_of_user(conn, r), *_about_works(conn, r.id), *_about_pending(pending, now))
    else:
        answer = (
            *_state_of(r, _keeps(conn, key, files)),
            *_about_files(r, files, jobs, pending),
            *_about_pending(pending, now),
            *(f"An answer was read without {u.path}, which is kept raw: {sentence(u.reason)}" for u in unread[:3]),
        )
    if r is not None and (pending or any(f.state in ("wanted", "waiting") for f in files)):
        answer += held
    more = facts(conn, ref, known=r is not None)
    first = 0 if more.forgotten else 1
    return Why(
        ref=ref,
        known=r is not None,
        title="" if r is None else r.title,
        state=None if r is None else r.state,
        answer=(*answer[:first], *sentences(ref, more, now, known=r is not None), *answer[first:]),
        jobs=jobs,
        files=files,
        pending=pending,
        sightings=made(conn, Seen, _SIGHTINGS, kind=kind, key=owner) if r is not None else (),
        broken=unread,
        held=held,
        facts=more,
    )


def _never(conn: Connection, ref: Ref, unread: Sequence[Unread]) -> Iterator[str]:
    if unread:
        yield f"An answer of {unread[0].endpoint} names it, but could not be read: {sentence(unread[0].reason)}"
    yield from _NEVER
    other = Ref("illust" if ref.kind == "novel" else "novel", ref.id)
    if ref.kind != "user" and row(conn, "SELECT 1 FROM work WHERE work_key = :key", key=other.work_key):
        yield f"There is {other.kind}:{other.id}, which is another work: illusts and novels are numbered apart."
    if gaps := value(conn, "SELECT count(*) FROM gap"):
        yield f"{many(gaps, 'stretch of a list is', 'stretches of lists are')} still to be read; it may be there."


def _state_of(r: Any, keeps: bool) -> Iterator[str]:
    if r.state == "live":
        yield f"Pixiv showed it last at {said(r.last_seen)}; first seen at {said(r.first_seen)}."
        if r.evidence == WEB:
            yield "The app hides it: the website showed it, and is asked again every 30 days."
        return
    if r.evidence == LEGACY:
        yield f"{_dumped(r)}, so its state is unknown."
        yield "No files are fetched: the addresses in a dump are guesses, or of hosts that no longer exist."
        yield (
            "To have it, bookmark it, follow its artist, or name the artist in a `user` job, and run "
            "`pixmirror sync`; if Pixiv still shows it, it comes with its files."
        )
        return
    since = f" since {said(r.state_at)}" if r.state_at is not None else ""
    evidence = f" Evidence: {sentence(r.evidence)}" if r.evidence else ""
    yield f"Upstream: {states.named(r.state)}{since}.{evidence}"
    if not r.type:
        yield "Pixiv showed only a placeholder of it, so there is nothing to keep yet."
    elif keeps:
        yield "What was stored of it stays."


def _dumped(r: Any) -> str:
    return f"Known only from an old dump, as of {said(r.state_at)}: Pixiv was not asked"


def _keeps(conn: Connection, key: int, files: Sequence[FileWhy]) -> bool:
    """True if something of it is stored, and the user has not forgotten it."""
    has_text = value(conn, "SELECT 1 FROM text_version WHERE work_key = :key LIMIT 1", key=key) is not None
    return (has_text or any(f.state == "stored" for f in files)) and not tombstones.is_forgotten(conn, key)


def _about_files(
    r: Any, files: Sequence[FileWhy], jobs: Sequence[SeenBy], pending: Sequence[Pending]
) -> Iterator[str]:
    current = [f for f in files if f.is_current]
    stored = sum(f.state == "stored" for f in current)
    if current and stored == len(current):
        yield f"Complete: {stored} of {stored} files are stored."
    elif current:
        yield f"{stored} of {len(current)} files are stored."
    elif r.type and not pending and r.evidence != LEGACY:
        yield "No file of it is known yet."
    refused = [j for j in jobs if j.refused_reason]
    if refused and len(refused) == len(jobs):
        said_why = "; ".join(f"{j.job}: {j.refused_reason}" for j in refused)
        yield f"No files are fetched: every job that lists it filters it out ({said_why})."
    if not jobs and r.evidence != LEGACY:
        yield "No job lists it: it came in beside something else."
    told: dict[tuple[str, str | None], list[FileWhy]] = {}
    for f in current:
        if f.state not in ("stored", "refused"):
            told.setdefault((f.state, f.error), []).append(f)
    for (state, error), group in told.items():
        names = ", ".join(f"{f.role} {f.page}" for f in group[:3]) + (", ..." if len(group) > 3 else "")
        yield f"{upper(FILES[state].says)}: {names}{f' ({error})' if error else ''}: {group[0].next}."


def _about_pending(pending: Sequence[Pending], now: int) -> Iterator[str]:
    for p in pending:
        when = "is due now" if p.due_at is None or p.due_at <= now else f"is due at {said(p.due_at)}"
        failed = f" after {p.attempts} attempts ({p.error})" if p.error else ""
        yield f"Pixiv is still to be asked for: {p.what}; it {when}{failed}."


def _chores(conn: Connection, subject: Subject, key: int) -> tuple[Pending, ...]:
    kinds = tuple(kind.value for kind in Kind.about(subject))
    sql = f"SELECT kind, due_at, attempts, error FROM chore WHERE kind IN {kinds} AND key = :key"
    return made(conn, Pending, sql, key=key)


def _pending_of_user(conn: Connection, user_id: int) -> tuple[Pending, ...]:
    """Return what is to be asked of a user, with the lists of theirs that are due or not read to the end."""
    found = list(_chores(conn, "user", user_id))
    for r in rows(conn, _LISTS, user=user_id):
        if r.gaps:
            found.append(Pending(f"a part of {r.endpoint}", r.gap_due_at, r.gap_failures, r.gap_error, r.gaps))
        elif r.due_at is not None:
            found.append(Pending(f"the list {r.endpoint}", r.due_at, r.failures, r.error))
        if r.refresh_at is not None:
            found.append(Pending(f"the list {r.endpoint} again, to see what changed", r.refresh_at, 0, None))
    return tuple(found)


def _unread(conn: Connection, wanted: int) -> tuple[Unread, ...]:
    names = re.compile(rf"(?<!\d){wanted}(?!\d)")
    newest = "SELECT endpoint, path, reason, times, last_seen, raw FROM broken ORDER BY id DESC LIMIT :most"
    return tuple(Unread(*told) for *told, raw in rows(conn, newest, most=BROKEN) if names.search(raw))


def _held(conn: Connection, now: int) -> tuple[str, ...]:
    """Say what is paused or suspended now, which keeps everything waiting."""
    pause = runs.pause_of_all(conn, now)
    held = [f"Everything is paused {until(pause.until)}."] if pause else []
    for job in runs.job_states(conn).values():
        if job.held(now) == "suspended":
            held.append(f"Job {job.name} stands still: {sentence(job.suspended)}")
        elif job.held(now) == "paused":
            held.append(f"Job {job.name} is paused {until(job.paused_until)}.")
    return tuple(held)


def _state_of_user(conn: Connection, r: Any) -> Iterator[str]:
    if r.state == "live":
        yield f"Pixiv showed this user last at {said(r.last_seen)}."
    elif r.evidence == LEGACY:
        yield f"{_dumped(r)}, so their state is unknown."
    else:
        since = f" since {said(r.state_at)}" if r.state_at is not None else ""
        stays = "" if tombstones.people(conn, (r.id,)) else " What was stored stays."
        yield f"Upstream: this user {states.of_user(r.state)}{since}.{stays}"
    mine = "SELECT restrict, state FROM follow WHERE account_id IN (SELECT id FROM account) AND user_id = :user"
    follows = rows(conn, mine, user=r.id)
    for restrict, state in follows:
        yield f"Followed ({restrict})." if state == "live" else f"No longer followed (it was {restrict})."
    if not follows:
        yield "Not followed."


def _about_works(conn: Connection, user_id: int) -> Iterator[str]:
    states = rows(conn, "SELECT state, count(*) FROM work WHERE user_id = :u GROUP BY 1 ORDER BY 1", u=user_id)
    hidden = ", ".join(f"{n:,} {state}" for state, n in states if state != "live")
    known = many(sum(n for _, n in states), "work is", "works are")
    yield f"{known} known{f', of them {hidden}' if hidden else ''}."
    files = """
    SELECT state, count(*) FROM media WHERE owner_kind = 'work' AND is_current = 1
      AND owner_id IN (SELECT work_key FROM work WHERE user_id = :user) GROUP BY state ORDER BY state"""
    if counted := ", ".join(f"{n:,} {state}" for state, n in rows(conn, files, user=user_id)):
        yield f"Files: {counted}."
    for r in rows(conn, _LISTS, user=user_id):
        if r.cut is not None:
            yield f"The list {r.endpoint} ends early. {r.cut}."
