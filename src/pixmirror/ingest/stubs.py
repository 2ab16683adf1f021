"""Stubs: placeholders that tell a work's state and nothing else of it (architecture: stubs never overwrite)."""

from collections.abc import Sequence

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue.payloads import LEGACY, canonical, digest
from pixmirror.catalogue.schema import work
from pixmirror.catalogue.seen import DETAIL, WEB, Seen
from pixmirror.catalogue.sql import Many, next_seq
from pixmirror.ingest.known import Known
from pixmirror.ingest.payloads import INSERT_PAYLOAD, payload_row
from pixmirror.ledger import agenda, moves
from pixmirror.ledger.brake import is_too_many
from pixmirror.ledger.doubts import Doubt
from pixmirror.ledger.moves import Move
from pixmirror.ledger.sightings import Verdict, add_doubts, see, since, verdict
from pixmirror.models import Illust, Lane, Novel, Received, State

_NEW = Many(insert(work))
_TOUCH = Many("UPDATE work SET last_seen = :now WHERE work_key = :key")
_BEGUN = Many("UPDATE work SET first_seen = :now WHERE work_key = :key")
_FIRST = Many("UPDATE work SET state = :state, state_at = :now, evidence = :evidence WHERE work_key = :key")


def record_stubs(conn: Connection, seen: Seen, stubs: Sequence[Received[Illust | Novel]], known: Known) -> None:
    """Give unknown works a row without user and date; of known ones move only the ledger and last_seen.

    A work that was live is in doubt when the same placeholder is seen again a day later (architecture: absent is
    not deleted).
    """
    new, touched, payloads, looks = [], [], [], []
    moved: list[Move] = []
    doubted: list[Doubt] = []
    hidden: list[tuple[int, int | None, State]] = []
    for received in stubs:
        item = received.item
        key, state, evidence = item.key, item.state, _evidence(seen, item)
        old = known.works.get(key)
        if old is None:
            new.append(_row(seen, item, state, evidence))
            looks.append((key, None, state))
        else:
            touched.append({"key": key, "now": seen.now})
            # That the app hides what is read from the website is no news of it.
            from_web = state is State.LIMITED and old.state == State.LIVE and old.evidence == WEB
            begun = _since(conn, seen, known, key, state)
            found = "no" if from_web else _verdict(old.user_id, State(old.state), state, begun, seen.now)
            if found == "move" and old.evidence != LEGACY:
                moved.append(Move(key, state.value, evidence, seen.account_id))
            elif found == "doubt":
                doubted.append(Doubt("work", key, seen.account_id, state.value, evidence, begun, seen.now))
            last = known.sightings.get(key)
            if old.user_id is not None and not from_web and (last is None or last[1] == State.LIVE):
                hidden.append((key, old.create_date, state))
        # Its create_date is the time of the request, so it would differ every time.
        stable = {name: value for name, value in received.raw.items() if name != "create_date"}
        if not known.latest_is(key, "stub", marked := digest(stable)):
            text = canonical(received.raw)
            payloads.append(payload_row("work", key, "stub", text, marked, seen.now))
    if new:
        seq = next_seq(conn)
        _NEW(conn, [row | {"change_seq": seq} for row in new])
    for statement, rows in ((_TOUCH, touched), (INSERT_PAYLOAD, payloads)):
        statement(conn, rows)
    _seen_at_last(conn, seen, stubs, known)
    moves.move(conn, "work", moved, seen.now)
    add_doubts(conn, doubted, seen.now)
    see(conn, seen, ((r.item.key, r.item.state, _evidence(seen, r.item)) for r in stubs), known.sightings)
    if seen.endpoint != DETAIL:
        # So many at once are no works that were hidden: if it is so tomorrow, the next sighting says it.
        hidden = [] if is_too_many(len(hidden), len(known.works)) else hidden
        _look_again(conn, seen.now, [*looks, *hidden])


def _seen_at_last(conn: Connection, seen: Seen, stubs: Sequence[Received[Illust | Novel]], known: Known) -> None:
    """Set when works were first seen, and their first state, of which only dumps told until now."""
    items = [r.item for r in stubs if r.item.key in known.works and known.unseen(r.item.key)]
    _BEGUN(conn, [{"key": i.key, "now": seen.now} for i in items])
    stateless = [i for i in items if known.works[i.key].evidence == LEGACY]
    told = {i.key: {"state": i.state.value, "evidence": _evidence(seen, i)} for i in stateless}
    _FIRST(conn, [{"key": key, "now": seen.now, **state} for key, state in told.items()])


def _since(conn: Connection, seen: Seen, known: Known, key: int, state: State) -> int:
    last = known.sightings.get(key)
    if last is None or last[1] == State.LIVE:
        return seen.now
    return last[2] if last[1] == state else since(conn, seen, "work", key, state)


def _verdict(user_id: int | None, old: State, new: State, begun: int, now: int) -> Verdict:
    if user_id is None and new is not old:
        return "no" if new is State.UNKNOWN else "move"
    return verdict(old, new, begun, now)


def _evidence(seen: Seen, item: Illust | Novel) -> str:
    name = item.placeholder
    return f"{seen.endpoint}: limit_{name}" if name else f"{seen.endpoint}: not visible"


def _look_again(conn: Connection, now: int, hidden: Sequence[tuple[int, int | None, State]]) -> None:
    """Have works looked at again that were hidden just now: (key, create_date where known, state)."""
    agenda.look_at_hidden(
        conn,
        [
            (key, Lane.REFRESH, now)  # the placeholder of a work that is gone: its detail tells
            if state is State.UNKNOWN and create_date is not None
            else agenda.next_look(conn, key, create_date, now, now)
            for key, create_date, state in hidden
        ],
    )


def _row(seen: Seen, item: Illust | Novel, state: State, evidence: str) -> dict[str, object]:
    return {
        "work_key": item.key,
        "medium": item.medium,
        "type": item.type,
        "title": "",
        "caption": "",
        "state": state.value,
        "state_at": seen.now,
        "evidence": evidence,
        "first_seen": seen.now,
        "last_seen": seen.now,
    }
