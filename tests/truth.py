"""The demo's truth as export rows: what a mirror of the own account must hold, once it is complete and as long
as nothing has changed since. (What vanished after it was mirrored is the mirror's to remember, not ours.)

Mirrored works are the live works of followed artists and of the users that were named, the live works in the
bookmarks, and the entries of the rankings that were read. Works that were gone or hidden from the start are rows
only if bookmarked: they are in `works` and `novels` as stubs with nothing but medium, id and state."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from pixmirror.demo import addresses, lists, media, words
from pixmirror.demo.shapes import uploaded_images
from pixmirror.demo.world import DELETED, LIVE, Bookmark, Key, Work, World

Row = dict[str, Any]
STATES = {
    "live": "live",
    "deleted": "unknown",  # its placeholder says no more
    "limit_sanity_level": "limited",
    "limit_unviewable": "limited",
    "limit_mypixiv": "mypixiv",
    "limit_private": "private",
}


def upstream(world: World, key: Key) -> str:
    """The state of a work in the finest word for it: also what no answer tells."""
    work = world.works[key]
    person = world.users[work.user_id]
    if person.gone:
        return "user_suspended" if person.suspended else "user_gone"
    return "deleted" if work.state == DELETED else STATES[work.state]


def person_state(world: World, user_id: int) -> str:
    """The state of a person: live, user_gone or user_suspended."""
    person = world.users[user_id]
    return "live" if not person.gone else "user_suspended" if person.suspended else "user_gone"


@dataclass(frozen=True)
class Scope:
    """What the mirror was told to mirror. A ranking is (medium, mode, date as YYYY-MM-DD)."""

    follows: tuple[str, ...] = ("public", "private")
    bookmarks: tuple[str, ...] = ("public", "private")
    media: tuple[str, ...] = ("illust", "novel")
    rankings: tuple[tuple[str, str, str], ...] = ()
    top: int = 100
    users: tuple[int, ...] = ()  # whose works are mirrored without a follow
    language: str = "en"


def truth(world: World, kind: str, scope: Scope | None = None) -> list[Row]:
    """The rows of an export kind, in the order of their keys.

    - works, novels: mirrored works, and stubs of bookmarked ones
    - files: every original of the mirrored works: role page, ugoira (the 1920x1080 zip), cover, embed
    - users: followed people, artists of mirrored works, authors of comments; who left is not there
    - tags: those of mirrored works, with the number of works that carry each
    - comments: roots, replies and stamps on mirrored works
    - bookmarks, follows: of the own account; people who left are no follows
    - rankings: the entries down to `top`
    """
    with world.lock:
        return _KINDS[kind](world, scope or Scope())


def mirrored(world: World, scope: Scope | None = None) -> list[Work]:
    """The works that a mirror holds in full, by medium and id."""
    scope = scope or Scope()
    keys: set[Key] = set()
    for user_id in (*_followed(world, scope), *scope.users):
        for medium in scope.media:
            keys.update(lists.works_of(world, user_id, medium))
    keys.update(mark.key for mark in _marks(world, scope))
    keys.update(key for _, key in _ranked(world, scope))
    return [world.works[key] for key in sorted(keys) if world.works[key].state == LIVE]


def _followed(world: World, scope: Scope) -> list[int]:
    follows = world.follows.get(world.me, {}).values()
    return sorted(f.user_id for f in follows if f.restrict in scope.follows and not world.users[f.user_id].gone)


def _marks(world: World, scope: Scope) -> list[Bookmark]:
    mine = world.bookmarks.get(world.me, {}).values()
    kept = (mark for mark in mine if mark.restrict in scope.bookmarks and mark.key[0] in scope.media)
    return sorted(kept, key=lambda mark: mark.key)


def _ranked(world: World, scope: Scope) -> Iterable[tuple[Row, Key]]:
    for medium, mode, day in scope.rankings:
        keys = lists.ranking(world, medium, mode, date.fromisoformat(day))[: scope.top]
        for rank, key in enumerate(keys, 1):
            yield {"medium": medium, "mode": mode, "date": day, "rank": rank, "id": key[1]}, key


def _works(medium: str) -> Callable[[World, Scope], list[Row]]:
    def rows(world: World, scope: Scope) -> list[Row]:
        found = [_work(work) for work in mirrored(world, scope) if work.medium == medium]
        marked = (world.works[mark.key] for mark in _marks(world, scope))
        stubs = [
            {"medium": medium, "id": work.id, "state": STATES[work.state]}
            for work in marked
            if work.medium == medium and work.state != LIVE
        ]
        return sorted(found + stubs, key=lambda row: int(row["id"]))

    return rows


def _work(work: Work) -> Row:
    row: Row = {
        "medium": work.medium,
        "id": work.id,
        "user_id": work.user_id,
        "type": work.type,
        "title": work.title,
        "caption": work.caption,
        "tags": list(work.tags),
        "page_count": work.page_count,
        "create_date": addresses.iso(work.create_ms),
        "x_restrict": work.x_restrict,
        "illust_ai_type": work.ai_type,
        "width": work.width,
        "height": work.height,
        "series_id": work.series_id or None,
        "total_bookmarks": work.total_bookmarks,
        "total_view": work.total_view,
        "state": "live",
    }
    if work.medium == "novel":
        row |= {"text": work.text, "page_count": work.text.count("[newpage]") + 1, "width": None, "height": None}
    return row


def _files(world: World, scope: Scope) -> list[Row]:
    rows = []
    for work in mirrored(world, scope):
        for role, page, url in originals(world, work):
            file = media.find(world, url.removeprefix(addresses.IMAGES))
            assert file is not None, url
            body = file.make()
            rows.append(
                {
                    "medium": work.medium,
                    "id": work.id,
                    "page": page,
                    "role": role,
                    "url": url,
                    "size": len(body),
                    "sha256": sha256(body).hexdigest(),
                    "state": "stored",
                }
            )
    return rows


def originals(world: World, work: Work) -> list[tuple[str, int, str]]:
    """(role, page, URL) of every file of a work, at its best."""
    if work.medium == "novel":
        embeds = [(n, addresses.embedded(world, work, n)["original"]) for n in uploaded_images(work)]
        return [
            ("cover", 0, addresses.cover_original(world, work)),
            *(("embed", number, url) for number, url in embeds),
        ]
    if work.type == "ugoira":
        return [("ugoira", 0, addresses.ugoira_zip(work, "1920x1080"))]
    return [("page", page, url) for page, url in enumerate(addresses.originals(world, work))]


def _users(world: World, scope: Scope) -> list[Row]:
    followed = _followed(world, scope)
    works = mirrored(world, scope)
    said = {world.comments[work.medium, n].user_id for work in works for n in world.threads.get(work.key, ())}
    met = {*followed, *(work.user_id for work in works), *(author for author in said if author is not None)}
    return [
        {
            "id": user_id,
            "name": world.users[user_id].name,
            "account": world.users[user_id].account,
            "comment": world.users[user_id].comment,
            "state": "live",
        }
        for user_id in sorted(met)
    ]


def _tags(world: World, scope: Scope) -> list[Row]:
    counts: dict[str, int] = {}
    for work in mirrored(world, scope):
        for tag in work.tags:
            counts[tag] = counts.get(tag, 0) + 1

    def translations(tag: str) -> dict[str, str]:
        text = words.TRANSLATIONS.get(tag) if scope.language == "en" else None
        return {scope.language: text} if text else {}

    return [{"name": tag, "translations": translations(tag), "works": counts[tag]} for tag in sorted(counts)]


def _comments(world: World, scope: Scope) -> list[Row]:
    rows = []
    for work in mirrored(world, scope):
        for number in world.threads.get(work.key, ()):
            comment = world.comments[work.medium, number]
            rows.append(
                {
                    "id": comment.id,
                    "medium": comment.medium,
                    "work_id": comment.work_id,
                    "user_id": comment.user_id,
                    "parent_comment_id": comment.parent_id,
                    "comment": comment.text,
                    "stamp_id": comment.stamp_id,
                    "date": addresses.iso(comment.ms),
                }
            )
    return sorted(rows, key=lambda row: (str(row["medium"]), int(str(row["id"]))))


def _bookmarks(world: World, scope: Scope) -> list[Row]:
    return [
        {
            "medium": mark.key[0],
            "id": mark.key[1],
            "restrict": mark.restrict,
            "tags": sorted(mark.tags),
            "state": "live",
        }
        for mark in _marks(world, scope)
    ]


def _follows(world: World, scope: Scope) -> list[Row]:
    mine = world.follows.get(world.me, {})
    return [
        {"user_id": user_id, "restrict": mine[user_id].restrict, "state": "live"}
        for user_id in _followed(world, scope)
    ]


def _rankings(world: World, scope: Scope) -> list[Row]:
    return [row for row, _ in _ranked(world, scope)]


_KINDS: dict[str, Callable[[World, Scope], list[Row]]] = {
    "works": _works("illust"),
    "novels": _works("novel"),
    "files": _files,
    "users": _users,
    "tags": _tags,
    "comments": _comments,
    "bookmarks": _bookmarks,
    "follows": _follows,
    "rankings": _rankings,
}
