"""How the mirror is, as seen from the gallery: what its daemon answers, what this machine shows."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from pixmirror import control
from pixmirror.config import has_web_login, read_refresh_token
from pixmirror.errors import DaemonBusy, DaemonOlder, DaemonRefused, PixmirrorError
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.place import Gallery, gallery
from pixmirror.gallery.rereading import reread
from pixmirror.reports.around import around, planned
from pixmirror.reports.glance import Glance, glance
from pixmirror.reports.headline import Around
from pixmirror.schedule import due_after
from pixmirror.store import outside
from pixmirror.store.outside import Outside

PATIENCE_S = 3.0
ANSWERS_S = 10.0
BEGUN_S = 0.5  # what a command says against is said at once; the work that it begins may take hours
NOT_RUNNING = "The mirror is not running. You can look at everything."
START_IT = "Start it with `pixmirror run`, then try again."
STARTING = "The mirror is just starting, or stopping. You can look at everything."
IS_BUSY = "It is busy, and does not say how far it is."
BUSY = "It is busy; this will be done next."
OLDER = "It is older than this page: restart it."


@dataclass(frozen=True, slots=True)
class Seen:
    """The screen of `status`, and how large the disk is. `says`: why the daemon does not answer; or ""."""

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
    answer, machine = await _status(here), await _outside(here)
    config = here.config  # as it is after the daemon was asked
    found = await shelves.read(around, answer, machine, config.jobs, config.mirror.keep_free, due_after)
    when = planned(answer, config.jobs, {job.name: job.due for job in found.jobs})
    screen = await shelves.read(glance, now, found, when, has_web=has_web(here))
    here.problems = sum(len(one.do) or 1 for one in screen.headlines if one.code)
    says = ("" if answer else IS_BUSY) if answer is not None else _why(machine)
    return Seen(screen, found, says, machine.room.disk)


def has_web(here: Gallery) -> bool:
    """Return whether a login at www.pixiv.net is configured."""
    return has_web_login(here.config, here.env)


async def first_look(here: Gallery) -> tuple[Outside, bool]:
    """Return what is seen of the mirror from outside, and whether the daemon answers."""
    answer, machine = await _status(here), await _outside(here)
    return machine, answer is not None


async def do(
    request: Request, asked: Mapping[str, Any], *, is_long: bool = False, wait_s: float = 0
) -> dict[str, Any]:
    """Have the daemon do what a command does. Refused, in its own sentence, where it cannot or does not want to.

    `is_long`: it answers only when all is done, which is not waited for: {} then says that it has begun. `wait_s`:
    how long it may take if not as long as usual.
    """
    here = gallery(request)
    try:
        answer = control.accepted(
            await control.ask(here.root, here.env, asked, BEGUN_S if is_long else wait_s or ANSWERS_S)
        )
    except DaemonBusy as error:
        if is_long:
            return {}
        raise Refused(BUSY, 503) from error
    except DaemonOlder as error:
        raise Refused(OLDER, 409) from error
    except DaemonRefused as error:
        raise Refused(str(error), 409) from error
    if answer is None:
        why = _why(await _outside(here))
        raise Refused(f"{why} {START_IT}" if why == NOT_RUNNING else why, 503)
    return answer


def _why(machine: Outside) -> str:
    return STARTING if machine.holder is not None and machine.holder.what == "run" else NOT_RUNNING


async def _status(here: Gallery) -> dict[str, Any] | None:
    """Return what the daemon says of itself; None where none runs, {} where one is busy."""
    try:
        found = control.accepted(await control.ask(here.root, here.env, {"command": "status"}, PATIENCE_S))
    except DaemonBusy:
        return {}
    except PixmirrorError:
        return None
    if found is not None and found.get("config_read_at", 0) > here.read_at:
        await reread(here)
    return found


async def _outside(here: Gallery) -> Outside:
    """Look at the mirror from outside, in a thread: a disk of the network may not answer."""
    configured, is_ours = None, True
    try:
        secret = read_refresh_token(here.config, here.env)
        configured = secret.get_secret_value() if secret else None
    except PixmirrorError:
        is_ours = False  # it is there, and not for the gallery to read
    found = await asyncio.to_thread(lambda: outside.look(outside.unlocked(here.root, here.media), configured))
    return found if is_ours else replace(found, login="known")
