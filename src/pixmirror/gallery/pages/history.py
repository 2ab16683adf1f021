"""/history: what was looked at, by day; forgotten by one look, by day, or whole; switched off."""

from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.catalogue.gallery import own
from pixmirror.catalogue.gallery.removed import Removed, put_back
from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.catalogue.words import many
from pixmirror.gallery import asked
from pixmirror.gallery.answers import back_to, done, page
from pixmirror.gallery.asked import NotHere, Refused
from pixmirror.gallery.place import shelves, writer
from pixmirror.models import from_ms, to_ms
from pixmirror.reports.looked import END, looked

PATH = "/history"


async def history(request: Request) -> Response:
    """Show what was looked at before the look `before`."""
    before = asked.pair(request, "before")
    found = await shelves(request).read(looked, *(before or (END, 0)))
    days = [(day, tuple(visits)) for day, visits in groupby(found.visits, lambda one: _day(one.at).isoformat())]
    return page(request, "history.html", found=found, days=days, before=before)


async def forget(request: Request) -> Response:
    """Forget one look by its `id`, a `day`, or with `all` everything, which is asked first and is for good."""
    form = await request.form()
    if "all" in form:
        if form.get("all") != "sure":
            return page(request, "history_forget.html")
        await writer(request).run(own.drop_history, seen_too="seen" in form)
        return done(request, PATH, "Your history is forgotten.")
    removed: Removed = (
        await writer(request).run(own.drop_visits, *_of_day(form.get("day")))
        if "day" in form
        else await writer(request).run(own.drop_visit, asked.whole(form.get("id"), "id"))
    )
    if not removed:
        raise NotHere("That is forgotten already.")
    says = f"{many(len(removed), 'look')} forgotten."
    return done(request, asked.came_from(request), says, partial(put_back, removed=removed))


async def switch(request: Request) -> Response:
    """Note looks or not, as `to` says: on, off."""
    to = (await request.form()).get("to")
    if to not in ("on", "off"):
        raise Refused("to takes on or off.")
    await writer(request).run(put_setting, own.HISTORY, "off" if to == "off" else None)
    return back_to(PATH)


def _day(at: int) -> date:
    """Return the day of a moment where this machine is."""
    return from_ms(at).astimezone().date()


def _of_day(given: object) -> tuple[int, int]:
    """Return when a day begins and ends where this machine is."""
    try:
        day = date.fromisoformat(str(given))
        begin, end = (datetime.combine(one, time()).astimezone() for one in (day, day + timedelta(days=1)))
        return to_ms(begin), to_ms(end)
    except (ValueError, OverflowError, OSError):
        raise Refused("day takes a day, as 2026-11-15.") from None


routes: list[BaseRoute] = [
    Route(PATH, history),
    Route(PATH + "/forget", forget, methods=["POST"]),
    Route(PATH + "/switch", switch, methods=["POST"]),
]
