"""Moves of states: the row says where a thing stands, `state_change` how it came there."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from pixmirror.catalogue.schema import state_change, user, work
from pixmirror.catalogue.sql import Many
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda
from pixmirror.models import State

_LOG = Many(insert(state_change))
_STATE: dict[str, Any] = {
    "state": bindparam("b_state"),
    "state_at": bindparam("b_at"),
    "evidence": bindparam("b_evidence"),
}
REST_MS = 30 * DAY_MS
_SET = {
    "work": Many(update(work).where(work.c.work_key == bindparam("b_id")).values(**_STATE)),
    "user": Many(update(user).where(user.c.id == bindparam("b_id")).values(**_STATE)),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One thing's new state, the evidence for it, and which account saw it."""

    owner_id: int
    state: str
    evidence: str
    account_id: int


def move(conn: Connection, kind: str, moves: Sequence[Move], at: int) -> None:
    """Write the new states of these works or users into their rows, and record the moves.

    Chores for frames, texts and comments of works that are over end; those of hidden works are put off.
    """
    _SET[kind](
        conn,
        [{"b_id": m.owner_id, "b_state": m.state, "b_at": at, "b_evidence": m.evidence} for m in moves],
    )
    log(conn, kind, moves, at)
    if kind == "work":
        if over := [m.owner_id for m in moves if m.state in State.OVER]:
            agenda.drop_parts(conn, over)
        if hidden := [m.owner_id for m in moves if m.state in State.HIDDEN]:
            agenda.put_off_parts(conn, hidden, at + REST_MS)


def log(conn: Connection, kind: str, moves: Iterable[Move], at: int) -> None:
    """Record moves only, for callers that write the rows themselves."""
    _LOG(conn, [asdict(m) | {"owner_kind": kind, "at": at} for m in moves])
