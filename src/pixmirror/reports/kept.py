"""What only a scan can count, kept with the time at which it was counted: `status` never scans a large mirror.

The upkeep of a running pixmirror and the end of a sync count anew, when something came in since.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.sql import row, value
from pixmirror.catalogue.words import iso, plain
from pixmirror.clock import DAY_MS
from pixmirror.reports import completeness, proof
from pixmirror.reports.completeness import Counts
from pixmirror.reports.proof import Proof

KEPT, WHOLE = "kept_counts", "whole_at"  # meta keys; the second: when nothing was left to do for the first time
SOON_MS = 30 * 60_000
SHARE = 500  # so many times what the last count took passes before the next


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
class Kept:
    """The counts as of `at` (ms UTC). `mark` moves with what comes in; `took_ms` is what counting cost."""

    at: int
    complete: Counts
    totals: Totals = Totals()
    growth: Growth = Growth()
    mark: str = ""
    took_ms: int = field(default=0, compare=False)
    proof: Proof | None = field(default=None, compare=False)  # kept apart: `status` does not read it

    def as_dict(self) -> dict[str, Any]:
        """Return what `status --json` has of it."""
        return {"at": iso(self.at), "complete": plain(self.complete), "totals": plain(self.totals)}


def count(conn: Connection, account_id: int, jobs: Sequence[Any], now: int) -> Kept:
    """Count all of it, for the enabled jobs as configured. It reads every work: seconds for a million."""
    began = time.perf_counter()
    complete = completeness.completeness(conn, account_id, jobs, now)
    found = totals(conn)
    took_ms = round((time.perf_counter() - began) * 1000)
    proven = proof.proof_of(complete, now)
    return Kept(now, complete.counts, found, mark=_mark(conn), took_ms=took_ms, proof=proven)


def totals(conn: Connection) -> Totals:
    """Count what the catalogue holds."""
    sql = """
    SELECT (SELECT count(DISTINCT user_id) FROM work) AS artists, (SELECT count(*) FROM user) AS users,
      (SELECT count(*) FROM tag) AS tags, (SELECT count(*) FROM comment) AS comments,
      (SELECT count(*) FROM bookmark WHERE state != 'gone') AS bookmarks"""
    return Totals(**row(conn, sql)._mapping)


def save(conn: Connection, kept: Kept) -> None:
    """Keep the counts, in the place of the last ones."""
    if kept.proof is not None:
        proof.save(conn, kept.proof)
    runs.set_json(conn, KEPT, asdict(replace(kept, proof=None)))


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
    mark = _mark(conn)
    ended = mark.endswith(":0") and not last.mark.endswith(":0")
    return mark != last.mark and (ended or age >= every_ms)


def _mark(conn: Connection) -> str:
    """Return what moves with what comes in, and at last whether files are left to fetch."""
    kept = [runs.get_meta(conn, key) for key in ("change_seq", "stored_files")]
    lists = row(conn, "SELECT count(full_at), count(*) FROM feed")
    ran = value(conn, "SELECT count(last_done_at) FROM job")
    rankings = value(conn, "SELECT count(*) FROM ranking_day")  # of works that are known already
    changes = value(conn, "SELECT max(id) FROM state_change")
    gaps = value(conn, "SELECT count(*) FROM gap")
    left = value(conn, "SELECT EXISTS (SELECT 1 FROM media WHERE state = 'wanted')")
    return ":".join(map(str, (*kept, *lists, ran, rankings, changes, gaps, left)))
