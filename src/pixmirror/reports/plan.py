"""What a job will take now, by the one estimate, and every day after that."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, create_engine

from pixmirror.catalogue.schema import metadata
from pixmirror.catalogue.words import plain
from pixmirror.clock import DAY_MS
from pixmirror.reports import plan_known as known
from pixmirror.reports.estimate import Estimate, of_left
from pixmirror.reports.left import NAMES, Asked, Planned, asked_by, left
from pixmirror.reports.pace import NO_LIMITS, Limits

MONTH = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes now, and then every day. `hours`: until all that is known of is done, most likely."""

    jobs: tuple[str, ...]
    requests: Mapping[str, int]
    requests_total: int
    files: int
    bytes: int
    works: int
    hours: float | None
    hours_requests: float | None
    hours_files: float | None
    next_30_days: Mapping[str, int]
    per_day: Mapping[str, float]
    per_day_total: float
    estimate: Estimate
    unknown: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """What `plan --json` prints."""
        result: dict[str, Any] = plain(self)
        return result | {"estimate": self.estimate.as_dict()}


@contextmanager
def nothing_yet() -> Iterator[Connection]:
    """Open an empty catalogue in memory, for a plan before the first sync."""
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as conn:
            metadata.create_all(conn)
            yield conn
    finally:
        engine.dispose()


def plan(
    conn: Connection,
    now: int,
    jobs: Sequence[Planned],
    limits: Limits = NO_LIMITS,
    job: str | None = None,
) -> Plan:
    """Return what these jobs take. `job`: count only what is known for the job of this name."""
    asked = asked_by(conn, now, jobs)
    todo = left(conn, now, asked, job)
    told = of_left(conn, now, todo, asked, limits, job)
    unknown = [*told.guessed]
    for one, asks in asked:
        unknown += [f"{one.name}: {text}" for text in asks.unknown]
    later = known.chores(conn, now + MONTH, job, after=now)
    per_day = _per_day(conn, now, asked, job)
    requests = {what: round(n) for what, n in told.requests_by.items()}
    return Plan(
        jobs=tuple(j.name for j in jobs),
        requests=requests,
        requests_total=sum(requests.values()),
        files=round(todo.files.likely),
        bytes=round(todo.bytes.likely),
        works=round(todo.works.likely),
        hours=told.hours,
        hours_requests=_hours(told.seconds_requests.likely, told),
        hours_files=_hours(told.seconds_files.likely, told),
        next_30_days={NAMES.get(kind, kind): n for kind, n in later.items()},
        per_day={what: round(n, 1) for what, n in per_day.items() if round(n, 1)},
        per_day_total=round(sum(per_day.values()), 1),
        estimate=told,
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _hours(seconds: float, told: Estimate) -> float | None:
    return None if told.seconds is None else round(seconds / 3600, 2)


def _per_day(
    conn: Connection, now: int, jobs: Sequence[tuple[Planned, Asked]], job: str | None
) -> dict[str, float]:
    """Return what each day takes once everything has been read."""
    mean = known.means(conn)
    found = defaultdict(float, {"list heads": sum(one.runs_per_day * asks.heads for one, asks in jobs)})
    for _, asks in jobs:
        found |= asks.whole_lists
        for what, n in asks.daily.items():
            found[what] += n
    found |= {
        "re-reading lists": known.refresh_a_day(conn, job),
        "re-reading works": known.rereadings(conn, now + MONTH, job) / 30,
        "profiles": known.profiles(conn, job) / 30,
    }
    new = known.new_a_day(conn, now, job)
    if any(one.comments for one, _ in jobs):
        found["comments"] = sum(new.values()) * (mean.comment_pages + mean.comments * mean.replies)
    found["ugoira and texts of new works"] = new["illust"] * mean.ugoira + new["novel"]
    return found
