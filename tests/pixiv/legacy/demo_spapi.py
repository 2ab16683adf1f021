"""SPAPI of the demo: the world as the CSV of 2014, from what document 000 shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pixmirror.demo import lists, pictures
from pixmirror.demo.addresses import JST, date_path
from pixmirror.demo.web import COOKIE
from pixmirror.demo.world import LIVE, Comment, Key, User, Work, World

ROWS = 50
WIDTH = 31
PRIVATE = ("limit_mypixiv", "limit_private")
RANKS = {"day": "day", "week": "week", "month": "month"}
Row = dict[int, object]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `viewer` is 0 for whoever is not logged in."""

    world: World
    viewer: int
    query: Mapping[str, str]

    def number(self, name: str) -> int:
        value = self.query.get(name, "")
        return int(value) if value.isdecimal() else 0


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, JST)


def work_row(ask: Ask, key: Key) -> Row | None:
    """The columns of a work; None for one that is not there, or not for whoever asks."""
    work = ask.world.works.get(key)
    if work is None or (work.state != LIVE and work.state not in PRIVATE) or (work.x_restrict and not ask.viewer):
        return None
    artist = ask.world.users[work.user_id]
    thread = ask.world.threads.get(key, ())
    row: Row = {
        0: work.id if work.state == LIVE else 0,
        1: artist.id,
        3: work.title,
        5: artist.name,
        12: f"{moment(work.create_ms):%Y-%m-%d %H:%M:%S}",
        13: " ".join(tag.replace(" ", "_") for tag in work.tags),
        15: work.total_bookmarks,
        16: work.total_bookmarks * 10,
        17: work.total_view,
        18: work.caption,
        22: work.total_bookmarks,
        23: len(thread),
        24: artist.account,
        26: work.x_restrict,
        29: f"http://i1.pixiv.net/img{_folder(artist)}/profile/{artist.account}/mobile/{artist.id}_80.jpg",
    }
    if work.medium == "novel":
        return row | {27: work.series_id or ""}
    pages = work.page_count if work.page_count > 1 or work.type == "manga" else ""
    ext = pictures.extension(ask.world.seed, work, 0)
    return row | {2: ext, 4: _folder(artist), 14: " ".join(work.tools), 19: pages} | _thumbnails(work, artist)


def _folder(artist: User) -> int:
    return artist.id % 150 + 1


def _thumbnails(work: Work, artist: User) -> Row:
    """Of ugoira and even ids in the form of late 2014, of odd ones in that of before; there a query marks a
    re-upload.
    """
    if work.type == "ugoira" or work.id % 2 == 0:
        stem = f"img-master/img/{date_path(work.file_ms)}/{work.id}"
        small, large = ("square1200", "master1200") if work.type == "ugoira" else ("128x128", "480mw")
        return {
            6: f"http://i2.pixiv.net/c/128x128/{stem}_{small}.jpg",
            9: f"http://i2.pixiv.net/c/480x960/{stem}_{large}.jpg",
        }
    again = f"?{work.file_ms // 1000}" if work.file_ms != work.create_ms else ""
    return {
        6: f"http://i1.pixiv.net/img-inf/img/{date_path(work.create_ms)}/{work.id}_128x128.jpg",
        9: f"http://i1.pixiv.net/img{_folder(artist):02}/img/{artist.account}/mobile/{work.id}_480mw.jpg{again}",
    }


def user_row(ask: Ask, user_id: int) -> Row | None:
    person = ask.world.users.get(user_id)
    if person is None or person.gone:
        return None
    avatar = f"http://i1.pixiv.net/img{_folder(person)}/profile/{person.account}/mobile/{person.id}_80.jpg"
    return {1: person.id, 5: person.name, 6: avatar, 24: person.account}


def comment_row(ask: Ask, comment: Comment) -> Row | None:
    """A comment: who wrote it, when (to the minute), and what."""
    row = user_row(ask, comment.user_id or 0)
    return row and row | {12: f"{moment(comment.ms):%Y-%m-%d %H:%M}", 18: comment.text}


# What each route gives, before it is cut into pages ----------------------------------------------------------


def _by_ids(medium: str, name: str, ask: Ask) -> list[Row | None]:
    found = [int(part) for part in ask.query.get(name, "").split(",") if part.isdecimal()]
    return _works(ask, [_key(medium, work_id) for work_id in found])


def _key(medium: str, work_id: int) -> Key:
    return (medium, work_id)


def _works(ask: Ask, keys: Sequence[Key]) -> list[Row | None]:
    return [work_row(ask, key) for key in keys]


def _manga(ask: Ask) -> list[Row | None]:
    """The work once for each page."""
    key = _key("illust", ask.number("illust_id"))
    work = ask.world.works.get(key)
    return _works(ask, [key]) * (work.page_count if work else 0)


def _newest(medium: str, ask: Ask) -> list[Row | None]:
    return _works(ask, lists.everything(ask.world, medium))


def _newest_r18(ask: Ask) -> list[Row | None]:
    keys = lists.everything(ask.world, "novel")
    return _works(ask, [key for key in keys if ask.world.works[key].x_restrict])


def _followed(ask: Ask) -> list[Row | None]:
    return _works(ask, lists.follow_feed(ask.world, ask.viewer, "all", "novel"))


def _friends_novels(ask: Ask) -> list[Row | None]:
    friends = lists.friends_of(ask.world, ask.viewer) if ask.viewer else []
    entries = [entry for friend in friends for entry in ask.world.by_user.get((friend, "novel"), ())]
    return _works(ask, [_key("novel", work_id) for _, work_id in sorted(entries, reverse=True)])


def _ranking(ask: Ask) -> list[Row | None]:
    mode = RANKS.get(ask.query.get("mode", ""), "day")
    return _works(ask, lists.ranking(ask.world, "illust", mode, lists.ranking_date(ask.world, None)))


def _search(ask: Ask) -> list[Row | None]:
    target = {"s_tag_full": "exact_match_for_tags", "s_tc": "title_and_caption"}.get(ask.query.get("s_mode", ""))
    query = {"word": ask.query.get("word", ""), "search_target": target or "partial_match_for_tags"}
    return _works(ask, lists.search(ask.world, "illust", query))


def _search_user(ask: Ask) -> list[Row | None]:
    nick = ask.query.get("nick", "").lower()
    return [user_row(ask, person.id) for person in ask.world.users.values() if nick in person.name.lower()]


def _of_member(medium: str, ask: Ask) -> list[Row | None]:
    return _works(ask, lists.works_of(ask.world, ask.number("id"), medium))


def _comments(medium: str, name: str, ask: Ask) -> list[Row | None]:
    numbers = ask.world.threads.get(_key(medium, ask.number(name)), ())
    return [comment_row(ask, ask.world.comments[medium, number]) for number in reversed(numbers)]


def _me(ask: Ask) -> list[Row | None]:
    """The own account. What a level above 1 added, the document does not say: here nothing."""
    return [user_row(ask, ask.viewer)] if ask.viewer else []


def _friends(ask: Ask) -> list[Row | None]:
    return [user_row(ask, friend) for friend in lists.friends_of(ask.world, ask.number("id"))]


def _restrict(ask: Ask) -> str:
    """Which bookmarks or follows; nobody sees what others keep private."""
    if ask.query.get("rest") == "hide":
        return "private" if ask.viewer == ask.number("id") else "nobody's"
    return "public"


def _bookmarks(medium: str, ask: Ask) -> list[Row | None]:
    slots = lists.bookmark_slots(ask.world, ask.number("id"), medium, _restrict(ask), None)
    return _works(ask, [mark.key for _, mark in slots if mark])


def _follows(ask: Ask) -> list[Row | None]:
    return [user_row(ask, f.user_id) for f in lists.follows_of(ask.world, ask.number("id"), _restrict(ask))]


def _series(ask: Ask) -> list[Row | None]:
    series = ask.world.series.get(_key("novel", ask.number("series_id")))
    return _works(ask, lists.series_works(ask.world, series)) if series else []


def _bookmarked_by(ask: Ask) -> list[Row | None]:
    key = _key("novel", ask.number("id"))
    marks = ask.world.bookmarks.items()
    return [user_row(ask, user) for user, mine in marks if key in mine and mine[key].restrict == "public"]


def _markers(ask: Ask) -> list[Row | None]:
    mine = ask.world.own.markers if ask.viewer == ask.world.me else {}
    return _works(ask, [_key("novel", novel_id) for novel_id in mine])


def _hot_tags(ask: Ask) -> list[Row | None]:
    """The document shows no answer of this route: here a tag in the first column."""
    counts: dict[str, int] = {}
    for work in ask.world.works.values():
        for tag in work.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return [{0: tag} for tag in sorted(counts, key=lambda tag: (-counts[tag], tag))[:20]]


TABLE: Mapping[str, Callable[[Ask], list[Row | None]]] = {
    "illust": partial(_by_ids, "illust", "illust_id"),
    "manga": _manga,
    "novel": partial(_by_ids, "novel", "id"),
    "new_illust": partial(_newest, "illust"),
    "new_novel": partial(_newest, "novel"),
    "new_novel_r18": _newest_r18,
    "bookmark_user_new_novel": _followed,
    "mypixiv_new_novel": _friends_novels,
    "ranking": _ranking,
    "search": _search,
    "search_user": _search_user,
    "member_illust": partial(_of_member, "illust"),
    "member_novel": partial(_of_member, "novel"),
    "illust_comments": partial(_comments, "illust", "illust_id"),
    "novel_comments": partial(_comments, "novel", "id"),
    "user": _me,
    "mypixiv_all": _friends,
    "bookmark": partial(_bookmarks, "illust"),
    "bookmark_novel": partial(_bookmarks, "novel"),
    "bookmark_user_all": _follows,
    "novel_series": _series,
    "novel_bookmarks": _bookmarked_by,
    "novel_marker_all": _markers,
    "hot_tags": _hot_tags,
}


def text_of(rows: Sequence[Row]) -> str:
    """CSV: what is empty bare, all else quoted; a work has 31 columns, a person or a comment 27, a tag one."""
    lines: list[str] = []
    for row in rows:
        width = 1 if len(row) == 1 else 27 if 0 not in row else WIDTH
        columns = [str(row.get(at, "")) for at in range(width)]
        lines.append(",".join('"{}"'.format(c.replace('"', '""')) if c else "" for c in columns) + "\n")
    return "".join(lines)


async def _answer(request: Request) -> Response:
    world: World = request.app.state.world
    query = dict(request.query_params)
    viewer = world.me if f"PHPSESSID={query.get('PHPSESSID')}" == COOKIE else 0
    route = request.path_params["route"]
    with world.lock:
        world.settle()
        ask = Ask(world, viewer, query)
        if route == "novel_text":
            novel = world.works.get(_key("novel", ask.number("id")))
            shown = novel is not None and work_row(ask, novel.key) is not None and novel.state == LIVE
            return PlainTextResponse(novel.text if novel and shown else "")
        if route not in TABLE:
            return Response(status_code=404)
        rows = [row for row in TABLE[route](ask) if row]
        if query.get("c_mode") == "count":
            return PlainTextResponse(str(len(rows)))
        first = (max(ask.number("p"), 1) - 1) * ROWS
        return PlainTextResponse(text_of(rows[first : first + ROWS]), media_type="text/csv")


ROUTES = [Route("/iphone/{route:str}.php", _answer)]
