"""What the user forgot is never wanted again, whatever Pixiv shows, and comes back when they say so."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixmirror.catalogue import chores, feeds, media, queue, tombstones
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.erasing import without_person
from pixmirror.catalogue.payloads import unpack
from pixmirror.catalogue.refs import parse_ref
from pixmirror.errors import ConfigError
from pixmirror.ingest import forgetting, refresh, sidecars
from pixmirror.ingest.comments import record_comments
from pixmirror.ingest.files import record_text, record_ugoira
from pixmirror.ingest.filters import apply_refusals
from pixmirror.ingest.forgetting import Target
from pixmirror.ingest.people import record_profile
from pixmirror.ingest.works import record_works
from pixmirror.ledger import agenda, controls
from pixmirror.models import Lane, NovelText, Received, Stored, UgoiraMetadata, UserDetail
from pixmirror.reports.search import find
from tests.catalogue.builders import (
    DAY,
    NOW,
    comment,
    comments,
    illust,
    novel,
    original,
    seen,
    ugoira,
    user,
    want_again,
    works,
)

Rows = Callable[..., list[dict[str, Any]]]

WORK = Target("work", 2)
PAGE = Target("page", 2, 1)
USER = Target("user", 7)
DATES = ("2023/04/27/13/39/51", "2024/01/02/03/04/05", "2025/01/02/03/04/05")


def states(rows: Rows, key: int = 2) -> dict[str, str]:
    return {r["path"]: r["state"] for r in rows("SELECT path, state FROM media WHERE owner_id = ?", key)}


def store_all(db: Database) -> list[str]:
    stored = []
    while items := db.run_sync(queue.claim, 100, NOW + 10 * DAY):
        for item in items:
            db.run_sync(queue.finish, item.media_id, Stored(item.path, 10, "00"), NOW)
            stored.append(item.path)
    return stored


def forget(db: Database, target: Target, days: int = 30) -> forgetting.Forgotten:
    return db.run_sync(forgetting.forget, target, NOW, days)


def tally(db: Database) -> tuple[int, int]:
    counts = db.read_sync(queue.counts)
    return counts.stored, counts.bytes_stored


# --- forgetting


def test_forgetting_says_what_goes_and_counts_it_off(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=3), illust(2)), {})
    store_all(db)
    done = forget(db, WORK)
    assert (done.works, done.files, done.bytes, done.until) == (1, 3, 30, NOW + 30 * DAY)
    assert set(states(rows).values()) == {"forgotten"}
    assert states(rows, 4) == {"7/2_p0.png": "stored"}
    assert tally(db) == (1, 10)
    assert {r["trash"] for r in rows("SELECT trash FROM media WHERE owner_id = 2")} == {
        f".trash/2023-11-14/7/1_p{n}.png" for n in range(3)
    }


def test_a_forgotten_page_leaves_the_others(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=3)), {})
    store_all(db)
    forget(db, PAGE)
    assert states(rows) == {"7/1_p0.png": "stored", "7/1_p1.png": "forgotten", "7/1_p2.png": "stored"}
    [sidecar] = db.read_sync(sidecars.due_sidecars, 9)
    assert [f["index"] for f in sidecar.data["files"]] == [0, 2]


def test_a_work_that_was_never_seen_can_be_refused_in_advance(db: Database, rows: Rows) -> None:
    forget(db, WORK)
    db.run_sync(record_works, seen(), works(illust(1, pages=2)), {})
    assert set(states(rows).values()) == {"forgotten"}
    assert store_all(db) == []


@pytest.mark.parametrize(
    ("ref", "page", "sentence"),
    [
        ("user:7", 0, "as a whole"),
        ("novel:1", 0, "as a whole"),
        ("1", -1, "counted from 0"),
        ("1", 5, "has no page 5: its pages are 0 to 2"),
        ("2", 0, "animation in one file"),
    ],
)
def test_a_page_that_cannot_be_is_refused(db: Database, ref: str, page: int, sentence: str) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=3), ugoira(2)), {})
    with pytest.raises(ConfigError, match=sentence):
        forget(db, Target.of(parse_ref(ref), page))


def test_a_file_that_is_being_fetched_is_forgotten_when_that_ends(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=4)), {})
    items = db.run_sync(queue.claim, 10, NOW)
    forget(db, WORK)
    assert db.read_sync(tombstones.bars_file, items[0].media_id)
    db.run_sync(queue.finish, items[0].media_id, Stored(items[0].path, 10, "00"), NOW)
    db.run_sync(queue.retry_later, items[1].media_id, NOW + 1, "cut")
    db.run_sync(queue.gone, items[2].media_id, "404")
    db.run_sync(queue.release_all)
    assert set(states(rows).values()) == {"forgotten"}
    assert tally(db) == (0, 0)
    assert all(r["trash"] for r in rows("SELECT trash FROM media"))


def test_a_file_that_the_brake_holds_is_forgotten_if_it_was_forgotten_meanwhile(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    [item] = db.run_sync(queue.claim, 9, NOW)
    forget(db, WORK)
    db.run_sync(queue.put_off_untried, {item.media_id: NOW}, "404")
    assert set(states(rows).values()) == {"forgotten"}


def test_what_comes_late_goes_with_the_next_emptying(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    [item] = db.run_sync(queue.claim, 10, NOW)
    forget(db, WORK, days=0)
    db.run_sync(forgetting.purged, WORK, [])
    assert db.read_sync(forgetting.due_for_purge, NOW) == []
    db.run_sync(queue.finish, item.media_id, Stored(item.path, 10, "00"), NOW)
    assert db.read_sync(forgetting.due_for_purge, NOW) == [WORK]


# --- never wanted again


def test_no_path_wants_a_forgotten_work_again(db: Database, rows: Rows) -> None:
    refused = {2: "tag"}
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), refused)
    forget(db, WORK)
    for n, date in enumerate(DATES):
        page = works(illust(1, pages=n + 1, date=date))
        db.run_sync(record_works, seen(NOW + n, job=f"job {n}"), page, {})
    hashed = original(1, date=DATES[-1]).replace("/1_p0", "/1-" + "ab" * 16 + "_p0")
    raw = illust(1, date=DATES[-1], meta_single_page={"original_image_url": hashed})
    db.run_sync(record_works, seen(NOW + 9, endpoint="detail"), works(raw), {})
    db.run_sync(apply_refusals, "following", {2: None}, NOW)
    db.run_sync(media.want_files, [2], Lane.NEW)
    db.run_sync(want_again, 2, ("failed", "gone", "damaged", "refused", "forgotten"))
    for row in rows("SELECT id FROM media WHERE owner_id = 2"):
        db.run_sync(queue.lost, row["id"], "missing")
    assert set(states(rows).values()) == {"forgotten"}
    assert store_all(db) == ["7/2_p0.png"]


def test_zips_texts_and_their_pictures_of_forgotten_works_are_not_asked_for(db: Database, rows: Rows) -> None:
    page = works(ugoira(1), novel(2))
    db.run_sync(record_works, seen(), page, {})
    assert {c["kind"] for c in rows("SELECT kind FROM chore")} >= {"ugoira", "text"}
    for key in (2, 5):
        forget(db, Target("work", key))
    assert rows("SELECT 1 FROM chore WHERE key IN (2, 5)") == []
    db.run_sync(record_works, seen(NOW + 1, job="another"), page, {})
    db.run_sync(lambda conn: agenda.ask_for_wanted(conn, media.want_files(conn, [2, 5], Lane.NEW), NOW))
    assert rows("SELECT 1 FROM chore WHERE key IN (2, 5)") == []
    assert db.read_sync(tombstones.bars_chore, "text", 5)
    zip_url = "https://i.pximg.net/img-zip-ugoira/img/2023/04/27/13/39/51/1_ugoira600x600.zip"
    metadata = {"zip_urls": {"medium": zip_url}, "frames": [{"file": "000000.jpg", "delay": 60}]}
    db.run_sync(record_ugoira, seen(), 1, UgoiraMetadata.model_validate(metadata))
    raw = {"id": "2", "text": "words", "coverUrl": "https://i.pximg.net/cover/2.jpg", "images": {}}
    db.run_sync(record_text, seen(), Received(NovelText.model_validate(raw), raw))
    assert rows("SELECT 1 FROM text_version") == []
    assert {r["state"] for r in rows("SELECT state FROM media")} <= {"forgotten"}


def test_forgotten_works_have_no_sidecar_and_are_not_found(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1, tags=["sea"]), illust(2, tags=["sea"])), {})
    forget(db, WORK)
    assert [s.work_key for s in db.read_sync(sidecars.due_sidecars, 9)] == [4]
    assert db.read_sync(forgetting.sidecars_to_remove, -1, 9, False) == [(2, "7/1.json")]
    db.run_sync(forgetting.sidecars_removed, [2])
    assert db.read_sync(forgetting.sidecars_to_remove, -1, 9, False) == []
    for text in ("sea", "picture", "artist 7", "1"):
        assert 2 not in [h.work_key for h in db.read_sync(find, text).hits]


# --- back again


def test_what_was_removed_is_wanted_again_and_what_lies_in_the_trash_waits(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=2)), {})
    store_all(db)
    db.run_sync(record_works, seen(NOW + 1), works(illust(1, pages=2, date=DATES[1])), {})
    forget(db, WORK)
    ids = [r["id"] for r in rows("SELECT id FROM media WHERE path = '7/1_p0.png'")]
    db.run_sync(forgetting.moved, (), [r["id"] for r in rows("SELECT id FROM media") if r["id"] not in ids])
    done = db.run_sync(forgetting.unforget, WORK, NOW)
    assert done.wanted == 3
    assert states(rows) == {
        "7/1_p0.png": "forgotten",
        "7/1_p1.png": "wanted",
        "7/1_p0_20240102030405.png": "wanted",
        "7/1_p1_20240102030405.png": "wanted",
    }
    [file] = db.read_sync(forgetting.moving, 0, 9)
    assert not file.out
    assert db.run_sync(forgetting.moved, ids, ()) == (1, 0)
    assert states(rows)["7/1_p0.png"] == "stored"
    assert tally(db) == (1, 10)


def test_what_no_job_wants_is_not_wanted_when_it_is_forgotten_no_more(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {2: "tag"})
    forget(db, WORK)
    assert db.run_sync(forgetting.unforget, WORK, NOW).wanted == 0
    assert states(rows) == {"7/1_p0.png": "refused"}


def test_a_smaller_tombstone_stands_when_the_larger_goes(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=2)), {})
    for target in (PAGE, WORK, USER):
        forget(db, target)
    for target in (PAGE, WORK):
        with pytest.raises(ConfigError, match="forgotten: `pixmirror unforget"):
            db.run_sync(forgetting.unforget, target, NOW)
    db.run_sync(forgetting.moved, (), [r["id"] for r in rows("SELECT id FROM media")])
    db.run_sync(forgetting.unforget, USER, NOW)
    assert set(states(rows).values()) == {"forgotten"}
    db.run_sync(forgetting.unforget, WORK, NOW)
    assert states(rows) == {"7/1_p0.png": "wanted", "7/1_p1.png": "forgotten"}
    db.run_sync(forgetting.unforget, PAGE, NOW)
    assert set(states(rows).values()) == {"wanted"}
    with pytest.raises(ConfigError, match="is not forgotten"):
        db.run_sync(forgetting.unforget, PAGE, NOW)


def test_the_list_names_every_tombstone(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1, pages=2)), {})
    store_all(db)
    for target in (PAGE, USER):
        forget(db, target)
    found = {str(t.target): (t.files, t.bytes) for t in db.read_sync(forgetting.listing)}
    assert found == {"1 page 1": (1, 10), "user:7": (2, 20)}


def test_a_novels_text_goes_with_the_trash_and_is_asked_for_again(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(novel(2)), {})
    raw: dict[str, Any] = {"id": "2", "text": "words", "coverUrl": None, "images": {}}
    db.run_sync(record_text, seen(), Received(NovelText.model_validate(raw), raw))
    target = Target("work", 5)
    forget(db, target)
    assert len(rows("SELECT 1 FROM text_version")) == 1
    db.run_sync(forgetting.purged, target, [])
    assert rows("SELECT 1 FROM text_version") == []
    db.run_sync(forgetting.unforget, target, NOW)
    assert [c["kind"] for c in rows("SELECT kind FROM chore WHERE key = 5 AND kind = 'text'")] == ["text"]


# --- people


def commented(db: Database, now: int = NOW) -> None:
    db.run_sync(record_works, seen(now), works(illust(1), illust(2, owner=user(8))), {})
    written = comments(comment(1, "I am 7", user=user(7)), comment(2, "not me", user=user(9)))
    db.run_sync(record_comments, seen(now), 4, written)
    stamp = {"stamp_id": 301, "stamp_url": "https://s.pximg.net/301.jpg"}
    db.run_sync(record_comments, seen(now), 4, comments(comment(3, "", user=user(7), stamp=stamp)), 2)


def profile(user_id: int = 7) -> Received[UserDetail]:
    raw = {"user": user(user_id) | {"comment": "it is me"}, "profile": {"total_illusts": 1}}
    return Received(UserDetail.model_validate(raw), raw)


def everything(db: Database, rows: Rows) -> str:
    """All text of the catalogue, payloads unpacked."""
    names = [r["name"] for r in rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    text = [json.dumps(rows(f'SELECT * FROM "{n}"'), default=str) for n in names if n != "payload"]
    kept = rows("SELECT p.codec, p.body, b.body AS base FROM payload p LEFT JOIN payload b ON b.id = p.base")
    text += [json.dumps(unpack(r["codec"], r["body"], r["base"])) for r in kept]
    return "\n".join(text)


def test_nothing_is_left_of_a_forgotten_person_and_nothing_comes_back(db: Database, rows: Rows) -> None:
    commented(db)
    db.run_sync(record_profile, seen(), profile())
    assert forget(db, USER).comments == 1
    commented(db, NOW + DAY)
    db.run_sync(record_profile, seen(NOW + DAY), profile())
    db.run_sync(record_works, seen(NOW + DAY, endpoint="detail"), works(illust(3)), {})
    kept = everything(db, rows)
    for trace in ("artist 7", "user_7", "/7_ab_170", "it is me", "I am 7", "301.jpg"):
        assert trace not in kept
    assert "not me" in kept
    assert [c["comment_key"] for c in rows("SELECT comment_key FROM comment WHERE user_id = 7")] == [2, 6]
    assert states(rows, 6) == {"7/3_p0.png": "forgotten"}
    assert db.read_sync(find, "artist 7").hits == ()
    assert db.read_sync(tombstones.bars_chore, "profile", 7)


def test_what_was_erased_is_not_in_the_file_any_more(db: Database, catalogue_path: Path) -> None:
    commented(db)
    db.run_sync(record_profile, seen(), profile())

    def file() -> bytes:
        with closing(sqlite3.connect(catalogue_path)) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return catalogue_path.read_bytes()

    assert b"I am 7" in file()
    forget(db, USER)
    left = file()
    for trace in (b"I am 7", b"it is me", b"user_7", b"301.jpg"):
        assert trace not in left
    assert b"not me" in left


def test_an_answer_without_news_makes_no_payload_of_a_forgotten_persons_work(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1)), {})
    forget(db, USER)
    before = rows("SELECT id FROM payload WHERE owner_kind = 'work'")
    db.run_sync(record_works, seen(NOW + DAY), works(illust(1)), {})
    assert rows("SELECT id FROM payload WHERE owner_kind = 'work'") == before


def test_a_person_who_is_forgotten_no_more_comes_back_with_the_next_answers(db: Database, rows: Rows) -> None:
    commented(db)
    forget(db, USER)
    db.run_sync(forgetting.unforget, USER, NOW)
    assert db.read_sync(chores.due, NOW, 99, [Lane.EXTRA])
    commented(db, NOW + DAY)
    kept = everything(db, rows)
    for trace in ("artist 7", "I am 7", "301.jpg"):
        assert trace in kept


# --- whatever happens

TARGETS = st.sampled_from([WORK, PAGE, Target("page", 2, 0), Target("work", 4), USER])
STEP = st.one_of(
    st.tuples(st.just("forget"), TARGETS),
    st.tuples(st.just("unforget"), TARGETS),
    st.tuples(st.just("see"), st.integers(1, 3), st.integers(1, 3), st.sampled_from(DATES), st.booleans()),
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("end"), st.sampled_from(["finish", "later", "gone", "fail", "damaged", "release"])),
    st.tuples(st.just("move"), st.booleans()),
    st.tuples(st.sampled_from(["restart", "retry", "loosen", "purge", "lost"])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, max_size=25))
def test_no_sequence_ever_wants_a_forgotten_file(empty_catalogue: Any, tmp_path_factory: Any, steps: Any) -> None:
    path = tmp_path_factory.mktemp("law") / "catalogue.db"
    path.write_bytes(empty_catalogue.read_bytes())
    with Database.open(path) as db:
        Story(db).play(steps)


class Story:
    """A catalogue and what was claimed of it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.claimed: list[Any] = []
        self.now = NOW

    def play(self, steps: list[Any]) -> None:
        for step in steps:
            self.now += 1000
            getattr(self, step[0])(*step[1:])
            self.check()

    def forget(self, target: Target) -> None:
        with suppress(ConfigError):
            self.db.run_sync(forgetting.forget, target, self.now, 30)

    def unforget(self, target: Target) -> None:
        with suppress(ConfigError):
            self.db.run_sync(forgetting.unforget, target, self.now)

    def see(self, work_id: int, pages: int, date: str, refused: bool) -> None:
        page = works(illust(work_id, pages=pages, date=date))
        self.db.run_sync(record_works, seen(self.now), page, {work_id * 2: "tag"} if refused else {})

    def claim(self, number: int) -> None:
        self.claimed += self.db.run_sync(queue.claim, number, self.now)

    def end(self, how: str) -> None:
        if not self.claimed:
            return
        item = self.claimed.pop()
        run = self.db.run_sync
        if how == "finish":
            run(queue.finish, item.media_id, Stored(item.path, 10, "00"), self.now)
        elif how == "later":
            run(queue.retry_later, item.media_id, self.now, "cut")
        elif how == "gone":
            run(queue.gone, item.media_id, "404")
        elif how == "fail":
            run(queue.fail, item.media_id, "500")
        elif how == "damaged":
            run(queue.damaged, item.media_id, "ab", "cut", self.now)
        else:
            run(queue.release, [item.media_id])

    def restart(self) -> None:
        self.claimed = []
        self.db.run_sync(queue.release_all)

    def move(self, whole: bool) -> None:
        files = self.db.read_sync(forgetting.moving, 0, 100)
        back = [f.media_id for f in files if not f.out and f.sha256 and whole]
        nowhere = [f.media_id for f in files if f.media_id not in back and (not f.out or not whole)]
        self.db.run_sync(forgetting.moved, back, nowhere)

    def purge(self) -> None:
        for target in self.db.read_sync(forgetting.due_for_purge, self.now + 40 * DAY):
            files = self.db.read_sync(forgetting.in_trash, target)
            self.db.run_sync(forgetting.purged, target, [f.media_id for f in files])

    def retry(self) -> None:
        self.db.run_sync(want_again, None, ("failed", "gone", "refused", "damaged"))

    def loosen(self) -> None:
        self.db.run_sync(apply_refusals, "following", dict.fromkeys((2, 4, 6)), self.now)
        self.db.run_sync(media.want_files, [2, 4, 6], Lane.NEW)

    def lost(self) -> None:
        for row in self.db.read_sync(queue.stored_media, 0, 1):
            self.db.run_sync(queue.lost, row.media_id, "missing")

    def check(self) -> None:
        def look(conn: Any) -> tuple[set[int], list[Any], list[Any]]:
            rows = conn.exec_driver_sql("SELECT id, state, trash, size FROM media").all()
            return (
                tombstones.still_forgotten(conn, [r.id for r in rows]),
                rows,
                conn.exec_driver_sql(
                    "SELECT count(*), coalesce(sum(size), 0) FROM media WHERE state = 'stored'"
                ).one(),
            )

        under, rows, stored = self.db.read_sync(look)
        for row in rows:
            if row.id in under:
                assert row.state in ("forgotten", "fetching")
            else:
                assert row.state != "forgotten" or row.trash is not None
            assert row.state == "forgotten" or row.trash is None
        assert tally(self.db) == tuple(stored)


def test_a_forgotten_work_is_no_control_question(db: Database) -> None:
    """It would never be asked, and so nothing ever be believed."""
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    db.run_sync(record_works, seen(now=NOW + DAY), works(illust(3), novel(4)), {})
    forget(db, Target("work", 6))
    forget(db, Target("work", 9))
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    for key in (2, 9):
        db.run_sync(controls.ask_about_work, 1, key, NOW + 2 * DAY)
    asked = {(c.kind, c.key) for c in db.read_sync(chores.due, NOW + 2 * DAY, 9)}
    assert asked == {("detail", 4), ("control", 1)}


def test_replies_below_a_forgotten_work_are_not_asked_for(db: Database, rows: Rows) -> None:
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    for key, number in ((2, 5), (4, 6)):
        db.run_sync(record_comments, seen(), key, comments(comment(number, has_replies=True)))
    forget(db, WORK)
    assert rows("SELECT key FROM chore WHERE kind = 'replies'") == [{"key": 12}]
    assert [db.read_sync(tombstones.bars_chore, "replies", key) for key in (10, 12, 14)] == [True, False, False]


def test_the_lists_of_a_forgotten_user_rest_until_they_are_wanted_back(db: Database) -> None:
    params = [{"user_id": 7}, {"user_id": 8}]
    one = ("user/illusts", params)
    db.run_sync(lambda c: feeds.open_feeds(c, 1, *one, job="following", lane=int(Lane.NEW), due_at=NOW))
    forget(db, USER)

    def due() -> list[int]:
        return [f.params["user_id"] for f in db.read_sync(feeds.due_feeds, ["following"], NOW, 9)]

    assert due() == [8]
    db.run_sync(forgetting.unforget, USER, NOW)
    assert due() == [7, 8]


def test_what_is_forgotten_takes_no_place_among_what_is_read_again(db: Database) -> None:
    db.run_sync(record_works, seen(), works(illust(1), illust(2), illust(3, owner=user(8))), {})
    forget(db, Target("work", 4))
    forget(db, Target("user", 8))
    spans = dict.fromkeys(("month", "year", "young", "middle", "old"), DAY)
    found = db.read_sync(refresh.unshown, refresh.Wishes(1), 0, 99, NOW + 9 * DAY, spans, 9)
    assert found == [2]


def test_the_name_in_the_websites_alt_text_is_erased_too() -> None:
    raw = {"id": 1, "user": {"id": 7, "name": "Bob"}, "web": {"alt": "#tag title - Bobのイラスト", "sl": 2}}
    assert without_person(raw, 7) == {"id": 1, "user": {"id": 7}, "web": {"sl": 2}}
