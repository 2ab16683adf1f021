"""What whole lists no longer show: missing, in doubt, then believed gone (architecture: absent is not deleted).

Of bookmarks, follows and comments. A first absence is only noted; a second one, at least a day later, makes a
doubt; doubts are believed together, unless they are too many: then the brake holds, and says so.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from pixmirror.catalogue.schema import (
    bookmark_work_tag,
    doubt,
    drift,
    sighting,
    state_change,
    user,
    work,
)
from pixmirror.catalogue.sql import IDS, KEYS, Many, among, changed, listed, rows, value
from pixmirror.ledger import agenda, brake, doubts
from pixmirror.ledger.brake import FEW, KINDS, Brake

BRAKE_SHARE = 0.05
HELD = -1
LOOKS = 200  # at most so many works or users are asked for because they went from a list

Kind: TypeAlias = Literal["bookmark", "follow", "comment"]

_SIGHTING = Many(insert(sighting))
_CHANGE = Many(insert(state_change))
_DRIFT = Many(insert(drift))
_DOUBT = Many(upsert(doubt).on_conflict_do_nothing())
# How the tags of bookmarks moved after the list had last shown them, the last move first.
_TAGS_LOST = f"""
SELECT d.id, d.item, d.before, d.after
FROM drift d JOIN bookmark b ON b.work_key = d.item AND b.account_id = d.account_id
WHERE d.kind = 'bookmark' AND d.account_id = :account AND d.event = 'tags' AND d.at > b.last_seen
  AND d.item {KEYS} ORDER BY d.item, d.id DESC"""


def drifted(
    conn: Connection, account_id: int, kind: str, event: str, moves: Iterable[tuple[int, Any, Any]], now: int
) -> None:
    """Record changes of bookmarks or follows: (item, before, after) each."""
    one = {"account_id": account_id, "kind": kind, "event": event, "at": now}
    _DRIFT(conn, [{**one, "item": item, "before": before, "after": after} for item, before, after in moves])


def ledger(
    conn: Connection, account_id: int, kind: Kind, ids: Sequence[int], state: str, evidence: str, now: int
) -> None:
    """Record for each of these things a state that is believed from now on."""
    one = {"account_id": account_id, "owner_kind": kind, "state": state, "evidence": evidence}
    _SIGHTING(conn, [{**one, "owner_id": i, "first_at": now, "last_at": now} for i in ids])
    _CHANGE(conn, [{**one, "owner_id": i, "at": now} for i in ids])


def seen_again(conn: Connection, kind: Kind, ids: Iterable[int]) -> None:
    """Remove the doubts about what is there after all."""
    if found := list(ids):
        doubts.drop(conn, kind, found)


def doubt_all(
    conn: Connection, account_id: int, kind: Kind, absent: Iterable[tuple[int, int]], evidence: str, now: int
) -> None:
    """Doubt what is absent for the second time: (id, missing since) each."""
    one = {"owner_kind": kind, "account_id": account_id, "evidence": evidence, "at": now}
    one["state"] = KINDS[kind].gone
    _DOUBT(conn, [{**one, "owner_id": i, "since": since} for i, since in absent])


def settle(conn: Connection, kind: Kind, now: int, share: float = BRAKE_SHARE) -> int:
    """Believe what is in doubt, and return how much it was; HELD if the brake is on."""
    waiting = doubted(conn, kind)
    if not waiting:
        brake.release(conn, kind)
        return 0
    states = {KINDS[kind].gone: waiting}
    if kind != "comment" and 1 < waiting <= FEW and brake.live_things(conn, kind, waiting + 1) <= waiting:
        # Nothing of the list would be left: that is no answer.
        brake.hold(conn, kind, Brake(kind, now, waiting, waiting, states))
        return HELD
    return HELD if brake.holds(conn, kind, states, now, share) else accept(conn, kind, now)


def doubted(conn: Connection, kind: Kind) -> int:
    return int(value(conn, "SELECT count(*) FROM doubt WHERE owner_kind = :kind", kind=kind))


def unconfirmed(conn: Connection, kind: Literal["bookmark", "follow"], account_id: int) -> bool:
    """True if a full pass did not show something, and no second pass has confirmed it yet."""
    rows, item = KINDS[kind].table, KINDS[kind].id
    told = select(doubt.c.owner_id).where(doubt.c.owner_kind == kind)
    absent = (rows.c.account_id == account_id, rows.c.state == "live", rows.c.missing_since.is_not(None))
    return conn.execute(select(item).where(*absent, item.not_in(told)).limit(1)).first() is not None


def accept(conn: Connection, kind: Kind, now: int) -> int:
    """Believe what is in doubt, however much it is. Return how much."""
    owner = KINDS[kind]
    found = conn.execute(select(doubt).where(doubt.c.owner_kind == kind).order_by(doubt.c.owner_id)).all()
    groups: dict[tuple[int, str, str], list[int]] = {}
    for row in found:
        groups.setdefault((row.account_id, row.state, row.evidence), []).append(row.owner_id)
    moved = 0
    for (account_id, state, evidence), ids in groups.items():
        there = [owner.table.c.state == "live", among(owner.id, "ids")]
        if owner.of_account:
            there.append(owner.table.c.account_id == account_id)
        gone = conn.execute(select(owner.id).where(*there), {"ids": listed(ids)}).scalars().all()
        if kind == "bookmark":
            _with_tags(conn, account_id, gone)
        if kind != "comment":
            _removed(conn, account_id, kind, gone, now)
        change = update(owner.table).where(*there).values(state=state, state_at=now)
        conn.execute(change, {"ids": listed(ids)})
        ledger(conn, account_id, kind, gone, state, evidence, now)
        moved += len(gone)
    changed(conn, "DELETE FROM doubt WHERE owner_kind = :kind", kind=kind)
    brake.release(conn, kind)
    return moved


def _removed(
    conn: Connection, account_id: int, kind: Literal["bookmark", "follow"], ids: Sequence[int], now: int
) -> None:
    rows, item = KINDS[kind].table, KINDS[kind].id
    of = select(item, rows.c.restrict, func.coalesce(rows.c.missing_since, rows.c.last_seen).label("since"))
    of = of.where(rows.c.account_id == account_id, among(item, "ids"))
    found = conn.execute(of, {"ids": listed(ids)}).all()
    drifted(conn, account_id, kind, "removed", ((r[0], r.restrict, None) for r in found), now)
    # Why it went shows only in the thing itself; what was seen since then needs no question.
    source = (work.c.work_key, work) if kind == "bookmark" else (user.c.id, user)
    seen_at = select(source[0], source[1].c.last_seen).where(source[1].c.state == "live", among(source[0], "ids"))
    seen = {r[0]: r[1] for r in conn.execute(seen_at, {"ids": listed(ids)})}
    unsure = [r[0] for r in found if r[0] in seen and seen[r[0]] <= r.since][:LOOKS]
    agenda.ask_after_removal(conn, kind, unsure, now)


def _with_tags(conn: Connection, account_id: int, keys: Sequence[int]) -> None:
    """Give removed bookmarks the tags back that they had.

    The lists of own tags lose a removed bookmark before the judge believes its removal, and so its tags seemed to
    be taken off one by one.
    """
    found: list[Any] = []
    read_on: dict[int, bool] = {}
    for row in rows(conn, _TAGS_LOST, account=account_id, keys=listed(keys)):
        only_lost = set(json.loads(row.after or "[]")) < set(json.loads(row.before or "[]"))
        read_on[row.item] = read_on.get(row.item, True) and only_lost
        if read_on[row.item]:
            found.append(row)
    if not found:
        return
    changed(conn, f"DELETE FROM drift WHERE id {IDS}", ids=listed(r.id for r in found))
    first = {r.item: r.before for r in found}  # the earliest comes last
    untagged = f"DELETE FROM bookmark_work_tag WHERE account_id = :account AND work_key {KEYS}"
    changed(conn, untagged, account=account_id, keys=listed(first))
    links = [
        {"account_id": account_id, "work_key": key, "name": name, "last_seen": 0}
        for key, before in first.items()
        for name in json.loads(before or "[]")
    ]
    if links:
        conn.execute(insert(bookmark_work_tag), links)
