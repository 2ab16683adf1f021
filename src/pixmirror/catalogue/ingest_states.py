"""The ledger of upstream states (law 6): stretches of what was seen, and when a state may move."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from pixmirror.catalogue.schema import sighting, work
from pixmirror.catalogue.seen import DAY, Seen
from pixmirror.catalogue.statements import Many
from pixmirror.models import State

_NEW = Many(insert(sighting))
_AGAIN = Many(update(sighting).where(sighting.c.id == bindparam("b_id")).values(last_at=bindparam("now")))
_LATEST = (
    select(sighting.c.id, sighting.c.state, sighting.c.first_at)
    .where(
        sighting.c.owner_kind == bindparam("kind"),
        sighting.c.owner_id == bindparam("owner"),
        sighting.c.account_id == bindparam("account"),
    )
    .order_by(sighting.c.id.desc())
    .limit(1)
)
_OLD = select(work.c.state, work.c.user_id).where(work.c.work_key == bindparam("b_key"))
_FLIP = (
    update(work)
    .where(work.c.work_key == bindparam("b_key"))
    .values(state=bindparam("b_state"), state_at=bindparam("now"), evidence=bindparam("b_evidence"))
)


def see(
    conn: Connection, seen: Seen, found: Iterable[tuple[int, State, str]], latest: dict[int, tuple[int, str, int]]
) -> None:
    """Works as a page showed them: (key, state, evidence); `latest`: last stretches, (id, state, since)."""
    new: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for key, state, evidence in found:
        last = latest.get(key)
        if last is not None and last[1] == state:
            again.append({"b_id": last[0], "now": seen.now})
        else:
            new.append(_row(seen, "work", key, state, evidence))
    if again:
        _AGAIN(conn, again)
    if new:
        _NEW(conn, new)


def see_one(conn: Connection, seen: Seen, kind: str, owner_id: int, state: State, evidence: str) -> int:
    """One sighting of one thing; when the stretch of this state began."""
    owner = {"kind": kind, "owner": owner_id, "account": seen.account_id}
    last = conn.execute(_LATEST, owner).first()
    if last is not None and last.state == state:
        _AGAIN(conn, [{"b_id": last.id, "now": seen.now}])
        return int(last.first_at)
    _NEW(conn, [_row(seen, kind, owner_id, state, evidence)])
    return seen.now


def _row(seen: Seen, kind: str, owner_id: int, state: State, evidence: str) -> dict[str, Any]:
    return {
        "account_id": seen.account_id,
        "owner_kind": kind,
        "owner_id": owner_id,
        "state": state.value,
        "evidence": evidence,
        "first_at": seen.now,
        "last_at": seen.now,
    }


def may_flip(old: State, new: State, since: int, now: int) -> bool:
    """Good news at once; bad news of what was there after two sightings at least a day apart; a guess never."""
    if new is State.LIVE:
        return True
    if new is State.UNKNOWN:
        return False
    return old is State.UNKNOWN or now - since >= DAY


def record_state(conn: Connection, seen: Seen, work_key: int, state: State, evidence: str) -> bool:
    """What an answer says of a work (a 404, a refusal); True if the work's state moved."""
    since = see_one(conn, seen, "work", work_key, state, evidence)
    old = conn.execute(_OLD, {"b_key": work_key}).first()
    if old is None or old.state == state or not may_flip(State(old.state), state, since, seen.now):
        return False
    conn.execute(_FLIP, {"b_key": work_key, "b_state": state.value, "now": seen.now, "b_evidence": evidence})
    return True
