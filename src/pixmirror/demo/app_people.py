"""Lists of users in the App API."""

from functools import partial

from pixmirror.demo import lists
from pixmirror.demo.calls import Call, gone, shaper
from pixmirror.demo.shapes import Json, series_detail, user, work_json
from pixmirror.demo.world import Follow, Key, Series


def preview(call: Call, user_id: int) -> Json:
    """Return a user with up to three works of each kind."""
    newest_of = partial(lists.works_of, call.world, user_id)
    return {
        "user": user(call.view, user_id),
        "illusts": [shaper(call)(key) for key in newest_of("illust")[:3]],
        "novels": [shaper(call)(key) for key in newest_of("novel")[:3]],
        "is_muted": call.view.muted(user_id),
    }


def _page(call: Call, ids: list[int]) -> Json:
    return call.page("user_previews", ids, lambda user_id: preview(call, user_id))


def following(call: Call) -> Json:
    """Return who a user follows; people who left are silently missing."""
    user_id = call.number("user_id")
    restrict = call.restrict() if user_id == call.view.viewer else "public"
    slots: list[Follow | None] = [
        f if not call.world.users[f.user_id].gone else None
        for f in lists.follows_of(call.world, user_id, restrict)
    ]
    return call.page("user_previews", slots, lambda follow: preview(call, follow.user_id))


def follower(call: Call) -> Json:
    """Return who follows a user: those whom the world knows, and some who were drawn."""
    world, user_id = call.world, call.person().id
    ids = [u.id for u in world.users.values() if not u.gone and u.id != user_id]
    known = [i for i in ids if (f := world.follows.get(i, {}).get(user_id)) and f.restrict == "public"]
    drawn = [i for i in ids if i not in known and i != world.me and world.draw("follows", i, user_id) % 4 == 0]
    return _page(call, known + drawn)


def mypixiv(call: Call) -> Json:
    """Return the friends of a user."""
    return _page(call, lists.friends_of(call.world, call.person().id))


def related(call: Call) -> Json:
    """Users like one."""
    seed = call.person("seed_user_id").id
    return _page(call, _others(call, "related", seed)[:30])


def recommended(call: Call) -> Json:
    """Users whom one does not follow yet."""
    followed = call.world.follows.get(call.view.viewer, {})
    return _page(call, [i for i in _others(call, "recommended", 0) if i not in followed])


def _others(call: Call, how: str, seed: int) -> list[int]:
    ids = [u.id for u in call.world.users.values() if not u.gone and u.id not in (seed, call.view.viewer)]
    return sorted(ids, key=lambda i: call.world.draw(how, seed, i))


def blocked(call: Call) -> Json:
    """Whom the viewer blocks; nobody else's list is shown."""
    own = call.world.own.blocked if call.number("user_id") == call.view.viewer else []
    return call.page("users", own, lambda user_id: user(call.view, user_id))


def bookmark_users(call: Call) -> Json:
    """Return who bookmarked a work publicly."""
    key = call.work("illust").key
    ids = [
        i
        for i, marks in call.world.bookmarks.items()
        if not call.world.users[i].gone and key in marks and marks[key].restrict == "public"
    ]
    return call.page("users", ids, lambda user_id: user(call.view, user_id))


def follow_detail(call: Call) -> Json:
    """Return whether and how the viewer follows a user."""
    follow = call.world.follows.get(call.view.viewer, {}).get(call.number("user_id"))
    return {
        "follow_detail": {"is_followed": follow is not None, "restrict": follow.restrict if follow else "public"}
    }


def series_of(medium: str, call: Call) -> Json:
    """Return the series of a user."""
    person = call.person()
    mine: list[Series] = [s for s in call.world.series.values() if (s.user_id, s.medium) == (person.id, medium)]
    page = call.page(f"{medium}_series_details", mine, partial(series_detail, call.view))
    return {"user": user(call.view, person.id)} | page


def series_position(call: Call) -> Json:
    """Return the series of a work and its neighbours there; 404 of the series for a work of none."""
    work = call.work("illust")
    series = call.world.series.get((work.medium, work.series_id))
    if series is None:
        raise gone()
    keys: list[Key] = lists.series_works(call.world, series)
    place = keys.index(work.key) if work.key in keys else -1

    def at(index: int) -> Json | None:
        return work_json(call.view, keys[index]) if place >= 0 and 0 <= index < len(keys) else None

    return {
        "illust_series_detail": series_detail(call.view, series),
        "illust_series_context": {"content_order": place + 1, "prev": at(place - 1), "next": at(place + 1)},
    }
