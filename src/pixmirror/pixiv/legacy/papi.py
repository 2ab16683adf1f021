"""The routes of the Public API (document 000, pixiv.md 12) as callable rows: `papi.work(5)` builds the request
of /v1/works/5.json. The API wanted `calls.authorized(request, access_token)`.

Nothing is ever sent: see `calls.ask`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from pixmirror.errors import WrongValue
from pixmirror.models import Illust, Model, User
from pixmirror.pixiv.enums import day, flag, maybe_positive, one_of, positive, text, texts
from pixmirror.pixiv.legacy.calls import PAPI_HOST, Group, Route, Take
from pixmirror.pixiv.wire import Param

IMAGE_SIZES: Final = ("px_128x128", "px_480mw", "small", "medium", "large")
PROFILE_IMAGE_SIZES: Final = ("px_170x170", "px_50x50")
MOST_PER_PAGE: Final = 1000
RANKING_MODES: Final = (
    "daily", "weekly", "monthly", "rookie", "original", "male", "female",
    "daily_r18", "weekly_r18", "male_r18", "female_r18", "r18g",
)  # fmt: skip
TYPES: Final = ("illustration", "manga", "ugoira")


def _some(name: str, values: Iterable[str], allowed: Collection[str]) -> str | None:
    """Return some of the allowed words, with commas between; None for none."""
    if isinstance(values, str):
        raise WrongValue(f"{name} is {values!r}; it must be a list of: {', '.join(allowed)}.")
    found = [one_of(name, value, allowed) for value in texts(name, values) or ()]
    return ",".join(found) or None


@dataclass(frozen=True, slots=True)
class Show:
    """What works and users were shown with: sizes of pictures (`large`: the original), counts, the rating."""

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
            raise WrongValue(f"per_page is {self.per_page}; the Public API took 1 to {MOST_PER_PAGE}.")
        return {"page": positive("page", self.page), "per_page": self.per_page}


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
            "mode": one_of("mode", self.mode, ("text", "tag", "exact_tag", "caption")),
            "period": one_of("period", self.period, ("all", "day", "week", "month")),
            "order": one_of("order", self.order, ("desc", "asc")),
            "sort": one_of("sort", self.sort, ("date", "popular")),
            "types": _some("types", self.types, TYPES),
        }


def _route(path: str, model: type[Model], takes: Mapping[str, Take], *groups: Group) -> Route:
    names = {Search: "how", Show: "show", Page: "page"}
    shared = {names[type(group)]: group for group in groups}
    fixed: dict[str, Param] = {"relation": "all", "type": "touch_nottext"} if path.endswith("feeds") else {}
    return Route(PAPI_HOST, f"/v1/{path}.json", model, takes, shared, fixed)


_USER: Final = {"user_id": Take("id", positive)}
_OWN: Final = {"publicity": Take("publicity", partial(one_of, allowed=("public", "private")), "public")}
_FEED: Final = {
    "show_r18": Take("show_r18", lambda name, value: int(flag(name, value) or 0), True),
    "max_id": Take("max_id", maybe_positive),
}
_RANKED: Final = {
    "kind": Take("kind", partial(one_of, allowed=("all", "illust", "manga", "ugoira")), "all"),
    "mode": Take("mode", partial(one_of, allowed=RANKING_MODES), "daily"),
    "ranking_date": Take("date", day),
}

work = _route("works/{id}", Illust, {"work_id": Take("id", positive)}, Show())
works = _route("works", Illust, {}, Show(), Page())  # the newest
user = _route("users/{id}", User, _USER, Show())
user_works = _route("users/{id}/works", Illust, _USER, Show(), Page())
user_favorite_works = _route("users/{id}/favorite_works", Illust, _USER, Show(), Page())
user_following = _route("users/{id}/following", User, _USER, Show(), Page())
user_feeds = _route("users/{id}/feeds", Illust, _USER | _FEED, Show())
my_feeds = _route("me/feeds", Illust, _FEED, Show())
my_following_works = _route("me/following/works", Illust, {}, Show(), Page())
my_favorite_works = _route("me/favorite_works", Illust, _OWN, Show(), Page())
my_favorite_users = _route("me/favorite-users", User, _OWN, Show(), Page())
ranking = _route("ranking/{kind}", Illust, _RANKED, Show(), Page())
search_works = _route("search/works", Illust, {"q": Take("q", text)}, Search(), Show(), Page())
