"""How complete the mirror is of bookmarks and rankings: what the lists showed, what is here, why not the rest.

A bookmark list is that of one restrict, illusts and novels together. A ranking day is one ranking of one medium,
mode and day that a job asks for, down to the job's rank.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection

from pixmirror.catalogue.sql import rows
from pixmirror.catalogue.words import plain
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.ingest.broken import unread_works
from pixmirror.ingest.ranking import DENIALS, READ, RankingDay
from pixmirror.models import Medium, State
from pixmirror.reports.coverage_sql import HOLES_AND_STONES, IS_HERE, REASON

BY_CHOICE = ("refused", "forgotten")  # not holes: the user wants it so
Standing: TypeAlias = Literal["read", "part", "unread", "none"]

_JUDGED = f"""
placed AS (
  SELECT l.*, w.medium, w.state, w.evidence, w.user_id IS NOT NULL AND w.evidence IS NOT 'legacy' AS whole,
    iif(w.state IN {State.OVER}, 'over', 'upstream') AS place
  FROM listed l LEFT JOIN work w ON w.work_key = l.work_key
),
judged AS (
  SELECT p.*, {REASON} AS reason,
    place = 'over' AND {IS_HERE} AS kept
  FROM placed p LEFT JOIN hole h ON h.work_key = p.work_key
)"""
_COUNTS = "place, reason, kept, count(*) AS works FROM judged GROUP BY"
_BOOKMARKS = f"""
WITH {HOLES_AND_STONES}listed AS (
  SELECT work_key, restrict FROM bookmark WHERE account_id = :account AND state = 'live'
), {_JUDGED}
SELECT restrict, {_COUNTS} restrict, place, reason, kept"""
_RANKINGS = f"""
WITH {HOLES_AND_STONES}wish AS MATERIALIZED (
  SELECT json_extract(value, '$[0]') AS kind, json_extract(value, '$[1]') AS mode,
    json_extract(value, '$[2]') AS date, CAST(json_extract(value, '$[3]') AS INTEGER) AS top
  FROM json_each(:days)
),
listed AS (
  SELECT DISTINCT r.work_key, d.kind, d.mode, d.date FROM wish d JOIN ranking r
    ON r.account_id = :account AND r.medium = d.kind AND r.mode = d.mode AND r.date = d.date AND r.rank <= d.top
), {_JUDGED}
SELECT kind, mode, date, {_COUNTS} kind, mode, date, place, reason, kept"""
# Lists of bookmarks that these jobs want: when all of each restrict was last read whole.
_LISTS = """
SELECT json_extract(f.params, '$.restrict') AS restrict, iif(count(*) = count(f.full_at), min(f.full_at), NULL)
  AS checked_at, max(json_extract(f.marks, '$.cut.why')) AS cut
FROM feed f WHERE f.account_id = :account AND f.endpoint LIKE 'user/bookmarks/%'
  AND EXISTS (SELECT 1 FROM feed_job j WHERE j.feed_id = f.id
    AND j.job IN (SELECT value FROM json_each(:jobs))) GROUP BY 1 ORDER BY 1 DESC"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What a list showed. Numbers are of works.

    `total` are at Pixiv, `complete` those of them that are whole here, `missing` the others by reason; `kept` are
    no longer at Pixiv and here, `lost` neither there nor here.
    """

    total: int = 0
    complete: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    kept: int = 0
    lost: int = 0

    @property
    def holes(self) -> int:
        """How many works are missing against the user's will."""
        return self.total - self.complete - sum(self.missing.get(reason, 0) for reason in BY_CHOICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookmarkList(_Listed):
    """The bookmarks of one restrict. `checked_at`: when they were last read whole, None before that.

    `unread`: bookmarks, of any restrict, that could not be read. `cut`: why a list ends before its end.
    """

    restrict: str
    checked_at: int | None
    unread: int = 0
    cut: str | None = None

    @property
    def is_complete(self) -> bool:
        return self.checked_at is not None and not self.holes and not self.unread and self.cut is None

    def as_dict(self) -> dict[str, Any]:
        """Return what `coverage --json` prints for each list of bookmarks."""
        shown: dict[str, Any] = plain(self)
        return shown | {"holes": self.holes, "is_complete": self.is_complete}


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingProof(_Listed):
    """The ranking of one day, down to `top`.

    `standing`: `read` so deep, or to its end; `part`: less deep, or a reading was cut; `unread`: not yet; `none`:
    Pixiv has no such ranking. `read_at`: when it was read last.
    """

    medium: Medium
    mode: str
    date: str
    top: int
    standing: Standing
    read_at: int | None

    @property
    def is_complete(self) -> bool:
        return self.standing == "none" or (self.standing == "read" and not self.holes)

    def as_dict(self) -> dict[str, Any]:
        """Return what `coverage --json` prints for each ranking day."""
        shown: dict[str, Any] = plain(self)
        return shown | {"holes": self.holes, "is_complete": self.is_complete}


def bookmark_lists(conn: Connection, account_id: int, jobs: Iterable[str]) -> tuple[BookmarkList, ...]:
    """Return the proof for each restrict whose bookmarks one of these jobs reads, public ones first."""
    lists = rows(conn, _LISTS, account=account_id, jobs=json.dumps(list(jobs)))
    if not lists:
        return ()
    unread = sum("user/bookmarks" in work.endpoint for work in unread_works(conn, 0))
    sums: dict[str, list[Any]] = {}
    for counted in rows(conn, _BOOKMARKS, account=account_id):
        sums.setdefault(counted.restrict, []).append(counted)
    return tuple(
        BookmarkList(
            restrict=one.restrict, checked_at=one.checked_at, unread=unread, cut=one.cut,
            **_summed(sums.get(one.restrict, ())),
        )
        for one in lists
    )  # fmt: skip


def ranking_days(conn: Connection, account_id: int, jobs: Iterable[Any], now: int) -> tuple[RankingProof, ...]:
    """Return the proof for each ranking day that these jobs ask for, the newest first.

    `jobs`: enabled jobs, as configured; those of other kinds ask for none.
    """
    tops: dict[tuple[Medium, str, str], int] = {}
    known: dict[tuple[Medium, str], dict[str, RankingDay]] = {}
    for job in jobs:
        for medium, mode in job.rankings:
            if (medium, mode) not in known:
                known[medium, mode] = ingest_ranking.ranking_days(conn, account_id, medium, mode)
            for day in _days(job, known[medium, mode], now):
                tops[medium, mode, day] = max(job.top, tops.get((medium, mode, day), 0))
    if not tops:
        return ()
    sums: dict[tuple[str, str, str], list[Any]] = {}
    wanted = json.dumps([[*place, top] for place, top in tops.items()])
    for counted in rows(conn, _RANKINGS, account=account_id, days=wanted):
        sums.setdefault((counted.kind, counted.mode, counted.date), []).append(counted)
    found = [
        RankingProof(
            medium=medium, mode=mode, date=day, top=top, **_reading(known[medium, mode].get(day), top),
            **_summed(sums.get((medium, mode, day), ())),
        )
        for (medium, mode, day), top in tops.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.date, reverse=True))


def _days(job: Any, known: Mapping[str, RankingDay], now: int) -> set[str]:
    """Return the days that a job asks for. Without `since` it asked for the newest one each time it ran."""
    days = {day.isoformat() for day in ingest_ranking.dates(job.since, job.until, now)}
    return days if job.since is not None else days | known.keys()


def _reading(known: RankingDay | None, top: int) -> dict[str, Any]:
    if known is None:
        return {"standing": "unread", "read_at": None}
    standing: Standing = "part"
    if known.denied:
        standing = "none" if known.denied >= DENIALS else "unread"
    elif known.state in READ and (known.whole or known.depth >= top):
        standing = "read"
    return {"standing": standing, "read_at": known.read_at}


def _summed(sums: Sequence[Any]) -> dict[str, Any]:
    upstream = [row for row in sums if row.place == "upstream"]
    over = [row for row in sums if row.place == "over"]
    return {
        "total": sum(row.works for row in upstream),
        "complete": sum(row.works for row in upstream if row.reason is None),
        "missing": {row.reason: row.works for row in upstream if row.reason is not None},
        "kept": sum(row.works for row in over if row.kept),
        "lost": sum(row.works for row in over if not row.kept),
    }
