"""The requests of SPAPI, each of the 26 routes of document 000. They are built and never sent: see `calls.ask`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pixmirror.errors import InvalidRequest
from pixmirror.pixiv.enums import flag, ids, maybe_text, number_of, one_of, positive, text
from pixmirror.pixiv.legacy.calls import SPAPI_HOST, Secret, get
from pixmirror.pixiv.wire import Param, Request

PAGE_ROWS: Final = 50
MODES: Final = ("day", "week", "month")
RESTS: Final = ("show", "hide")
LEVELS: Final = (1, 2, 3)
SEARCH_MODES: Final = ("s_tag", "s_tag_full", "s_tc")


@dataclass(frozen=True, slots=True)
class Also:
    """What any route took: `p`, the page (50 rows each); `count`, how many there are instead (c_mode=count); the
    `session` of a login (PHPSESSID), without which R-18 gave nothing.
    """

    p: int | None = None
    count: bool = False
    session: str = field(default="", repr=False)

    def params(self) -> dict[str, Param]:
        session = maybe_text("session", self.session or None)
        return {
            "c_mode": "count" if flag("count", self.count) else None,
            "p": None if self.p is None else positive("p", self.p),
            "PHPSESSID": None if session is None else Secret(session),
        }


PLAIN: Final = Also()


def _get(route: str, also: Also, **params: Param) -> Request:
    return get(SPAPI_HOST, f"/iphone/{route}.php", {**params, **also.params()})


def illust(illust_ids: Iterable[int], also: Also = PLAIN) -> Request:
    """Works by id, with commas between. GET /iphone/illust.php: illust_id. Source: 000."""
    found = ids("illust_ids", illust_ids)
    if not found:
        raise InvalidRequest("illust_ids is empty; it must hold an id.")
    return _get("illust", also, illust_id=",".join(map(str, found)))


def manga(illust_id: int, also: Also = PLAIN) -> Request:
    """Each page of a manga. GET /iphone/manga.php: illust_id. Source: 000."""
    return _get("manga", also, illust_id=positive("illust_id", illust_id))


def novel(novel_id: int, also: Also = PLAIN) -> Request:
    """One novel. GET /iphone/novel.php: id. Source: 000."""
    return _get("novel", also, id=positive("novel_id", novel_id))


def new_illust(also: Also = PLAIN) -> Request:
    """The newest works. GET /iphone/new_illust.php. Source: 000."""
    return _get("new_illust", also)


def new_novel(also: Also = PLAIN) -> Request:
    """The newest novels. GET /iphone/new_novel.php. Source: 000."""
    return _get("new_novel", also)


def new_novel_r18(also: Also = PLAIN) -> Request:
    """The newest R-18 novels. GET /iphone/new_novel_r18.php. Source: 000."""
    return _get("new_novel_r18", also)


def bookmark_user_new_novel(also: Also = PLAIN) -> Request:
    """The newest novels of those one followed. GET /iphone/bookmark_user_new_novel.php. Source: 000."""
    return _get("bookmark_user_new_novel", also)


def mypixiv_new_novel(also: Also = PLAIN) -> Request:
    """The newest novels of friends. GET /iphone/mypixiv_new_novel.php. Source: 000."""
    return _get("mypixiv_new_novel", also)


def ranking(mode: str, also: Also = PLAIN) -> Request:
    """A ranking. GET /iphone/ranking.php: mode (day, week, month). Source: 000."""
    return _get("ranking", also, mode=one_of("mode", mode, MODES))


def search(word: str, s_mode: str = "s_tag", also: Also = PLAIN) -> Request:
    """Works by word. GET /iphone/search.php: s_mode, word. The document names no modes; these are the site's.
    Source: 000.
    """
    return _get("search", also, s_mode=one_of("s_mode", s_mode, SEARCH_MODES), word=text("word", word))


def search_user(nick: str, also: Also = PLAIN) -> Request:
    """Users by name. GET /iphone/search_user.php: nick. Source: 000."""
    return _get("search_user", also, nick=text("nick", nick))


def member_illust(user_id: int, also: Also = PLAIN) -> Request:
    """Works of a user. GET /iphone/member_illust.php: id. Source: 000."""
    return _get("member_illust", also, id=positive("user_id", user_id))


def member_novel(user_id: int, also: Also = PLAIN) -> Request:
    """Novels of a user. GET /iphone/member_novel.php: id. Source: 000."""
    return _get("member_novel", also, id=positive("user_id", user_id))


def illust_comments(illust_id: int, also: Also = PLAIN) -> Request:
    """Comments on a work. GET /iphone/illust_comments.php: illust_id. Source: 000."""
    return _get("illust_comments", also, illust_id=positive("illust_id", illust_id))


def novel_comments(novel_id: int, also: Also = PLAIN) -> Request:
    """Comments on a novel. GET /iphone/novel_comments.php: id. Source: 000."""
    return _get("novel_comments", also, id=positive("novel_id", novel_id))


def user(level: int | None = None, also: Also = PLAIN) -> Request:
    """The own account; a higher level gives more of it. GET /iphone/user.php: level (1, 2, 3). Source: 000."""
    return _get("user", also, level=None if level is None else number_of("level", level, LEVELS))


def mypixiv_all(user_id: int, also: Also = PLAIN) -> Request:
    """Friends of a user. GET /iphone/mypixiv_all.php: id. Source: 000."""
    return _get("mypixiv_all", also, id=positive("user_id", user_id))


def bookmark(user_id: int, rest: str = "show", also: Also = PLAIN) -> Request:
    """Bookmarked works. GET /iphone/bookmark.php: id, rest (show: public, hide: private). Source: 000."""
    return _get("bookmark", also, id=positive("user_id", user_id), rest=one_of("rest", rest, RESTS))


def bookmark_novel(user_id: int, rest: str = "show", also: Also = PLAIN) -> Request:
    """Bookmarked novels. GET /iphone/bookmark_novel.php: id, rest. Source: 000."""
    return _get("bookmark_novel", also, id=positive("user_id", user_id), rest=one_of("rest", rest, RESTS))


def bookmark_user_all(user_id: int, rest: str = "show", also: Also = PLAIN) -> Request:
    """Followed users. GET /iphone/bookmark_user_all.php: id, rest. Source: 000."""
    return _get("bookmark_user_all", also, id=positive("user_id", user_id), rest=one_of("rest", rest, RESTS))


def novel_text(novel_id: int, also: Also = PLAIN) -> Request:
    """The text of a novel. GET /iphone/novel_text.php: id. Source: 000."""
    return _get("novel_text", also, id=positive("novel_id", novel_id))


def novel_series(series_id: int, also: Also = PLAIN) -> Request:
    """The novels of a series. GET /iphone/novel_series.php: series_id. Source: 000."""
    return _get("novel_series", also, series_id=positive("series_id", series_id))


def novel_bookmarks(novel_id: int, also: Also = PLAIN) -> Request:
    """Who bookmarked a novel. GET /iphone/novel_bookmarks.php: id. Source: 000."""
    return _get("novel_bookmarks", also, id=positive("novel_id", novel_id))


def novel_marker_all(also: Also = PLAIN) -> Request:
    """The novels with a marker. GET /iphone/novel_marker_all.php. Source: 000."""
    return _get("novel_marker_all", also)


def hot_tags(also: Also = PLAIN) -> Request:
    """The tags of the day. GET /iphone/hot_tags.php. Source: 000."""
    return _get("hot_tags", also)
