"""How the mirror is, as a command sees it that reads the catalogue itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from pixmirror.catalogue.words import iso
from pixmirror.cli import formats
from pixmirror.cli.common import Session, now_ms, sentence
from pixmirror.daemon import credentials
from pixmirror.errors import DaemonBusy, ExitCode, PixmirrorError
from pixmirror.reports import health
from pixmirror.reports.around import around, planned
from pixmirror.reports.headline import Around, Headline, Kind, Planned
from pixmirror.reports.moments import clock
from pixmirror.reports.troubles import Trouble
from pixmirror.schedule import due_after
from pixmirror.store import kept_login

if TYPE_CHECKING:
    from pixmirror.catalogue.database import ReadOnly
    from pixmirror.reports.screen import Screen


def first_line(s: Session) -> Headline:
    """Return the situation that asks most of the user, as it is seen from here."""
    return situations(s)[0] if s.catalogue.exists() else not_begun(s)


def not_begun(s: Session) -> Headline:
    """Return the situation before the first sync, or what lets no catalogue be read."""
    s.refuse_lost()
    if kept_login.login(s.unlocked(), credentials.configured_token(s.config, s.env)) == "none":
        return Headline(
            Kind.NOT_LOGGED_IN, "Not begun: nobody is logged in.", ("Log in: pixmirror login",), ExitCode.LOGIN
        )
    return Headline(Kind.NOT_RUNNING, f"{health.NOTHING_YET}.", (health.BEGIN,), ExitCode.INCOMPLETE)


# --- what is seen from here


@dataclass(frozen=True, slots=True)
class Seen:
    """What a running pixmirror answers ({} where none runs), and what only this machine shows."""

    answer: Mapping[str, Any]
    around: Around
    planned: Mapping[str, Planned]


def _seen(s: Session, db: "ReadOnly") -> Seen:
    told: list[Trouble] = []
    answer: Mapping[str, Any] | None
    try:
        answer = {} if s.is_busy else s.ask("status", timeout=5)
    except DaemonBusy:
        answer = {}
    except PixmirrorError as error:
        answer, told = {}, [Trouble("login", "the running pixmirror", sentence(error))]
    seen = s.outside()
    found = db.read_sync(around, answer, seen, s.config.jobs, s.config.mirror.keep_free, due_after)
    return Seen(answer or {}, replace(found, told=[*told, *found.told]), planned(answer, s.config.jobs, {}))


def situations(s: Session) -> tuple[Headline, ...]:
    """Return every situation that holds, the first for the first line."""
    with s.reading() as db:
        return db.read_sync(health.situations, now_ms(), _seen(s, db).around)


def what_brings(s: Session) -> str:
    """Say what brings what is not here yet: the same in all commands."""
    with s.reading() as db:
        return db.read_sync(health.brings, now_ms(), _seen(s, db).around)


# --- short


def look(s: Session) -> "Screen":
    """Return the screen, with what only the running pixmirror, or this machine, knows."""
    from pixmirror.reports import glance

    now, p = now_ms(), s.config.pixiv
    with s.reading() as db:
        seen = _seen(s, db)
        days = s.config.scrub.days
        found = db.read_sync(glance.glance, now, seen.around, seen.planned, has_web=s.has_web, days=days)
    return glance.screen(found, p.requests_per_day, p.image_bytes_per_day)


# --- full, and for scripts


def read_status(s: Session) -> dict[str, Any]:
    """Return all of it: what `status --json` prints."""
    from pixmirror.daemon.estimates import what_is_left
    from pixmirror.reports import backups, kept, queries
    from pixmirror.reports.soundness import soundness

    now = now_ms()
    with s.reading() as db:
        seen = _seen(s, db)
        pace = queries.Pace(**_pace(seen.answer))
        told = [one for one in seen.around.told if not (one.cause == "storage" and not seen.around.daemon)]
        told += _of_this_machine(seen.around)
        left = db.read_sync(what_is_left, now, s.config)
        state = db.read_sync(queries.status, now, jobs=seen.planned, pace=pace, told=told, hours_left=left.hours)
        found = state.as_dict()
        counted = db.read_sync(kept.known)
        proved = db.read_sync(soundness, now, s.config.scrub.days)
        heads = db.read_sync(health.headlines, now, seen.around, state.troubles, UTC)
    if not seen.around.works:
        for job in found["jobs"]:  # its process was killed, and nobody has looked since
            job["outcome"] = "interrupted" if job["outcome"] == "running" else job["outcome"]
    found["problems"] += [f"{one.says} {' '.join(one.do)}".strip() for one in heads if one.kind in _UNTOLD]
    found["healthy"] = not found["problems"]
    found["estimate"] = left.as_dict()
    found["headline"] = heads[0].as_dict()
    found["situations"] = [one.as_dict() for one in heads]
    who = seen.around.holder
    found["holder"] = who and {"process": who.process, "since": iso(who.since or None), "what": who.what}
    found["soundness"] = {"says": proved.says(now), **proved.as_dict()}
    found["backups"] = backups.as_data(seen.around.backups)
    found["counted"] = counted and counted.as_dict()
    found["running"] = seen.around.daemon
    found["running_jobs"] = [job.name for job in seen.around.jobs if job.running]
    return found


# Of these situations no trouble tells.
_UNTOLD = (Kind.NOT_RUNNING, Kind.OVERDUE, Kind.NO_JOBS, Kind.LOGIN_UNTRIED)


def _of_this_machine(around: Around) -> list[Trouble]:
    if around.media_away:
        says = f"The media folder {around.media} is not there"
        return [Trouble("storage", "the media folder", says, "Mount it; nothing was lost", error="StorageAbsent")]
    if around.free is not None and around.free < around.reserve:
        says = f"{formats.size(around.free)} are free; {formats.size(around.reserve)} are kept free"
        return [Trouble("storage", "disk", says, "Free some space or lower mirror.keep_free", error="DiskFull")]
    return []


def _pace(running: Mapping[str, Any]) -> dict[str, Any]:
    known = ("requests_per_hour", "files_per_hour", "bytes_per_hour")
    pace = {key: value for key, value in (running.get("pace") or {}).items() if key in known}
    notes = []
    for host, blocked in (running.get("blocked") or {}).items():
        if blocked and not blocked[1].startswith("cooling"):  # which the troubles tell
            until = f"until {clock(blocked[0], now_ms())}" if blocked[0] else "until resumed"
            notes.append(f"{'Requests to the API' if host == 'api' else 'Files'} wait {until}: {blocked[1]}.")
    return pace | ({"note": " ".join(notes)} if notes else {})
