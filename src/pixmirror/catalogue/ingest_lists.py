"""The account's own lists: follows, bookmarks, own bookmark tags; and what is missing from full passes (law 6)."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from pixmirror.catalogue.schema import bookmark, bookmark_tag, bookmark_work_tag, follow, sighting
from pixmirror.catalogue.seen import DAY, among, listed
from pixmirror.catalogue.statements import Many
from pixmirror.models import BookmarkTag, Medium, Restrict, work_key

# A pass that would lose more than this share of a list, and more than a handful, proves nothing.
BRAKE_SHARE = 0.05
BRAKE_MIN = 5

_follow = upsert(follow)
_FOLLOW = Many(
    _follow.on_conflict_do_update(
        index_elements=["account_id", "user_id"],
        set_={name: getattr(_follow.excluded, name) for name in ("restrict", "state", "state_at", "last_seen")}
        | {"missing_since": None},
    )
)
_FOLLOWED = select(follow.c.user_id.label("id"), follow.c.restrict, follow.c.state, follow.c.state_at).where(
    follow.c.account_id == bindparam("b_account"), among(follow.c.user_id, "ids")
)
_bookmark = upsert(bookmark)
_BOOKMARK = Many(
    _bookmark.on_conflict_do_update(
        index_elements=["account_id", "work_key"],
        set_={name: getattr(_bookmark.excluded, name) for name in ("restrict", "state", "state_at", "last_seen")}
        | {
            "missing_since": None,
            "below": func.coalesce(
                func.max(bookmark.c.below, _bookmark.excluded.below), _bookmark.excluded.below, bookmark.c.below
            ),
        },
    )
)
_BOOKMARKED = select(
    bookmark.c.work_key.label("id"), bookmark.c.restrict, bookmark.c.state, bookmark.c.state_at
).where(bookmark.c.account_id == bindparam("b_account"), among(bookmark.c.work_key, "ids"))
_SIGHTING = Many(insert(sighting))
_tag = upsert(bookmark_tag)
_TAG = Many(
    _tag.on_conflict_do_update(
        index_elements=["account_id", "medium", "restrict", "name"],
        set_={"count": _tag.excluded.count, "seen_at": _tag.excluded.seen_at},
    )
)
_tagged = upsert(bookmark_work_tag)
_TAGGED = Many(
    _tagged.on_conflict_do_update(
        index_elements=["account_id", "work_key", "name"], set_={"last_seen": _tagged.excluded.last_seen}
    )
)


def record_follows(
    conn: Connection, account_id: int, restrict: Restrict, user_ids: Sequence[int], now: int
) -> tuple[int, ...]:
    """One page of the following list: the ids that are new, followed again, or moved to this restrict."""
    old = {r.id: r for r in conn.execute(_FOLLOWED, {"b_account": account_id, "ids": listed(user_ids)})}
    rows = [_entry(account_id, restrict, old.get(i), now) | {"user_id": i} for i in dict.fromkeys(user_ids)]
    if rows:
        _FOLLOW(conn, rows)
    return _moved(conn, "follow", account_id, restrict, user_ids, old, now)


def record_bookmarks(
    conn: Connection, account_id: int, restrict: Restrict, work_keys: Sequence[int], now: int, below: int | None
) -> tuple[int, ...]:
    """One page of bookmarks, all with bookmark ids above `below`: the works that are new here, back, or moved."""
    old = {r.id: r for r in conn.execute(_BOOKMARKED, {"b_account": account_id, "ids": listed(work_keys)})}
    rows = [
        _entry(account_id, restrict, old.get(key), now) | {"work_key": key, "below": below}
        for key in dict.fromkeys(work_keys)
    ]
    if rows:
        _BOOKMARK(conn, rows)
    return _moved(conn, "bookmark", account_id, restrict, work_keys, old, now)


def _entry(account_id: int, restrict: str, old: Any, now: int) -> dict[str, Any]:
    state_at = old.state_at if old is not None and old.state == "live" else now
    return {
        "account_id": account_id, "restrict": restrict, "state": "live", "state_at": state_at,
        "first_seen": now, "last_seen": now,
    }  # fmt: skip


def _moved(
    conn: Connection, kind: str, account_id: int, restrict: str, ids: Sequence[int], old: dict[int, Any], now: int
) -> tuple[int, ...]:
    back = [i for i in old if old[i].state != "live"]
    _ledger(conn, kind, account_id, back, "live", f"{restrict} list", now)
    return tuple(
        i for i in dict.fromkeys(ids) if i not in old or old[i].state != "live" or old[i].restrict != restrict
    )


def _ledger(
    conn: Connection, kind: str, account_id: int, ids: Sequence[int], state: str, evidence: str, now: int
) -> None:
    rows = [
        {
            "account_id": account_id, "owner_kind": kind, "owner_id": i, "state": state, "evidence": evidence,
            "first_at": now, "last_at": now,
        }
        for i in ids
    ]  # fmt: skip
    if rows:
        _SIGHTING(conn, rows)


def mark_missing(
    conn: Connection,
    table: Literal["follow", "bookmark"],
    account_id: int,
    restrict: Restrict | None,
    pass_started: int,
    now: int,
    medium: Medium | None = None,
) -> int:
    """After full passes (of both lists for restrict None): what was not met is missing, the second time gone.

    The two times lie at least a day apart. Returns how many are gone now, or -1 if the brake held: then none is.
    """
    rows: Table = follow if table == "follow" else bookmark
    item = rows.c.user_id if table == "follow" else rows.c.work_key
    scope: list[ColumnElement[bool]] = [rows.c.account_id == account_id, rows.c.state == "live"]
    if restrict is not None:
        scope.append(rows.c.restrict == restrict)
    if medium is not None and table == "bookmark":
        scope.append(item.op("&")(1) == int(medium == "novel"))
    absent = [*scope, rows.c.last_seen < pass_started]
    live = conn.execute(select(func.count()).select_from(rows).where(*scope)).scalar_one()
    due = [*absent, rows.c.missing_since <= now - DAY]
    gone = conn.execute(select(item).where(*due)).scalars().all()
    conn.execute(update(rows).where(*absent, rows.c.missing_since.is_(None)).values(missing_since=now))
    if len(gone) > max(BRAKE_MIN, BRAKE_SHARE * live):
        return -1
    if gone:
        conn.execute(update(rows).where(*due).values(state="gone", state_at=now))
        _ledger(conn, table, account_id, gone, "gone", "absent from two full passes", now)
    return len(gone)


def touch_unread(
    conn: Connection,
    account_id: int,
    kind: Literal["follow", "bookmark"],
    medium: Medium | None,
    ids: Sequence[int],
    now: int,
) -> None:
    """Items of a page that could not be read are not absent. `ids` are Pixiv's; `medium` is that of bookmarks."""
    if not ids:
        return
    rows: Table = follow if kind == "follow" else bookmark
    item = rows.c.user_id if kind == "follow" else rows.c.work_key
    keys = ids if kind == "follow" or medium is None else [work_key(medium, i) for i in ids]
    conn.execute(
        update(rows)
        .where(rows.c.account_id == account_id, rows.c.state == "live", among(item, "keys"))
        .values(last_seen=now, missing_since=None),
        {"keys": listed(keys)},
    )


def record_bookmark_tags(
    conn: Connection, account_id: int, medium: Medium, restrict: Restrict, tags: Sequence[BookmarkTag], now: int
) -> tuple[str, ...]:
    """Own bookmark tags with their counts: the names whose lists must be walked because the count moved."""
    if not tags:
        return ()
    one = {"account_id": account_id, "medium": medium, "restrict": restrict}
    _TAG(conn, [one | {"name": t.name, "count": t.count, "seen_at": now} for t in tags])
    stmt = select(bookmark_tag.c.name).where(
        *_own(account_id, medium, restrict),
        among(bookmark_tag.c.name, "names"),
        bookmark_tag.c.walked_count.is_distinct_from(bookmark_tag.c.count),
    )
    return tuple(conn.execute(stmt, {"names": listed(t.name for t in tags)}).scalars())


def _own(account_id: int, medium: str, restrict: str) -> tuple[ColumnElement[bool], ...]:
    return (
        bookmark_tag.c.account_id == account_id,
        bookmark_tag.c.medium == medium,
        bookmark_tag.c.restrict == restrict,
    )


def record_tagged(conn: Connection, account_id: int, name: str, work_keys: Sequence[int], now: int) -> None:
    """One page of the list of one own bookmark tag."""
    if work_keys:
        one = {"account_id": account_id, "name": name, "last_seen": now}
        _TAGGED(conn, [one | {"work_key": key} for key in work_keys])


def tag_walked(
    conn: Connection, account_id: int, medium: Medium, restrict: Restrict, name: str, count: int, pass_started: int
) -> int:
    """The list was walked to its end: links that it no longer holds go. Returns how many."""
    own = _own(account_id, medium, restrict)
    conn.execute(update(bookmark_tag).where(*own, bookmark_tag.c.name == name).values(walked_count=count))
    return _unlink(conn, account_id, medium, restrict, (name,), pass_started)


def forget_bookmark_tags(
    conn: Connection, account_id: int, medium: Medium, restrict: Restrict, pass_started: int
) -> int:
    """The list of own tags was read to its end: tags that it no longer holds go, with their links."""
    unseen = [*_own(account_id, medium, restrict), bookmark_tag.c.seen_at < pass_started]
    names = conn.execute(select(bookmark_tag.c.name).where(*unseen)).scalars().all()
    if names:
        conn.execute(delete(bookmark_tag).where(*unseen))
        _unlink(conn, account_id, medium, restrict, names, pass_started)
    return len(names)


def _unlink(
    conn: Connection, account_id: int, medium: str, restrict: str, names: Sequence[str], before: int
) -> int:
    listed_here = select(bookmark.c.work_key).where(
        bookmark.c.account_id == account_id, bookmark.c.restrict == restrict
    )
    stmt = delete(bookmark_work_tag).where(
        bookmark_work_tag.c.account_id == account_id,
        bookmark_work_tag.c.name.in_(names),
        bookmark_work_tag.c.last_seen < before,
        bookmark_work_tag.c.work_key.op("&")(1) == int(medium == "novel"),
        bookmark_work_tag.c.work_key.in_(listed_here),
    )
    return conn.execute(stmt).rowcount
