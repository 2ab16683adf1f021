"""Files that were stored once and are not now: `verify` found them missing or bad, and they are not back yet.

Such a row keeps the size and the sha256 of what was stored: a file with these bytes that lies in place again is
stored again, whatever its row says. `verified_at` of such a row is when the user accepted the loss; when verify
found it is kept beside the rows, for as many as are worth naming.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

from sqlalchemy import Connection

from pixmirror.catalogue import runs, tally
from pixmirror.catalogue.media import IN_TROUBLE, renew_sidecars
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import IDS, KEYS, changed, column, listed, made, rows, value
from pixmirror.models import State

COMING = ("wanted", "waiting", "fetching")
GIVEN_UP = ("gone", "failed", "damaged")

MOST_LISTED = 100_000
NOTED = "lost"  # meta key: when verify found what is lost, ms UTC, by the id of the file
MOST_NOTED = 1000
# Of a row of media m: it was stored once, and neither is nor was forgotten since.
IS_LOST = "m.state NOT IN ('stored', 'forgotten') AND m.sha256 IS NOT NULL AND m.path != ''"
_UNACCEPTED = "sha256 IS NOT NULL AND path != '' AND verified_at IS NULL"
_IS = "state = '{}'"
_COUNT = f"SELECT count(*) FROM media WHERE {{}} AND {_UNACCEPTED}"
_OF_WORK = "SELECT 1 FROM work w WHERE w.work_key = media.owner_id AND +media.owner_kind = 'work'"
_IS_OVER = f"EXISTS ({_OF_WORK} AND w.state IN {tuple(map(str, State.OVER))})"
_IS_LIVE = f"(is_current = 1 AND EXISTS ({_OF_WORK} AND w.state = 'live'))"
_GIVEN_UP = f"""
SELECT path, size, sha256, state, coalesce(error, '') FROM media WHERE {{}} AND {_UNACCEPTED}
ORDER BY path LIMIT :n"""
_BACK = f"""
UPDATE media SET state = 'stored', error = NULL, due_at = 0, attempts = 0, damaged_sha256 = NULL, stored_at = :now,
  verified_at = :now
WHERE id {IDS} AND state NOT IN ('stored', 'forgotten') AND sha256 IS NOT NULL AND path != '' RETURNING id, size"""
# The plus keeps SQLite from reading all rows in the order of their ids.
_LOST = """
SELECT id, path, coalesce(size, 0), sha256, coalesce(fetched_url, url) FROM media
WHERE {} AND sha256 IS NOT NULL AND path != '' AND +id > :after ORDER BY +id LIMIT :n"""
_NOTED = f"""
SELECT m.owner_id AS work_key, m.state, w.state AS at_pixiv FROM media m JOIN work w ON w.work_key = m.owner_id
WHERE m.id {IDS} AND +m.owner_kind = 'work' AND m.verified_at IS NULL AND {IS_LOST} ORDER BY m.owner_id"""
_ACCEPT = f"""
UPDATE media SET verified_at = :now
WHERE owner_kind = 'work' AND owner_id {KEYS} AND {_UNACCEPTED} AND state IN {(*COMING, *GIVEN_UP)}"""


@dataclass(frozen=True, slots=True)
class Lost:
    """A file as it was when it was stored; `size` in bytes."""

    media_id: int
    path: str
    size: int
    sha256: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A file that was stored and cannot be had any more; `error`: what was found, or how asking again ended."""

    path: str
    size: int | None
    sha256: str
    state: str
    error: str


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Count lost files: those still asked for, and those that Pixiv has no more and are not accepted as lost."""

    coming: int
    given_up: int


def outstanding(conn: Connection, among: Collection[int] | None = None) -> Outstanding:
    """Count them, all or of these ids."""
    of = "" if among is None else f" AND +media.id {IDS}"
    bound = {} if among is None else {"ids": listed(among)}
    given_up = value(conn, _COUNT.format(IN_TROUBLE) + of, **bound)
    coming = 0
    for state in COMING:
        all_of = value(conn, _COUNT.format(_IS.format(state)) + of, **bound)
        over = value(conn, f"{_COUNT.format(_IS.format(state))} AND {_IS_OVER}" + of, **bound)
        coming, given_up = coming + all_of - over, given_up + over
    return Outstanding(coming, given_up)


def lost_files(conn: Connection, after: int, limit: int, *, given_up: bool = False) -> list[Lost]:
    """Return the next lost files by id, accepted ones too. `given_up`: only those not asked for any more."""
    coming = () if given_up else (f"state = '{state}'" for state in COMING)
    found = [made(conn, Lost, _LOST.format(which), after=after, n=limit) for which in (IN_TROUBLE, *coming)]
    return sorted(chain.from_iterable(found), key=attrgetter("media_id"))[:limit]


def is_lost(conn: Connection, media_id: int) -> bool:
    """Return whether a file is lost still: it is neither back, nor forgotten meanwhile."""
    return value(conn, f"SELECT 1 FROM media m WHERE m.id = :id AND {IS_LOST}", id=media_id) is not None


def given_up(conn: Connection, limit: int) -> list[GivenUp]:
    """Return the files that Pixiv has no more and that are not accepted as lost, by path."""
    ways = (IN_TROUBLE, *(f"{_IS.format(state)} AND {_IS_OVER}" for state in COMING))
    found = [made(conn, GivenUp, _GIVEN_UP.format(way), n=limit) for way in ways]
    return sorted(chain.from_iterable(found), key=attrgetter("path"))[:limit]


def for_copies(conn: Connection, after: int, limit: int) -> list[Lost]:
    """Return the next lost files by id that a copy must bring back: all but those that Pixiv may still have."""
    ways = (IN_TROUBLE, *(f"{_IS.format(state)} AND NOT {_IS_LIVE}" for state in ("wanted", "waiting")))
    found = [made(conn, Lost, _LOST.format(way), after=after, n=limit) for way in ways]
    return sorted(chain.from_iterable(found), key=attrgetter("media_id"))[:limit]


def by_size(conn: Connection) -> dict[int, list[Lost]]:
    """Return all lost files by their size in bytes, to know a stray again."""
    found: dict[int, list[Lost]] = {}
    for way in (IN_TROUBLE, *map(_IS.format, COMING)):
        for one in made(conn, Lost, _LOST.format(way), after=0, n=MOST_LISTED):
            found.setdefault(one.size, []).append(one)
    return found


@dataclass(frozen=True, slots=True)
class Noted:
    """Lost files: how many Pixiv is asked for again, and the works of those that it has no more, a key each."""

    coming: int
    over: tuple[int, ...]


def note(conn: Connection, now: int) -> None:
    """Keep when each file was found lost; of very many only the first."""
    known = runs.get_json(conn, NOTED) or {}
    found = [str(one.media_id) for one in lost_files(conn, 0, MOST_NOTED)]
    if found or known:
        runs.set_json(conn, NOTED, {one: known.get(one, now) for one in found})


def found_at(conn: Connection) -> dict[int, int]:
    """Return when verify found files lost, by their ids."""
    return {int(one): at for one, at in (runs.get_json(conn, NOTED) or {}).items()}


def noted(conn: Connection) -> Noted:
    """Return what is lost still, and not accepted, of what verify found. Reads no more rows than were noted."""
    found = rows(conn, _NOTED, ids=listed(found_at(conn)))
    over = tuple(r.work_key for r in found if r.state in GIVEN_UP or r.at_pixiv in State.OVER)
    return Noted(sum(r.state in COMING and r.at_pixiv not in State.OVER for r in found), over)


def back(conn: Connection, ids: Iterable[int], now: int) -> int:
    """Mark files as stored that lie in place again with the very same bytes. Return how many rows moved."""
    moved = rows(conn, _BACK, ids=listed(ids), now=now)
    tally.stored(conn, len(moved), sum(r.size or 0 for r in moved))
    renew_sidecars(conn, [r.id for r in moved])
    return len(moved)


def accept(conn: Connection, ref: Ref, now: int) -> int:
    """Accept, for the user, that files of a work or of all works of an artist are lost. Return how many."""
    if ref.work_key is not None:
        keys: Sequence[int] = (ref.work_key,)
    else:
        keys = column(conn, "SELECT work_key FROM work WHERE user_id = :user", user=ref.id)
    return changed(conn, _ACCEPT, keys=listed(keys), now=now)
