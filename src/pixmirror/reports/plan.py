"""What is still to be asked for, and what a job will take: requests, files, bytes and hours, from what is known.

Nothing here asks Pixiv. What is not known is estimated from what is like it, or said to be unknown.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, create_engine

from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.schema import metadata
from pixmirror.catalogue.words import plain
from pixmirror.clock import DAY_MS
from pixmirror.reports import plan_known as known

MONTH = 30 * DAY_MS
PAGE = 30
ASSUMED_BYTES_PER_HOUR = 3600 * (2 << 20)
# Per artist, where nothing is known of any: a guess that says so.
ASSUMED_WORKS = {"illust": 60.0, "novel": 5.0}


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast it may go, or goes. None or 0: not limited by this, or not known."""

    requests_per_hour: float | None = None
    requests_per_day: int = 0
    files_per_hour: float | None = None
    bytes_per_hour: float | None = None
    bytes_per_day: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job asks by itself, whatever its lists then show.

    `heads`: lists that each run asks. `requests`: what the next run asks beside them; `unknown`: sentences on
    what nobody can say before. Each day `daily`, and `whole_lists` once for all jobs of the kind.
    """

    heads: int = 0
    requests: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    daily: Mapping[str, float] = field(default_factory=dict)
    whole_lists: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """A job to plan. `asks` tells from the catalogue and the time (ms UTC) what it will ask."""

    name: str
    runs_per_day: float
    comments: bool
    asks: Callable[[Connection, int], Asked]


@dataclass(frozen=True, slots=True)
class Left:
    """What is to be done now: requests by what they are for, files and their bytes; and what of it is guessed."""

    requests: Mapping[str, int]
    files: int
    bytes: int
    works: int = 0  # that lists still hide
    guessed: tuple[str, ...] = ()

    @property
    def asked(self) -> int:
        return sum(self.requests.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes now, and then every day. `hours`: until all that is known of is done."""

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
    unknown: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """What `plan --json` prints."""
        result: dict[str, Any] = plain(self)
        return result


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


def pages(total: float, offset: int = 0) -> int:
    """Count the requests for a list of this length from an offset on: pages overlap by one item."""
    rest = total - offset
    return 1 if rest <= PAGE else 1 + -int(-(rest - PAGE) // (PAGE - 1))


def left(conn: Connection, now: int, job: str | None = None) -> Left:
    """Return all that is due now, with what the unread parts of lists are expected to bring."""
    requests: defaultdict[str, float] = defaultdict(float)
    requests["lists"], works, guessed = _lists(conn, now, job)
    due = known.chores(conn, now, job)
    comments = due.pop("comments", 0)
    for kind, n in due.items():
        requests[_NAMES.get(kind, kind)] += n
    wanted = known.wanted_files(conn, job)
    mean = known.means(conn)
    pages_of_comments, comments_in_them = known.comments_due(conn, now, job)
    requests["comments"] = max(pages_of_comments, comments)
    requests["replies"] += comments_in_them * mean.replies
    files, size = wanted.files, float(wanted.bytes)
    for medium, count in works.items():
        wants = count * mean.wanted
        requests["comments"] += count * mean.comment_pages
        requests["replies"] += count * mean.comments * mean.replies
        if medium == "novel":
            requests["texts"] += wants
            files += round(wants * mean.novel_files)
            size += wants * mean.novel_files * mean.novel_size
        else:
            requests["ugoira"] += wants * mean.ugoira
            files += round(wants * mean.files)
            size += wants * (max(mean.files - mean.ugoira, 0) * mean.size + mean.ugoira * mean.ugoira_size)
    return Left(
        {what: round(n) for what, n in requests.items() if round(n)},
        files,
        round(size),
        round(sum(works.values())),
        (*guessed, *wanted.guessed),
    )


_NAMES: dict[str, str] = {
    Kind.TEXT: "texts", Kind.PROFILE: "profiles", Kind.DETAIL: "details", Kind.COVERAGE: "website",
    Kind.WEB: "website", Kind.BOOKMARK: "own bookmarks", Kind.FOLLOW: "own follows",
    Kind.BOOKMARK_TAGS: "own bookmark tags",
}  # fmt: skip


def _lists(conn: Connection, now: int, job: str | None) -> tuple[int, dict[str, float], tuple[str, ...]]:
    """Return (requests for unread parts of lists, {medium: works that these will show}, what was guessed)."""
    requests, works, guessed = 0, {"illust": 0.0, "novel": 0.0}, 0
    bookmarks = set()
    artists = known.artist_lists(conn, now, job)
    means = {m: known.mean_total(conn, m) for m in works}
    for one in artists:
        guessed += one.total is None
        usual = means[one.medium] or ASSUMED_WORKS[one.medium]
        total = max(usual if one.total is None else one.total, one.known)
        for offset in one.offsets:
            requests += pages(total, offset)
        requests += (pages(total) if one.is_new else 1) if one.is_due else 0
        if one.is_unread:
            works[one.medium] += total - one.known
    for other in known.other_lists(conn, now, job):
        requests += max(1, -(-(other.total - other.read) // PAGE)) if other.total is not None else 1
        if other.total is None:
            bookmarks.add(other.name)
    notes = []
    if guessed:
        notes.append(f"how many works {guessed:,} artists have was guessed: their profiles are not read yet")
    notes += [f"how long the list of {name} is: it is counted as one page" for name in sorted(bookmarks)]
    return requests, works, tuple(notes)


def hours_of(n: float, per_hour: float | None, per_day: float) -> float | None:
    """Return the hours for so many at this pace under a daily cap; None if neither is known."""
    if not n:
        return 0.0
    if not per_hour:
        return n / per_day * 24 if per_day else None
    if not per_day or per_hour * 24 <= per_day:
        return n / per_hour
    days = int((n - 1) // per_day)
    return days * 24 + (n - days * per_day) / per_hour


def hours_left(todo: Left, rates: Rates) -> tuple[float | None, float | None]:
    """Return the hours for the requests, and those for the files; both run at the same time."""
    asked = hours_of(todo.asked, rates.requests_per_hour, rates.requests_per_day)
    by_size = hours_of(todo.bytes, rates.bytes_per_hour, rates.bytes_per_day) if todo.bytes else None
    by_number = hours_of(todo.files, rates.files_per_hour, 0)
    if not todo.files:
        return asked, 0.0
    found = [h for h in (by_size if rates.bytes_per_hour else None, by_number) if h is not None]
    return asked, max(found, default=by_size)


def eta(conn: Connection, now: int, rates: Rates) -> float | None:
    """Return the hours until all that is known of is done; None if the pace is not known."""
    asked, files = hours_left(left(conn, now), rates)
    return None if asked is None or files is None else round(max(asked, files), 2)


def plan(
    conn: Connection, now: int, jobs: Sequence[Planned], rates: Rates = Rates(), job: str | None = None
) -> Plan:
    """Return what these jobs take. `job`: count only what is known for the job of this name."""
    todo = left(conn, now, job)
    requests = Counter(todo.requests)
    unknown = list(todo.guessed)
    asked_by = [(one, one.asks(conn, now)) for one in jobs]
    for one, asks in asked_by:
        requests += Counter({"lists": asks.heads, **asks.requests})
        unknown += [f"{one.name}: {text}" for text in asks.unknown]
    if todo.files and not rates.bytes_per_hour and not rates.files_per_hour:
        rates = replace(rates, files_per_hour=None, bytes_per_hour=ASSUMED_BYTES_PER_HOUR)
        unknown.append("how fast files come is not measured yet: 2 MiB a second is assumed")
    asked, files = hours_left(Left(requests, todo.files, todo.bytes), rates)
    later = known.chores(conn, now + MONTH, job, after=now)
    per_day = _per_day(conn, now, asked_by, job)
    both = None if asked is None or files is None else round(max(asked, files), 2)
    return Plan(
        jobs=tuple(j.name for j in jobs),
        requests=requests,
        requests_total=sum(requests.values()),
        files=todo.files,
        bytes=todo.bytes,
        works=todo.works,
        hours=both,
        hours_requests=None if asked is None else round(asked, 2),
        hours_files=None if files is None else round(files, 2),
        next_30_days={_NAMES.get(kind, kind): n for kind, n in later.items()},
        per_day={what: round(n, 1) for what, n in per_day.items() if round(n, 1)},
        per_day_total=round(sum(per_day.values()), 1),
        unknown=tuple(dict.fromkeys(unknown)),
    )


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
