"""Illusts, manga and ugoira (document 002 section 1; pixiv.md 3.2)."""

from collections.abc import Sequence
from datetime import date

from pixmirror.models import BookmarkDetail, Illust, Listing, Received, SeriesPosition, UgoiraMetadata, User
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import FOLLOW_RESTRICTS, ILLUST_RANKING_MODES, asked, cursor, one_of
from pixmirror.pixiv.literals import Filter, FollowRestrict, Id, IllustType, RankingModeLike, RestrictLike
from pixmirror.pixiv.wire import Next


async def detail(api: AppApi, illust_id: Id) -> Received[Illust]:
    """One work with everything. GET /v1/illust/detail: illust_id.

    NotFound: deleted or private. A work that the account may not see is a stub (`is_stub`), not an error.
    Source: 002 1.1, recorded v1-illust-detail.
    """
    return await api.one("/v1/illust/detail", asked(illust_id=illust_id), "illust", Illust)


async def follow(
    api: AppApi,
    restrict: FollowRestrict = "public",
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """New works of all followed artists. GET /v2/illust/follow: restrict (all, public, private), offset.

    30 a page, newest first; OffsetCap beyond 5000 to 6000. Source: 002 1.5, recorded v2-illust-follow.
    """
    params = asked({"restrict": one_of("restrict", restrict, FOLLOW_RESTRICTS)}, offset=offset, filter=filter)
    return await api.page("/v2/illust/follow", params, "illusts", Illust, next)


async def ranking(
    api: AppApi,
    mode: RankingModeLike = "day",
    date: date | str | None = None,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """A ranking, best first. GET /v1/illust/ranking: mode, date (None: the newest), offset.

    30 a page to about 500. Empty before noon JST of the day after, and for R-18 modes where the account
    hides it; no rank number: it is the offset and the place. A future date is InvalidRequest. Source: 002
    1.2, pixiv.md 8.
    """
    params = asked({"mode": one_of("mode", mode, ILLUST_RANKING_MODES)}, date=date, offset=offset, filter=filter)
    return await api.page("/v1/illust/ranking", params, "illusts", Illust, next)


async def ugoira_metadata(api: AppApi, illust_id: Id) -> Received[UgoiraMetadata]:
    """Frames and zip of a ugoira. GET /v1/ugoira/metadata: illust_id.

    Names only the 600x600 zip. NotFound also for sanity-limited works. Source: recorded v1-ugoira-metadata.
    """
    return await api.one("/v1/ugoira/metadata", asked(illust_id=illust_id), "ugoira_metadata", UgoiraMetadata)


async def series(
    api: AppApi,
    illust_series_id: Id,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Works of a series, newest chapter first. GET /v1/illust/series: illust_series_id, offset.

    30 a page; the series itself is in `head` (`reading.series_detail`). Source: pixiv.md 3.2, recorded
    v1-illust-series.
    """
    params = asked(illust_series_id=illust_series_id, offset=offset, filter=filter)
    return await api.page("/v1/illust/series", params, "illusts", Illust, next)


async def series_position(api: AppApi, illust_id: Id) -> Received[SeriesPosition]:
    """The series of a work, its place there and its neighbours. GET /v1/illust-series/illust: illust_id.

    Both parts are None for a work of no series, or it is a NotFound of the series. Source: pixiv.md 3.2.
    """
    return await api.one("/v1/illust-series/illust", asked(illust_id=illust_id), "", SeriesPosition)


async def related(
    api: AppApi,
    illust_id: Id,
    seed_illust_ids: Sequence[Id] | None = None,
    viewed: Sequence[Id] | None = None,
    offset: int | None = None,
    *,
    view_records: Sequence[Id] | None = None,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Works like one. GET /v2/illust/related: illust_id, seed_illust_ids[], viewed[] (or view_records, its other
    name), offset.

    30 a page, about 150 in all; `next` holds the seeds and what was viewed. Source: 002 1.4, 003
    fetch_illustration_related, recorded v2-illust-related.
    """
    params = asked(
        illust_id=illust_id,
        seed_illust_ids=seed_illust_ids,
        viewed=viewed,
        view_records=view_records,
        offset=offset,
        filter=filter,
    )
    return await api.page("/v2/illust/related", params, "illusts", Illust, next)


async def recommended(
    api: AppApi,
    content_type: IllustType = "illust",
    include_ranking_label: bool | None = None,
    include_ranking_illusts: bool | None = None,
    max_bookmark_id_for_recommend: int | None = None,
    min_bookmark_id_for_recent_illust: int | None = None,
    viewed: Sequence[Id] | None = None,
    include_privacy_policy: bool | None = None,
    offset: int | None = None,
    *,
    view_records: Sequence[Id] | None = None,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Works for this account. GET /v1/illust/recommended: content_type (illust, manga), include_ranking_label,
    include_ranking_illusts, max_bookmark_id_for_recommend, min_bookmark_id_for_recent_illust (both can be -1),
    viewed[] (or view_records), include_privacy_policy, offset.

    30 a page, on the first one up to 90 with `head["ranking_illusts"]` (`reading.along`); offset cap 5000. Never
    the same twice and never complete. Go on by `next`: it has several cursors. Source: 002 1.3, 003
    fetch_illustrations_recommended, recorded v1-illust-recommended.
    """
    params = asked(
        content_type=content_type,
        include_ranking_label=include_ranking_label,
        include_ranking_illusts=include_ranking_illusts,
        max_bookmark_id_for_recommend=max_bookmark_id_for_recommend,
        min_bookmark_id_for_recent_illust=min_bookmark_id_for_recent_illust,
        viewed=viewed,
        view_records=view_records,
        include_privacy_policy=include_privacy_policy,
        offset=offset,
        filter=filter,
    )
    return await api.page("/v1/illust/recommended", params, "illusts", Illust, next)


async def recommended_nologin(
    api: AppApi,
    content_type: IllustType = "illust",
    include_ranking_label: bool | None = None,
    include_ranking_illusts: bool | None = None,
    max_bookmark_id_for_recommend: int | None = None,
    min_bookmark_id_for_recent_illust: int | None = None,
    bookmark_illust_ids: Sequence[Id] | None = None,
    viewed: Sequence[Id] | None = None,
    include_privacy_policy: bool | None = None,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """The same without a login. GET /v1/illust/recommended-nologin: as above, and bookmark_illust_ids, what one
    likes, as a list with commas. No token is sent. Source: pixiv.md 3.2.
    """
    params = asked(
        content_type=content_type,
        include_ranking_label=include_ranking_label,
        include_ranking_illusts=include_ranking_illusts,
        max_bookmark_id_for_recommend=max_bookmark_id_for_recommend,
        min_bookmark_id_for_recent_illust=min_bookmark_id_for_recent_illust,
        bookmark_illust_ids=bookmark_illust_ids,
        viewed=viewed,
        include_privacy_policy=include_privacy_policy,
        offset=offset,
        filter=filter,
    )
    return await api.page("/v1/illust/recommended-nologin", params, "illusts", Illust, next, login=False)


async def manga_recommended(
    api: AppApi,
    include_ranking_illusts: bool | None = None,
    max_bookmark_id: Id | None = None,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Manga for this account. GET /v1/manga/recommended: include_ranking_illusts, max_bookmark_id, offset.

    30 a page, with `head["ranking_illusts"]`. Source: pixiv.md 3.2.
    """
    last = {"max_bookmark_id": cursor("max_bookmark_id", max_bookmark_id)}
    params = asked(last, include_ranking_illusts=include_ranking_illusts, offset=offset, filter=filter)
    return await api.page("/v1/manga/recommended", params, "illusts", Illust, next)


async def new(
    api: AppApi,
    content_type: IllustType = "illust",
    max_illust_id: Id | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Everybody's new works, newest first. GET /v1/illust/new: content_type (illust, manga), max_illust_id.

    30 a page; the cursor is an id, so that no cap is known. Source: 002 1.6.
    """
    params = asked(content_type=content_type, max_illust_id=max_illust_id, filter=filter)
    return await api.page("/v1/illust/new", params, "illusts", Illust, next)


async def mypixiv(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[Illust]:
    """New works of one's own mypixiv. GET /v2/illust/mypixiv: offset. 30 a page. Source: pixiv.md 3.2."""
    return await api.page("/v2/illust/mypixiv", asked(offset=offset, filter=filter), "illusts", Illust, next)


async def walkthrough(api: AppApi, *, filter: Filter | None = None, next: Next = None) -> Listing[Illust]:
    """What the app shows before one logs in. GET /v1/walkthrough/illusts, without a token.

    Source: pixiv.md 3.2, recorded v1-walkthrough-illusts.
    """
    return await api.page("/v1/walkthrough/illusts", asked(filter=filter), "illusts", Illust, next, login=False)


async def bookmark_detail(api: AppApi, illust_id: Id) -> Received[BookmarkDetail]:
    """Own bookmark of a work: restrict and tags. GET /v2/illust/bookmark/detail: illust_id.

    Source: pixiv.md 3.2, recorded v2-illust-bookmark-detail.
    """
    params = asked(illust_id=illust_id)
    return await api.one("/v2/illust/bookmark/detail", params, "bookmark_detail", BookmarkDetail)


async def bookmark_add(
    api: AppApi, illust_id: Id, restrict: RestrictLike = "public", tags: Sequence[str] | None = None
) -> None:
    """Bookmark a work, or change its bookmark. POST /v2/illust/bookmark/add: illust_id, restrict (public,
    private), tags[].

    A second one replaces restrict and tags. NotFound: no such work. Source: 003 add_bookmark, pixiv.md 3.2.
    """
    await api.post("/v2/illust/bookmark/add", asked(illust_id=illust_id, restrict=restrict, tags=tags))


async def bookmark_delete(api: AppApi, illust_id: Id) -> None:
    """Take the bookmark of a work back. POST /v1/illust/bookmark/delete: illust_id.

    Source: 003 delete_bookmark.
    """
    await api.post("/v1/illust/bookmark/delete", asked(illust_id=illust_id))


async def bookmark_users(
    api: AppApi, illust_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[User]:
    """Who bookmarked a work. GET /v1/illust/bookmark/users: illust_id, offset.

    30 a page; past 5000 Pixiv says "Invalid request.", here OffsetCap. Source: pixiv.md 3.2, pixivpy#336.
    """
    params = asked(illust_id=illust_id, offset=offset, filter=filter)
    return await api.page("/v1/illust/bookmark/users", params, "users", User, next)
