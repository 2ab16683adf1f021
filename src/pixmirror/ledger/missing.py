"""What whole lists no longer show: missing, in doubt, then believed gone (architecture: absent is not deleted).

Of bookmarks, follows and comments. A first absence is only noted; a second one, at least a day later, makes a
doubt; doubts are believed together, unless they are too many: then the brake holds, and says so.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Column, Connection, Table, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from pixmirror.catalogue import chores
from pixmirror.catalogue.schema import (
    bookmark,
    bookmark_work_tag,
    comment,
    doubt,
    drift,
    follow,
    meta,
    sighting,
    state_change,
    user,
    work,
)
from pixmirror.catalogue.sql import Many, among, listed
from pixmirror.clock import DAY_MS
from pixmirror.models import Lane

# More than this share of what is there, and more than a handful, is not believed.
BRAKE_SHARE = 0.05
BRAKE_MIN = 5
HELD = -1
LOOKS = 200  # at most so many works or users are asked about because they went from a list

Kind: TypeAlias = Literal["bookmark", "follow", "comment"]

_SIGHTING = Many(insert(sighting))
_CHANGE = Many(insert(state_change))
_DRIFT = Many(insert(drift))
_doubt = upsert(doubt)
_DOUBT = Many(_doubt.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class _Owner:
    """Where things of a kind stand, and what they are called when they are no more."""

    table: Table
    id: Column[Any]
    state: str


OWNERS: Mapping[Kind, _Owner] = {
    "bookmark": _Owner(bookmark, bookmark.c.work_key, "gone"),
    "follow": _Owner(follow, follow.c.user_id, "gone"),
    "comment": _Owner(comment, comment.c.comment_key, "deleted"),
}


def drifted(
    conn: Connection, account_id: int, kind: str, event: str, moves: Iterable[tuple[int, Any, Any]], now: int
) -> None:
    """Rows of drift: (item, before, after) each."""
    one = {"account_id": account_id, "kind": kind, "event": event, "at": now}
    _DRIFT(conn, [{**one, "item": item, "before": before, "after": after} for item, before, after in moves])


def ledger(
    conn: Connection, account_id: int, kind: Kind, ids: Sequence[int], state: str, evidence: str, now: int
) -> None:
    """A state that is believed from now on: a sighting and a move for each."""
    one = {"account_id": account_id, "owner_kind": kind, "state": state, "evidence": evidence}
    _SIGHTING(conn, [{**one, "owner_id": i, "first_at": now, "last_at": now} for i in ids])
    _CHANGE(conn, [{**one, "owner_id": i, "at": now} for i in ids])


def seen_again(conn: Connection, kind: Kind, ids: Iterable[int]) -> None:
    """What is there after all is not in doubt."""
    found = listed(ids)
    if found != "[]":
        over = delete(doubt).where(doubt.c.owner_kind == kind, among(doubt.c.owner_id, "ids"))
        conn.execute(over, {"ids": found})


def doubt_all(
    conn: Connection, account_id: int, kind: Kind, absent: Iterable[tuple[int, int]], evidence: str, now: int
) -> None:
    """(id, missing since) each: absent for the second time."""
    one = {
        "owner_kind": kind, "account_id": account_id, "state": OWNERS[kind].state, "evidence": evidence, "at": now,
    }  # fmt: skip
    _DOUBT(conn, [{**one, "owner_id": i, "since": since} for i, since in absent])


def settle(conn: Connection, kind: Kind, now: int, share: float = BRAKE_SHARE) -> int:
    """Believes what is in doubt, and says how many; HELD if they, with those of the last day, are too many."""
    waiting = doubted(conn, kind)
    if not waiting:
        _release(conn, kind)
        return 0
    # What the user let through (`judge.accept`) counts no more.
    accepted = int(conn.scalar(select(meta.c.value).where(meta.c.key == f"accepted:{kind}")) or 0)
    recent = select(func.count()).where(
        state_change.c.owner_kind == kind,
        state_change.c.state != "live",
        state_change.c.at > max(now - DAY_MS, accepted),
    )
    count = waiting + (conn.scalar(recent) or 0)
    if kind != "comment" and 1 < waiting <= BRAKE_MIN and _live(conn, kind, waiting + 1) <= waiting:
        _hold(conn, kind, waiting, waiting, now)  # nothing of the list would be left: that is no answer
        return HELD
    if count > BRAKE_MIN:
        live = _live(conn, kind, int(count / share) + 1 if share else None)
        if count > share * live:
            _hold(conn, kind, waiting, live, now)
            return HELD
    return accept(conn, kind, now)


def _live(conn: Connection, kind: Kind, enough: int | None) -> int:
    """How many are there; counted no further than to `enough`, of which these are too few to brake for."""
    rows = OWNERS[kind].table
    found = select(rows.c.state).where(rows.c.state == "live").limit(enough).subquery()
    return conn.scalar(select(func.count()).select_from(found)) or 0


def doubted(conn: Connection, kind: Kind) -> int:
    return conn.scalar(select(func.count()).where(doubt.c.owner_kind == kind)) or 0


def unconfirmed(conn: Connection, kind: Literal["bookmark", "follow"], account_id: int) -> bool:
    """Whether something was absent from a pass, and no second one has confirmed it yet."""
    rows, item = OWNERS[kind].table, OWNERS[kind].id
    told = select(doubt.c.owner_id).where(doubt.c.owner_kind == kind)
    absent = (rows.c.account_id == account_id, rows.c.state == "live", rows.c.missing_since.is_not(None))
    return conn.execute(select(item).where(*absent, item.not_in(told)).limit(1)).first() is not None


def accept(conn: Connection, kind: Kind, now: int) -> int:
    """Believes what is in doubt, however much it is. Returns how many."""
    owner = OWNERS[kind]
    found = conn.execute(select(doubt).where(doubt.c.owner_kind == kind).order_by(doubt.c.owner_id)).all()
    groups: dict[tuple[int, str, str], list[int]] = {}
    for row in found:
        groups.setdefault((row.account_id, row.state, row.evidence), []).append(row.owner_id)
    moved = 0
    for (account_id, state, evidence), ids in groups.items():
        there = [owner.table.c.state == "live", among(owner.id, "ids")]
        if kind != "comment":
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
    conn.execute(delete(doubt).where(doubt.c.owner_kind == kind))
    _release(conn, kind)
    return moved


def _removed(conn: Connection, account_id: int, kind: Kind, ids: Sequence[int], now: int) -> None:
    rows, item = OWNERS[kind].table, OWNERS[kind].id
    of = select(item, rows.c.restrict, func.coalesce(rows.c.missing_since, rows.c.last_seen).label("since"))
    of = of.where(rows.c.account_id == account_id, among(item, "ids"))
    found = conn.execute(of, {"ids": listed(ids)}).all()
    drifted(conn, account_id, kind, "removed", ((r[0], r.restrict, None) for r in found), now)
    # Why it went shows only in the thing itself; what was seen since then needs no question.
    source = (work.c.work_key, work) if kind == "bookmark" else (user.c.id, user)
    seen_at = select(source[0], source[1].c.last_seen).where(source[1].c.state == "live", among(source[0], "ids"))
    seen = {r[0]: r[1] for r in conn.execute(seen_at, {"ids": listed(ids)})}
    unsure = [r[0] for r in found if r[0] in seen and seen[r[0]] <= r.since][:LOOKS]
    ask = "detail" if kind == "bookmark" else "profile"
    chores.add_all(conn, ((ask, i, Lane.REFRESH, now) for i in unsure))


def _with_tags(conn: Connection, account_id: int, keys: Sequence[int]) -> None:
    """The lists of own tags miss a removed bookmark before it is believed to be removed: its tags went with it."""
    d = drift.c
    told = (
        select(d.id, d.item, d.before, d.after)
        .join(bookmark, (bookmark.c.work_key == d.item) & (bookmark.c.account_id == d.account_id))
        .where(d.kind == "bookmark", d.account_id == account_id, d.event == "tags", among(d.item, "ids"))
        .where(d.at > bookmark.c.last_seen)
        .order_by(d.item, d.id.desc())
    )
    found: list[Any] = []
    read_on: dict[int, bool] = {}
    for row in conn.execute(told, {"ids": listed(keys)}):
        only_lost = set(json.loads(row.after or "[]")) < set(json.loads(row.before or "[]"))
        read_on[row.item] = read_on.get(row.item, True) and only_lost
        if read_on[row.item]:
            found.append(row)
    if not found:
        return
    conn.execute(delete(drift).where(among(drift.c.id, "ids")), {"ids": listed(r.id for r in found)})
    first = {r.item: r.before for r in found}  # the earliest comes last
    conn.execute(
        delete(bookmark_work_tag).where(
            bookmark_work_tag.c.account_id == account_id, among(bookmark_work_tag.c.work_key, "ids")
        ),
        {"ids": listed(first)},
    )
    links = [
        {"account_id": account_id, "work_key": key, "name": name, "last_seen": 0}
        for key, before in first.items()
        for name in json.loads(before or "[]")
    ]
    if links:
        conn.execute(insert(bookmark_work_tag), links)


def _hold(conn: Connection, kind: Kind, count: int, live: int, now: int) -> None:
    key = f"brake:{kind}"
    old = conn.scalar(select(meta.c.value).where(meta.c.key == key))
    since = json.loads(old)["since"] if old else now
    value = json.dumps({"since": since, "count": count, "live": live, "states": {OWNERS[kind].state: count}})
    row = upsert(meta).values(key=key, value=value)
    conn.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


def _release(conn: Connection, kind: Kind) -> None:
    conn.execute(delete(meta).where(meta.c.key == f"brake:{kind}"))
