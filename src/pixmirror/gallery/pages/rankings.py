"""/rankings: a month of days by first places, in each mode that is here; one day with its movements."""

import re
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pixmirror.gallery import asked
from pixmirror.gallery.answers import page
from pixmirror.gallery.asked import NotHere, Refused
from pixmirror.gallery.place import shelves
from pixmirror.reports import rankings as questions
from pixmirror.reports.rankings import Mode

_MONTH = re.compile(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])", re.ASCII)


async def rankings(request: Request) -> Response:
    """Show a month of a ranking, or with `day` that day."""
    known = await shelves(request).read(questions.modes)
    if not known:
        return page(request, "rankings.html", found=None)
    mode = _mode(request, known)
    if "day" in request.query_params:
        return await _day(request, known, mode)
    month = asked.words(request, "month")
    if month and _MONTH.fullmatch(month) is None:
        raise Refused("month takes a month, like 2026-11.")
    found = await shelves(request).read(questions.month, mode, month or None)
    return page(request, "rankings.html", modes=known, found=found)


async def _day(request: Request, known: tuple[Mode, ...], mode: Mode) -> Response:
    try:
        day = date.fromisoformat(asked.words(request, "day"))
    except ValueError:
        raise Refused("day takes a day, like 2026-11-15.") from None
    if day.year < 2000:
        raise NotHere("Pixiv had no rankings then.")
    after = asked.number(request, "after", 0)
    found = await shelves(request).read(questions.ranked, mode, day, after)
    if found is None:
        raise NotHere("The ranking of this day is not in this mirror.")
    return page(request, "ranking.html", modes=known, found=found, after=after)


def _mode(request: Request, known: tuple[Mode, ...]) -> Mode:
    """Return the ranking that is asked for, the first one where none is named."""
    medium, mode = asked.words(request, "medium") or "illust", asked.words(request, "mode")
    if not mode and "medium" not in request.query_params:
        return known[0]
    for one in known:
        if one.medium == medium and one.mode == (mode or one.mode):
            return one
    raise NotHere("No job of this mirror reads this ranking.")


routes: list[BaseRoute] = [Route("/rankings", rankings)]
