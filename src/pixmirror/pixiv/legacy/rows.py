"""Rows of SPAPI, which name nothing, as today's models (document 000, pixiv.md 12).

A row becomes an object by the names of its columns, and that becomes an App API object: what the model does not
read, and the form that was sent where it changed, stay under `legacy`.
"""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, ValidationError

from pixmirror.models import Illust, Model, Novel, Tag, User, reason
from pixmirror.pixiv.legacy import addresses
from pixmirror.pixiv.web.mapping import Lens, Shape, drop, japanese, moment_of, number

LEGACY = "legacy"
WIDTH = 31
# By number, what each column is; in the rows of users and comments only some of them are filled.
NAMES: Mapping[int, str] = {
    0: "id", 1: "user_id", 2: "ext", 3: "title", 4: "directory", 5: "user_name", 6: "thumbnail", 9: "mobile",
    12: "date", 13: "tags", 14: "tools", 15: "ratings", 16: "score", 17: "views", 18: "text", 19: "pages",
    22: "bookmarks", 23: "comments", 24: "account", 26: "x_restrict", 27: "series_id", 29: "avatar",
}  # fmt: skip
NEEDED = 27  # up to the mark R-18; what is cut before it is half a row
EXTENSIONS = ("jpg", "jpeg", "png", "gif")
MOST_PAGES = 1000
# Tools are separated by spaces; these have some of their own.
SPACED = ("CLIP STUDIO PAINT", "MediBang Paint")
_TOOL = re.compile("|".join(map(re.escape, SPACED)) + r"|\S+")


class LegacyComment(Model):
    """A comment of SPAPI: it never had an id."""

    comment: str = ""
    date: AwareDatetime | None = None
    user: User


class Unreadable(ValueError):
    """A row that is no thing of ours; the text says why."""


def _tags(value: str) -> list[dict[str, str]]:
    return [{"name": html.unescape(name)} for name in value.split()]


def _tools(value: str) -> list[str]:
    return _TOOL.findall(html.unescape(value))


_USER = (
    Lens("user_id", "user.id", number),
    Lens("user_name", "user.name", html.unescape),
    Lens("account", "user.account"),
)
_WORK = (
    Lens("id", "id", number),
    Lens("title", "title", html.unescape),
    Lens("text", "caption"),
    *_USER,
    Lens("date", "create_date", japanese),
    Lens("tags", "tags", _tags),
    Lens("views", "total_view", number),
    Lens("bookmarks", "total_bookmarks", number),
    Lens("comments", "total_comments", number),
    Lens("x_restrict", "x_restrict", number),
    Lens("avatar", "user.profile_image_urls.medium"),
)


def _mend_avatar(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any], column: str) -> None:
    """Drop the avatar's address, which by artist's folder leads nowhere now; what was sent is noted."""
    if column in raw:
        drop(app, sent, "user.profile_image_urls.medium", column, raw, addresses.today(raw[column]))


def _mend_illust(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    """Add kind, thumbnails and originals, as addresses, extension and the count of pages tell."""
    _mend_avatar(app, raw, sent, "avatar")
    thumbnail, mobile = raw.get("thumbnail", ""), raw.get("mobile", "")
    ugoira = addresses.animated(thumbnail) or addresses.animated(mobile)
    app["type"] = "ugoira" if ugoira else "manga" if "pages" in raw else "illust"
    path = _upload_path(app, raw)
    pages, ext = app.get("page_count", 1), raw.get("ext", "").lower()
    if not path or not isinstance(app.get("id"), int) or not isinstance(pages, int) or pages > MOST_PAGES:
        return
    app["image_urls"] = addresses.thumbnails(app["id"], path, ugoira=ugoira)
    if ugoira:
        app["meta_single_page"] = {"original_image_url": addresses.first_frame(app["id"], path, ext)}
    elif pages == 1:
        app["meta_single_page"] = {"original_image_url": addresses.original(app["id"], path, ext)}
    else:
        found = (addresses.original(app["id"], path, ext, page) for page in range(pages))
        app["meta_pages"] = [{"image_urls": {"original": url}} for url in found]


def _upload_path(app: Mapping[str, Any], raw: Mapping[str, Any]) -> str:
    """Return the time of the upload as today's addresses have it: by the thumbnails, else by the date."""
    for url in (raw.get("mobile", ""), raw.get("thumbnail", "")):
        if path := addresses.upload_path(url):
            return path
    try:
        return addresses.dated(datetime.fromisoformat(app["create_date"]))
    except (KeyError, ValueError):
        return ""


def _mend_novel(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    """Put 0 for a novel's length, of which SPAPI says nothing, as the App API's stubs do."""
    _mend_avatar(app, raw, sent, "avatar")
    app["text_length"] = 0


def _mend_person(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    _mend_avatar(app, raw, sent, "thumbnail")


ILLUST = Shape(
    (*_WORK, Lens("pages", "page_count", number), Lens("tools", "tools", _tools)),
    _mend_illust,
    LEGACY,
)
NOVEL = Shape(
    (*_WORK, Lens("pages", "page_count", number), Lens("series_id", "series.id", number)), _mend_novel, LEGACY
)
_AVATAR = Lens("thumbnail", "user.profile_image_urls.medium")
USER = Shape((*_USER, _AVATAR), _mend_person, LEGACY)
COMMENT = Shape((*_USER, _AVATAR, Lens("date", "date", japanese), Lens("text", "comment")), _mend_person, LEGACY)
TAG = Shape((Lens("id", "name", html.unescape),), None, LEGACY)
_SHAPES: Mapping[str, tuple[Shape, type[Model]]] = {
    "illust": (ILLUST, Illust),
    "novel": (NOVEL, Novel),
    "user": (USER, User),
    "comment": (COMMENT, LegacyComment),
    "tag": (TAG, Tag),
}


def named(columns: Sequence[str]) -> dict[str, str]:
    """Return what is not empty, by name; `column_7` for what should be empty."""
    return {NAMES.get(at, f"column_{at}"): value for at, value in enumerate(columns) if value}


def kind_of(columns: Sequence[str], hint: str = "") -> str:
    """What a row is, by its columns; `hint` (what the route gives) decides where they do not. Unreadable if it is
    nothing.
    """
    if hint == "tag":
        return hint
    row = named(columns)
    if len(columns) > WIDTH:
        raise Unreadable(f"It has {len(columns)} columns, more than the {WIDTH} that there can be.")
    if len(columns) == 1 and columns[0].isdecimal():
        raise Unreadable(f"It is a count ({columns[0]}), no row.")
    if len(columns) < NEEDED:
        raise Unreadable(f"It is half a row: {len(columns)} of {WIDTH} columns.")
    if "id" not in row:
        return "comment" if "date" in row else "user"
    if row["id"].strip("0") == "":
        raise Unreadable("It is private: Pixiv gave the id 0 and a picture that is not the work's.")
    if hint == "novel" or "series_id" in row:
        return "novel"
    if row.get("ext", "").lower() in EXTENSIONS:
        return "illust"
    if "ext" in row:
        raise Unreadable(f"{row['ext'][:20]!r} is no extension of a picture.")
    raise Unreadable(
        "Whether it is an illust or a novel cannot be told: it has neither an extension nor a series."
    )


def read(columns: Sequence[str], kind: str) -> tuple[Model, dict[str, Any]]:
    """Return the model, and the App API object that it was read from. A column may be Unreadable."""
    row = named(columns)
    if kind in ("illust", "novel") and not {"user_id", "date"} <= row.keys():
        raise Unreadable("It names no artist or no date.")
    shape, model = _SHAPES[kind]
    for lens in shape.lenses:
        if lens.read is number and lens.web in row and not isinstance(number(row[lens.web]), int):
            raise Unreadable(f"{lens.web}: {row[lens.web][:20]!r} is no number.")
    if kind != "user":
        checked_date("date", row.get("date"))
    app = shape.read(row)
    app[LEGACY] |= {"api": "spapi", "kind": kind}
    if kind == "user":
        app = {**app["user"], LEGACY: app[LEGACY]}
    try:
        return model.model_validate(app), app
    except ValidationError as error:
        raise Unreadable("{}: {}.".format(*reason(error, ""))) from error


def checked_date(name: str, value: Any) -> None:
    """Raise Unreadable if a date is none: the model would take a number for one."""
    if isinstance(value, str) and moment_of(value) is None:
        raise Unreadable(f"{name}: {value[:20]!r} is no date.")


def doubts(columns: Sequence[str]) -> str:
    """Return what of a good row may not be as it says; "" if nothing."""
    row = named(columns)
    moment = addresses.reuploaded(row.get("mobile", "")) or addresses.reuploaded(row.get("thumbnail", ""))
    if moment is not None and "id" in row:
        return f"The pictures were replaced at {moment:%Y-%m-%d %H:%M:%S} JST: their addresses are a guess."
    if (unknown := [name for name in row if name.startswith("column_")]) and "id" in row:
        return f"{', '.join(unknown)} should be empty."
    return ""
