"""Stretches of what was seen upstream, and when a state may move (architecture: absent is not deleted).

Good news is believed at once. Bad news about what was live, seen twice at least a day apart, becomes a doubt, on
which the judge decides; between two states that are both no good news there is nothing to lose.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, insert

from pixmirror.catalogue.schema import sighting
from pixmirror.catalogue.seen import Seen
from pixmirror.catalogue.sql import Many, row, value
from pixmirror.clock import DAY_MS
from pixmirror.ledger import controls, doubts, moves
from pixmirror.ledger.doubts import Doubt
from pixmirror.ledger.moves import Move
from pixmirror.models import State

Verdict = Literal["no", "move", "doubt"]

_NEW = Many(insert(sighting))
_AGAIN = Many("UPDATE sighting SET last_at = :now WHERE id = :id")
_OWNER = "owner_kind = :kind AND owner_id = :owner AND account_id = :account"
_LATEST = f"SELECT id, state, first_at, last_at FROM sighting WHERE {_OWNER} ORDER BY id DESC LIMIT 1"
_SINCE = f"""
SELECT min(first_at) FROM sighting WHERE {_OWNER} AND state = :state
  AND id > (SELECT coalesce(max(id), 0) FROM sighting WHERE {_OWNER} AND state = 'live')"""


def see(
    conn: Connection, seen: Seen, found: Iterable[tuple[int, State, str]], latest: dict[int, tuple[int, str, int]]
) -> None:
    """Record works as a page showed them: (key, state, evidence). `latest`: last stretches, (id, state, since).

    A doubt rests on a last stretch that is not live, so only what ends such a stretch has one to remove.
    """
    new: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    cleared: list[int] = []
    for key, state, evidence in found:
        last = latest.get(key)
        if last is not None and (last[1] == state or _says_less(state, last[1])):
            again.append({"id": last[0], "now": seen.now})
            continue
        new.append(_row(seen, "work", key, state, evidence))
        if last is not None and state is State.LIVE:
            cleared.append(key)
    _AGAIN(conn, again)
    _NEW(conn, new)
    if cleared:
        doubts.drop(conn, "work", cleared)


def _says_less(state: State, last: str) -> bool:
    """True if the state is only a guess, and something better than a guess is known."""
    return state is State.UNKNOWN and last != State.LIVE


def see_one(conn: Connection, seen: Seen, kind: str, owner_id: int, state: State, evidence: str) -> int:
    """Record one sighting. Return when the current unbroken run of this state began, ms UTC."""
    last = stretch(conn, seen.account_id, kind, owner_id)
    if last is not None and (last.state == state or _says_less(state, last.state)):
        _AGAIN(conn, [{"id": last.id, "now": seen.now}])
        return int(last.first_at)
    _NEW(conn, [_row(seen, kind, owner_id, state, evidence)])
    if state is State.LIVE or last is None or last.state == State.LIVE:
        return seen.now
    return since(conn, seen, kind, owner_id, state)


def stretch(conn: Connection, account_id: int, kind: str, owner_id: int) -> Any:
    """Return the last stretch of a thing (id, state, first_at, last_at), or None."""
    return row(conn, _LATEST, kind=kind, owner=owner_id, account=account_id)


def since(conn: Connection, seen: Seen, kind: str, owner_id: int, state: State) -> int:
    """Return when the current unbroken run of this state began, ms UTC; now, if it has not."""
    found = value(conn, _SINCE, kind=kind, owner=owner_id, account=seen.account_id, state=state.value)
    return int(found or seen.now)


def _row(seen: Seen, kind: str, owner_id: int, state: State, evidence: str) -> dict[str, Any]:
    owner = {"account_id": seen.account_id, "owner_kind": kind, "owner_id": owner_id}
    return owner | {"state": state.value, "evidence": evidence, "first_at": seen.now, "last_at": seen.now}


def ended(conn: Connection, seen: Seen, kind: str, owner_id: int, live_at: int) -> None:
    """Record that something that writes no stretches saw it live at that time."""
    _NEW(conn, [_row(seen, kind, owner_id, State.LIVE, seen.endpoint) | {"first_at": live_at, "last_at": live_at}])


def verdict(old: State, new: State, since: int, now: int) -> Verdict:
    """Return what one more sighting of `new` means: no move, a move, or a doubt. A guess never moves anything."""
    if new is old or new is State.UNKNOWN:
        return "no"
    if new is State.LIVE or old is State.UNKNOWN:
        return "move"
    if new is State.GONE and old not in (State.LIVE, State.LIMITED):
        return "no"  # a 404 knows no more than what is known
    if new is State.USER_GONE and old is not State.LIVE:
        return "no"
    if now - since < DAY_MS:
        return "no"
    return "doubt" if old is State.LIVE else "move"


def add_doubts(conn: Connection, found: Sequence[Doubt], now: int) -> None:
    """Record bad news that was confirmed, and ask what the judge needs to believe it."""
    doubts.add(conn, found)
    controls.ask_to_prove(conn, found, now)


def record_state(conn: Connection, seen: Seen, work_key: int, state: State, evidence: str) -> bool:
    """Record what an answer says of a work (a 404, a refusal). True if the work's state moved at once."""
    begun = see_one(conn, seen, "work", work_key, state, evidence)
    old = row(conn, "SELECT state, user_id FROM work WHERE work_key = :key", key=work_key)
    if old is None:
        return False
    found = verdict(_by_itself(conn, old), state, begun, seen.now)
    if found == "move":
        moves.move(conn, "work", [Move(work_key, state, evidence, seen.account_id)], seen.now)
    elif found == "doubt":
        add_doubts(conn, [Doubt("work", work_key, seen.account_id, state, evidence, begun, seen.now)], seen.now)
    return found == "move"


def _by_itself(conn: Connection, old: Any) -> State:
    """Return the state of the work itself: that it went with its user means nothing once the user is back."""
    state = State(old.state)
    of_user = "SELECT state FROM user WHERE id = :id"
    if state in State.LEFT and value(conn, of_user, id=old.user_id) == "live":
        return State.UNKNOWN
    return state
