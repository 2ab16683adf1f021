"""Objects of the Public API as today's models (document 000, pixiv.md 12, recorded answers)."""

import html
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from pixmirror.errors import InvalidRequest, NotFound, PixivError
from pixmirror.models import Illust, Model, User, reason
from pixmirror.pixiv.legacy import addresses
from pixmirror.pixiv.legacy.rows import LEGACY, Unreadable, checked_date
from pixmirror.pixiv.web.mapping import Lens, Shape, as_tag, each, japanese, moment_of, number, or_empty

NOT_FOUND = 206
AGES = {"all-age": 0, "r18": 1, "r18-g": 2}
KINDS = {"illustration": "illust", "manga": "manga", "ugoira": "ugoira"}
# Where the work stands in an object that is more than a work: a favourite, an entry of a feed, a rank.
INNER = ("work", "ref_work")


def _choice(values: Mapping[str, Any]) -> Callable[[Any], Any]:
    return lambda value: values.get(value, value) if isinstance(value, str) else value


def _caption(value: Any) -> Any:
    """HTML, as the App API has it, of the plain text that the Public API gave."""
    if not isinstance(value, str):
        return "" if value is None else value
    return "<br />".join(html.escape(value, quote=False).splitlines())


_WORK = (
    Lens("id", "id", number),
    Lens("title", "title", or_empty),
    Lens("caption", "caption", _caption),
    Lens("tags", "tags", each(as_tag), list),
    Lens("tools", "tools"),
    Lens("image_urls.px_128x128", "image_urls.square_medium"),
    Lens("image_urls.px_480mw", "image_urls.medium"),
    Lens("image_urls.medium", "image_urls.large"),
    Lens("image_urls.large", "image_urls.original"),
    Lens("width", "width", number),
    Lens("height", "height", number),
    Lens("stats.views_count", "total_view", number),
    Lens("stats.commented_count", "total_comments", number),
    Lens("publicity", "restrict", number),
    Lens("age_limit", "x_restrict", _choice(AGES), told=True),
    Lens("created_time", "create_date", japanese),
    Lens("user.id", "user.id", number),
    Lens("user.name", "user.name", or_empty),
    Lens("user.account", "user.account", or_empty),
    Lens("user.is_following", "user.is_followed"),
    Lens("page_count", "page_count", number),
    Lens("type", "type", _choice(KINDS), told=True),
)


def _mend_work(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    moment = _uploaded(raw)
    urls = app.get("image_urls")
    if isinstance(urls, dict):
        for lens in _WORK:
            first, _, size = lens.web.partition(".")
            if first == "image_urls" and size in raw["image_urls"]:
                sent[lens.web] = raw["image_urls"][size]
        app["image_urls"] = {name: _today(url, moment) for name, url in urls.items()}
    _mend_originals(app, raw, moment)
    counts = raw["stats"].get("favorited_count") if isinstance(raw.get("stats"), dict) else None
    if isinstance(counts, dict) and all(isinstance(counts.get(k), int) for k in ("public", "private")):
        app["total_bookmarks"] = counts["public"] + counts["private"]
    if isinstance(raw.get("user"), dict) and isinstance(app.get("user"), dict):
        _mend_avatar(app["user"], raw["user"])


def _uploaded(raw: Mapping[str, Any]) -> datetime | None:
    """Return when the pictures that are there now were uploaded."""
    moments = (moment_of(japanese(raw.get(name))) for name in ("reuploaded_time", "created_time"))
    return next(filter(None, moments), None)


def _today(url: Any, moment: datetime | None) -> Any:
    return addresses.today(url, moment) if isinstance(url, str) else url


def _mend_originals(app: dict[str, Any], raw: Mapping[str, Any], moment: datetime | None) -> None:
    """Take `large` for the original, of the work and of each page."""
    urls = app.get("image_urls")
    original = urls.get("original") if isinstance(urls, dict) else None
    metadata = raw.get("metadata")
    pages = metadata.get("pages") if isinstance(metadata, dict) else None
    if isinstance(pages, list) and app.get("page_count") != 1:
        found = [page.get("image_urls") if isinstance(page, dict) else None for page in pages]
        app["meta_pages"] = [
            {
                "image_urls": {
                    "original": _today(page.get("large"), moment),
                    "large": _today(page.get("medium"), moment),
                }
            }
            for page in found
            if isinstance(page, dict)
        ]
    elif isinstance(original, str) and app.get("page_count") == 1:
        app["meta_single_page"] = {"original_image_url": original}
    path = addresses.upload_path(original) if isinstance(original, str) else ""
    if path and isinstance(app.get("id"), int) and isinstance(urls, dict):
        known = {name: url for name, url in urls.items() if url is not None}
        small = addresses.thumbnails(app["id"], path, ugoira=app.get("type") == "ugoira")
        app["image_urls"] = {**urls, **small, **known}


def _mend_avatar(user: dict[str, Any], raw: Mapping[str, Any]) -> None:
    urls = raw.get("profile_image_urls")
    if not isinstance(urls, dict):
        return
    large, small = _today(urls.get("px_170x170"), None), _today(urls.get("px_50x50"), None)
    user["profile_image_urls"] = {"medium": large or small}


# What the document and recorded answers have of a work and of a user.
KNOWN = frozenset(
    (
        *("age_limit", "book_style", "caption", "content_type", "created_time", "favorite_id", "height", "id"),
        *("image_urls", "is_liked", "is_manga", "metadata", "page_count", "publicity", "reuploaded_time"),
        *("sanity_level", "stats", "tags", "title", "tools", "type", "user", "width", "account", "is_follower"),
        *("is_following", "is_friend", "is_premium", "name", "profile", "profile_image_urls"),
    )
)
ILLUST = Shape(_WORK, _mend_work, LEGACY)
USER = Shape(
    (
        Lens("id", "id", number),
        Lens("name", "name", or_empty),
        Lens("account", "account", or_empty),
        Lens("is_following", "is_followed"),
        Lens("profile.introduction", "comment"),
    ),
    lambda app, raw, _: _mend_avatar(app, raw),
    LEGACY,
)


def ranked(raw: Any) -> list[Any]:
    """Return the objects of a ranking, each by itself; any other object alone."""
    rows = raw.get("works") if isinstance(raw, dict) and "mode" in raw else None
    return rows if isinstance(rows, list) else [raw]


def inner(raw: Mapping[str, Any]) -> str:
    """Return the name under which the work stands in an object that is more than one; "" if it is one itself."""
    return next((name for name in INNER if isinstance(raw.get(name), dict)), "")


def read(raw: Any) -> tuple[Model, dict[str, Any]]:
    """Return the model of an object, and the App API object that it was read from. It may be Unreadable."""
    if not isinstance(raw, dict):
        raise Unreadable(f"It is {type(raw).__name__}, where an object must be.")
    if name := inner(raw):
        item, app = read(raw[name])
        beside = {key: value for key, value in raw.items() if key != name}
        app[LEGACY] |= {"beside": beside, "inner": name}
        return type(item).model_validate(app), app
    user = "account" in raw and "title" not in raw
    shape, model = (USER, User) if user else (ILLUST, Illust)
    if not user and raw.get("id") == 0:
        raise Unreadable("It is private or gone: Pixiv gave the id 0.")
    if not user and not {"id", "title", "user"} <= raw.keys():
        raise Unreadable("It is neither a work nor a user.")
    checked_date("created_time", raw.get("created_time"))
    app = shape.read(raw)
    app[LEGACY] |= {"api": "papi"}
    try:
        return model.model_validate(app), app
    except ValidationError as error:
        raise Unreadable("{}: {}.".format(*reason(error, ""))) from error


def failure(payload: Any, path: str) -> PixivError | None:
    """Return the error that a failed answer is; None if it is none."""
    if not isinstance(payload, dict) or not (payload.get("has_error") or payload.get("status") == "failure"):
        return None
    errors = payload.get("errors")
    system = errors.get("system") if isinstance(errors, dict) else None
    said = system if isinstance(system, dict) else {}
    text = " ".join(str(said.get("message", "no reason given")).split())
    kind = NotFound if said.get("code") == NOT_FOUND else InvalidRequest
    return kind(f"{path}: the Public API said {said.get('code', 'failure')}: {text}")
