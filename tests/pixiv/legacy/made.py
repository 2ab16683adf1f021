"""Rows and answers of the dead APIs made by hand, in the shapes of those that were recorded."""

from typing import Any

from pixmirror.pixiv.legacy import objects
from pixmirror.pixiv.legacy.dumps import Entry
from pixmirror.pixiv.legacy.rows import NAMES
from pixmirror.pixiv.lossless import lost
from tests.dumped import written
from tests.pixiv.held import missing

__all__ = ["assert_nothing_lost", "comment", "papi_user", "papi_work", "user", "work", "written"]


def work(work_id: int = 46277719, **changed: str) -> list[str]:
    """The columns of a work in SPAPI; names of `changed` as in rows.NAMES."""
    path = "2014/09/30/23/58/34"
    row = {
        "id": str(work_id),
        "user_id": "3077920",
        "ext": "png",
        "title": "あき",
        "directory": "76",
        "user_name": "奈津",
        "thumbnail": f"http://i2.pixiv.net/c/128x128/img-master/img/{path}/{work_id}_128x128.jpg",
        "mobile": f"http://i2.pixiv.net/c/480x960/img-master/img/{path}/{work_id}_480mw.jpg",
        "date": "2014-09-30 23:58:34",
        "tags": "創作 女の子 眼鏡",
        "tools": "IllustStudio",
        "ratings": "1923",
        "score": "19130",
        "views": "15066",
        "bookmarks": "3712",
        "comments": "23",
        "account": "natsu",
        "x_restrict": "0",
        "avatar": "http://i2.pixiv.net/img76/profile/natsu/mobile/7911641_80.jpg",
    } | changed
    columns = [""] * 31
    for at, name in NAMES.items():
        columns[at] = row.get(name, "")
    return columns


def comment(text: str = "いいですね", date: str = "2014-09-29 22:58") -> list[str]:
    columns = [""] * 27
    columns[1], columns[5], columns[24] = "131585", "神代", "neo"
    columns[6] = "http://i2.pixiv.net/img12/profile/neo/mobile/6075897_80.jpg"
    columns[12], columns[18] = date, text
    return columns


def user() -> list[str]:
    columns = comment("", "")
    columns[1] = "8213129"
    return columns


def papi_work(work_id: int = 49270482, **changed: Any) -> dict[str, Any]:
    """A work of the Public API with two pages."""
    path = f"img-original/img/2015/03/14/17/53/32/{work_id}"
    return {
        "id": work_id,
        "title": "ツイログ",
        "caption": "a < b\r\nc",
        "tags": ["神崎", "双葉"],
        "tools": ["CLIP STUDIO PAINT"],
        "image_urls": {"large": f"http://i3.pixiv.net/{path}_p0.jpg"},
        "width": 1200,
        "height": 951,
        "stats": {
            "scored_count": 8247,
            "score": 81697,
            "views_count": 191630,
            "favorited_count": {"public": 7804, "private": 745},
            "commented_count": 182,
        },
        "publicity": 0,
        "age_limit": "r18-g",
        "created_time": "2015-03-14 17:53:32",
        "reuploaded_time": "2015-03-14 17:53:32",
        "user": papi_user(),
        "is_manga": True,
        "is_liked": False,
        "favorite_id": 0,
        "page_count": 2,
        "book_style": "none",
        "type": "illustration",
        "metadata": {
            "pages": [{"image_urls": {"large": f"http://i3.pixiv.net/{path}_p{page}.jpg"}} for page in range(2)]
        },
        "content_type": None,
    } | changed


def papi_user(user_id: int = 341433) -> dict[str, Any]:
    return {
        "id": user_id,
        "account": "nardack",
        "name": "Nardack",
        "is_following": False,
        "is_follower": False,
        "is_friend": False,
        "is_premium": None,
        "profile_image_urls": {"px_50x50": "http://i1.pixiv.net/user-profile/img/2009/06/17/00/14/26/8_b_50.jpg"},
        "stats": None,
        "profile": None,
    }


def assert_nothing_lost(entry: Entry) -> None:
    """Assert that the model holds what its row or object said; kinds and ratings by our names."""
    assert list(lost(entry.item, entry.app)) == []
    assert missing(entry.item, entry.raw, {*objects.KINDS, *objects.AGES}) == []
