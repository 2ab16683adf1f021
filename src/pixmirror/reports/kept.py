"""What only a scan can count, kept with the time at which it was counted: `status` never scans a large mirror.

The upkeep of a running pixmirror and the end of a sync count anew, when something came in since.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.sql import row, value
from pixmirror.clock import DAY_MS
from pixmirror.reports import coverage, gone

KEPT, WHOLE = "kept_counts", "whole_at"  # meta keys; the second: when nothing was left to do for the first time
SOON_MS = 30 * 60_000
SHARE = 500  # so many times what the last count took passes before the next


@dataclass(frozen=True, slots=True)
class Share:
    """`whole` of `all` are complete."""

    whole: int = 0
    all: int = 0

    @property
    def left(self) -> int:
        return self.all - self.whole


@dataclass(frozen=True, slots=True)
class Totals:
    """How many of each the catalogue holds: `artists` are users with works, `bookmarks` those not gone."""

    artists: int = 0
    users: int = 0
    tags: int = 0
    comments: int = 0
    bookmarks: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The counts as of `at` (ms UTC).

    `artists`: those whose lists are walked. `missing`: works of theirs that are at Pixiv and not here, against the
    user's will. `survivors`: works with files here that Pixiv no longer shows. `mark` tells whether much has
    happened since, `took_ms` what counting cost.
    """

    at: int
    artists: Share = Share()
    bookmark_lists: Share = Share()
    ranking_days: Share = Share()
    missing: int = 0
    survivors: int = 0
    totals: Totals = Totals()
    mark: str = ""
    took_ms: int = field(default=0, compare=False)

    @property
    def is_whole(self) -> bool:
        """Return whether all that is asked for was here, as far as any list tells."""
        return not (self.artists.left or self.bookmark_lists.left or self.ranking_days.left or self.missing)


def count(conn: Connection, account_id: int, now: int) -> Kept:
    """Count all of it. It reads every work once: seconds where there are a million."""
    began = time.perf_counter()
    found = coverage.coverage(conn, account_id)
    return Kept(
        at=now,
        artists=Share(sum(one.percent == 100 for one in found.artists), len(found.artists)),
        bookmark_lists=bookmark_lists(conn, account_id),
        ranking_days=ranking_days(conn, account_id),
        missing=found.total.holes,
        survivors=gone.only_here(conn, 0).works,
        totals=totals(conn),
        mark=_mark(conn),
        took_ms=round((time.perf_counter() - began) * 1000),
    )


def bookmark_lists(conn: Connection, account_id: int) -> Share:
    """Count the lists of the account's own bookmarks, and those of them that were read to the end and whole."""
    sql = """
    SELECT count(*) AS lists, coalesce(sum(full_at IS NOT NULL AND json_extract(marks, '$.cut') IS NULL
      AND NOT EXISTS (SELECT 1 FROM gap WHERE gap.feed_id = feed.id)), 0) AS whole
    FROM feed WHERE account_id = :account AND endpoint LIKE 'user/bookmarks/%'
      AND EXISTS (SELECT 1 FROM feed_job WHERE feed_job.feed_id = feed.id)"""
    found = row(conn, sql, account=account_id)
    return Share(found.whole, found.lists)


def ranking_days(conn: Connection, account_id: int) -> Share:
    """Count the days of which rankings are asked for, and those of which all were read."""
    sql = """
    SELECT count(*) AS days, coalesce(sum(whole), 0) AS whole FROM (
      SELECT date, min(read) AS whole FROM (
        SELECT medium, mode, date, max(state != 'reading') AS read FROM ranking_day
        WHERE account_id = :account GROUP BY medium, mode, date)
      GROUP BY date)"""
    found = row(conn, sql, account=account_id)
    return Share(found.whole, found.days)


def totals(conn: Connection) -> Totals:
    """Count what the catalogue holds."""
    sql = """
    SELECT (SELECT count(DISTINCT user_id) FROM work) AS artists, (SELECT count(*) FROM user) AS users,
      (SELECT count(*) FROM tag) AS tags, (SELECT count(*) FROM comment) AS comments,
      (SELECT count(*) FROM bookmark WHERE state != 'gone') AS bookmarks"""
    return Totals(**row(conn, sql)._mapping)


def save(conn: Connection, kept: Kept) -> None:
    """Keep the counts, in the place of the last ones, and when nothing was left for the first time."""
    shares = {name: [one.whole, one.all] for name in _SHARES if (one := getattr(kept, name))}
    plain = {name: getattr(kept, name) for name in ("at", "missing", "survivors", "mark", "took_ms")}
    figures = {name: getattr(kept.totals, name) for name in Totals.__slots__}
    runs.set_json(conn, KEPT, plain | shares | {"totals": figures})
    if kept.mark.endswith(":0:0") and runs.get_meta(conn, WHOLE) is None:
        runs.set_meta(conn, WHOLE, str(kept.at))


def was_whole(conn: Connection) -> bool:
    """Return whether once nothing was left to read and to fetch: the first mirror was made."""
    return runs.get_meta(conn, WHOLE) is not None


_SHARES = ("artists", "bookmark_lists", "ranking_days")


def known(conn: Connection) -> Kept | None:
    """Return the counts that are kept; None before the first, or where an older version kept others."""
    found: Any = runs.get_json(conn, KEPT)
    try:
        shares = {name: Share(*found.pop(name)) for name in _SHARES}
        return Kept(**found | shares | {"totals": Totals(**found["totals"])})
    except (AttributeError, KeyError, TypeError):
        return None


def is_due(conn: Connection, now: int, every_ms: int = SOON_MS) -> bool:
    """Return whether to count anew: something happened since, the last count is `every_ms` old, and it was cheap.

    When nothing is left to be fetched any more it is due at once.
    """
    last = known(conn)
    if last is None:
        return True
    age = now - last.at
    if 0 <= age < last.took_ms * SHARE:
        return False
    if not 0 <= age < DAY_MS:
        return True
    mark = _mark(conn)
    ended = mark.endswith(":0") and not last.mark.endswith(":0")
    return mark != last.mark and (ended or age >= every_ms)


def _mark(conn: Connection) -> str:
    """Return what moves with what comes in, and at last whether files are left to fetch."""
    kept = [runs.get_meta(conn, key) for key in ("change_seq", "stored_files")]
    lists = row(conn, "SELECT count(full_at), count(*) FROM feed")
    gaps = value(conn, "SELECT count(*) FROM gap")
    left = value(conn, "SELECT EXISTS (SELECT 1 FROM media WHERE state = 'wanted')")
    return ":".join(map(str, (*kept, *lists, gaps, left)))
