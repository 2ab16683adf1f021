"""Users: profiles, works, bookmarks and follows (document 002 section 2; pixiv.md 3.3)."""

from pixmirror.models import (
    BookmarkTag,
    FollowDetail,
    Illust,
    Listing,
    Novel,
    Received,
    SeriesDetail,
    User,
    UserDetail,
    UserPreview,
)
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import asked
from pixmirror.pixiv.literals import Filter, Id, IllustType, RestrictLike
from pixmirror.pixiv.wire import Next


async def detail(api: AppApi, user_id: Id, *, filter: Filter | None = None) -> Received[UserDetail]:
    """A profile with totals. GET /v1/user/detail: user_id.

    NotFound: gone or suspended. Source: 002 2.1, recorded v1-user-detail.
    """
    return await api.one("/v1/user/detail", asked(user_id=user_id, filter=filter), "", UserDetail)


async def illusts(
    api: AppApi,
    user_id: Id,
    type: IllustType | None = None,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Illusts, manga and ugoira of a user, newest first. GET /v1/user/illusts: user_id, type (None: all), offset.

    30 a page. `head["user"]` with id 0 and an empty list: no works, or no such user; `detail` tells which.
    Source: 002 2.2, recorded v1-user-illusts.
    """
    params = asked(user_id=user_id, type=type, offset=offset, filter=filter)
    return await api.page("/v1/user/illusts", params, "illusts", Illust, next)


async def novels(
    api: AppApi, user_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[Novel]:
    """Novels of a user, newest first. GET /v1/user/novels: user_id, offset. 30 a page. Source: 002 2.3."""
    return await api.page(
        "/v1/user/novels", asked(user_id=user_id, offset=offset, filter=filter), "novels", Novel, next
    )


async def bookmarks_illust(
    api: AppApi,
    user_id: Id,
    restrict: RestrictLike = "public",
    tag: str | None = None,
    max_bookmark_id: Id | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Illust]:
    """Bookmarked illusts, newest bookmark first. GET /v1/user/bookmarks/illust: user_id, restrict, tag,
    max_bookmark_id.

    30 a page; the cursor max_bookmark_id has no cap. `tag` 未分類: those without one. `private` is for oneself:
    of somebody else Pixiv would give the public ones, so that it is WrongValue here. Deleted works stay as
    stubs. Source: 002 2.4, 003 fetch_user_bookmarks, recorded v1-user-bookmarks-illust.
    """
    params = asked(user_id=user_id, restrict=restrict, tag=tag, max_bookmark_id=max_bookmark_id, filter=filter)
    await api.mine_if_private(user_id, restrict)
    return await api.page("/v1/user/bookmarks/illust", params, "illusts", Illust, next)


async def bookmarks_novel(
    api: AppApi,
    user_id: Id,
    restrict: RestrictLike = "public",
    tag: str | None = None,
    max_bookmark_id: Id | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Novel]:
    """Bookmarked novels. GET /v1/user/bookmarks/novel; as bookmarks_illust. Source: 002 2.5."""
    params = asked(user_id=user_id, restrict=restrict, tag=tag, max_bookmark_id=max_bookmark_id, filter=filter)
    await api.mine_if_private(user_id, restrict)
    return await api.page("/v1/user/bookmarks/novel", params, "novels", Novel, next)


async def bookmark_tags_illust(
    api: AppApi,
    user_id: Id,
    restrict: RestrictLike = "public",
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[BookmarkTag]:
    """A user's own bookmark tags. GET /v1/user/bookmark-tags/illust: user_id, restrict, offset.

    About 30 a page, offset cap 5000. `private` only for oneself (else WrongValue).
    Source: pixiv.md 3.3, recorded v1-user-bookmark-tags-illust.
    """
    params = asked(user_id=user_id, restrict=restrict, offset=offset, filter=filter)
    await api.mine_if_private(user_id, restrict)
    return await api.page("/v1/user/bookmark-tags/illust", params, "bookmark_tags", BookmarkTag, next)


async def bookmark_tags_novel(
    api: AppApi,
    user_id: Id,
    restrict: RestrictLike = "public",
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[BookmarkTag]:
    """The same for novels. GET /v1/user/bookmark-tags/novel: as of illusts. Source: pixiv.md 3.3."""
    params = asked(user_id=user_id, restrict=restrict, offset=offset, filter=filter)
    await api.mine_if_private(user_id, restrict)
    return await api.page("/v1/user/bookmark-tags/novel", params, "bookmark_tags", BookmarkTag, next)


async def following(
    api: AppApi,
    user_id: Id,
    restrict: RestrictLike = "public",
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[UserPreview]:
    """Whom a user follows, newest follow first. GET /v1/user/following: user_id, restrict, offset.

    30 a page, up to three works each (`reading.preview_works`); OffsetCap beyond 5000. Users that are gone
    are missing without a word: absence is not an unfollow. `private` is for oneself, else WrongValue (Pixiv
    would answer with the public ones). Source: 002 2.6, 003 fetch_following, recorded v1-user-following.
    """
    params = asked(user_id=user_id, restrict=restrict, offset=offset, filter=filter)
    await api.mine_if_private(user_id, restrict)
    return await api.page("/v1/user/following", params, "user_previews", UserPreview, next)


async def follower(
    api: AppApi, user_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[UserPreview]:
    """Who follows a user. GET /v1/user/follower: user_id, offset. 30 a page; OffsetCap beyond 5000.

    Source: 002 2.7, recorded v1-user-follower.
    """
    params = asked(user_id=user_id, offset=offset, filter=filter)
    return await api.page("/v1/user/follower", params, "user_previews", UserPreview, next)


async def mypixiv(
    api: AppApi, user_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[UserPreview]:
    """The mypixiv of a user. GET /v1/user/mypixiv: user_id, offset. 30 a page. Source: pixiv.md 3.3."""
    params = asked(user_id=user_id, offset=offset, filter=filter)
    return await api.page("/v1/user/mypixiv", params, "user_previews", UserPreview, next)


async def related(
    api: AppApi, seed_user_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[UserPreview]:
    """Users like one. GET /v1/user/related: offset, seed_user_id. One page, or more where Pixiv says so.

    Source: 002 2.9.
    """
    params = asked(offset=offset, seed_user_id=seed_user_id, filter=filter)
    return await api.page("/v1/user/related", params, "user_previews", UserPreview, next)


async def recommended(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[UserPreview]:
    """Users for this account. GET /v1/user/recommended: offset. 30 a page.

    Source: pixiv.md 3.3, recorded v1-user-recommended.
    """
    return await api.page(
        "/v1/user/recommended", asked(offset=offset, filter=filter), "user_previews", UserPreview, next
    )


async def blocked(
    api: AppApi, user_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[User]:
    """Whom the own account blocks. GET /v2/user/list: user_id (one's own), offset. Source: pixiv.md 3.3."""
    return await api.page(
        "/v2/user/list", asked(user_id=user_id, offset=offset, filter=filter), "users", User, next
    )


async def illust_series(
    api: AppApi, user_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[SeriesDetail]:
    """The manga series of a user. GET /v1/user/illust-series: user_id, offset. 30 a page.

    Source: pixiv.md 3.2, recorded FRAGMENT-manga-series-item.
    """
    params = asked(user_id=user_id, offset=offset, filter=filter)
    return await api.page("/v1/user/illust-series", params, "illust_series_details", SeriesDetail, next)


async def novel_series(
    api: AppApi, user_id: Id, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[SeriesDetail]:
    """The novel series of a user. GET /v1/user/novel-series: user_id, offset. 30 a page.

    Source: pixiv.md 3.4, recorded FRAGMENT-novel-series-item.
    """
    params = asked(user_id=user_id, offset=offset, filter=filter)
    return await api.page("/v1/user/novel-series", params, "novel_series_details", SeriesDetail, next)


async def follow_detail(api: AppApi, user_id: Id) -> Received[FollowDetail]:
    """Whether and how one follows a user. GET /v1/user/follow/detail: user_id. Source: pixiv.md 3.3."""
    return await api.one("/v1/user/follow/detail", asked(user_id=user_id), "follow_detail", FollowDetail)


async def follow_add(api: AppApi, user_id: Id, restrict: RestrictLike = "public") -> None:
    """Follow a user, or change how. POST /v1/user/follow/add: user_id, restrict (public, private).

    Source: 002 2.8.
    """
    await api.post("/v1/user/follow/add", asked(user_id=user_id, restrict=restrict))


async def follow_delete(api: AppApi, user_id: Id) -> None:
    """Follow a user no longer. POST /v1/user/follow/delete: user_id. Source: 002 2.8."""
    await api.post("/v1/user/follow/delete", asked(user_id=user_id))
