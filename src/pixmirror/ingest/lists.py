"""The account's own lists: follows and bookmarks, how they change, and what full passes miss.

What is missing is not gone yet (architecture: absent is not deleted).

Every change of membership is a row of `drift`: added, removed, returned, restrict (switched between public and
private). What the first reading of a list finds is no addition.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select, update

from pixmirror.catalogue.feeds import canonical
from pixmirror.catalogue.schema import bookmark, feed, follow
from pixmirror.catalogue.sql import Many, among, excluded, listed, upsert
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda
from pixmirror.ledger.brake import KINDS
from pixmirror.ledger.missing import BRAKE_SHARE, LOOKS, Kind, doubt_all, drifted, ledger, seen_again, settle
from pixmirror.models import Medium, Restrict, split_key, work_key

Mine: TypeAlias = Literal["bookmark", "follow"]

NOBODYS = -1  # in place of a pass: no job reads this list
STALE_MS = 30 * DAY_MS  # a list that was not read whole for so long is not waited for
DETAIL_AGAIN_MS = 7 * DAY_MS  # how often an entry of a list that nobody reads is looked at
FOLLOWS_LIST = "user/following"
BOOKMARK_LISTS: Mapping[Medium, str] = {"illust": "user/bookmarks/illust", "novel": "user/bookmarks/novel"}

_MOVING = ("restrict", "state", "state_at", "last_seen")
_below = excluded(bookmark).c.below
_highest = func.coalesce(func.max(bookmark.c.below, _below), _below, bookmark.c.below)
_RECORD = {
    "follow": Many(upsert(follow, *_MOVING, missing_since=None)),
    "bookmark": Many(upsert(bookmark, *_MOVING, missing_since=None, below=_highest)),
}


def _select_known(kind: Mine) -> Select[Any]:
    rows, item = KINDS[kind].table, KINDS[kind].id
    columns = (rows.c.restrict, rows.c.state, rows.c.state_at, rows.c.missing_since)
    mine = (rows.c.account_id == bindparam("b_account"), among(item, "ids"))
    return select(item.label("id"), *columns).where(*mine)


_KNOWN = {"follow": _select_known("follow"), "bookmark": _select_known("bookmark")}
_READ = select(feed.c.full_at).where(
    feed.c.account_id == bindparam("b_account"),
    feed.c.endpoint == bindparam("b_endpoint"),
    feed.c.params == bindparam("b_params"),
)


def record_follows(
    conn: Connection, account_id: int, restrict: Restrict, user_ids: Sequence[int], now: int
) -> tuple[int, ...]:
    """Record a page of the following list. Return the ids that are new, back, or moved to this restrict."""
    return _record(conn, "follow", account_id, restrict, user_ids, now)


def record_bookmarks(
    conn: Connection, account_id: int, restrict: Restrict, work_keys: Sequence[int], now: int, below: int | None
) -> tuple[int, ...]:
    """Record a page of bookmarks, all with ids above `below`. Return works that are new, back, or moved."""
    return _record(conn, "bookmark", account_id, restrict, work_keys, now, below=below)


def _record(
    conn: Connection,
    kind: Mine,
    account_id: int,
    restrict: str,
    shown: Sequence[int],
    now: int,
    **told: int | None,
) -> tuple[int, ...]:
    """Record a page of a list, and what it changed there (see `drift` in the schema)."""
    ids = list(dict.fromkeys(shown))
    old = {r.id: r for r in conn.execute(_KNOWN[kind], {"b_account": account_id, "ids": listed(ids)})}
    since = {i: r.state_at for i, r in old.items() if r.state == "live"}
    one = {"account_id": account_id, "restrict": restrict, "state": "live", "first_seen": now, "last_seen": now}
    name = KINDS[kind].id.name
    _RECORD[kind](conn, [{**one, **told, name: i, "state_at": since.get(i, now)} for i in ids])
    new = [i for i in ids if i not in old]
    back = [i for i in old if i not in since]
    switched = [i for i in since if old[i].restrict != restrict]
    if new and _was_read(conn, kind, account_id, restrict, new[0]):
        drifted(conn, account_id, kind, "added", ((i, None, restrict) for i in new), now)
    drifted(conn, account_id, kind, "returned", ((i, old[i].restrict, restrict) for i in back), now)
    drifted(conn, account_id, kind, "restrict", ((i, old[i].restrict, restrict) for i in switched), now)
    ledger(conn, account_id, kind, back, "live", f"{restrict} list", now)
    seen_again(conn, kind, (i for i in old if old[i].missing_since is not None))
    moved = {*new, *back, *switched}
    return tuple(i for i in ids if i in moved)


def _was_read(conn: Connection, kind: str, account_id: int, restrict: str, item: int) -> bool:
    """True if this item's list had been read to its end: only then is what it newly shows an addition.

    What a first reading finds has been there for who knows how long; `first_seen` tells when we met it.
    """
    endpoint = FOLLOWS_LIST if kind == "follow" else BOOKMARK_LISTS[split_key(item)[0]]
    given = {"b_account": account_id, "b_endpoint": endpoint, "b_params": canonical({"restrict": restrict})}
    return conn.scalar(_READ, given) is not None


def on_list(
    kind: Mine, account_id: int, restrict: Restrict, medium: Medium | None
) -> tuple[ColumnElement[bool], ...]:
    """Match what stands on one of the account's lists."""
    rows, item = KINDS[kind].table, KINDS[kind].id
    mine = (rows.c.account_id == account_id, rows.c.restrict == restrict, rows.c.state == "live")
    if kind == "follow" or medium is None:
        return mine
    return (*mine, item.op("&")(1) == int(medium == "novel"))


def mark_missing(
    conn: Connection,
    kind: Mine,
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
    rows, item = KINDS[kind].table, KINDS[kind].id
    twice: list[tuple[int, int]] = []
    unsure: list[int] = []
    for restrict, started in passes.items():
        if started is None:
            continue
        elsewhere: Restrict = "private" if restrict == "public" else "public"
        other = passes.get(elsewhere, NOBODYS)
        absent = (*on_list(kind, account_id, restrict, medium), rows.c.last_seen < started)
        before = rows.c.missing_since <= min(started, now - DAY_MS)
        for key, since in conn.execute(select(item, rows.c.missing_since).where(*absent, before)):
            if other is not None and other >= since:
                twice.append((key, since))
            elif other == NOBODYS or since <= now - STALE_MS:
                unsure.append(key)
        conn.execute(update(rows).where(*absent, rows.c.missing_since.is_(None)).values(missing_since=now))
        if other == NOBODYS:
            unsure += _only_told_by_detail(conn, kind, account_id, elsewhere, medium, now)
    agenda.ask_whether_listed(conn, kind, unsure[:LOOKS], now)
    doubt_all(conn, account_id, kind, twice, "absent from two full passes", now)
    return settle(conn, kind, now, share)


def _only_told_by_detail(
    conn: Connection, kind: Mine, account_id: int, restrict: Restrict, medium: Medium | None, now: int
) -> list[int]:
    """Return entries of a list that was never read: only their own detail tells whether they still stand."""
    rows, item = KINDS[kind].table, KINDS[kind].id
    old = (*on_list(kind, account_id, restrict, medium), rows.c.last_seen <= now - DETAIL_AGAIN_MS)
    keys = conn.execute(select(item).where(*old).order_by(rows.c.last_seen).limit(LOOKS)).scalars().all()
    return [] if not keys or _was_read(conn, kind, account_id, restrict, keys[0]) else list(keys)


def not_listed(conn: Connection, kind: Mine, account_id: int, item: int, evidence: str, now: int) -> None:
    """Record that its own detail says it is not bookmarked or followed any more.

    The second time, a day later, it is in doubt, and the judge decides; what a list lacked was missed before.
    """
    rows = KINDS[kind].table
    one = (rows.c.account_id == account_id, KINDS[kind].id == item, rows.c.state == "live")
    first = update(rows).where(*one, rows.c.missing_since.is_(None)).values(missing_since=now)
    if conn.execute(first).rowcount:
        return
    since = conn.scalar(select(rows.c.missing_since).where(*one, rows.c.missing_since <= now - DAY_MS))
    if since is not None:
        doubt_all(conn, account_id, kind, [(item, since)], evidence, now)


def touch_unread(
    conn: Connection, account_id: int, kind: Kind, medium: Medium | None, ids: Sequence[int], now: int
) -> None:
    """Note that unreadable items of a page are there. `ids` are Pixiv's, or keys where there is no `medium`."""
    if not ids:
        return
    rows = KINDS[kind].table
    keys = ids if medium is None else [work_key(medium, i) for i in ids]
    seen = update(rows).where(rows.c.state == "live", among(KINDS[kind].id, "keys"))
    if KINDS[kind].of_account:
        seen = seen.where(rows.c.account_id == account_id)
    conn.execute(seen.values(last_seen=now, missing_since=None), {"keys": listed(keys)})
    seen_again(conn, kind, keys)
