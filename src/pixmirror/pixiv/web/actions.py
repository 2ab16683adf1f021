"""What changes something at Pixiv: bookmarks, likes, follows (document 001; pixiv.md 4.5). None is repeated."""

from collections.abc import Iterable

from pixmirror.errors import BadResponse
from pixmirror.pixiv.enums import number_of, positive, texts
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.web import bodies, params
from pixmirror.pixiv.web.api import WebApi
from pixmirror.pixiv.web.reading import one
from pixmirror.pixiv.wire import Param


async def bookmark_add(
    api: WebApi, illust_id: Id, restrict: int = 0, tags: Iterable[str] = (), comment: str = ""
) -> int:
    """Bookmark a work; the answer is the id of the bookmark. POST /ajax/illusts/bookmarks/add: illust_id,
    restrict (0 public, 1 private), comment, tags.

    Source: 001, recorded illusts-bookmarks-add.
    """
    path = "/ajax/illusts/bookmarks/add"
    answer = await api.post(path, json=_bookmark("illust_id", illust_id, restrict, tags, comment))
    added = one(answer, bodies.Added, path).item.last_bookmark_id
    if added is None:
        raise BadResponse(f"POST {path}: the answer names no bookmark.")
    return added


async def bookmark_add_novel(
    api: WebApi, novel_id: Id, restrict: int = 0, tags: Iterable[str] = (), comment: str = ""
) -> int:
    """Bookmark a novel. POST /ajax/novels/bookmarks/add: novel_id, restrict, comment, tags.

    Source: pixiv.md 4.5.
    """
    path = "/ajax/novels/bookmarks/add"
    answer = await api.post(path, json=_bookmark("novel_id", novel_id, restrict, tags, comment))
    if isinstance(answer, str) and answer.isascii() and answer.isdecimal() and len(answer) < 19:
        return int(answer)
    raise BadResponse(f"POST {path}: the answer names no bookmark.")


async def bookmark_delete(api: WebApi, bookmark_id: Id) -> None:
    """Take the bookmark of a work back, by its own id (`item.web.bookmark_data.id`). POST
    /ajax/illusts/bookmarks/delete: bookmark_id.

    Source: pixiv.md 4.5.
    """
    data = {"bookmark_id": positive("bookmark_id", bookmark_id)}
    await api.post("/ajax/illusts/bookmarks/delete", data=data)


async def bookmark_delete_novel(api: WebApi, bookmark_id: Id) -> None:
    """Take the bookmark of a novel back, by its own id. POST /ajax/novels/bookmarks/delete: del=1, book_id.

    Source: pixiv.md 4.5.
    """
    data = {"del": 1, "book_id": positive("bookmark_id", bookmark_id)}
    await api.post("/ajax/novels/bookmarks/delete", data=data)


async def like(api: WebApi, illust_id: Id) -> bool:
    """Like a work, which cannot be taken back. POST /ajax/illusts/like: illust_id.

    The answer is Pixiv's `is_liked`: whether one liked it before. Source: 001, recorded illusts-like.
    """
    path = "/ajax/illusts/like"
    answer = await api.post(path, json={"illust_id": str(positive("illust_id", illust_id))})
    return one(answer, bodies.Liked, path).item.is_liked


async def follow(api: WebApi, user_id: Id, restrict: int = 0, tag: str = "") -> None:
    """Follow a user. POST /bookmark_add.php: mode=add, type=user, user_id, tag, restrict (0 public, 1
    private), format=json.

    Pixiv may want a captcha: Challenge or Forbidden. Source: pixiv.md 4.5.
    """
    data: dict[str, Param] = {
        "mode": "add",
        "type": "user",
        "user_id": positive("user_id", user_id),
        "tag": params.text_or_empty("tag", tag),
        "restrict": number_of("restrict", restrict, (0, 1)),
        "format": "json",
    }
    await api.post("/bookmark_add.php", data=data, enveloped=False)


async def unfollow(api: WebApi, user_id: Id) -> None:
    """Follow a user no longer. POST /rpc_group_setting.php: mode=del, type=bookuser, id.

    Source: pixiv.md 4.5.
    """
    data: dict[str, Param] = {"mode": "del", "type": "bookuser", "id": positive("user_id", user_id)}
    await api.post("/rpc_group_setting.php", data=data, enveloped=False)


def _bookmark(name: str, work_id: Id, restrict: int, tags: Iterable[str], comment: str) -> dict[str, object]:
    return {
        "comment": params.text_or_empty("comment", comment),
        name: str(positive(name, work_id)),
        "restrict": number_of("restrict", restrict, (0, 1)),
        "tags": list(texts("tags", tags) or ()),
    }
