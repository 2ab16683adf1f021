"""The bookmarks beside the grid: own tags as folders, and those whose works are not here, each with its state."""

from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.refs import Ref
from pixmirror.catalogue.sql import row, rows, value
from pixmirror.catalogue.tombstones import not_forgotten_sql
from pixmirror.models import Restrict
from pixmirror.reports import states
from pixmirror.reports.filters import Defaults, Filters
from pixmirror.reports.selection import select

SHOWN = 60
END = 2**62  # above every place

_OWN_TAGS = """
SELECT o.name, count(*) AS works FROM (SELECT g.work_key {shown}) s
JOIN bookmark_work_tag o ON o.account_id = :account AND o.work_key = s.work_key
GROUP BY o.name ORDER BY works DESC, o.name LIMIT 200"""
# A work of which only an id is known: it is in no grid (catalogue/search/rows.py).
_LACKING = f"""
FROM (SELECT w.work_key, w.state, w.state_at, b.restrict, b.first_seen,
    coalesce(b.bookmark_id, b.below, 0) AS place
  FROM work w CROSS JOIN bookmark b ON b.account_id = :account AND b.work_key = w.work_key AND b.state != 'gone'
  WHERE w.user_id IS NULL AND w.title = '' AND {not_forgotten_sql("w.work_key")})"""
_PAGE = f"""
SELECT * {_LACKING} WHERE place < :place OR (place = :place AND work_key < :key)
ORDER BY place DESC, work_key DESC LIMIT :most"""
_PLACE = f"SELECT place {_LACKING} WHERE work_key = :key"


@dataclass(frozen=True, slots=True)
class OwnTag:
    """`works`: how many of the bookmarks that are shown have it."""

    name: str
    works: int


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands above the bookmarks. `lacking`: of how many the works are not here."""

    own_tags: tuple[OwnTag, ...]
    lacking: int


@dataclass(frozen=True, slots=True)
class Lacking:
    """A bookmark whose work is not here. `why` says so in words; `since`: when it was seen first."""

    ref: Ref
    why: str
    restrict: Restrict
    since: int


@dataclass(frozen=True, slots=True)
class LackingPage:
    """`after` is the key after which the next page begins, None at the end."""

    bookmarks: tuple[Lacking, ...]
    total: int
    after: int | None


def beside(conn: Connection, usual: Defaults) -> Beside:
    """Return what stands above the bookmarks."""
    shown = select(conn, Filters(rating=usual.rating, ai=usual.ai, order="bookmarked"))
    found = rows(conn, _OWN_TAGS.format(shown=shown.sql()), **shown.bound())
    return Beside(tuple(OwnTag(r.name, r.works) for r in found), _count(conn))


def lacking(conn: Connection, after: int | None, has_web: bool) -> LackingPage:
    """Return the bookmarks whose works are not here, the last one first, from below a work on."""
    account = runs.account_id(conn)
    last = None if after is None else row(conn, _PLACE, account=account, key=after)  # None, too, where it came in
    below = {"place": END, "key": END} if last is None else {"place": last.place, "key": after}
    found = rows(conn, _PAGE, account=account, **below, most=SHOWN + 1)
    shown = tuple(
        Lacking(Ref.of_work(r.work_key), states.of_stub(r.state, has_web=has_web), r.restrict, r.first_seen)
        for r in found[:SHOWN]
    )
    return LackingPage(shown, _count(conn), found[SHOWN - 1].work_key if len(found) > SHOWN else None)


def _count(conn: Connection) -> int:
    found: int = value(conn, f"SELECT count(*) {_LACKING}", account=runs.account_id(conn))
    return found
