"""Moves of states: the row says where a thing stands, `state_change` how it came there."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert

from pixmirror.catalogue.schema import state_change
from pixmirror.catalogue.sql import Many
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda
from pixmirror.models import State

_LOG = Many(insert(state_change))
REST_MS = 30 * DAY_MS
_SET = {
    kind: Many(f"UPDATE {kind} SET state = :state, state_at = :at, evidence = :evidence WHERE {key} = :owner_id")
    for kind, key in (("work", "work_key"), ("user", "id"))
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
    _SET[kind](conn, [asdict(m) | {"at": at} for m in moves])
    log(conn, kind, moves, at)
    if kind == "work":
        if over := [m.owner_id for m in moves if m.state in State.OVER]:
            agenda.drop_parts(conn, over)
        if hidden := [m.owner_id for m in moves if m.state in State.HIDDEN]:
            agenda.put_off_parts(conn, hidden, at + REST_MS)


def log(conn: Connection, kind: str, moves: Iterable[Move], at: int) -> None:
    """Record moves only, for callers that write the rows themselves."""
    _LOG(conn, [asdict(m) | {"owner_kind": kind, "at": at} for m in moves])
