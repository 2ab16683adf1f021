"""Comments and replies (document 002 1.7 and 3.5; pixiv.md 9)."""

from pixmirror.errors import EndpointGone
from pixmirror.models import Comment, Listing, Medium
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import asked, one_of
from pixmirror.pixiv.literals import Filter, Id
from pixmirror.pixiv.wire import Next


async def illust_comments(
    api: AppApi,
    illust_id: Id,
    offset: int | None = None,
    include_total_comments: bool | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Comment]:
    """Root comments of a work, newest first. GET /v3/illust/comments: illust_id, offset, include_total_comments
    (without it `head["total_comments"]` may be 0 or absent); /v1 where v3 is gone.

    30 a page; the total counts replies and deleted ones too, so that only `next` tells the end. Deleted ones are
    simply missing. NotFound also for sanity-limited works. v1 mixes replies in, with `parent_comment`. Source: 002
    1.7, 003 fetch_illustration_comments, recorded v1-illust-comments.
    """
    return await _comments(api, "illust", illust_id, offset, include_total_comments, filter, next)


async def novel_comments(
    api: AppApi,
    novel_id: Id,
    offset: int | None = None,
    include_total_comments: bool | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Comment]:
    """The same for a novel. GET /v3/novel/comments: novel_id, offset, include_total_comments; /v1 where v3 is
    gone.

    Source: 002 3.5.
    """
    return await _comments(api, "novel", novel_id, offset, include_total_comments, filter, next)


async def replies(
    api: AppApi,
    medium: Medium,
    comment_id: Id,
    offset: int | None = None,
    *,
    filter: Filter | None = None,
    next: Next = None,
) -> Listing[Comment]:
    """Replies to a root comment, flat. GET /v2/illust/comment/replies or /v2/novel/...: comment_id, offset.

    30 a page. Source: pixiv.md 3.2, 3.4 and 9.
    """
    path = f"/v2/{one_of('medium', medium, ('illust', 'novel'))}/comment/replies"
    return await api.page(
        path, asked(comment_id=comment_id, offset=offset, filter=filter), "comments", Comment, next
    )


async def _comments(
    api: AppApi,
    medium: Medium,
    work_id: Id,
    offset: int | None,
    total: bool | None,
    filter: str | None,
    next: Next,
) -> Listing[Comment]:
    params = asked(**{f"{medium}_id": work_id}, offset=offset, include_total_comments=total, filter=filter)
    try:
        return await api.page(f"/v3/{medium}/comments", params, "comments", Comment, next)
    except EndpointGone:
        return await api.page(f"/v1/{medium}/comments", params, "comments", Comment, next)
