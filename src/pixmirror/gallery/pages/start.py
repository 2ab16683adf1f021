"""/start: the first steps, each with the one thing to do next: log in, choose jobs, see the first picture."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.answers import back_to, page
from pixmirror.gallery.around import do, first_look
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.place import gallery
from pixmirror.gallery.rereading import reread
from pixmirror.reports.home import first_tiles

LINES = """[[jobs]]
name = "following"
kind = "following"
every = "30m"

[[jobs]]
name = "bookmarks"
kind = "bookmarks"
every = "1h"
"""


async def start(request: Request) -> Response:
    """Show the first steps; what is done stays in the list, with a tick."""
    here = gallery(request)
    machine, runs = await first_look(here)
    first = await here.shelves.read(first_tiles) if here.has_mirror() else []
    jobs = [job.name for job in here.config.jobs if job.enabled]
    return page(
        request, "start.html", root=str(here.root), login="known" if runs else machine.login, jobs=jobs,
        runs=runs, free=machine.room.free, first=first,
        lines=LINES,
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
