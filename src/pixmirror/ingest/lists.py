"""The account's own lists: follows and bookmarks, how they change, and what full passes miss.

What is missing is not gone yet (architecture: absent is not deleted).

Every change of membership is a row of `drift`: added, removed, returned, restrict (switched between public and
private). What the first reading of a list finds is no addition.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from sqlalchemy import Connection, func

from pixmirror.catalogue.feeds import canonical
from pixmirror.catalogue.schema import bookmark, follow
from pixmirror.catalogue.sql import IDS, KEYS, Many, changed, column, excluded, listed, rows, upsert, value
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


_KNOWN = {
    kind: f"SELECT {key} AS id, restrict, state, state_at, missing_since FROM {kind} "
    f"WHERE account_id = :account AND {key} {IDS}"
    for kind, key in (("follow", "user_id"), ("bookmark", "work_key"))
}
_READ = "SELECT full_at FROM feed WHERE account_id = :account AND endpoint = :endpoint AND params = :params"


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
    old = {r.id: r for r in rows(conn, _KNOWN[kind], account=account_id, ids=listed(ids))}
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
    params = canonical({"restrict": restrict})
    return value(conn, _READ, account=account_id, endpoint=endpoint, params=params) is not None


def on_list(kind: Mine, medium: Medium | None) -> str:
    """Match what stands on one of the account's lists: that of `:account` and `:restrict`."""
    mine = "account_id = :account AND restrict = :restrict AND state = 'live'"
    return mine if kind == "follow" or medium is None else f"{mine} AND work_key & 1 = {int(medium == 'novel')}"


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
    twice: list[tuple[int, int]] = []
    unsure: list[int] = []
    for restrict, started in passes.items():
        if started is None:
            continue
        elsewhere: Restrict = "private" if restrict == "public" else "public"
        other = passes.get(elsewhere, NOBODYS)
        absent = f"{on_list(kind, medium)} AND last_seen < :started"
        mine = {"account": account_id, "restrict": restrict, "started": started}
        again = f"SELECT {KINDS[kind].id.name}, missing_since FROM {kind} WHERE {absent} AND missing_since <= :at"
        for key, since in rows(conn, again, **mine, at=min(started, now - DAY_MS)):
            if other is not None and other >= since:
                twice.append((key, since))
            elif other == NOBODYS or since <= now - STALE_MS:
                unsure.append(key)
        first = f"UPDATE {kind} SET missing_since = :now WHERE {absent} AND missing_since IS NULL"
        changed(conn, first, **mine, now=now)
        if other == NOBODYS:
            unsure += _only_told_by_detail(conn, kind, account_id, elsewhere, medium, now)
    agenda.ask_whether_listed(conn, kind, unsure[:LOOKS], now)
    doubt_all(conn, account_id, kind, twice, "absent from two full passes", now)
    return settle(conn, kind, now, share)


def _only_told_by_detail(
    conn: Connection, kind: Mine, account_id: int, restrict: Restrict, medium: Medium | None, now: int
) -> list[int]:
    """Return entries of a list that was never read: only their own detail tells whether they still stand."""
    old = f"""SELECT {KINDS[kind].id.name} FROM {kind} WHERE {on_list(kind, medium)} AND last_seen <= :before
    ORDER BY last_seen LIMIT {LOOKS}"""
    keys = column(conn, old, account=account_id, restrict=restrict, before=now - DETAIL_AGAIN_MS)
    return [] if not keys or _was_read(conn, kind, account_id, restrict, keys[0]) else keys


def not_listed(conn: Connection, kind: Mine, account_id: int, item: int, evidence: str, now: int) -> None:
    """Record that its own detail says it is not bookmarked or followed any more.

    The second time, a day later, it is in doubt, and the judge decides; what a list lacked was missed before.
    """
    one = f"WHERE account_id = :account AND {KINDS[kind].id.name} = :item AND state = 'live'"
    first = f"UPDATE {kind} SET missing_since = :now {one} AND missing_since IS NULL"
    if changed(conn, first, account=account_id, item=item, now=now):
        return
    before = f"SELECT missing_since FROM {kind} {one} AND missing_since <= :before"
    since = value(conn, before, account=account_id, item=item, before=now - DAY_MS)
    if since is not None:
        doubt_all(conn, account_id, kind, [(item, since)], evidence, now)


def touch_unread(
    conn: Connection, account_id: int, kind: Kind, medium: Medium | None, ids: Sequence[int], now: int
) -> None:
    """Note that unreadable items of a page are there. `ids` are Pixiv's, or keys where there is no `medium`."""
    if not ids:
        return
    keys = ids if medium is None else [work_key(medium, i) for i in ids]
    mine = "AND account_id = :account" if KINDS[kind].of_account else ""
    there = f"WHERE state = 'live' AND {KINDS[kind].id.name} {KEYS} {mine}"
    seen = f"UPDATE {kind} SET last_seen = :now, missing_since = NULL {there}"
    changed(conn, seen, keys=listed(keys), account=account_id, now=now)
    seen_again(conn, kind, keys)
