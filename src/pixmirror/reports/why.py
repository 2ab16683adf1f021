"""`why`: why a work or user is or is not here, and what happens next and when (architecture: a reason for all)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, func, select

from pixmirror.catalogue import runs, tombstones
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.feeds import NEVER
from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import (
    broken,
    chore,
    comment,
    feed,
    follow,
    gap,
    media,
    sighting,
    text_version,
    user,
    work,
    work_job,
)
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.words import many, plain, said, until
from pixmirror.reports.export import OURS
from pixmirror.reports.why_facts import OF_USER, STATE, Facts, facts, sentence, sentences
from pixmirror.reports.why_files import FileWhy, files_of

BROKEN = 2_000  # unreadable items that are looked through for an id

_NEVER = (
    "Never seen: no job has seen it.",
    "It may be outside the lists that the jobs read, deleted before they were read, or in a part not read yet.",
    "To have it, bookmark it, follow its artist, or name the artist in a `user` job, and run `pixmirror sync`.",
)


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
    jobs: tuple[SeenBy, ...] = ()
    files: tuple[FileWhy, ...] = ()
    pending: tuple[Pending, ...] = ()
    sightings: tuple[Seen, ...] = ()
    broken: tuple[Unread, ...] = ()
    held: tuple[str, ...] = ()
    facts: Facts = field(default_factory=Facts)

    def as_dict(self) -> dict[str, Any]:
        """What `why --json` prints."""
        result: dict[str, Any] = plain(self)
        more = result.pop("facts")
        return {**result, **more}


def why(conn: Connection, ref: Ref, now: int) -> Why:
    """Tell why this is here or not, and what happens next and when."""
    found = _why_user(conn, ref, now) if ref.work_key is None else _why_work(conn, ref, ref.work_key, now)
    more = facts(conn, ref, now, known=found.known)
    told = tuple(sentences(ref, more, now, known=found.known))
    first = 0 if more.forgotten or not found.answer else 1
    return replace(found, answer=(*found.answer[:first], *told, *found.answer[first:]), facts=more)


def _why_work(conn: Connection, ref: Ref, key: int, now: int) -> Why:
    r = conn.execute(select(work).where(work.c.work_key == key)).one_or_none()
    unread, held = _unread(conn, ref.id), _held(conn, now)
    pending = _pending(conn, key)
    if r is None:
        return Why(ref, False, "", None, (*_never(conn, ref, unread), *held), (), (), pending, (), unread, held)
    j = work_job.c
    seen_by = select(j.job, j.first_seen, j.refused_reason).where(j.work_key == key).order_by(j.first_seen, j.job)
    jobs = tuple(SeenBy(*row) for row in conn.execute(seen_by))
    files = tuple(files_of(conn, key, now))
    answer = (
        *_state_of(r, _keeps(conn, key, files)),
        *_about_files(r, files, jobs, pending),
        *_about_pending(pending, now),
        *(f"An answer was read without {u.path}, which is kept raw: {sentence(u.reason)}" for u in unread[:3]),
    )
    moving = bool(pending) or any(f.state in ("wanted", "waiting") for f in files)
    return Why(
        ref=ref,
        known=True,
        title=r.title,
        state=r.state,
        answer=(*answer, *held) if moving else answer,
        jobs=jobs,
        files=files,
        pending=pending,
        sightings=_sightings(conn, "work", key),
        broken=unread,
        held=held,
    )


def _never(conn: Connection, ref: Ref, unread: Sequence[Unread]) -> Iterator[str]:
    if unread:
        yield f"An answer of {unread[0].endpoint} names it, but could not be read: {sentence(unread[0].reason)}"
    yield from _NEVER
    other = Ref("illust" if ref.kind == "novel" else "novel", ref.id)
    if (
        ref.kind != "user"
        and conn.execute(select(work.c.work_key).where(work.c.work_key == other.work_key)).first()
    ):
        yield f"There is {other.kind}:{other.id}, which is another work: illusts and novels are numbered apart."
    gaps = conn.execute(select(func.count()).select_from(gap)).scalar_one()
    if gaps:
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
    yield f"Upstream: {STATE.get(r.state, r.state)}{since}.{evidence}"
    if not r.type:
        yield "Pixiv showed only a placeholder of it, so there is nothing to keep yet."
    elif keeps:
        yield "What was stored of it stays."


def _dumped(r: Any) -> str:
    return f"Known only from an old dump, as of {said(r.state_at)}: Pixiv was not asked"


def _keeps(conn: Connection, key: int, files: Sequence[FileWhy]) -> bool:
    """True if something of it is stored, and the user has not forgotten it."""
    texts = select(text_version.c.id).where(text_version.c.work_key == key).limit(1)
    stored = any(f.state == "stored" for f in files) or conn.execute(texts).first() is not None
    return stored and not tombstones.is_forgotten(conn, key)


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
        yield f"{state.capitalize()}: {names}{f' ({error})' if error else ''}: {group[0].next}."


def _about_pending(pending: Sequence[Pending], now: int) -> Iterator[str]:
    for p in pending:
        when = "is due now" if p.due_at is None or p.due_at <= now else f"is due at {said(p.due_at)}"
        failed = f" after {p.attempts} attempts ({p.error})" if p.error else ""
        yield f"Pixiv is still to be asked for: {p.what}; it {when}{failed}."


def _pending(conn: Connection, key: int) -> tuple[Pending, ...]:
    c = chore.c
    own = c.kind.in_(Kind.about("work")) & (c.key == key)
    found = [Pending(*r) for r in conn.execute(select(c.kind, c.due_at, c.attempts, c.error).where(own))]
    threads = select(comment.c.comment_key).where(comment.c.work_key == key)
    n, due, attempts, error = conn.execute(
        select(func.count(), func.min(c.due_at), func.max(c.attempts), func.max(c.error)).where(
            c.kind == Kind.REPLIES, c.key.in_(threads)
        )
    ).one()
    return (*found, Pending(Kind.REPLIES, due, attempts, error, n)) if n else tuple(found)


def _sightings(conn: Connection, kind: str, key: int) -> tuple[Seen, ...]:
    s = sighting.c
    newest = select(s.state, s.evidence, s.first_at, s.last_at).where(s.owner_kind == kind, s.owner_id == key)
    return tuple(Seen(*r) for r in conn.execute(newest.order_by(s.id.desc()).limit(50)))


def _unread(conn: Connection, wanted: int) -> tuple[Unread, ...]:
    b = broken.c
    newest = select(b.endpoint, b.path, b.reason, b.times, b.last_seen, b.raw).order_by(b.id.desc()).limit(BROKEN)
    names = re.compile(rf"(?<!\d){wanted}(?!\d)")
    return tuple(Unread(*r[:5]) for r in conn.execute(newest) if names.search(r.raw))


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


def _why_user(conn: Connection, ref: Ref, now: int) -> Why:
    r = conn.execute(select(user).where(user.c.id == ref.id)).one_or_none()
    unread, held = _unread(conn, ref.id), _held(conn, now)
    pending = (*_user_pending(conn, ref.id), *_user_lists(conn, ref.id))
    if r is None:
        answer = (*_never(conn, ref, unread), *_about_pending(pending, now), *held)
        return Why(ref, False, "", None, answer, (), (), pending, (), unread, held)
    own = select(work.c.work_key).where(work.c.user_id == ref.id)
    j = work_job.c
    by_job = select(j.job, func.min(j.first_seen), func.max(j.refused_reason), func.count())
    jobs = tuple(
        SeenBy(*row) for row in conn.execute(by_job.where(j.work_key.in_(own)).group_by(j.job).order_by(j.job))
    )
    answer = (*_state_of_user(conn, r, now), *_about_works(conn, ref.id), *_about_pending(pending, now))
    return Why(
        ref=ref,
        known=True,
        title=r.name,
        state=r.state,
        answer=(*answer, *held) if pending else answer,
        jobs=jobs,
        pending=pending,
        sightings=_sightings(conn, "user", ref.id),
        broken=unread,
        held=held,
    )


def _user_pending(conn: Connection, user_id: int) -> Iterator[Pending]:
    c = chore.c
    mine = c.kind.in_(Kind.about("user")) & (c.key == user_id)
    own = select(c.kind, c.due_at, c.attempts, c.error).where(mine)
    yield from (Pending(*r) for r in conn.execute(own))


def _user_lists(conn: Connection, user_id: int) -> Iterator[Pending]:
    """Yield the lists of this user that are due, or not read to the end."""
    lists = select(feed).where(func.instr(feed.c.params, str(user_id)) > 0)
    for r in conn.execute(lists).all():
        if str(json.loads(r.params).get("user_id")) != str(user_id):
            continue
        n, due, failures, error = conn.execute(
            select(func.count(), func.min(gap.c.due_at), func.max(gap.c.failures), func.max(gap.c.error)).where(
                gap.c.feed_id == r.id, gap.c.due_at < NEVER
            )
        ).one()
        if n:
            yield Pending(f"a part of {r.endpoint}", due, failures, error, n)
        elif r.due_at is not None:
            yield Pending(f"the list {r.endpoint}", r.due_at, r.failures, r.error)
        if r.refresh_at is not None:
            yield Pending(f"the list {r.endpoint} again, to see what changed", r.refresh_at, 0, None)


def _state_of_user(conn: Connection, r: Any, now: int) -> Iterator[str]:
    if r.state == "live":
        yield f"Pixiv showed this user last at {said(r.last_seen)}."
    elif r.evidence == LEGACY:
        yield f"{_dumped(r)}, so their state is unknown."
    else:
        since = f" since {said(r.state_at)}" if r.state_at is not None else ""
        stays = "" if tombstones.people(conn, (r.id,)) else " What was stored stays."
        yield f"Upstream: this user {OF_USER.get(r.state, f'is {r.state}')}{since}.{stays}"
    follows = conn.execute(
        select(follow.c.restrict, follow.c.state).where(follow.c.account_id.in_(OURS), follow.c.user_id == r.id)
    ).all()
    for restrict, state in follows:
        yield f"Followed ({restrict})." if state == "live" else f"No longer followed (it was {restrict})."
    if not follows:
        yield "Not followed."


def _about_works(conn: Connection, user_id: int) -> Iterator[str]:
    w, m = work.c, media.c
    counted = select(w.state, func.count()).where(w.user_id == user_id).group_by(w.state)
    states = {r.state: r[1] for r in conn.execute(counted)}
    hidden = ", ".join(f"{n:,} {state}" for state, n in sorted(states.items()) if state != "live")
    yield f"{many(sum(states.values()), 'work is', 'works are')} known{f', of them {hidden}' if hidden else ''}."
    own = select(w.work_key).where(w.user_id == user_id)
    of_user = select(m.state, func.count()).where(m.owner_kind == "work", m.owner_id.in_(own), m.is_current == 1)
    files = {r.state: r[1] for r in conn.execute(of_user.group_by(m.state))}
    if files:
        yield "Files: " + ", ".join(f"{n:,} {state}" for state, n in sorted(files.items())) + "."
    why = func.json_extract(feed.c.marks, "$.cut.why")
    of_this = func.json_extract(feed.c.params, "$.user_id") == user_id
    for r in conn.execute(select(feed.c.endpoint, why.label("cut")).where(of_this, why.is_not(None))):
        yield f"The list {r.endpoint} ends early. {r.cut}."
