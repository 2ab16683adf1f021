"""Comments and replies (document 001, Get artwork comments; pixiv.md 9)."""

from collections.abc import Mapping

from pixmirror.models import Comment, Listing, Medium
from pixmirror.pixiv.enums import one_of, positive
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.web import bodies, params
from pixmirror.pixiv.web.api import SITE, WebApi, listed
from pixmirror.pixiv.wire import Next, Param

MOST = 50


async def roots(
    api: WebApi, illust_id: Id, offset: int = 0, limit: int = 50, *, next: Next = None
) -> Listing[Comment]:
    """Root comments of a work, newest first. GET /ajax/illusts/comments/roots: illust_id, offset, limit (1 to 50).

    On while `hasNext`. Dates carry Japanese time to the minute. Source: 001, recorded illusts-comments-roots.
    """
    return await _roots(api, "illust", illust_id, offset, limit, next)


async def novel_roots(
    api: WebApi, novel_id: Id, offset: int = 0, limit: int = 50, *, next: Next = None
) -> Listing[Comment]:
    """The same for a novel. GET /ajax/novels/comments/roots: novel_id, offset, limit. Source: pixiv.md 9."""
    return await _roots(api, "novel", novel_id, offset, limit, next)


async def replies(
    api: WebApi, medium: Medium, comment_id: Id, p: int = 1, *, next: Next = None
) -> Listing[Comment]:
    """Replies to a root comment, flat. GET /ajax/illusts/comments/replies or /ajax/novels/...: comment_id, page.

    On while `hasNext`. Source: pixiv.md 4.2 and 9.
    """
    path = f"/ajax/{one_of('medium', medium, params.KINDS)}s/comments/replies"
    asked: Mapping[str, Param] = next or {"comment_id": positive("comment_id", comment_id), "page": params.page(p)}
    got = await api.body(path, asked, bodies.Comments)
    more = {**asked, "page": params.number(asked, "page") + 1} if got.item.has_next else None
    return listed(path, got, got.item.comments, "comments", more)


async def _roots(api: WebApi, medium: str, work_id: Id, offset: int, limit: int, next: Next) -> Listing[Comment]:
    name = f"{medium}_id"
    asked: Mapping[str, Param] = next or {
        name: positive(name, work_id),
        "offset": params.offset(offset),
        "limit": params.limit(limit, MOST),
    }
    path = f"/ajax/{medium}s/comments/roots"
    page = "artworks/" if medium == "illust" else "novel/show.php?id="
    got = await api.body(path, asked, bodies.Comments, referer=f"{SITE}{page}{asked[name]}")
    after = params.number(asked, "offset") + params.number(asked, "limit")
    more = {**asked, "offset": after} if got.item.has_next else None
    return listed(path, got, got.item.comments, "comments", more)
