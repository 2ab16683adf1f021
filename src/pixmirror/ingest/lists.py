"""The account's own lists: follows and bookmarks, how they change, and what full passes miss.

What is missing is not gone yet (architecture: absent is not deleted).

Every change of membership is a row of `drift`: added, removed, returned, restrict (switched between public and
private). What the first reading of a list finds is no addition.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from pixmirror.catalogue.feeds import canonical
from pixmirror.catalogue.schema import bookmark, feed, follow
from pixmirror.catalogue.sql import Many, among, listed
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda
from pixmirror.ledger.missing import BRAKE_SHARE, LOOKS, doubt_all, drifted, ledger, seen_again, settle
from pixmirror.models import Medium, Restrict, split_key, work_key

NOBODYS = -1  # in place of a pass: no job reads this list
STALE_MS = 30 * DAY_MS  # a list that was not read whole for so long is not waited for
DETAIL_AGAIN_MS = 7 * DAY_MS  # how often an entry of a list that nobody reads is looked at
FOLLOWS_LIST = "user/following"
BOOKMARK_LISTS: Mapping[Medium, str] = {"illust": "user/bookmarks/illust", "novel": "user/bookmarks/novel"}

_follow = upsert(follow)
_FOLLOW = Many(
    _follow.on_conflict_do_update(
        index_elements=["account_id", "user_id"],
        set_={name: getattr(_follow.excluded, name) for name in ("restrict", "state", "state_at", "last_seen")}
        | {"missing_since": None},
    )
)
_FOLLOWED = select(
    follow.c.user_id.label("id"), follow.c.restrict, follow.c.state, follow.c.state_at, follow.c.missing_since
).where(follow.c.account_id == bindparam("b_account"), among(follow.c.user_id, "ids"))
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
    bookmark.c.work_key.label("id"),
    bookmark.c.restrict,
    bookmark.c.state,
    bookmark.c.state_at,
    bookmark.c.missing_since,
).where(bookmark.c.account_id == bindparam("b_account"), among(bookmark.c.work_key, "ids"))
_READ = select(feed.c.full_at).where(
    feed.c.account_id == bindparam("b_account"),
    feed.c.endpoint == bindparam("b_endpoint"),
    feed.c.params == bindparam("b_params"),
)


def record_follows(
    conn: Connection, account_id: int, restrict: Restrict, user_ids: Sequence[int], now: int
) -> tuple[int, ...]:
    """Record a page of the following list. Return the ids that are new, back, or moved to this restrict."""
    old = {r.id: r for r in conn.execute(_FOLLOWED, {"b_account": account_id, "ids": listed(user_ids)})}
    rows = [_entry(account_id, restrict, old.get(i), now) | {"user_id": i} for i in dict.fromkeys(user_ids)]
    if rows:
        _FOLLOW(conn, rows)
    return _moved(conn, "follow", account_id, restrict, user_ids, old, now)


def record_bookmarks(
    conn: Connection, account_id: int, restrict: Restrict, work_keys: Sequence[int], now: int, below: int | None
) -> tuple[int, ...]:
    """Record a page of bookmarks, all with ids above `below`. Return works that are new, back, or moved."""
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
    conn: Connection,
    kind: Literal["bookmark", "follow"],
    account_id: int,
    restrict: str,
    ids: Sequence[int],
    old: Mapping[int, Any],
    now: int,
) -> tuple[int, ...]:
    """Write down what this page changed of the list (see `drift` in the schema), and return it."""
    new = [i for i in dict.fromkeys(ids) if i not in old]
    back = [i for i in old if old[i].state != "live"]
    switched = [i for i in old if old[i].state == "live" and old[i].restrict != restrict]
    if new and _was_read(conn, kind, account_id, restrict, new[0]):
        drifted(conn, account_id, kind, "added", ((i, None, restrict) for i in new), now)
    drifted(conn, account_id, kind, "returned", ((i, old[i].restrict, restrict) for i in back), now)
    drifted(conn, account_id, kind, "restrict", ((i, old[i].restrict, restrict) for i in switched), now)
    ledger(conn, account_id, kind, back, "live", f"{restrict} list", now)
    seen_again(conn, kind, (i for i in old if old[i].missing_since is not None))
    moved = {*new, *back, *switched}
    return tuple(i for i in dict.fromkeys(ids) if i in moved)


def _was_read(conn: Connection, kind: str, account_id: int, restrict: str, item: int) -> bool:
    """True if this item's list had been read to its end: only then is what it newly shows an addition.

    What a first reading finds has been there for who knows how long; `first_seen` tells when we met it.
    """
    endpoint = FOLLOWS_LIST if kind == "follow" else BOOKMARK_LISTS[split_key(item)[0]]
    given = {"b_account": account_id, "b_endpoint": endpoint, "b_params": canonical({"restrict": restrict})}
    return conn.scalar(_READ, given) is not None


def mark_missing(
    conn: Connection,
    table: Literal["follow", "bookmark"],
    account_id: int,
    passes: Mapping[Restrict, int | None],
    now: int,
    medium: Medium | None = None,
    *,
    share: float = BRAKE_SHARE,
) -> int:
    """Note what a full pass of the public or private list lacked, and doubt what is missing for good.

    `passes`: when the last full pass of each list began that any job reads; None where none has ended yet. An item
    is in doubt when its own list lacked it twice, at least a day apart, and the other list was read whole after
    the first time, because it may have been switched there. The lists need not be read together. If no job reads
    the other list, or no pass of it has ended for a month, the item's own detail is asked for.

    Returns how many are gone now, or HELD if they were more than `share` of all that are there: then none is, and
    `brake:bookmark` or `brake:follow` in meta says so.
    """
    rows: Table = follow if table == "follow" else bookmark
    item = rows.c.user_id if table == "follow" else rows.c.work_key
    twice: list[tuple[int, int]] = []
    unsure: list[int] = []
    for restrict, started in passes.items():
        if started is None:
            continue
        absent: list[ColumnElement[bool]] = [
            rows.c.account_id == account_id, rows.c.restrict == restrict, rows.c.state == "live",
            rows.c.last_seen < started,
        ]  # fmt: skip
        if medium is not None and table == "bookmark":
            absent.append(item.op("&")(1) == int(medium == "novel"))
        again = select(item, rows.c.missing_since).where(
            *absent, rows.c.missing_since <= min(started, now - DAY_MS)
        )
        other = passes.get("private" if restrict == "public" else "public", NOBODYS)
        for key, since in conn.execute(again):
            if other is not None and other >= since:
                twice.append((key, since))
            elif other == NOBODYS or since <= now - STALE_MS:
                unsure.append(key)
        conn.execute(update(rows).where(*absent, rows.c.missing_since.is_(None)).values(missing_since=now))
        if other == NOBODYS:
            elsewhere = "private" if restrict == "public" else "public"
            unsure += _only_told_by_detail(conn, table, account_id, elsewhere, medium, now)
    agenda.ask_whether_listed(conn, table, unsure[:LOOKS], now)
    doubt_all(conn, account_id, table, twice, "absent from two full passes", now)
    return settle(conn, table, now, share)


def _only_told_by_detail(
    conn: Connection,
    table: Literal["follow", "bookmark"],
    account_id: int,
    restrict: str,
    medium: Medium | None,
    now: int,
) -> list[int]:
    """Ask about entries of a list that was never read: only their own detail tells whether they still stand."""
    rows: Table = follow if table == "follow" else bookmark
    item = rows.c.user_id if table == "follow" else rows.c.work_key
    found = select(item).where(
        rows.c.account_id == account_id, rows.c.restrict == restrict, rows.c.state == "live",
        rows.c.last_seen <= now - DETAIL_AGAIN_MS,
    )  # fmt: skip
    if medium is not None and table == "bookmark":
        found = found.where(item.op("&")(1) == int(medium == "novel"))
    keys = list(conn.execute(found.order_by(rows.c.last_seen).limit(LOOKS)).scalars())
    return [] if not keys or _was_read(conn, table, account_id, restrict, keys[0]) else keys


def not_listed(
    conn: Connection, table: Literal["follow", "bookmark"], account_id: int, item: int, evidence: str, now: int
) -> None:
    """Record that its own detail says it is not bookmarked or followed any more.

    The second time, a day later, it is in doubt, and the judge decides; what a list lacked was missed before.
    """
    rows: Table = follow if table == "follow" else bookmark
    key = rows.c.user_id if table == "follow" else rows.c.work_key
    one = (rows.c.account_id == account_id, key == item, rows.c.state == "live")
    first = update(rows).where(*one, rows.c.missing_since.is_(None)).values(missing_since=now)
    if conn.execute(first).rowcount:
        return
    since = conn.scalar(select(rows.c.missing_since).where(*one, rows.c.missing_since <= now - DAY_MS))
    if since is not None:
        doubt_all(conn, account_id, table, [(item, since)], evidence, now)


def touch_unread(
    conn: Connection,
    account_id: int,
    kind: Literal["follow", "bookmark"],
    medium: Medium | None,
    ids: Sequence[int],
    now: int,
) -> None:
    """Note that unreadable items of a page are there. `ids` are Pixiv's; `medium` is that of bookmarks."""
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
    seen_again(conn, kind, keys)
