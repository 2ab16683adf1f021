"""Files that were stored once and are not now: `verify` found them missing or bad, and they are not back yet.

Such a row keeps the size and the sha256 of what was stored: a file with these bytes that lies in place again is
stored again, whatever its row says. `verified_at` of such a row is when the user accepted the loss.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select, update

from pixmirror.catalogue import tally
from pixmirror.catalogue.media import IN_TROUBLE, is_in, renew_sidecars
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.schema import media, work
from pixmirror.catalogue.sql import among, listed

COMING = ("wanted", "waiting", "fetching")
GIVEN_UP = ("gone", "failed", "damaged")

_was_stored = media.c.sha256.is_not(None) & (media.c.path != "")
_accepted = media.c.verified_at.is_not(None)


def _unary(column: ColumnElement[int]) -> ColumnElement[int]:
    return column.op("+", is_comparison=False)(literal_column("0"))


_BACK = (
    update(media)
    .where(among(media.c.id, "ids"), media.c.state.not_in(("stored", "forgotten")), _was_stored)
    .values(state="stored", error=None, due_at=0, attempts=0, damaged_sha256=None, stored_at=bindparam("now"),
            verified_at=bindparam("now"))
    .returning(media.c.id, media.c.size)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lost:
    """A file as it was when it was stored; `size` in bytes."""

    media_id: int
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Count the lost files that are still asked for, and those that cannot be had and are not accepted as lost."""

    coming: int
    given_up: int


def outstanding(conn: Connection) -> Outstanding:
    coming = [select(func.count()).where(is_in(state), _was_stored, ~_accepted) for state in COMING]
    given_up = select(func.count()).where(IN_TROUBLE, _was_stored, ~_accepted)
    return Outstanding(sum(conn.scalar(c) or 0 for c in coming), conn.scalar(given_up) or 0)


def lost_files(conn: Connection, after: int, limit: int, *, given_up: bool = False) -> list[Lost]:
    """Return the next lost files by id, accepted ones too. `given_up`: only those not asked for any more."""
    columns = (media.c.id, media.c.path, media.c.size, media.c.sha256)
    found: list[Any] = []
    for which in (IN_TROUBLE,) if given_up else (IN_TROUBLE, *map(is_in, COMING)):
        # The plus keeps SQLite from reading all rows in the order of their ids.
        stmt = select(*columns).where(which, _was_stored, _unary(media.c.id) > after)
        found += conn.execute(stmt.order_by(_unary(media.c.id)).limit(limit))
    return [Lost(r.id, r.path, r.size or 0, r.sha256) for r in sorted(found, key=lambda r: r.id)[:limit]]


def examples(conn: Connection, limit: int) -> list[tuple[str, str]]:
    """Return (path, why) of the first files that cannot be had and are not accepted as lost."""
    stmt = select(media.c.path, media.c.error).where(IN_TROUBLE, _was_stored, ~_accepted).limit(limit)
    return [(r.path, r.error or "") for r in conn.execute(stmt)]


def back(conn: Connection, ids: Iterable[int], now: int) -> int:
    """Mark files as stored that lie in place again with the very same bytes. Return how many rows moved."""
    moved = conn.execute(_BACK, {"ids": listed(ids), "now": now}).all()
    tally.stored(conn, len(moved), sum(r.size or 0 for r in moved))
    renew_sidecars(conn, [r.id for r in moved])
    return len(moved)


def accept(conn: Connection, ref: Ref, now: int) -> int:
    """Accept, for the user, that files of a work or of all works of an artist are lost. Return how many."""
    if ref.work_key is not None:
        keys: Sequence[int] = (ref.work_key,)
    else:
        keys = conn.execute(select(work.c.work_key).where(work.c.user_id == ref.id)).scalars().all()
    stmt = (
        update(media)
        .where(
            media.c.owner_kind == "work", among(media.c.owner_id, "keys"), _was_stored, ~_accepted,
            media.c.state.in_((*COMING, *GIVEN_UP)),
        )
        .values(verified_at=now)
    )  # fmt: skip
    return conn.execute(stmt, {"keys": listed(keys)}).rowcount
