"""Users, their works, bookmarks and follows, as the web has them."""

from functools import partial

from pixmirror.demo import lists
from pixmirror.demo.shapes import Json
from pixmirror.demo.web import faces, shapes
from pixmirror.demo.web.calls import WebCall, WebError, shown
from pixmirror.demo.world import Key

PICKED = 48


def detail(call: WebCall) -> Json:
    """Return a user, short or full."""
    return faces.person(call.view, call.user(), call.text("full", "0") == "1")


def profile_all(call: WebCall) -> Json:
    """Return every id of a user: also of what the App API hides."""
    user, world = call.user(), call.world
    mine = [w for w in world.works.values() if w.user_id == user.id and shown(call.view, w)]
    mine.sort(key=lambda w: -w.id)

    def ids(*kinds: str) -> Json | list[object]:
        return {str(w.id): None for w in mine if w.type in kinds} or []

    def series(medium: str) -> list[Json]:
        found = [s for s in world.series.values() if s.user_id == user.id and s.medium == medium]
        return [shapes.series(call.view, s) for s in found]

    marks = [m for m in world.bookmarks.get(user.id, {}).values() if m.restrict == "public"]
    counts = {medium: sum(m.key[0] == medium for m in marks) for medium in ("illust", "novel")}
    return {
        "illusts": ids("illust", "ugoira"),
        "manga": ids("manga"),
        "novels": ids("novel"),
        "mangaSeries": series("illust"),
        "novelSeries": series("novel"),
        "pickup": [],
        "bookmarkCount": {"public": counts, "private": {"illust": 0, "novel": 0}},
        "externalSiteWorksStatus": {"booth": False, "sketch": False, "vroidHub": False},
        "request": {"showRequestTab": False, "showRequestSentTab": False, "postWorks": {}},
    }


def profile_works(medium: str, call: WebCall) -> Json:
    """Works by id; those that are gone are missing."""
    wanted = call.many("ids")
    if not wanted or len(wanted) > PICKED:
        raise WebError(400, "Invalid request.")
    known = [(medium, int(i)) for i in wanted if i.isdecimal() and (medium, int(i)) in call.world.works]
    there = [key for key in known if shown(call.view, call.world.works[key])]
    works = {str(key[1]): shapes.thumb(call.view, key) for key in there}
    return {"works": works or [], "zoneConfig": {}, "extraData": {"meta": {}}}


def latest(call: WebCall) -> Json:
    """Return the newest works, whole; of older ones the ids."""
    user = call.user()

    def some(medium: str) -> Json | list[object]:
        keys = lists.works_of(call.world, user.id, medium)
        return {str(k[1]): shapes.thumb(call.view, k) if n < 3 else None for n, k in enumerate(keys)} or []

    return {"illusts": some("illust"), "novels": some("novel")}


def tagged(medium: str, call: WebCall) -> Json:
    """Works of a user with a tag."""
    keys = lists.works_of(call.world, call.user().id, medium)
    found = [key for key in keys if call.text("tag") in call.world.works[key].tags]
    return _window(call, found)


def bookmarks(medium: str, call: WebCall) -> Json:
    """Bookmarks, newest first; hidden ones for their owner alone."""
    user = call.user()
    restrict = _restrict(call, user.id)
    slots = lists.bookmark_slots(call.world, user.id, medium, restrict, call.text("tag") or None)
    marks = [mark for _, mark in slots if mark is not None]
    found = _window(call, [mark.key for mark in marks])
    shown = marks[call.number("offset") :][: call.number("limit", PICKED)]
    return found | {"bookmarkTags": {str(m.id): list(m.tags) for m in shown if m.tags} or []}


def bookmark_tags(medium: str, call: WebCall) -> Json:
    """Return the own tags of bookmarks."""
    user = call.user()

    def tags(restrict: str) -> list[Json]:
        found = lists.bookmark_tags(call.world, user.id, medium, restrict)
        return [{"tag": name, "cnt": count} for name, count in found]

    return {
        "public": tags("public"),
        "private": tags("private") if call.own(user) else [],
        "tooManyBookmark": False,
        "tooManyBookmarkTags": False,
    }


def following(call: WebCall) -> Json:
    """Return who a user follows; who left is missing, but counted."""
    user = call.user()
    follows = lists.follows_of(call.world, user.id, _restrict(call, user.id))
    return _people(call, [f.user_id for f in follows]) | {"followUserTags": []}


def followers(call: WebCall) -> Json:
    """Return who follows a user: for that user alone."""
    user = call.user()
    if not call.own(user):
        raise WebError(403, "You do not have permission.")
    return _people(call, [who for who, follows in call.world.follows.items() if user.id in follows])


def mypixiv(call: WebCall) -> Json:
    """Return the mypixiv of a user."""
    return _people(call, list(lists.friends_of(call.world, call.user().id)))


def extra(call: WebCall) -> Json:
    """Own counts."""
    me = call.view.viewer
    followed = sum(me in follows for follows in call.world.follows.values())
    mine = len(call.world.follows.get(me, {}))
    return {"following": mine, "followers": followed, "mypixivCount": 0, "background": None}


def _restrict(call: WebCall, user_id: int) -> str:
    rest = call.one_of("rest", ("show", "hide"), "show")
    if rest == "hide" and user_id != call.view.viewer:
        raise WebError(403, "You do not have permission.")
    return "private" if rest == "hide" else "public"


def _window(call: WebCall, keys: list[Key]) -> Json:
    offset, limit = call.number("offset"), call.number("limit", PICKED)
    if not 1 <= limit <= 100:
        raise WebError(400, "Invalid request.")
    page = keys[offset : offset + limit]
    return {
        "works": [shapes.thumb(call.view, key) for key in page],
        "total": len(keys),
        "zoneConfig": {},
        "extraData": {"meta": {}},
    }


def _people(call: WebCall, ids: list[int]) -> Json:
    offset, limit = call.number("offset"), call.number("limit", 24)
    if not 1 <= limit <= 100:
        raise WebError(400, "Invalid request.")
    shown = [call.world.users[i] for i in ids[offset : offset + limit] if not call.world.users[i].gone]
    newest = partial(lists.works_of, call.world)
    users = [
        faces.preview(call.view, user, newest(user.id, "illust")[:4], newest(user.id, "novel")[:1])
        for user in shown
    ]
    return {"users": users, "total": len(ids), "zoneConfig": {}, "extraData": {"meta": {}}}
