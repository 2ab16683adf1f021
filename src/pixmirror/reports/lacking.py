"""What of one artist is not whole here, work by work, as the page of the proof lists it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import runs, tombstones
from pixmirror.reports.completeness import WORDS, why_not_all
from pixmirror.reports.coverage import Coverage, Missing, coverage, missing
from pixmirror.reports.gone import lost_here
from pixmirror.reports.grid import defaults
from pixmirror.reports.tiles import Tile
from pixmirror.reports.vanished import shown_keys
from pixmirror.reports.visible import visible

MOST = 500


@dataclass(frozen=True, slots=True)
class Lacking:
    """An artist's proof; the works by reason, at most 500 together, without those that may not be named.

    `hidden`: how many of these there are; `lost`: works with files that were here, and that Pixiv has no more.
    """

    artist: Coverage
    why: tuple[str, ...]
    works: Mapping[str, tuple[Missing, ...]]
    more: int
    hidden: int
    lost: tuple[Tile, ...]


def lacking(conn: Connection, user_id: int, has_web: bool) -> Lacking | None:
    """Return what is not whole here of an artist; None of one whom no job reads, or who was forgotten."""
    account = runs.account_id(conn) or 0
    found = coverage(conn, account, user_id).artists
    if not found or tombstones.people(conn, [user_id]):
        return None
    works = [one for one in missing(conn, account, user_id, has_web) if one.reason != "forgotten"]
    may = shown_keys(conn, [one.ref.work_key for one in works if one.ref.work_key is not None])
    named = [one for one in works if one.ref.work_key is None or one.ref.work_key in may]
    by_reason: dict[str, tuple[Missing, ...]] = {}
    for one in named[:MOST]:
        by_reason[one.reason] = (*by_reason.get(one.reason, ()), one)
    ordered = {reason: by_reason[reason] for reason in WORDS if reason in by_reason}
    lost = visible(conn, lost_here(conn, user_id)[:MOST], defaults(conn))
    more, hidden = max(0, len(named) - MOST), len(works) - len(named)
    return Lacking(found[0], tuple(why_not_all(found[0])), ordered, more, hidden, lost)
