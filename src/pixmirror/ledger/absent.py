"""Works that a full pass of their artist's list did not show: each is asked for, as absence proves nothing."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.seen import WEB
from pixmirror.catalogue.sql import rows, value
from pixmirror.clock import DAY_MS
from pixmirror.ledger import agenda
from pixmirror.ledger.brake import is_too_many
from pixmirror.ledger.sightings import stretch
from pixmirror.models import Medium, State

FIRST = 3  # asked at once where most are absent; the rest follow slowly, and not at all if a list shows them again
STEP_MS = 1_800_000
AFTER_PROFILE_MS = 2 * DAY_MS

_OF_USER = f"""user_id = :user AND work_key & 1 = :parity AND state IN {("live", *State.LEFT)}
  AND evidence IS NOT '{WEB}'"""
# A stub touches last_seen too, but says nothing of a work that is live here.
_ABSENT = f"SELECT work_key FROM work WHERE {_OF_USER} AND last_seen < :started ORDER BY work_key DESC"
_OF_WORK = "owner_kind = 'work' AND owner_id = :key AND account_id = :account"
_HIDDEN_SINCE = f"""
SELECT min(first_at) FROM sighting WHERE {_OF_WORK}
  AND id > (SELECT coalesce(max(id), 0) FROM sighting WHERE {_OF_WORK} AND state = 'live')"""
_TIMES_DENIED = f"SELECT count(*) FROM sighting WHERE {_OF_WORK} AND state = 'gone' AND first_at >= :after"


@dataclass(frozen=True, slots=True)
class Absence:
    """Since when a work has been absent, as stored with the chore that asks for it."""

    since: int

    @classmethod
    def of(cls, progress: Any) -> "Absence | None":
        since = progress.get("absent") if progress else None
        return cls(int(since)) if since is not None else None


def ask_about_absent(
    conn: Connection, account_id: int, user_id: int, medium: Medium, pass_started: int, now: int
) -> int:
    """Ask for the works of an artist that a full pass of their list did not show. Return how many there are.

    A few are asked for at once. Where most are absent, something else may be wrong: if all are, the profile is
    asked for first; otherwise a few works are tried.
    """
    of_user = {"user": user_id, "parity": int(medium == "novel")}
    keys = [r.work_key for r in rows(conn, _ABSENT, **of_user, started=pass_started)]
    if not keys:
        return 0
    every = int(value(conn, f"SELECT count(*) FROM work WHERE {_OF_USER}", **of_user))
    first, begin = len(keys), now
    if len(keys) == every and user_id != account_id:
        agenda.ask_whether_left(conn, user_id, now)
        first, begin = 0, now + AFTER_PROFILE_MS
    elif is_too_many(len(keys), every):
        first, begin = FIRST, now + DAY_MS
    due_at = {key: now if i < first else begin + (i - first) * STEP_MS for i, key in enumerate(keys)}
    agenda.ask_about_absent(conn, due_at, pass_started)
    return len(keys)


def is_back(conn: Connection, account_id: int, key: int, since: int) -> bool:
    """True if something has shown the work since then, so that it need not be asked for."""
    last = stretch(conn, account_id, "work", key)
    return last is not None and last.state == "live" and last.last_at >= since


def still_hidden_since(conn: Connection, account_id: int, key: int) -> int | None:
    """Return since when this account has seen the work only as not live; None while it is live."""
    since: int | None = value(conn, _HIDDEN_SINCE, key=key, account=account_id)
    return since


def times_denied(conn: Connection, account_id: int, key: int, after: int) -> int:
    """Count how often since then the work was denied again after something had shown it."""
    return int(value(conn, _TIMES_DENIED, key=key, account=account_id, after=after))
