"""What is new for us: followed artists, mypixiv, watch lists, the top page, discovery (document 001)."""

from collections.abc import Mapping
from typing import Any

from pixmirror.models import Illust, Listing, Live, Novel, Received, SeriesDetail, UserDetail
from pixmirror.pixiv.enums import one_of
from pixmirror.pixiv.web import bodies, composed, params
from pixmirror.pixiv.web.api import WebApi, listed, whole
from pixmirror.pixiv.web.literals import Mode, WatchedMedium
from pixmirror.pixiv.web.models import WebSeries, WebUser
from pixmirror.pixiv.wire import Next, Param


async def top(api: WebApi, mode: Mode = "all") -> Received[composed.Top]:
    """The top page: new from followed artists, ranking, recommended, trending. GET /ajax/top/illust: mode (all,
    safe, r18).

    `item.page` names by id what `item.thumbnails` holds. Needs a login. Source: 001, recorded top-illust.
    """
    return await api.body("/ajax/top/illust", {"mode": params.mode(mode)}, composed.Top, login=True)


async def follow_illust(api: WebApi, mode: Mode = "all", p: int = 1, *, next: Next = None) -> Listing[Illust]:
    """New works of followed artists. GET /ajax/follow_latest/illust: mode (all, safe, r18), p.

    60 a page, about 34 pages, then the last one repeats: `web.paging` stops there. Muted works are in
    `head["page"]["ids"]` alone. Needs a login. Source: 001, recorded follow_latest-illust.
    """
    return await _feed(
        api, "follow_latest/illust", "illust", {"mode": params.mode(mode), "p": params.page(p)}, next
    )


async def follow_novel(api: WebApi, mode: Mode = "all", p: int = 1, *, next: Next = None) -> Listing[Novel]:
    """The same for novels. GET /ajax/follow_latest/novel: mode, p. Source: pixiv.md 4.4."""
    return await _feed(api, "follow_latest/novel", "novel", {"mode": params.mode(mode), "p": params.page(p)}, next)


async def mypixiv_illust(api: WebApi, p: int = 1, *, next: Next = None) -> Listing[Illust]:
    """New works of mypixiv. GET /ajax/mypixiv_latest/illust: p. Source: 001, recorded mypixiv_latest-illust."""
    return await _feed(api, "mypixiv_latest/illust", "illust", {"p": params.page(p)}, next)


async def mypixiv_novel(api: WebApi, p: int = 1, *, next: Next = None) -> Listing[Novel]:
    """The same for novels. GET /ajax/mypixiv_latest/novel: p. Source: pixiv.md 4.4."""
    return await _feed(api, "mypixiv_latest/novel", "novel", {"p": params.page(p)}, next)


async def watch_list(
    api: WebApi, medium: WatchedMedium = "manga", p: int = 1, *, next: Next = None
) -> Listing[SeriesDetail]:
    """Series that we watch. GET /ajax/watch_list/manga or .../novel: p.

    Of a series that the answer only names there is the id. Needs a login. Source: 001, recorded watch_list-manga.
    """
    path = f"/ajax/watch_list/{one_of('medium', medium, ('manga', 'novel'))}"
    asked: Mapping[str, Param] = next or {"p": params.page(p)}
    got = await api.body(path, asked, composed.WatchList, login=True)
    page, series = got.item.page, got.item.thumbnails.novel_series if medium == "novel" else got.item.illust_series
    rows = params.named(series, page.watched_series_ids, "id", WebSeries)
    more = params.next_page(asked, more=params.number(asked, "p") < (page.max_page or 1))
    return whole(path, got, rows, more)


async def live(api: WebApi) -> Listing[Live]:
    """Followed users who stream. GET /ajax/sketch/live/following. Source: 001, recorded sketch-live-following."""
    path = "/ajax/sketch/live/following"
    got = await api.body(path, None, bodies.Lives, login=True, bare="lives")
    return listed(path, got, got.item.lives, "lives", None)


async def discovery_artworks(api: WebApi, mode: Mode = "all", limit: int = 60) -> Listing[Illust]:
    """Works for us, others each time. GET /ajax/discovery/artworks: mode (all, safe, r18), limit (1 to 100).

    One page; `head["recommendedIllusts"]` says why each is shown. Source: 001, recorded discovery-artworks.
    """
    path = "/ajax/discovery/artworks"
    asked: dict[str, Param] = {"mode": params.mode(mode), "limit": params.limit(limit)}
    got = await api.body(path, asked, composed.DiscoveredArtworks, login=True)
    ids = [found.illust_id for found in got.item.recommended_illusts]
    return whole(path, got, params.ordered(got.item.thumbnails.illust, ids), None)


async def discovery_users(api: WebApi, limit: int = 20) -> Listing[UserDetail]:
    """Users for us. GET /ajax/discovery/users: limit (1 to 100).

    One page; `head["recommendedUsers"]` names works of each. Source: 001, recorded discovery-users.
    """
    path = "/ajax/discovery/users"
    got = await api.body(path, {"limit": params.limit(limit)}, composed.DiscoveredUsers, login=True)
    ids = [found.user_id for found in got.item.recommended_users]
    return whole(path, got, params.named(got.item.users, ids, "userId", WebUser), None)


async def discovery_artworks_meta(api: WebApi, mode: Mode = "all") -> Received[composed.Meta]:
    """The title of that page. GET /ajax/discovery/artworks/meta: mode. Source: 001, recorded
    discovery-artworks-meta.
    """
    return await api.body("/ajax/discovery/artworks/meta", {"mode": params.mode(mode)}, composed.Meta, login=True)


async def discovery_users_meta(api: WebApi) -> Received[composed.Meta]:
    """The title of that page. GET /ajax/discovery/users/meta. Source: 001, recorded discovery-users-meta."""
    return await api.body("/ajax/discovery/users/meta", None, composed.Meta, login=True)


async def _feed(api: WebApi, where: str, kind: str, params_: Mapping[str, Param], next: Next) -> Listing[Any]:
    asked = next or params_
    path = f"/ajax/{where}"
    got = await api.body(path, asked, composed.Feed, login=True)
    page = got.item.page
    rows: Any = getattr(got.item.thumbnails, kind)
    over = page.is_last_page or not page.ids
    more = params.next_page(asked, more=not over)
    return listed(path, got, params.ordered(rows, page.ids), f"thumbnails.{kind}", more)
