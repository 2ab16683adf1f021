"""Which model reads the answer of which endpoint of the App API and of the token endpoint: for `api check`, and
for the tests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from pixmirror import models as m
from pixmirror.models import Account, Illust, Model, Novel, SeriesDetail, UserPreview

PART = 0.8
_VERSION = re.compile(r"^/v\d+/")


class TokenAnswer(Model):
    """`/auth/token`: its fields stand at the top, inside `response`, or in both places."""

    access_token: str | None = Field(default=None, repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    device_token: str | None = Field(default=None, repr=False)
    expires_in: int | None = None
    token_type: str | None = None
    scope: str | None = None
    user: Account | None = None
    response: "TokenAnswer | None" = None


class Said(Model):
    """What the token endpoint says is wrong."""

    message: str | None = None
    code: int | None = None


class Errors(Model):
    """Its envelope of errors."""

    system: Said | None = None


class AppError(Model):
    """What the App API says is wrong."""

    user_message: str | None = None
    message: str | None = None
    reason: str | None = None
    user_message_details: dict[str, object] | list[object] | None = None


class ErrorBody(Model):
    """Any error body of Pixiv: app-api's `error`, OAuth's `errors.system`, the web's `error` and `message`, the
    Public API's `status`."""

    error: AppError | bool | str | None = None
    errors: Errors | None = None
    has_error: bool | None = None
    message: str | None = None
    status: object = None
    body: object = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands under `key` (all, if that is empty) is one thing, or a list of them, as `model` reads it;
    `parts` read what of it may have been saved alone.
    """

    key: str
    model: type[Model]
    many: bool = False
    parts: tuple[type[Model], ...] = ()


def _lists(key: str, model: type[Model], *paths: str) -> dict[str, Answer]:
    return {path: Answer(key, model, many=True) for path in paths}


# Beside a list, by name: one thing, or several.
BESIDE: Mapping[str, type[Model]] = {
    "ranking_illusts": Illust,
    "ranking_novels": Novel,
    "illust_series_detail": SeriesDetail,
    "novel_series_detail": SeriesDetail,
    "illust_series_first_illust": Illust,
    "illust_series_latest_illust": Illust,
    "novel_series_first_novel": Novel,
    "novel_series_latest_novel": Novel,
    "ranking_label_illust": Illust,
    "user": m.User,
}
# What else stands at the top of a list (document 002, pixiv.md 3, recorded answers).
KNOWN = frozenset(
    {"next_url", "total_comments", "comment_access_control", "search_span_limit", "show_ai", "contest_exists"}
    | {"privacy_policy", "live_info"}
)

ANSWERS: Mapping[str, Answer] = {
    **_lists(
        "illusts",
        Illust,
        *("/v2/illust/follow", "/v1/illust/ranking", "/v2/illust/related", "/v1/illust/recommended"),
        *("/v1/illust/recommended-nologin", "/v1/manga/recommended", "/v1/illust/new", "/v2/illust/mypixiv"),
        *("/v1/walkthrough/illusts", "/v1/search/illust", "/v1/search/popular-preview/illust"),
        *("/v1/user/illusts", "/v1/user/bookmarks/illust", "/v1/user/browsing-history/illusts"),
    ),
    **_lists(
        "novels",
        Novel,
        *("/v1/novel/follow", "/v1/novel/ranking", "/v1/novel/new", "/v1/novel/recommended", "/v1/novel/related"),
        *("/v1/novel/mypixiv", "/v1/search/novel", "/v1/search/popular-preview/novel", "/v1/user/novels"),
        *("/v1/user/bookmarks/novel", "/v1/user/browsing-history/novels"),
    ),
    **_lists(
        "user_previews",
        UserPreview,
        *("/v1/user/following", "/v1/user/follower", "/v1/user/mypixiv", "/v1/user/related"),
        *("/v1/user/recommended", "/v1/search/user"),
    ),
    **_lists("users", m.User, "/v1/illust/bookmark/users", "/v2/user/list"),
    **_lists(
        "comments",
        m.Comment,
        *("/v3/illust/comments", "/v3/novel/comments", "/v2/illust/comment/replies", "/v2/novel/comment/replies"),
    ),
    **_lists("bookmark_tags", m.BookmarkTag, "/v1/user/bookmark-tags/illust", "/v1/user/bookmark-tags/novel"),
    **_lists(
        "bookmark_ranges",
        m.BookmarkRange,
        *("/v1/search/bookmark-ranges/illust", "/v1/search/bookmark-ranges/novel"),
    ),
    **_lists("series", m.WatchedSeries, "/v1/watchlist/manga", "/v1/watchlist/novel"),
    **_lists("covers", m.NovelCover, "/v1/upload/novel/covers"),
    **_lists("novel_draft_previews", m.DraftPreview, "/v1/user/novel-draft-previews"),
    "/v1/illust/series": Answer("illusts", Illust, many=True, parts=(Illust, SeriesDetail)),
    "/v2/novel/series": Answer("novels", Novel, many=True, parts=(Novel, SeriesDetail)),
    "/v1/user/illust-series": Answer("illust_series_details", SeriesDetail, many=True, parts=(SeriesDetail,)),
    "/v1/user/novel-series": Answer("novel_series_details", SeriesDetail, many=True, parts=(SeriesDetail,)),
    "/v1/trending-tags/illust": Answer("trend_tags", m.TrendTag, many=True, parts=(m.TrendTag,)),
    "/v1/trending-tags/novel": Answer("trend_tags", m.TrendTag, many=True, parts=(m.TrendTag,)),
    **_lists("tags", m.Tag, "/v2/search/autocomplete"),
    **_lists("marked_novels", m.MarkedNovel, "/v2/novel/markers"),
    **_lists("emoji_definitions", m.Emoji, "/v1/emoji"),
    **_lists("stamps", m.Stamp, "/v1/stamps"),
    **_lists("spotlight_articles", m.SpotlightArticle, "/v1/spotlight/articles"),
    **_lists("lives", m.Live, "/v1/live/list"),
    "/v1/illust/detail": Answer("illust", Illust, parts=(Illust,)),
    "/v2/novel/detail": Answer("novel", Novel, parts=(Novel,)),
    "/v1/novel/text": Answer("", m.OldNovelText, parts=(m.NovelMarker,)),
    "/webview/v2/novel": Answer("", m.NovelText),
    "/v1/user/detail": Answer("", m.UserDetail, parts=(m.User, m.Profile, m.ProfilePublicity, m.Workspace)),
    "/v1/ugoira/metadata": Answer("ugoira_metadata", m.UgoiraMetadata, parts=(m.UgoiraMetadata,)),
    "/v1/illust-series/illust": Answer("", m.SeriesPosition),
    "/v2/illust/bookmark/detail": Answer("bookmark_detail", m.BookmarkDetail),
    "/v2/novel/bookmark/detail": Answer("bookmark_detail", m.BookmarkDetail),
    "/v1/user/follow/detail": Answer("follow_detail", m.FollowDetail),
    "/v1/user/me/state": Answer("", m.MyState),
    "/v1/user/ai-show-settings": Answer("", m.AiShowSettings),
    "/v1/user/restricted-mode-settings": Answer("", m.RestrictedMode),
    "/v1/user/profile/presets": Answer("profile_presets", m.ProfilePresets),
    "/v1/mute/list": Answer("", m.MuteList),
    "/v1/application-info/ios": Answer("application_info", m.ApplicationInfo),
    "/v1/application-info/android": Answer("application_info", m.ApplicationInfo),
    "/v1/upload/illust": Answer("", m.UploadTicket),
    "/v1/upload/status": Answer("", m.UploadStatus),
    "/v1/upload/novel": Answer("", m.PostedNovel),
    "/v1/upload/novel/draft": Answer("", m.SavedDraft),
    "/v1/user/novel/draft/detail": Answer("novel_draft", m.NovelDraft, parts=(m.NovelDraft,)),
    "/v1/illust/comment/add": Answer("comment", m.Comment),
    "/v1/novel/comment/add": Answer("comment", m.Comment),
    "illust": Answer("", Illust),
    "novel": Answer("", Novel),
}
OAUTH: Mapping[str, Answer] = {"/auth/token": Answer("", TokenAnswer)}


def versionless(path: str) -> str:
    """A path without its version: what v1 and v2 have in common."""
    return _VERSION.sub("/", path)


_BY_NAME = {versionless(path): path for path in ANSWERS}


def endpoint(path: str) -> str | None:
    """The registered path that this one is, in whatever version; None if there is none."""
    return path if path in ANSWERS else _BY_NAME.get(versionless(path))


def part_of(payload: Any, kind: Answer) -> Model | None:
    """What was saved without its outer key, or a part of an answer; None if it is no such thing. Most of its names
    must be the model's: some parts have no field that must be there.
    """
    if not isinstance(payload, dict) or not payload or (kind.key and kind.key in payload):
        return None
    best: tuple[float, Model] | None = None
    for model in kind.parts:
        known = sum(name in model.model_fields for name in payload)
        share = known / len(payload)
        if share < PART or known < min(3, len(model.model_fields)) or (best is not None and share <= best[0]):
            continue
        try:
            best = share, model.model_validate(payload)
        except ValidationError:
            continue
    return best[1] if best else None
