"""Novels and their text (document 002 section 3; pixiv-facts 3.4 and 10)."""

from collections.abc import Mapping
from datetime import date

from pixmirror.models import BookmarkDetail, Listing, Novel, NovelText, Received
from pixmirror.pixiv import reading
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import (
    FOLLOW_RESTRICTS,
    NOVEL_RANKING_MODES,
    not_negative,
    one_of,
    positive,
    ranking_date,
)

Next = Mapping[str, str] | None
VIEWER_VERSION = "20221031_ai"


async def detail(api: AppApi, novel_id: int) -> Received[Novel]:
    """One novel without its text. GET /v2/novel/detail: novel_id.

    NotFound: deleted or private. Source: 002 3.1, recorded v2-novel-detail.
    """
    return await api.one("/v2/novel/detail", {"novel_id": positive("novel_id", novel_id)}, "novel", Novel)


async def text(api: AppApi, novel_id: int) -> Received[NovelText]:
    """The text with its markup, verbatim, and the images in it. GET /webview/v2/novel: id, viewer_version.

    An HTML page with one JSON object inside; `raw` is that object. Source: 002 3.3, pixiv-facts 10.
    """
    path = "/webview/v2/novel"
    params: dict[str, str | int] = {"id": positive("novel_id", novel_id), "viewer_version": VIEWER_VERSION}
    return reading.novel_page(await api.get_text(path, params), path)


async def follow(
    api: AppApi, restrict: str = "all", offset: int | None = None, *, next: Next = None
) -> Listing[Novel]:
    """New novels of all followed artists. GET /v1/novel/follow: restrict (all, public, private), offset.

    30 a page, newest first. Source: 002 3.6.
    """
    params = {
        "restrict": one_of("restrict", restrict, FOLLOW_RESTRICTS),
        "offset": not_negative("offset", offset),
    }
    return await api.page("/v1/novel/follow", params, "novels", Novel, next)


async def ranking(
    api: AppApi, mode: str, date: date | None = None, offset: int | None = None, *, next: Next = None
) -> Listing[Novel]:
    """A ranking of novels, best first. GET /v1/novel/ranking: mode, date (None: the newest), offset.

    30 a page to about 100; otherwise as the one of illusts. Source: pixiv-facts 3.4 and 8.
    """
    params = {
        "mode": one_of("mode", mode, NOVEL_RANKING_MODES),
        "date": ranking_date(date),
        "offset": not_negative("offset", offset),
    }
    return await api.page("/v1/novel/ranking", params, "novels", Novel, next)


async def series(
    api: AppApi, series_id: int, last_order: int | None = None, *, next: Next = None
) -> Listing[Novel]:
    """Novels of a series in order. GET /v2/novel/series: series_id, last_order (how many were read already).

    30 a page; the series itself is in `head` (`reading.series_detail`). Source: 002 3.4, recorded v2-novel-series.
    """
    params = {
        "series_id": positive("series_id", series_id),
        "last_order": not_negative("last_order", last_order),
    }
    return await api.page("/v2/novel/series", params, "novels", Novel, next)


async def bookmark_detail(api: AppApi, novel_id: int) -> Received[BookmarkDetail]:
    """Own bookmark of a novel. GET /v2/novel/bookmark/detail: novel_id. Source: pixiv-facts 3.4."""
    params = {"novel_id": positive("novel_id", novel_id)}
    return await api.one("/v2/novel/bookmark/detail", params, "bookmark_detail", BookmarkDetail)
