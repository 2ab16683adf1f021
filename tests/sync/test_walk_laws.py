"""The laws of walks, under everything that a list can do while it is read (architecture: walks)."""

import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pixmirror.catalogue import feeds, migrate
from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import Clock
from pixmirror.errors import ServerError
from pixmirror.models import Lane, Listing, Received, User
from pixmirror.sync import walk
from pixmirror.sync.recording import Source

PAGE = 30


class Cut(Exception):
    """The process dies here, between two pages."""


class FakeClock(Clock):
    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def now(self) -> int:
        self.ms += 1
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


class Upstream:
    """A list at Pixiv, newest first. `keys` are the bookmark ids that cursors are made of."""

    def __init__(self, size: int) -> None:
        self._ids = itertools.count(1)
        self._keys = itertools.count(1)
        self.items: list[int] = []
        self.keys: dict[int, int] = {}
        for _ in range(size):
            self.insert()

    def insert(self) -> int:
        item = next(self._ids)
        self.items.insert(0, item)
        self.keys[item] = next(self._keys)
        return item

    def remove(self, item: int) -> None:
        self.items.remove(item)

    def bump(self, item: int) -> None:
        self.items.remove(item)
        self.items.insert(0, item)
        self.keys[item] = next(self._keys)

    def offset_page(self, offset: int | None) -> tuple[list[int], dict[str, str] | None]:
        at = offset or 0
        rest = at + PAGE < len(self.items)
        return self.items[at : at + PAGE], {"offset": str(at + PAGE)} if rest else None

    def cursor_page(self, cursor: int | None) -> tuple[list[int], dict[str, str] | None]:
        below = [i for i in self.items if cursor is None or self.keys[i] < cursor]
        page = below[:PAGE]
        return page, {"max_bookmark_id": str(self.keys[page[-1]])} if len(below) > PAGE else None


# What happens between two requests: (kind, number), a cut or a failing request among them.
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["nothing", "nothing", "insert", "insert", "delete", "delete head", "bump", "bump head", "cut", "fail"]
        ),
        st.integers(min_value=1, max_value=45),
    ),
    max_size=12,
)


class Walks(RuleBasedStateMachine):
    """Walks of one feed; `have` is what the catalogue holds."""

    paging = "offset"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "catalogue.db"
        migrate.upgrade(path)
        self.db = Database.open(path)
        self.clock = FakeClock()
        self.have: set[int] = set()
        self.moved: set[int] = set()
        self.plan: Iterator[tuple[str, int]] = iter(())
        self.up = Upstream(0)

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()

    @initialize(size=st.integers(min_value=0, max_value=200))
    def start(self, size: int) -> None:
        self.up = Upstream(size)

    def source(self) -> Source:
        async def read(position: int | None, lane: Lane) -> Listing[Any]:
            kind, number = next(self.plan, ("nothing", 0))
            if kind == "cut":
                raise Cut
            if kind == "fail":
                raise ServerError("the stand-in failed")
            self.disturb(kind, number)
            page = self.up.offset_page if self.paging == "offset" else self.up.cursor_page
            ids, following = page(position)
            return Listing("list", tuple(Received(User(id=i), {}) for i in ids), next=following)

        def record(conn: Connection, listing: Listing[Any], lane: Lane, now: int) -> tuple[int, ...]:
            ids = tuple(user.id for user in listing)
            self.have.update(ids)
            return ids

        return Source(self.paging, read, record)  # type: ignore[arg-type]

    def disturb(self, kind: str, number: int) -> None:
        items = self.up.items
        if kind == "insert":
            for _ in range(number):
                self.up.insert()
        elif kind == "delete" and items:
            for _ in range(min(number, len(items))):
                self.up.remove(items[(number * 7) % len(items)])
        elif kind == "delete head":
            for item in items[: number % 9]:
                self.up.remove(item)
        elif kind in ("bump", "bump head") and items:
            item = (
                items[number % min(len(items), 40)] if kind == "bump head" else items[(number * 11) % len(items)]
            )
            self.moved.add(item)
            self.up.bump(item)

    @rule(events=EVENTS)
    def between_walks(self, events: list[tuple[str, int]]) -> None:
        for kind, number in events:
            self.disturb(kind, number)

    @rule(events=EVENTS)
    def head_walk(self, events: list[tuple[str, int]]) -> None:
        """A head walk and its gap, disturbed; then every gap that is open is closed, undisturbed."""
        before = set(self.up.items)
        self.moved.clear()
        self.plan = iter(events)
        self.run(self.walk_once())
        self.run(self.close_all())
        untouched = (before & set(self.up.items)) - self.moved
        assert untouched <= self.have, f"lost: {sorted(untouched - self.have)}"

    @rule(events=EVENTS)
    def full_pass(self, events: list[tuple[str, int]]) -> None:
        """A full pass, disturbed, then the head walk that ends it."""
        before = set(self.up.items)
        self.plan = iter(events)
        self.run(self.pass_once())
        self.run(self.close_all())
        self.plan = iter(())
        self.run(self.walk_once())
        self.run(self.close_all())
        present = before & set(self.up.items)
        assert present <= self.have, f"lost: {sorted(present - self.have)}"

    @invariant()
    def nothing_invented(self) -> None:
        assert all(i in self.up.keys for i in self.have)

    def run(self, walking: Any) -> None:
        asyncio.run(walking)

    async def feed(self) -> feeds.Feed:
        return await self.db.run(feeds.open_feed, 1, "list", {}, job="job", lane=0)

    async def walk_once(self) -> None:
        try:
            while True:
                walked = await walk.head(self.db, self.clock, await self.feed(), self.source(), Lane.NEW)
                if walked.failed is None:
                    break
            if walked.gap is not None:
                await walk.close(self.db, self.clock, await self.feed(), walked.gap, self.source(), Lane.NEW)
        except Cut:
            # A new process: what it knows is what was committed. The head walk is due again.
            await self.walk_once()

    async def pass_once(self) -> None:
        feed = await self.feed()
        gap = await self.db.run(walk.open_full_pass, feed, self.source(), self.clock.now())
        if gap is not None:
            try:
                await walk.close(self.db, self.clock, feed, gap, self.source(), Lane.REFRESH)
            except Cut:
                return

    async def close_all(self) -> None:
        for _ in range(200):
            feed = await self.feed()
            open_gaps = await self.db.read(feeds.gaps, feed.id)
            if not open_gaps:
                return
            try:
                await walk.close(self.db, self.clock, feed, open_gaps[0], self.source(), Lane.BACKFILL)
            except Cut:
                continue
        pytest.fail("a gap is never closed")


class CursorWalks(Walks):
    paging = "cursor"


SETTINGS = settings(
    max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestOffsetWalksLoseNothing = Walks.TestCase
TestOffsetWalksLoseNothing.settings = SETTINGS
TestCursorWalksLoseNothing = CursorWalks.TestCase
TestCursorWalksLoseNothing.settings = SETTINGS


@pytest.mark.long
@pytest.mark.parametrize("walks", [Walks, CursorWalks])
def test_walks_lose_nothing_in_hundreds_of_lives(walks: type[Walks]) -> None:
    run_state_machine_as_test(walks, settings=settings(SETTINGS, max_examples=300))
