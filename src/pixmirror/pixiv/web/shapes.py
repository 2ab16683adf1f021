"""What the web calls things and where the App API keeps them: one table for each kind of thing, no I/O.

Sources: document 001, the recorded answers (pixiv.md 14), pixiv.md 4, 7.2, 8 and 9.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import unquote

from pixmirror.pixiv.web.mapping import (
    DATE,
    EPOCH,
    ID,
    MINUTE,
    NOT,
    NUM,
    SAME,
    TEXT,
    Codec,
    Lens,
    Shape,
    drop,
    each,
    number,
    wrapped,
)

KINDS = ("illust", "manga", "ugoira")
STAMPS = "https://s.pximg.net/common/images/stamp/generated-stamps/{}_s.jpg"
JUMP = re.compile(r'href="(?:https://www\.pixiv\.net)?/jump\.php\?(?:url=)?([^"]*)"')
INSIDE = re.compile(
    r'href="https://www\.pixiv\.net/(?:artworks/|users/|novel/show\.php\?id=)(\d+)">(illust|novel|user)/\1</a>'
)
NOTHING = "-----"  # the title, caption and artist of a masked row


def _kind(value: Any) -> Any:
    at = number(value)
    return KINDS[at] if isinstance(at, int) and not isinstance(at, bool) and 0 <= at < len(KINDS) else value


def _unkind(value: Any) -> Any:
    return KINDS.index(value) if value in KINDS else value


def _tag(row: Any) -> Any:
    """A tag of a detail answer. `translation.en` is in the language of the page, whatever that is."""
    if not isinstance(row, dict):
        return row
    tag = {name: value for name, value in row.items() if name not in ("tag", "translation")}
    tag["name"] = row.get("tag")
    translation = row.get("translation", tag)
    if isinstance(translation, dict) and isinstance(translation.get("en"), str) and translation is not tag:
        tag["translated_name"] = translation["en"]
        translation = {name: text for name, text in translation.items() if name != "en"} or tag
    return tag if translation is tag else tag | {"translation": translation}


def _untag(tag: Any) -> Any:
    if not isinstance(tag, Mapping):
        return tag
    row = {name: value for name, value in tag.items() if name not in ("name", "translated_name")}
    if tag.get("translated_name") is not None:
        rest = row.get("translation")
        row["translation"] = {"en": tag["translated_name"]} | (rest if isinstance(rest, dict) else {})
    return row | {"tag": tag.get("name")}


def _caption(value: Any) -> Any:
    """A caption as the App API has it: links that lead away without the site's detour, those to works in its own
    way. Else one caption, read here and there, would look like two.
    """
    if not isinstance(value, str):
        return "" if value is None else value
    straight = JUMP.sub(lambda found: f'href="{_attribute(unquote(found[1]))}"', value)
    return INSIDE.sub(lambda found: f'href="pixiv://{found[2]}s/{found[1]}">{found[2]}/{found[1]}</a>', straight)


def _attribute(url: str) -> str:
    """An address as the App API writes it inside of href; the detour had it percent-encoded instead."""
    return escape(url.replace("&amp;", "&"), quote=False).replace('"', "&quot;")


CAPTION = Codec(_caption, lambda value: value)
KIND = Codec(_kind, _unkind)
OFF = Codec(number, lambda value: value)
NAMES = each(
    lambda name: {"name": name} if isinstance(name, str) else name,
    lambda tag: tag.get("name") if isinstance(tag, Mapping) else tag,
)
TAGS = each(_tag, _untag)

_AUTHOR = (
    Lens("userId", "user.id", ID),
    Lens("userName", "user.name", TEXT),
    Lens("userAccount", "user.account", TEXT),
    Lens("profileImageUrl", "user.profile_image_urls.medium", SAME),
)
_WORK = (
    Lens("id", "id", ID),
    Lens("title", "title", TEXT),
    Lens("description", "caption", CAPTION),
    Lens("restrict", "restrict", NUM),
    Lens("xRestrict", "x_restrict", NUM),
    *_AUTHOR,
    Lens("tags.tags", "tags", TAGS, list),
    Lens("tags", "tags", NAMES, list),
    Lens("createDate", "create_date", DATE),
    Lens("seriesId", "series.id", ID, str),
    Lens("seriesTitle", "series.title", TEXT, str),
    Lens("seriesNavData.seriesId", "series.id", NUM),
    Lens("seriesNavData.title", "series.title", TEXT),
    Lens("viewCount", "total_view", NUM),
    Lens("bookmarkCount", "total_bookmarks", NUM),
    Lens("commentCount", "total_comments", NUM),
    Lens("commentOff", "comment_access_control", OFF),
    Lens("isMasked", "visible", NOT),
)


def _mend_work(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    """A bookmark is a fact of the App API; a masked row is a stub, and says nothing that is true."""
    if "bookmarkData" in raw:
        app["is_bookmarked"] = isinstance(raw["bookmarkData"], dict)
    if app.get("visible") is False:
        for web, path in (("title", "title"), ("description", "caption"), ("userName", "user.name")):
            if raw.get(web) == NOTHING:
                drop(app, sent, path, web, raw, "")
        if "createDate" in raw:
            drop(app, sent, "create_date", "createDate", raw, None)


def _mend_illust(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    _mend_work(app, raw, sent)
    urls = app.get("image_urls")
    original = urls.get("original") if isinstance(urls, dict) else None
    if original is not None and app.get("page_count") == 1:
        app["meta_single_page"] = {"original_image_url": original}


def _mend_novel(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    _mend_work(app, raw, sent)
    if "text_length" not in app and isinstance(raw.get("content"), str):
        app["text_length"] = len(raw["content"])


ILLUST = Shape(
    (
        *_WORK,
        Lens("illustId", "id", ID),
        Lens("illustTitle", "title", TEXT),
        Lens("illustComment", "caption", CAPTION),
        Lens("illustType", "type", KIND),
        Lens("url", "image_urls.square_medium", SAME),
        Lens("urls.thumb", "image_urls.square_medium", SAME),
        Lens("urls.small", "image_urls.medium", SAME),
        Lens("urls.540x540", "image_urls.medium", SAME),
        Lens("urls.regular", "image_urls.large", SAME),
        Lens("urls.1200x1200", "image_urls.large", SAME),
        Lens("urls.original", "image_urls.original", SAME),
        Lens("width", "width", NUM),
        Lens("height", "height", NUM),
        Lens("pageCount", "page_count", NUM),
        Lens("sl", "sanity_level", NUM),
        Lens("aiType", "illust_ai_type", NUM),
        Lens("bookStyle", "illust_book_style", NUM),
    ),
    _mend_illust,
)
NOVEL = Shape(
    (
        *_WORK,
        Lens("commentHtml", "caption", CAPTION),
        Lens("coverUrl", "image_urls.large", SAME),
        Lens("url", "image_urls.large", SAME),
        Lens("pageCount", "page_count", NUM),
        Lens("characterCount", "text_length", NUM),
        Lens("textCount", "text_length", NUM),
        Lens("textLength", "text_length", NUM),
        Lens("series.id", "series.id", NUM),
        Lens("uploadTimestamp", "create_date", EPOCH),
        Lens("isOriginal", "is_original", SAME),
        Lens("aiType", "novel_ai_type", NUM),
        Lens("language", "language", SAME),
    ),
    _mend_novel,
)


def _mend_ranked(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    hidden = app.get("visible") is False or raw.get("mask_reason")
    if hidden and "illust_upload_timestamp" in raw:
        drop(app, sent, "create_date", "illust_upload_timestamp", raw, None)


RANKED = Shape(
    (
        Lens("illust_id", "id", NUM),
        Lens("title", "title", TEXT),
        Lens("tags", "tags", NAMES, list),
        Lens("url", "image_urls.large", SAME),
        Lens("illust_type", "type", Codec(_kind, lambda kind: str(_unkind(kind)))),
        Lens("illust_book_style", "illust_book_style", NUM),
        Lens("illust_page_count", "page_count", ID),
        Lens("user_id", "user.id", NUM),
        Lens("user_name", "user.name", TEXT),
        Lens("profile_img", "user.profile_image_urls.medium", SAME),
        Lens("illust_series.illust_series_id", "series.id", ID),
        Lens("illust_series.illust_series_title", "series.title", TEXT),
        Lens("width", "width", NUM),
        Lens("height", "height", NUM),
        Lens("view_count", "total_view", NUM),
        Lens("illust_upload_timestamp", "create_date", EPOCH),
        Lens("is_bookmarked", "is_bookmarked", SAME),
        Lens("is_masked", "visible", NOT),
    ),
    _mend_ranked,
)


def _workspace(value: Any) -> Any:
    if not isinstance(value, dict):
        return {} if value in (None, []) else value
    return {_short(name): text for name, text in value.items()}


def _short(name: str) -> str:
    stem = name.removeprefix("userWorkspace")
    return stem[:1].lower() + stem[1:] if stem != name else name


def _unworkspace(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {f"userWorkspace{name[:1].upper()}{name[1:]}": text for name, text in value.items()}


def _mend_user(app: dict[str, Any], _: Mapping[str, Any], __: dict[str, Any]) -> None:
    app.setdefault("profile", {})


USER = Shape(
    (
        Lens("userId", "user.id", ID),
        Lens("name", "user.name", TEXT),
        Lens("imageBig", "user.profile_image_urls.medium", SAME),
        Lens("isFollowed", "user.is_followed", SAME),
        Lens("isBlocking", "user.is_access_blocking_user", SAME),
        Lens("acceptRequest", "user.is_accept_request", SAME),
        Lens("comment", "user.comment", SAME),
        Lens("premium", "profile.is_premium", SAME),
        Lens("following", "profile.total_follow_users", NUM, int),
        Lens("mypixivCount", "profile.total_mypixiv_users", NUM),
        Lens("webpage", "profile.webpage", SAME),
        Lens("background.url", "profile.background_image_url", SAME),
        Lens("region.name", "profile.region", SAME),
        Lens("job.name", "profile.job", SAME),
        Lens("workspace", "workspace", Codec(_workspace, _unworkspace)),
    ),
    _mend_user,
)
PREVIEW = Shape(
    (
        Lens("userId", "user.id", ID),
        Lens("userName", "user.name", TEXT),
        Lens("profileImageUrl", "user.profile_image_urls.medium", SAME),
        Lens("userComment", "user.comment", SAME),
        Lens("following", "user.is_followed", SAME),
        Lens("isBlocking", "user.is_access_blocking_user", SAME),
        Lens("acceptRequest", "user.is_accept_request", SAME),
        Lens("illusts", "illusts", each(ILLUST.read, ILLUST.write)),
        Lens("novels", "novels", each(NOVEL.read, NOVEL.write)),
    )
)


def _stamp(value: Any) -> Any:
    at = number(value)
    if at in (None, 0, "", False):
        return None
    return {"stamp_id": at, "stamp_url": STAMPS.format(at)}


def _mend_comment(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    """Who left pixiv is nobody, as in the App API."""
    if raw.get("isDeletedUser") is True:
        app["user"] = None
        sent.update({name: raw[name] for name in ("userId", "userName", "img") if name in raw})


COMMENT = Shape(
    (
        Lens("id", "id", ID),
        Lens("comment", "comment", TEXT),
        Lens("commentDate", "date", MINUTE),
        Lens("userId", "user.id", ID),
        Lens("userName", "user.name", TEXT),
        Lens("img", "user.profile_image_urls.medium", SAME),
        Lens("hasReplies", "has_replies", SAME),
        Lens("stampId", "stamp", Codec(_stamp, wrapped("stamp_id").write)),
        Lens("commentParentId", "parent_comment", wrapped("id")),
    ),
    _mend_comment,
)
SERIES = Shape(
    (
        Lens("id", "id", ID),
        Lens("title", "title", TEXT),
        Lens("caption", "caption", SAME),
        *_AUTHOR,
        Lens("createDate", "create_date", DATE),
        Lens("total", "series_work_count", NUM),
        Lens("publishedContentCount", "content_count", NUM),
        Lens("publishedTotalCharacterCount", "total_character_count", NUM),
        Lens("isConcluded", "is_concluded", SAME),
        Lens("isOriginal", "is_original", SAME),
        Lens("isWatched", "watchlist_added", SAME),
        Lens("aiType", "novel_ai_type", NUM),
    )
)
UGOIRA = Shape((Lens("src", "zip_urls.medium", SAME), Lens("frames", "frames", SAME)))
PAGE = Shape(
    (
        Lens("urls.thumb_mini", "image_urls.square_medium", SAME),
        Lens("urls.small", "image_urls.medium", SAME),
        Lens("urls.regular", "image_urls.large", SAME),
        Lens("urls.original", "image_urls.original", SAME),
    )
)
BOOKMARK_TAG = Shape((Lens("tag", "name", SAME), Lens("cnt", "count", NUM)))
