"""Users who left or were suspended: nothing of theirs is asked for, what is here stays, and they may come back."""

import json

from sqlalchemy import Connection

from pixmirror.catalogue import chores, feeds, runs
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.sql import row, rows, value
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda, doubts, moves
from pixmirror.ledger.moves import Move
from pixmirror.models import Lane, State

ENOUGH = 3  # refusals within a day, then the user themselves are asked about
AGAIN = (DAY_MS, 7 * DAY_MS)  # after the state moved; then every 30 days
RARELY = 30 * DAY_MS

# A work that was denied in the days when its user left was denied because of that.
_LEFT = f"""
SELECT work_key FROM work WHERE user_id = :user AND (state NOT IN {State.OVER}
  OR state = 'gone' AND state_at >= :after OR state IN {State.LEFT} AND state != :state)"""


def user_of(conn: Connection, work_key: int) -> int | None:
    found: int | None = value(conn, "SELECT user_id FROM work WHERE work_key = :key", key=work_key)
    return found


def refused(conn: Connection, user_id: int, now: int) -> bool:
    """Note that Pixiv denied something of this user. True if that was often enough in a day.

    Then their profile is asked for, and everything else of theirs waits for it.
    """
    key = f"refused:{user_id}"
    found: dict[str, int] = runs.get_json(conn, key) or {}
    if now - found.get("since", 0) >= DAY_MS:
        found = {"since": now, "count": 0}
    found["count"] += 1
    runs.set_json(conn, key, found)
    if found["count"] < ENOUGH:
        return False
    agenda.put_off_user(conn, user_id, now + DAY_MS)
    if found["count"] == ENOUGH:
        agenda.ask_whether_left(conn, user_id, now)
    return True


def list_refused(conn: Connection, user_id: int, now: int) -> None:
    """Note that Pixiv denied a list of this user, which is enough to ask for their profile, once a day."""
    key = f"refused:{user_id}"
    found: dict[str, int] = runs.get_json(conn, key) or {}
    if now - found.get("since", 0) >= DAY_MS or found["count"] < ENOUGH:
        runs.set_json(conn, key, {"since": now, "count": ENOUGH})
        agenda.ask_whether_left(conn, user_id, now)


def forget_refusals(conn: Connection, now: int) -> int:
    """Remove the counts of denials that are older than a day. Return how many."""
    counts = rows(conn, "SELECT key, value FROM meta WHERE key >= 'refused:' AND key < 'refused;'")
    old = [r.key for r in counts if now - json.loads(r.value).get("since", 0) >= DAY_MS]
    runs.drop_meta(conn, *old)
    return len(old)


def left(
    conn: Connection, account_id: int, user_id: int, state: str, evidence: str, since: int, now: int
) -> tuple[int, ...]:
    """Move the works of a user who has left or was suspended, and stop asking for anything of theirs.

    Return the keys of these works.
    """
    theirs = rows(conn, _LEFT, user=user_id, after=since - 2 * DAY_MS, state=state)
    keys = tuple(r.work_key for r in theirs)
    moves.move(conn, "work", [Move(k, state, f"user {user_id}: {evidence}", account_id) for k in keys], now)
    doubts.drop(conn, "work", keys)
    agenda.drop_user(conn, user_id)
    feeds.stop_user(conn, account_id, user_id)
    chores.done(conn, Kind.PROFILE, user_id, again_at=now + AGAIN[0], lane=int(Lane.REFRESH))
    return keys


def next_profile(state_at: int | None, now: int) -> int:
    """Return when to ask again for the profile of a user who is gone: after a day, a week, then every 30 days."""
    since = now if state_at is None else state_at
    return next((since + after for after in AGAIN if since + after > now + DAY_MS // 2), now + RARELY)


def came_back(conn: Connection, account_id: int, user_id: int, now: int) -> None:
    """Have the lists of a user who is back read again, which tell of their works."""
    feeds.wake_user(conn, account_id, user_id, now)


def state_of(conn: Connection, user_id: int) -> tuple[str, int | None] | None:
    """Return the state of a user, and since when; None for one who is not known."""
    found = row(conn, "SELECT state, state_at FROM user WHERE id = :id", id=user_id)
    return None if found is None else (found.state, found.state_at)
