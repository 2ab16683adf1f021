"""The paths of the web and what answers each."""

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pixmirror.demo.web import own, people, works
from pixmirror.demo.web.calls import COOKIE, Handler, WebCall, answer, settings

_KINDS = ("illust", "manga", "ugoira")
OPEN: dict[str, Handler] = {  # words come before {id}, which would take them
    "/ajax/illust/new": partial(works.newest, "illust"),
    "/ajax/novel/new": partial(works.newest, "novel"),
    "/ajax/user/{id}": people.detail,
    "/ajax/user/{id}/profile/all": people.profile_all,
    "/ajax/user/{id}/profile/illusts": partial(people.profile_works, "illust"),
    "/ajax/user/{id}/profile/novels": partial(people.profile_works, "novel"),
    "/ajax/user/{id}/works/latest": people.latest,
    "/ajax/user/{id}/illustmanga/tag": partial(people.tagged, "illust"),
    "/ajax/illust/{id}": works.illust,
    "/ajax/illust/{id}/pages": works.pages,
    "/ajax/illust/{id}/ugoira_meta": works.ugoira,
    "/ajax/illusts/comments/roots": partial(works.comments, "illust"),
    "/ajax/novels/comments/roots": partial(works.comments, "novel"),
    "/ajax/illusts/comments/replies": partial(works.replies, "illust"),
    "/ajax/novels/comments/replies": partial(works.replies, "novel"),
    "/ajax/series/{id}": works.manga_series,
    "/ajax/novel/{id}": works.novel,
    "/ajax/novel/{id}/insert_illusts": works.insert_illusts,
    "/ajax/novel/series/{id}": works.novel_series,
    "/ajax/novel/series_content/{id}": works.series_content,
    "/ajax/novel/series/{id}/content_titles": works.content_titles,
    "/ajax/novel/series/{id}/glossary": works.glossary,
    "/ajax/search/top/{word}": works.search_top,
    "/ajax/search/tags/{word}": works.tag,
    **{f"/ajax/search/{where}/{{word}}": partial(works.search, where) for where in works.WHERE},
    "/ajax/stories/tag_stories": works.tag_stories,
    "/ajax/commission/page/request": own.requests,
    **{
        f"/ajax/commission/page/request/{which}/{kind}": partial(own.request_list, which, kind)
        for which in ("complete", "creators", "in_progress")
        for kind in (*_KINDS, *(("all",) if which == "in_progress" else ()))
    },
    "/ajax/webpush": lambda _: {"permission": "nosettings"},
}
CLOSED: dict[str, Handler] = {
    "/ajax/top/illust": own.top,
    "/ajax/user/extra": people.extra,
    "/ajax/user/{id}/following": people.following,
    "/ajax/user/{id}/followers": people.followers,
    "/ajax/user/{id}/mypixiv": people.mypixiv,
    "/ajax/user/{id}/illusts/bookmarks": partial(people.bookmarks, "illust"),
    "/ajax/user/{id}/novels/bookmarks": partial(people.bookmarks, "novel"),
    "/ajax/user/{id}/illusts/bookmark/tags": partial(people.bookmark_tags, "illust"),
    "/ajax/user/{id}/novels/bookmark/tags": partial(people.bookmark_tags, "novel"),
    "/ajax/illust/{id}/bookmarkData": works.bookmark_state,
    "/ajax/illust/{id}/recommend/init": works.recommend,
    "/ajax/illust/recommend/illusts": works.recommended,
    "/ajax/sketch/live/following": lambda _: [],
    "/ajax/follow_latest/illust": partial(own.feed, "illust"),
    "/ajax/follow_latest/novel": partial(own.feed, "novel"),
    "/ajax/mypixiv_latest/illust": partial(own.friends, "illust"),
    "/ajax/mypixiv_latest/novel": partial(own.friends, "novel"),
    "/ajax/watch_list/manga": own.watch_list,
    "/ajax/watch_list/novel": own.watch_list,
    "/ajax/dashboard/home": own.dashboard,
    "/ajax/dashboard/settings": lambda _: {"view": None},
    "/ajax/dashboard/works/illust/request_strategy": own.strategy,
    "/ajax/discovery/artworks": own.discovery_artworks,
    "/ajax/discovery/users": own.discovery_users,
    "/ajax/discovery/artworks/meta": own.meta,
    "/ajax/discovery/users/meta": own.meta,
    "/ajax/notification": own.notifications,
    "/ajax/linked_service/tumeng": own.linked,
    "/touch/ajax/user/self/status": own.status,
    "/rpc/index.php": own.messages,
}
POSTS: dict[str, Handler] = {
    "/ajax/illusts/bookmarks/add": partial(own.add_bookmark, "illust"),
    "/ajax/novels/bookmarks/add": partial(own.add_bookmark, "novel"),
    "/ajax/illusts/bookmarks/delete": partial(own.delete_bookmark, "illust"),
    "/ajax/novels/bookmarks/delete": partial(own.delete_bookmark, "novel"),
    "/ajax/illusts/like": own.like,
}
BARE_POSTS: dict[str, Handler] = {"/bookmark_add.php": own.follow, "/rpc_group_setting.php": own.unfollow}


def _route(path: str, handler: Callable[[WebCall], Any], **how: bool) -> Route:
    async def endpoint(request: Request) -> Response:
        return await answer(handler, request, **how)

    return Route(path, endpoint, methods=["POST"] if how.get("post") else ["GET"])


ROUTES = [
    Route("/settings/account", settings),
    Route("/ranking.php", _route("/", works.ranking, enveloped=False).endpoint),
    *(_route(path, handler, login=True) for path, handler in CLOSED.items()),
    *(_route(path, handler) for path, handler in OPEN.items()),
    *(_route(path, handler, login=True, post=True) for path, handler in POSTS.items()),
    *(_route(path, handler, login=True, post=True, enveloped=False) for path, handler in BARE_POSTS.items()),
]

__all__ = ["COOKIE", "ROUTES"]
