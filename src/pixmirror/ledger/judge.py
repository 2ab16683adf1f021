"""The judge: decides which doubts to believe: all, unless they are too many at once or Pixiv denies everything.

Architecture: absent is not deleted.

Works and users are judged here; bookmarks, follows and comments in `missing`, by the same brake. While the brake
is on, nothing of its kind moves. A doubt that no good answer vouches for waits alone. When the brake goes off,
whatever was in doubt is asked for again first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.sql import listed, rows
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ledger import agenda, brake, controls, doubts, leavers, missing, moves
from pixmirror.ledger.agenda import RENEWALS
from pixmirror.ledger.brake import Brake, brakes_on
from pixmirror.ledger.doubts import Doubt
from pixmirror.ledger.moves import Move
from pixmirror.models import State

LISTS: tuple[missing.Kind, ...] = ("bookmark", "follow", "comment")
_OF_LEAVING_USERS = f"""
SELECT w.work_key FROM work w WHERE w.work_key IN (SELECT value FROM json_each(:keys))
  AND (SELECT s.state FROM sighting s WHERE s.owner_kind = 'user' AND s.owner_id = w.user_id
    ORDER BY s.id DESC LIMIT 1) IN {State.LEFT}"""


@dataclass(frozen=True, slots=True)
class Judged:
    """How many things of each kind moved, and which brakes are on."""

    moved: Mapping[str, int]
    brakes: tuple[Brake, ...]


def judge(conn: Connection, now: int, share: float, settling_ms: int = HOUR_MS) -> Judged:
    """Decide on all doubts. At most `share` of the live things of a kind, or a few, may move in a day.

    Doubts younger than `settling_ms` wait: more of the same may be on its way.
    """
    moved: dict[str, int] = {}
    for kind in ("user", "work"):
        moved[kind] = _judge(conn, kind, now, share, settling_ms)
    for listed_kind in LISTS:
        moved[listed_kind] = max(0, missing.settle(conn, listed_kind, now, share))
    leavers.forget_refusals(conn, now)
    return Judged({kind: n for kind, n in moved.items() if n}, brakes_on(conn))


def accept(conn: Connection, kind: str, now: int) -> int:
    """Believe every doubt of this kind, because the user says that it is true. Return how many moved."""
    brake.let_through(conn, kind, now)
    for listed_kind in LISTS:
        if kind == listed_kind:
            return missing.accept(conn, listed_kind, now)
    return _believe(conn, kind, doubts.of_kind(conn, kind), now)


def _judge(conn: Connection, kind: str, now: int, share: float, settling_ms: int) -> int:
    found = _due_for_judgement(conn, kind)
    found = _set_unproven_aside(conn, kind, found, _known_blind(conn, kind), now)
    if not found:
        brake.release(conn, kind)
        return 0
    if brake.holds(conn, kind, _states(found), now, share):
        agenda.ask_anew(conn, kind, [d.owner_id for d in found], now + DAY_MS, RENEWALS // 4)
        return 0
    if brake.on_since(conn, kind) is not None:
        # They were denied while everything was: only what is denied again now is believed.
        brake.release(conn, kind)
        doubts.drop(conn, kind, (d.owner_id for d in found))
        agenda.ask_anew(conn, kind, [d.owner_id for d in found], now)
        return 0
    proven = controls.proven(conn, kind, found)
    return _believe(conn, kind, [d for d in proven if now - d.at >= settling_ms], now)


def _set_unproven_aside(
    conn: Connection, kind: str, found: Sequence[Doubt], before: Mapping[int, int], now: int
) -> list[Doubt]:
    """Hold the doubts that no good answer vouches for, and return the others, which need not wait for them.

    `before` are those held until now: {id: since}. Those of them that something vouches for now were denied while
    everything was, so they are dropped and asked for again.
    """
    proven = {d.owner_id for d in controls.proven(conn, kind, found)}
    blind = [
        d for d in found if d.owner_id not in proven and now - d.at >= HOUR_MS and not controls.asks_for_itself(d)
    ]
    back = [d for d in found if d.owner_id in before and d.owner_id in proven]
    if back:
        doubts.drop(conn, kind, (d.owner_id for d in back))
        agenda.ask_anew(conn, kind, [d.owner_id for d in back], now)
    key = f"{brake.BLIND}{kind}"
    if blind:
        since = {str(d.owner_id): before.get(d.owner_id, now) for d in blind}
        value = {"since": since, "live": brake.live_things(conn, kind), "states": _states(blind)}
        runs.set_json(conn, key, value)
        agenda.ask_anew(conn, kind, [d.owner_id for d in blind], now + DAY_MS, RENEWALS // 4)
    elif before:
        runs.drop_meta(conn, key)
    aside = {d.owner_id for d in (*blind, *back)}
    return [d for d in found if d.owner_id not in aside]


def _due_for_judgement(conn: Connection, kind: str) -> list[Doubt]:
    """Return the doubts, but for works of users who seem to have left: the users' own state decides."""
    found = doubts.of_kind(conn, kind)
    if kind == "user" or not found:
        return found
    aside = {r.work_key for r in rows(conn, _OF_LEAVING_USERS, keys=listed(d.owner_id for d in found))}
    return [d for d in found if d.owner_id not in aside]


def _states(found: Sequence[Doubt]) -> dict[str, int]:
    return dict(Counter(d.state for d in found))


def _known_blind(conn: Connection, kind: str) -> dict[int, int]:
    """Return {id: since} of the doubts that nothing vouched for at the last judgement."""
    held = runs.get_json(conn, f"{brake.BLIND}{kind}")
    return {int(i): since for i, since in held["since"].items()} if held else {}


def _believe(conn: Connection, kind: str, found: Sequence[Doubt], now: int) -> int:
    """Move what is still live, drop all these doubts, and return how many moved."""
    key = brake.KINDS[kind].id.name
    live = f"SELECT {key} FROM {kind} WHERE state = 'live' AND {key} IN (SELECT value FROM json_each(:ids))"
    alive = {r[0] for r in rows(conn, live, ids=listed(d.owner_id for d in found))}
    doubts.drop(conn, kind, (d.owner_id for d in found))
    moved = [d for d in found if d.owner_id in alive]
    moves.move(conn, kind, [Move(d.owner_id, d.state, d.evidence, d.account_id) for d in moved], now)
    if kind == "user":
        for d in moved:
            leavers.left(conn, d.account_id, d.owner_id, d.state, d.evidence, d.since, now)
    else:
        agenda.drop_details(conn, [d.owner_id for d in moved if d.state in State.OVER])
    return len(moved)
