"""Stubs: placeholders that say what a work's state is and nothing else of it (law 7)."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update
from sqlalchemy.dialects.sqlite import insert

from pixmirror.catalogue import ingest_payloads
from pixmirror.catalogue.ingest_known import Known
from pixmirror.catalogue.ingest_states import may_flip, see
from pixmirror.catalogue.payloads import canonical, digest
from pixmirror.catalogue.schema import work
from pixmirror.catalogue.seen import Seen, next_seq
from pixmirror.catalogue.statements import Many
from pixmirror.models import Illust, Novel, Received, State

_NEW = Many(insert(work))
_STATE = Many(
    update(work)
    .where(work.c.work_key == bindparam("b_key"))
    .values(state=bindparam("b_state"), state_at=bindparam("now"), evidence=bindparam("b_evidence"))
)
_TOUCH = Many(update(work).where(work.c.work_key == bindparam("b_key")).values(last_seen=bindparam("now")))


def record_stubs(conn: Connection, seen: Seen, stubs: Sequence[Received[Illust | Novel]], known: Known) -> None:
    """Unknown works get a row without user and date; of known ones only the ledger and last_seen move.

    The state of a work that was live moves when the same placeholder is seen again a day later (law 6).
    """
    if not stubs:
        return
    new, moved, touched, payloads = [], [], [], []
    for received in stubs:
        item = received.item
        key, state, evidence = item.key, item.state, _evidence(seen, item)
        old = known.works.get(key)
        if old is None:
            new.append(_row(seen, item, state, evidence))
        else:
            touched.append({"b_key": key, "now": seen.now})
            last = known.sightings.get(key)
            since = last[2] if last is not None and last[1] == state else seen.now
            if _may_move(old.user_id, State(old.state), state, since, seen.now):
                moved.append({"b_key": key, "b_state": state.value, "now": seen.now, "b_evidence": evidence})
        # Its create_date is the time of the request, so it would differ every time.
        stable = {name: value for name, value in received.raw.items() if name != "create_date"}
        if not known.latest_is(key, "stub", marked := digest(stable)):
            text = canonical(received.raw)
            payloads.append(ingest_payloads.row("work", key, "stub", text, marked, seen.now))
    if new:
        seq = next_seq(conn)
        _NEW(conn, [row | {"change_seq": seq} for row in new])
    for statement, rows in ((_TOUCH, touched), (_STATE, moved), (ingest_payloads.INSERT, payloads)):
        statement(conn, rows)
    see(conn, seen, ((r.item.key, r.item.state, _evidence(seen, r.item)) for r in stubs), known.sightings)


def _evidence(seen: Seen, item: Illust | Novel) -> str:
    name = item.placeholder
    return f"{seen.endpoint}: limit_{name}" if name else f"{seen.endpoint}: not visible"


def _may_move(user_id: int | None, old: State, new: State, since: int, now: int) -> bool:
    if new is old or new is State.UNKNOWN:
        return False
    return user_id is None or may_flip(old, new, since, now)


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
