"""Comments over time: when they are read whole, how one is found deleted, and what proves nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pixmirror.catalogue import chores, migrate
from pixmirror.catalogue.database import Database
from pixmirror.clock import Clock
from pixmirror.errors import BadResponse, Forbidden
from pixmirror.ingest.works import record_works
from pixmirror.ledger import judge
from pixmirror.ledger.brake import brakes_on
from pixmirror.models import Broken, Comment, Lane, Listing, work_key
from pixmirror.pixiv.app import comments as comments_api
from pixmirror.reports.drift import deleted_comments, vanished
from pixmirror.sync.chores import run_chore
from pixmirror.sync.context import Context, Job
from tests.catalogue.builders import DAY, HOUR, ME, NOW, comment, comments, illust, seen, works

pytestmark = pytest.mark.anyio
JOB = Job(name="following", kind="following")
WORK = 2
PAGE = 3
YOUNG = "2023-11-14T00:00:00+00:00"  # about when NOW is


class SetClock(Clock):
    ms = NOW

    def now(self) -> int:
        return self.ms


class Thread:
    """The comments of a work at Pixiv: roots newest first, replies by root; how often each was asked for."""

    def __init__(self) -> None:
        self.roots: list[int] = []
        self.replies: dict[int, list[int]] = {}
        self.total: int | None = None
        self.unreadable: set[int] = set()
        self.asked: list[int] = []
        self.replies_asked: list[int] = []
        self.fails_at: int | None = None

    def _listing(self, ids: list[int], offset: int) -> Listing[Comment]:
        page = ids[offset : offset + PAGE]
        raws = [comment(i, has_replies=bool(self.replies.get(i))) for i in page if i not in self.unreadable]
        after = offset + PAGE
        return Listing(
            "/v3/illust/comments",
            tuple(comments(*raws)),
            broken=tuple(Broken("comments[0]", "bad", {"id": i}) for i in page if i in self.unreadable),
            next={"offset": str(after)} if after < len(ids) else None,
            head={} if self.total is None else {"total_comments": self.total},
        )

    async def list(self, api: Any, work_id: int, offset: int | None = None) -> Listing[Comment]:
        self.asked.append(offset or 0)
        if self.fails_at is not None and self.fails_at == (offset or 0):
            self.fails_at = None
            raise BadResponse("not JSON")
        return self._listing(self.roots, offset or 0)

    async def answers(self, api: Any, medium: str, root: int, *, next: Any = None) -> Listing[Comment]:
        self.replies_asked.append(root)
        return self._listing(self.replies.get(root, []), int(next["offset"]) if next else 0)


class Scene:
    """A catalogue with one work, its thread at Pixiv, and a clock set by hand."""

    def __init__(self, db: Database, thread: Thread) -> None:
        self.db = db
        self.thread = thread
        self.clock = SetClock()
        api: Any = SimpleNamespace(language="en", at=lambda lane: None)
        api.once = lambda slows=True: api
        self.ctx = Context(db, api, self.clock, ME)
        self.show(create_date=YOUNG, total_comments=0)

    def show(self, **changes: Any) -> None:
        self.db.run_sync(record_works, seen(self.clock.ms), works(illust(1, **changes)), {})

    def rows(self, sql: str) -> list[Any]:
        return self.db.read_sync(lambda c: [tuple(r) for r in c.exec_driver_sql(sql)])

    def states(self) -> dict[int, str]:
        return {key >> 1: state for key, state in self.rows("SELECT comment_key, state FROM comment")}

    def gone(self) -> set[int]:
        return {i for i, state in self.states().items() if state != "live"}

    def missing(self) -> set[int]:
        return {
            row[0] >> 1 for row in self.rows("SELECT comment_key FROM comment WHERE missing_since IS NOT NULL")
        }

    async def work(self, later: int = 0) -> int:
        """Does every chore on comments that is due, one after the other; how many requests that took."""
        self.clock.ms += later
        before = len(self.thread.asked) + len(self.thread.replies_asked)
        for _ in range(100):
            due = [
                c for c in self.db.read_sync(chores.due, self.clock.ms, 99) if c.kind in ("comments", "replies")
            ]
            if not due:
                break
            await run_chore(self.ctx, JOB, due[0])
        self.db.run_sync(judge.judge, self.clock.ms, 0.05)
        return len(self.thread.asked) + len(self.thread.replies_asked) - before

    async def look(self, later: int = 0) -> int:
        """As if something had said that the comments are to be read now."""
        self.clock.ms += later
        self.db.run_sync(chores.add, "comments", WORK, int(Lane.EXTRA), self.clock.ms)
        return await self.work()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    thread = Thread()
    monkeypatch.setattr(comments_api, "illust_comments", thread.list)
    monkeypatch.setattr(comments_api, "replies", thread.answers)
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as db:
        yield Scene(db, thread)


async def test_a_deleted_comment_is_believed_after_two_whole_readings_a_day_apart(scene: Scene):
    scene.thread.roots = [9, 8, 7, 6, 5, 4, 3]
    await scene.look()
    scene.thread.roots.remove(4)
    assert await scene.look(10 * DAY) == 1  # nothing says that one is gone: the first page is known
    assert scene.missing() == set()
    await scene.work(21 * DAY)  # the work is 30 days old
    assert (scene.missing(), scene.gone()) == ({4}, set())
    assert await scene.work(DAY - 1) == 0
    await scene.work(1)
    assert scene.gone() == {4}
    [gone] = scene.db.read_sync(deleted_comments, 9)
    assert (gone.id, gone.comment, gone.user_id, gone.state_at) == (4, "nice", 504, scene.clock.ms)
    assert scene.db.read_sync(vanished).comments == 1
    moves = scene.rows("SELECT owner_kind, owner_id, state FROM state_change WHERE owner_kind = 'comment'")
    assert moves == [("comment", work_key("illust", 4), "deleted")]
    assert await scene.work(99 * DAY) == 0
    assert await scene.work(60 * DAY) > 1  # 180 days: the whole list again


async def test_a_total_that_fell_has_all_read_again(scene: Scene):
    scene.thread.roots, scene.thread.total = [9, 8, 7, 6, 5, 4, 3], 7
    await scene.look()
    scene.thread.roots, scene.thread.total = [9, 8, 7, 6, 4, 3], 6
    scene.clock.ms += DAY
    scene.show(create_date=YOUNG, total_comments=6)
    assert await scene.work() == 2
    assert scene.missing() == {5}
    await scene.work(DAY)
    assert scene.gone() == {5}


async def test_more_new_ones_than_the_total_grew_by_betray_a_deleted_one(scene: Scene):
    scene.thread.roots, scene.thread.total = [9, 8, 7, 6, 5, 4], 6
    await scene.look()
    scene.thread.roots, scene.thread.total = [11, 10, 9, 8, 7, 6, 5], 7
    scene.clock.ms += DAY
    scene.show(create_date=YOUNG, total_comments=7)
    assert await scene.work() == 3
    assert scene.missing() == {4}


async def test_a_comment_that_is_seen_again_is_live_again(scene: Scene):
    scene.thread.roots = [4, 3, 2, 1]
    await scene.look()
    scene.thread.roots = [4, 3, 2]
    await scene.work(31 * DAY)
    await scene.work(DAY)
    assert scene.gone() == {1}
    scene.thread.roots = [5, 4, 3, 2, 1]
    scene.show(create_date=YOUNG, total_comments=5)
    await scene.work(HOUR)
    await scene.work(150 * DAY)
    assert (scene.gone(), scene.missing()) == (set(), set())
    moves = scene.rows("SELECT state FROM state_change WHERE owner_kind = 'comment' ORDER BY id")
    assert moves == [("deleted",), ("live",)]
    assert scene.db.read_sync(deleted_comments, 9) == ()


async def test_a_root_that_is_deleted_takes_its_replies_along(scene: Scene):
    scene.thread.roots, scene.thread.replies = [4, 3, 2, 1], {2: [20, 21], 3: [30]}
    await scene.look()
    scene.thread.roots = [4, 3, 1]
    await scene.work(31 * DAY)
    assert scene.missing() == {2, 20, 21}
    before = scene.thread.replies_asked.count(2)
    await scene.work(DAY)
    assert scene.gone() == {2, 20, 21}
    assert scene.thread.replies_asked.count(2) == before  # nobody asks for the replies to what is not there
    assert scene.states()[30] == "live"


async def test_a_deleted_reply_is_missed_by_the_reading_of_the_replies(scene: Scene):
    scene.thread.roots, scene.thread.replies = [2, 1], {1: [14, 13, 12, 11]}
    await scene.look()
    scene.thread.replies[1] = [14, 13, 11]
    await scene.work(31 * DAY)
    assert (scene.missing(), scene.gone()) == ({12}, set())
    await scene.work(DAY)
    assert scene.gone() == {12}


async def test_when_a_root_says_that_it_has_no_replies_any_more_they_are_gone(scene: Scene):
    scene.thread.roots, scene.thread.replies = [2, 1], {1: [11]}
    await scene.look()
    scene.thread.replies = {}
    await scene.work(31 * DAY)
    await scene.work(DAY)
    assert scene.gone() == {11}


async def test_new_replies_on_deep_pages_are_found_by_a_whole_reading(scene: Scene):
    scene.thread.roots, scene.thread.replies = [9, 8, 7, 6, 5, 4, 3, 2, 1], {1: [11]}
    await scene.look()
    scene.thread.replies[1] = [12, 11]
    await scene.look(DAY)
    assert 12 not in scene.states()
    await scene.work(30 * DAY)
    assert scene.states()[12] == "live"


@pytest.mark.parametrize("left", [[], [9, 8, 7]])
async def test_a_list_that_is_empty_or_lacks_more_than_half_proves_nothing(scene: Scene, left: list[int]):
    scene.thread.roots = [9, 8, 7, 6, 5, 4, 3, 2, 1]
    await scene.look()
    scene.thread.roots = left
    for later in (31 * DAY, 2 * DAY, 150 * DAY):
        await scene.work(later)
    assert (scene.missing(), scene.gone()) == (set(), set())


async def test_a_comment_that_could_not_be_read_is_not_missing(scene: Scene):
    scene.thread.roots = [3, 2, 1]
    await scene.look()
    scene.thread.unreadable = {2}
    for later in (31 * DAY, 150 * DAY):
        await scene.work(later)
    assert (scene.missing(), scene.gone()) == (set(), set())


async def test_a_reading_that_was_cut_goes_on_and_proves_the_same(scene: Scene):
    scene.thread.roots = [9, 8, 7, 6, 5, 4, 3, 2, 1]
    await scene.look()
    scene.thread.roots.remove(5)
    scene.thread.asked.clear()
    scene.thread.fails_at = 6
    await scene.work(31 * DAY)
    assert scene.missing() == set()
    await scene.work(HOUR)
    assert scene.thread.asked == [0, 3, 6, 6]
    assert scene.missing() == {5}


async def test_a_cut_of_more_than_a_day_begins_anew(scene: Scene):
    scene.thread.roots = [9, 8, 7, 6, 5, 4, 3, 2, 1]
    await scene.look()
    scene.thread.asked.clear()
    scene.thread.fails_at = 6
    await scene.work(31 * DAY)
    scene.thread.roots.remove(9)
    await scene.work(2 * DAY)
    assert scene.thread.asked == [0, 3, 6, 0, 3, 6]
    assert scene.missing() == {9}


async def test_a_first_reading_that_was_cut_for_long_goes_on_and_misses_nothing(scene: Scene):
    scene.thread.roots = [9, 8, 7, 6, 5, 4, 3, 2, 1]
    scene.thread.fails_at = 3
    await scene.look()
    await scene.work(3 * DAY)
    assert scene.thread.asked == [0, 3, 3, 6]
    assert len(scene.states()) == 9
    assert scene.missing() == set()


async def test_of_a_work_that_is_gone_nothing_is_asked_and_nothing_changes(scene: Scene):
    scene.thread.roots, scene.thread.replies = [3, 2, 1], {1: [11]}
    await scene.look()
    scene.db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'gone'"))
    scene.thread.roots = [3]
    scene.db.run_sync(chores.add, "replies", work_key("illust", 1), int(Lane.EXTRA), scene.clock.ms)
    assert await scene.look(40 * DAY) == 0
    assert scene.gone() == set()
    # It may come back.
    scene.db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'live'"))
    assert await scene.work(30 * DAY) > 0
    assert scene.missing() == {2, 1, 11}


async def test_the_brake_holds_what_many_works_lose_at_once(scene: Scene):
    many = range(1, 31)
    for n in many:
        scene.db.run_sync(record_works, seen(), works(illust(n, create_date=YOUNG, total_comments=4)), {})

    async def read(api: Any, work_id: int, offset: int | None = None) -> Listing[Comment]:
        ids = [work_id * 10 + i for i in range(4 if scene.clock.ms == NOW else 3)]
        return Listing("/v3/illust/comments", tuple(comments(*(comment(i) for i in ids))))

    scene.thread.list = read  # type: ignore[method-assign]
    comments_api.illust_comments = read  # type: ignore[assignment]
    await scene.work()
    assert len(scene.states()) == 120
    await scene.work(31 * DAY)
    await scene.work(DAY)
    assert scene.gone() == set()
    [held] = scene.db.read_sync(brakes_on)
    assert (held.kind, held.count, held.live) == ("comment", 30, 120)
    assert scene.db.run_sync(judge.accept, "comment", scene.clock.ms) == 30
    assert len(scene.gone()) == 30
    assert scene.db.read_sync(brakes_on) == ()


async def test_of_an_old_work_that_has_none_as_a_list_says_nothing_is_asked_until_it_says_otherwise(scene: Scene):
    scene.clock.ms += 40 * DAY
    scene.show(create_date=YOUNG, total_comments=0)
    assert await scene.look() == 0
    scene.thread.roots = [1]
    scene.show(create_date=YOUNG, total_comments=1)
    assert await scene.work() == 1
    assert scene.states() == {1: "live"}
    assert await scene.work(140 * DAY) == 1  # when it is 180 days old


async def test_comments_that_lead_back_to_their_start_are_left_and_prove_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.thread.roots = [5, 4, 3, 2, 1]
    scene.thread.total = 5
    await scene.look()
    whole = scene.thread.list

    async def circle(api: Any, work_id: int, offset: int | None = None) -> Listing[Comment]:
        return replace(await whole(api, work_id), next={"offset": "0"})

    monkeypatch.setattr(comments_api, "illust_comments", circle)
    assert await scene.look(40 * DAY) <= 4
    assert await scene.look(DAY) <= 4
    assert scene.gone() == scene.missing() == set()


async def test_a_next_url_without_an_offset_puts_the_comments_off(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.thread.roots = [5, 4, 3, 2, 1]
    whole = scene.thread.list

    async def spoilt(api: Any, work_id: int, offset: int | None = None) -> Listing[Comment]:
        return replace(await whole(api, work_id, offset), next={"max_comment_id": "77"})

    monkeypatch.setattr(comments_api, "illust_comments", spoilt)
    assert await scene.look() == 1
    assert "offset" in scene.rows("SELECT error FROM chore WHERE kind = 'comments'")[0][0]


async def test_a_count_that_the_comments_own_list_contradicts_is_no_reason_to_read_them_again(scene: Scene):
    scene.thread.roots, scene.thread.total = [9, 8], 2
    scene.show(create_date=YOUNG, total_comments=5)
    assert await scene.work() == 1
    for _ in range(3):
        scene.clock.ms += HOUR
        scene.show(create_date=YOUNG, total_comments=5)
        assert await scene.work() == 0
    scene.show(create_date=YOUNG, total_comments=6)
    assert await scene.work() > 0


async def test_comments_that_are_refused_twice_of_a_work_that_is_there_are_asked_half_a_year_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    async def refuse(*_: object) -> Listing[Comment]:
        raise Forbidden("comments are closed")

    monkeypatch.setattr(comments_api, "illust_comments", refuse)
    scene.db.run_sync(chores.add, "comments", WORK, int(Lane.EXTRA), NOW)
    scene.db.run_sync(chores.postpone, "comments", WORK, NOW, "the network is down")  # which is no refusal

    async def ask() -> tuple[int, bool]:
        [chore] = [c for c in scene.db.read_sync(chores.due, scene.clock.ms, 9) if c.kind == "comments"]
        await run_chore(scene.ctx, JOB, chore)
        [(due,)] = scene.rows("SELECT due_at FROM chore WHERE kind = 'comments'")
        detail = bool(scene.rows("SELECT 1 FROM chore WHERE kind = 'detail'"))
        scene.db.run_sync(chores.done, "detail", WORK)
        return due - scene.clock.ms, detail

    assert await ask() == (7 * DAY, True)
    scene.clock.ms += 7 * DAY
    assert await ask() == (180 * DAY, False)
    [(error,)] = scene.rows("SELECT error FROM chore WHERE kind = 'comments'")
    assert "closed" in error
