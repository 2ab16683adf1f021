"""Novels and their text (document 002 section 3; pixiv.md 3.4 and 10)."""

from collections.abc import Sequence
from datetime import date
from typing import NoReturn

from pixmirror.errors import EndpointGone
from pixmirror.models import BookmarkDetail, Listing, MarkedNovel, Novel, NovelText, Received
from pixmirror.pixiv import reading
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import FOLLOW_RESTRICTS, NOVEL_RANKING_MODES, asked, one_of, positive
from pixmirror.pixiv.literals import Filter, FollowRestrict, Id, NovelRankingModeLike, RestrictLike
from pixmirror.pixiv.wire import Next

VIEWER_VERSION = "20221031_ai"


async def detail(api: AppApi, novel_id: Id) -> Received[Novel]:
    """One novel without its text. GET /v2/novel/detail: novel_id.

    NotFound: deleted or private. Source: 002 3.1, recorded v2-novel-detail.
    """
    return await api.one("/v2/novel/detail", asked(novel_id=novel_id), "novel", Novel)


async def text(api: AppApi, novel_id: Id) -> Received[NovelText]:
    """The text with its markup, verbatim, and the images in it. GET /webview/v2/novel: id, viewer_version.

    An HTML page with one JSON object inside; `raw` is that object. Source: 002 3.3, pixiv.md 10.
    """
    path = "/webview/v2/novel"
    params: dict[str, str | int] = {"id": positive("novel_id", novel_id), "viewer_version": VIEWER_VERSION}
    return reading.novel_page(await api.get_text(path, params, holds=reading.has_novel), path)


async def old_text(api: AppApi, novel_id: Id) -> NoReturn:
    """Return what /v1/novel/text gave until February 2024: always EndpointGone, and nothing is sent. Use `text`.

    Source: 002 3.2, pixivpy#337.
    """
    positive("novel_id", novel_id)
    raise EndpointGone(
        "GET /v1/novel/text: Pixiv took this endpoint away in February 2024; novels.text reads the page that the "
        "app itself shows (/webview/v2/novel)."
    )


async def follow(
    api: AppApi,
    restrict: FollowRestrict = "public",
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Novel]:
    """New novels of all followed artists. GET /v1/novel/follow: restrict (all, public, private), offset.

    30 a page, newest first. Source: 002 3.6.
    """
    params = asked({"restrict": one_of("restrict", restrict, FOLLOW_RESTRICTS)}, offset=offset, filter=filter)
    return await api.page("/v1/novel/follow", params, "novels", Novel, next)


async def ranking(
    api: AppApi,
    mode: NovelRankingModeLike = "day",
    date: date | str | None = None,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Novel]:
    """A ranking of novels, best first. GET /v1/novel/ranking: mode, date (None: the newest), offset.

    30 a page to about 100; otherwise as the one of illusts. Source: pixiv.md 3.4 and 8.
    """
    params = asked({"mode": one_of("mode", mode, NOVEL_RANKING_MODES)}, date=date, offset=offset, filter=filter)
    return await api.page("/v1/novel/ranking", params, "novels", Novel, next)


async def series(
    api: AppApi, series_id: Id, last_order: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[Novel]:
    """Novels of a series in order. GET /v2/novel/series: series_id, last_order (how many were read already).

    30 a page; the series itself is in `head` (`reading.series_detail`). Source: 002 3.4, recorded v2-novel-series.
    """
    params = asked(series_id=series_id, last_order=last_order, filter=filter)
    return await api.page("/v2/novel/series", params, "novels", Novel, next)


async def new(
    api: AppApi, max_novel_id: Id | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[Novel]:
    """Everybody's new novels. GET /v1/novel/new: max_novel_id. 30 a page. Source: pixiv.md 3.4."""
    return await api.page("/v1/novel/new", asked(max_novel_id=max_novel_id, filter=filter), "novels", Novel, next)


async def recommended(
    api: AppApi,
    include_ranking_label: bool | None = None,
    include_ranking_novels: bool | None = None,
    already_recommended: Sequence[Id] | None = None,
    max_bookmark_id_for_recommend: int | None = None,
    include_privacy_policy: bool | None = None,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Novel]:
    """Novels for this account. GET /v1/novel/recommended: include_ranking_label, include_ranking_novels,
    already_recommended (a list with commas), max_bookmark_id_for_recommend, include_privacy_policy, offset.

    Go on by `next`; `head["ranking_novels"]` on the first page (`reading.along`). Source: pixiv.md 3.4.
    """
    params = asked(
        already_recommended=already_recommended,
        include_ranking_label=include_ranking_label,
        include_ranking_novels=include_ranking_novels,
        max_bookmark_id_for_recommend=max_bookmark_id_for_recommend,
        include_privacy_policy=include_privacy_policy,
        offset=offset,
        filter=filter,
    )
    return await api.page("/v1/novel/recommended", params, "novels", Novel, next)


async def related(api: AppApi, novel_id: Id, *, filter: Filter | None = None, next: Next = None) -> Listing[Novel]:
    """Novels like one. GET /v1/novel/related: novel_id. Source: pixiv.md 3.4 (some clients POST it)."""
    return await api.page("/v1/novel/related", asked(novel_id=novel_id, filter=filter), "novels", Novel, next)


async def mypixiv(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[Novel]:
    """New novels of one's own mypixiv. GET /v1/novel/mypixiv: offset. 30 a page. Source: pixiv.md 3.4."""
    return await api.page("/v1/novel/mypixiv", asked(offset=offset, filter=filter), "novels", Novel, next)


async def markers(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[MarkedNovel]:
    """Novels that one stopped reading, and where. GET /v2/novel/markers: offset. Source: pixiv.md 3.4."""
    return await api.page(
        "/v2/novel/markers", asked(offset=offset, filter=filter), "marked_novels", MarkedNovel, next
    )


async def marker_add(api: AppApi, novel_id: Id, page: int) -> None:
    """Remember a page of a novel. POST /v1/novel/marker/add: novel_id, page (from 1). It replaces the one before.

    Source: pixiv.md 3.4 and 10.
    """
    await api.post("/v1/novel/marker/add", asked(novel_id=novel_id, page=page))


async def marker_delete(api: AppApi, novel_id: Id) -> None:
    """Forget the page of a novel. POST /v1/novel/marker/delete: novel_id. Source: pixiv.md 3.4."""
    await api.post("/v1/novel/marker/delete", asked(novel_id=novel_id))


async def bookmark_add(
    api: AppApi, novel_id: Id, restrict: RestrictLike = "public", tags: Sequence[str] | None = None
) -> None:
    """Bookmark a novel. POST /v2/novel/bookmark/add: novel_id, restrict, tags[]; as for illusts.

    Source: pixiv.md 3.4.
    """
    await api.post("/v2/novel/bookmark/add", asked(novel_id=novel_id, restrict=restrict, tags=tags))


async def bookmark_delete(api: AppApi, novel_id: Id) -> None:
    """Take the bookmark of a novel back. POST /v1/novel/bookmark/delete: novel_id. Source: pixiv.md 3.4."""
    await api.post("/v1/novel/bookmark/delete", asked(novel_id=novel_id))


async def bookmark_detail(api: AppApi, novel_id: Id) -> Received[BookmarkDetail]:
    """Own bookmark of a novel. GET /v2/novel/bookmark/detail: novel_id. Source: pixiv.md 3.4."""
    return await api.one("/v2/novel/bookmark/detail", asked(novel_id=novel_id), "bookmark_detail", BookmarkDetail)
