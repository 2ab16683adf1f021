"""What belongs to nobody: emoji, stamps, articles, broadcasts, the app itself (pixiv.md 3.2 and 3.5)."""

from pixmirror.models import ApplicationInfo, Emoji, Listing, Live, Received, SpotlightArticle, Stamp
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import APPS, asked, one_of
from pixmirror.pixiv.literals import App, Filter, LiveList, SpotlightCategory
from pixmirror.pixiv.wire import Next


async def emoji(api: AppApi, *, next: Next = None) -> Listing[Emoji]:
    """The pictures that (words) in comments stand for. GET /v1/emoji, without a token. One page, about 40.

    Source: pixiv.md 3.5 and 9.
    """
    return await api.page("/v1/emoji", {}, "emoji_definitions", Emoji, next, login=False)


async def stamps(api: AppApi, *, next: Next = None) -> Listing[Stamp]:
    """The stamps that comments can be. GET /v1/stamps. One page, about 40. Source: pixiv.md 3.5."""
    return await api.page("/v1/stamps", {}, "stamps", Stamp, next)


async def application_info(api: AppApi, app: App = "ios") -> Received[ApplicationInfo]:
    """The newest app, and notices to its users. GET /v1/application-info/{ios|android}, without a token.

    A cheap way to see whether the API lives. Source: pixiv.md 3.5.
    """
    path = f"/v1/application-info/{one_of('app', app, APPS)}"
    return await api.one(path, {}, "application_info", ApplicationInfo, login=False)


async def spotlight_articles(
    api: AppApi,
    category: SpotlightCategory = "all",
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[SpotlightArticle]:
    """Articles of pixivision, newest first. GET /v1/spotlight/articles: category (all, illust, manga), offset.

    10 a page; offset cap 5000. The text of an article is only at its `article_url`. Source: pixiv.md 3.2,
    recorded v1-spotlight-articles.
    """
    params = asked(category=category, offset=offset, filter=filter)
    return await api.page("/v1/spotlight/articles", params, "spotlight_articles", SpotlightArticle, next)


async def live_list(
    api: AppApi,
    list_type: LiveList = "popular",
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Live]:
    """Broadcasts of pixiv Sketch that run now. GET /v1/live/list: list_type (popular, following), offset.

    Source: pixiv.md 3.5, recorded v1-live-list.
    """
    return await api.page(
        "/v1/live/list", asked(list_type=list_type, offset=offset, filter=filter), "lives", Live, next
    )
