"""The Public API of the demo, in the shapes of document 000 and of 2016."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from html import unescape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pixmirror.demo import addresses, lists
from pixmirror.demo.calls import ApiError
from pixmirror.demo.shapes import Json
from pixmirror.demo.world import LIVE, Key, Work, World

AGES = ("all-age", "r18", "r18-g")
KINDS = {"illust": "illustration", "manga": "manga", "ugoira": "ugoira"}
MODES = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "rookie": "week_rookie",
    "original": "week_original",
}
MOST_PER_PAGE = 1000


class Refused(Exception):
    """A failure, with the code that the Public API gave it."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.body: Json = {
            "status": "failure",
            "has_error": True,
            "errors": {"system": {"message": message, "code": code}},
        }


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of somebody who is logged in."""

    world: World
    viewer: int
    query: Mapping[str, str]
    path: Mapping[str, str]

    def sizes(self, name: str) -> list[str]:
        return [size for size in self.query.get(name, "").split(",") if size]

    @property
    def person(self) -> int:
        """The user of the path."""
        user = self.world.users.get(int(self.path["id"]))
        if user is None or user.gone:
            raise Refused("指定されたユーザーは存在しません。", 971)
        return user.id


def old(url: str) -> str:
    """An address as of then: today's path at one of the old hosts."""
    return url.replace("https://i.pximg.net/", "http://i3.pixiv.net/").replace(
        "https://s.pximg.net/", "https://source.pixiv.net/"
    )


def stamp(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, addresses.JST):%Y-%m-%d %H:%M:%S}"


def work_json(ask: Ask, work: Work) -> Json:
    """A work with the sizes and statistics that were asked for; `large` is the original."""
    files = addresses.originals(ask.world, work)
    return {
        "id": work.id,
        "title": work.title,
        "caption": plain(work.caption) or None,
        "tags": list(work.tags),
        "tools": list(work.tools),
        "image_urls": _sizes(ask, work, 0, files[0]),
        "width": work.width,
        "height": work.height,
        "stats": _stats(ask, work) if ask.query.get("include_stats") == "true" else None,
        "publicity": 0,
        "age_limit": AGES[work.x_restrict],
        "created_time": stamp(work.create_ms),
        "reuploaded_time": stamp(work.file_ms),
        "user": user_json(ask, work.user_id),
        "is_manga": len(files) > 1,
        "is_liked": False,
        "favorite_id": 0,
        "page_count": len(files),
        "book_style": "none",
        "type": KINDS[work.type],
        "metadata": {"pages": [{"image_urls": _sizes(ask, work, n, url)} for n, url in enumerate(files)]}
        if len(files) > 1
        else None,
        "content_type": None,
    }


def plain(caption: str) -> str:
    """A caption without its HTML."""
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"<br ?/?>", "\r\n", caption)))


def _sizes(ask: Ask, work: Work, page: int, original: str) -> Json:
    small = addresses.page_urls(work, page)
    known = {
        "px_128x128": small["square_medium"],
        "px_480mw": small["medium"],
        "small": small["medium"],
        "medium": small["large"],
        "large": original,
    }
    return {size: old(known[size]) for size in ask.sizes("image_sizes") if size in known}


def _stats(ask: Ask, work: Work) -> Json:
    return {
        "scored_count": work.total_bookmarks,
        "score": work.total_bookmarks * 10,
        "views_count": work.total_view,
        "favorited_count": {"public": work.total_bookmarks, "private": 0},
        "commented_count": len(ask.world.threads.get(work.key, ())),
    }


def user_json(ask: Ask, user_id: int) -> Json:
    person = ask.world.users[user_id]
    known = {"px_50x50": "_50", "px_170x170": "_170"}
    sizes = ask.sizes("profile_image_sizes") or ["px_50x50"]
    return {
        "id": person.id,
        "account": person.account,
        "name": person.name,
        "is_following": user_id in ask.world.follows.get(ask.viewer, {}),
        "is_follower": False,
        "is_friend": False,
        "is_premium": None,
        "profile_image_urls": {
            size: old(addresses.avatar(ask.world, person, known[size])) for size in sizes if size in known
        },
        "stats": None,
        "profile": None,
    }


# What each route gives, before it is cut into pages ----------------------------------------------------------


def _one_work(ask: Ask) -> list[Json]:
    work = ask.world.works.get(("illust", int(ask.path["id"])))
    if work is None or work.state != LIVE:
        raise Refused(f"対象のイラストは見つかりませんでした。(illust_id:{ask.path['id']})", 206)
    return [work_json(ask, work)]


def _shown(ask: Ask, keys: Sequence[Key]) -> list[Json]:
    works = [ask.world.works[key] for key in keys]
    return [work_json(ask, work) for work in works if work.state == LIVE]


def _newest(ask: Ask) -> list[Json]:
    return _shown(ask, lists.everything(ask.world, "illust"))


def _one_user(ask: Ask) -> list[Json]:
    return [user_json(ask, ask.person)]


def _works_of(ask: Ask) -> list[Json]:
    return _shown(ask, lists.works_of(ask.world, ask.person, "illust"))


def _favorites(ask: Ask, user_id: int, publicity: str) -> list[Json]:
    slots = lists.bookmark_slots(ask.world, user_id, "illust", publicity, None)
    return [
        {
            "id": mark.id,
            "comment": None,
            "tags": list(mark.tags),
            "publicity": 0 if mark.restrict == "public" else 1,
            "work": work_json(ask, ask.world.works[mark.key]),
        }
        for _, mark in slots
        if mark and ask.world.works[mark.key].state == LIVE
    ]


def _following(ask: Ask, user_id: int, publicity: str) -> list[Json]:
    follows = lists.follows_of(ask.world, user_id, publicity)
    return [user_json(ask, f.user_id) for f in follows if not ask.world.users[f.user_id].gone]


def _feed(ask: Ask, users: Sequence[int]) -> list[Json]:
    """What these users posted."""
    entries = [entry for user in users for entry in ask.world.by_user.get((user, "illust"), ())]
    works = [ask.world.works["illust", work_id] for _, work_id in sorted(entries, reverse=True)]
    return [
        {"type": "add_illust", "post_time": stamp(work.create_ms), "ref_work": work_json(ask, work)}
        for work in works
    ]


def _ranking(ask: Ask) -> list[Json]:
    """One object, with the works of the page inside."""
    mode = MODES.get(ask.query.get("mode", "daily"), "day")
    day = lists.ranking_date(ask.world, ask.query.get("date"))
    wanted = {"all": tuple(KINDS), "illust": ("illust",)}.get(ask.path["kind"], (ask.path["kind"],))
    keys = [key for key in lists.ranking(ask.world, "illust", mode, day) if ask.world.works[key].type in wanted]
    works = [{"rank": at, "previous_rank": 0, "work": row} for at, row in enumerate(_shown(ask, keys), 1)]
    return [{"content": ask.path["kind"], "mode": ask.query.get("mode"), "date": str(day), "works": works}]


def _search(ask: Ask) -> list[Json]:
    target = {"exact_tag": "exact_match_for_tags", "caption": "title_and_caption", "text": "title_and_caption"}
    wanted = target.get(ask.query.get("mode", ""), "partial_match_for_tags")
    keys = lists.search(ask.world, "illust", {"word": ask.query.get("q", ""), "search_target": wanted})
    kinds = ask.sizes("types") or list(KINDS.values())
    return _shown(ask, [key for key in keys if KINDS[ask.world.works[key].type] in kinds])


def _publicity(ask: Ask) -> str:
    return "private" if ask.query.get("publicity") == "private" else "public"


TABLE: Mapping[str, Callable[[Ask], list[Json]]] = {
    "/v1/works/{id:int}.json": _one_work,
    "/v1/works.json": _newest,
    "/v1/users/{id:int}.json": _one_user,
    "/v1/users/{id:int}/works.json": _works_of,
    "/v1/users/{id:int}/favorite_works.json": lambda ask: _favorites(ask, ask.person, "public"),
    "/v1/users/{id:int}/following.json": lambda ask: _following(ask, ask.person, "public"),
    "/v1/users/{id:int}/feeds.json": lambda ask: _feed(ask, [ask.person]),
    "/v1/me/feeds.json": lambda ask: _feed(ask, list(ask.world.follows[ask.viewer])),
    "/v1/me/following/works.json": lambda ask: _shown(
        ask, lists.follow_feed(ask.world, ask.viewer, "all", "illust")
    ),
    "/v1/me/favorite_works.json": lambda ask: _favorites(ask, ask.viewer, _publicity(ask)),
    "/v1/me/favorite-users.json": lambda ask: _following(ask, ask.viewer, _publicity(ask)),
    "/v1/ranking/{kind:str}.json": _ranking,
    "/v1/search/works.json": _search,
}


def _paged(ask: Ask, found: list[Json]) -> Json:
    """An answer; of a list its page, and where that stands."""
    if "per_page" not in ask.query:
        return {"status": "success", "response": found, "count": len(found)}
    size = min(max(int(ask.query["per_page"]), 1), MOST_PER_PAGE)
    page = max(int(ask.query.get("page", "1")), 1)
    inside = found[0] if len(found) == 1 and "works" in found[0] else None
    rows = inside["works"] if inside else found
    pages = -(-len(rows) // size)
    cut = rows[(page - 1) * size : page * size]
    return {
        "status": "success",
        "response": [{**inside, "works": cut}] if inside else cut,
        "count": len(cut),
        "pagination": {
            "previous": page - 1 or None,
            "next": page + 1 if page < pages else None,
            "current": page,
            "per_page": size,
            "total": len(rows),
            "pages": pages,
        },
    }


async def _answer(handler: Callable[[Ask], list[Json]], request: Request) -> Response:
    world: World = request.app.state.world
    try:
        with world.lock:
            world.settle()
            viewer = request.app.state.oauth.viewer(request.headers.get("authorization"))
            ask = Ask(world, viewer, dict(request.query_params), request.path_params)
            return JSONResponse(_paged(ask, handler(ask)))
    except Refused as refused:
        return JSONResponse(refused.body, 400)
    except ApiError as error:
        return JSONResponse(Refused(str(error), 1508).body, error.status)


ROUTES = [Route(path, partial(_answer, handler)) for path, handler in TABLE.items()]
