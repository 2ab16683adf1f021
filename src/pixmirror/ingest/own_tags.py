"""Own tags of bookmarks: their counts, the bookmarks that carry them, and how that changed.

A reading goes through the lists of those tags whose count moved, or through the web's list, which tells the tags
of each bookmark. One change of a bookmark's tags is one row of `drift` (before, after) however many lists told it.
What the first reading finds is no change, nor are the first tags of a new bookmark.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.schema import bookmark_tag, bookmark_work_tag
from pixmirror.catalogue.sql import IDS, Many, changed, column, listed, rows, upsert
from pixmirror.ingest.lists import on_list
from pixmirror.ledger.missing import drifted
from pixmirror.models import BookmarkTag, Medium, Restrict

Tags = tuple[str, ...]


class BookmarkList(NamedTuple):
    """An account's own bookmarks of one medium and restrict, which have their own tags."""

    account_id: int
    medium: Medium
    restrict: Restrict

    @classmethod
    def of_key(cls, account_id: int, key: int) -> Self:
        return cls(account_id, "novel" if key & 1 else "illust", "private" if key & 2 else "public")

    @property
    def key(self) -> int:
        """Return the key of the chore that reads its tags."""
        return (self.medium == "novel") + 2 * (self.restrict == "private")


_TAG = Many(upsert(bookmark_tag, "count", "seen_at"))
_LINK = Many(upsert(bookmark_work_tag, "last_seen"))
_LINKS = (
    f"SELECT work_key, name FROM bookmark_work_tag WHERE account_id = :account AND work_key {IDS} ORDER BY name"
)
_UNLINK = Many("DELETE FROM bookmark_work_tag WHERE account_id = :account AND work_key = :key AND name = :name")
_TOLD = f"""
SELECT item, id, before FROM drift
WHERE kind = 'bookmark' AND account_id = :account AND event = 'tags' AND at >= :since AND item {IDS} ORDER BY id"""
_RETELL = Many("UPDATE drift SET after = :after WHERE id = :id")
_WERE_THERE = (
    f"SELECT work_key FROM bookmark WHERE account_id = :account AND first_seen <= :read AND work_key {IDS}"
)
_OWN = "account_id = :account_id AND medium = :medium AND restrict = :restrict"
_NAMES = "IN (SELECT value FROM json_each(:names))"
_SHOWN = f"""
SELECT work_key, bookmark_id FROM bookmark
WHERE account_id = :account_id AND restrict = :restrict AND work_key {IDS}"""
_BY_WEB = """
UPDATE bookmark SET bookmark_id = :id, below = max(coalesce(below, 0), :id - 1)
WHERE account_id = :account AND work_key = :key"""


def record_bookmark_tags(
    conn: Connection, place: BookmarkList, tags: Sequence[BookmarkTag], now: int
) -> tuple[str, ...]:
    """Record own bookmark tags with their counts. Return the names whose lists must be walked: the count moved."""
    if not tags:
        return ()
    one = place._asdict()
    _TAG(conn, [one | {"name": t.name, "count": t.count, "seen_at": now} for t in tags])
    moved = f"SELECT name FROM bookmark_tag WHERE {_OWN} AND name {_NAMES} AND walked_count IS NOT count"
    return tuple(column(conn, moved, **one, names=listed(t.name for t in tags)))


def record_tagged(
    conn: Connection, place: BookmarkList, name: str, work_keys: Sequence[int], now: int, since: int
) -> None:
    """Record a page of the list of one own bookmark tag, in the reading that began at `since`."""
    if not work_keys:
        return
    before = tags_of(conn, place.account_id, work_keys)
    one = {"account_id": place.account_id, "name": name, "last_seen": now}
    _LINK(conn, [one | {"work_key": key} for key in work_keys])
    gained = {key: tuple(sorted((*before[key], name))) for key in work_keys if name not in before[key]}
    _tell(conn, place, before, gained, now, since)


def tag_walked(
    conn: Connection, place: BookmarkList, name: str, count: int, walk_started: int, now: int, since: int
) -> int:
    """Remove the links that a list walked to its end no longer holds. Return how many."""
    walked = f"UPDATE bookmark_tag SET walked_count = :count WHERE {_OWN} AND name = :name"
    changed(conn, walked, **place._asdict(), name=name, count=count)
    return _drop_unmet(conn, place, (name,), walk_started, now, since)


def record_web_page(
    conn: Connection, place: BookmarkList, page: Mapping[int, tuple[int, Tags | None]], now: int, since: int
) -> int:
    """Record a page of the website's list: bookmark id and own tags of each work, none where it does not tell.

    Returns how many bookmarks differed from what was known. One that no page of the list itself has shown yet is
    left out: when that comes, the tags are read again.
    """
    known: dict[int, int | None] = dict(rows(conn, _SHOWN, **place._asdict(), ids=listed(page)))
    ids = {key: page[key][0] for key in known if known[key] != page[key][0]}
    for key, bookmark_id in ids.items():
        changed(conn, _BY_WEB, id=bookmark_id, account=place.account_id, key=key)
    renewed = [(key, str(known[key]), str(new)) for key, new in ids.items() if known[key] is not None]
    drifted(conn, place.account_id, "bookmark", "renewed", renewed, now)
    before = tags_of(conn, place.account_id, known)
    after = {key: tuple(sorted(told)) for key in known if (told := page[key][1]) is not None}
    other = {key: tags for key, tags in after.items() if tags != before[key]}
    _unlink(conn, place, {key: set(before[key]) - set(tags) for key, tags in other.items()})
    one = {"account_id": place.account_id, "last_seen": now}
    _LINK(conn, [one | {"work_key": key, "name": name} for key, tags in after.items() for name in tags])
    _tell(conn, place, before, other, now, since)
    return len(ids.keys() | other.keys())


def tags_with_wrong_count(conn: Connection, place: BookmarkList, tags: Sequence[BookmarkTag]) -> list[BookmarkTag]:
    """Return the tags whose number of bookmarks here differs from Pixiv's count."""
    held = f"SELECT name, count(*) FROM bookmark_work_tag WHERE {_links(place)} GROUP BY name"
    found: dict[str, int] = dict(rows(conn, held, **_mine(place), names=listed(tag.name for tag in tags)))
    return [tag for tag in tags if found.get(tag.name, 0) != tag.count]


def reading_done(conn: Connection, place: BookmarkList, since: int, now: int, *, all_told: bool = False) -> int:
    """End the reading that began at `since`: tags that were not in the list of tags go, with their links.

    `all_told`: each bookmark's tags were read, so that no tag's own list needs a walk. Returns how many tags went.
    """
    own = place._asdict()
    names = column(
        conn, f"DELETE FROM bookmark_tag WHERE {_OWN} AND seen_at < :since RETURNING name", **own, since=since
    )
    if names:
        _drop_unmet(conn, place, names, since, now, since)
    if all_told:
        changed(conn, f"UPDATE bookmark_tag SET walked_count = count WHERE {_OWN}", **own)
    runs.set_meta(conn, _meta_key(place), str(now))
    return len(names)


def last_whole(conn: Connection, place: BookmarkList) -> int | None:
    """Return when the website's list was last read to its end."""
    value = runs.get_meta(conn, _meta_key(place, "whole"))
    return None if value is None else int(value)


def whole_done(conn: Connection, place: BookmarkList, now: int) -> None:
    runs.set_meta(conn, _meta_key(place, "whole"), str(now))


def _meta_key(place: BookmarkList, what: str = "read") -> str:
    return f"own_tags_{what}:{place.account_id}:{place.medium}:{place.restrict}"


def tags_of(conn: Connection, account_id: int, work_keys: Iterable[int]) -> dict[int, Tags]:
    """Return the own tags of each of these bookmarks, in order."""
    found: dict[int, list[str]] = {key: [] for key in work_keys}
    for row in rows(conn, _LINKS, account=account_id, ids=listed(found)):
        found[row.work_key].append(row.name)
    return {key: tuple(sorted(names)) for key, names in found.items()}


def _links(place: BookmarkList) -> str:
    """Match the links between these `:names` and the bookmarks that are there."""
    here = f"SELECT work_key FROM bookmark WHERE {on_list('bookmark', place.medium)}"
    return f"account_id = :account AND name {_NAMES} AND work_key IN ({here})"


def _mine(place: BookmarkList) -> dict[str, Any]:
    return {"account": place.account_id, "restrict": place.restrict}


def _drop_unmet(
    conn: Connection, place: BookmarkList, names: Sequence[str], walked: int, now: int, since: int
) -> int:
    """Drop links to these names that a walk begun at `walked` did not meet. A bookmark that is gone keeps its."""
    unmet = f"SELECT work_key, name FROM bookmark_work_tag WHERE {_links(place)} AND last_seen < :walked"
    lost: dict[int, set[str]] = {}
    for key, name in rows(conn, unmet, **_mine(place), names=listed(names), walked=walked):
        lost.setdefault(key, set()).add(name)
    before = tags_of(conn, place.account_id, lost)
    _unlink(conn, place, lost)
    after = {key: tuple(n for n in before[key] if n not in gone) for key, gone in lost.items()}
    _tell(conn, place, before, after, now, since)
    return sum(map(len, lost.values()))


def _unlink(conn: Connection, place: BookmarkList, lost: Mapping[int, Collection[str]]) -> None:
    one = {"account": place.account_id}
    _UNLINK(conn, [one | {"key": key, "name": name} for key, names in lost.items() for name in names])


def _tell(
    conn: Connection,
    place: BookmarkList,
    before: Mapping[int, Tags],
    after: Mapping[int, Tags],
    now: int,
    since: int,
) -> None:
    """Write down what changed. Changes of one bookmark in one reading become one."""
    if not after:
        return
    read = runs.get_meta(conn, _meta_key(place))
    told = {r.item: r for r in rows(conn, _TOLD, account=place.account_id, since=since, ids=listed(after))}
    _RETELL(conn, [{"id": told[key].id, "after": _json(tags)} for key, tags in after.items() if key in told])
    undone = [told[key].id for key, tags in after.items() if key in told and told[key].before == _json(tags)]
    if undone:
        changed(conn, f"DELETE FROM drift WHERE id {IDS}", ids=listed(undone))
    fresh = _first_tags(conn, place.account_id, after, None if read is None else int(read))
    news = [
        (key, _json(before[key]), _json(tags))
        for key, tags in after.items()
        if key not in told and (key not in fresh or not set(before[key]) <= set(tags))
    ]
    drifted(conn, place.account_id, "bookmark", "tags", news, now)


def _first_tags(conn: Connection, account_id: int, keys: Iterable[int], read: int | None) -> set[int]:
    """Return which of these bookmarks have tags that no reading has gone through before."""
    if read is None:
        return set(keys)
    return set(keys) - set(column(conn, _WERE_THERE, account=account_id, read=read, ids=listed(keys)))


def _json(tags: Iterable[str]) -> str:
    return json.dumps(sorted(tags), ensure_ascii=False)
