"""What Pixiv takes of a submission, checked before anything is sent: the limits of its app of 2019 (pixiv.md
11), the form of a novel, and the files of a work.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pixmirror.errors import WrongValue
from pixmirror.pixiv.enums import (
    COVER_IDS,
    WORK_RESTRICTS,
    X_RESTRICTS,
    at_most,
    maybe_text,
    number_of,
    one_of,
    text,
    texts,
    yes,
)
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.wire import Param, Part

TITLE: Final = 32  # characters
NOVEL_TITLE: Final = 100
CAPTION: Final = 3000
NOVEL_TEXT: Final = 300_000
TAGS: Final = 10
TAG: Final = 30
ALL_FILES: Final = 30 * 1024 * 1024  # bytes; all together must be fewer
KINDS: Final = (
    (b"\xff\xd8\xff", ".jpg", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", ".png", "image/png"),
    (b"GIF8", ".gif", "image/gif"),
)


def novel_form(
    title: str,
    words: str,
    cover_id: Id,
    caption: str | None,
    tags: Sequence[str] | None,
    restrict: str,
    x_restrict: str,
    is_original: bool,
) -> dict[str, Param]:
    """Return what a novel and a draft of one have in common, checked."""
    return {
        "title": at_most("title", text("title", title), NOVEL_TITLE),
        "caption": at_most("caption", maybe_text("caption", caption) or "", CAPTION),
        "cover_id": given("cover_id", number_of("cover_id", cover_id, COVER_IDS)),
        "text": at_most("text", text("text", words), NOVEL_TEXT),
        "restrict": one_of("restrict", restrict, WORK_RESTRICTS),
        "x_restrict": one_of("x_restrict", x_restrict, X_RESTRICTS),
        "tags": tags_of(tags),
        "is_original": int(yes("is_original", is_original)),
    }


def tags_of(tags: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the tags, if Pixiv has room for them."""
    found = texts("tags", tags)
    if found and len(found) > TAGS:
        raise WrongValue(f"tags are {len(found)}; Pixiv takes {TAGS}.")
    for tag in found or ():
        at_most("tags", tag, TAG)
    return found


def given(name: str, value: int | None) -> int:
    if value is None:
        raise WrongValue(f"{name} is None; it must be given.")
    return value


def parts_of(files: object) -> tuple[Part, ...]:
    """Return the files as parts of a form: readable, pictures, not too many bytes."""
    if isinstance(files, (str, bytes)) or not isinstance(files, Sequence) or not files:
        raise WrongValue(f"files is {files!r}; it must be a list of pictures, and not an empty one.")
    parts = tuple(_part(number, file) for number, file in enumerate(files))
    total = sum(part.size for part in parts)
    if total >= ALL_FILES:
        raise WrongValue(f"files have {total} bytes together; Pixiv takes fewer than {ALL_FILES}.")
    return parts


def _part(number: int, file: object) -> Part:
    if not isinstance(file, (str, os.PathLike)):
        raise WrongValue(f"files has {file!r}; it must be the path of a picture.")
    path = Path(file)
    try:
        with path.open("rb") as opened:
            head, size = opened.read(8), os.fstat(opened.fileno()).st_size
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "no path"
        raise WrongValue(f"files: {path} cannot be read: {reason}.") from exc
    for magic, ending, content_type in KINDS:
        if head.startswith(magic):
            return Part("files[]", path, f"{number}{ending}", content_type, size)
    raise WrongValue(f"files: {path} is no JPEG, PNG or GIF.")
