"""Illusts, manga and ugoira (document 002 section 1; pixiv-facts 3.2)."""

from collections.abc import Mapping
from datetime import date

from pixmirror.models import BookmarkDetail, Illust, Listing, Received, UgoiraMetadata
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import (
    FOLLOW_RESTRICTS,
    ILLUST_RANKING_MODES,
    not_negative,
    one_of,
    positive,
    ranking_date,
)

Next = Mapping[str, str] | None


async def detail(api: AppApi, illust_id: int) -> Received[Illust]:
    """One work with everything. GET /v1/illust/detail: illust_id.

    NotFound: deleted or private. A work that the account may not see is a stub (`is_stub`), not an error.
    Source: 002 1.1, recorded v1-illust-detail.
    """
    return await api.one("/v1/illust/detail", {"illust_id": positive("illust_id", illust_id)}, "illust", Illust)


async def follow(
    api: AppApi, restrict: str = "all", offset: int | None = None, *, next: Next = None
) -> Listing[Illust]:
    """New works of all followed artists. GET /v2/illust/follow: restrict (all, public, private), offset.

    30 a page, newest first; OffsetCap beyond 5000 to 6000. Source: 002 1.5, recorded v2-illust-follow.
    """
    params = {
        "restrict": one_of("restrict", restrict, FOLLOW_RESTRICTS),
        "offset": not_negative("offset", offset),
    }
    return await api.page("/v2/illust/follow", params, "illusts", Illust, next)


async def ranking(
    api: AppApi, mode: str, date: date | None = None, offset: int | None = None, *, next: Next = None
) -> Listing[Illust]:
    """A ranking, best first. GET /v1/illust/ranking: mode, date (None: the newest), offset.

    30 a page to about 500. Empty before noon JST of the day after, and for R-18 modes where the account
    hides it; no rank number: it is the offset and the place. A future date is InvalidRequest. Source: 002
    1.2, pixiv-facts 8.
    """
    params = {
        "mode": one_of("mode", mode, ILLUST_RANKING_MODES),
        "date": ranking_date(date),
        "offset": not_negative("offset", offset),
    }
    return await api.page("/v1/illust/ranking", params, "illusts", Illust, next)


async def ugoira_metadata(api: AppApi, illust_id: int) -> Received[UgoiraMetadata]:
    """Frames and zip of a ugoira. GET /v1/ugoira/metadata: illust_id.

    Names only the 600x600 zip. NotFound also for sanity-limited works. Source: recorded v1-ugoira-metadata.
    """
    params = {"illust_id": positive("illust_id", illust_id)}
    return await api.one("/v1/ugoira/metadata", params, "ugoira_metadata", UgoiraMetadata)


async def series(
    api: AppApi, illust_series_id: int, offset: int | None = None, *, next: Next = None
) -> Listing[Illust]:
    """Works of a series, newest chapter first. GET /v1/illust/series: illust_series_id, offset.

    30 a page; the series itself is in `head` (`reading.series_detail`). Source: pixiv-facts 3.2, recorded
    v1-illust-series.
    """
    params = {
        "illust_series_id": positive("illust_series_id", illust_series_id),
        "offset": not_negative("offset", offset),
    }
    return await api.page("/v1/illust/series", params, "illusts", Illust, next)


async def bookmark_detail(api: AppApi, illust_id: int) -> Received[BookmarkDetail]:
    """Own bookmark of a work: restrict and tags. GET /v2/illust/bookmark/detail: illust_id.

    Source: pixiv-facts 3.2, recorded v2-illust-bookmark-detail.
    """
    params = {"illust_id": positive("illust_id", illust_id)}
    return await api.one("/v2/illust/bookmark/detail", params, "bookmark_detail", BookmarkDetail)
