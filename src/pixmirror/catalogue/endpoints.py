"""Endpoints that Pixiv has removed, or that answer nothing right: one question tells for all that would ask them.

Kept in `meta`, so that a restart asks no more. What waits for such an endpoint is put off in the catalogue with
the reason, and comes again when the endpoint answers.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import chores, runs
from pixmirror.catalogue.chores import PARTS, Kind
from pixmirror.catalogue.sql import changed
from pixmirror.clock import DAY_MS, HOUR_MS

_NAME = "endpoints_gone"
ASKED_MS = HOUR_MS // 4  # while one asks, the others wait this long
BELIEVED = 2  # refusals with no answer between
# How long nobody asks an endpoint that fails for everything, the longer the more often it was tried in vain.
RESTS_MS = (HOUR_MS // 12, HOUR_MS // 4, HOUR_MS, 6 * HOUR_MS, DAY_MS)
# What waits for an endpoint, by the table that it stands in.
_WAITING = {
    "chore": "kind = :kind AND (:parity IS NULL OR key & 1 = :parity)",
    "feed": "endpoint = :thing",
    "gap": "feed_id IN (SELECT id FROM feed WHERE endpoint = :thing)",
}
_LATE = "UPDATE {} SET due_at = :until, error = :reason WHERE {}"
GONE_RESTS_MS = (HOUR_MS, 6 * HOUR_MS, DAY_MS)  # the same for one that Pixiv says is not there


OF_ONE_MEDIUM = (Kind.DETAIL, *PARTS, Kind.REPLIES)  # whose key tells illust from novel, each with an endpoint


@dataclass(frozen=True, slots=True)
class Refusals:
    """`since` when, how `often` in a row, and when it is asked again; `reason` is the last one in words."""

    since: int
    until: int
    often: int
    reason: str

    @property
    def believed(self) -> bool:
        return self.often >= BELIEVED


def refusals(conn: Connection) -> dict[str, Refusals]:
    """Return, by the name of what asks, the endpoints that were refused since they last answered."""
    return {name: Refusals(**found) for name, found in (runs.get_json(conn, _NAME) or {}).items()}


def _keep(conn: Connection, found: Mapping[str, Refusals]) -> None:
    runs.set_json(conn, _NAME, {name: asdict(one) for name, one in found.items()})


def refused(conn: Connection, thing: str, reason: str, now: int) -> None:
    """Record that Pixiv says there is no such endpoint. Once believed, put off all that would ask it: at first for
    an hour, for what says so may be a gateway that is mended soon; after the third try in vain for a day.
    """
    known = refusals(conn)
    before = known.get(thing)
    found = Refusals(before.since if before else now, now, before.often + 1 if before else 1, reason)
    if found.believed:
        rest = GONE_RESTS_MS[min(found.often - BELIEVED, len(GONE_RESTS_MS) - 1)]
        found = replace(found, until=now + rest)
        _put_off(conn, thing, found.until, reason)
    _keep(conn, known | {thing: found})


def failing(conn: Connection, thing: str, reason: str, now: int) -> None:
    """Let all that would ask this endpoint rest: several things were asked of it in vain, with no answer between.

    Its count starts where a refusal is believed, so that one answer is enough to end it.
    """
    known = refusals(conn)
    before = known.get(thing)
    often = max(before.often + 1 if before else 0, BELIEVED)
    rest = RESTS_MS[min(often - BELIEVED, len(RESTS_MS) - 1)]
    found = Refusals(before.since if before else now, now + rest, often, reason)
    _put_off(conn, thing, found.until, reason)
    _keep(conn, known | {thing: found})


def may_ask(conn: Connection, thing: str, now: int) -> Refusals | None:
    """Return None if it may be asked now, while the others wait a little; else why not, and until when."""
    known = refusals(conn)
    found = known.get(thing)
    if found is None or not found.believed:
        return None
    if now < found.until <= now + DAY_MS:  # else the clock was set back
        return found
    _keep(conn, known | {thing: replace(found, until=now + ASKED_MS)})
    return None


def ask_again(conn: Connection, now: int, before: int) -> None:
    """Let what rests until `before` at the latest be tried now: whoever asks may have mended the cause."""
    known = refusals(conn)
    if any(now < found.until <= before for found in known.values()):
        due = {t: replace(f, until=now) if now < f.until <= before else f for t, f in known.items()}
        _keep(conn, due)


def answered(conn: Connection, thing: str, now: int) -> None:
    """Record that the endpoint answers, and make due what was put off because of it."""
    known = refusals(conn)
    found = known.pop(thing, None)
    if found is None:
        return
    _keep(conn, known)
    if found.believed:
        for table, of in _WAITING.items():
            due = f"UPDATE {table} SET due_at = :now, error = NULL WHERE {of} AND error = :reason"
            changed(conn, due, now=now, reason=found.reason, **_named(thing))


def wait(
    conn: Connection, thing: str, found: Refusals, *, key: int | None = None, feed_id: int | None = None
) -> None:
    """Put one chore or one list off with the others. No failure is counted, for it is not its own.

    Whoever learnt of it just before the endpoint answered is not put off: nobody would make it due again.
    """
    if thing not in refusals(conn):
        return
    late = {"until": found.until, "reason": found.reason}
    if key is not None:
        chores.put_off(conn, thing.partition(":")[0], key, found.until, found.reason)
    if feed_id is not None:
        changed(conn, _LATE.format("feed", "id = :id"), id=feed_id, **late)
        changed(conn, _LATE.format("gap", "feed_id = :id AND due_at < :until"), id=feed_id, **late)


def _put_off(conn: Connection, thing: str, until: int, reason: str) -> None:
    for table, of in _WAITING.items():
        late = _LATE.format(table, f"{of} AND due_at < :until")
        changed(conn, late, until=until, reason=reason, **_named(thing))
    later = f"UPDATE feed SET refresh_at = :until WHERE {_WAITING['feed']} AND refresh_at < :until"
    changed(conn, later, until=until, **_named(thing))


def of_chore(kind: str, key: int) -> str:
    """Return the name of what asks: `comments:novel`, `profile:`."""
    return f"{kind}:{('illust', 'novel')[key & 1] if kind in OF_ONE_MEDIUM else ''}"


def _named(thing: str) -> dict[str, Any]:
    """Return what _WAITING asks for: the name, and where it is that of chores their kind and medium."""
    kind, _, medium = thing.partition(":")
    return {"thing": thing, "kind": kind, "parity": int(medium == "novel") if medium else None}
