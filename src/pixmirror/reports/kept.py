"""What only a scan can count, kept with the time at which it was counted: `status` never scans a large mirror.

The upkeep of a running pixmirror and the end of a sync count anew, when something came in since.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.sql import row, value
from pixmirror.catalogue.words import iso, many, plain
from pixmirror.clock import DAY_MS
from pixmirror.reports.moments import between

KEPT, WHOLE = "kept_counts", "whole_at"  # meta keys; the second: when nothing was left to do for the first time
SOON_MS = 30 * 60_000
LINE = "estimate_line"  # meta key: what `estimate.keep` told in words
MONTH = 30  # days of growth that a forecast needs
MANY_DAYS = 36_500
SHARE = 500  # so many times what the last count took passes before the next


@dataclass(frozen=True, slots=True)
class Counts:
    """How many artists, lists of bookmarks and ranking days there are, and how many of them are complete.

    `kept`: works that are here and no longer at Pixiv. `as_of`: since when nothing newer was looked for; None
    while some job has never ended a run.
    """

    artists: int
    artists_complete: int
    bookmark_lists: int
    bookmark_lists_complete: int
    ranking_days: int
    ranking_days_complete: int
    kept: int
    as_of: int | None

    @property
    def is_complete(self) -> bool:
        whole = (self.artists_complete, self.bookmark_lists_complete, self.ranking_days_complete)
        return whole == (self.artists, self.bookmark_lists, self.ranking_days)


@dataclass(frozen=True, slots=True)
class Totals:
    """How many of each the catalogue holds: `artists` are users with works, `bookmarks` those not gone."""

    artists: int = 0
    users: int = 0
    tags: int = 0
    comments: int = 0
    bookmarks: int = 0


@dataclass(frozen=True, slots=True)
class Growth:
    """How many bytes a day come to the disk, and of how many days that is known."""

    per_day: float = 0.0
    history: int = 0


@dataclass(frozen=True, slots=True)
class Disk:
    """When the disk is full. `days`: None where it grows by nothing; `history`: days of growth that are known."""

    room: int
    per_day: float
    days: float | None
    history: int
    holds_all: bool  # all that is to come now has room

    def text(self) -> str:
        """Say for how long the disk is enough."""
        if self.room <= 0:
            return "no room for more files"
        if not self.holds_all:
            return "not enough for what is still to come"
        if self.days is None:
            return "enough for all that is asked for"
        if self.days > MANY_DAYS:
            return "enough for more than 100 years"
        lasts = f"enough for {between(self.days * 86400, self.days * 86400)}"
        if self.history >= MONTH:
            return lasts
        known = many(self.history, "day") if self.history else "less than a day"
        return f"{lasts}, by {known} of history (30 days tell more)"


@dataclass(frozen=True, slots=True)
class Kept:
    """The counts as of `at` (ms UTC). `mark` moves with what comes in; `took_ms` is what counting cost."""

    at: int
    complete: Counts
    totals: Totals = Totals()
    growth: Growth = Growth()
    mark: str = ""
    took_ms: int = field(default=0, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Return what `status --json` has of it."""
        return {"at": iso(self.at), "complete": plain(self.complete), "totals": plain(self.totals)}


def parts_of(counts: Counts) -> list[str]:
    """Say how much of each promise is complete: 309 of 312 artists, both bookmark lists, 40 of 41 ranking days."""
    found = []
    if counts.artists:
        found.append(_of(counts.artists_complete, counts.artists, "artist"))
    if counts.bookmark_lists:
        both = (counts.bookmark_lists_complete, counts.bookmark_lists) == (2, 2)
        said = _of(counts.bookmark_lists_complete, counts.bookmark_lists, "bookmark list")
        found.append("both bookmark lists" if both else said)
    if counts.ranking_days:
        found.append(_of(counts.ranking_days_complete, counts.ranking_days, "ranking day"))
    return found


def _of(complete: int, total: int, noun: str) -> str:
    if complete == total:
        return f"the one {noun}" if total == 1 else f"all {total:,} {noun}s"
    return f"{complete:,} of {many(total, noun)}"


def totals(conn: Connection) -> Totals:
    """Count what the catalogue holds."""
    sql = """
    SELECT (SELECT count(DISTINCT user_id) FROM work) AS artists, (SELECT count(*) FROM user) AS users,
      (SELECT count(*) FROM tag) AS tags, (SELECT count(*) FROM comment) AS comments,
      (SELECT count(*) FROM bookmark WHERE state != 'gone') AS bookmarks"""
    return Totals(**row(conn, sql)._asdict())


def save(conn: Connection, kept: Kept) -> None:
    """Keep the counts, in the place of the last ones."""
    runs.set_json(conn, KEPT, asdict(kept))


def note_whole(conn: Connection, now: int) -> None:
    """Note that nothing is left to read and to fetch; only the first time counts."""
    if not was_whole(conn):
        runs.set_meta(conn, WHOLE, str(now))


def was_whole(conn: Connection) -> bool:
    """Return whether once nothing was left to read and to fetch: the first mirror was made."""
    return runs.get_meta(conn, WHOLE) is not None


def known(conn: Connection) -> Kept | None:
    """Return the counts that are kept; None before the first, or where an older version kept others."""
    found: Any = runs.get_json(conn, KEPT)
    try:
        nested: dict[str, Any] = {"complete": Counts(**found["complete"]), "totals": Totals(**found["totals"])}
        nested["growth"] = Growth(**found["growth"])
        return Kept(**found | nested)
    except (KeyError, TypeError):
        return None


def kept_line(conn: Connection) -> tuple[str, str]:
    """Return how far the process that works said it is, in one line, and how long it still takes."""
    found = runs.get_json(conn, LINE) or {}
    return str(found.get("line", "")), str(found.get("how_long", ""))


def is_due(conn: Connection, now: int, every_ms: int = SOON_MS) -> bool:
    """Return whether to count anew: something happened since, the last count is `every_ms` old, and it was cheap.

    When nothing is left to be fetched any more it is due at once. With `every_ms` 0 its cost does not matter.
    """
    last = known(conn)
    if last is None:
        return True
    age = now - last.at
    if every_ms and 0 <= age < last.took_ms * SHARE:
        return False
    if not 0 <= age < DAY_MS:
        return True
    moved = mark(conn)
    ended = moved.endswith(":0") and not last.mark.endswith(":0")
    return moved != last.mark and (ended or age >= every_ms)


def mark(conn: Connection) -> str:
    """Return what moves with what comes in, and at last whether files are left to fetch."""
    kept = [runs.get_meta(conn, key) for key in ("change_seq", "stored_files")]
    lists = row(conn, "SELECT count(full_at), count(*) FROM feed")
    ran = value(conn, "SELECT count(last_done_at) FROM job")
    rankings = value(conn, "SELECT count(*) FROM ranking_day")  # of works that are known already
    changes = value(conn, "SELECT max(id) FROM state_change")
    gaps = value(conn, "SELECT count(*) FROM gap")
    left = value(conn, "SELECT EXISTS (SELECT 1 FROM media WHERE state = 'wanted')")
    return ":".join(map(str, (*kept, *lists, ran, rankings, changes, gaps, left)))
