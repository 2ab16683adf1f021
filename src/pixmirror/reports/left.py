"""What is still to be asked for: requests, works, files and bytes, as ranges where it is guessed.

Nothing here asks Pixiv. What is not known is guessed from what is like it, or said to be unknown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import runs
from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.words import many
from pixmirror.ingest import captions
from pixmirror.models import Lane, Medium
from pixmirror.reports import plan_known as known

PAGE = 30
LOOK = "look"  # meta key: what a look at the profile and at first pages told of how much there is
AT_LEAST = "at_least"  # in it: how many the first page of a list showed that is longer than that
# Per artist, where nothing is known of any: a guess that says so.
ASSUMED_WORKS = {"illust": 60.0, "novel": 5.0}
NAMES: dict[str, str] = {
    Kind.TEXT: "texts", Kind.PROFILE: "profiles", Kind.DETAIL: "details", Kind.COVERAGE: "website",
    Kind.WEB: "website", Kind.READING: "website", Kind.BOOKMARK: "own bookmarks", Kind.FOLLOW: "own follows",
    Kind.BOOKMARK_TAGS: "own bookmark tags", Kind.INBOX: "website",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """A number that is known (all three alike), or guessed: it lies between `low` and `high`."""

    low: float = 0.0
    likely: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, n: float, spread: float = 1.0) -> "Range":
        return cls(n / spread, n, n * spread)

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.likely + other.likely, self.high + other.high)

    def __mul__(self, by: float) -> "Range":
        return Range(self.low * by, self.likely * by, self.high * by)

    def map(self, change: Callable[[float], float]) -> "Range":
        return Range(change(self.low), change(self.likely), change(self.high))


NOTHING = Range()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job asks by itself, whatever its lists then show.

    `heads`: lists that each run asks; `lists`: those of the account among them, by endpoint and parameters.
    `requests`: what the next run asks beside them; `unknown`: sentences on what nobody can say before; `artists`:
    how many artists it names that were never read; `works`: how many works the `requests` show. Each day `daily`,
    and `whole_lists` once for all jobs of the kind.
    """

    heads: int = 0
    requests: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    daily: Mapping[str, float] = field(default_factory=dict)
    whole_lists: Mapping[str, float] = field(default_factory=dict)
    lists: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    artists: int = 0
    works: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """A job to plan. `asks` tells from the catalogue and the time (ms UTC) what it will ask."""

    name: str
    runs_per_day: float
    comments: bool
    asks: Callable[[Connection, int], Asked]
    profiles: bool = True
    novels: bool = True


@dataclass(frozen=True, slots=True)
class Left:
    """What is to be done now: requests by what they are for, files and their bytes; and what of it is guessed.

    `works`: how many works lists still hide. `unread`: lists of which nobody knows how long they are.
    """

    requests: Mapping[str, Range] = field(default_factory=dict)
    files: Range = NOTHING
    bytes: Range = NOTHING
    works: Range = NOTHING
    unread: int = 0
    guessed: tuple[str, ...] = ()
    mean: known.Means = field(default_factory=known.Means)

    @property
    def asked(self) -> Range:
        return sum(self.requests.values(), NOTHING)


class _Sums(dict[str, Range]):
    def more(self, what: str, n: "Range | float") -> None:
        self[what] = self.get(what, NOTHING) + (n if isinstance(n, Range) else Range.of(n))

    def due(self, chores: Mapping[str, int], comments: tuple[int, int], mean: known.Means) -> None:
        """Add these chores. `comments`: how many pages and comments those for comments will read."""
        for kind, n in chores.items():
            if kind not in (Kind.COMMENTS, Kind.REPLIES):
                self.more(NAMES.get(kind, kind), n)
        pages_of_comments, in_them = comments
        self.more("comments", max(pages_of_comments, chores.get(Kind.COMMENTS, 0)))
        self.more("replies", chores.get(Kind.REPLIES, 0) + in_them * mean.replies)


def pages(total: float, offset: int = 0) -> int:
    """Count the requests for a list of this length from an offset on: pages overlap by one item."""
    rest = total - offset
    return 1 if rest <= PAGE else 1 + -int(-(rest - PAGE) // (PAGE - 1))


def left(conn: Connection, now: int, jobs: Sequence[tuple[Planned, Asked]] = (), job: str | None = None) -> Left:
    """Return all that is due now and what these jobs ask first, with what unread lists are expected to bring."""
    requests, mean = _Sums(), known.means(conn)
    requests.due(known.chores(conn, now, job), known.comments_due(conn, now, job), mean)
    lists = _Lists(conn, now, job, jobs)
    lists.count(requests)
    wanted = known.wanted_files(conn, now, job)
    files, size = Range.of(wanted.files), Range.of(wanted.bytes, 1.0 if not wanted.guessed else 2.0)
    comments = not jobs or any(one.comments for one, _ in jobs)
    for medium, works in lists.works.items():
        wants = works * mean.wanted
        if comments:
            requests.more("comments", works * mean.comment_pages)
            requests.more("replies", works * (mean.comments * mean.replies))
        if medium == "novel":
            requests.more("texts", wants)
            files += wants * mean.novel_files
            size += wants * (mean.novel_files * mean.novel_size)
        else:
            requests.more("ugoira", wants * mean.ugoira)
            files += wants * mean.files
            plain = max(mean.files - mean.ugoira, 0)
            size += wants * (plain * mean.size + mean.ugoira * mean.ugoira_size)
    all_works = sum(lists.works.values(), NOTHING)
    guessed = [*lists.guessed, *wanted.guessed]
    if (lacking := _captions(conn, all_works, mean.lacking)) != NOTHING:
        requests.more("details", lacking)
        if not captions.are_stripped(conn):
            guessed.append("whether lists leave captions out: if so, each work without one is asked for by itself")
    found = {what: n for what, n in requests.items() if round(n.high)}
    return Left(found, files, size, all_works, lists.unread, tuple(guessed), mean)


def with_what_falls_due(conn: Connection, now: int, todo: Left, until: int, job: str | None) -> Left:
    """Return what is left when it takes until then: by that time more of what waits for its day is due, such as
    the comments of works that turn a week old. What is only looked at again comes after all that.
    """
    requests = _Sums(todo.requests)
    due = known.chores(conn, until, job, after=now, last=Lane.EXTRA)
    requests.due(due, known.comments_due(conn, until, job, after=now), todo.mean)
    return replace(todo, requests={what: n for what, n in requests.items() if round(n.high)})


def _captions(conn: Connection, to_come: Range, lacking: float) -> Range:
    """Count the details that works without a caption need: none, or all where lists leave captions out."""
    if captions.are_stripped(conn):
        return to_come * lacking
    if known.captions_are_known(conn):
        return NOTHING
    most = (to_come.high + known.works_without_caption(conn)) * (lacking or 1.0)
    return Range(0, 0, most)


class _Lists:
    """What is to be read of lists: their pages, and the works that these will show."""

    def __init__(self, conn: Connection, now: int, job: str | None, jobs: Sequence[tuple[Planned, Asked]]) -> None:
        self.works: dict[Medium, Range] = {"illust": NOTHING, "novel": NOTHING}
        self.unread = 0
        self.guessed: list[str] = []
        self._conn, self._now, self._job, self._jobs = conn, now, job, jobs
        self._look: Mapping[str, Any] = runs.get_json(conn, LOOK) or {}
        self._usual = {medium: self._usual_total(medium) for medium in self.works}

    def count(self, requests: _Sums) -> None:
        self._of_artists(requests)
        self._of_account(requests)
        for planned, asks in self._jobs:
            self._of_job(requests, planned, asks)

    def _usual_total(self, medium: Medium) -> Range:
        """Return how many works an artist has, by those that are known."""
        mean, n = known.mean_total(self._conn, medium)
        looked = [float(one[medium]) for one in self._look.get("artists", ()) if medium in one]
        if n < len(looked):
            mean, n = sum(looked) / len(looked), len(looked)
        if mean is None:
            return Range.of(ASSUMED_WORKS[medium], 3.0)
        return Range.of(mean, 1 + 1.2 / sqrt(n))

    def _of_artists(self, requests: _Sums) -> None:
        guessed = 0
        for one in known.artist_lists(self._conn, self._now, self._job):
            guessed += one.total is None
            usual = self._usual[one.medium] if one.total is None else Range.of(one.total)
            total = usual.map(lambda n, one=one: max(n, one.known))  # type: ignore[misc]
            for offset in one.offsets:
                requests.more("lists", total.map(lambda n, offset=offset: pages(n, offset)))  # type: ignore[misc]
            if one.is_due:
                requests.more("lists", total.map(pages) if one.is_new else 1)
            if one.is_unread:
                self.works[one.medium] += total.map(lambda n, one=one: n - one.known)  # type: ignore[misc]
        if guessed:
            self.guessed.append(
                f"how many works {many(guessed, 'artist has', 'artists have')}, until their profiles are read"
            )

    def _artists_to_come(self, requests: _Sums, n: Range, *, profiles: bool, novels: bool) -> None:
        """Count what artists take who are not met yet."""
        media: tuple[Medium, ...] = ("illust", "novel") if novels else ("illust",)
        if profiles:
            requests.more("profiles", n)
        for medium in media:
            usual = self._usual[medium]
            requests.more("lists", _times(n, usual.map(pages)))
            self.works[medium] += _times(n, usual)

    def _of_account(self, requests: _Sums) -> None:
        """Count the unread parts of the account's own lists. One of unknown length is as long again as it was so
        far, which is the best that can be said of it.
        """
        for one in known.other_lists(self._conn, self._now, self._job):
            looked = self._look.get(one.key) if one.total is None else one.total
            if isinstance(looked, int):
                rest = Range.of(max(looked - one.read, 0))
            else:
                rest = Range(0, max(one.read, PAGE), 3 * max(one.read, PAGE))
                self.guessed.append(f"how long {_in_words(one.endpoint, one.name)} is, by what was read of it")
            requests.more("lists", rest.map(lambda n: max(1, -(-n // PAGE))))
            if one.medium is not None and one.is_new:
                self.works[one.medium] += Range(rest.low * 0.5, rest.likely * 0.8, rest.high)
            elif one.is_new and one.endpoint == "user/following":
                self._artists_to_come(requests, rest, profiles=True, novels=True)

    def _of_job(self, requests: _Sums, planned: Planned, asks: Asked) -> None:
        """Count what the job asks before any list shows what more there is."""
        since = known.heads_since(self._conn, planned.name, planned.runs_per_day, self._now)
        pending = known.heads_pending(self._conn, asks.lists, since)
        requests.more("lists", len(pending) if asks.lists else 0)
        for what, n in asks.requests.items():
            requests.more(what, n)
        if asks.works:
            self.works["illust"] += Range(asks.works * 0.3, asks.works * 0.7, asks.works)
        if asks.artists:
            self._artists_to_come(requests, Range.of(asks.artists), profiles=False, novels=planned.novels)
        never = [one for one in pending if one.head_at is None]
        for one in never:
            self._never_read(requests, planned, one.endpoint, one.params)

    def _never_read(self, requests: _Sums, planned: Planned, endpoint: str, params: Mapping[str, Any]) -> None:
        """Count what a list brings of which nothing was read; the profile may tell how long it is."""
        if endpoint in known.FEEDS:
            return  # what it shows stands in the artists' lists, too
        looked = self._look.get(key := known.list_key(endpoint, params))
        if looked is None:
            self.unread += 1
            return
        if isinstance(looked, int):
            n = Range.of(looked)
        else:
            n = Range(looked[AT_LEAST], looked[AT_LEAST] * 3, looked[AT_LEAST] * 10)
            self.guessed.append(f"how long {_in_words(endpoint, key)} is: longer than its first page")
        if endpoint == "user/following":
            self._artists_to_come(requests, n, profiles=planned.profiles, novels=planned.novels)
        else:
            medium: Medium = "novel" if endpoint.endswith("novel") else "illust"
            self.works[medium] += Range(n.low * 0.5, n.likely * 0.8, n.high)
        requests.more("lists", n.map(lambda n: max(0, -(-n // PAGE) - 1)))


def _in_words(endpoint: str, name: str) -> str:
    """Name a list of the account for people: "the list of private bookmarks of novels"."""
    restrict = "private " if " private" in name else "public " if " public" in name else ""
    what = {"user/following": "followed artists", "user/bookmarks/illust": "bookmarks",
            "user/bookmarks/novel": "bookmarks of novels"}.get(endpoint)  # fmt: skip
    return f"the list of {restrict}{what}" if what else f"the list {name}"


def _times(a: Range, b: Range) -> Range:
    return Range(a.low * b.low, a.likely * b.likely, a.high * b.high)


def asked_by(conn: Connection, now: int, jobs: Iterable[Planned]) -> list[tuple[Planned, Asked]]:
    """Return each job with what it asks by itself."""
    return [(one, one.asks(conn, now)) for one in jobs]


def each_day(jobs: Sequence[tuple[Planned, Asked]]) -> float:
    """Return the requests a day by which jobs look for what is new."""
    return sum(one.runs_per_day * asks.heads + sum(asks.daily.values()) for one, asks in jobs)
