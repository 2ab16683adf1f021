"""Want a work, or all works of an artist, because the user of the mirror said `pixmirror add`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import feeds, tombstones
from pixmirror.catalogue.added import ADDED
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.payloads import LEGACY
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import changed, row
from pixmirror.errors import ConfigError
from pixmirror.ingest import retrying, sharing
from pixmirror.ledger import agenda
from pixmirror.models import Lane

_KNOWN = "SELECT type, user_id, state, evidence FROM work WHERE work_key = :key"
_FIRST = f"""
UPDATE media SET priority = min(priority, {int(Lane.NEW)})
WHERE owner_kind = 'work' AND owner_id = :key AND state = 'wanted'"""


def wish(conn: Connection, refs: Sequence[Ref], now: int) -> None:
    """Want all of these from now on, filters or not. ConfigError, and nothing is wanted, if one was forgotten."""
    for ref in refs:
        if ref.work_key is None:
            _refuse_forgotten(ref, bool(tombstones.people(conn, (ref.id,))))
            agenda.begin_wish(conn, Kind.PROFILE, ref.id, now)
        else:
            _refuse_forgotten(ref, tombstones.is_forgotten(conn, ref.work_key))
            _work(conn, ref, ref.work_key, now)


def _refuse_forgotten(ref: Ref, forgotten: bool) -> None:
    if forgotten:
        raise ConfigError(f"You have forgotten {ref}: `pixmirror unforget {ref}` takes that back, then add it.")


def _work(conn: Connection, ref: Ref, key: int, now: int) -> None:
    """Want a work. Of one that is here whole nothing is asked: its files are wanted, first of all."""
    known: Any = row(conn, _KNOWN, key=key)
    is_whole = known is not None and known.user_id is not None and known.evidence != LEGACY
    if is_whole:
        sharing.also_saw(conn, ADDED, {key: None}, (), now, int(Lane.NEW), comments=True)
        retrying.one(conn, ref, now)
        changed(conn, _FIRST, key=key)
    if not is_whole or known.state != "live":
        agenda.begin_wish(conn, Kind.DETAIL, key, now)


def is_of_a_job(conn: Connection, account_id: int, user_id: int) -> bool:
    """True if a job reads lists of the artist for good, or they are followed."""
    followed = "SELECT 1 FROM follow WHERE account_id = :account AND user_id = :user AND state = 'live'"
    if row(conn, followed, account=account_id, user=user_id) is not None:
        return True
    params = {"user_id": user_id}
    names = [name for endpoint in feeds.ARTIST_LISTS for name in feeds.jobs_of(conn, account_id, endpoint, params)]
    return any(name != ADDED for name in names)


def open_lists(conn: Connection, account_id: int, user_id: int, totals: dict[str, int], now: int) -> None:
    """Have the lists of an artist read whole, once: those of which the profile counts works."""
    for endpoint, total in totals.items():
        if total:
            params, lane = [{"user_id": user_id}], int(Lane.NEW)
            feeds.open_feeds(conn, account_id, endpoint, params, job=ADDED, lane=lane, due_at=now)
