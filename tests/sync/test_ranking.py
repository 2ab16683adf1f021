"""Rankings: the newest day first, earlier ones one by one; what is due; and when "there is none" is believed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pixmirror.catalogue import chores, migrate
from pixmirror.catalogue.database import Database
from pixmirror.clock import Clock
from pixmirror.errors import InvalidRequest, PixivError, ServerError
from pixmirror.ingest import ranking as rows_of
from pixmirror.models import JST, Lane, Listing, to_ms
from pixmirror.pixiv.app import illusts
from pixmirror.sync.chores import run_chore
from pixmirror.sync.context import Context, Job, Jobs
from pixmirror.sync.filters import Filter
from pixmirror.sync.kinds import ranking
from tests.catalogue.builders import DAY, ME, illust, works

pytestmark = pytest.mark.anyio
DAILY = Job(
    name="daily", kind="ranking", media=("illust",), modes=("day", "week"), top=50, since=date(2026, 11, 10)
)


class SetClock(Clock):
    ms = to_ms(datetime(2026, 11, 20, 15, tzinfo=JST))  # that of the 19th is out

    def now(self) -> int:
        return self.ms


class Scene:
    """Rankings of `size` works a day and mode; `asked` holds (lane, mode, day) of each first page."""

    def __init__(self, db: Database, *jobs: Job) -> None:
        self.db, self.clock, self.jobs = db, SetClock(), Jobs()
        self.jobs.use({job.name: job for job in jobs})
        api: Any = SimpleNamespace(language="en", at=lambda lane: lane)
        api.once = lambda slows=True: api
        self.ctx = Context(db, api, self.clock, ME, jobs=self.jobs)
        self.asked: list[tuple[Lane, str, str]] = []
        self.requests, self.size = 0, 120
        self.fails: dict[tuple[str, str], PixivError] = {}
        self.all_fail: PixivError | None = None

    async def ask(self, lane: Lane, mode: str, day: date | None = None, *, next: Any = None) -> Listing[Any]:
        self.requests += 1
        if day is not None:
            self.asked.append((lane, mode, day.isoformat()))
            if error := self.all_fail or self.fails.get((mode, day.isoformat())):
                raise error
        at, base = (int(next["at"]), int(next["base"])) if next else (0, day.toordinal() * 1000 if day else 0)
        base += 500 if mode == "week" and not next else 0
        page = [illust(base + n) for n in range(at, min(at + 30, self.size))]
        more = {"at": str(at + 30), "base": str(base)} if at + 30 < self.size else None
        return Listing("/v1/illust/ranking", tuple(works(*page)), next=more)

    async def run(self, job: Job, later: int = 0) -> None:
        """A run of the job, then the chores that it made due, as far as they are due now."""
        self.clock.ms += later
        await ranking.run(self.ctx, job)
        for _ in range(200):
            due = [c for c in self.db.read_sync(chores.due, self.clock.ms, 9) if c.kind == "ranking"]
            if not due:
                return
            await run_chore(self.ctx, job, due[0])
        pytest.fail("the chore is due for ever")

    def query(self, sql: str) -> list[Any]:
        return self.db.read_sync(lambda c: [tuple(r) for r in c.exec_driver_sql(sql)])

    def days(self, mode: str = "day") -> dict[str, rows_of.RankingDay]:
        return self.db.read_sync(rows_of.ranking_days, ME, "illust", mode)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as db:
        found = Scene(db, DAILY)
        monkeypatch.setattr(illusts, "ranking", found.ask)
        yield found


async def test_the_newest_day_of_each_mode_comes_first_and_the_others_in_the_backfill_lane(scene: Scene) -> None:
    await ranking.run(scene.ctx, DAILY)
    assert scene.asked == [(Lane.NEW, "day", "2026-11-19"), (Lane.NEW, "week", "2026-11-19")]
    await scene.run(DAILY)
    rest = scene.asked[2:]
    assert {lane for lane, _, _ in rest} == {Lane.BACKFILL}
    assert [day for _, mode, day in rest if mode == "day"] == [f"2026-11-{n}" for n in range(18, 9, -1)]
    assert len(rest) == 18
    before = scene.requests
    await scene.run(DAILY)
    assert scene.requests == before


async def test_a_job_that_comes_later_sees_what_was_ranked_without_asking(scene: Scene) -> None:
    picky = replace(DAILY, name="picky", wanted=Filter(tags_any=frozenset({"nothing"})))
    scene.jobs.use({"picky": picky})
    await scene.run(picky)
    assert scene.query("SELECT DISTINCT state FROM media") == [("refused",)]
    before = scene.requests
    scene.jobs.use({"picky": picky, "daily": DAILY})
    await scene.run(DAILY)
    assert scene.requests == before
    assert scene.query("SELECT job, count(*), count(refused_reason) FROM work_job GROUP BY 1") == [
        ("daily", 1000, 0),
        ("picky", 1000, 1000),
    ]
    assert scene.query("SELECT DISTINCT state FROM media") == [("wanted",)]


async def test_jobs_over_one_mode_read_it_once_each_down_to_its_own_top(scene: Scene) -> None:
    deep = replace(DAILY, name="deep", top=100)
    scene.jobs.use({"daily": DAILY, "deep": deep})
    await scene.run(DAILY)
    await scene.run(deep)
    assert scene.requests == 20 * 4
    assert scene.query("SELECT job, count(*) FROM work_job GROUP BY 1") == [("daily", 1000), ("deep", 2000)]


async def test_a_raised_top_reads_the_days_again_once(scene: Scene) -> None:
    await scene.run(DAILY)
    deeper = replace(DAILY, top=500)
    scene.jobs.use({"daily": deeper})
    before = scene.requests
    await scene.run(deeper)
    assert {(d.depth, d.whole) for d in scene.days().values()} == {(120, True)}
    assert scene.requests == before + 20 * 4
    await scene.run(deeper)
    assert scene.requests == before + 20 * 4


async def test_a_refusal_that_is_about_us_costs_no_day(scene: Scene) -> None:
    scene.all_fail = InvalidRequest("Please update the app to the newest version.")
    for _ in range(3):
        scene.requests = 0
        await scene.run(DAILY, DAY)
        assert scene.requests <= 2 * 4
    assert all(d.denied < 2 for d in scene.days().values())
    scene.all_fail = None
    await scene.run(DAILY, DAY)
    await scene.run(DAILY, DAY)
    assert len(scene.days()) == 15
    assert all(d.whole for d in scene.days().values()) or {d.depth for d in scene.days().values()} == {50}


async def test_a_day_without_a_ranking_is_believed_when_it_is_told_on_two_days(scene: Scene) -> None:
    scene.fails["day", "2026-11-15"] = InvalidRequest("no such ranking")
    await scene.run(DAILY)
    assert scene.days()["2026-11-15"].denied == 1
    for _ in range(3):
        await scene.run(DAILY, DAY)
    assert scene.days()["2026-11-15"].denied == 2
    assert [day for _, mode, day in scene.asked if mode == "day"].count("2026-11-15") == 2
    assert scene.days()["2026-11-14"].depth == 50  # the days below it are read


async def test_a_day_that_always_fails_is_named_and_keeps_no_other_from_being_read(scene: Scene) -> None:
    scene.fails["day", "2026-11-15"] = ServerError("Pixiv failed (500).")
    await scene.run(DAILY)
    assert sorted(day for day, d in scene.days().items() if d.depth == 50) == [
        f"2026-11-{n}" for n in (10, 11, 12, 13, 14, 16, 17, 18, 19)
    ]
    [(due, error)] = scene.query("SELECT due_at, error FROM chore WHERE kind = 'ranking'")
    assert due > scene.clock.ms
    assert "2026-11-15" in error
    assert "500" in error
    assert scene.db.read_sync(chores.failing, scene.clock.ms) == 1
    scene.fails.clear()
    await scene.run(DAILY, DAY)
    assert scene.days()["2026-11-15"].depth == 50
    assert scene.db.read_sync(chores.failing, scene.clock.ms) == 0
