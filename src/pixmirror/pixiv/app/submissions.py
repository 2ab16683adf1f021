"""Posting and deleting one's own illusts, manga and novels (document 004; pixiv.md 11 and 13).

Only for an explicit command of the user: no job imports this. What is known of Pixiv's limits (of its app of 2019)
is checked before anything is sent. A POST whose outcome is not clear is an UnclearOutcome and never repeated.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Final

from pixmirror.errors import ServerError, UnclearOutcome, Unreachable, UploadFailed, WrongValue
from pixmirror.models import Listing, NovelCover, PostedNovel, Received, UploadStatus, UploadTicket
from pixmirror.pixiv import reading
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.app.limits import CAPTION, TITLE, novel_form, parts_of, tags_of
from pixmirror.pixiv.enums import (
    CONTENT_TYPES,
    WORK_RESTRICTS,
    X_RESTRICTS,
    asked,
    at_most,
    maybe_positive,
    maybe_text,
    one_of,
    text,
    yes,
)
from pixmirror.pixiv.literals import AgeRestrict, AiTypeLike, Id, IllustType, WorkRestrict
from pixmirror.pixiv.wire import Next, Param, Progress

COMPLETE: Final = "COMPLETE"
OWN_WORKS = "Look at your own works (`pixmirror api app users.illusts YOUR_ID`) before you send it again."
OWN_NOVELS = "Look at your own novels (`pixmirror api app users.novels YOUR_ID`) before you send it again."


async def illust_upload(
    api: AppApi,
    title: str,
    files: Sequence[str | os.PathLike[str]],
    type: IllustType = "illust",
    caption: str | None = None,
    tags: Sequence[str] | None = None,
    restrict: WorkRestrict = "public",
    x_restrict: AgeRestrict = "none",
    is_sexual: bool = False,
    *,
    progress: Progress | None = None,
) -> Received[UploadTicket]:
    """Post pictures as one work. POST /v1/upload/illust: title (32 characters), files[] (the pages in their order:
    JPEG, PNG or GIF, together less than 30 MiB), type (illust, manga), caption (3000), tags[] (10 of 30), restrict
    (public, mypixiv, private), x_restrict (none, r18, r18g), is_sexual.

    The answer is a ticket: `upload_complete` waits until it is a work. Files are read from disk while they are
    sent, under the names 0.png, 1.jpg...; `progress` gets the bytes handed over and all bytes. Source: 004,
    pixiv.md 11.
    """
    data: dict[str, Param] = {
        "title": at_most("title", text("title", title), TITLE),
        "caption": at_most("caption", maybe_text("caption", caption) or "", CAPTION),
        "type": one_of("type", type, CONTENT_TYPES),
        "restrict": one_of("restrict", restrict, WORK_RESTRICTS),
        "x_restrict": one_of("x_restrict", x_restrict, X_RESTRICTS),
        "is_sexual": yes("is_sexual", is_sexual),
        "tags": tags_of(tags),
    }
    parts = await asyncio.to_thread(parts_of, files)
    return await api.submit_one(
        "/v1/upload/illust", data, "", UploadTicket, OWN_WORKS, files=parts, progress=progress
    )


async def upload_status(api: AppApi, convert_key: str) -> Received[UploadStatus]:
    """How far an upload is. POST /v1/upload/status: convert_key. It changes nothing.

    COMPLETE, with the id of the work, is the one status that is documented. Source: 004, pixiv.md 11.
    """
    return await _status(api, text("convert_key", convert_key))


async def upload_complete(
    api: AppApi, convert_key: str, timeout: float = 300, every: float = 3
) -> Received[UploadStatus]:
    """Wait until an upload is a work: ask for its status each `every` seconds, `timeout` seconds at most.

    UploadFailed: the status says so. UnclearOutcome: when the time was over it was still another one, which the
    error names. Answers that fail to come are asked for again: asking changes nothing. Source: pixiv.md 11.
    """
    key = text("convert_key", convert_key)
    for name, value in (("timeout", timeout), ("every", every)):
        _seconds(name, value)
    clock = api.transport.clock
    end = clock.monotonic() + timeout
    last = "no answer"
    while True:
        try:
            got = await _status(api, key)
        except (Unreachable, ServerError) as failure:
            last = str(failure)
        else:
            last = got.item.status
            if last.upper() == COMPLETE and got.item.illust_id:
                return got
            # no source names the other words; these can mean nothing else
            if any(word in last.upper() for word in ("FAIL", "ERROR", "INVALID")):
                raise UploadFailed(f"The upload came to nothing: its status is {last!r}.", last)
        if clock.monotonic() + every > end:
            raise UnclearOutcome(
                f"The upload was not {COMPLETE} after {timeout:g} s; the last that was said of it: {last}.",
                "POST /v1/upload/status",
                f"Ask again (`pixmirror api app submissions.upload_complete {key}`) or look at your own works.",
            )
        await clock.sleep(every)


async def illust_delete(api: AppApi, illust_id: Id) -> None:
    """Delete one's own illust or manga, for good. POST /v1/illust/delete: illust_id.

    NotFound: no such work. Source: 004, pixiv.md 11.
    """
    await api.submit("/v1/illust/delete", asked(illust_id=illust_id), _gone("illusts.detail", illust_id))


async def novel_covers(api: AppApi, *, next: Next = None) -> Listing[NovelCover]:
    """The covers that a novel can have. GET /v1/upload/novel/covers. One page, the ids 0 to 11. Source: 004."""
    return await api.page("/v1/upload/novel/covers", {}, "covers", NovelCover, next)


async def novel_upload(
    api: AppApi,
    title: str,
    text: str,
    cover_id: Id = 0,
    caption: str | None = None,
    tags: Sequence[str] | None = None,
    restrict: WorkRestrict = "public",
    x_restrict: AgeRestrict = "none",
    is_original: bool = False,
    novel_ai_type: AiTypeLike | None = None,
    draft_id: Id | None = None,
) -> Received[PostedNovel]:
    """Post a novel. POST /v1/upload/novel: title (100 characters), text (300,000), cover_id (0 to 11), caption
    (3000), tags[] (10 of 30), restrict (public, mypixiv, private), x_restrict (none, r18, r18g), is_original (0,
    1), novel_ai_type (0, 1, 2), draft_id (the draft that it was).

    Source: 004, which lacks draft_id; pixiv.md 11 and 13.
    """
    form = novel_form(title, text, cover_id, caption, tags, restrict, x_restrict, is_original)
    draft = {"draft_id": maybe_positive("draft_id", draft_id)}
    data = {**asked(form, novel_ai_type=novel_ai_type), **draft}
    return await api.submit_one("/v1/upload/novel", data, "", PostedNovel, OWN_NOVELS)


async def novel_delete(api: AppApi, novel_id: Id) -> None:
    """Delete one's own novel, for good. POST /v1/novel/delete: novel_id. Source: 004, pixiv.md 11."""
    await api.submit("/v1/novel/delete", asked(novel_id=novel_id), _gone("novels.detail", novel_id))


def _seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise WrongValue(f"{name} is {value!r}; it must be a number of seconds above 0.")


async def _status(api: AppApi, key: str) -> Received[UploadStatus]:
    payload = await api.post("/v1/upload/status", {"convert_key": key})
    return reading.one(payload, "", UploadStatus, "/v1/upload/status")


def _gone(function: str, number: Id) -> str:
    return f"It is done if `pixmirror api app {function} {number}` finds nothing; to delete again does no harm."
