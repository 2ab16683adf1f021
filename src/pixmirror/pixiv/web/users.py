"""Users: profiles, works, bookmarks and follows (document 001, User Information; pixiv.md 4.3)."""

from collections.abc import Iterable, Mapping
from typing import Any

from pixmirror.errors import WrongValue
from pixmirror.models import Illust, Listing, Medium, Novel, Received, UserDetail, UserPreview
from pixmirror.pixiv.enums import ids, one_of, positive, text, yes
from pixmirror.pixiv.literals import Id
from pixmirror.pixiv.web import bodies, params
from pixmirror.pixiv.web.api import SITE, WebApi, listed
from pixmirror.pixiv.web.literals import Rest, WorkCategory
from pixmirror.pixiv.web.models import WebIllust, WebNovel, WebUser
from pixmirror.pixiv.wire import Next, Param

PROFILE_IDS = 48


def referer(user_id: Id) -> str:
    return f"{SITE}member.php?id={user_id}"


async def short(api: WebApi, user_id: Id) -> Received[UserDetail]:
    """Name, avatar, and whether we follow. GET /ajax/user/{id}.

    NotFound: left or never there. Forbidden: suspended. Source: 001, recorded user-ID.
    """
    path = f"/ajax/user/{positive('user_id', user_id)}"
    return await api.body(path, None, WebUser, referer=referer(user_id))


async def detail(api: WebApi, user_id: Id) -> Received[UserDetail]:
    """The whole profile. GET /ajax/user/{id}: full=1. Errors as `short`. Source: 001, recorded user-ID__full_1."""
    path = f"/ajax/user/{positive('user_id', user_id)}"
    return await api.body(path, {"full": 1}, WebUser, referer=referer(user_id))


async def profile_all(api: WebApi, user_id: Id) -> Received[bodies.ProfileAll]:
    """Every id of a user, and the series. GET /ajax/user/{id}/profile/all.

    Holds works that the App API hides. `item.ids("illusts")` has the ugoira too. Source: 001, recorded
    user-ID-profile-all.
    """
    path = f"/ajax/user/{positive('user_id', user_id)}/profile/all"
    return await api.body(path, None, bodies.ProfileAll, referer=referer(user_id))


async def profile_illusts(
    api: WebApi,
    user_id: Id,
    illust_ids: Iterable[Id],
    work_category: WorkCategory = "illustManga",
    first: bool = False,
) -> Listing[Illust]:
    """Works of a user by id. GET /ajax/user/{id}/profile/illusts: ids[], work_category (illust, manga,
    illustManga), is_first_page.

    At most 48 ids a call, as the site. Ids that are gone are missing. Source: pixiv.md 4.3.
    """
    path = f"/ajax/user/{positive('user_id', user_id)}/profile/illusts"
    asked: dict[str, Param] = {
        "ids": _some(illust_ids),
        "work_category": one_of("work_category", work_category, params.CATEGORIES),
        "is_first_page": int(yes("first", first)),
    }
    got = await api.body(path, asked, bodies.ProfileWorks[WebIllust], referer=referer(user_id))
    return listed(path, got, got.item.works, "works", None)


async def profile_novels(api: WebApi, user_id: Id, novel_ids: Iterable[Id]) -> Listing[Novel]:
    """Novels of a user by id. GET /ajax/user/{id}/profile/novels: ids[]; as profile_illusts."""
    path = f"/ajax/user/{positive('user_id', user_id)}/profile/novels"
    asked = {"ids": _some(novel_ids)}
    got = await api.body(path, asked, bodies.ProfileWorks[WebNovel], referer=referer(user_id))
    return listed(path, got, got.item.works, "works", None)


async def latest(api: WebApi, user_id: Id) -> Received[bodies.Latest]:
    """The newest works, and the ids of the others: a cheap probe for change. GET /ajax/user/{id}/works/latest.

    Source: 001, recorded user-ID-works-latest.
    """
    path = f"/ajax/user/{positive('user_id', user_id)}/works/latest"
    return await api.body(path, None, bodies.Latest)


async def illusts_tagged(
    api: WebApi, user_id: Id, tag: str, offset: int = 0, limit: int = 48, *, next: Next = None
) -> Listing[Illust]:
    """Works of a user with a tag. GET /ajax/user/{id}/illustmanga/tag: tag, offset, limit (1 to 100).

    Source: pixiv.md 4.3.
    """
    path = f"/ajax/user/{positive('user_id', user_id)}/illustmanga/tag"
    asked = next or _window(offset, limit, tag=text("tag", tag))
    return await _window_of(api, path, asked, bodies.Works[WebIllust], "works", login=False)


async def bookmarks_illust(
    api: WebApi,
    user_id: Id,
    tag: str = "",
    offset: int = 0,
    limit: int = 48,
    rest: Rest = "show",
    *,
    next: Next = None,
) -> Listing[Illust]:
    """Bookmarked works, newest bookmark first. GET /ajax/user/{id}/illusts/bookmarks: tag (empty: all), offset,
    limit (1 to 100), rest (show, hide).

    What is gone stays as a stub in its place. `hide` is for oneself alone. `item.web.bookmark_data.id` is the
    bookmark. Needs a login. Source: 001, recorded user-ID-illusts-bookmarks.
    """
    path = f"/ajax/user/{_own_if_hidden(api, user_id, rest)}/illusts/bookmarks"
    asked = next or _window(offset, limit, tag=params.text_or_empty("tag", tag), rest=rest)
    return await _window_of(api, path, asked, bodies.Works[WebIllust], "works")


async def bookmarks_novel(
    api: WebApi,
    user_id: Id,
    tag: str = "",
    offset: int = 0,
    limit: int = 48,
    rest: Rest = "show",
    *,
    next: Next = None,
) -> Listing[Novel]:
    """Bookmarked novels. GET /ajax/user/{id}/novels/bookmarks; as bookmarks_illust. Source: pixiv.md 4.3."""
    path = f"/ajax/user/{_own_if_hidden(api, user_id, rest)}/novels/bookmarks"
    asked = next or _window(offset, limit, tag=params.text_or_empty("tag", tag), rest=rest)
    return await _window_of(api, path, asked, bodies.Works[WebNovel], "works")


async def bookmark_tags(api: WebApi, user_id: Id, medium: Medium = "illust") -> Received[bodies.BookmarkTags]:
    """A user's own bookmark tags with counts, all in one answer. GET /ajax/user/{id}/illusts/bookmark/tags or
    .../novels/bookmark/tags.

    `private` is empty but for oneself. Source: pixiv.md 4.3.
    """
    kind = one_of("medium", medium, params.KINDS)
    path = f"/ajax/user/{positive('user_id', user_id)}/{kind}s/bookmark/tags"
    return await api.body(path, None, bodies.BookmarkTags, login=True)


async def following(
    api: WebApi,
    user_id: Id,
    offset: int = 0,
    limit: int = 24,
    rest: Rest = "show",
    tag: str = "",
    *,
    next: Next = None,
) -> Listing[UserPreview]:
    """Whom a user follows, newest follow first. GET /ajax/user/{id}/following: offset, limit (1 to 100), rest
    (show, hide), tag.

    Who is gone is missing without a word: rows may be fewer than `head["total"]`. `hide` for oneself alone. Needs
    a login. Source: 001, recorded user-ID-following.
    """
    path = f"/ajax/user/{_own_if_hidden(api, user_id, rest)}/following"
    asked = next or _window(offset, limit, rest=rest, tag=params.text_or_empty("tag", tag) or None)
    return await _window_of(api, path, asked, bodies.People, "users")


async def followers(
    api: WebApi, user_id: Id, offset: int = 0, limit: int = 24, *, next: Next = None
) -> Listing[UserPreview]:
    """Who follows a user; one's own alone. GET /ajax/user/{id}/followers: offset, limit (1 to 100).

    Needs a login. Source: 001, recorded user-ID-followers.
    """
    path = f"/ajax/user/{positive('user_id', user_id)}/followers"
    return await _window_of(api, path, next or _window(offset, limit), bodies.People, "users")


async def mypixiv(
    api: WebApi, user_id: Id, offset: int = 0, limit: int = 24, *, next: Next = None
) -> Listing[UserPreview]:
    """The mypixiv of a user. GET /ajax/user/{id}/mypixiv: offset, limit (1 to 100). Source: pixiv.md 4.3."""
    path = f"/ajax/user/{positive('user_id', user_id)}/mypixiv"
    return await _window_of(api, path, next or _window(offset, limit), bodies.People, "users")


async def _window_of(
    api: WebApi, path: str, asked: Mapping[str, Param], body: type[Any], key: str, *, login: bool = True
) -> Listing[Any]:
    """Return a page of a list that goes on by offset and limit up to its `total`."""
    got = await api.body(path, asked, body, login=login)
    return listed(path, got, getattr(got.item, key), key, params.offset_next(asked, got.item.total))


def _some(values: Iterable[Id]) -> tuple[int, ...]:
    made = ids("ids", values) or ()
    if not 1 <= len(made) <= PROFILE_IDS:
        raise WrongValue(f"ids are {len(made)}; the site asks for 1 to {PROFILE_IDS} at once.")
    return made


def _window(offset: int, limit: int, **more: Param) -> dict[str, Param]:
    return {"offset": params.offset(offset), "limit": params.limit(limit), **more}


def _own_if_hidden(api: WebApi, user_id: Id, rest: str) -> int:
    """Nobody sees what others keep private, and what is public must not pass for it."""
    if one_of("rest", rest, params.RESTS) == "hide" and positive("user_id", user_id) != api.user_id:
        raise WrongValue(f"rest is 'hide', but user {user_id} is not the one of the cookie: ask for 'show'.")
    return positive("user_id", user_id)
