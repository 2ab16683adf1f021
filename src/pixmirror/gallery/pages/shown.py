"""/mirror/settings/shown, /mirror/settings/colours: how pages show R-18 works and AI-made ones; light or dark."""

from functools import partial
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery.words import put_settings
from pixmirror.gallery.answers import back_to, done
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.place import writer
from pixmirror.reports.filters import Shown

SETTINGS = ("rating", "ai")  # as reports/grid.py reads them
CHOICES = get_args(Shown)
COLOURS = ("", "light", "dark")
YEAR_S = 365 * 86400


async def keep(request: Request) -> Response:
    """Show, veil or hide R-18 works by `rating`, and AI-made ones by `ai`."""
    form = await request.form()
    given = {name: form.get(name) for name in SETTINGS}
    for name, choice in given.items():
        if choice not in CHOICES:
            raise Refused(f"{name} takes {', '.join(CHOICES[:-1])} or {CHOICES[-1]}.")
    values = {name: None if choice == "show" else str(choice) for name, choice in given.items()}
    had = await writer(request).run(put_settings, values)
    return done(request, "/mirror/settings#shown", "Kept. All pages follow.", partial(put_settings, values=had))


async def colour(request: Request) -> Response:
    """Show this browser all pages in light or dark, or "" as its system is: what look.js does at once."""
    theme = (await request.form()).get("theme")
    if theme not in COLOURS:
        raise Refused("theme takes light or dark, or nothing to follow the system.")
    answer = back_to("/mirror/settings")
    answer.set_cookie("theme", str(theme), max_age=YEAR_S if theme else 0, path="/", samesite="strict")
    return answer


routes: list[BaseRoute] = [
    Route("/mirror/settings/shown", keep, methods=["POST"]),
    Route("/mirror/settings/colours", colour, methods=["POST"]),
]
