"""Own bookmark tags: by each tag's list, or by the web's list; never by one request per bookmark."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pixmirror.catalogue import chores, migrate
from pixmirror.catalogue.database import Database
from pixmirror.clock import Clock
from pixmirror.errors import ServerError
from pixmirror.ingest import lists
from pixmirror.models import BookmarkTag, Illust, Lane, Listing, Received
from pixmirror.pixiv.app import users
from pixmirror.pixiv.web import users as web_users
from pixmirror.pixiv.web.session import WebSession
from pixmirror.sync import bookmark_tags
from pixmirror.sync.chores import run_chore
from pixmirror.sync.context import Context, Job
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, works

pytestmark = pytest.mark.anyio
JOB = Job(name="bookmarks", kind="bookmarks")


class SetClock(Clock):
    ms = NOW

    def now(self) -> int:
        self.ms += 1
        return self.ms


class Pixiv:
    """Public bookmarks of works, newest first, with own tags and bookmark ids; what was asked."""

    def __init__(self) -> None:
        self.marks: dict[int, tuple[int, tuple[str, ...]]] = {}
        self.asked: list[str] = []
        self.silent = False  # the web leaves the tags out
        self.page = 1000  # of a tag's list
        self.poisoned: set[int] = set()  # a page that shows one of these fails

    def put(self, work_id: int, *tags: str) -> None:
        old = self.marks.get(work_id)
        self.marks[work_id] = (old[0] if old else 1000 + len(self.marks), tags)

    def _newest(self) -> list[int]:
        return sorted(self.marks, key=lambda i: -self.marks[i][0])

    async def tags(self, api: Any, user_id: int, restrict: str, *, next: Any = None) -> Listing[BookmarkTag]:
        self.asked.append("tags")
        names = sorted({name for _, tags in self.marks.values() for name in tags})
        raws = [{"name": n, "count": sum(n in tags for _, tags in self.marks.values())} for n in names]
        return Listing("tags", tuple(Received(BookmarkTag.model_validate(raw), raw) for raw in raws))

    async def tagged(
        self, api: Any, user_id: int, restrict: str, tag: str, cursor: int | None = None, *, next: Any = None
    ) -> Listing[Any]:
        self.asked.append(f"list of {tag}")
        top = int(next["max_bookmark_id"]) if next else cursor or 2**50
        ids = [i for i in self._newest() if tag in self.marks[i][1] and self.marks[i][0] < top]
        page = ids[: self.page]
        if self.poisoned & set(page):
            raise ServerError("Pixiv failed (500).")
        more = {"max_bookmark_id": str(self.marks[page[-1]][0])} if len(ids) > len(page) else None
        return Listing("list", tuple(works(*(illust(i) for i in page))), next=more)

    async def by_web(
        self, api: Any, user_id: int, tag: str, offset: int, limit: int, rest: str
    ) -> Listing[Illust]:
        assert rest == "show"
        self.asked.append(f"web {offset}")
        page = self._newest()[offset : offset + limit]
        items = [
            Received(Illust.model_validate(illust(i)), {"bookmarkData": {"id": str(self.marks[i][0])}})
            for i in page
        ]
        beside = {str(self.marks[i][0]): list(self.marks[i][1]) for i in page if self.marks[i][1]}
        more = {"offset": str(offset + limit)} if offset + limit < len(self.marks) else None
        return Listing("web", tuple(items), next=more, head={"bookmarkTags": [] if self.silent else beside or []})


class Scene:
    def __init__(self, db: Database, pixiv: Pixiv, web: bool) -> None:
        self.db = db
        self.pixiv = pixiv
        api: Any = SimpleNamespace(language="en", at=lambda lane: None)
        api.once = lambda slows=True: api
        session = SimpleNamespace(session=WebSession(f"{ME}_secret"), user_id=ME, at=lambda lane: None)
        self.clock = SetClock()
        self.ctx = Context(db, api, self.clock, ME, web=session if web else None)  # type: ignore[arg-type]

    async def read(self, later: int = HOUR) -> list[str]:
        """Reads the list of bookmarks, then their tags; what was asked for that."""
        self.clock.ms += later
        self.pixiv.asked.clear()
        keys = [work_id * 2 for work_id in self.pixiv.marks]
        self.db.run_sync(lists.record_bookmarks, ME, "public", keys, self.clock.ms, None)
        self.db.run_sync(chores.add, "bookmark_tags", 0, int(Lane.EXTRA), self.clock.ms)
        [chore] = [c for c in self.db.read_sync(chores.due, self.clock.ms, 99) if c.kind == "bookmark_tags"]
        await run_chore(self.ctx, JOB, chore)
        return list(self.pixiv.asked)

    def rows(self, sql: str) -> list[Any]:
        return self.db.read_sync(lambda c: [tuple(r) for r in c.exec_driver_sql(sql)])

    def tags(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for key, name in self.rows("SELECT work_key, name FROM bookmark_work_tag"):
            found.setdefault(key >> 1, set()).add(name)
        return found

    def expected(self) -> dict[int, set[str]]:
        return {i: set(tags) for i, (_, tags) in self.pixiv.marks.items() if tags}


@pytest.fixture
def pixiv(monkeypatch: pytest.MonkeyPatch) -> Pixiv:
    found = Pixiv()
    monkeypatch.setattr(users, "bookmark_tags_illust", found.tags)
    monkeypatch.setattr(users, "bookmarks_illust", found.tagged)
    monkeypatch.setattr(web_users, "bookmarks_illust", found.by_web)
    monkeypatch.setattr(bookmark_tags, "WEB_PAGE", 3)
    return found


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as database:
        yield database


async def test_without_a_cookie_only_the_lists_of_moved_tags_are_walked(db: Database, pixiv: Pixiv):
    scene = Scene(db, pixiv, web=False)
    for i in range(1, 8):
        pixiv.put(i, "all", *(["odd"] if i % 2 else []))
    assert await scene.read() == ["tags", "list of all", "list of odd"]
    assert scene.tags() == scene.expected()
    pixiv.put(2, "all", "odd")
    assert await scene.read() == ["tags", "list of odd"]
    assert scene.tags() == scene.expected()
    assert scene.rows("SELECT item, event, before, after FROM drift") == [(4, "tags", '["all"]', '["all", "odd"]')]


async def test_with_a_cookie_the_webs_list_tells_tags_and_ids_down_to_what_is_known(db: Database, pixiv: Pixiv):
    scene = Scene(db, pixiv, web=True)
    for i in range(1, 11):
        pixiv.put(i, *(["odd"] if i % 2 else []))
    assert await scene.read() == ["tags", "web 0", "web 3", "web 6", "web 9"]
    assert scene.tags() == scene.expected()
    found = dict(scene.rows("SELECT work_key / 2, bookmark_id FROM bookmark"))
    assert found == {i: mark for i, (mark, _) in pixiv.marks.items()}
    pixiv.put(11, "odd")
    assert await scene.read() == ["tags", "web 0", "web 3"]
    assert scene.tags() == scene.expected()
    assert await scene.read() == ["tags", "web 0"]
    assert scene.rows("SELECT 1 FROM drift") == []


async def test_the_webs_list_is_read_on_until_the_counts_agree_and_whole_now_and_then(db: Database, pixiv: Pixiv):
    scene = Scene(db, pixiv, web=True)
    for i in range(1, 13):
        pixiv.put(i, "a" if i == 2 else "b")
    await scene.read()
    pixiv.put(2, "b")
    assert (await scene.read())[-1] == "web 9"
    assert scene.tags() == scene.expected()
    pixiv.put(1, "a")
    pixiv.put(12, "b", "c")
    assert (await scene.read())[-1] == "web 9"
    assert scene.tags() == scene.expected()
    # Two that changed places move no count: the whole list, once a month, shows them.
    pixiv.put(1, "b")
    pixiv.put(3, "a")
    assert await scene.read() == ["tags", "web 0"]
    assert (await scene.read(31 * DAY))[-1] == "web 9"
    assert scene.tags() == scene.expected()


async def test_a_web_that_leaves_the_tags_out_takes_none_away(db: Database, pixiv: Pixiv):
    scene = Scene(db, pixiv, web=True)
    for i in range(1, 6):
        pixiv.put(i, "a")
    await scene.read()
    pixiv.silent = True
    pixiv.put(6, "a")
    assert await scene.read() == ["tags", "web 0", "web 3", "list of a"]
    assert scene.tags() == scene.expected()
    assert scene.rows("SELECT 1 FROM drift") == []


async def test_the_cookie_of_another_account_is_not_used(db: Database, pixiv: Pixiv):
    scene = Scene(db, pixiv, web=True)
    scene.ctx.web.user_id = ME + 1  # type: ignore[union-attr,misc]
    pixiv.put(1, "a")
    assert await scene.read() == ["tags", "list of a"]


async def tries(scene: Scene, hours: int) -> list[str]:
    """What is asked while the chore is done whenever it is due."""
    scene.pixiv.asked.clear()
    for _ in range(hours * 12):
        scene.clock.ms += HOUR // 12
        for chore in scene.db.read_sync(chores.due, scene.clock.ms, 99):
            if chore.kind == "bookmark_tags":
                await run_chore(scene.ctx, JOB, chore)
    return list(scene.pixiv.asked)


@pytest.mark.parametrize("bad", [1, 20, 30])
async def test_a_tags_list_goes_on_where_it_stood_and_below_a_page_that_always_fails(
    db: Database, pixiv: Pixiv, bad: int
) -> None:
    scene = Scene(db, pixiv, web=False)
    pixiv.page = 2
    for i in range(1, 31):
        pixiv.put(i, "cats", *(["dogs"] if i == 7 else []))
    pixiv.poisoned = {bad}
    await scene.read()
    assert scene.tags()[7] >= {"dogs"}  # the other tag's list is read all the same
    await tries(scene, 24)
    near = {bad - 1, bad, bad + 1}
    assert {i for i, tags in scene.tags().items() if "cats" in tags} >= set(range(1, 31)) - near
    assert len(await tries(scene, 24)) <= 8 + 2

    pixiv.poisoned = set()
    assert len(await tries(scene, 24)) <= 6
    assert {i for i, tags in scene.tags().items() if "cats" in tags} == set(range(1, 31))
    assert await tries(scene, 24) == []
