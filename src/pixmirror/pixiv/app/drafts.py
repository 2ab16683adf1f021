"""Drafts of one's own novels (document 004; pixiv.md 11). Like submissions, never from a job."""

from collections.abc import Sequence

from pixmirror.models import DraftPreview, Listing, NovelDraft, Received, SavedDraft
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.app.limits import novel_form
from pixmirror.pixiv.enums import asked
from pixmirror.pixiv.literals import AgeRestrict, Filter, Id, WorkRestrict
from pixmirror.pixiv.wire import Next

OWN_DRAFTS = "Look at your drafts (`pixmirror api app drafts.previews`) before you send it again."


async def add(
    api: AppApi,
    title: str,
    text: str,
    cover_id: Id = 0,
    caption: str | None = None,
    tags: Sequence[str] | None = None,
    restrict: WorkRestrict = "public",
    x_restrict: AgeRestrict = "none",
    is_original: bool = False,
) -> Received[SavedDraft]:
    """Save a new draft. POST /v1/upload/novel/draft: title, text, cover_id, caption, tags[], restrict, x_restrict,
    is_original; limits as of `submissions.novel_upload`.

    Source: 004, pixiv.md 11.
    """
    data = novel_form(title, text, cover_id, caption, tags, restrict, x_restrict, is_original)
    return await api.submit_one("/v1/upload/novel/draft", data, "", SavedDraft, OWN_DRAFTS)


async def edit(
    api: AppApi,
    draft_id: Id,
    title: str,
    text: str,
    cover_id: Id = 0,
    caption: str | None = None,
    tags: Sequence[str] | None = None,
    restrict: WorkRestrict = "public",
    x_restrict: AgeRestrict = "none",
    is_original: bool = False,
) -> None:
    """Replace all of a draft. POST /v1/edit/novel/draft: draft_id, and title, text, cover_id, caption, tags[],
    restrict, x_restrict, is_original; limits as of `submissions.novel_upload`.

    Source: pixiv.md 11 and 13.
    """
    form = novel_form(title, text, cover_id, caption, tags, restrict, x_restrict, is_original)
    await api.submit("/v1/edit/novel/draft", {**asked(draft_id=draft_id), **form}, _look(draft_id))


async def previews(
    api: AppApi, offset: int | None = None, *, filter: Filter | None = None, next: Next = None
) -> Listing[DraftPreview]:
    """One's drafts, the last saved first. GET /v1/user/novel-draft-previews: offset. 30 a page. Source: 004."""
    params = asked(offset=offset, filter=filter)
    return await api.page("/v1/user/novel-draft-previews", params, "novel_draft_previews", DraftPreview, next)


async def detail(api: AppApi, draft_id: Id) -> Received[NovelDraft]:
    """One draft with its text. GET /v1/user/novel/draft/detail: draft_id. NotFound: no such draft. Source: 004."""
    return await api.one("/v1/user/novel/draft/detail", asked(draft_id=draft_id), "novel_draft", NovelDraft)


async def delete(api: AppApi, draft_id: Id) -> None:
    """Throw a draft away. POST /v1/user/novel/draft/delete: draft_id. Source: 004."""
    await api.submit("/v1/user/novel/draft/delete", asked(draft_id=draft_id), _look(draft_id))


def _look(draft_id: Id) -> str:
    return f"Look with `pixmirror api app drafts.detail {draft_id}`; to do it again does no harm."
