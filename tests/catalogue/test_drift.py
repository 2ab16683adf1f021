"""How bookmarks and follows change over time: what is written down, why something went, and the list as it was."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pixmirror.catalogue import feeds, migrate
from pixmirror.catalogue.database import Connection, Database
from pixmirror.ingest import lists, own_tags
from pixmirror.ingest.people import record_users
from pixmirror.ingest.works import record_works
from pixmirror.ledger import judge, missing
from pixmirror.ledger.brake import brakes_on
from pixmirror.models import BookmarkTag, Restrict, User
from pixmirror.reports import drift
from tests.catalogue.as_of import as_of
from tests.catalogue.builders import DAY, HOUR, ME, NOW, both, illust, seen, user, works

RESTRICTS: tuple[Restrict, ...] = get_args(Restrict)
HERE = own_tags.BookmarkList(ME, "illust", "public")


def read_whole(conn: Connection, endpoint: str, now: int = NOW) -> None:
    for restrict in RESTRICTS:
        feed = feeds.open_feed(conn, ME, endpoint, {"restrict": restrict}, job="b", lane=0)
        feeds.full_done(conn, feed.id, now)


def account(conn: Connection) -> None:
    conn.exec_driver_sql("INSERT INTO account (id, name, account, seen_at) VALUES (?, 'me', 'me', 0)", (ME,))


@pytest.fixture
def mine(db: Database) -> Database:
    db.run_sync(account)
    return db


def bookmarks(db: Database, now: int, *keys: int, restrict: Restrict = "public") -> None:
    db.run_sync(lists.record_bookmarks, ME, restrict, keys, now, None)


def whole_pass(db: Database, now: int, public: Any = (), private: Any = (), share: float = 1.0) -> int:
    bookmarks(db, now, *public)
    bookmarks(db, now, *private, restrict="private")
    return db.run_sync(lambda c: lists.mark_missing(c, "bookmark", ME, both(now), now, "illust", share=share))


def events(db: Database, key: int) -> list[tuple[str, Any, Any]]:
    sql = f"SELECT event, before, after FROM drift WHERE kind = 'bookmark' AND item = {key} ORDER BY id"
    found = db.read_sync(lambda c: c.exec_driver_sql(sql).all())
    told = lambda event, value: json.loads(value) if value and event in ("tags", "renewed") else value  # noqa: E731
    return [(event, told(event, before), told(event, after)) for event, before, after in found]


def tag_reading(db: Database, now: int, tags: dict[str, list[int]]) -> None:
    counted = [BookmarkTag(name=name, count=len(keys)) for name, keys in tags.items()]
    moved = db.run_sync(own_tags.record_bookmark_tags, HERE, counted, now)
    for name in moved:
        db.run_sync(own_tags.record_tagged, HERE, name, tags[name], now, now)
        db.run_sync(own_tags.tag_walked, HERE, name, len(tags[name]), now, now, now)
    db.run_sync(own_tags.reading_done, HERE, now, now)


def test_the_first_reading_of_a_list_is_no_change_and_what_comes_later_is(mine: Database, rows):
    bookmarks(mine, NOW, 2, 4)
    assert rows("SELECT 1 FROM drift") == []
    mine.run_sync(read_whole, "user/bookmarks/illust")
    bookmarks(mine, NOW + 1, 2, 6)
    bookmarks(mine, NOW + 1, 7)  # a novel, whose list was not read yet
    found = rows("SELECT account_id, kind, item, event, before, after, at FROM drift")
    assert [tuple(r.values()) for r in found] == [(ME, "bookmark", 6, "added", None, "public", NOW + 1)]


def test_removed_returned_and_switched_are_written_down(mine: Database):
    whole_pass(mine, NOW, [2, 4])
    whole_pass(mine, NOW + DAY, [4], [2])
    for day in (2, 3):
        whole_pass(mine, NOW + day * DAY, [4])
    whole_pass(mine, NOW + 4 * DAY, [2, 4])
    assert events(mine, 2) == [
        ("restrict", "public", "private"),
        ("removed", "private", None),
        ("returned", "private", "public"),
    ]
    assert events(mine, 4) == []


def test_follows_have_the_same_history(mine: Database, rows):
    mine.run_sync(record_users, seen(), [User.model_validate(user(1))])
    mine.run_sync(read_whole, "user/following")
    mine.run_sync(lists.record_follows, ME, "public", [1, 2], NOW)
    mine.run_sync(lists.record_follows, ME, "private", [1], NOW + 1)
    for day in (1, 2):
        now = NOW + day * DAY
        mine.run_sync(lists.record_follows, ME, "public", [2], now)
        mine.run_sync(lists.mark_missing, "follow", ME, both(now), now)
    told = rows("SELECT event FROM drift WHERE kind = 'follow' AND item = 1 ORDER BY id")
    assert [r["event"] for r in told] == ["added", "restrict", "removed"]
    [found] = mine.read_sync(drift.vanished_members, "follow", 9)
    assert (found.ref.id, found.state, found.restrict, found.why) == (1, "gone", "private", "unknown")
    assert rows("SELECT state FROM state_change WHERE owner_kind = 'follow' AND owner_id = 1") == [
        {"state": "gone"}
    ]
    # Whether the artist left or the follow was taken back, the profile will tell.
    assert rows("SELECT kind, key FROM chore WHERE kind = 'profile'") == [{"kind": "profile", "key": 1}]
    mine.run_sync(record_users, seen(NOW + 3 * DAY), [User.model_validate(user(1))])
    [gone] = mine.read_sync(drift.vanished_members, "follow", 9)
    assert (gone.ref.id, gone.why, gone.user_name) == (1, "removed", "artist 1")


def test_what_vanished_says_why_and_where_the_copy_is(mine: Database, rows):
    mine.run_sync(record_works, seen(), works(*(illust(n, pages=2) for n in (1, 2, 3))), {})
    mine.run_sync(
        lambda c: c.exec_driver_sql(
            "UPDATE media SET state = 'stored', size = 10, sha256 = 'x' WHERE owner_id < 6"
        )
    )
    whole_pass(mine, NOW, [2, 4, 6, 8, 10])
    mine.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    for day in (1, 2):
        whole_pass(mine, NOW + day * DAY, [10])
    # Only a question to the work tells whether the bookmark was taken back.
    assert {r["key"] for r in rows("SELECT key FROM chore WHERE kind = 'detail'")} == {2, 4, 6}
    assert {m.why for m in mine.read_sync(drift.vanished_members, "bookmark", 9)} == {"unknown"}
    mine.run_sync(record_works, seen(NOW + 3 * DAY), works(illust(1, pages=2)), {})
    mine.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'deleted' WHERE work_key = 4"))
    mine.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'user_gone' WHERE work_key = 6"))
    found = {m.ref.id: m for m in mine.read_sync(drift.vanished_members, "bookmark", 9)}
    assert {i: m.why for i, m in found.items()} == {1: "removed", 2: "deleted", 3: "user_gone", 4: "unknown"}
    assert found[1].reason == "removed on Pixiv by this account"
    assert (found[1].copy.files, found[1].copy.bytes, found[1].copy.path) == (2, 20, "7/1_p0.png")
    assert (found[4].title, found[4].copy.files, found[4].copy.path) == ("", 0, None)
    assert (found[1].first_seen, found[1].last_seen, found[1].state_at) == (NOW, NOW, NOW + 2 * DAY)
    assert len(mine.read_sync(drift.vanished_members, "bookmark", 2)) == 2
    assert mine.read_sync(drift.vanished) == drift.Vanished(bookmarks=4, follows=0, comments=0)


def test_a_bookmark_taken_back_stays_so_when_its_work_goes_later(mine: Database):
    mine.run_sync(record_works, seen(), works(illust(1)), {})
    whole_pass(mine, NOW, [2])
    for day in (1, 2):
        whole_pass(mine, NOW + day * DAY, [])
    mine.run_sync(record_works, seen(NOW + 3 * DAY), works(illust(1)), {})
    mine.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET state = 'gone'"))
    [gone] = mine.read_sync(drift.vanished_members, "bookmark", 9)
    assert gone.why == "removed"


# --- own tags


def test_a_change_of_tags_is_one_row_however_many_lists_told_it(mine: Database):
    whole_pass(mine, NOW, [2, 4])
    tag_reading(mine, NOW + 1, {"a": [2, 4], "b": [4]})
    assert events(mine, 2) == []
    tag_reading(mine, NOW + 2, {"b": [2, 4], "c": [2], "a": [4]})
    assert events(mine, 2) == [("tags", ["a"], ["b", "c"])]
    assert events(mine, 4) == []
    assert mine.read_sync(own_tags.tags_of, ME, [2]) == {2: ("b", "c")}


def test_a_change_that_is_undone_while_it_is_read_is_none(mine: Database):
    whole_pass(mine, NOW, [2])
    tag_reading(mine, NOW + 1, {"a": [2]})
    at = NOW + 5
    mine.run_sync(own_tags.record_tagged, HERE, "b", [2], at, at)
    assert events(mine, 2) == [("tags", ["a"], ["a", "b"])]
    mine.run_sync(own_tags.tag_walked, HERE, "b", 0, at + 1, at + 1, at)
    assert events(mine, 2) == []


def test_a_tag_that_no_list_names_any_more_goes_with_a_row(mine: Database):
    whole_pass(mine, NOW, [2])
    tag_reading(mine, NOW + 1, {"a": [2]})
    tag_reading(mine, NOW + 2, {})
    assert events(mine, 2) == [("tags", ["a"], [])]


def test_the_first_tags_of_a_new_bookmark_are_no_change(mine: Database):
    whole_pass(mine, NOW, [2])
    tag_reading(mine, NOW + 1, {"a": [2]})
    whole_pass(mine, NOW + DAY, [2, 4])
    tag_reading(mine, NOW + DAY + 1, {"a": [2, 4], "b": [4]})
    assert events(mine, 4) == []
    tag_reading(mine, NOW + DAY + 2, {"a": [2, 4]})
    assert events(mine, 4) == [("tags", ["a", "b"], ["a"])]


def test_a_vanished_bookmark_keeps_the_tags_that_it_had(mine: Database):
    """The lists of tags miss it before the full passes do: its tags went with it, not before."""
    whole_pass(mine, NOW, [2, 4])
    tag_reading(mine, NOW + 1, {"a": [2, 4], "b": [2]})
    tag_reading(mine, NOW + HOUR, {"a": [4], "b": [2]})
    tag_reading(mine, NOW + 2 * HOUR, {"a": [4]})
    assert len(events(mine, 2)) == 2
    for day in (1, 2):
        whole_pass(mine, NOW + day * DAY, [4])
    assert events(mine, 2) == [("removed", "public", None)]
    [gone] = mine.read_sync(drift.vanished_members, "bookmark", 9)
    assert gone.tags == ("a", "b")


def test_the_webs_list_tells_tags_and_ids_at_once(mine: Database, rows):
    whole_pass(mine, NOW, [2, 4])
    page = lambda told, at: mine.run_sync(own_tags.record_web_page, HERE, told, at, at)  # noqa: E731
    assert page({2: (500, ("a",)), 4: (400, ()), 6: (300, ("x",))}, NOW + 1) == 2
    mine.run_sync(own_tags.reading_done, HERE, NOW + 1, NOW + 1, all_told=True)
    assert page({2: (500, ("a",)), 4: (400, ())}, NOW + 2) == 0
    assert page({2: (500, None), 4: (400, None)}, NOW + 2) == 0  # a page that tells no tags takes none away
    assert rows("SELECT work_key, bookmark_id, below FROM bookmark ORDER BY 1") == [
        {"work_key": 2, "bookmark_id": 500, "below": 499},
        {"work_key": 4, "bookmark_id": 400, "below": 399},
    ]
    assert page({2: (900, ("b",)), 4: (400, ("c",))}, NOW + 3) == 2
    assert rows("SELECT bookmark_id FROM bookmark WHERE work_key = 2") == [{"bookmark_id": 900}]
    assert mine.read_sync(own_tags.tags_of, ME, [2]) == {2: ("b",)}
    assert events(mine, 2) == [("renewed", 500, 900), ("tags", ["a"], ["b"])]
    assert {r["at"] for r in rows("SELECT at FROM drift WHERE item = 2")} == {NOW + 3}
    assert events(mine, 4) == [("tags", [], ["c"])]


# --- the brake


def test_the_brake_is_told_and_lets_through_what_the_user_believes(mine: Database, rows):
    keys = range(2, 202, 2)
    whole_pass(mine, NOW, keys)
    assert whole_pass(mine, NOW + DAY, keys[20:], share=0.05) == 0
    assert whole_pass(mine, NOW + 2 * DAY, keys[20:], share=0.05) == missing.HELD
    [held] = mine.read_sync(brakes_on)
    assert (held.kind, held.since, held.count, held.live) == ("bookmark", NOW + 2 * DAY, 20, 100)
    assert "20 of 100 live bookmarks" in str(held)
    assert rows("SELECT 1 FROM drift") == rows("SELECT 1 FROM bookmark WHERE state != 'live'") == []
    assert whole_pass(mine, NOW + 3 * DAY, keys[20:], share=0.05) == missing.HELD
    assert mine.read_sync(brakes_on)[0].since == NOW + 2 * DAY
    assert mine.run_sync(judge.accept, "bookmark", NOW + 3 * DAY) == 20
    assert mine.read_sync(brakes_on) == ()
    assert len(rows("SELECT 1 FROM drift WHERE event = 'removed'")) == 20


def test_what_comes_back_while_it_is_held_is_not_in_doubt(mine: Database, rows):
    keys = range(2, 202, 2)
    whole_pass(mine, NOW, keys)
    for day in (1, 2):
        whole_pass(mine, NOW + day * DAY, keys[20:], share=0.05)
    assert whole_pass(mine, NOW + 3 * DAY, keys, share=0.05) == 0
    assert mine.read_sync(brakes_on) == ()
    assert rows("SELECT 1 FROM doubt") == rows("SELECT 1 FROM drift") == []


# --- the list as it was


def _empty(path: Path) -> Path:
    migrate.upgrade(path)
    return path


TAGS = st.frozensets(st.sampled_from(["cats", "dogs", "猫"]), max_size=3)
KEY = st.sampled_from([2, 4, 6, 8, 10, 12])


class Drifting(RuleBasedStateMachine):
    """A list of bookmarks upstream, read now and then by full passes: each list that was read can be had again."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(shutil.copy(_template(), Path(self.folder.name) / "catalogue.db"))
        self.db = Database.open(path)
        self.db.run_sync(account)
        self.now = NOW
        self.upstream: dict[int, tuple[Restrict, frozenset[str]]] = {}
        self.kept: list[tuple[int, dict[int, tuple[str, tuple[str, ...]]]]] = []
        self.missed: dict[int, int] = {}
        self.ever_missed: set[int] = set()

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()

    @rule(key=KEY, restrict=st.sampled_from(RESTRICTS), tags=TAGS)
    def bookmark(self, key: int, restrict: Restrict, tags: frozenset[str]) -> None:
        self.upstream[key] = (restrict, tags)

    @rule(key=KEY)
    def remove(self, key: int) -> None:
        self.upstream.pop(key, None)

    @rule(key=KEY, tags=TAGS)
    def tag(self, key: int, tags: frozenset[str]) -> None:
        if key in self.upstream:
            self.upstream[key] = (self.upstream[key][0], tags)

    @rule(hours=st.integers(1, 60), by_web=st.booleans())
    def full_pass(self, hours: int, by_web: bool) -> None:
        self.now += hours * HOUR
        started = self.now
        for restrict in RESTRICTS:
            self.now += 1000
            keys = [k for k, (r, _) in self.upstream.items() if r == restrict]
            self.db.run_sync(lists.record_bookmarks, ME, restrict, keys, self.now, None)
        now = self.now
        held = self.db.run_sync(
            lambda c: lists.mark_missing(c, "bookmark", ME, both(started), now, "illust", share=1.0)
        )
        assert held != missing.HELD or len(self.missed) > 5 or not self.upstream
        for restrict in RESTRICTS:
            self.now += 1000
            self._read_tags(restrict, by_web)
        self.now += 1000
        self._keep(by_web)
        self.db.run_sync(read_whole, "user/bookmarks/illust", self.now)

    def _read_tags(self, restrict: Restrict, by_web: bool) -> None:
        place = own_tags.BookmarkList(ME, "illust", restrict)
        since = self.now
        mine = {k: tags for k, (r, tags) in self.upstream.items() if r == restrict}
        lists_of = {name: [k for k in mine if name in mine[k]] for tags in mine.values() for name in tags}
        counted = [BookmarkTag(name=name, count=len(keys)) for name, keys in sorted(lists_of.items())]
        moved = self.db.run_sync(own_tags.record_bookmark_tags, place, counted, self.now)
        self.now += 1
        if by_web:
            page = {k: (k, tuple(tags)) for k, tags in mine.items()}
            self.db.run_sync(own_tags.record_web_page, place, page, self.now, since)
        for name in () if by_web else moved:
            walk = self.now = self.now + 1
            self.db.run_sync(own_tags.record_tagged, place, name, lists_of[name], self.now, since)
            count = len(lists_of[name])
            self.db.run_sync(own_tags.tag_walked, place, name, count, walk, self.now, since)
        self.db.run_sync(own_tags.reading_done, place, since, self.now, all_told=by_web)

    def _keep(self, by_web: bool) -> None:
        live = self.db.read_sync(as_of, ME, "bookmark", self.now)
        for key, (restrict, tags) in self.upstream.items():
            assert live[key][0] == restrict
            if by_web:
                assert live[key][1] == tuple(sorted(tags))
        self.missed = {k: self.missed.get(k, self.now) for k in live if k not in self.upstream}
        for since in self.missed.values():
            # Of a list that is suddenly empty nothing is believed.
            assert self.now - since < 2 * DAY + 3 * 60 * HOUR or len(self.missed) > 1
        self.ever_missed |= self.missed.keys()
        self.kept.append((self.now, live))

    @invariant()
    def every_list_that_was_read_can_be_had_again(self) -> None:
        for at, expected in self.kept:
            # Of a bookmark that went, tags that lists of tags missed first are known again afterwards.
            again = self.db.read_sync(as_of, ME, "bookmark", at)
            assert again.keys() == expected.keys()
            for key, (restrict, tags) in expected.items():
                assert again[key][0] == restrict
                assert set(again[key][1]) >= set(tags)
                if key not in self.ever_missed:
                    assert again[key][1] == tags

    @invariant()
    def rows_say_what_they_should(self) -> None:
        if hasattr(self, "db"):
            for row in self.db.read_sync(lambda c: c.exec_driver_sql("SELECT * FROM drift").mappings().all()):
                assert row["before"] != row["after"] or row["event"] == "returned"
                if row["event"] == "tags":
                    assert json.loads(row["before"]) == sorted(json.loads(row["before"]))


_made: list[Path] = []


def _template() -> Path:
    if not _made:
        _made.append(_empty(Path(tempfile.mkdtemp()) / "empty.db"))
    return _made[0]


TestDrifting = Drifting.TestCase
TestDrifting.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
