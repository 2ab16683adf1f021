"""What the own account submits to the App API: works, novels, drafts, comments. They are in the world at once."""

import io
from hashlib import sha256
from typing import Any

from PIL import Image, UnidentifiedImageError

from pixmirror.demo import addresses, words
from pixmirror.demo.calls import ApiError, Call, gone, invalid
from pixmirror.demo.own import Upload
from pixmirror.demo.shapes import Json, comment
from pixmirror.demo.world import DELETED, Key

ALL_FILES = 30 * 1024 * 1024
X_RESTRICTS = ("none", "r18", "r18g")
WORK_RESTRICTS = ("public", "mypixiv", "private")
COVERS = 12
FORMATS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif"}
COMMENT = 1000


def illust_upload(call: Call) -> Json:
    """Pictures become a work of the viewer; only its status tells which."""
    kind = call.choice("type", ("illust", "manga"))
    fields = _common(call, 32)
    call.choice("is_sexual", ("true", "false"))
    if not call.files:
        raise invalid("files", "files is required")
    if sum(map(len, call.files)) >= ALL_FILES:
        raise invalid("files", "files are too large")
    looks = [_picture(data) for data in call.files]
    names = tuple(f"{sha256(data).hexdigest()}.{ext}" for data, (_, _, ext) in zip(call.files, looks, strict=True))
    world = call.world
    world.files.update(zip(names, call.files, strict=True))
    work = world.post(
        call.view.viewer, kind, **fields, page_count=len(names), width=looks[0][0], height=looks[0][1],
        uploads=names,
    )  # fmt: skip
    key = addresses.digest(world, "upload", work.id)
    world.own.uploads[key] = Upload(work.id)
    return {"convert_key": key}


def upload_status(call: Call) -> Json:
    """Return the state of an upload: running when it is first asked about, complete from then on."""
    upload = call.world.own.uploads.get(_said(call, "convert_key"))
    if upload is None:
        raise invalid("convert_key", "convert_key is invalid")
    upload.asked += 1
    if upload.asked == 1:
        return {"status": "RUNNING", "illust_id": None}
    return {"status": "COMPLETE", "illust_id": upload.illust_id}


def work_delete(medium: str, call: Call) -> Json:
    """Delete a work of the viewer's own."""
    key: Key = (medium, call.number(f"{medium}_id"))
    work = call.world.works.get(key)
    if work is None or work.state == DELETED:
        raise gone()
    if work.user_id != call.view.viewer:
        raise ApiError(403, "This is not your work.")
    call.world.delete(work)
    return {}


def novel_covers(_: Call) -> Json:
    """Return the covers to choose from."""
    names = (f"{addresses.STATIC}/novel_thumb/novel_thumb_{n}_m.jpg" for n in range(COVERS))
    return {"covers": [{"id": n, "image_url": url} for n, url in enumerate(names)]}


def novel_upload(call: Call) -> Json:
    """Post a novel of the viewer; its draft is deleted."""
    fields = _common(call, 100) | {"text": _novel_text(call), "is_original": _original(call)}
    _cover(call)
    draft = call.text("draft_id")
    if draft is not None and call.number("draft_id") not in call.world.own.drafts:
        raise invalid("draft_id", "draft_id is invalid")
    work = call.world.post(call.view.viewer, "novel", **fields, ai_type=call.number("novel_ai_type", 1))
    if draft is not None:
        del call.world.own.drafts[int(draft)]
    return {"novel_id": work.id}


def draft_add(call: Call) -> Json:
    """Save a new draft."""
    drafts = call.world.own.drafts
    number = max(drafts, default=82_867) + 1
    drafts[number] = {"novel_draft_id": number} | _draft(call)
    return {"novel_draft_id": number}


def draft_edit(call: Call) -> Json:
    """Save all of a draft anew, as the last saved one."""
    drafts, number = call.world.own.drafts, _draft_id(call)
    changed = {"novel_draft_id": number} | _draft(call)
    del drafts[number]
    drafts[number] = changed
    return {}


def draft_previews(call: Call) -> Json:
    """Return the drafts, the last saved first."""

    def row(draft: Json) -> Json:
        names = ("novel_draft_id", "title", "update_date")
        return {name: draft[name] for name in names} | {"shortened_text": draft["text"][:100]}

    return call.page("novel_draft_previews", list(call.world.own.drafts.values())[::-1], row)


def draft_detail(call: Call) -> Json:
    """One draft."""
    return {"novel_draft": call.world.own.drafts[_draft_id(call)]}


def draft_delete(call: Call) -> Json:
    """Delete a draft."""
    del call.world.own.drafts[_draft_id(call)]
    return {}


def comment_add(medium: str, call: Call) -> Json:
    """Post a comment, a stamp or a reply by the viewer; a reply to a reply stands under the same root."""
    work = call.work(medium)
    text, stamp = call.text("comment") or "", call.text("stamp_id")
    if bool(text.strip()) == (stamp is not None) or len(text) > COMMENT:
        raise invalid("comment", "comment is invalid")
    if stamp is not None and call.number("stamp_id") not in words.STAMPS:
        raise invalid("stamp_id", "stamp_id is invalid")
    root: int | None = None
    if call.text("parent_comment_id") is not None:
        parent = call.world.comments.get((medium, call.number("parent_comment_id")))
        if parent is None or parent.work_id != work.id:
            raise gone()
        root = parent.parent_id or parent.id
    made = call.world.comment(work, call.view.viewer, text, int(stamp) if stamp else None, root)
    return {"comment": comment(call.view, made)}


def comment_delete(medium: str, call: Call) -> Json:
    """Delete a comment that the viewer wrote, or that stands on a work of the viewer."""
    found = call.world.comments.get((medium, call.number("comment_id")))
    if found is None:
        raise gone()
    owner = call.world.works[medium, found.work_id].user_id
    if call.view.viewer not in (found.user_id, owner):
        raise ApiError(403, "This is not your comment.")
    call.world.delete_comment(medium, found.id)
    return {}


def _said(call: Call, name: str, most: int = 1000) -> str:
    value = call.text(name)
    if not value or not value.strip():
        raise invalid(name, f"{name} is required")
    if len(value) > most:
        raise invalid(name, f"{name} must be no more than {most} characters")
    return value


def _common(call: Call, title: int) -> dict[str, Any]:
    """Return what works of both media have, as fields of `Work`."""
    caption, tags = call.text("caption") or "", tuple(call.many("tags"))
    if len(caption) > 3000:
        raise invalid("caption", "caption must be no more than 3000 characters")
    if len(tags) > 10 or any(len(tag) > 30 for tag in tags):
        raise invalid("tags", "tags must be no more than 10, of 30 characters")
    return {
        "title": _said(call, "title", title),
        "caption": caption,
        "tags": tags,
        "restrict": call.choice("restrict", WORK_RESTRICTS),
        "x_restrict": X_RESTRICTS.index(call.choice("x_restrict", X_RESTRICTS)),
    }


def _novel_text(call: Call) -> str:
    return _said(call, "text", 300_000)


def _original(call: Call) -> bool:
    return call.choice("is_original", ("0", "1")) == "1"


def _cover(call: Call) -> int:
    number = call.number("cover_id")
    if number >= COVERS:
        raise invalid("cover_id", "cover_id is invalid")
    return number


def _draft(call: Call) -> Json:
    fields = _common(call, 100)
    return {
        "title": fields["title"],
        "caption": fields["caption"],
        "text": _novel_text(call),
        "restrict": fields["restrict"],
        "x_restrict": X_RESTRICTS[fields["x_restrict"]],
        "cover_id": _cover(call),
        "is_original": int(_original(call)),
        "tags": list(fields["tags"]),
        "update_date": addresses.iso(call.world.second()),
        "custom_cover_image_url": None,
    }


def _draft_id(call: Call) -> int:
    number = call.number("draft_id")
    if number not in call.world.own.drafts:
        raise ApiError(404, "The draft has been deleted or the ID does not exist.")
    return number


def _picture(data: bytes) -> tuple[int, int, str]:
    """Width, height and extension of an uploaded file."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            return picture.width, picture.height, FORMATS[picture.format or ""]
    except (UnidentifiedImageError, OSError, KeyError, ValueError):
        raise invalid("files", "files must be pictures") from None
