"""The brake: where much of what is here would change at once, none of it is believed.

Architecture: absent is not deleted. One rule for everything that may go: more than a few, and more than a share of
what is there. What differs by kind stands in KINDS. While the brake of a kind is on, a row of `meta` says so.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Column, Connection, Table

from pixmirror.catalogue import runs
from pixmirror.catalogue.schema import bookmark, comment, follow, user, work
from pixmirror.catalogue.sql import rows, value
from pixmirror.clock import DAY_MS

FEW = 5  # so many may go, whatever share they are
HALF = 0.5  # of what one answer or one list should show: more than that proves nothing
BLIND = "blind:"  # meta keys: doubts that nothing can prove yet, by kind

Why = Literal["many", "blind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What the brake counts; `gone`: what absence from a list makes of one of them."""

    things: str
    table: Table
    id: Column[Any]
    of_account: bool = False
    gone: str = "gone"


KINDS: Mapping[str, Kind] = {
    "work": Kind("works", work, work.c.work_key),
    "user": Kind("users", user, user.c.id),
    "bookmark": Kind("bookmarks", bookmark, bookmark.c.work_key, of_account=True),
    "follow": Kind("follows", follow, follow.c.user_id, of_account=True),
    "comment": Kind("comments", comment, comment.c.comment_key, gone="deleted"),
}


@dataclass(frozen=True, slots=True)
class Brake:
    """`count` things would move, of `live`. `why` many: so nothing of this kind moves; blind: only these wait,
    because nothing was answered beside them.
    """

    kind: str
    since: int
    count: int
    live: int
    states: Mapping[str, int] = field(default_factory=dict)
    why: Why = "many"

    def __str__(self) -> str:
        things = KINDS[self.kind].things
        if self.why == "blind":
            return (
                f"Pixiv denies {self.count:,} {things}, and has answered no question of the same kind meanwhile; "
                "what became of them is not believed until it does."
            )
        states = ", ".join(f"{n:,} {state}" for state, n in sorted(self.states.items()))
        return (
            f"{self.count:,} of {self.live:,} live {things} would change at once ({states}), which is more than "
            f"mirror.brake_percent allows; none does. If it is true: `pixmirror gone --accept {self.kind}`."
        )


def is_too_many(count: int, there: int, share: float = HALF) -> bool:
    """True if so many of what is there are not believed to be gone."""
    return count > FEW and count > share * there


def holds(conn: Connection, kind: str, states: Mapping[str, int], now: int, share: float) -> bool:
    """Put the brake on if what would move ({state: how many}), with the moves of the last day, is too much.

    Returns whether it is on. Where it is not, it stays as it was.
    """
    waiting = sum(states.values())
    count = waiting + _moved_lately(conn, kind, now)
    if count <= FEW:
        return False
    live = live_things(conn, kind, int(count / share) + 1 if share else None)
    if is_too_many(count, live, share):
        hold(conn, kind, Brake(kind, now, waiting, live, states))
        return True
    return False


def hold(conn: Connection, kind: str, brake: Brake) -> None:
    """Put the brake on, or renew what it says: `since` stays that of the first time."""
    since = on_since(conn, kind) or brake.since
    held = {"since": since, "count": brake.count, "live": brake.live, "states": dict(brake.states)}
    runs.set_json(conn, f"brake:{kind}", held)


def release(conn: Connection, kind: str) -> None:
    """Take the brake off."""
    runs.drop_meta(conn, f"brake:{kind}")


def on_since(conn: Connection, kind: str) -> int | None:
    """Return since when the brake of a kind is on; None if it is off."""
    held = runs.get_json(conn, f"brake:{kind}")
    return int(held["since"]) if held else None


def brakes_on(conn: Connection) -> tuple[Brake, ...]:
    """Return what is held now."""
    many = [Brake(kind, **held) for kind, held in _values(conn, "brake:")]
    blind = [
        Brake(kind, min(held["since"].values()), len(held["since"]), held["live"], held["states"], "blind")
        for kind, held in _values(conn, BLIND)
    ]
    return (*many, *blind)


def _values(conn: Connection, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    sql = "SELECT key, value FROM meta WHERE key BETWEEN :first AND :last"
    found = rows(conn, sql, first=prefix, last=f"{prefix[:-1]};")
    return [(key.removeprefix(prefix), json.loads(kept)) for key, kept in found]


def troubles(brakes: Sequence[Brake], now: int) -> tuple[Brake, ...]:
    """Return those that the user should know of: a few denials that wait for another answer are nothing."""
    return tuple(b for b in brakes if b.why != "blind" or b.count > FEW or now - b.since >= DAY_MS)


def let_through(conn: Connection, kind: str, now: int) -> None:
    """Note that the user accepts what is held: what moved until now counts no more."""
    runs.set_meta(conn, f"accepted:{kind}", str(now))
    release(conn, kind)
    runs.drop_meta(conn, f"{BLIND}{kind}")


def _moved_lately(conn: Connection, kind: str, now: int) -> int:
    """Count the bad moves of the last day. Works that went with their user are one user, and not counted."""
    accepted = int(runs.get_meta(conn, f"accepted:{kind}") or 0)
    sql = """
    SELECT count(*) FROM state_change
    WHERE owner_kind = :kind AND at > :since AND state != 'live' AND evidence NOT LIKE 'user %'"""
    return int(value(conn, sql, kind=kind, since=max(now - DAY_MS, accepted)))


def live_things(conn: Connection, kind: str, enough: int | None = None) -> int:
    """Count what the share is of, no further than to `enough`. Users without works here are never asked about."""
    if kind == "work":
        lost = "(SELECT count(*) FROM work WHERE state != 'live')"
        return int(value(conn, f"SELECT count(*) - {lost} FROM work"))
    live = f"SELECT 1 FROM {KINDS[kind].table.name} WHERE state = 'live'"
    if kind == "user":
        live += " AND EXISTS (SELECT 1 FROM work WHERE work.user_id = user.id)"
    return int(value(conn, f"SELECT count(*) FROM ({live} LIMIT :most)", most=-1 if enough is None else enough))
