"""Users: profiles, works, bookmarks and follows (document 002 section 2; pixiv-facts 3.3)."""

from collections.abc import Mapping

from pixmirror.models import BookmarkTag, Illust, Listing, Novel, Received, UserDetail, UserPreview
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import RESTRICTS, USER_ILLUST_TYPES, not_negative, one_of, positive

Next = Mapping[str, str] | None


async def detail(api: AppApi, user_id: int) -> Received[UserDetail]:
    """A profile with totals. GET /v1/user/detail: user_id.

    NotFound: gone or suspended. Source: 002 2.1, recorded v1-user-detail.
    """
    return await api.one("/v1/user/detail", {"user_id": positive("user_id", user_id)}, "", UserDetail)


async def illusts(
    api: AppApi, user_id: int, type: str | None = None, offset: int | None = None, *, next: Next = None
) -> Listing[Illust]:
    """Illusts, manga and ugoira of a user, newest first. GET /v1/user/illusts: user_id, type (None: all), offset.

    30 a page. `head["user"]` with id 0 and an empty list: no works, or no such user; `detail` tells which.
    Source: 002 2.2, recorded v1-user-illusts.
    """
    params = {
        "user_id": positive("user_id", user_id),
        "type": None if type is None else one_of("type", type, USER_ILLUST_TYPES),
        "offset": not_negative("offset", offset),
    }
    return await api.page("/v1/user/illusts", params, "illusts", Illust, next)


async def novels(api: AppApi, user_id: int, offset: int | None = None, *, next: Next = None) -> Listing[Novel]:
    """Novels of a user, newest first. GET /v1/user/novels: user_id, offset. 30 a page. Source: 002 2.3."""
    params = {"user_id": positive("user_id", user_id), "offset": not_negative("offset", offset)}
    return await api.page("/v1/user/novels", params, "novels", Novel, next)


async def bookmarks_illust(
    api: AppApi,
    user_id: int,
    restrict: str = "public",
    tag: str | None = None,
    max_bookmark_id: int | None = None,
    *,
    next: Next = None,
) -> Listing[Illust]:
    """Bookmarked illusts, newest bookmark first. GET /v1/user/bookmarks/illust: user_id, restrict, tag,
    max_bookmark_id.

    30 a page; the cursor max_bookmark_id has no cap. `tag` 未分類: those without one. Private ones of somebody
    else are that user's public ones. Deleted works stay as stubs. Source: 002 2.4, recorded v1-user-
    bookmarks-illust.
    """
    params = _bookmarks(user_id, restrict, tag, max_bookmark_id)
    return await api.page("/v1/user/bookmarks/illust", params, "illusts", Illust, next)


async def bookmarks_novel(
    api: AppApi,
    user_id: int,
    restrict: str = "public",
    tag: str | None = None,
    max_bookmark_id: int | None = None,
    *,
    next: Next = None,
) -> Listing[Novel]:
    """Bookmarked novels. GET /v1/user/bookmarks/novel; as bookmarks_illust. Source: 002 2.5."""
    params = _bookmarks(user_id, restrict, tag, max_bookmark_id)
    return await api.page("/v1/user/bookmarks/novel", params, "novels", Novel, next)


async def bookmark_tags_illust(
    api: AppApi, user_id: int, restrict: str = "public", offset: int | None = None, *, next: Next = None
) -> Listing[BookmarkTag]:
    """A user's own bookmark tags. GET /v1/user/bookmark-tags/illust: user_id, restrict, offset.

    About 30 a page, offset cap 5000. `private` only for oneself (else InvalidRequest).
    Source: pixiv-facts 3.3, recorded v1-user-bookmark-tags-illust.
    """
    params = _listed(user_id, restrict, offset)
    return await api.page("/v1/user/bookmark-tags/illust", params, "bookmark_tags", BookmarkTag, next)


async def bookmark_tags_novel(
    api: AppApi, user_id: int, restrict: str = "public", offset: int | None = None, *, next: Next = None
) -> Listing[BookmarkTag]:
    """The same for novels. GET /v1/user/bookmark-tags/novel. Source: pixiv-facts 3.3."""
    params = _listed(user_id, restrict, offset)
    return await api.page("/v1/user/bookmark-tags/novel", params, "bookmark_tags", BookmarkTag, next)


async def following(
    api: AppApi, user_id: int, restrict: str = "public", offset: int | None = None, *, next: Next = None
) -> Listing[UserPreview]:
    """Whom a user follows, newest follow first. GET /v1/user/following: user_id, restrict, offset.

    30 a page, up to three works each (`reading.preview_works`); OffsetCap beyond 5000. Users that are gone
    are missing without a word: absence is not an unfollow. Source: 002 2.6, recorded v1-user-following.
    """
    return await api.page(
        "/v1/user/following", _listed(user_id, restrict, offset), "user_previews", UserPreview, next
    )


def _listed(user_id: int, restrict: str, offset: int | None) -> dict[str, str | int | None]:
    return {
        "user_id": positive("user_id", user_id),
        "restrict": one_of("restrict", restrict, RESTRICTS),
        "offset": not_negative("offset", offset),
    }


def _bookmarks(
    user_id: int, restrict: str, tag: str | None, max_bookmark_id: int | None
) -> dict[str, str | int | None]:
    return {
        "user_id": positive("user_id", user_id),
        "restrict": one_of("restrict", restrict, RESTRICTS),
        "tag": tag,
        "max_bookmark_id": not_negative("max_bookmark_id", max_bookmark_id),
    }
