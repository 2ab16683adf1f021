"""How the mirror is, as seen from the gallery: what its daemon answers, what this machine shows."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from pixmirror import control
from pixmirror.catalogue.runs import JobState
from pixmirror.config import read_refresh_token
from pixmirror.errors import PixmirrorError
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.place import Gallery, gallery
from pixmirror.models import from_ms, to_ms
from pixmirror.models.jobs import JobConfig
from pixmirror.reports.glance import Glance, glance
from pixmirror.reports.headline import Around, Job, Login
from pixmirror.reports.queries import Planned
from pixmirror.reports.standing import standing
from pixmirror.reports.troubles import Trouble
from pixmirror.schedule import When
from pixmirror.store.start import Holder, holder

PATIENCE_S = 3.0
BEGUN_S = 0.5  # what a command says against is said at once; the work that it begins may take hours
CREDENTIALS = "credentials.json"
NOT_RUNNING = "The mirror is not running. You can look at everything."
BUSY = "It is busy; this will be done next."
OLDER = "It is older than this page: restart it."


@dataclass(frozen=True, slots=True)
class Seen:
    """The screen of `status`, and how large the disk is. `says`: why nothing can be asked of the daemon; or ""."""

    glance: Glance
    around: Around
    says: str
    disk: int | None

    @property
    def runs(self) -> bool:
        """Return whether buttons do anything."""
        return self.around.daemon


async def seen(here: Gallery) -> Seen:
    """Look how the mirror is. NoMirror before its first sync."""
    now, shelves = here.clock.now(), here.shelves
    answer = await _status(here)
    known = await shelves.read(standing)
    who = None if answer is not None else holder(here.root)
    running = answer or {}
    jobs: Mapping[str, Any] = running.get("jobs") or {}
    told = [Trouble(**one) for one in running.get("troubles", ())] if answer is not None else [*known.told]
    away, free, disk = _place(here)
    enabled = [
        Job(
            name=job.name,
            kind=job.kind,
            every=job.every,
            due=_due(job, known.jobs.get(job.name)),
            running=bool((jobs.get(job.name) or {}).get("running")),
            known=answer is None or not jobs or job.name in jobs,
        )
        for job in here.config.jobs
        if job.enabled
    ]
    around = Around(
        daemon=answer is not None,
        holder=who,
        jobs=enabled,
        told=[*told, *known.refused],
        login="known" if answer is not None else _login(here),
        login_at=_written(here),
        free=free,
        reserve=here.config.mirror.keep_free,
        media=str(here.media),
        media_away=away,
        blocked=running.get("blocked") or {},
        progress=known.progress,
    )
    due = {job.name: job.due for job in enabled}
    planned = {
        job.name: Planned(
            job.kind,
            (jobs.get(job.name) or {}).get("next_run") if answer is not None else due.get(job.name),
            job.enabled,
        )
        for job in here.config.jobs
    }
    has_web = here.config.pixiv.phpsessid is not None or here.config.pixiv.phpsessid_file.exists()
    screen = await shelves.read(glance, now, around, planned, has_web=has_web)
    here.problems = sum(len(one.do) or 1 for one in screen.headlines if one.code)
    return Seen(screen, around, "" if answer is not None else _why(who), disk)


async def first_look(here: Gallery) -> tuple[Login, bool, int | None]:
    """Return whether there is a login, whether the daemon answers, and how many bytes are free."""
    answer = await _status(here)
    return _login(here) if answer is None else "known", answer is not None, _place(here)[1]


async def do(request: Request, asked: Mapping[str, Any], *, is_long: bool = False) -> dict[str, Any]:
    """Have the daemon do what a command does. Refused, in its own sentence, where it cannot or does not want to.

    `is_long`: it answers only when all is done, which is not waited for: {} then says that it has begun.
    """
    here = gallery(request)
    if is_long and await _status(here) is None:
        raise Refused(_why(holder(here.root)), 503)
    answer = await control.ask(here.root, here.env, asked, BEGUN_S if is_long else 10)
    if answer is None:
        if is_long:
            return {}
        raise Refused(_why(holder(here.root)), 503)
    if not answer.get("ok", False):
        error = str(answer.get("error") or "It does not say why it will not.")
        raise Refused(OLDER if error.startswith("Unknown command") else error, 409)
    return answer


def _why(who: Holder | None) -> str:
    return BUSY if who is not None and who.what == "run" else NOT_RUNNING


async def _status(here: Gallery) -> dict[str, Any] | None:
    try:
        answer = await control.ask(here.root, here.env, {"command": "status"}, PATIENCE_S)
    except PixmirrorError:
        return None
    return answer if answer is not None and answer.get("ok") else None


def _login(here: Gallery) -> Login:
    """Look whether there is a login, and whether it was ever used."""
    if (here.root / CREDENTIALS).exists():
        return "known"
    try:
        return "none" if read_refresh_token(here.config, here.env) is None else "untried"
    except PixmirrorError:
        return "known"  # it is there, and not for the gallery to read


def _written(here: Gallery) -> int:
    try:
        return int((here.root / CREDENTIALS).stat().st_mtime * 1000)
    except OSError:
        return 0


def _place(here: Gallery) -> tuple[bool, int | None, int | None]:
    """Return whether the media folder is away, how many bytes its disk still takes, and how many it has."""
    try:
        disk = os.statvfs(here.media)
    except PermissionError:
        return False, None, None
    except OSError:
        return here.has_mirror(), None, None
    return False, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


def _due(job: JobConfig, state: JobState | None) -> int | None:
    """Return when the job is due after its last run; None if it never ran."""
    last_done = state.last_done_at if state else None
    if last_done is None or not job.cron:
        return last_done and last_done + 1000 * (job.every or 3600)
    moment = When(job.name, cron=job.cron, timezone=job.timezone).next(from_ms(last_done))
    return None if moment is None else to_ms(moment)
