"""/start: the first steps, each with the one thing to do next: log in, choose jobs, see the first picture."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.answers import back_to, page
from pixmirror.gallery.around import do, first_look
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.costs import cost_of
from pixmirror.gallery.place import Gallery, gallery
from pixmirror.gallery.rereading import reread
from pixmirror.reports.filters import Defaults
from pixmirror.reports.home import first_tiles
from pixmirror.sync.kinds import KINDS

CHOICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "following": ("All works of the artists you follow", 'kind = "following"\nevery = "30m"\n'),
        "bookmarks": ("Your bookmarks", 'kind = "bookmarks"\nevery = "1h"\n'),
        "daily": (
            "The daily ranking, 100 works a day",
            'kind = "ranking"\nmodes = ["day"]\ntop = 100\ncron = "30 12 * * *"\ntimezone = "Asia/Tokyo"\n',
        ),
    }
)
USUAL = ("following", "bookmarks")


@dataclass(frozen=True, slots=True)
class Choice:
    """A job that may be chosen, and what it costs."""

    name: str
    what: str
    cost: str
    is_chosen: bool


async def _choices(request: Request, here: Gallery) -> tuple[list[Choice], str]:
    """Return the jobs that may be chosen, and the lines of those that are."""
    asked_for = request.query_params.getlist("job")
    chosen = [name for name in CHOICES if name in (asked_for or USUAL)]
    tables = {name: f'[[jobs]]\nname = "{name}"\n{lines}' for name, (_, lines) in CHOICES.items()}
    found = []
    for name, (what, _) in CHOICES.items():
        table = tomllib.loads(tables[name])["jobs"][0]
        cost = await cost_of(here, KINDS[table["kind"]].config.model_validate(table))
        found.append(Choice(name, what, cost, name in chosen))
    return found, "\n".join(tables[name] for name in chosen)


async def start(request: Request) -> Response:
    """Show the first steps; what is done stays in the list, with a tick."""
    here = gallery(request)
    machine, runs = await first_look(here)
    first, usual = await here.shelves.read(first_tiles) if here.has_mirror() else ([], Defaults())
    jobs = [job.name for job in here.config.jobs if job.enabled]
    choices, lines = ([], "") if jobs else await _choices(request, here)
    return page(
        request, "start.html", root=str(here.root), login="known" if runs else machine.login, jobs=jobs,
        runs=runs, free=machine.room.free, first=first, usual=usual,
        lines=lines, choices=choices,
    )  # fmt: skip


async def reload(request: Request) -> Response:
    """Read the config file again, and have the daemon do so where one runs."""
    here = gallery(request)
    _, runs = await first_look(here)
    if runs:
        await do(request, {"command": "reload"})
    await reread(here)
    if here.runs_with:
        raise Refused(here.runs_with, 409)
    return back_to("/start")


routes: list[BaseRoute] = [Route("/start", start), Route("/start/reload", reload, methods=["POST"])]
