"""What the answers of the dead APIs hold, by route: for `api check`, and for the tests."""

import re
from collections.abc import Mapping

from pixmirror.models import Illust, Model, Novel, NovelText, Tag, User
from pixmirror.pixiv.legacy.rows import LegacyComment

_WORKS = ("illust", "manga", "new_illust", "ranking", "search", "member_illust", "bookmark")
_NOVELS = (
    *("novel", "new_novel", "new_novel_r18", "bookmark_user_new_novel", "mypixiv_new_novel", "member_novel"),
    *("bookmark_novel", "novel_series", "novel_marker_all"),
)
_USERS = ("search_user", "user", "mypixiv_all", "bookmark_user_all", "novel_bookmarks")
SPAPI: Mapping[str, type[Model]] = {
    **{f"/iphone/{name}.php": Illust for name in _WORKS},
    **{f"/iphone/{name}.php": Novel for name in _NOVELS},
    **{f"/iphone/{name}.php": User for name in _USERS},
    "/iphone/illust_comments.php": LegacyComment,
    "/iphone/novel_comments.php": LegacyComment,
    "/iphone/novel_text.php": NovelText,
    "/iphone/hot_tags.php": Tag,
}
PAPI: Mapping[str, type[Model]] = {
    "/v1/works/{id}.json": Illust,
    "/v1/works.json": Illust,
    "/v1/users/{id}.json": User,
    "/v1/users/{id}/works.json": Illust,
    "/v1/users/{id}/favorite_works.json": Illust,
    "/v1/users/{id}/following.json": User,
    "/v1/users/{id}/feeds.json": Illust,
    "/v1/me/feeds.json": Illust,
    "/v1/me/following/works.json": Illust,
    "/v1/me/favorite_works.json": Illust,
    "/v1/me/favorite-users.json": User,
    "/v1/ranking/{kind}.json": Illust,
    "/v1/search/works.json": Illust,
}


def papi(path: str) -> str | None:
    """The registered path of the Public API that this one is, with or without .json; None if there is none."""
    path = f"{path.removesuffix('.json')}.json"
    if path in PAPI:
        return path
    fitting = (
        name
        for name in PAPI
        if re.fullmatch("[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", name)), path)
    )
    return next(fitting, None)


def spapi(path: str) -> str | None:
    """The registered route of SPAPI that this one is, with or without /iphone/ and .php; None if there is none."""
    route = f"/iphone/{path.rpartition('/')[2].removesuffix('.php')}.php"
    return route if route in SPAPI else None
