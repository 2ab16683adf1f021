"""The judge: what is in doubt is believed, unless it is too much at once or Pixiv denies everything.

Architecture: absent is not deleted.

Works and users are judged here; bookmarks, follows and comments in `missing`, by the same brake. While the brake
is on nothing moves; a doubt beside which nothing answers waits alone. When the brake goes off, what was in doubt
meanwhile is asked for anew and only then believed.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from pixmirror.catalogue import runs
from pixmirror.catalogue.schema import meta, sighting, user, work
from pixmirror.catalogue.sql import among, listed
from pixmirror.clock import DAY_MS, HOUR_MS
from pixmirror.ledger import agenda, brake, controls, doubts, leavers, missing, moves
from pixmirror.ledger.agenda import RENEWALS
from pixmirror.ledger.brake import Brake, brakes_on
from pixmirror.ledger.doubts import Doubt
from pixmirror.ledger.moves import Move
from pixmirror.models import State

LISTS: tuple[missing.Kind, ...] = ("bookmark", "follow", "comment")
# SQLite takes the state from the row that holds the max().
_LAST_SEEN = (
    select(sighting.c.owner_id, func.max(sighting.c.id), sighting.c.state)
    .where(sighting.c.owner_kind == "user", among(sighting.c.owner_id, "ids"))
    .group_by(sighting.c.owner_id)
)


@dataclass(frozen=True, slots=True)
class Judged:
    """How many things of each kind moved, and what is held."""

    moved: Mapping[str, int]
    brakes: tuple[Brake, ...]


def judge(conn: Connection, now: int, share: float, settling_ms: int = HOUR_MS) -> Judged:
    """Decides what is in doubt. `share` of the live ones, and never less than a few, may move in a day.

    What is in doubt for less than `settling_ms` waits: more of the same may be on its way.
    """
    moved: dict[str, int] = {}
    for kind in ("user", "work"):
        moved[kind] = _judge(conn, kind, now, share, settling_ms)
    for listed_kind in LISTS:
        moved[listed_kind] = max(0, missing.settle(conn, listed_kind, now, share))
    leavers.forget_refusals(conn, now)
    return Judged({kind: n for kind, n in moved.items() if n}, brakes_on(conn))


def accept(conn: Connection, kind: str, now: int) -> int:
    """The user says that it is true: all that is in doubt of this kind is believed. Returns how many."""
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
        # They were denied in the days when everything was: only what is denied again now is believed.
        brake.release(conn, kind)
        doubts.drop(conn, kind, (d.owner_id for d in found))
        agenda.ask_anew(conn, kind, [d.owner_id for d in found], now)
        return 0
    proven = controls.proven(conn, kind, found)
    return _believe(conn, kind, [d for d in proven if now - d.at >= settling_ms], now)


def _set_unproven_aside(
    conn: Connection, kind: str, found: Sequence[Doubt], before: Mapping[int, int], now: int
) -> list[Doubt]:
    """Hold each doubt beside which nothing answers, and return the others: one cannot hold them all up.

    `before` is what was held so: {id: since}. What of it can be proven now was denied while nothing else was
    answered either, so it is dropped and asked for anew.
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
        runs.set_meta(conn, key, json.dumps(value))
        agenda.ask_anew(conn, kind, [d.owner_id for d in blind], now + DAY_MS, RENEWALS // 4)
    elif before:
        conn.execute(delete(meta).where(meta.c.key == key))
    aside = {d.owner_id for d in (*blind, *back)}
    return [d for d in found if d.owner_id not in aside]


def _due_for_judgement(conn: Connection, kind: str) -> list[Doubt]:
    """All, but works of users who are not answered for themselves: those users' states decide."""
    found = doubts.of_kind(conn, kind)
    if kind == "user" or not found:
        return found
    rows = conn.execute(
        select(work.c.work_key, work.c.user_id).where(among(work.c.work_key, "ids")),
        {"ids": listed(d.owner_id for d in found)},
    ).all()
    users = {row.user_id for row in rows if row.user_id is not None}
    leaving = {row.owner_id for row in conn.execute(_LAST_SEEN, {"ids": listed(users)}) if row.state in State.LEFT}
    aside = {row.work_key for row in rows if row.user_id in leaving}
    return [d for d in found if d.owner_id not in aside]


def _states(found: Sequence[Doubt]) -> dict[str, int]:
    return dict(Counter(d.state for d in found))


def _known_blind(conn: Connection, kind: str) -> dict[int, int]:
    """{id: since} of the doubts that waited for a proof at the last judgement."""
    value = runs.get_meta(conn, f"{brake.BLIND}{kind}")
    return {int(i): since for i, since in json.loads(value)["since"].items()} if value else {}


def _believe(conn: Connection, kind: str, found: Sequence[Doubt], now: int) -> int:
    """Moves what is still live; what has moved meanwhile is decided."""
    table, column = (user, user.c.id) if kind == "user" else (work, work.c.work_key)
    ids = listed(d.owner_id for d in found)
    alive = set(
        conn.execute(select(column).where(table.c.state == "live", among(column, "ids")), {"ids": ids}).scalars()
    )
    doubts.drop(conn, kind, (d.owner_id for d in found))
    moved = [d for d in found if d.owner_id in alive]
    moves.move(conn, kind, [Move(d.owner_id, d.state, d.evidence, d.account_id) for d in moved], now)
    if kind == "user":
        for d in moved:
            leavers.left(conn, d.account_id, d.owner_id, d.state, d.evidence, d.since, now)
    else:
        agenda.drop_details(conn, [d.owner_id for d in moved if d.state in State.OVER])
    return len(moved)
