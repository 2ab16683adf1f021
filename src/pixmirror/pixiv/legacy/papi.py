"""The requests of the Public API (document 000, pixiv-facts 12). They are built and never sent: see `calls.ask`.

The API wanted `calls.authorized(request, access_token)`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from pixmirror.errors import InvalidRequest
from pixmirror.pixiv.enums import day, flag, one_of, positive, text, texts
from pixmirror.pixiv.legacy.calls import PAPI_HOST, get
from pixmirror.pixiv.wire import Param, Request

IMAGE_SIZES: Final = ("px_128x128", "px_480mw", "small", "medium", "large")
PROFILE_IMAGE_SIZES: Final = ("px_170x170", "px_50x50")
MOST_PER_PAGE: Final = 1000
PUBLICITIES: Final = ("public", "private")
RANKINGS: Final = ("all", "illust", "manga", "ugoira")
RANKING_MODES: Final = (
    "daily", "weekly", "monthly", "rookie", "original", "male", "female",
    "daily_r18", "weekly_r18", "male_r18", "female_r18", "r18g",
)  # fmt: skip
SEARCH_MODES: Final = ("text", "tag", "exact_tag", "caption")
PERIODS: Final = ("all", "day", "week", "month")
ORDERS: Final = ("desc", "asc")
SORTS: Final = ("date", "popular")
TYPES: Final = ("illustration", "manga", "ugoira")


@dataclass(frozen=True, slots=True)
class Show:
    """What of works and users the answer held: sizes of pictures (`large` was the original), whether statistics
    and the rating.
    """

    image_sizes: Collection[str] = ("large",)
    profile_image_sizes: Collection[str] = ()
    include_stats: bool | None = None
    include_sanity_level: bool | None = None

    def params(self) -> dict[str, Param]:
        return {
            "image_sizes": _some("image_sizes", self.image_sizes, IMAGE_SIZES),
            "profile_image_sizes": _some("profile_image_sizes", self.profile_image_sizes, PROFILE_IMAGE_SIZES),
            "include_stats": flag("include_stats", self.include_stats),
            "include_sanity_level": flag("include_sanity_level", self.include_sanity_level),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: `page` from 1, `per_page` rows, at most 1000."""

    page: int = 1
    per_page: int = 30

    def params(self) -> dict[str, Param]:
        if positive("per_page", self.per_page) > MOST_PER_PAGE:
            raise InvalidRequest(f"per_page is {self.per_page}; the Public API took 1 to {MOST_PER_PAGE}.")
        return {"page": positive("page", self.page), "per_page": self.per_page}


ALL: Final = Show()
FIRST: Final = Page()


def _some(name: str, values: Iterable[str], allowed: Collection[str]) -> str | None:
    """Some of the allowed words, with commas between; None for none."""
    if isinstance(values, str):
        raise InvalidRequest(f"{name} is {values!r}; it must be a list of: {', '.join(allowed)}.")
    found = [one_of(name, value, allowed) for value in texts(name, values) or ()]
    return ",".join(found) or None


def _get(path: str, show: Show, page: Page | None = None, **params: Param) -> Request:
    return get(PAPI_HOST, f"/v1/{path}.json", {**params, **(page.params() if page else {}), **show.params()})


def work(work_id: int, show: Show = ALL) -> Request:
    """One work. GET /v1/works/{id}.json: image_sizes, profile_image_sizes, include_stats. Source: 000."""
    return _get(f"works/{positive('work_id', work_id)}", show)


def works(show: Show = ALL, page: Page = FIRST) -> Request:
    """The newest works. GET /v1/works.json. Source: pixiv-facts 12."""
    return _get("works", show, page)


def user(user_id: int, show: Show = ALL) -> Request:
    """A user. GET /v1/users/{id}.json. Source: pixiv-facts 12."""
    return _get(f"users/{positive('user_id', user_id)}", show)


def user_works(user_id: int, show: Show = ALL, page: Page = FIRST) -> Request:
    """Works of a user. GET /v1/users/{id}/works.json. Source: pixiv-facts 12."""
    return _get(f"users/{positive('user_id', user_id)}/works", show, page)


def user_favorite_works(user_id: int, show: Show = ALL, page: Page = FIRST) -> Request:
    """What a user bookmarked. GET /v1/users/{id}/favorite_works.json. Source: pixiv-facts 12."""
    return _get(f"users/{positive('user_id', user_id)}/favorite_works", show, page)


def user_following(user_id: int, show: Show = ALL, page: Page = FIRST) -> Request:
    """Whom a user followed. GET /v1/users/{id}/following.json. Source: pixiv-facts 12."""
    return _get(f"users/{positive('user_id', user_id)}/following", show, page)


def user_feeds(user_id: int, show: Show = ALL, show_r18: bool = True, max_id: int | None = None) -> Request:
    """What a user did. GET /v1/users/{id}/feeds.json: show_r18, max_id. Source: pixiv-facts 12."""
    return _feeds(f"users/{positive('user_id', user_id)}/feeds", show, show_r18, max_id)


def my_feeds(show: Show = ALL, show_r18: bool = True, max_id: int | None = None) -> Request:
    """What those one followed did. GET /v1/me/feeds.json: show_r18, max_id. Source: pixiv-facts 12."""
    return _feeds("me/feeds", show, show_r18, max_id)


def _feeds(path: str, show: Show, show_r18: bool, max_id: int | None) -> Request:
    last = None if max_id is None else positive("max_id", max_id)
    wanted = 1 if flag("show_r18", show_r18) else 0
    return _get(path, show, relation="all", type="touch_nottext", show_r18=wanted, max_id=last)


def my_following_works(show: Show = ALL, page: Page = FIRST) -> Request:
    """New works of those one followed. GET /v1/me/following/works.json. Source: pixiv-facts 12."""
    return _get("me/following/works", show, page)


def my_favorite_works(publicity: str = "public", show: Show = ALL, page: Page = FIRST) -> Request:
    """Own bookmarks. GET /v1/me/favorite_works.json: publicity (public, private). Source: pixiv-facts 12."""
    return _get("me/favorite_works", show, page, publicity=one_of("publicity", publicity, PUBLICITIES))


def my_favorite_users(publicity: str = "public", show: Show = ALL, page: Page = FIRST) -> Request:
    """Whom one followed. GET /v1/me/favorite-users.json: publicity (public, private). Source: pixiv-facts 12."""
    return _get("me/favorite-users", show, page, publicity=one_of("publicity", publicity, PUBLICITIES))


def ranking(
    kind: str = "all",
    mode: str = "daily",
    ranking_date: date | str | None = None,
    show: Show = ALL,
    page: Page = FIRST,
) -> Request:
    """A ranking. GET /v1/ranking/{kind}.json: mode, date. Source: pixiv-facts 12."""
    path = f"ranking/{one_of('kind', kind, RANKINGS)}"
    wanted = day("ranking_date", ranking_date)
    return _get(path, show, page, mode=one_of("mode", mode, RANKING_MODES), date=wanted)


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: where the words stand, since when, in which order, and which kinds of works."""

    mode: str = "text"
    period: str = "all"
    order: str = "desc"
    sort: str = "date"
    types: Collection[str] = TYPES

    def params(self) -> dict[str, Param]:
        return {
            "mode": one_of("mode", self.mode, SEARCH_MODES),
            "period": one_of("period", self.period, PERIODS),
            "order": one_of("order", self.order, ORDERS),
            "sort": one_of("sort", self.sort, SORTS),
            "types": _some("types", self.types, TYPES),
        }


ANY: Final = Search()


def search_works(q: str, how: Search = ANY, show: Show = ALL, page: Page = FIRST) -> Request:
    """Works by word. GET /v1/search/works.json: q, mode, period, order, sort, types. Source: pixiv-facts 12."""
    return _get("search/works", show, page, q=text("q", q), **how.params())
