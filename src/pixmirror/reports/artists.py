"""Artists: all of them by their newest works, page by page; and one with former names, follow and coverage."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.sql import listed, row, rows, value
from pixmirror.reports import states
from pixmirror.reports.coverage import Coverage, coverage
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import visible

SHOWN = 60
NEWEST = 3
END = 2**62

# The newest work of each artist: one look into the index for every work that is passed over.
_PAGE = """
SELECT w.work_key, w.user_id, u.name, u.state FROM work w JOIN user u ON u.id = w.user_id
WHERE w.work_key < :below
  AND NOT EXISTS (SELECT 1 FROM work n WHERE n.user_id = w.user_id AND n.work_key > w.work_key)
ORDER BY w.work_key DESC LIMIT :most"""
_NEWEST = """
SELECT a.value AS user_id, w.work_key FROM json_each(:ids) a CROSS JOIN work w ON w.work_key IN
  (SELECT work_key FROM work WHERE user_id = a.value ORDER BY work_key DESC LIMIT :most)
ORDER BY w.work_key DESC"""
_ONE = "SELECT name, account, state FROM user WHERE id = :id AND EXISTS (SELECT 1 FROM work WHERE user_id = :id)"
_NAMES = """
SELECT text FROM search.name WHERE kind = 4 AND owner = :id AND text NOT IN (:name, :account)
ORDER BY id LIMIT 20"""
_FOLLOW = """
SELECT restrict, first_seen FROM follow
WHERE account_id IN (SELECT id FROM account) AND user_id = :id AND state = 'live'"""


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist in the list, with their newest works; `state` says what became of them, "" if nothing did."""

    id: int
    name: str
    state: str
    works: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Artists:
    """A page of artists; the next one begins below the work `after`, None at the end."""

    artists: tuple[Artist, ...]
    after: int | None
    usual: Defaults


@dataclass(frozen=True, slots=True)
class Follow:
    restrict: str
    since: int


@dataclass(frozen=True, slots=True)
class ArtistHead:
    """What stands above an artist's works. `coverage` is None where no job reads their lists."""

    id: int
    name: str
    state: str
    names: tuple[str, ...]
    follow: Follow | None
    coverage: Coverage | None


def artists(conn: Connection, below: int | None = None) -> Artists:
    """Return the artists whose newest works lie below a work."""
    found = rows(conn, _PAGE, below=END if below is None else below, most=SHOWN + 1)
    shown = found[:SHOWN]
    forgotten, usual = tombstones.people(conn, [r.user_id for r in shown]), defaults(conn)
    keys = [r.work_key for r in rows(conn, _NEWEST, ids=listed([r.user_id for r in shown]), most=NEWEST)]
    by_artist: dict[int | None, list[Tile]] = {}
    for tile in visible(conn, keys, usual):
        by_artist.setdefault(tile.user_id, []).append(tile)
    return Artists(
        tuple(
            Artist(r.user_id, r.name, states.of_user(r.state), tuple(by_artist.get(r.user_id, ())))
            for r in shown
            if r.user_id not in forgotten
        ),
        shown[-1].work_key if len(found) > SHOWN else None,
        usual,
    )


def artist(conn: Connection, user_id: int) -> ArtistHead | None:
    """Return what stands above the works of an artist; None of one of whom nothing is here."""
    found = row(conn, _ONE, id=user_id)
    if found is None or tombstones.people(conn, [user_id]):
        return None
    follow = row(conn, _FOLLOW, id=user_id)
    account = value(conn, "SELECT id FROM account LIMIT 1")
    covered = coverage(conn, account, user_id).artists if account is not None else ()
    return ArtistHead(
        user_id,
        found.name,
        states.of_user(found.state),
        tuple(r.text for r in rows(conn, _NAMES, id=user_id, name=found.name, account=found.account)),
        None if follow is None else Follow(follow.restrict, follow.first_seen),
        covered[0] if covered else None,
    )
