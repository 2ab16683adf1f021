"""Which model reads the answer of which endpoint of the App API and of the token endpoint: for `api check`, and
for the tests. The functions themselves say it; only what they cannot say stands here.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import Field, ValidationError

from pixmirror import models as m
from pixmirror.models import Account, Illust, Listing, Model, Novel, Received, SeriesDetail, UserPreview
from pixmirror.pixiv.app import (
    account,
    commenting,
    comments,
    drafts,
    illusts,
    novels,
    search,
    site,
    submissions,
    users,
)

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

# Where a list of each stands in an answer, and where one; a model in neither reads the whole answer.
LISTED: Mapping[type[Model], str] = {
    Illust: "illusts",
    Novel: "novels",
    UserPreview: "user_previews",
    m.User: "users",
    m.Comment: "comments",
    m.Tag: "tags",
    m.TrendTag: "trend_tags",
    m.BookmarkTag: "bookmark_tags",
    m.BookmarkRange: "bookmark_ranges",
    m.WatchedSeries: "series",
    m.NovelCover: "covers",
    m.DraftPreview: "novel_draft_previews",
    m.MarkedNovel: "marked_novels",
    m.Emoji: "emoji_definitions",
    m.Stamp: "stamps",
    m.SpotlightArticle: "spotlight_articles",
    m.Live: "lives",
}
NAMED: Mapping[type[Model], str] = {
    Illust: "illust",
    Novel: "novel",
    m.Comment: "comment",
    m.UgoiraMetadata: "ugoira_metadata",
    m.BookmarkDetail: "bookmark_detail",
    m.FollowDetail: "follow_detail",
    m.ProfilePresets: "profile_presets",
    m.NovelDraft: "novel_draft",
}
# Parts of an answer that may have been saved alone.
PARTS: Mapping[str, tuple[type[Model], ...]] = {
    "/v1/illust/series": (Illust, SeriesDetail),
    "/v2/novel/series": (Novel, SeriesDetail),
    "/v1/trending-tags/illust": (m.TrendTag,),
    "/v1/trending-tags/novel": (m.TrendTag,),
    "/v1/illust/detail": (Illust,),
    "/v2/novel/detail": (Novel,),
    "/v1/user/detail": (m.User, m.Profile, m.ProfilePublicity, m.Workspace),
    "/v1/ugoira/metadata": (m.UgoiraMetadata,),
    "/v1/user/novel/draft/detail": (m.NovelDraft,),
}
_MODULES = (account, commenting, comments, drafts, illusts, novels, search, site, submissions, users)
_PATH = re.compile(r"(?:GET|POST) (/[\w/-]++)(?!\{)")


def _told() -> Iterator[tuple[str, Answer]]:
    """Yield what each function says of itself: paths in its docstring, the model in the type it returns."""
    for module in _MODULES:
        for function in vars(module).values():
            if not inspect.iscoroutinefunction(function) or function.__module__ != module.__name__:
                continue
            returned = get_type_hints(function).get("return")
            if (kind := get_origin(returned)) in (Listing, Received):
                (model,) = get_args(returned)
                many = kind is Listing
                key = (LISTED if many else NAMED).get(model, "")
                for path in _PATH.findall(function.__doc__ or ""):
                    yield path, Answer(key, model, many, PARTS.get(path, ()))


ANSWERS: Mapping[str, Answer] = {
    **dict(_told()),
    **{
        f"/v1/user/{medium}-series": Answer(f"{medium}_series_details", SeriesDetail, True, (SeriesDetail,))
        for medium in ("illust", "novel")
    },
    "/v2/novel/comment/replies": Answer("comments", m.Comment, many=True),
    "/v1/novel/text": Answer("", m.OldNovelText, parts=(m.NovelMarker,)),
    "/v1/application-info/ios": Answer("application_info", m.ApplicationInfo),
    "/v1/application-info/android": Answer("application_info", m.ApplicationInfo),
    "illust": Answer("", Illust),
    "novel": Answer("", Novel),
}
OAUTH: Mapping[str, Answer] = {"/auth/token": Answer("", TokenAnswer)}


def versionless(path: str) -> str:
    """Return a path without its version: what v1 and v2 have in common."""
    return _VERSION.sub("/", path)


_BY_NAME = {versionless(path): path for path in ANSWERS}


def endpoint(path: str) -> str | None:
    """Return the registered path that this one is, in whatever version; None if there is none."""
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
