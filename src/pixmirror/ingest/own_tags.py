"""Own tags of bookmarks: their counts, the bookmarks that carry them, and how that changed.

A reading goes through the lists of those tags whose count moved, or through the web's list, which tells the tags
of each bookmark. One change of a bookmark's tags is one row of `drift` (before, after) however many lists told it.
What the first reading finds is no change, nor are the first tags of a new bookmark.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update

from pixmirror.catalogue import runs
from pixmirror.catalogue.schema import bookmark, bookmark_tag, bookmark_work_tag, drift
from pixmirror.catalogue.sql import Many, among, listed, upsert
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
    select(bookmark_work_tag.c.work_key, bookmark_work_tag.c.name)
    .where(bookmark_work_tag.c.account_id == bindparam("b_account"), among(bookmark_work_tag.c.work_key, "ids"))
    .order_by(bookmark_work_tag.c.name)
)
_UNLINK = Many(
    delete(bookmark_work_tag).where(
        bookmark_work_tag.c.account_id == bindparam("b_account"),
        bookmark_work_tag.c.work_key == bindparam("b_key"),
        bookmark_work_tag.c.name == bindparam("b_name"),
    )
)
_TOLD = (
    select(drift.c.item, drift.c.id, drift.c.before)
    .where(
        drift.c.kind == "bookmark",
        drift.c.account_id == bindparam("b_account"),
        drift.c.event == "tags",
        drift.c.at >= bindparam("since"),
        among(drift.c.item, "ids"),
    )
    .order_by(drift.c.id)
)
_RETELL = Many(update(drift).where(drift.c.id == bindparam("b_id")).values(after=bindparam("b_after")))


def record_bookmark_tags(
    conn: Connection, place: BookmarkList, tags: Sequence[BookmarkTag], now: int
) -> tuple[str, ...]:
    """Record own bookmark tags with their counts. Return the names whose lists must be walked: the count moved."""
    if not tags:
        return ()
    one = place._asdict()
    _TAG(conn, [one | {"name": t.name, "count": t.count, "seen_at": now} for t in tags])
    stmt = select(bookmark_tag.c.name).where(
        *_own(place),
        among(bookmark_tag.c.name, "names"),
        bookmark_tag.c.walked_count.is_distinct_from(bookmark_tag.c.count),
    )
    return tuple(conn.execute(stmt, {"names": listed(t.name for t in tags)}).scalars())


def _own(place: BookmarkList) -> tuple[ColumnElement[bool], ...]:
    return (
        bookmark_tag.c.account_id == place.account_id,
        bookmark_tag.c.medium == place.medium,
        bookmark_tag.c.restrict == place.restrict,
    )


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
    tags = _own(place)
    conn.execute(update(bookmark_tag).where(*tags, bookmark_tag.c.name == name).values(walked_count=count))
    return _drop_unmet(conn, place, (name,), walk_started, now, since)


def record_web_page(
    conn: Connection, place: BookmarkList, page: Mapping[int, tuple[int, Tags | None]], now: int, since: int
) -> int:
    """Record a page of the website's list: bookmark id and own tags of each work, none where it does not tell.

    Returns how many bookmarks differed from what was known. One that no page of the list itself has shown yet is
    left out: when that comes, the tags are read again.
    """
    on_list = (bookmark.c.account_id == place.account_id, bookmark.c.restrict == place.restrict)
    shown = select(bookmark.c.work_key, bookmark.c.bookmark_id).where(*on_list, among(bookmark.c.work_key, "ids"))
    known: dict[int, int | None] = dict(conn.execute(shown, {"ids": listed(page)}).all())
    ids = {key: page[key][0] for key in known if known[key] != page[key][0]}
    for key, bookmark_id in ids.items():
        conn.execute(
            update(bookmark)
            .where(bookmark.c.account_id == place.account_id, bookmark.c.work_key == key)
            .values(bookmark_id=bookmark_id, below=func.max(func.coalesce(bookmark.c.below, 0), bookmark_id - 1))
        )
    renewed = [(key, str(known[key]), str(new)) for key, new in ids.items() if known[key] is not None]
    drifted(conn, place.account_id, "bookmark", "renewed", renewed, now)
    before = tags_of(conn, place.account_id, known)
    after = {key: tuple(sorted(told)) for key in known if (told := page[key][1]) is not None}
    changed = {key: tags for key, tags in after.items() if tags != before[key]}
    _unlink(conn, place, {key: set(before[key]) - set(tags) for key, tags in changed.items()})
    one = {"account_id": place.account_id, "last_seen": now}
    _LINK(conn, [one | {"work_key": key, "name": name} for key, tags in after.items() for name in tags])
    _tell(conn, place, before, changed, now, since)
    return len(ids.keys() | changed.keys())


def tags_with_wrong_count(conn: Connection, place: BookmarkList, tags: Sequence[BookmarkTag]) -> list[BookmarkTag]:
    """Return the tags whose number of bookmarks here differs from Pixiv's count."""
    name = bookmark_work_tag.c.name
    held = select(name, func.count()).where(*_links(place)).group_by(name)
    found: dict[str, int] = dict(conn.execute(held, {"names": listed(tag.name for tag in tags)}).all())
    return [tag for tag in tags if found.get(tag.name, 0) != tag.count]


def reading_done(conn: Connection, place: BookmarkList, since: int, now: int, *, all_told: bool = False) -> int:
    """End the reading that began at `since`: tags that were not in the list of tags go, with their links.

    `all_told`: each bookmark's tags were read, so that no tag's own list needs a walk. Returns how many tags went.
    """
    tags = _own(place)
    unseen = [*tags, bookmark_tag.c.seen_at < since]
    names = conn.execute(select(bookmark_tag.c.name).where(*unseen)).scalars().all()
    if names:
        conn.execute(delete(bookmark_tag).where(*unseen))
        _drop_unmet(conn, place, names, since, now, since)
    if all_told:
        conn.execute(update(bookmark_tag).where(*tags).values(walked_count=bookmark_tag.c.count))
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
    for row in conn.execute(_LINKS, {"b_account": account_id, "ids": listed(found)}):
        found[row.work_key].append(row.name)
    return {key: tuple(sorted(names)) for key, names in found.items()}


def _links(place: BookmarkList) -> tuple[ColumnElement[bool], ...]:
    """Match the links between these `names` and the bookmarks that are there."""
    here = select(bookmark.c.work_key).where(*on_list("bookmark", place.account_id, place.restrict, place.medium))
    links = bookmark_work_tag.c
    return (links.account_id == place.account_id, among(links.name, "names"), links.work_key.in_(here))


def _drop_unmet(
    conn: Connection, place: BookmarkList, names: Sequence[str], walked: int, now: int, since: int
) -> int:
    """Drop links to these names that a walk begun at `walked` did not meet. A bookmark that is gone keeps its."""
    links = bookmark_work_tag.c
    stmt = select(links.work_key, links.name).where(*_links(place), links.last_seen < walked)
    lost: dict[int, set[str]] = {}
    for key, name in conn.execute(stmt, {"names": listed(names)}):
        lost.setdefault(key, set()).add(name)
    before = tags_of(conn, place.account_id, lost)
    _unlink(conn, place, lost)
    after = {key: tuple(n for n in before[key] if n not in gone) for key, gone in lost.items()}
    _tell(conn, place, before, after, now, since)
    return sum(map(len, lost.values()))


def _unlink(conn: Connection, place: BookmarkList, lost: Mapping[int, Collection[str]]) -> None:
    one = {"b_account": place.account_id}
    _UNLINK(conn, [one | {"b_key": key, "b_name": name} for key, names in lost.items() for name in names])


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
    asked = {"b_account": place.account_id, "since": since, "ids": listed(after)}
    told = {r.item: r for r in conn.execute(_TOLD, asked)}
    _RETELL(conn, [{"b_id": told[key].id, "b_after": _json(tags)} for key, tags in after.items() if key in told])
    undone = [told[key].id for key, tags in after.items() if key in told and told[key].before == _json(tags)]
    if undone:
        conn.execute(delete(drift).where(among(drift.c.id, "ids")), {"ids": listed(undone)})
    fresh = _first_tags(conn, place.account_id, after, None if read is None else int(read))
    rows = [
        (key, _json(before[key]), _json(tags))
        for key, tags in after.items()
        if key not in told and (key not in fresh or not set(before[key]) <= set(tags))
    ]
    drifted(conn, place.account_id, "bookmark", "tags", rows, now)


def _first_tags(conn: Connection, account_id: int, keys: Iterable[int], read: int | None) -> set[int]:
    """Return which of these bookmarks have tags that no reading has gone through before."""
    if read is None:
        return set(keys)
    were_there = select(bookmark.c.work_key).where(
        bookmark.c.account_id == account_id, bookmark.c.first_seen <= read, among(bookmark.c.work_key, "ids")
    )
    return set(keys) - set(conn.execute(were_there, {"ids": listed(keys)}).scalars())


def _json(tags: Iterable[str]) -> str:
    return json.dumps(sorted(tags), ensure_ascii=False)
