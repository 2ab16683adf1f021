"""Write and delete one's own comments (document 004; pixiv.md 9, 11, 13). Like submissions, never from a job."""

from pixmirror.errors import WrongValue
from pixmirror.models import Comment, Medium, Received
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.enums import asked
from pixmirror.pixiv.literals import Id


async def illust_comment_add(
    api: AppApi,
    illust_id: Id,
    comment: str | None = None,
    stamp_id: Id | None = None,
    parent_comment_id: Id | None = None,
) -> Received[Comment]:
    """Comment on a work. POST /v1/illust/comment/add: illust_id, comment or stamp_id (`site.stamps`) and not both,
    parent_comment_id (the root comment that it answers).

    The answer is the new comment with its id. Source: 004 (its `commnt` is a slip), pixiv.md 11.
    """
    return await _add(api, "illust", illust_id, comment, stamp_id, parent_comment_id)


async def novel_comment_add(
    api: AppApi,
    novel_id: Id,
    comment: str | None = None,
    stamp_id: Id | None = None,
    parent_comment_id: Id | None = None,
) -> Received[Comment]:
    """Comment on a novel. POST /v1/novel/comment/add: novel_id, comment, stamp_id, parent_comment_id.

    Source: 004 (its `parent_comment` is parent_comment_id on the wire, too), pixiv.md 11 and 13.
    """
    return await _add(api, "novel", novel_id, comment, stamp_id, parent_comment_id)


async def illust_comment_delete(api: AppApi, comment_id: Id) -> None:
    """Delete one's own comment on a work. POST /v1/illust/comment/delete: comment_id. Replies go with it.

    Source: 004.
    """
    await _delete(api, "illust", comment_id)


async def novel_comment_delete(api: AppApi, comment_id: Id) -> None:
    """Delete one's own comment on a novel. POST /v1/novel/comment/delete: comment_id. Source: 004."""
    await _delete(api, "novel", comment_id)


async def _add(
    api: AppApi, medium: Medium, work_id: Id, comment: str | None, stamp_id: Id | None, parent: Id | None
) -> Received[Comment]:
    data = asked(**{f"{medium}_id": work_id}, comment=comment, stamp_id=stamp_id, parent_comment_id=parent)
    if (comment is None) == (stamp_id is None):
        raise WrongValue("comment or stamp_id must be given, and not both: a stamp has no text.")
    look = f"comments.replies {medium} {parent}" if parent is not None else f"comments.{medium}_comments {work_id}"
    find_out = f"Look with `pixmirror api app {look}` before you send it again."
    return await api.submit_one(f"/v1/{medium}/comment/add", data, "comment", Comment, find_out)


async def _delete(api: AppApi, medium: Medium, comment_id: Id) -> None:
    find_out = f"Look whether comment {comment_id} is still under its work; to delete again does no harm."
    await api.submit(f"/v1/{medium}/comment/delete", asked(comment_id=comment_id), find_out)
