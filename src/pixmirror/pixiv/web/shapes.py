"""What the web calls things and where the App API keeps them: one table for each kind of thing, no I/O.

Sources: document 001, the recorded answers (pixiv.md 14), pixiv.md 4, 7.2, 8 and 9.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import unquote

from pixmirror.pixiv.web.mapping import (
    Lens,
    Shape,
    as_tag,
    drop,
    each,
    epoch,
    japanese,
    negated,
    number,
    or_empty,
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


def _tag(row: Any) -> Any:
    """Return a tag of a detail answer. `translation.en` is in the language of the page, whatever that is."""
    if not isinstance(row, dict):
        return row
    tag = {name: value for name, value in row.items() if name not in ("tag", "translation")}
    tag["name"] = row.get("tag")
    translation = row.get("translation", tag)
    if isinstance(translation, dict) and isinstance(translation.get("en"), str) and translation is not tag:
        tag["translated_name"] = translation["en"]
        translation = {name: text for name, text in translation.items() if name != "en"} or tag
    return tag if translation is tag else tag | {"translation": translation}


def _caption(value: Any) -> Any:
    """A caption as the App API has it: links that lead away without the site's detour, those to works in its own
    way. Else one caption, read here and there, would look like two.
    """
    if not isinstance(value, str):
        return "" if value is None else value
    straight = JUMP.sub(lambda found: f'href="{_attribute(unquote(found[1]))}"', value)
    return INSIDE.sub(lambda found: f'href="pixiv://{found[2]}s/{found[1]}">{found[2]}/{found[1]}</a>', straight)


def _attribute(url: str) -> str:
    """Return an address as the App API writes it inside of href; the detour had it percent-encoded instead."""
    return escape(url.replace("&amp;", "&"), quote=False).replace('"', "&quot;")


_AUTHOR = (
    Lens("userId", "user.id", number),
    Lens("userName", "user.name", or_empty),
    Lens("userAccount", "user.account", or_empty),
    Lens("profileImageUrl", "user.profile_image_urls.medium"),
)
_WORK = (
    Lens("id", "id", number),
    Lens("title", "title", or_empty),
    Lens("description", "caption", _caption),
    Lens("restrict", "restrict", number),
    Lens("xRestrict", "x_restrict", number),
    *_AUTHOR,
    Lens("tags.tags", "tags", each(_tag), list),
    Lens("tags", "tags", each(as_tag), list),
    Lens("createDate", "create_date"),
    Lens("seriesId", "series.id", number, str),
    Lens("seriesTitle", "series.title", or_empty, str),
    Lens("seriesNavData.seriesId", "series.id", number),
    Lens("seriesNavData.title", "series.title", or_empty),
    Lens("viewCount", "total_view", number),
    Lens("bookmarkCount", "total_bookmarks", number),
    Lens("commentCount", "total_comments", number),
    Lens("commentOff", "comment_access_control", number),
    Lens("isMasked", "visible", negated, told=True),
)


def _mend_work(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    """Say whether it is bookmarked; drop what a masked row says, which is not true."""
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
        Lens("illustId", "id", number),
        Lens("illustTitle", "title", or_empty),
        Lens("illustComment", "caption", _caption),
        Lens("illustType", "type", _kind, told=True),
        Lens("url", "image_urls.square_medium"),
        Lens("urls.thumb", "image_urls.square_medium"),
        Lens("urls.small", "image_urls.medium"),
        Lens("urls.540x540", "image_urls.medium"),
        Lens("urls.regular", "image_urls.large"),
        Lens("urls.1200x1200", "image_urls.large"),
        Lens("urls.original", "image_urls.original"),
        Lens("width", "width", number),
        Lens("height", "height", number),
        Lens("pageCount", "page_count", number),
        Lens("sl", "sanity_level", number),
        Lens("aiType", "illust_ai_type", number),
        Lens("bookStyle", "illust_book_style", number),
    ),
    _mend_illust,
)
NOVEL = Shape(
    (
        *_WORK,
        Lens("commentHtml", "caption", _caption),
        Lens("coverUrl", "image_urls.large"),
        Lens("url", "image_urls.large"),
        Lens("pageCount", "page_count", number),
        Lens("characterCount", "text_length", number),
        Lens("textCount", "text_length", number),
        Lens("textLength", "text_length", number),
        Lens("series.id", "series.id", number),
        Lens("uploadTimestamp", "create_date", epoch),
        Lens("isOriginal", "is_original"),
        Lens("aiType", "novel_ai_type", number),
        Lens("language", "language"),
    ),
    _mend_novel,
)


def _mend_ranked(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    hidden = app.get("visible") is False or raw.get("mask_reason")
    if hidden and "illust_upload_timestamp" in raw:
        drop(app, sent, "create_date", "illust_upload_timestamp", raw, None)


RANKED = Shape(
    (
        Lens("illust_id", "id", number),
        Lens("title", "title", or_empty),
        Lens("tags", "tags", each(as_tag), list),
        Lens("url", "image_urls.large"),
        Lens("illust_type", "type", _kind, told=True),
        Lens("illust_book_style", "illust_book_style", number),
        Lens("illust_page_count", "page_count", number),
        Lens("user_id", "user.id", number),
        Lens("user_name", "user.name", or_empty),
        Lens("profile_img", "user.profile_image_urls.medium"),
        Lens("illust_series.illust_series_id", "series.id", number),
        Lens("illust_series.illust_series_title", "series.title", or_empty),
        Lens("width", "width", number),
        Lens("height", "height", number),
        Lens("view_count", "total_view", number),
        Lens("illust_upload_timestamp", "create_date", epoch),
        Lens("is_bookmarked", "is_bookmarked"),
        Lens("is_masked", "visible", negated, told=True),
    ),
    _mend_ranked,
)


def _workspace(value: Any) -> Any:
    if not isinstance(value, dict):
        return {} if value in (None, []) else value
    stems = {name: name.removeprefix("userWorkspace") for name in value}
    return {stem if stem == name else stem[:1].lower() + stem[1:]: value[name] for name, stem in stems.items()}


USER = Shape(
    (
        Lens("userId", "user.id", number),
        Lens("name", "user.name", or_empty),
        Lens("imageBig", "user.profile_image_urls.medium"),
        Lens("isFollowed", "user.is_followed"),
        Lens("isBlocking", "user.is_access_blocking_user"),
        Lens("acceptRequest", "user.is_accept_request"),
        Lens("comment", "user.comment"),
        Lens("premium", "profile.is_premium"),
        Lens("following", "profile.total_follow_users", number, int),
        Lens("mypixivCount", "profile.total_mypixiv_users", number),
        Lens("webpage", "profile.webpage"),
        Lens("background.url", "profile.background_image_url"),
        Lens("region.name", "profile.region"),
        Lens("job.name", "profile.job"),
        Lens("workspace", "workspace", _workspace, told=True),
    ),
    lambda app, _, __: app.setdefault("profile", {}),
)
PREVIEW = Shape(
    (
        Lens("userId", "user.id", number),
        Lens("userName", "user.name", or_empty),
        Lens("profileImageUrl", "user.profile_image_urls.medium"),
        Lens("userComment", "user.comment"),
        Lens("following", "user.is_followed"),
        Lens("isBlocking", "user.is_access_blocking_user"),
        Lens("acceptRequest", "user.is_accept_request"),
        Lens("illusts", "illusts"),  # whose rows are read one by one
        Lens("novels", "novels"),
    )
)


def _stamp(value: Any) -> Any:
    at = number(value)
    if at in (None, 0, "", False):
        return None
    return {"stamp_id": at, "stamp_url": STAMPS.format(at)}


def _mend_comment(app: dict[str, Any], raw: Mapping[str, Any], sent: dict[str, Any]) -> None:
    """Make nobody of who left pixiv, as the App API does."""
    if raw.get("isDeletedUser") is True:
        app["user"] = None
        sent.update({name: raw[name] for name in ("userId", "userName", "img") if name in raw})


COMMENT = Shape(
    (
        Lens("id", "id", number),
        Lens("comment", "comment", or_empty),
        Lens("commentDate", "date", japanese),
        Lens("userId", "user.id", number),
        Lens("userName", "user.name", or_empty),
        Lens("img", "user.profile_image_urls.medium"),
        Lens("hasReplies", "has_replies"),
        Lens("stampId", "stamp", _stamp, told=True),
        Lens("commentParentId", "parent_comment", wrapped("id")),
    ),
    _mend_comment,
)
SERIES = Shape(
    (
        Lens("id", "id", number),
        Lens("title", "title", or_empty),
        Lens("caption", "caption"),
        *_AUTHOR,
        Lens("createDate", "create_date"),
        Lens("total", "series_work_count", number),
        Lens("publishedContentCount", "content_count", number),
        Lens("publishedTotalCharacterCount", "total_character_count", number),
        Lens("isConcluded", "is_concluded"),
        Lens("isOriginal", "is_original"),
        Lens("isWatched", "watchlist_added"),
        Lens("aiType", "novel_ai_type", number),
    )
)
UGOIRA = Shape((Lens("src", "zip_urls.medium"), Lens("frames", "frames")))
PAGE = Shape(
    (
        Lens("urls.thumb_mini", "image_urls.square_medium"),
        Lens("urls.small", "image_urls.medium"),
        Lens("urls.regular", "image_urls.large"),
        Lens("urls.original", "image_urls.original"),
    )
)
BOOKMARK_TAG = Shape((Lens("tag", "name"), Lens("cnt", "count", number)))
