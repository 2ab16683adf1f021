"""What the jobs did: their runs, and what they brought day by day."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue.runs import Run
from pixmirror.catalogue.sql import rows
from pixmirror.clock import DAY_MS
from pixmirror.models import from_ms

DAYS = 14
_RUNS = """
SELECT id, job, kind, started_at, ended_at, outcome, new, seen, requests, error, runs, failed,
  interrupted, took_ms
FROM run
WHERE (:job IS NULL OR job = :job) AND (:before = 0 OR id < :before) ORDER BY id DESC LIMIT :most"""
_BARS = """
SELECT job, CAST((started_at - :since) / 86400000 AS INT) AS day, sum(new) AS new,
  sum(outcome = 'failed') AS failed
FROM run WHERE started_at >= :since GROUP BY job, day"""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of a job: how many new works it brought; `failed` where a run failed."""

    new: int
    failed: bool


def runs_of(conn: Connection, job: str | None, before: int, most: int) -> Sequence[Run]:
    """Return runs of a job, or of all, the newest first; `before` is the id of a run, 0 for the newest."""
    return [Run(*found) for found in rows(conn, _RUNS, job=job, before=before, most=most)]


def bars(conn: Connection, now: int) -> dict[str, list[Bar]]:
    """Return what each job brought on each of the last days, the oldest first."""
    today = from_ms(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    since = round(today.timestamp() * 1000) - (DAYS - 1) * DAY_MS
    found: dict[str, list[Bar]] = {}
    for one in rows(conn, _BARS, since=since):
        days = found.setdefault(one.job, [Bar(0, False)] * DAYS)
        if 0 <= one.day < DAYS:
            days[one.day] = Bar(one.new, bool(one.failed))
    return found
