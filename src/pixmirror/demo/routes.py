"""The table of the App API's paths."""

from collections.abc import Callable
from functools import partial

from pixmirror.demo import app_api, app_own, app_people, app_search
from pixmirror.demo.calls import Call
from pixmirror.demo.shapes import Json

Handler = Callable[[Call], "Json | str"]

ROUTES: dict[str, Handler] = {
    "/v1/illust/detail": app_api.illust_detail,
    "/v2/novel/detail": app_api.novel_detail,
    "/v1/ugoira/metadata": app_api.ugoira,
    "/webview/v2/novel": app_api.novel_webview,
    "/v2/illust/bookmark/detail": partial(app_api.bookmark_detail, "illust"),
    "/v2/novel/bookmark/detail": partial(app_api.bookmark_detail, "novel"),
    "/v2/illust/follow": partial(app_api.follow_feed, "illust"),
    "/v1/novel/follow": partial(app_api.follow_feed, "novel"),
    "/v1/illust/ranking": partial(app_api.ranking, "illust"),
    "/v1/novel/ranking": partial(app_api.ranking, "novel"),
    "/v1/illust/new": partial(app_api.newest, "illust"),
    "/v1/novel/new": partial(app_api.newest, "novel"),
    "/v1/illust/series": app_api.illust_series,
    "/v1/novel/series": app_api.novel_series,  # gallery-dl still asks the old version
    "/v2/novel/series": app_api.novel_series,
    "/v3/illust/comments": partial(app_api.comments, "illust"),
    "/v3/novel/comments": partial(app_api.comments, "novel"),
    "/v1/novel/comments": app_api.old_novel_comments,
    "/v2/illust/comment/replies": partial(app_api.replies, "illust"),
    "/v2/novel/comment/replies": partial(app_api.replies, "novel"),
    "/v1/user/detail": app_api.user_detail,
    "/v1/user/illusts": partial(app_api.user_works, "illust"),
    "/v1/user/novels": partial(app_api.user_works, "novel"),
    "/v1/user/bookmarks/illust": partial(app_api.user_bookmarks, "illust"),
    "/v1/user/bookmarks/novel": partial(app_api.user_bookmarks, "novel"),
    "/v1/user/bookmark-tags/illust": partial(app_api.bookmark_tags, "illust"),
    "/v1/user/bookmark-tags/novel": partial(app_api.bookmark_tags, "novel"),
    "/v1/novel/text": app_api.removed,
    # search and discovery
    "/v1/search/illust": partial(app_search.search, "illust"),
    "/v1/search/novel": partial(app_search.search, "novel"),
    "/v1/search/user": app_search.search_user,
    "/v2/search/autocomplete": app_search.autocomplete,
    "/v1/search/popular-preview/illust": partial(app_search.popular_preview, "illust"),
    "/v1/search/popular-preview/novel": partial(app_search.popular_preview, "novel"),
    "/v1/search/bookmark-ranges/illust": partial(app_search.bookmark_ranges, "illust"),
    "/v1/search/bookmark-ranges/novel": partial(app_search.bookmark_ranges, "novel"),
    "/v2/illust/related": app_search.related,
    "/v1/novel/related": app_search.related_novels,
    "/v1/illust/recommended": partial(app_search.recommended, "illust", None),
    "/v1/illust/recommended-nologin": partial(app_search.recommended, "illust", None),
    "/v1/manga/recommended": partial(app_search.recommended, "illust", "manga"),
    "/v1/novel/recommended": partial(app_search.recommended, "novel", None),
    "/v1/trending-tags/illust": partial(app_search.trending, "illust"),
    "/v1/trending-tags/novel": partial(app_search.trending, "novel"),
    "/v1/walkthrough/illusts": app_search.walkthrough,
    "/v1/spotlight/articles": app_search.spotlight,
    # people
    "/v1/user/following": app_people.following,
    "/v1/user/follower": app_people.follower,
    "/v1/user/mypixiv": app_people.mypixiv,
    "/v1/user/related": app_people.related,
    "/v1/user/recommended": app_people.recommended,
    "/v2/user/list": app_people.blocked,
    "/v1/illust/bookmark/users": app_people.bookmark_users,
    "/v1/user/follow/detail": app_people.follow_detail,
    "/v1/user/illust-series": partial(app_people.series_of, "illust"),
    "/v1/user/novel-series": partial(app_people.series_of, "novel"),
    "/v1/illust-series/illust": app_people.series_position,
    # the own account, and what belongs to nobody
    "/v1/user/me/state": app_own.state,
    "/v1/mute/list": app_own.mute_list,
    "/v1/watchlist/manga": partial(app_own.watchlist, "illust"),
    "/v1/watchlist/novel": partial(app_own.watchlist, "novel"),
    "/v2/novel/markers": app_own.markers,
    "/v1/user/ai-show-settings": app_own.ai_show,
    "/v1/user/restricted-mode-settings": app_own.restricted_mode,
    "/v1/user/profile/presets": app_own.presets,
    "/v1/user/browsing-history/illusts": partial(app_own.history, "illust"),
    "/v1/user/browsing-history/novels": partial(app_own.history, "novel"),
    "/v2/illust/mypixiv": partial(app_own.mypixiv_feed, "illust"),
    "/v1/novel/mypixiv": partial(app_own.mypixiv_feed, "novel"),
    "/v1/emoji": app_own.emoji,
    "/v1/stamps": app_own.stamps,
    "/v1/application-info/ios": partial(app_own.application_info, "ios"),
    "/v1/application-info/android": partial(app_own.application_info, "android"),
    "/v1/live/list": app_own.lives,
}
POSTS: dict[str, Handler] = {
    "/v2/illust/bookmark/add": partial(app_own.bookmark_add, "illust"),
    "/v2/novel/bookmark/add": partial(app_own.bookmark_add, "novel"),
    "/v1/illust/bookmark/delete": partial(app_own.bookmark_delete, "illust"),
    "/v1/novel/bookmark/delete": partial(app_own.bookmark_delete, "novel"),
    "/v1/user/follow/add": app_own.follow_add,
    "/v1/user/follow/delete": app_own.follow_delete,
    "/v1/mute/edit": app_own.mute_edit,
    "/v1/watchlist/manga/add": partial(app_own.watchlist_add, "illust"),
    "/v1/watchlist/manga/delete": partial(app_own.watchlist_delete, "illust"),
    "/v1/watchlist/novel/add": partial(app_own.watchlist_add, "novel"),
    "/v1/watchlist/novel/delete": partial(app_own.watchlist_delete, "novel"),
    "/v1/novel/marker/add": app_own.marker_add,
    "/v1/novel/marker/delete": app_own.marker_delete,
    "/v1/user/ai-show-settings/edit": app_own.ai_show_edit,
}
EMPTY_404 = ("/v1/illust/comments",)  # removed long ago: 404 without a body
OPEN = frozenset(  # answered without a login
    {
        "/v1/illust/recommended-nologin",
        "/v1/walkthrough/illusts",
        "/v1/emoji",
        "/v1/application-info/ios",
        "/v1/application-info/android",
    }
)
