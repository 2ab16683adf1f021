"""What `why` says at a glance: whether it is here, else the reason, the next step, and the story oldest first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import added, runs
from pixmirror.catalogue.added import ADDED
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import row, value
from pixmirror.catalogue.words import many, plain
from pixmirror.ledger import file_doubts
from pixmirror.models import State
from pixmirror.reports import states
from pixmirror.reports.moments import ago, ahead, day
from pixmirror.reports.naming import name_of
from pixmirror.reports.reasons import FILES, upper
from pixmirror.reports.why import Pending, Why
from pixmirror.reports.why_files import FileWhy
from pixmirror.reports.why_story import Doubts, Event, doubts_of, joined, numbered, story_of, times

_PARTS: dict[str, str] = {
    Kind.TEXT: "its text",
    Kind.UGOIRA: "its animation",
    Kind.DETAIL: "its caption and figures",
    Kind.COMMENTS: "its comments",
    Kind.REPLIES: "replies to its comments",
    Kind.WEB: "what the website shows of it",
    Kind.PROFILE: "their profile",
    Kind.COVERAGE: "the website's list of their works",
}
_RATED = {
    "x_restrict is all-ages": "for all ages (x_restrict)",
    "x_restrict is r18": "R-18 (x_restrict)",
    "x_restrict is r18g": "R-18G (x_restrict)",
}
_FILES_OF_USER = """
SELECT count(*) AS files, count(DISTINCT owner_id) AS works FROM media
WHERE owner_kind = 'work' AND is_current = 1 AND state NOT IN ('stored', 'refused', 'forgotten')
  AND owner_id IN (SELECT work_key FROM work WHERE user_id = :user)"""


@dataclass(frozen=True, slots=True)
class Short:
    """`first` answers the question; `steps` say what happens next, or what to do; `story` is told oldest first.

    `is_here`: all of it that is wanted. `is_unknown`: nothing in this mirror has that name.
    """

    first: str
    steps: tuple[str, ...] = ()
    story: tuple[Event, ...] = ()
    is_here: bool = False
    is_unknown: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what `why --json` has of it beside the facts."""
        return {"summary": self.first, "steps": list(self.steps), "story": [plain(event) for event in self.story]}


def short(conn: Connection, found: Why, now: int, brings: str = "", *, has_web: bool = False) -> Short:
    """Say in a few lines what `why` found. `brings`: what brings what is not here yet (`health.brings`)."""
    name = name_of(conn, found.ref)
    if (forgotten := _forgotten(found, name, now)) is not None:
        return forgotten
    say = _unknown if not found.known else _user if found.ref.work_key is None else partial(_work, has_web=has_web)
    told = say(conn, found, name, now)
    if told.is_here or told.is_unknown:
        return told
    return replace(told, steps=(*told.steps, *_held(conn, found, now, brings)))


def _forgotten(found: Why, name: str, now: int) -> Short | None:
    grave = next((g for g in found.facts.forgotten if g.what != "page"), None)
    if grave is None:
        return None
    by_artist = grave.what == "user" and found.ref.kind != "user"
    ref = f"user:{found.facts.artist.user_id}" if by_artist and found.facts.artist is not None else str(found.ref)
    whose = "its artist " if by_artist else "them " if found.ref.kind == "user" else "it "
    back = f"pixmirror unforget {ref}"
    step = f"It can be fetched again: {back}"
    if grave.purge_at is not None:
        step = f"The files can be had back until {day(grave.purge_at, now)}: {back}"
    return Short(f"{name}: you forgot {whose}{ago(grave.forgotten_at, now)}.", (step,))


def _unknown(conn: Connection, found: Why, name: str, now: int) -> Short:
    ref = found.ref
    if found.broken:
        first = f"{name}: Pixiv named it, but what it said could not be read."
        return Short(first, (f"It is kept as it came, and asked for again. {_sentence(found.broken[0].reason)}",))
    if found.pending:
        first = f"{name}: not here yet; Pixiv has not been asked for it, or did not answer."
        soonest = min(found.pending, key=lambda p: p.due_at or now)
        failed = f" The last try: {_sentence(soonest.error)}" if soonest.error else ""
        when = ahead(soonest.due_at or now, now)
        return Short(first, (f"It is asked for {when}.{failed}",))
    if found.facts.web:
        listed = found.facts.web[0]
        whose = f"{listed.name} (user:{listed.user_id})" if listed.name else f"user:{listed.user_id}"
        return Short(
            f"{name}: not here. The website lists it for {whose}, the app does not.", (_soon(found, now),)
        )
    if added.is_wished(conn, Kind.PROFILE if ref.work_key is None else Kind.DETAIL, ref.work_key or ref.id):
        return Short(
            f"{name}: added by you, and not here yet.", ("It is asked for as soon as pixmirror mirrors.",)
        )
    steps = [f"pixmirror add {ref.url} brings {'them' if ref.kind == 'user' else 'it'}."]
    other = Ref("illust" if ref.kind == "novel" else "novel", ref.id)
    if ref.kind != "user" and row(conn, "SELECT 1 FROM work WHERE work_key = :key", key=other.work_key):
        kind = other.kind if other.kind == "novel" else "illust"
        steps.append(f"There is {kind}:{other.id}, which is another work.")
    if gaps := value(conn, "SELECT count(*) FROM gap"):
        parts = many(gaps, "part of a list is", "parts of lists are")
        steps.append(f"{parts} still to be read; it may be there.")
    return Short(f"{name}: never seen by any job.", tuple(steps), is_unknown=True)


# --- works


def _work(conn: Connection, found: Why, name: str, now: int, *, has_web: bool) -> Short:
    current = [f for f in found.files if f.is_current and f.state != "forgotten"]
    stored = [f for f in current if f.state == "stored"]
    kept = bool(stored) or _has_text(conn, found.ref)
    since = day(found.facts.states[0].since, now) if found.facts.states else ""
    lost = [f for f in current if f.is_lost]
    state = states.of_work(found.state or "", kept=kept, since=since, lost=_loss(lost, now), has_web=has_web)
    steps: list[str] = []
    missing = [f for f in current if f.state not in ("stored", "refused")]
    is_asked = found.facts.provenance != LEGACY and found.state not in State.OVER
    if found.facts.provenance == LEGACY:
        first = "known only from an old dump; Pixiv was not asked."
        steps.append(f"pixmirror add {found.ref.url} asks Pixiv for it.")
    elif not kept and state and not missing:
        first = state if state.endswith(states.WEB_LOGIN) else f"{state}."
        if found.state in State.HIDDEN or found.state == State.UNKNOWN:
            due = min((p.due_at for p in found.pending if p.due_at is not None), default=None)
            again = f"Asked for again {ahead(due, now)}; it" if due is not None else "It"
            steps.append(f"{again} comes by itself when Pixiv shows it.")
    elif refusal := _refusal(found, stored, current):
        first = refusal
        steps.append("It is known, and its files come as soon as a job's filters let them in.")
    elif lost and found.state in State.OVER:
        first = f"{state}."
        if kept:
            which = _missing_names(lost)
            first = f"{which} {'was' if len(lost) == 1 else 'were'} here and lost; {state}."
        steps.append(f"With a copy in its place (media/{lost[0].path}): pixmirror verify")
        steps.append(f"Without one: pixmirror verify --accept {found.ref}")
    elif missing:
        first = f"{_missing(missing, current)} here{f'; {state}' if state else ''}."
        steps += _about(missing, doubts_of(conn, found.ref), found.ref, now)
    elif is_asked and (part := _part_lacking(conn, found)) is not None:
        first = f"{part} {'is' if kept or not current else 'are'} not here yet."
        steps += _to_ask(found.pending, now)
    else:
        return _here(found, name, state, now)
    return Short(f"{name}: {first}", tuple(steps), tuple(story_of(conn, found, now)))


def _loss(lost: Sequence[FileWhy], now: int) -> str:
    """Say that these files were here, and when verify missed the first; "" where there is none."""
    days = [f.lost_at for f in lost if f.lost_at is not None]
    return states.of_loss(day(min(days), now) if days else "") if lost else ""


def _here(found: Why, name: str, state: str, now: int) -> Short:
    """Say that all of it is here, and what is not as it was at Pixiv."""
    seen = max((s.last_at for s in found.sightings if s.state == State.LIVE), default=None)
    asked = f"seen {ago(seen, now)}" if seen is not None else "not seen live yet"
    steps = list(_to_ask([p for p in found.pending if p.error], now))
    pages = [g.page for g in found.facts.forgotten if g.what == "page" and g.page is not None]
    names = joined([f"{found.ref.id}_p{page}" for page in pages]) if pages else ""
    without = f", without {names} that you forgot" if pages else ""
    doubt = found.facts.doubt
    if state:
        first = f"here, whole{without}; {state}."
    elif doubt is not None:
        soon = f" a second look is due {ahead(doubt.believed_at, now)}." if doubt.believed_at is not None else ""
        first = f"here, whole{without}. Pixiv says that it is gone:{soon or ' that is not believed yet.'}"
        if doubt.brake:
            steps.append("Too much seems gone at once: pixmirror gone")
    elif found.broken:
        first = f"here, but for {many(len(found.broken), 'part')} of it that could not be read."
        steps.append("What came is kept as it was, and it is asked for again.")
    elif found.sightings and found.sightings[0].evidence == WEB:
        first = f"here, whole{without} ({asked}); only the website shows it, the app hides it."
    else:
        by_you = "; added by you" if any(j.job == ADDED for j in found.jobs) else ""
        first = f"here, whole{without}, up to date ({asked}){by_you}."
    return Short(f"{name}: {first}", tuple(steps), is_here=True)


def _refusal(found: Why, stored: Sequence[FileWhy], current: Sequence[FileWhy]) -> str | None:
    """Return which filters leave it out, if no job wants it and it is not here all the same."""
    reasons = {j.job: j.refused_reason for j in found.jobs if j.refused_reason}
    if not reasons or len(reasons) < len(found.jobs) or (current and len(stored) == len(current)):
        return None
    jobs = [f"job {job}: {_RATED.get(reason, reason)}" for job, reason in reasons.items()]
    return f"left out by {'; by '.join(jobs)}."


def _missing(missing: Sequence[FileWhy], current: Sequence[FileWhy]) -> str:
    """Return which files are not here, as subject and verb."""
    pages = [f.page + 1 for f in missing if f.role == "page"]
    of_work = sum(f.role == "page" for f in current)
    parts = []
    if len(pages) == of_work == 1:
        parts.append("its picture")
    elif pages and len(pages) == of_work:
        parts.append(f"none of its {of_work} pages") if len(pages) == len(missing) else parts.append("its pages")
    elif pages:
        parts.append(f"{numbered(pages, 'page')} of {of_work}")
    others = Counter(f.role for f in missing if f.role != "page")
    words = {"ugoira": "its animation", "cover": "its cover", "embed": "picture"}
    for role, n in others.items():
        parts.append(many(n, "picture in its text", "pictures in its text") if role == "embed" else words[role])
    is_one = len(parts) == 1 and (len(missing) == 1 or parts[0].startswith("none"))
    none = parts[0].startswith("none")
    return f"{joined(parts)} {'is' if is_one else 'are'}{'' if none else ' not'}"


def _about(missing: Sequence[FileWhy], doubts: Doubts, ref: Ref, now: int) -> Iterator[str]:
    """Say what happens next with the missing files, once for each state and error."""
    groups: dict[tuple[str, str | None], list[FileWhy]] = {}
    for file in missing:
        groups.setdefault((file.state, file.error), []).append(file)
    for _, files in sorted(groups.items(), key=lambda group: _ORDER.get(group[0][0], 9)):
        which = f"{_missing_names(files)}: " if len(groups) > 1 else ""
        looks = doubts.get((files[0].role, files[0].page, "denied"))
        yield f"{which}{_next(files[0], looks, ref, now)}"


def _next(file: FileWhy, denied: file_doubts.Doubt | None, ref: Ref, now: int) -> str:
    """Say why a file is not here, what happens next, and what would bring it sooner."""
    why = f"{upper(file.error.rstrip('.'))}. " if file.error else ""
    if denied is not None:
        why = f"Pixiv's image host answered 404 {times(denied.looks)}. "
    again = f"Asked for again {ahead(file.due_at or now, now)}; sooner: pixmirror retry {ref}"
    match file.state:
        case "wanted" | "fetching":
            turn = file.next.replace("it is in the queue, with 0 files before it", "it is the next in the queue")
            return f"{upper(turn)}."
        case "waiting":
            return f"{why}{again}"
        case "damaged":
            return f"{upper(FILES['damaged'].says)}: the same bytes came on different days. {again}"
        case "gone":
            return f"{upper(FILES['gone'].says)}. To ask once more: pixmirror retry {ref}"
        case "failed":
            tries = f" in {file.attempts} tries" if file.attempts > 1 else ""
            return f"{upper(FILES['failed'].says)}{tries}. {why}{upper(file.next)}."
        case _:
            return f"{why}{upper(file.next)}."


_COMES = ("wanted", "waiting", "fetching")
_ORDER = {"failed": 0, "damaged": 1, "gone": 2, "waiting": 3, "fetching": 4, "wanted": 5}


def _missing_names(files: Sequence[FileWhy]) -> str:
    pages = [f.page + 1 for f in files if f.role == "page"]
    return upper(numbered(pages, "page") if pages else files[0].role)


def _part_lacking(conn: Connection, found: Why) -> str | None:
    """Return what a work lacks that is no file: a novel's text, or all of it."""
    kinds = {p.what for p in found.pending}
    if found.ref.kind == "novel" and not _has_text(conn, found.ref):
        return _PARTS[Kind.TEXT]
    if Kind.UGOIRA in kinds and not any(f.role == "ugoira" for f in found.files):
        return _PARTS[Kind.UGOIRA]
    if not found.files and found.ref.kind != "novel":
        return "its pictures"
    return None


def _has_text(conn: Connection, ref: Ref) -> bool:
    sql = "SELECT 1 FROM text_version WHERE work_key = :key LIMIT 1"
    return ref.kind == "novel" and value(conn, sql, key=ref.work_key) is not None


def _to_ask(pending: Sequence[Pending], now: int) -> Iterator[str]:
    """Say what Pixiv is still to be asked for, and when."""
    for p in pending:
        what = _PARTS.get(p.what, p.what)
        due = ahead(p.due_at if p.due_at is not None else now, now)
        failed = f" ({p.error.rstrip('.')})" if p.error else ""
        yield f"Still to be asked for: {what}, {due}{failed}."


def _held(conn: Connection, found: Why, now: int, brings: str) -> Iterator[str]:
    """Say what keeps it waiting: that nothing comes now, or a pause of everything, or of the jobs that list it."""
    jobs = {j.job for j in found.jobs}
    comes = found.pending or found.ref.work_key is None or any(f.state in _COMES for f in found.files)
    if brings not in ("", states.BY_ITSELF) and (comes or not (found.known or found.facts.web)):
        yield brings
    elif pause := runs.pause_of_all(conn, now):
        yield f"Everything is paused{_goes_on(pause.until, now)}: pixmirror resume"
    for job in runs.job_states(conn).values():
        if job.name in jobs and job.held(now) == "paused":
            yield f"Job {job.name} is paused{_goes_on(job.paused_until, now)}: pixmirror resume {job.name}"
        elif job.name in jobs and job.held(now) == "suspended":
            cure = "until you log in: pixmirror login" if job.suspended == "login" else f"({job.suspended})"
            yield f"Job {job.name} stands still {cure}"


def _goes_on(until: int | None, now: int) -> str:
    return f" and goes on {ahead(until, now)}; sooner" if until is not None else ""


# --- users


def _user(conn: Connection, found: Why, name: str, now: int) -> Short:
    user = found.ref.id
    works = value(conn, "SELECT count(*) FROM work WHERE user_id = :user", user=user)
    lacking = row(conn, _FILES_OF_USER, user=user)
    state = states.of_user(found.state or "")
    seen = max((s.last_at for s in found.sightings if s.state == State.LIVE), default=None)
    known = f"{many(works, 'work')} known"
    left = f"{state}; " if state else ""
    steps = []
    if found.facts.artist is not None:
        unread = sum(li.gaps for li in found.facts.artist.lists)
        if unread and not state:
            steps.append(f"{many(unread, 'part')} of the lists of their works still to be read.")
    if lacking is not None and lacking.files:
        files = many(lacking.files, "file")
        first = f"{left}{known}; {files} of {many(lacking.works, 'work')} not here yet."
        steps.append(f"Which, and why: pixmirror coverage {found.ref}")
        return Short(f"{name}: {first}", tuple(steps), tuple(story_of(conn, found, now)))
    first = f"{left}{known}, all files here" if works else f"{left}no work of theirs is known"
    if seen is not None and not state:
        first += f" (seen {ago(seen, now)})"
    return Short(f"{name}: {first}.", tuple(steps), is_here=True)


# --- words


def _soon(found: Why, now: int) -> str:
    lists = found.facts.artist.lists if found.facts.artist is not None else ()
    again = min((li.refresh_at for li in lists if li.refresh_at is not None), default=None)
    read = f"; their list is read again {ahead(again, now)}" if again is not None else ""
    return f"With a web login it comes by itself (pixmirror help recover){read}."


def _sentence(text: str) -> str:
    return f"{upper(text.rstrip('.'))}."
