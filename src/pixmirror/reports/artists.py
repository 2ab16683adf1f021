"""Artists: all of them by their newest works, page by page; and one with former names, follow and coverage."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import tombstones
from pixmirror.catalogue.search import rows as from_catalogue
from pixmirror.catalogue.sql import listed, row, rows, value
from pixmirror.reports import states
from pixmirror.reports.coverage import Coverage, coverage
from pixmirror.reports.filters import Defaults
from pixmirror.reports.grid import defaults
from pixmirror.reports.selection import is_ready
from pixmirror.reports.tiles import Tile
from pixmirror.reports.visible import hidden_flags, visible

SHOWN = 60
NEWEST = 3
END = (2**62, 2**62)

_PAGE = """
SELECT a.user_id, a.posted, u.name, u.state FROM {artist} a CROSS JOIN user u ON u.id = a.user_id
WHERE (a.posted, a.user_id) < (:posted, :user) ORDER BY a.posted DESC, a.user_id DESC LIMIT :most"""
# Where search.db does not stand ready: all works are gone through.
_COUNTED = f"(SELECT user_id, max(coalesce(posted, 0)) AS posted FROM ({from_catalogue.GRID}) GROUP BY user_id)"
_NEWEST = """
SELECT a.value AS user_id, g.work_key FROM json_each(:ids) a CROSS JOIN {grid} g ON g.work_key IN
  (SELECT work_key FROM {grid} WHERE user_id = a.value AND flags & :hidden = 0
   ORDER BY month DESC, posted DESC, work_key DESC LIMIT :most)
ORDER BY g.posted DESC, g.work_key DESC"""
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
    """A page of artists; the next one begins after `after`: when the newest work was posted, and whose it is.

    None at the end.
    """

    artists: tuple[Artist, ...]
    after: tuple[int, int] | None
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


def artists(conn: Connection, after: tuple[int, int] | None = None) -> Artists:
    """Return artists by their newest works, from a place on; without those of whom all is hidden."""
    ready, usual = is_ready(conn), defaults(conn)
    posted, user_id = after or END
    page = _PAGE.format(artist="search.artist" if ready else _COUNTED)
    found = rows(conn, page, posted=posted, user=user_id, most=SHOWN + 1)
    shown = found[:SHOWN]
    ids, hidden = [r.user_id for r in shown], hidden_flags(usual)
    forgotten = tombstones.people(conn, ids)
    newest = _NEWEST.format(grid="search.grid" if ready else f"({from_catalogue.GRID})")
    keys = [r.work_key for r in rows(conn, newest, ids=listed(ids), hidden=hidden, most=NEWEST)]
    by_artist: dict[int | None, list[Tile]] = {}
    for tile in visible(conn, keys, usual):
        by_artist.setdefault(tile.user_id, []).append(tile)
    return Artists(
        tuple(
            Artist(r.user_id, r.name, states.of_user(r.state), tuple(by_artist.get(r.user_id, ())))
            for r in shown
            if r.user_id not in forgotten and (r.user_id in by_artist or not hidden)
        ),
        (shown[-1].posted, shown[-1].user_id) if len(found) > SHOWN else None,
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
