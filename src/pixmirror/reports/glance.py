"""What `status` says in one screen, as data. Nothing here reads all works: what only a scan counts is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import losses, queue, runs
from pixmirror.catalogue.queue import MediaCounts
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.runs import Pause
from pixmirror.catalogue.sql import row, value
from pixmirror.catalogue.words import many
from pixmirror.clock import DAY_MS
from pixmirror.reports import backups, health, kept, queries, troubles
from pixmirror.reports.came_in import CameIn, came_in
from pixmirror.reports.headline import Around, Headline, Kind, Planned
from pixmirror.reports.kept import Disk, Kept, kept_line, parts_of
from pixmirror.reports.moments import ago, ahead, as_of, clock
from pixmirror.reports.queries import JobStatus, Requests
from pixmirror.reports.reasons import FILES
from pixmirror.reports.screen import Screen
from pixmirror.reports.soundness import soundness
from pixmirror.terminal import size

_LAST = """
SELECT work_key, title, first_seen FROM work WHERE first_seen <= :now AND title != ''
ORDER BY first_seen DESC LIMIT 1"""
_WORKS = "SELECT count(*) FROM work"
# Moves with each work that comes in.
_SEQ = "SELECT value FROM meta WHERE key = 'change_seq'"
# The states stand in the statements: only then SQLite uses their partial indexes.
_DAMAGED = "SELECT min(due_at) FROM media WHERE state = 'damaged' AND state IN ('gone', 'failed', 'damaged')"
_WAITING = """
SELECT count(*) AS n, min(due_at) AS next FROM media
WHERE state = 'waiting' AND error IS NOT NULL AND (attempts >= 2 OR due_at > :soon)"""
_LISTS = """
SELECT count(*) AS n, min(due_at) AS next FROM (
  SELECT due_at FROM feed WHERE failures >= 2 AND due_at IS NOT NULL
  UNION ALL SELECT due_at FROM gap WHERE failures >= 2)"""
_QUESTIONS = "SELECT count(*) AS n, min(due_at) AS next FROM chore WHERE error IS NOT NULL AND attempts >= 2"


@dataclass(frozen=True, slots=True)
class LastWork:
    """The work that came in last, and when (ms UTC)."""

    ref: Ref
    title: str
    at: int


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in a line: when it last ran, what came of it, and when it runs next, in words."""

    name: str
    last: str
    result: str
    next: str
    is_paused: bool = False  # by itself


@dataclass(frozen=True, slots=True)
class Glance:
    """One screen. `asides`: what is not to be had, or waits for its next try, a line each with its cure.

    `free` bytes are left on the disk, and `lasts` says for how long; `how_long` the work at hand still takes.
    `was_whole`: the first mirror was made, so that `kept` counts all that is asked for. `sound`: whether the files
    are as they were stored, and since when that is known.
    """

    now: int
    headlines: tuple[Headline, ...]
    works: int
    files: MediaCounts
    came_in: CameIn
    requests: Requests
    jobs: tuple[JobLine, ...]
    asides: tuple[str, ...]
    last: LastWork | None
    next_at: int | None
    kept: Kept | None
    free: int | None
    lasts: str = ""
    how_long: str = ""
    was_whole: bool = True
    sound: str = ""
    all_paused: bool = False
    backup: str = ""

    @property
    def headline(self) -> Headline:
        return self.headlines[0]


def glance(
    conn: Connection,
    now: int,
    around: Around,
    planned: Mapping[str, Planned],
    *,
    has_web: bool = False,
    days: int = 0,
    zone: tzinfo | None = None,
) -> Glance:
    """Return the screen. `planned`: the jobs of the config, as whoever runs has them; `days`: of the scrub."""
    wrong, counts = troubles.known(conn, now), kept.known(conn)
    files = queue.counts(conn)
    jobs = queries.job_statuses(conn, now, planned)
    running = {job.name for job in around.jobs if job.running}
    pause = runs.pause_of_all(conn, now)
    return Glance(
        now=now,
        headlines=health.headlines(conn, now, around, wrong, zone),
        works=_works(conn),
        files=files,
        came_in=came_in(conn, now - DAY_MS, now),
        requests=queries.requests_today(conn, now),
        jobs=tuple(_job_line(job, now, around, job.name in running, pause, zone) for job in jobs if job.enabled),
        asides=tuple(_asides(conn, now, files, has_web, zone)),
        last=_last(conn, now),
        next_at=None if pause else min((job.next_run for job in jobs if job.next_run), default=None),
        kept=counts,
        free=around.free,
        lasts=_lasts(counts, around),
        how_long=kept_line(conn)[1] if around.works else "",
        was_whole=kept.was_whole(conn),
        sound=soundness(conn, now, days).says(now),
        all_paused=pause is not None,
        backup=backups.line(around.backups, now),
    )


def _works(conn: Connection) -> int:
    """Count all works: anew only when one has changed since this connection counted them, for it is a pass over
    an index of them.
    """
    seq = value(conn, _SEQ)
    known: tuple[Any, int] | None = conn.info.get(_WORKS)
    if known is None or known[0] != seq:
        conn.info[_WORKS] = known = seq, value(conn, _WORKS)
    return known[1]


def _lasts(counts: Kept | None, around: Around) -> str:
    """Say for how long the disk is enough, as it grows."""
    if counts is None or around.free is None or not counts.growth.per_day:
        return ""
    room = max(around.free - around.reserve, 0)
    grows = counts.growth
    return Disk(room, grows.per_day, room / grows.per_day, grows.history, holds_all=True).text()


def _last(conn: Connection, now: int) -> LastWork | None:
    found = row(conn, _LAST, now=now)
    return LastWork(Ref.of_work(found.work_key), found.title, found.first_seen) if found else None


def _job_line(
    job: JobStatus, now: int, around: Around, running: bool, pause: Pause | None, zone: tzinfo | None
) -> JobLine:
    last = "never" if job.last_run is None else as_of(job.last_run, now, zone)
    results = {None: "", "running": "runs now", "interrupted": "cut short", "done": _brought(job, now, zone)}
    result = (
        results.get(job.outcome, "failed, tried again") if job.failures < 3 else f"failed {job.failures} times"
    )
    if job.outcome == "running" and not around.works:
        result = "cut short"  # its process was killed, and nobody has looked since
    if job.paused:
        following = f"paused until {clock(job.paused_until, now, zone)}" if job.paused_until else "paused by you"
    elif pause is not None:
        following = f"all paused until {clock(pause.until, now, zone)}" if pause.until else "all paused"
    elif job.suspended:
        following = "waits for a login" if job.suspended == "login" else f"waits: {job.suspended}"
    elif running:
        following = "runs now"
    else:
        following = ahead(job.next_run, now, zone) if job.next_run else ""
    return JobLine(job.name, last, result, following, job.paused)


def _brought(job: JobStatus, now: int, zone: tzinfo | None) -> str:
    """Say how much the last run brought; where that was nothing, also what the last one that brought some did."""
    before = f" ({job.brought:,} {ago(job.brought_at, now, zone)})" if not job.new and job.brought_at else ""
    return f"{many(job.new, 'new', 'new')}{before}"


def _asides(conn: Connection, now: int, files: MediaCounts, has_web: bool, zone: tzinfo | None) -> Sequence[str]:
    found = []
    if files.damaged:
        due, they = value(conn, _DAMAGED), "it is" if files.damaged == 1 else "they are"
        again = f" (next asked {ahead(due, now, zone)})" if due and due > now else ""
        found.append(f"{many(files.damaged, 'file')} {FILES['damaged'].says}, kept as {they}{again}")
    if files.failed:
        found.append(f"{many(files.failed, 'file')} {FILES['failed'].says}: pixmirror retry --failed")
    if files.gone:
        found.append(f"{many(files.gone, 'file')} {FILES['gone'].says}: pixmirror retry --gone asks once more")
    if coming := losses.noted(conn).coming:
        again = "is asked for again" if coming == 1 else "are asked for again"
        found.append(f"{many(coming, 'file')} that verify found missing or bad {again}")
    if (hidden := queries.hidden_from_app(conn)) and not has_web:
        shows = "a web login shows it" if hidden == 1 else "a web login shows them"
        found.append(f"{many(hidden, 'work')} hidden from the app; {shows}: pixmirror help recover")
    for sql, one, more in (
        (_WAITING, "file", "files"),
        (_LISTS, "list that could not be read", "lists that could not be read"),
        (_QUESTIONS, "question to Pixiv that failed", "questions to Pixiv that failed"),
    ):
        waits = row(conn, sql, **({"soon": now + troubles.SOON_MS} if ":soon" in sql else {}))
        if waits.n:
            again = ahead(waits.next or now, now, zone)
            found.append(f"{many(waits.n, one, more)} {FILES['waiting'].says} ({again})")
    if unread := value(conn, "SELECT count(*) FROM broken"):
        found.append(f"{many(unread, 'answer')} could not be read, and kept raw: pixmirror status --full")
    return found


# --- in words


def screen(found: Glance, most_requests: int, most_bytes: int, zone: tzinfo | None = None) -> Screen:
    """Put the screen into words. `most_requests` and `most_bytes` are those of a day, 0: any number."""
    well, last, now = found.headline.kind == Kind.WELL, found.last, found.now
    return Screen(
        situations=[{"says": one.says, "do": list(one.do)} for one in found.headlines],
        is_well=well,
        last={"title": last.title, "when": ago(last.at, now, zone)} if well and last else None,
        next_look=ahead(found.next_at, now, zone) if well and found.next_at is not None else None,
        figures=[*_figures(found, most_requests, most_bytes, zone)],
        asides=list(found.asides),
        jobs=[(job.name, job.last, job.result, job.next) for job in found.jobs],
    )


def _figures(found: Glance, most_requests: int, most_bytes: int, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    files, counts, asked = found.files, found.kept, found.requests
    of_artists = f" of {many(counts.totals.artists, 'artist')}" if counts and counts.totals.artists else ""
    known = f"{many(found.works, 'work')}{of_artists} known"
    yield "Here", f"{many(files.stored, 'file')}, {size(files.bytes_stored)}; {known}"
    if counts is not None:
        yield "Complete", _complete(counts, found, zone)
        if counts.complete.kept:
            yield "Kept", f"{many(counts.complete.kept, 'work')} that Pixiv no longer shows"
    requests = f"{asked.api:,} of {most_requests:,} requests" if most_requests else many(asked.api, "request")
    came = f"{size(asked.image_bytes)} of files" if not most_bytes else size(asked.image_bytes)
    came += f" of {size(most_bytes)}" if most_bytes else ""
    yield "Today", f"{many(found.came_in.works, 'new work')}; {requests}, {came}"
    yield "Files", found.sound
    if found.backup:
        yield "Backup", found.backup
    if found.free is not None:
        told = f"{size(found.free)} free"
        yield "Disk", f"{told}: {found.lasts}" if found.lasts else told


def _complete(counts: Kept, found: Glance, zone: tzinfo | None) -> str:
    """Say how much of what is asked for is whole, and when the rest comes."""
    told = ", ".join(parts_of(counts.complete)) or "no list is read to its end yet"
    told = told if found.was_whole or counts.complete.is_complete else f"so far {told}"
    rest = f"; the rest in {found.how_long}" if found.how_long and not counts.complete.is_complete else ""
    age = max(found.now - counts.at, 0) // 1000
    when = f"as of {as_of(counts.at, found.now, zone)}" if found.was_whole or age >= 90 else f"as of {age} s ago"
    return f"{told} ({when}{'' if found.was_whole else '; coverage counts anew'}){rest}"
