"""The world as the JSON of the App API, key by key as Pixiv sends it; seen by one account, in one language."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from pixmirror.demo import addresses, pictures, words
from pixmirror.demo.world import LIVE, Comment, Key, Series, User, Work, World

Json = dict[str, Any]
RESTRICTS = {"limit_mypixiv": 1, "limit_private": 2}
WORK_RESTRICTS = {"public": 0, "mypixiv": 1, "private": 2}
# where a work stands: alone, in its artist's own list, in any other list
Place = Literal["detail", "own", "list"]


@dataclass(frozen=True)
class View:
    """Through whose eyes, and in which language of tag translations (None: no translations)."""

    world: World
    viewer: int
    language: str | None = None

    def follows(self, user_id: int) -> bool:
        """True if the viewer follows a user."""
        return user_id in self.world.follows.get(self.viewer, {})

    def bookmarked(self, key: Key) -> bool:
        """True if the viewer bookmarked a work."""
        return key in self.world.bookmarks.get(self.viewer, {})

    def muted(self, user_id: int, tags: tuple[str, ...] = ()) -> bool:
        """True if the viewer muted a user or one of the tags."""
        own = self.world.own
        return self.viewer == self.world.me and (
            user_id in own.muted_users or any(tag in own.muted_tags for tag in tags)
        )

    def watches(self, item: Series) -> bool:
        """True if the viewer watches a series."""
        return self.viewer == self.world.me and item.id in self.world.own.watched[item.medium]

    def translation(self, tag: str) -> str | None:
        """Return what stands beside a tag; only English is known here."""
        return words.TRANSLATIONS.get(tag) if (self.language or "").startswith("en") else None


def user(view: View, user_id: int, accepts: bool = True) -> Json:
    """Return a user as in lists; the viewer's own has no is_followed."""
    person = view.world.users[user_id]
    shape: Json = {
        "id": person.id,
        "name": person.name,
        "account": person.account,
        "profile_image_urls": {"medium": addresses.avatar(view.world, person)},
    }
    if user_id != view.viewer:
        shape["is_followed"] = view.follows(user_id)
    if accepts:
        shape["is_accept_request"] = view.world.draw("requests", user_id) % 5 == 0
    return shape


def illust(view: View, work: Work, place: Place = "list") -> Json:
    """Return an illust, manga or ugoira; a hidden or deleted one is its placeholder."""
    if work.state != LIVE:
        return illust_stub(view, work)
    world = view.world
    files = addresses.originals(world, work)
    several = len(files) > 1
    pages = [{"image_urls": addresses.page_urls(work, n) | {"original": url}} for n, url in enumerate(files)]
    shape: Json = {
        "id": work.id,
        "title": work.title,
        "type": work.type,
        "image_urls": addresses.page_urls(work, 0),
        "caption": caption(view, work, place),
        "restrict": WORK_RESTRICTS[work.restrict],
        "user": user(view, work.user_id),
        "tags": [{"name": tag, "translated_name": view.translation(tag)} for tag in work.tags],
        "tools": list(work.tools),
        "create_date": addresses.iso(work.create_ms),
        "page_count": work.page_count,
        "width": work.width,
        "height": work.height,
        "sanity_level": 6 if work.x_restrict else 2,
        "x_restrict": work.x_restrict,
        "series": _series_of(world, work),
        "meta_single_page": {} if several else {"original_image_url": files[0]},
        "meta_pages": pages if several else [],
        "total_view": work.total_view,
        "total_bookmarks": work.total_bookmarks,
        "is_bookmarked": view.bookmarked(work.key),
        "visible": True,
        "is_muted": view.muted(work.user_id, work.tags),
        "illust_ai_type": work.ai_type,
        "illust_book_style": 0,
        "request": None,
        "restriction_attributes": [],
        "event_banners": None,
        "seasonal_effect_animation_urls": None,
    }
    if place != "list":
        shape["total_comments"] = total_comments(world, work.key)
        shape["comment_access_control"] = 0
    return shape


def illust_stub(view: View, work: Work) -> Json:
    """Return what stands for a work that is not shown: no title, no tags, 100x100, and now as its date."""
    url = addresses.placeholder(work.state)
    return {
        "id": work.id,
        "title": "",
        "type": "illust",
        "image_urls": {"square_medium": url, "medium": url, "large": url},
        "caption": "",
        "restrict": RESTRICTS.get(work.state, 0),
        "user": _stub_user(work),
        "tags": [],
        "tools": [],
        "create_date": addresses.iso(view.world.second()),
        "page_count": 1,
        "width": 100,
        "height": 100,
        "sanity_level": 0,
        "x_restrict": 0,
        "series": None,
        "meta_single_page": {"original_image_url": url},
        "meta_pages": [],
        "total_view": 0,
        "total_bookmarks": 0,
        "is_bookmarked": view.bookmarked(work.key),
        "visible": False,
        "is_muted": False,
        "illust_ai_type": 0,
        "illust_book_style": 0,
        "comment_access_control": 0,
    }


def novel(view: View, work: Work, place: Place = "list") -> Json:
    """Return a novel; a hidden or deleted one is its placeholder."""
    world, shown = view.world, work.state == LIVE
    stub = None if shown else addresses.placeholder(work.state)
    named = [
        {"name": tag, "translated_name": view.translation(tag), "added_by_uploaded_user": True}
        for tag in work.tags
    ]
    return {
        "id": work.id,
        "title": work.title if shown else "",
        "caption": caption(view, work, place) if shown else "",
        "restrict": RESTRICTS.get(work.state, WORK_RESTRICTS[work.restrict]),
        "x_restrict": work.x_restrict if shown else 0,
        "is_original": shown and is_original(world, work),
        "image_urls": addresses.cover_urls(world, work)
        if stub is None
        else {"square_medium": stub, "medium": stub, "large": stub},
        "create_date": addresses.iso(work.create_ms if shown else world.second()),
        "tags": named if shown else [],
        "page_count": work.text.count("[newpage]") + 1 if shown else 1,
        "text_length": len(work.text) if shown else 0,
        "user": user(view, work.user_id) if shown else _stub_user(work),
        "series": (_series_of(world, work) if shown else None) or {},
        "is_bookmarked": view.bookmarked(work.key),
        "total_bookmarks": work.total_bookmarks if shown else 0,
        "total_view": work.total_view if shown else 0,
        "visible": shown,
        "total_comments": total_comments(world, work.key) if shown else 0,
        "is_muted": shown and view.muted(work.user_id, work.tags),
        "is_mypixiv_only": work.state == "limit_mypixiv" or work.restrict == "mypixiv",
        "is_x_restricted": False,
        "novel_ai_type": work.ai_type if shown else 0,
        "comment_access_control": 0,
        "request": None,
    }


def is_original(world: World, work: Work) -> bool:
    """Return what the writer of a novel declared."""
    return work.is_original if work.is_original is not None else world.draw("original", work.id) % 3 > 0


def work_json(view: View, key: Key, place: Place = "list") -> Json:
    """Return a work of either medium."""
    work = view.world.works[key]
    return illust(view, work, place) if work.medium == "illust" else novel(view, work, place)


def caption(view: View, work: Work, place: Place) -> str:
    """Return the caption, or nothing where the world strips it from lists."""
    strip = view.world.strip_captions
    if place == "detail" or strip == "none":
        return work.caption
    if strip == "all" or (place == "list" and view.world.draw("caption", *work.key) % 3 == 0):
        return ""
    return work.caption


def total_comments(world: World, key: Key) -> int:
    """Return the number of comments, replies included."""
    return len(world.threads.get(key, ()))


def comment(view: View, item: Comment) -> Json:
    """Return a comment as in v3; the author is null when gone."""
    thread = view.world.threads[item.medium, item.work_id]
    answered = any(view.world.comments[item.medium, number].parent_id == item.id for number in thread)
    return {
        "id": item.id,
        "comment": item.text,
        "date": addresses.iso(item.ms),
        "user": None if item.user_id is None else _comment_user(view.world, view.world.users[item.user_id]),
        "has_replies": answered,
        "stamp": None
        if item.stamp_id is None
        else {"stamp_id": item.stamp_id, "stamp_url": addresses.stamp(item.stamp_id)},
    }


def ugoira_metadata(world: World, work: Work) -> Json:
    """Return the zip and the frames of a ugoira."""
    frames = [{"file": name, "delay": delay} for name, delay in pictures.frames(world.seed, work)]
    return {"zip_urls": {"medium": addresses.ugoira_zip(work)}, "frames": frames}


def series_detail(view: View, item: Series) -> Json:
    """Return the head of a series of manga or novels."""
    shape: Json = {"id": item.id, "title": item.title, "caption": item.caption}
    author = user(view, item.user_id)
    live = [w for w in (view.world.works[item.medium, i] for i in item.works) if w.state == LIVE]
    if item.medium == "illust":
        cover = addresses.series_cover(view.world, item.id, item.create_ms)
        return shape | {
            "cover_image_urls": {"medium": cover},
            "series_work_count": len(live),
            "create_date": addresses.iso(item.create_ms),
            "width": 760,
            "height": 428,
            "user": author,
            "watchlist_added": view.watches(item),
        }
    return shape | {
        "is_original": True,
        "is_concluded": False,
        "content_count": len(live),
        "total_character_count": sum(len(w.text) for w in live),
        "user": author,
        "display_text": item.caption,
        "novel_ai_type": 1,
        "watchlist_added": view.watches(item),
    }


def uploaded_images(work: Work) -> list[int]:
    """Return the ids of the pictures that a novel's text shows as its own."""
    return [int(number) for number in re.findall(r"\[uploadedimage:(\d+)\]", work.text)]


def _series_of(world: World, work: Work) -> Json | None:
    if not work.series_id:
        return None
    return {"id": work.series_id, "title": world.series[work.medium, work.series_id].title}


def _stub_user(work: Work) -> Json:
    # a hidden work keeps the id of its artist, but no name; a deleted or private one has not even that
    known = work.user_id if work.state in ("limit_sanity_level", "limit_unviewable") else 0
    picture = {"medium": f"{addresses.STATIC}/no_profile.png"}
    return {"id": known, "name": "", "account": "", "profile_image_urls": picture}


def _comment_user(world: World, person: User) -> Json:
    picture = {"medium": addresses.avatar(world, person)}
    return {"id": person.id, "name": person.name, "account": person.account, "profile_image_urls": picture}
