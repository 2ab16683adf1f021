"""/: how the mirror is, what came in, what needs the user, what is next, what survives only here."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery.answers import page
from pixmirror.gallery.around import seen
from pixmirror.gallery.live import news_of
from pixmirror.gallery.place import gallery
from pixmirror.reports.home import home as lists
from pixmirror.reports.home import is_empty


async def home(request: Request) -> Response:
    """Show the first page; an empty mirror is led to the first steps."""
    here = gallery(request)
    if not here.has_mirror() or await here.shelves.read(is_empty):
        return RedirectResponse("/start", 303)
    now = here.clock.now()
    look = await seen(here)
    found = await here.shelves.read(lists, now)
    return page(
        request, "home.html", seen=look, glance=look.glance, home=found, pixiv=here.config.pixiv, now=now,
        news=news_of(look, here.problems),
    )  # fmt: skip


routes: list[BaseRoute] = [Route("/", home)]
