"""The endpoints of the App API that a mirror reads: one short function each; `routes` has their paths."""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial

from pixmirror.demo import lists
from pixmirror.demo.calls import ApiError, Call, gone, invalid, named, no_endpoint, shaper
from pixmirror.demo.profiles import profile
from pixmirror.demo.shapes import (
    Json,
    comment,
    illust,
    novel,
    series_detail,
    total_comments,
    ugoira_metadata,
    user,
    work_json,
)
from pixmirror.demo.webview import page as webview_page
from pixmirror.demo.world import LIVE, Comment, Key

Handler = Callable[[Call], "Json | str"]


# Works -------------------------------------------------------------------------------------------------


def illust_detail(call: Call) -> Json:
    """One illust, manga or ugoira."""
    return {"illust": illust(call.view, call.work("illust"), "detail")}


def novel_detail(call: Call) -> Json:
    """One novel, without its text."""
    return {"novel": novel(call.view, call.work("novel"), "detail")}


def ugoira(call: Call) -> Json:
    """Return the frames of a ugoira; 404 where it is hidden."""
    work = call.work("illust")
    if work.type != "ugoira" or work.state != LIVE:
        raise gone()
    return {"ugoira_metadata": ugoira_metadata(call.world, work)}


def novel_webview(call: Call) -> str:
    """Return the page with the text of a novel."""
    work = call.work("novel", "id")
    if work.state != LIVE:
        raise gone()
    return webview_page(call.view, work)


def bookmark_detail(medium: str, call: Call) -> Json:
    """Return whether and how the viewer bookmarked a work: own tags first, then the work's."""
    work = call.work(medium)
    mark = call.world.bookmarks.get(call.view.viewer, {}).get(work.key)
    registered = mark.tags if mark else ()
    every = dict.fromkeys((*registered, *work.tags))
    tags = [{"name": tag, "is_registered": tag in registered} for tag in every]
    restrict = mark.restrict if mark else "public"
    return {"bookmark_detail": {"is_bookmarked": mark is not None, "tags": tags, "restrict": restrict}}


# Lists of works ----------------------------------------------------------------------------------------


def follow_feed(medium: str, call: Call) -> Json:
    """Return the works of all followed artists."""
    world, restrict, viewer = call.world, call.restrict(both=True), call.view.viewer

    def build() -> list[Key | None]:
        return lists.with_holes(world, lists.follow_feed(world, viewer, restrict, medium))

    return call.page(named(medium), world.cached(("feed", viewer, restrict, medium), build), shaper(call))


def ranking(medium: str, call: Call) -> Json:
    """Return a ranking; empty before it is out."""
    mode = call.choice("mode", lists.MODES[medium], "day")
    try:
        day = lists.ranking_date(call.world, call.text("date"))
    except lists.BadDate as error:
        raise invalid("date", error.text) from None
    return call.page(named(medium), lists.ranking(call.world, medium, mode, day), shaper(call))


def newest(medium: str, call: Call) -> Json:
    """Return everybody's new works; the cursor is the id of the last one."""
    before = call.number(f"max_{medium}_id", 2**62)
    kinds = ("manga",) if call.text("content_type") == "manga" else ("illust", "ugoira", "novel")
    keys = [key for key in lists.everything(call.world, medium) if key[1] < before]
    page = [key for key in keys if call.world.works[key].type in kinds]
    cursor = {f"max_{medium}_id": page[lists.PAGE - 1][1]} if len(page) > lists.PAGE else None
    return {
        named(medium): [shaper(call)(key) for key in page[: lists.PAGE]],
        "next_url": call.next_url(**cursor) if cursor else None,
    }


def illust_series(call: Call) -> Json:
    """Return a manga series, newest first."""
    series = call.series("illust", "illust_series_id")
    keys = lists.series_works(call.world, series)
    shape = shaper(call)
    head: Json = {
        "illust_series_detail": series_detail(call.view, series),
        "illust_series_first_illust": shape(keys[0]) if keys else {},
        "illust_series_latest_illust": shape(keys[-1]) if keys else {},
    }
    return head | call.page("illusts", keys[::-1], shape)


def novel_series(call: Call) -> Json:
    """In reading order; the cursor is how many were read."""
    series = call.series("novel", "series_id")
    keys = lists.series_works(call.world, series)
    read, shape = call.number("last_order", 0), shaper(call)
    after = read + lists.PAGE
    return {
        "novel_series_detail": series_detail(call.view, series),
        "novel_series_first_novel": shape(keys[0]) if keys else {},
        "novel_series_latest_novel": shape(keys[-1]) if keys else {},
        "novels": [shape(key) for key in keys[read:after]],
        "next_url": call.next_url(last_order=after) if after < len(keys) else None,
    }


# Comments ----------------------------------------------------------------------------------------------


def comments(medium: str, call: Call) -> Json:
    """Return the root comments of a work, newest first."""
    work = call.work(medium)
    if work.state != LIVE:
        raise gone()
    page = call.page("comments", lists.roots_of(call.world, work.key), partial(comment, call.view))
    return page | {"total_comments": total_comments(call.world, work.key), "comment_access_control": 0}


def old_novel_comments(call: Call) -> Json:
    """Return the version before replies had their own list: each comment says which one it answers."""
    page = comments("novel", call)
    for item in page["comments"]:
        del item["has_replies"], item["stamp"]
        item["parent_comment"] = {}
    return page


def replies(medium: str, call: Call) -> Json:
    """Return the replies to a root comment, newest first."""
    root = call.world.comments.get((medium, call.number("comment_id")))
    if root is None or call.world.works[medium, root.work_id].state != LIVE:
        raise gone()
    found: list[Comment] = lists.replies_of(call.world, root)
    return call.page("comments", found, partial(comment, call.view))


# Users -------------------------------------------------------------------------------------------------


def user_detail(call: Call) -> Json:
    """Return the profile of a user."""
    person = call.world.users.get(call.number("user_id"))
    if person is None or person.gone:
        raise ApiError(404, "Your access is currently restricted.")
    return profile(call.view, person)


def user_works(medium: str, call: Call) -> Json:
    """Return the works of a user; of one who left an empty list and a user with the id 0."""
    person = call.world.users.get(call.number("user_id"))
    if person is None or person.gone:
        nobody = {"id": 0, "name": "", "account": "", "profile_image_urls": {"medium": ""}, "is_followed": False}
        return {"user": nobody, named(medium): [], "next_url": None}
    kind = call.text("type") if medium == "illust" else None
    world, user_id = call.world, person.id
    slots = world.cached(
        ("works", user_id, medium, kind),
        lambda: lists.with_holes(world, lists.works_of(world, user_id, medium, kind)),
    )
    page = call.page(named(medium), slots, shaper(call, own=True))
    return {"user": user(call.view, person.id)} | page


def user_bookmarks(medium: str, call: Call) -> Json:
    """Bookmarks, newest first; the cursor is the id of the page's last one. Nobody sees another's private ones."""
    user_id = call.number("user_id")
    restrict = call.restrict(default=None) if user_id == call.view.viewer else "public"
    world, tag = call.world, call.text("tag")
    slots = world.cached(
        ("bookmarks", user_id, medium, restrict, tag),
        lambda: lists.bookmark_slots(world, user_id, medium, restrict, tag),
    )
    before = call.number("max_bookmark_id", 2**62)
    start = bisect_right(slots, -before, key=lambda slot: -slot[0])
    page = slots[start : start + lists.PAGE]
    return {
        named(medium): [work_json(call.view, mark.key) for _, mark in page if mark is not None],
        "next_url": call.next_url(max_bookmark_id=page[-1][0]) if start + lists.PAGE < len(slots) else None,
    }


def bookmark_tags(medium: str, call: Call) -> Json:
    """Return the own tags of a user's bookmarks."""
    user_id, restrict = call.number("user_id"), call.restrict()
    if restrict == "private" and user_id != call.view.viewer:
        raise invalid("restrict", "restrict is invalid")
    tags = lists.bookmark_tags(call.world, user_id, medium, restrict)
    return call.page("bookmark_tags", tags, lambda tag: {"name": tag[0], "count": tag[1]})


def removed(_: Call) -> Json:
    """Return what Pixiv once had."""
    raise no_endpoint()
