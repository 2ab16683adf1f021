"""The chores that need the website: what each answer of it comes to, and what a profile's count makes due."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pixmirror.catalogue import chores, feeds, migrate
from pixmirror.catalogue.chores import Chore
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.seen import WEB
from pixmirror.clock import Clock
from pixmirror.errors import Challenge, Forbidden, NotFound, PixmirrorError
from pixmirror.ingest import web_health
from pixmirror.ingest.people import record_users
from pixmirror.ingest.works import record_works
from pixmirror.ledger import agenda
from pixmirror.models import Lane, Received, User, UserDetail
from pixmirror.pixiv.web import illusts, search, users
from pixmirror.pixiv.web.bodies import TagInfo
from pixmirror.pixiv.web.errors import CookieRejected
from pixmirror.pixiv.web.session import WebSession
from pixmirror.sync import coverage
from pixmirror.sync.chores import run_chore
from pixmirror.sync.context import Context, Job
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, seen, stub, user, works

pytestmark = pytest.mark.anyio
JOB = Job(name="following", kind="following")


class SetClock(Clock):
    ms = NOW

    def now(self) -> int:
        return self.ms


class Scene:
    """A catalogue with one artist whose list was read to its end, a clock set by hand, and a cookie."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = SetClock()
        app: Any = SimpleNamespace(language="en", at=lambda lane: None)
        web: Any = SimpleNamespace(session=WebSession(f"{ME}_abc"), lang="en", user_id=ME)
        web.at = lambda lane: web
        app.once, web.once = lambda slows=True: app, lambda: web
        self.ctx = Context(db, app, self.clock, ME, jobs={JOB.name: JOB}, web=web)
        self.db.run_sync(record_users, seen(), [User.model_validate(user(7))])
        self.feed = self.db.run_sync(
            feeds.open_feed, ME, "user/illusts", {"user_id": 7}, job="following", lane=int(Lane.BACKFILL)
        )
        self.db.run_sync(feeds.head_done, self.feed.id, NOW)
        self.db.run_sync(feeds.full_done, self.feed.id, NOW)

    def listed(self, *raws: dict[str, Any], endpoint: str = "list") -> None:
        self.db.run_sync(record_works, replace(seen(self.clock.ms), endpoint=endpoint), works(*raws), {})

    def rows(self, sql: str) -> list[Any]:
        return self.db.read_sync(lambda c: [tuple(r) for r in c.exec_driver_sql(sql)])

    def due(self, kind: str, later: int = 0) -> list[Chore]:
        return [c for c in self.db.read_sync(chores.due, self.clock.ms + later, 99) if c.kind == kind]

    async def ask(self, kind: str, key: int) -> None:
        self.db.run_sync(chores.add, kind, key, int(Lane.REFRESH), self.clock.ms)
        [chore] = [c for c in self.due(kind) if c.key == key]
        await run_chore(self.ctx, JOB, chore)

    def profile(self, illusts: int) -> None:
        raw = {"user": user(7), "profile": {"total_illusts": illusts, "total_manga": 0, "total_novels": 0}}
        received = Received(UserDetail.model_validate(raw), raw)
        self.db.run_sync(lambda c: coverage.after_profile(self.ctx, JOB, c, received, self.clock.ms))

    def passes(self) -> int:
        return len(self.rows("SELECT 1 FROM gap WHERE kind = 'full'"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as db:
        yield Scene(db)


def answers(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, answer: object) -> list[Any]:
    """`module.name` answers so, or raises it; which ids were asked for."""
    asked: list[Any] = []

    async def read(_: Any, key: Any) -> Any:
        asked.append(key)
        if isinstance(answer, PixmirrorError):
            raise answer
        return answer

    monkeypatch.setattr(module, name, read)
    return asked


def profile_all(illusts: list[int], novels: list[int] = []) -> Any:  # noqa: B006
    held = {"illusts": illusts, "manga": [], "novels": novels}
    return SimpleNamespace(item=SimpleNamespace(ids=held.__getitem__))


async def test_the_websites_list_asks_for_what_the_app_did_not_show(scene: Scene, monkeypatch) -> None:
    scene.listed(illust(1), stub(3, "limit_sanity_level"))
    answers(monkeypatch, users, "profile_all", profile_all([1, 2, 3]))

    await scene.ask("coverage", 7)

    assert sorted(c.key for c in scene.due("web")) == [4, 6]
    assert scene.rows("SELECT work_key FROM web_listed ORDER BY 1") == [(2,), (4,), (6,)]
    assert scene.rows("SELECT web_at FROM user WHERE id = 7") == [(NOW,)]
    assert scene.due("coverage", 29 * DAY) == []
    assert [c.key for c in scene.due("coverage", 30 * DAY)] == [7]


async def test_novels_that_only_the_website_lists_open_the_apps_list_first(scene: Scene, monkeypatch) -> None:
    answers(monkeypatch, users, "profile_all", profile_all([], [9]))

    await scene.ask("coverage", 7)

    assert scene.due("web") == []
    assert scene.rows("SELECT endpoint FROM feed WHERE due_at IS NOT NULL") == [("user/novels",)]


async def test_the_list_of_who_has_left_asks_for_their_profile(scene: Scene, monkeypatch) -> None:
    answers(monkeypatch, users, "profile_all", NotFound("User has left pixiv"))

    await scene.ask("coverage", 7)

    assert [c.key for c in scene.due("profile")] == [7]


@pytest.mark.parametrize("error", [NotFound("no such work"), Forbidden("no")])
async def test_a_work_that_the_website_refuses_is_asked_for_twice(scene: Scene, monkeypatch, error) -> None:
    asked = answers(monkeypatch, illusts, "detail", error)
    scene.db.run_sync(agenda.read_on_website, [4], NOW)

    await scene.ask("web", 4)
    assert scene.due("web", DAY - 1) == []
    assert len(scene.due("web", DAY)) == 1
    scene.clock.ms += DAY
    await scene.ask("web", 4)

    assert asked == [2, 2]
    assert scene.due("web", 29 * DAY) == []
    state = "gone" if isinstance(error, NotFound) else "unknown"
    assert scene.rows("SELECT state, evidence FROM sighting") == [(state, f"web: {error}")]


async def test_a_refusal_of_what_the_app_calls_limited_says_no_more(scene: Scene, monkeypatch) -> None:
    scene.listed(stub(2, "limit_unviewable"))
    answers(monkeypatch, illusts, "detail", NotFound("no such work"))

    for _ in range(2):
        await scene.ask("web", 4)
        scene.clock.ms += 2 * DAY

    assert scene.rows("SELECT state FROM work") == [("limited",)]


async def test_a_work_that_the_app_has_shown_meanwhile_is_not_asked_for(scene: Scene, monkeypatch) -> None:
    asked = answers(monkeypatch, illusts, "detail", NotFound("no"))
    scene.db.run_sync(agenda.read_on_website, [4], NOW)
    scene.listed(illust(2))

    await scene.ask("web", 4)

    assert asked == []
    assert scene.due("web", 999 * DAY) == []


@pytest.mark.parametrize(
    ("error", "again"), [(CookieRejected("dead"), DAY), (Challenge("a challenge came"), DAY // 4)]
)
async def test_a_cookie_that_is_refused_is_tried_again_later_and_stops_nothing(
    scene: Scene, monkeypatch, error: PixmirrorError, again: int
) -> None:
    asked = answers(monkeypatch, users, "profile_all", error)
    scene.db.run_sync(agenda.list_on_website, [7, 8], NOW)
    scene.db.run_sync(chores.add, "profile", 7, 1, NOW)

    await scene.ask("coverage", 7)
    await scene.ask("coverage", 8)

    assert asked == [7], "one refusal is enough"
    assert scene.due("coverage", again - 1) == []
    assert scene.due("profile")
    assert len(scene.due("coverage", again)) == 2

    scene.clock.ms += again
    answers(monkeypatch, users, "profile_all", profile_all([]))
    await scene.ask("coverage", 7)
    assert scene.db.read_sync(web_health.refusal) is None


async def test_without_a_cookie_nothing_is_asked_and_nothing_is_lost(scene: Scene, monkeypatch) -> None:
    asked = answers(monkeypatch, illusts, "detail", NotFound("no"))
    scene.db.run_sync(agenda.read_on_website, [4], NOW)
    scene.ctx = replace(scene.ctx, web=None)

    await scene.ask("web", 4)

    assert asked == []
    assert len(scene.due("web", 30 * DAY)) == 1


# --- what the profile counts


def test_a_count_that_differs_makes_a_full_pass_due_once(scene: Scene) -> None:
    scene.listed(illust(1))
    scene.clock.ms += 2 * DAY

    scene.profile(2)
    assert scene.passes() == 1
    assert [c.key for c in scene.due("coverage")] == [7]

    scene.db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM gap"))
    scene.clock.ms += 30 * DAY
    scene.profile(2)
    assert scene.passes() == 0, "the same count was passed for already"
    scene.profile(3)
    assert scene.passes() == 1


def test_a_count_that_agrees_makes_nothing_due(scene: Scene) -> None:
    scene.listed(illust(1))
    scene.clock.ms += 2 * DAY

    scene.profile(1)

    assert scene.passes() == 0
    assert scene.due("coverage") == []


def test_what_a_pass_of_today_did_not_show_is_hidden_and_needs_no_other_pass(scene: Scene) -> None:
    scene.listed(illust(1))
    scene.clock.ms += HOUR

    scene.profile(2)

    assert scene.passes() == 0
    assert [c.key for c in scene.due("coverage")] == [7]


def test_works_of_the_website_count_too(scene: Scene) -> None:
    scene.listed(illust(1))
    scene.listed(illust(2), endpoint=WEB)
    scene.clock.ms += 2 * DAY

    scene.profile(2)

    assert scene.passes() == 0


async def test_the_commonest_unread_tags_are_asked_for_a_few_at_a_time(scene: Scene, monkeypatch) -> None:
    monkeypatch.setattr(agenda, "READINGS", 2)
    for n in range(agenda.WORKS_OF_READ_TAG + 1):
        scene.listed(illust(n + 1, tags=["夜", "R-18", "オリジナル", *(["空", "海"] if n else ["朝"])]))
    tags = dict(scene.rows("SELECT name, id FROM tag"))

    scene.db.run_sync(agenda.ask_for_readings, scene.db.read_sync(agenda.unread_tags, NOW), NOW)
    assert sorted(c.key for c in scene.due("reading")) == sorted([tags["夜"], min(tags["空"], tags["海"])])
    scene.db.run_sync(agenda.ask_for_readings, scene.db.read_sync(agenda.unread_tags, NOW), NOW)
    assert len(scene.due("reading")) == 2


async def test_how_a_tag_is_read_is_kept_as_the_website_tells_it(scene: Scene, monkeypatch) -> None:
    scene.listed(illust(1, tags=["夜", "朝"]))
    tags = dict(scene.rows("SELECT name, id FROM tag"))
    told = TagInfo.model_validate(
        {
            "tag": "夜",
            "pixpedia": {"yomigana": "よる"},
            "tagTranslation": {
                "夜": {"romaji": "yoru", "en": "night"},
                "夜空": {"romaji": "yozora"},
                "x": {"romaji": "-"},
            },
        }
    )
    asked = answers(monkeypatch, search, "tag", Received(told, {}))

    await scene.ask("reading", tags["夜"])

    assert asked == ["夜"]
    assert sorted(scene.rows("SELECT name, kind, text, source FROM tag_reading")) == [
        ("夜", "romaji", "yoru", "tag"), ("夜", "yomigana", "よる", "tag"), ("夜空", "romaji", "yozora", "tag"),
    ]  # fmt: skip
    assert scene.due("reading", 400 * DAY) == []


async def test_a_tag_without_a_reading_is_asked_for_again_half_a_year_later(scene: Scene, monkeypatch) -> None:
    scene.listed(illust(1, tags=["夜"]))
    answers(monkeypatch, search, "tag", Received(TagInfo.model_validate({"tag": "夜", "pixpedia": []}), {}))

    await scene.ask("reading", 1)

    assert scene.due("reading", 179 * DAY) == []
    assert [c.key for c in scene.due("reading", 180 * DAY)] == [1]


async def test_a_tag_that_is_no_more_is_not_asked_for(scene: Scene, monkeypatch) -> None:
    asked = answers(monkeypatch, search, "tag", NotFound("none"))
    await scene.ask("reading", 99)
    assert asked == []
    assert scene.due("reading", 400 * DAY) == []
