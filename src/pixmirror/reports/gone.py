"""What survives only here: works whose files or texts we have and that Pixiv no longer shows.

What was forgotten is no survivor, though a text may lie here until the trash is emptied.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.losses import IS_LOST
from pixmirror.catalogue.sql import column, listed, rows
from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.models import State


@dataclass(frozen=True, slots=True)
class Total:
    """Works of one state, with what of them is here: stored files and their bytes, novel texts among the bytes."""

    state: str
    works: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Survivor:
    """A work that is here and not live upstream. `since`: when its state moved, ms UTC."""

    key: int
    medium: str
    id: int
    title: str
    user_id: int | None
    artist: str
    state: str
    since: int | None
    evidence: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Leaver:
    """A user who is not there any more, with what of theirs survives here."""

    id: int
    name: str
    account: str
    state: str
    since: int | None
    works: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class OnlyHere:
    """`states` holds only states of which something is here; `newest` the moves of late first.

    `lost_here`: keys of works with files that were here, and that Pixiv has no more; those accepted are left out.
    """

    works: int
    files: int
    bytes: int
    states: tuple[Total, ...]
    lost_here: tuple[int, ...]
    newest: tuple[Survivor, ...]
    users: tuple[Leaver, ...]


# "state != 'live'" is the condition of the partial index; without its name SQLite reads all works in their order.
_LOST = f"""
SELECT w.work_key, w.state, w.user_id, w.state_at, count(m.id) AS files, coalesce(sum(m.size), 0) AS size
FROM work AS w INDEXED BY work_by_state
LEFT JOIN media AS m ON m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.state = 'stored'
WHERE w.state != 'live' AND w.user_id IS NOT NULL
  AND {not_forgotten_sql("w.work_key", "w.user_id")}
GROUP BY w.work_key"""
_TEXTS = """
SELECT t.work_key, sum(length(t.body)) FROM work AS w JOIN text_version AS t ON t.work_key = w.work_key
WHERE w.state != 'live' AND w.work_key & 1 GROUP BY t.work_key"""
_SHOWN = """
SELECT w.work_key AS key, w.medium, w.work_key >> 1 AS id, w.title, w.user_id, coalesce(u.name, '') AS artist,
  w.state, w.state_at AS since, coalesce(w.evidence, '') AS evidence
FROM work w LEFT JOIN user u ON u.id = w.user_id WHERE w.work_key IN (SELECT value FROM json_each(:keys))"""
_LOST_HERE = f"""
SELECT DISTINCT w.work_key FROM work AS w INDEXED BY work_by_state
CROSS JOIN media AS m ON m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.verified_at IS NULL AND {IS_LOST}
WHERE w.state != 'live' AND w.state IN {State.OVER} AND {not_forgotten_sql("w.work_key", "w.user_id")}
  AND (:user IS NULL OR w.user_id = :user)
ORDER BY w.work_key DESC"""
_LEAVERS = "SELECT id, name, account, state, state_at FROM user WHERE state != 'live'"


def only_here(conn: Connection, limit: int) -> OnlyHere:
    """Count all of it, and return the last `limit` works."""
    states: dict[str, list[int]] = {}
    users: dict[int, list[int]] = {}
    kept: list[tuple[int, int, int, int]] = []
    texts: dict[int, int] = dict(rows(conn, _TEXTS))
    for row in rows(conn, _LOST):
        if not row.files and row.work_key not in texts:
            continue
        size = row.size + texts.get(row.work_key, 0)
        kept.append((row.state_at or 0, row.work_key, row.files, size))
        for sums in (states.setdefault(row.state, [0, 0, 0]), users.setdefault(row.user_id, [0, 0, 0])):
            sums[0] += 1
            sums[1] += row.files
            sums[2] += size
    totals = tuple(Total(state, *sums) for state, sums in sorted(states.items()))
    return OnlyHere(
        works=sum(t.works for t in totals),
        files=sum(t.files for t in totals),
        bytes=sum(t.bytes for t in totals),
        states=totals,
        lost_here=lost_here(conn),
        newest=_newest(conn, heapq.nlargest(limit, kept, key=lambda one: one[:2])),
        users=_leavers(conn, users),
    )


def lost_here(conn: Connection, user_id: int | None = None) -> tuple[int, ...]:
    """Return the works, of one artist or of all, that `OnlyHere.lost_here` names."""
    return tuple(column(conn, _LOST_HERE, user=user_id))


def _newest(conn: Connection, kept: Sequence[tuple[int, int, int, int]]) -> tuple[Survivor, ...]:
    shown = {row.key: row for row in rows(conn, _SHOWN, keys=listed(key for _, key, _, _ in kept))}
    return tuple(Survivor(**shown[key]._asdict(), files=files, bytes=size) for _, key, files, size in kept)


def _leavers(conn: Connection, works: Mapping[int, Sequence[int]]) -> tuple[Leaver, ...]:
    """Return the users who left and of whom something is here, the last to leave first."""
    found = [Leaver(*row, *works[row.id]) for row in rows(conn, _LEAVERS) if row.id in works]
    return tuple(sorted(found, key=lambda u: (-(u.since or 0), u.id)))
