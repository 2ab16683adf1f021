"""Illusts, manga and ugoira (document 001, Artworks and New artworks; pixiv.md 4.2)."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pixmirror.errors import BadResponse
from pixmirror.models import Illust, Listing, Received, SeriesDetail, UgoiraMetadata
from pixmirror.pixiv.enums import ids, not_negative, one_of, positive, yes
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.web import bodies, params
from pixmirror.pixiv.web.api import SITE, WebApi, listed
from pixmirror.pixiv.web.literals import NewType
from pixmirror.pixiv.web.models import WebIllust, WebPage, WebUgoira
from pixmirror.pixiv.wire import Next, Param

I = TypeVar("I", bound=Illust)  # noqa: E741


def referer(illust_id: Id) -> str:
    return f"{SITE}artworks/{illust_id}"


async def detail(api: WebApi, illust_id: Id) -> Received[WebIllust]:
    """One work with everything. GET /ajax/illust/{id}.

    Names the original of the first page only (`pages` has all); without a login its URLs are null. Also what the
    App API hides (sanity). NotFound: deleted, private, mypixiv-only, or never there. Source: 001, recorded
    illust-ID.
    """
    path = f"/ajax/illust/{positive('illust_id', illust_id)}"
    return await api.body(path, None, WebIllust, referer=referer(illust_id))


async def unlisted(api: WebApi, token: str) -> Received[WebIllust]:
    """An unlisted work by the token of its link. GET /ajax/illust/unlisted/{token}. Source: pixiv.md 4.2."""
    path = f"/ajax/illust/unlisted/{params.token(token)}"
    return await api.body(path, None, WebIllust, referer=f"{SITE}artworks/unlisted/{token}")


async def pages(api: WebApi, illust_id: Id) -> Listing[WebPage]:
    """Every page with its true original. GET /ajax/illust/{id}/pages. Source: 001, recorded illust-ID-pages."""
    path = f"/ajax/illust/{positive('illust_id', illust_id)}/pages"
    got = await api.body(path, None, bodies.Pages, referer=referer(illust_id), bare="pages")
    return listed(path, got, got.item.pages, "pages", None)


def with_pages(work: I, found: Listing[WebPage]) -> I:
    """Return the work with the originals of all its pages, as the App API has them."""
    if found.broken or len(found.items) < work.page_count:
        raise BadResponse(f"{found.endpoint}: {len(found.items)} pages could be read of {work.page_count}.")
    return work if work.page_count == 1 else work.model_copy(update={"meta_pages": tuple(found)})


async def whole(api: WebApi, illust_id: Id) -> Received[WebIllust]:
    """Return the work with the originals of all pages: `detail`, and `pages` where there are several."""
    got = await detail(api, illust_id)
    if got.item.page_count == 1 or got.item.is_stub:
        return got
    return Received(with_pages(got.item, await pages(api, illust_id)), got.raw)


async def ugoira_meta(api: WebApi, illust_id: Id) -> Received[UgoiraMetadata]:
    """Frames and zips of a ugoira. GET /ajax/illust/{id}/ugoira_meta.

    `item.web.original_src` is the 1920x1080 zip. Source: pixiv.md 4.2, recorded illust-ID-ugoira_meta.
    """
    path = f"/ajax/illust/{positive('illust_id', illust_id)}/ugoira_meta"
    return await api.body(path, None, WebUgoira, referer=referer(illust_id))


async def recommend(api: WebApi, illust_id: Id, limit: int = 18) -> Listing[Illust]:
    """Works like this one. GET /ajax/illust/{id}/recommend/init: limit (1 to 100).

    Up to 180 more are named by id in `head["nextIds"]`, for `recommended`. Advertisements are left out. Needs a
    login. Source: 001, recorded illust-ID-recommend-init.
    """
    path = f"/ajax/illust/{positive('illust_id', illust_id)}/recommend/init"
    asked = {"limit": params.limit(limit)}
    got = await api.body(path, asked, bodies.Recommend, referer=referer(illust_id), login=True)
    return listed(path, got, got.item.illusts, "illusts", None)


async def recommended(api: WebApi, illust_ids: Iterable[Id]) -> Listing[Illust]:
    """The works that `recommend` named by id. GET /ajax/illust/recommend/illusts: illust_ids[].

    Source: pixiv.md 4.2.
    """
    path = "/ajax/illust/recommend/illusts"
    asked = {"illust_ids": ids("illust_ids", illust_ids)}
    got = await api.body(path, asked, bodies.More, login=True)
    return listed(path, got, got.item.illusts, "illusts", None)


async def new(
    api: WebApi,
    type: NewType = "illust",
    r18: bool = False,
    limit: int = 20,
    last_id: Id = 0,
    *,
    next: Next = None,
) -> Listing[Illust]:
    """Everybody's new works. GET /ajax/illust/new: type (illust, manga), r18, limit (1 to 20), lastId.

    The cursor is the `lastId` of the page before, 0 at first. Source: 001, recorded illust-new.
    """
    asked: Mapping[str, Param] = next or {
        "lastId": not_negative("last_id", last_id) or 0,
        "limit": params.limit(limit, 20),
        "type": one_of("type", type, params.NEW_TYPES),
        "r18": yes("r18", r18),
    }
    path = "/ajax/illust/new"
    got = await api.body(path, asked, bodies.NewIllusts)
    last = got.item.last_id
    more = {**asked, "lastId": last} if got.item.illusts and last else None
    return listed(path, got, got.item.illusts, "illusts", more)


async def series(api: WebApi, series_id: Id, p: int = 1, *, next: Next = None) -> Listing[Illust]:
    """Works of a manga series, newest first. GET /ajax/series/{id}: p.

    The page size is stated nowhere: it goes on while a page has works. The series itself: `series_head`. Source:
    pixiv.md 4.2.
    """
    path = f"/ajax/series/{positive('series_id', series_id)}"
    asked: Mapping[str, Param] = next or {"p": params.page(p)}
    got = await api.body(path, asked, bodies.MangaSeries)
    order = [entry.work_id for entry in got.item.page.series]
    rows = params.ordered(got.item.thumbnails.illust, order)
    more = {**asked, "p": params.number(asked, "p") + 1} if order else None
    return listed(path, got, rows, "thumbnails.illust", more)


async def series_head(api: WebApi, series_id: Id) -> Received[SeriesDetail]:
    """The manga series itself, out of its first page. GET /ajax/series/{id}: p. Source: pixiv.md 4.2."""
    path = f"/ajax/series/{positive('series_id', series_id)}"
    got = await api.body(path, {"p": 1}, bodies.MangaSeries)
    for row in got.item.illust_series.received:
        if row.item.id == positive("series_id", series_id):
            return row
    raise BadResponse(f"GET {path}: the answer does not describe series {series_id}.")


async def bookmark_data(api: WebApi, illust_id: Id) -> int | None:
    """The id of the own bookmark of a work, None without one. GET /ajax/illust/{id}/bookmarkData.

    Source: pixiv.md 4.2.
    """
    path = f"/ajax/illust/{positive('illust_id', illust_id)}/bookmarkData"
    got = await api.body(path, None, bodies.BookmarkState, referer=referer(illust_id), login=True)
    return got.item.bookmark_data.id if got.item.bookmark_data else None
