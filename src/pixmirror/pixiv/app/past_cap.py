"""A search read past its cap of 5000, window after window of dates (pixiv.md 3.1)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from pixmirror.errors import OffsetCap, WrongValue
from pixmirror.models import JST, Listing, Medium, Received
from pixmirror.pixiv.app import search
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import day, one_of
from pixmirror.pixiv.literals import SortByDate
from pixmirror.pixiv.paging import pages

Search = Callable[..., Awaitable[Listing[Any]]]
SEARCHES: Mapping[str, Search] = {"illust": search.illusts, "novel": search.novels}
EDGES = {"date_desc": ("end_date", 1), "date_asc": ("start_date", -1)}


async def past_cap(
    api: AppApi, medium: Medium, word: str, sort: SortByDate = "date_desc", **options: Any
) -> AsyncIterator[Received[Any]]:
    """Yield every work that a search finds, also past 5000: `async for work in past_cap(api, "illust", "風景")`.

    `options` are those of search.illusts or search.novels. At the cap the search begins anew at the date of the
    last work; what comes twice is dropped. `sort` is date_desc or date_asc: by popularity there are no windows.
    More than 5000 works of one day cannot be read this way: OffsetCap, whose text says how to go on beyond it.
    Source: pixiv.md 3.1 (as gallery-dl does it).
    """
    function = SEARCHES[one_of("medium", medium, tuple(SEARCHES))]
    edge, step = EDGES[one_of("sort", sort, tuple(EDGES))]
    if given := [name for name in ("offset", "next") if options.get(name)]:
        raise WrongValue(f"{given[0]} is not for a search past its cap: it starts at the first work of its dates.")
    seen: set[int] = set()
    while True:
        last: date | None = None
        try:
            async for page in pages(partial(function, api, word, sort=sort, **options)):
                last = _last_day(page) or last
                for received in page.items:
                    if received.item.id not in seen:
                        seen.add(received.item.id)
                        yield received
        except OffsetCap as exc:
            if last is None:
                raise
            window = _narrower(last, day(edge, options.get(edge)), step)
            if window is None:
                beyond = (last - timedelta(days=step)).isoformat()
                raise OffsetCap(
                    f"More than 5000 works of {last} match, and dates cannot part them. Go on beyond that day "
                    f"with {edge}={beyond!r}, or ask for less."
                ) from exc
            options[edge] = window
        else:
            return


def _narrower(last: date, now: str | None, step: int) -> str | None:
    """The next edge of the window: the last day with a day to spare, as nobody says whose midnight counts; without
    it where that would be the same window again; None where there is none.
    """
    for window in ((last + timedelta(days=step)).isoformat(), last.isoformat()):
        if now is None or (window < now if step > 0 else window > now):
            return window
    return None


def _last_day(page: Listing[Any]) -> date | None:
    days = [work.create_date.astimezone(JST).date() for work in page if work.create_date and not work.is_stub]
    return days[-1] if days else None
