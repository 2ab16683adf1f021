"""Rankings (document 001, Ranking; pixiv.md 8)."""

from collections.abc import Mapping
from datetime import date

from pixmirror.models import Illust, Listing
from pixmirror.pixiv.enums import one_of
from pixmirror.pixiv.web import bodies, params
from pixmirror.pixiv.web.api import WebApi, listed
from pixmirror.pixiv.web.literals import RankingContent, RankingMode
from pixmirror.pixiv.web.reading import one
from pixmirror.pixiv.wire import Next, Param

PATH = "/ranking.php"


async def ranking(
    api: WebApi,
    mode: RankingMode = "daily",
    date: date | str | None = None,
    content: RankingContent = "all",
    p: int = 1,
    *,
    next: Next = None,
) -> Listing[Illust]:
    """A ranking, best first. GET /ranking.php: format=json, mode (daily, weekly, monthly, male, female, rookie,
    original, daily_r18, weekly_r18, male_r18, female_r18; also daily_ai, daily_r18_ai, r18g), date (yyyymmdd;
    None: the newest), content (all, illust, ugoira, manga), p.

    50 a page, to 500 or 100; NotFound past the end and for a day without one. R-18 modes need a login.
    `item.web.rank` is the rank; `head` has date, prev_date, next_date and rank_total. Not every mode is there for
    every content. Source: 001, recorded ranking.
    """
    one_of("mode", mode, params.RANKING_MODES)
    asked: Mapping[str, Param] = next or {
        "format": "json",
        "mode": mode,
        "date": params.ranking_day(date),
        "content": params.ranking_content(mode, content),
        "p": params.page(p),
    }
    payload = await api.get(PATH, asked, login=mode in params.LOGIN_MODES, enveloped=False)
    got = one(payload, bodies.Ranking, PATH)
    after = got.item.next
    more = None if isinstance(after, bool) else {**asked, "p": int(after), "date": got.item.date}
    return listed(PATH, got, got.item.contents, "contents", more)
