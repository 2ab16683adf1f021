"""What the catalogue says to a monitoring system: counts and times, no names but those of jobs.

It is asked once a minute or more often, so all of it comes from indexes and from what is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from pixmirror.catalogue import findings, losses, proofs, queue, runs
from pixmirror.catalogue.queue import MediaCounts
from pixmirror.catalogue.sql import row, value
from pixmirror.ledger import brake
from pixmirror.models import Lane
from pixmirror.reports import kept, queries
from pixmirror.reports.kept import Growth

# By lane, as the indexes begin with it. A file that is fetched again counts from when it was first seen.
_FILE = """
SELECT min(first_seen) FROM media WHERE id IN (
  SELECT (SELECT min(id) FROM media WHERE state = 'wanted' AND priority = value) FROM json_each(:lanes))"""
_QUESTIONS = "SELECT count(*) AS n, min(due_at) AS oldest FROM chore WHERE lane = :lane AND due_at <= :now"
_GAPS = "SELECT count(*) AS n, min(opened_at) AS oldest FROM gap"
_LANES = f"[{','.join(str(int(lane)) for lane in Lane)}]"


@dataclass(frozen=True, slots=True)
class JobTimes:
    """When a job last ended well (ms UTC; None: never), and how many of its runs have failed since."""

    last_done_at: int | None
    failures: int


@dataclass(frozen=True, slots=True)
class Monitored:
    """All of it. `oldest`: since when (ms UTC) the first of each queue waits; `questions`: those due, by lane.

    `proved_at`: when the file was proved that was so longest ago (ms UTC); `findings` of the scrub by kind; `lost`
    files that are asked for again.
    """

    works: int
    novels: int
    files: MediaCounts
    questions: Mapping[Lane, int]
    gaps: int
    oldest: Mapping[str, int | None]
    jobs: Mapping[str, JobTimes]
    brakes: Mapping[str, int]
    proved_at: int | None
    findings: Mapping[str, int]
    lost: int
    growth: Growth
    is_paused: bool


def monitored(conn: Connection, now: int) -> Monitored:
    """Return all of it."""
    works, novels = queries.known_works(conn)
    due = {lane: row(conn, _QUESTIONS, lane=int(lane), now=now) for lane in Lane}
    gaps = row(conn, _GAPS)
    counts = kept.known(conn)
    held = dict.fromkeys(brake.KINDS, 0)
    found: dict[str, int] = dict.fromkeys(findings.KINDS, 0)
    for (_, kind), n in findings.counts(conn).items():
        found[kind] += n
    for one in brake.troubles(brake.brakes_on(conn), now):
        held[one.kind] += one.count
    return Monitored(
        works=works,
        novels=novels,
        files=queue.counts(conn),
        questions={lane: found.n for lane, found in due.items()},
        gaps=gaps.n,
        oldest={
            "files": value(conn, _FILE, lanes=_LANES),
            "questions": min((found.oldest for found in due.values() if found.oldest is not None), default=None),
            "lists": gaps.oldest,
        },
        jobs={name: JobTimes(one.last_done_at, one.failures) for name, one in runs.job_states(conn).items()},
        brakes=held,
        proved_at=proofs.ends(conn).oldest,
        findings=found,
        lost=losses.noted(conn).coming,
        growth=counts.growth if counts else Growth(),
        is_paused=runs.pause_of_all(conn, now) is not None,
    )
