"""The seeded year: a small Pixiv with some years behind it, and what happens in it from day to day.

What happens depends on the seed alone, never on what the mirror asks: each event is made at its own moment.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from pixmirror.demo import words
from pixmirror.demo.generate import add_artist
from pixmirror.demo.things import LIVE, Key, Restrict, Series, Work
from pixmirror.demo.world import World
from tests import truth
from tests.simulation.clock import DAY_MS, HOUR_MS, YearClock
from tests.simulation.log import Event, Log, Thing
from tests.simulation.mirroring import TOP

FRESH_MS = 14 * DAY_MS


@dataclass(frozen=True, slots=True)
class Spec:
    """How long, and how much. In the `quiet_days` at the end nothing happens, so that all can settle."""

    days: int
    seed: int
    quiet_days: int
    artists: int = 10
    others: int = 8
    works: int = 10  # of an artist, at the start
    posts_a_day: float = 1.5
    events_a_day: float = 9.0
    every: str = "12h"

    @property
    def busy_ms(self) -> int:
        return (self.days - self.quiet_days) * DAY_MS


def small(days: int, seed: int, quiet_days: int) -> Spec:
    """What runs in a minute."""
    return Spec(days, seed, quiet_days, artists=6, others=4, works=5, posts_a_day=1.0, events_a_day=8.0)


class Year:
    """The world and what is done to it. `rng` is drawn from only by what happens."""

    def __init__(self, clock: YearClock, spec: Spec) -> None:
        self.clock, self.spec = clock, spec
        self.rng = Random(f"{spec.seed} year")
        self.world = World(clock, spec.seed, short_pages=True, strip_captions="some", ranking_size=TOP)
        self.log = Log()
        self.end_ms = clock.start_ms + spec.days * DAY_MS
        self.quiet_from = clock.start_ms + spec.busy_ms
        self._plan: list[tuple[int, int, Callable[[], object]]] = []
        self._serial = 0
        self.artists: list[int] = []
        self.others: list[int] = []
        self._settle_in()

    # -- the past ------------------------------------------------------------------------------------------

    def _settle_in(self) -> None:
        """Artists with years of works, some series, comments, bookmarks, and what was lost already."""
        rng, world, now = self.rng, self.world, self.clock.now()
        for n in range(self.spec.artists + self.spec.others):
            followed = n < self.spec.artists
            restrict: Restrict | None = None if not followed else "private" if n % 5 == 4 else "public"
            until = now - rng.randrange(1, 90) * DAY_MS - rng.randrange(DAY_MS) // 1000 * 1000
            illusts = max(1, self.spec.works * rng.randint(2, 9) // 8)
            user = add_artist(
                world, works=illusts, manga=rng.randint(0, 3), ugoira=rng.randint(0, 1), novels=rng.randint(0, 3),
                pages=rng.randint(2, 4), follow=restrict, until_ms=until,
                every_ms=rng.randrange(2, 40) * DAY_MS,
            )  # fmt: skip
            world.edit_user(user.id, avatar_ms=until // 1000 * 1000, comment=words.profile(rng))
            (self.artists if followed else self.others).append(user.id)
        for work in list(world.works.values()):
            fields: dict[str, Any] = {"title": words.title(rng), "caption": words.caption(rng, work.id)}
            fields["tags"] = words.tags(rng, work.type)
            if work.medium == "novel":
                fields["text"] = words.novel_text(rng, work.id, None)
            world.edit(work, **fields)
        self._make_series()
        for work in rng.sample(sorted(world.works.values(), key=lambda w: w.key), len(world.works) // 4):
            world.bookmark(work, self.restrict(), self.own_tags(), at=work.create_ms)
        for work in rng.sample(sorted(world.works.values(), key=lambda w: w.key), len(world.works) // 5):
            for _ in range(rng.choice((1, 1, 2, 4))):
                world.comment(work, rng.choice(self.others), words.comment(rng), ms=work.create_ms + HOUR_MS)
        lost = rng.sample(sorted(world.bookmarks[world.me]), 3)
        for key, state in zip(lost, ("deleted", "limit_sanity_level", "limit_mypixiv"), strict=True):
            self.set_state(key, state)

    def _make_series(self) -> None:
        for number, user_id in enumerate([*self.artists, *self.others]):
            for medium, kind in (("illust", "manga"), ("novel", "novel")):
                mine = [w for w in self.world.works.values() if w.user_id == user_id and w.type == kind]
                if len(mine) > 1:
                    ids = tuple(w.id for w in mine[:-1])
                    title, made = words.series_title(self.rng), mine[0].create_ms
                    series = Series(medium, 9_000 + number, user_id, title, "", made, ids)
                    self.world.add_series(series)

    # -- what things are picked ----------------------------------------------------------------------------

    def restrict(self) -> Restrict:
        return "private" if self.rng.random() < 0.25 else "public"

    def own_tags(self) -> tuple[str, ...]:
        return tuple(sorted(self.rng.sample(words.OWN_TAGS, self.rng.choice((0, 0, 1, 2)))))

    @property
    def marks(self) -> dict[Key, Any]:
        return self.world.bookmarks[self.world.me]

    @property
    def follows(self) -> dict[int, Any]:
        return self.world.follows[self.world.me]

    def is_here(self, user_id: int) -> bool:
        return not self.world.users[user_id].gone

    def followed(self) -> list[int]:
        return sorted(u for u in self.follows if self.is_here(u))

    def works(self, *kinds: str) -> list[Work]:
        """Live works that a mirror has reason to know, by id."""
        follows, marks = self.follows, self.marks
        found = (w for w in self.world.works.values() if w.state == LIVE and (not kinds or w.type in kinds))
        return [w for w in found if w.user_id in follows or w.key in marks]

    def pick(self, works: list[Work]) -> Work | None:
        """Half the time a new one, if there is any: what is edited is mostly new."""
        fresh = [w for w in works if w.create_ms > self.clock.now() - FRESH_MS]
        if fresh and self.rng.random() < 0.5:
            return self.rng.choice(fresh)
        return self.rng.choice(works) if works else None

    # -- what is told --------------------------------------------------------------------------------------

    def tell(self, kind: str, subject: Thing, before: dict[str, Any], after: dict[str, Any]) -> None:
        self.log.add(Event(self.clock.now(), kind, subject, before, after))

    def set_state(self, key: Key, state: str) -> None:
        """The work is in this state of the demo's from now on."""
        world = self.world
        if state == LIVE:
            world.show(key)
        elif state == "deleted":
            world.delete(key)
        else:
            world.hide(key, state)  # type: ignore[arg-type]
        self.note_work(key)

    def note_work(self, key: Key) -> None:
        self.log.state(self.clock.now(), ("work", key), truth.upstream(self.world, key))

    # -- time ----------------------------------------------------------------------------------------------

    def later(self, days: float, act: Callable[[], object]) -> None:
        """What one thing has for a consequence; nothing reaches into the quiet days."""
        self._serial += 1
        at = min(self.clock.now() + int(days * DAY_MS), self.quiet_from - HOUR_MS)
        heapq.heappush(self._plan, (at, self._serial, act))

    def every(self, a_day: float, act: Callable[[], object]) -> None:
        """Now and then, so often a day, until the quiet days."""

        def again() -> None:
            act()
            schedule(self.clock.now())

        def schedule(after: int) -> None:
            at = after + int(self.rng.expovariate(a_day) * DAY_MS)
            if at < self.quiet_from:
                self._serial += 1
                heapq.heappush(self._plan, (at, self._serial, again))

        schedule(self.clock.now())

    async def happen(self) -> None:
        """All of it, each at its time."""
        while self._plan:
            at, _, act = self._plan[0]
            await self.clock.until(at)
            heapq.heappop(self._plan)
            with self.world.lock:
                act()
