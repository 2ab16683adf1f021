"""Judge whether an unclear error concerns the one thing that was asked, its endpoint, or everything.

A list that never answers must not stop the others, and a network that is down must not put off thousands of things
one by one. So one failure is the thing's own. A second one with no answer between is a suspicion, and a control
question, of something that is surely there, decides. An endpoint that is removed, or fails for everything, is
tried by one for all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from pixmirror.catalogue import endpoints
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.endpoints import Refusals
from pixmirror.catalogue.feeds import Feed, Gap
from pixmirror.errors import EndpointGone, Forbidden, NotFound, PixivError, PixmirrorError

Subject: TypeAlias = tuple[str, str, int]  # ("chore", kind, key), ("feed", endpoint, id) or ("gap", endpoint, id)
ALIKE = 3  # different things that fail one after the other, with no answer of their endpoint between
CONFIRMED = 2  # so many failures after it was believed: it was no mistake


def of_list(feed: Feed, gap: Gap | None) -> Subject:
    return ("feed" if gap is None else "gap", feed.endpoint, (gap or feed).id)


def concerns_what_was_asked(error: PixmirrorError) -> bool:
    """Tell whether the thing that met the error is put off, so that another one is tried after a pause of all."""
    return isinstance(error, PixivError) or error.scope != "everything"


@dataclass(frozen=True, slots=True)
class PutOff:
    """What failed in an outage, and how often anything failed since it was believed."""

    subjects: frozenset[Subject] = frozenset()
    failures: int = 0


NOTHING = PutOff()


async def _nobody(subjects: Collection[Subject]) -> None:
    """Wakes nothing."""


async def _nothing() -> PutOff:
    """Remembers nothing."""
    return NOTHING


async def _forget(found: PutOff) -> None:
    """Keeps nothing."""


class Suspicion:
    """Judges one way to Pixiv. `control` asks for what is surely there, and returns if it was answered in any way
    that speaks of the thing alone; without one, two different things that fail alike are enough. `wake` makes due
    again what an outage put off; `keep` and `load` carry that over a restart, for who only runs `sync` has an
    outage in many processes.

    Invariant: nothing is believed but what failed twice with no answer between, and beside a control question that
    failed too (or between two different things). Any answer ends it.
    """

    def __init__(
        self,
        control: Callable[[], Awaitable[None]] | None = None,
        *,
        wake: Callable[[Collection[Subject]], Awaitable[None]] = _nobody,
        keep: Callable[[PutOff], Awaitable[None]] = _forget,
        load: Callable[[], Awaitable[PutOff]] = _nothing,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._control = control
        self._wake = wake
        self._keep = keep
        self._load = load
        self._before: PutOff | None = None  # what was put off before the start; None: not read yet
        self._on_answer = on_answer
        self._failed: set[Subject] = set()  # since the last answer
        self._answers = 0
        self._since_believed: int | None = None  # failures since it is believed; None: it is not
        self._control_lied = False
        self._woken: set[Subject] = set()  # when outages ended, and not answered since
        self._limited: tuple[Subject, int] | None = None  # who met the last limit, and the answers until then
        self._judging = asyncio.Lock()

    @property
    def believed(self) -> bool:
        """Whether the trouble is believed to concern everything."""
        return self._since_believed is not None

    def is_limited_alone(self, subject: Subject) -> bool:
        """Note that this met a limit. Return whether it met the last one, too, and others were answered since."""
        before, self._limited = self._limited, (subject, self._answers)
        return before is not None and before[0] == subject and self._answers > before[1]

    async def answered(self, subject: Subject | None = None) -> None:
        """Note an answer, even a refusal of the one thing that was asked. It ends the limit that `subject` met."""
        if subject is not None:
            self._woken.discard(subject)
            if self._limited is not None and self._limited[0] == subject:
                self._limited = None
        failed, since = self._failed, self._since_believed
        self._answers += 1
        self._failed, self._since_believed = set(), None
        self._on_answer()
        before, self._before = await self._put_off_before(), NOTHING
        if since is None and before == NOTHING:
            return
        put_off = before.subjects | failed if since is not None else before.subjects
        if before.failures + (since or 0) >= CONFIRMED:
            # What was woken before and has not been answered since fails by itself: it waits for its own next try.
            await self._wake(put_off - self._woken)
            self._woken |= put_off - {subject}
        elif since is not None:
            # Over at the first try after the pause: what was asked as a control may be poisoned itself.
            self._control_lied = True
        await self._keep(NOTHING)

    async def _put_off_before(self) -> PutOff:
        if self._before is None:
            self._before = await self._load()
        return self._before

    async def failed(self, subject: Subject, error: PixmirrorError) -> bool:
        """Note that this was not answered. Return whether everything is in trouble and should rest."""
        if error.scope != "unclear":
            await self.answered()
            return False
        async with self._judging:
            others = self._failed - {subject}
            again = bool(self._failed)
            self._failed.add(subject)
            if self._since_believed is not None:
                self._since_believed += 1
            elif again and await self._is_everybodys(bool(others)):
                self._since_believed = 0
            await self._remember()
        return self.believed

    async def _remember(self) -> None:
        """Keep what the outage has put off, if it is believed."""
        if (since := self._since_believed) is not None:
            before = await self._put_off_before()
            await self._keep(PutOff(before.subjects | self._failed, before.failures + since))

    async def decide(self) -> None:
        """Ask the control question if anything failed since the last answer. Raise what it meets where the trouble
        concerns everything.
        """
        async with self._judging:
            if not self._failed or self.believed or self._control is None or self._control_lied:
                return
            before = self._answers
            try:
                await self._control()
            except PixmirrorError as error:
                if error.scope != "item":
                    if self._answers == before:
                        self._since_believed = 0
                        await self._remember()
                        raise
                    return
            await self.answered()

    async def _is_everybodys(self, different: bool) -> bool:
        if self._control is None or self._control_lied:
            return different
        before = self._answers
        try:
            await self._control()
        except PixmirrorError as error:
            if error.scope != "item":
                return self._answers == before
        await self.answered()
        return False


class Endpoints:
    """What is known of removed and failing endpoints, read once from the catalogue and kept beside it: this costs
    nothing while all endpoints answer. A thing is what asks: a list's endpoint, or a kind of chore and its medium.
    """

    def __init__(self) -> None:
        self._refused: set[str] | None = None
        self._failed: dict[str, set[int]] = {}  # by thing: what was asked of it in vain since it last answered

    async def closed(self, db: Database, thing: str, now: int) -> Refusals | None:
        """Return why this is not asked now, or None."""
        if self._refused is None:
            self._refused = set(await db.read(endpoints.refusals))
        return await db.run(endpoints.may_ask, thing, now) if thing in self._refused else None

    async def heard(
        self, db: Database, thing: str, error: PixmirrorError | None, now: int, subject: int | None = None
    ) -> None:
        """Note how asking for this `subject` went. An answer brings the endpoint back; "not there" and "not
        for us" are answers. A second EndpointGone, or the third subject that fails in a row, puts all of it off.
        """
        if isinstance(error, EndpointGone):
            await db.run(endpoints.refused, thing, str(error), now)
            self._refused = None
        elif error is None or isinstance(error, NotFound | Forbidden):
            self._failed.pop(thing, None)
            if self._refused and thing in self._refused:
                await db.run(endpoints.answered, thing, now)
                self._refused = None
        elif isinstance(error, PixivError) and error.scope != "everything" and subject is not None:
            failed = self._failed.setdefault(thing, set())
            failed.add(subject)
            if len(failed) >= ALIKE or (self._refused and thing in self._refused):
                await db.run(endpoints.failing, thing, str(error), now)
                self._refused = None
