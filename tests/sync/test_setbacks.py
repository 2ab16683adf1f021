"""Lists that cannot be read as they should: a page that always fails, a circle, no end, a cap."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixmirror.catalogue import feeds, migrate
from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import DAY_MS
from pixmirror.errors import OffsetCap, ServerError
from pixmirror.models import Lane, Listing, Received, User
from pixmirror.sync import walk
from pixmirror.sync.recording import Source
from tests.sync.test_walk_laws import PAGE, FakeClock, Upstream

TWO_HOURS = 2 * 3_600_000
Paging = Literal["offset", "cursor"]
_TEMPLATE: list[Path] = []


@contextmanager
def catalogue() -> Iterator[Database]:
    if not _TEMPLATE:
        _TEMPLATE.append(Path(tempfile.mkdtemp()) / "catalogue.db")
        migrate.upgrade(_TEMPLATE[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "catalogue.db"
        shutil.copy(_TEMPLATE[0], path)
        db = Database.open(path)
        try:
            yield db
        finally:
            db.close()


class Scene:
    """One list, walked as a daemon does; `have` is what it brought, `finished` how often a pass was complete."""

    def __init__(self, db: Database, up: Upstream, paging: Paging = "offset") -> None:
        self.db, self.up, self.paging = db, up, paging
        self.clock = FakeClock()
        self.have: set[int] = set()
        self.poisoned: set[int] = set()
        self.asked = self.failed = self.finished = 0
        self.answer: Callable[[int | None], tuple[list[int], dict[str, str] | None]] = (
            up.offset_page if paging == "offset" else up.cursor_page
        )

    def source(self) -> Source:
        async def read(position: int | None, lane: Lane) -> Listing[Any]:
            self.asked += 1
            ids, following = self.answer(position)
            if self.poisoned & set(ids):
                self.failed += 1
                raise ServerError("Pixiv failed (500).")
            return Listing("list", tuple(Received(User(id=i), {}) for i in ids), next=following)

        def record(conn: Connection, listing: Listing[Any], lane: Lane, now: int) -> tuple[int, ...]:
            ids = tuple(user.id for user in listing)
            self.have.update(ids)
            return ids

        def finished(conn: Connection, started: int, now: int) -> None:
            self.finished += 1

        return Source(self.paging, read, record, finished=finished)

    async def feed(self) -> feeds.Feed:
        return await self.db.run(feeds.open_feed, 1, "list", {}, job="job", lane=0)

    async def gaps(self) -> list[feeds.Gap]:
        return await self.db.read(feeds.gaps, (await self.feed()).id)

    async def run_job(self, *, passes: bool = True) -> None:
        """A run of the job, and then what is due."""
        await walk.head(self.db, self.clock, await self.feed(), self.source(), Lane.NEW)
        feed = await self.feed()
        if passes and feed.head_at and (feed.full_at is None or self.clock.now() - feed.full_at >= DAY_MS):
            await self.db.run(walk.open_full_pass, feed, self.source(), self.clock.now())
        for _ in range(60):
            due = await self.db.read(feeds.due_gaps, ["job"], self.clock.now(), 500)
            if not due:
                break
            for feed, gap in due:
                await walk.close(self.db, self.clock, feed, gap, self.source(), Lane.BACKFILL)
        self.clock.ms += TWO_HOURS

    async def days(self, n: int) -> None:
        for _ in range(12 * n):
            await self.run_job()


def run(paging: Paging, size: int, play: Callable[[Scene], Any]) -> None:
    with catalogue() as db:
        asyncio.run(play(Scene(db, Upstream(size), paging)))


@pytest.mark.parametrize("paging", ["offset", "cursor"])
@settings(max_examples=12, deadline=None)
@given(size=st.integers(1, 300), places=st.lists(st.integers(0, 299), min_size=1, max_size=3))
def test_a_page_that_always_fails_hides_only_what_stands_beside_it(
    paging: Paging, size: int, places: list[int]
) -> None:
    async def play(scene: Scene) -> None:
        items = list(scene.up.items)
        bad = sorted({p % size for p in places})
        scene.poisoned = {items[p] for p in bad}
        for _ in range(8):
            await scene.run_job(passes=False)
        near = {i for p in bad for i in items[max(0, p - 2 * PAGE) : p + 2 * PAGE]}
        assert set(items) - near <= scene.have
        pages = [g for g in await scene.gaps() if g.kind == "page"]
        assert len(pages) <= 2 * len(bad)
        assert scene.finished == 0

        scene.poisoned.clear()
        scene.clock.ms += DAY_MS
        for _ in range(6):
            await scene.run_job(passes=False)
        assert set(items) <= scene.have
        assert await scene.gaps() == []
        assert scene.finished >= 1

    run(paging, size, play)


@pytest.mark.parametrize("paging", ["offset", "cursor"])
def test_a_page_that_always_fails_costs_one_gap_and_no_new_pass_a_day(paging: Paging) -> None:
    async def play(scene: Scene) -> None:
        scene.poisoned = {scene.up.items[150]}
        await scene.days(1)
        before, failed = scene.asked, scene.failed
        await scene.days(9)
        # 12 head walks a day, and one pass more in the 9 days
        assert scene.asked - before - (scene.failed - failed) <= 9 * 12 + 30
        assert scene.failed - failed <= 9 * 5
        assert [g.kind for g in await scene.gaps()] == ["page"]
        scene.poisoned.clear()
        await scene.days(1)
        assert await scene.gaps() == []
        assert scene.finished == 1  # the pass that was tried is complete now

    run(paging, 600, play)


def test_a_list_of_which_every_page_fails_costs_one_gap_and_one_try_a_day_until_a_page_is_read() -> None:
    async def play(scene: Scene) -> None:
        scene.poisoned = set(scene.up.items)
        await scene.days(4)
        assert [g.kind for g in await scene.gaps()] == ["backfill"]
        failed = scene.failed
        await scene.days(4)
        assert scene.failed - failed <= 4 * (12 + 1)  # 12 head walks a day, which the job asks for, and one try
        assert scene.have == set()

        still = {scene.up.items[40]}
        scene.poisoned = still
        await scene.days(9)
        assert set(scene.up.items) - set(scene.up.items[: 40 + 2 * PAGE]) <= scene.have
        assert [g.kind for g in await scene.gaps()] == ["page"]
        scene.poisoned = set()
        await scene.days(9)
        assert set(scene.up.items) <= scene.have
        assert await scene.gaps() == []
        assert scene.finished >= 1

    run("offset", 600, play)


CIRCLES: dict[str, Callable[[int | None], tuple[list[int], dict[str, str] | None]]] = {
    "to the start": lambda at: ([1, 2, 3], {"offset": "0"}),
    "to itself": lambda at: ([*range(at or 0, (at or 0) + 30)], {"offset": str(at or 0)}),
    "the same page for ever": lambda at: ([*range(1, 31)], {"offset": str((at or 0) + 30)}),
    "five pages in turn": lambda at: (
        [*range((at or 0) // 29 % 5 * 29, (at or 0) // 29 % 5 * 29 + 30)],
        {"offset": str((at or 0) + 30)},
    ),
    "nothing for ever": lambda at: ([], {"offset": str((at or 0) + 30)}),
    "bookmarks to the start": lambda at: ([1, 2, 3], {"max_bookmark_id": "900"}),
    "bookmarks that are the same for ever": lambda at: ([1, 2], {"max_bookmark_id": str((at or 10**9) - 1)}),
}


@pytest.mark.parametrize("circle", CIRCLES)
def test_a_list_that_never_ends_is_left_with_a_reason_and_proves_nothing(circle: str) -> None:
    async def play(scene: Scene) -> None:
        scene.answer = CIRCLES[circle]
        await scene.run_job()
        assert scene.asked <= 210
        assert set(scene.answer(None)[0]) <= scene.have
        assert await scene.gaps() == []
        assert "list" in (await scene.feed()).marks["cut"]["why"]
        assert await scene.db.read(feeds.undone, ["job"], scene.clock.now()) == 1
        before = scene.asked
        await scene.days(1)
        assert scene.asked - before <= 2 * 12
        assert scene.finished == 0

        scene.answer = lambda at: ([7, 8], None)
        scene.clock.ms += 8 * DAY_MS
        await scene.run_job()
        assert "cut" not in (await scene.feed()).marks
        assert scene.finished == 1

    run("cursor" if circle.startswith("bookmarks") else "offset", 0, play)


def test_a_list_that_pixiv_cuts_says_so_until_it_is_read_whole() -> None:
    async def play(scene: Scene) -> None:
        whole = scene.answer

        def capped(at: int | None) -> tuple[list[int], dict[str, str] | None]:
            if (at or 0) > 5000:
                raise OffsetCap("offset must be no more than 5000")
            return whole(at)

        scene.answer = capped
        await scene.run_job()
        feed = await scene.feed()
        assert "first 5000" in feed.marks["cut"]["why"]
        assert feed.full_at is not None
        assert scene.finished == 0
        del scene.up.items[4000:]
        scene.clock.ms += 2 * DAY_MS
        await scene.run_job()
        assert "cut" not in (await scene.feed()).marks
        assert scene.finished == 1

    run("offset", 5200, play)


def test_a_next_url_that_skips_beyond_belief_is_a_failure_and_not_the_end() -> None:
    async def play(scene: Scene) -> None:
        scene.answer = lambda at: ([1, 2], {"offset": str(10**15)})
        walked = await walk.head(scene.db, scene.clock, await scene.feed(), scene.source(), Lane.NEW)
        assert str(10**15) in str(walked.failed)
        assert (await scene.feed()).head_at is None

    run("offset", 0, play)
