"""What every job is handed: the catalogue, Pixiv, the time, and who we are."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, ItemsView, Iterator, Mapping, ValuesView
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pixmirror.catalogue import endpoints
from pixmirror.catalogue.added import ADDED
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.feeds import Feed, Gap
from pixmirror.catalogue.seen import Seen, Wants
from pixmirror.clock import Clock
from pixmirror.errors import AccountWarned, HeldBack, PixmirrorError, RateLimited
from pixmirror.models import Lane, Medium, Restrict
from pixmirror.models.jobs import Fresh, JobConfig
from pixmirror.pixiv.app import AppApi
from pixmirror.pixiv.web.api import WebApi
from pixmirror.sync.filters import Filter
from pixmirror.sync.suspicion import Endpoints, Subject, Suspicion, of_list

LIMITED_ALONE = " Only this meets the limit, while other things are answered; it is tried once a day."


@dataclass(frozen=True, slots=True)
class Job:
    """A job as configured, in terms of what is asked. Fields that its kind does not use are empty."""

    name: str
    kind: str
    wants: Wants = field(default_factory=Wants)
    wanted: Filter = field(default_factory=Filter)
    restrict: tuple[Restrict, ...] = ("public", "private")
    media: tuple[Medium, ...] = ("illust", "novel")
    users: tuple[int, ...] = ()
    tag: str | None = None
    modes: tuple[str, ...] = ()
    top: int = 100
    since: date | None = None
    until: date | None = None
    config: Any = None  # a JobConfig: as configured, for keys that only its kind knows

    @property
    def keeps_fresh(self) -> Fresh:
        """Return whose works it reads again and again."""
        return "" if self.config is None else self.config.keeps_fresh

    def names(self, user_id: int | None) -> bool:
        """Return whether it reads the lists of an artist: one that names none reads those of any."""
        return not self.users or user_id in self.users

    @classmethod
    def of(cls, config: JobConfig) -> "Job":
        """Return the job that this table of the configuration describes."""
        wants = Wants(files=config.files, comments=config.comments, novels=config.novels, profiles=config.profiles)
        own = type(config).model_fields.keys() - JobConfig.model_fields.keys() - {"kind"}
        known = {key: getattr(config, key) for key in own if key in cls.__slots__}
        return cls(config.name, config.kind, wants, Filter.of(config), config=config, **known)


# What the user adds by hand: no list and no time of its own, no filter.
BY_HAND = Job(name=ADDED, kind="added")


class Jobs(Mapping[str, Job]):
    """The enabled jobs as configured now; `use` replaces them all at once, for everybody who holds this.

    Asked by name it also has BY_HAND, in whose name things are wanted; it is none of them, and never runs.
    """

    def __init__(self) -> None:
        self._now: dict[str, Job] = {}

    def use(self, jobs: Mapping[str, Job]) -> None:
        """Replace all jobs. An iteration that is under way still sees the earlier ones."""
        self._now = dict(jobs)

    def __getitem__(self, name: str) -> Job:
        return BY_HAND if name == ADDED else self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def values(self) -> ValuesView[Job]:
        return self._now.values()

    def items(self) -> ItemsView[str, Job]:
        return self._now.items()


class Walking:
    """The feeds that are being walked. A feed has one walk at a time."""

    def __init__(self) -> None:
        self._busy: dict[int, asyncio.Event] = {}
        self._wanted: Counter[int] = Counter()

    def busy(self) -> frozenset[int]:
        return frozenset(self._busy)

    @asynccontextmanager
    async def alone(self, feed_id: int) -> AsyncIterator[None]:
        """Wait until nobody else walks this feed, and keep it while the block runs."""
        self._wanted[feed_id] += 1
        try:
            while (other := self._busy.get(feed_id)) is not None:
                await other.wait()
        finally:
            self._wanted[feed_id] -= 1
        self.take(feed_id)
        try:
            yield
        finally:
            self.free(feed_id)

    def is_wanted(self, feed_id: int) -> bool:
        """Tell whether another walk waits for this feed, so that a long one lets it go first."""
        return self._wanted[feed_id] > 0

    def take(self, feed_id: int) -> None:
        """Mark the feed as being walked. The caller has checked that it is free."""
        self._busy[feed_id] = asyncio.Event()

    def free(self, feed_id: int) -> None:
        self._busy.pop(feed_id).set()


@dataclass(frozen=True, slots=True)
class Context:
    """`wake` wakes whoever waits for something to do; it is called after each commit that may have made some.

    `web` is www.pixiv.net with a cookie, where one is configured. `brake`: more than this share of what is there
    does not go at once (architecture: absent is not deleted). `suspicion` judges what the App API leaves unclear,
    `website` what www.pixiv.net does; `endpoints` knows those that Pixiv removed or that fail for everything.
    """

    db: Database
    api: AppApi
    clock: Clock
    account_id: int
    wake: Callable[[], None] = lambda: None
    jobs: Mapping[str, Job] = field(default_factory=dict)
    walking: Walking = field(default_factory=Walking)
    web: WebApi | None = None
    brake: float = 0.05
    suspicion: Suspicion = field(default_factory=Suspicion)
    website: Suspicion = field(default_factory=Suspicion)
    paused: frozenset[str] = frozenset()
    endpoints: Endpoints = field(default_factory=Endpoints)

    async def heard(self, subject: Subject, error: PixmirrorError | None) -> None:
        """Note how the App API answered about this. Raise the error where it concerns everything."""
        if error is None:
            await self.suspicion.answered(subject)
        elif await self.suspicion.failed(subject, error):
            raise error

    def asking(self, failures: int, error: str | None = None) -> "Context":
        """For a thing that failed so often in a row, the last time of `error`. What failed before is asked for
        with one try, for repeats in place are for first failures; a limit that is its own slows nobody down.
        """
        if not failures:
            return self
        alone = error is not None and error.endswith(LIMITED_ALONE)
        web = self.web.once() if self.web is not None else None
        return replace(self, api=self.api.once(slows=not alone), web=web)

    def of_its_own(self, subject: Subject, error: PixmirrorError, before: str | None) -> str | None:
        """Return the reason to put this off for a day, if the limit that it met is its own; else None.

        It is when this alone met the last two, and others were answered in between. `before` is its last error.
        """
        if not isinstance(error, RateLimited) or isinstance(error, HeldBack | AccountWarned):
            return None
        known = before is not None and before.endswith(LIMITED_ALONE)
        return f"{error}{LIMITED_ALONE}" if self.suspicion.is_limited_alone(subject) or known else None

    def current(self, job: Job) -> Job | None:
        """Return the job as configured now, which may be long after its walk began; None if it was removed."""
        if not job.name or not isinstance(self.jobs, Jobs):
            return self.jobs.get(job.name, job)
        return self.jobs.get(job.name)

    async def is_closed(self, feed: Feed) -> bool:
        """Tell whether Pixiv removed the endpoint of this list, which then waits until one list tries again."""
        gone = await self.endpoints.closed(self.db, feed.endpoint, self.clock.now())
        if gone is not None:
            await self.db.run(endpoints.wait, feed.endpoint, gone, feed_id=feed.id)
        return gone is not None

    async def heard_of(self, feed: Feed, error: PixmirrorError | None, gap: Gap | None = None) -> None:
        """Note how a list, or a gap in it, was answered, and whether its endpoint is gone."""
        await self.heard(of_list(feed, gap), error)
        await self.endpoints.heard(self.db, feed.endpoint, error, self.clock.now(), feed.id)

    def seen(self, job: Job, endpoint: str, lane: Lane, now: int) -> Seen:
        return Seen(
            account_id=self.account_id,
            job=job.name,
            now=now,
            endpoint=endpoint,
            language=self.api.language,
            lane=int(lane),
            wants=job.wants,
        )


@dataclass(frozen=True, slots=True)
class JobResult:
    """What one run of a job brought. `error` is the first thing that failed and will be tried again; `own`: for a
    reason of the job, and not because all of Pixiv, the login or the disk failed; `run`: its id in the catalogue.
    """

    seen: int = 0
    error: str | None = None
    own: bool = True
    run: int | None = None

    def plus(self, seen: int, error: str | None = None) -> "JobResult":
        return JobResult(self.seen + seen, self.error or error)
