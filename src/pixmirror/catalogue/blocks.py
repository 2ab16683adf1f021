"""Digests of blocks of rows that never change once written, by which rot in the catalogue's own file is seen.

SQLite has no checksums: a byte that flips inside a comment leaves a catalogue that `integrity_check` calls sound.
Each digest is of 64 rows in the order of their keys, made by whoever proves them and not when they are written: so
ingestion pays nothing, and 10^7 comments cost 156,000 small rows. What was written since the last proof is in no
block yet. The few places that change such rows on purpose say so by `changed`, in the same transaction.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Table
from sqlalchemy import Text as SqlText

from pixmirror.catalogue.schema import comment, payload, row_block, sighting, state_change, text_version
from pixmirror.catalogue.sql import Many, rows, upsert

SIZE = 64
STEP = 64  # blocks; 4,096 rows are read in about 15 ms


@dataclass(frozen=True, slots=True)
class Room:
    """A table whose rows are kept by digests of these columns: none of them changes. `born`: the column that says
    when a row came, where new rows may come between old ones.
    """

    table: Table
    columns: tuple[str, ...]
    born: str | None = None

    @property
    def key(self) -> str:
        return next(iter(self.table.primary_key)).name

    def said(self, name: str) -> str:
        """Return how a column is read: a text as bytes, for what has rotted may be no text any more."""
        return f"CAST({name} AS BLOB)" if isinstance(self.table.c[name].type, SqlText) else name


ROOMS: Mapping[str, Room] = {
    room.table.name: room
    for room in (
        Room(
            payload,
            ("owner_kind", "owner_id", "endpoint", "digest", "codec", "body", "seen_at", "language", "base"),
        ),
        Room(text_version, ("work_key", "digest", "body", "seen_at")),
        Room(state_change, ("account_id", "owner_kind", "owner_id", "state", "evidence", "at")),
        Room(sighting, ("account_id", "owner_kind", "owner_id", "state", "evidence", "first_at")),
        Room(
            comment,
            ("work_key", "user_id", "parent_key", "comment", "date", "stamp_id", "stamp_url"),
            born="first_seen",
        ),
    )
}
_MOST = 2**63 - 1
_KEPT = """
SELECT first, last, count, digest, at FROM row_block WHERE room = :room AND first >= :at ORDER BY first LIMIT :n"""
# The blocks of a room do not overlap: of those that begin at or before a key the last alone can hold it.
_BEFORE = "SELECT first, last FROM row_block WHERE room = :room AND first <= :at ORDER BY first DESC LIMIT 1"
_DROP = Many("""
DELETE FROM row_block WHERE room = :room AND first <= :high AND last >= :low
  AND first >= (SELECT coalesce(max(first), 0) FROM row_block WHERE room = :room AND first <= :low)""")
_KEEP = Many(upsert(row_block, "last", "count", "digest", "at"))


@dataclass(frozen=True, slots=True)
class Block:
    """Rows from one key to another, as they were when they were last proved to be so."""

    first: int
    last: int
    count: int
    digest: bytes
    at: int


@dataclass(slots=True)
class Proved:
    """What one step found. `next`: the key at which the next one begins, None at the end of the table.

    `bad`: blocks whose rows are others though nobody changed them; `fresh`: blocks to be kept; `over`: blocks of
    which no row is left, and that is believed.
    """

    next: int | None = None
    rows: int = 0
    bad: list[Block] = field(default_factory=list)
    fresh: list[Block] = field(default_factory=list)
    over: list[Block] = field(default_factory=list)


def prove(conn: Connection, room: str, at: int, now: int, *, believe: bool = False) -> Proved:
    """Compare the next blocks from this key on with their digests, and make those that lack. Writes nothing.

    `believe`: take what differs as it is.
    """
    of, found = ROOMS[room], Proved()
    for first, last in rows(conn, _BEFORE, room=room, at=at):
        at = first if last >= at else at  # the blocks were made anew since a pass was here
    kept = [Block(*one) for one in rows(conn, _KEPT, room=room, at=at, n=STEP)]
    for block in kept:
        if block.first > at:  # these were changed on purpose
            found.fresh += _made(of, _rows(conn, of, at, block.first - 1), at, now)
        there = _rows(conn, of, block.first, block.last)
        found.rows += len(there)
        said = _said(of, block, there)
        if said == "changed" and not believe:
            found.bad.append(block)
        elif not there:
            found.over.append(block)
        elif said != "same":
            found.fresh += _made(of, there, block.first, now)
        at = block.last + 1
    if len(kept) == STEP:
        found.next = at
        return found
    _go_on(conn, of, kept[-1] if kept else None, at, now, found)
    return found


def _go_on(conn: Connection, of: Room, last: Block | None, at: int, now: int, found: Proved) -> None:
    """Make blocks of what came since. The last block, if it was short and is good, takes up some of that."""
    more = _rows(conn, of, at, None, STEP * SIZE)
    found.rows += len(more)
    if len(more) == STEP * SIZE:
        found.next = more[-1][0] + 1
    if more and last is not None and last.count < SIZE and last not in found.bad:
        found.fresh = [block for block in found.fresh if block.first != last.first]
        more, at = [*_rows(conn, of, last.first, last.last), *more], last.first
    found.fresh += _made(of, more, at, now)


def keep(conn: Connection, room: str, found: Proved) -> None:
    """Keep the blocks that a step made, in the transaction in which it looked."""
    for block in found.over:
        changed_between(conn, room, block.first, block.last)
    _KEEP(conn, [{"room": room} | asdict(block) for block in found.fresh])


def changed(conn: Connection, room: str, keys: Iterable[int]) -> None:
    """Note that these rows were changed, or removed, on purpose."""
    _DROP(conn, [{"room": room, "low": key, "high": key} for key in keys])


def changed_between(conn: Connection, room: str, low: int, high: int) -> None:
    """Note that rows from one key to another were changed on purpose."""
    _DROP(conn, [{"room": room, "low": low, "high": high}])


def _rows(conn: Connection, of: Room, low: int, high: int | None, limit: int = -1) -> list[Sequence[Any]]:
    """Return rows by key: the key, the columns that never change, and when the row came where that matters."""
    names = ", ".join((of.key, *map(of.said, of.columns), *([of.born] if of.born else [])))
    sql = f"SELECT {names} FROM {of.table.name} WHERE {of.key} BETWEEN :low AND :high ORDER BY {of.key} LIMIT :n"
    return list(rows(conn, sql, low=low, high=_MOST if high is None else high, n=limit))


def _said(of: Room, block: Block, there: Sequence[Sequence[Any]]) -> Literal["same", "more", "changed"]:
    if len(there) == block.count and _digest(of, there) == block.digest:
        return "same"
    if of.born is None or len(there) <= block.count:
        return "changed"
    old = [row for row in there if row[-1] <= block.at]
    # Where a clock was set it cannot be told which rows are new: they are taken as they are.
    return "more" if len(old) != block.count or _digest(of, old) == block.digest else "changed"


def _made(of: Room, there: Sequence[Sequence[Any]], first: int, now: int) -> list[Block]:
    """Make blocks of these rows, from the key `first` on without a gap. None reaches beyond its last row: keys
    after the last of the table are given again.
    """
    made = []
    for start in range(0, len(there), SIZE):
        part = there[start : start + SIZE]
        to = part[-1][0]
        made.append(Block(first, to, len(part), _digest(of, part), now))
        first = to + 1
    return made


def _digest(of: Room, there: Iterable[Sequence[Any]]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for row in there:
        digest.update(repr(row[: len(of.columns) + 1]).encode())
    return digest.digest()
