"""Chores and ranked days when Pixiv refuses, contradicts itself or lags behind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pixmirror.catalogue import chores, migrate
from pixmirror.catalogue.chores import Chore, Kind
from pixmirror.catalogue.database import Database
from pixmirror.clock import Clock
from pixmirror.errors import Forbidden, InvalidRequest, NotFound, OffsetCap, PixivError
from pixmirror.ingest import ranking as ingest_ranking
from pixmirror.ingest.comments import comments_walked, record_comments
from pixmirror.ingest.people import record_users
from pixmirror.ingest.works import record_works
from pixmirror.ledger import judge, moves
from pixmirror.models import Comment, Illust, Lane, Listing, Received, UgoiraMetadata, User
from pixmirror.pixiv.app import comments as comments_api
from pixmirror.pixiv.app import illusts
from pixmirror.sync.chores import HANDLERS, LAG_TRIES, run_chore
from pixmirror.sync.context import Context, Job
from pixmirror.sync.kinds import ranking
from tests.catalogue.builders import DATE, DAY, HOUR, ME, NOW, comment, comments, illust, seen, ugoira, user, works

pytestmark = pytest.mark.anyio
JOB = Job(name="following", kind="following")
LATER = "2024/01/02/03/04/05"


class SetClock(Clock):
    ms = NOW

    def now(self) -> int:
        return self.ms


class Scene:
    """A catalogue, a clock set by hand, and the one chore that is due."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = SetClock()
        api: Any = SimpleNamespace(language="en", at=lambda lane: None)
        api.once = lambda slows=True: api
        self.ctx = Context(db, api, self.clock, ME)

    def rows(self, sql: str) -> list[Any]:
        return self.db.read_sync(lambda c: [tuple(r) for r in c.exec_driver_sql(sql)])

    def add(self, kind: str, key: int, lane: Lane = Lane.EXTRA) -> None:
        self.db.run_sync(chores.add, kind, key, int(lane), self.clock.ms)

    async def do(self, kind: str, later: int = 0) -> None:
        self.clock.ms += later
        [chore] = [c for c in self.due() if c.kind == kind]
        await run_chore(self.ctx, JOB, chore)

    def due(self, later: int = 0) -> list[Chore]:
        return self.db.read_sync(chores.due, self.clock.ms + later, 9)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as db:
        yield Scene(db)


def refusing(monkeypatch: pytest.MonkeyPatch, kind: str, error: PixivError) -> None:
    async def refuse(*_: object) -> None:
        raise error

    monkeypatch.setitem(HANDLERS, kind, refuse)


async def test_a_404_is_looked_at_again_a_day_later_and_then_believed(scene: Scene, monkeypatch):
    refusing(monkeypatch, "detail", NotFound("not there"))
    scene.db.run_sync(record_works, seen(), works(illust(1)), {})
    scene.db.run_sync(chores.done, "comments", 2)
    scene.add("detail", 2)
    await scene.do("detail")
    assert scene.rows("SELECT state FROM work") == [("live",)]
    assert not scene.due(DAY - 1)
    [again] = scene.due(DAY)
    assert again.lane == Lane.REFRESH
    await scene.do("detail", DAY)
    assert scene.rows("SELECT state FROM work") == [("live",)]
    scene.db.run_sync(judge.accept, "work", scene.clock.ms)
    assert scene.rows("SELECT state FROM work") == [("gone",)]
    assert not [c for c in scene.due(99 * DAY) if c.kind == "detail"]


async def test_a_question_under_way_when_its_work_was_believed_gone_is_asked_no_more(scene: Scene, monkeypatch):
    refusing(monkeypatch, "comments", NotFound("not there"))
    scene.db.run_sync(record_works, seen(), works(illust(1)), {})
    scene.db.run_sync(moves.move, "work", [moves.Move(2, "gone", "no", ME)], NOW)
    scene.add("comments", 2)
    await scene.do("comments")
    assert not scene.due(99 * DAY)


async def test_a_work_that_lists_show_and_detail_denies_is_not_asked_for_daily(scene: Scene, monkeypatch):
    refusing(monkeypatch, "detail", NotFound("not there"))
    scene.db.run_sync(record_works, seen(), works(illust(1)), {})
    scene.db.run_sync(chores.done, "comments", 2)
    scene.add("detail", 2)
    await scene.do("detail")
    scene.db.run_sync(record_works, replace(seen(NOW + HOUR), endpoint="feed"), works(illust(1)), {})
    scene.db.run_sync(chores.done, "comments", 2)
    await scene.do("detail", DAY)
    assert scene.rows("SELECT state FROM work") == [("live",)]
    assert not scene.due(6 * DAY)
    assert scene.due(7 * DAY)


async def test_a_403_says_nothing_of_the_work_and_is_tried_again(scene: Scene, monkeypatch):
    refusing(monkeypatch, "detail", Forbidden("no"))
    refusing(monkeypatch, "profile", Forbidden("no"))
    scene.db.run_sync(record_works, seen(), works(illust(1)), {})
    scene.db.run_sync(record_users, seen(), [User.model_validate(user(7))])
    scene.add("detail", 2)
    scene.add("profile", 7)
    for later in (0, 7 * DAY):
        await scene.do("detail", later)
        await scene.do("profile")
    assert scene.rows("SELECT state FROM work UNION ALL SELECT state FROM user") == [("live",), ("live",)]
    assert {c.kind for c in scene.due(7 * DAY)} >= {"detail", "profile"}
    evidence = scene.rows("SELECT state, evidence FROM sighting WHERE state != 'live' ORDER BY id")
    assert evidence == [("unknown", "detail: no"), ("unknown", "profile: no")]


def metadata(when: str) -> Any:
    raw = {
        "zip_urls": {"medium": f"https://i.pximg.net/img-zip-ugoira/img/{when}/1_ugoira600x600.zip"},
        "frames": [{"file": "0.jpg", "delay": 60}],
    }

    async def read(*_: object) -> Received[UgoiraMetadata]:
        return Received(UgoiraMetadata.model_validate(raw), raw)

    return read


@pytest.mark.parametrize("catches_up", [True, False])
async def test_metadata_that_lags_is_asked_again_but_not_for_ever(scene: Scene, monkeypatch, catches_up: bool):
    scene.db.run_sync(record_works, seen(), works(ugoira(1)), {})
    monkeypatch.setattr(illusts, "ugoira_metadata", metadata(DATE))
    await scene.do("ugoira")
    scene.db.run_sync(record_works, seen(NOW + HOUR), works(ugoira(1, date=LATER)), {})
    await scene.do("ugoira", HOUR)
    assert not [c for c in scene.due(HOUR - 1) if c.kind == "ugoira"]
    if catches_up:
        monkeypatch.setattr(illusts, "ugoira_metadata", metadata(LATER))
        await scene.do("ugoira", HOUR)
        found = scene.rows("SELECT version, is_current FROM media ORDER BY version")
        assert found == [("20230427133951", 0), ("20240102030405", 1)]
    else:
        for _ in range(LAG_TRIES):
            await scene.do("ugoira", HOUR)
    assert not [c for c in scene.due(99 * DAY) if c.kind == "ugoira"]


async def test_new_replies_of_an_answered_comment_are_read_when_the_comments_are_read_again(
    scene: Scene, monkeypatch
):
    root = comment(1, has_replies=True)
    scene.db.run_sync(record_works, seen(), works(illust(1)), {})
    scene.db.run_sync(record_comments, seen(), 2, comments(root))
    scene.db.run_sync(record_comments, seen(), 2, comments(comment(2)), parent_key=2)
    scene.db.run_sync(comments_walked, seen(), 2, 2)
    scene.db.run_sync(chores.done, "replies", 2)
    scene.db.run_sync(chores.done, "comments", 2)

    async def read(*_: object) -> Listing[Comment]:
        return Listing("/v3/illust/comments", tuple(comments(root)), head={"total_comments": 10**25})

    monkeypatch.setattr(comments_api, "illust_comments", read)
    scene.add("comments", 2)
    await scene.do("comments")
    assert [c.key for c in scene.due() if c.kind == "replies"] == [2]


DAY_READ = date(2023, 11, 13)
RANKING = Job(name="ranking", kind="ranking", media=("illust",), modes=("day",), since=DAY_READ, until=DAY_READ)


def ranked(monkeypatch: pytest.MonkeyPatch, *pages: list[int] | PixivError) -> None:
    answers = iter(pages)

    async def read(api: Any, mode: str, day: date | None = None, *, next: Any = None) -> Listing[Illust]:
        page = answers.__next__()
        if isinstance(page, PixivError):
            raise page
        items: Any = tuple(works(*map(illust, page)))
        return Listing("/v1/illust/ranking", items, next={"offset": "1"} if len(page) > 1 else None)

    monkeypatch.setattr(illusts, "ranking", read)


def day_of(scene: Scene) -> tuple[str, int]:
    found = scene.db.read_sync(ingest_ranking.ranking_days, ME, "illust", "day")
    return found["2023-11-13"].state, found["2023-11-13"].depth


async def test_a_day_whose_later_page_is_refused_is_read_again(scene: Scene, monkeypatch):
    ranked(monkeypatch, [1, 2], InvalidRequest("invalid"))
    result = await ranking.run(scene.ctx, RANKING)
    assert (result.seen, result.error) == (2, "invalid")
    assert day_of(scene) == ("reading", 0)
    ranked(monkeypatch, [1, 2], [3])
    assert (await ranking.run(scene.ctx, RANKING)).error is None
    assert day_of(scene) == ("whole", 3)
    assert scene.rows("SELECT rank, work_key FROM ranking") == [(1, 2), (2, 4), (3, 6)]


async def test_a_ranking_ends_where_pixiv_shows_no_more(scene: Scene, monkeypatch):
    ranked(monkeypatch, [1, 2], OffsetCap("too deep"))
    assert (await ranking.run(scene.ctx, RANKING)).error is None
    assert day_of(scene) == ("whole", 2)


def test_every_kind_of_chore_has_its_handler() -> None:
    assert set(HANDLERS) == set(Kind)
