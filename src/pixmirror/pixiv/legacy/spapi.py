"""The 26 routes of SPAPI (document 000) as callable rows: `spapi.illust([5, 6])` builds the request of
/iphone/illust.php. Nothing is ever sent: see `calls.ask`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pixmirror.errors import WrongValue
from pixmirror.models import Illust, Model, Novel, NovelText, Tag, User
from pixmirror.pixiv.enums import flag, ids, maybe_positive, maybe_text, number_of, one_of, positive, text
from pixmirror.pixiv.legacy.calls import SPAPI_HOST, Route, Secret, Take
from pixmirror.pixiv.legacy.rows import LegacyComment
from pixmirror.pixiv.wire import Param

PAGE_ROWS: Final = 50


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
            "p": maybe_positive("p", self.p),
            "PHPSESSID": None if session is None else Secret(session),
        }


def _with_commas(name: str, values: Iterable[int]) -> str:
    found = ids(name, values)
    if not found:
        raise WrongValue(f"{name} is empty; it must hold an id.")
    return ",".join(map(str, found))


def _route(name: str, model: type[Model], **takes: Take) -> Route:
    return Route(SPAPI_HOST, f"/iphone/{name}.php", model, takes, {"also": Also()})


_USER = Take("id", positive)
_NOVEL = Take("id", positive)
_ILLUST = Take("illust_id", positive)
_REST = Take("rest", partial(one_of, allowed=("show", "hide")), "show")  # public, private
_S_MODE = Take("s_mode", partial(one_of, allowed=("s_tag", "s_tag_full", "s_tc")), "s_tag")  # those of the site

illust = _route("illust", Illust, illust_ids=Take("illust_id", _with_commas))
manga = _route("manga", Illust, illust_id=_ILLUST)
novel = _route("novel", Novel, novel_id=_NOVEL)
new_illust = _route("new_illust", Illust)
new_novel = _route("new_novel", Novel)
new_novel_r18 = _route("new_novel_r18", Novel)
bookmark_user_new_novel = _route("bookmark_user_new_novel", Novel)  # of those one followed
mypixiv_new_novel = _route("mypixiv_new_novel", Novel)
ranking = _route("ranking", Illust, mode=Take("mode", partial(one_of, allowed=("day", "week", "month"))))
search = _route("search", Illust, word=Take("word", text), s_mode=_S_MODE)
search_user = _route("search_user", User, nick=Take("nick", text))
member_illust = _route("member_illust", Illust, user_id=_USER)
member_novel = _route("member_novel", Novel, user_id=_USER)
illust_comments = _route("illust_comments", LegacyComment, illust_id=_ILLUST)
novel_comments = _route("novel_comments", LegacyComment, novel_id=_NOVEL)
user = _route("user", User, level=Take("level", partial(number_of, allowed=(1, 2, 3))))  # the own account
mypixiv_all = _route("mypixiv_all", User, user_id=_USER)
bookmark = _route("bookmark", Illust, user_id=_USER, rest=_REST)
bookmark_novel = _route("bookmark_novel", Novel, user_id=_USER, rest=_REST)
bookmark_user_all = _route("bookmark_user_all", User, user_id=_USER, rest=_REST)
novel_text = _route("novel_text", NovelText, novel_id=_NOVEL)
novel_series = _route("novel_series", Novel, series_id=Take("series_id", positive))
novel_bookmarks = _route("novel_bookmarks", User, novel_id=_NOVEL)
novel_marker_all = _route("novel_marker_all", Novel)
hot_tags = _route("hot_tags", Tag)
