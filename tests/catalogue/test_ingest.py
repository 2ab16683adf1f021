"""A page of works: all or nothing, once or twice, in any order."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from pixmirror.catalogue.chores import done
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.payloads import AGAINST, BASE, CODEC, unpack
from pixmirror.catalogue.seen import Wants
from pixmirror.ingest.captions import set_captions_stripped
from pixmirror.ingest.works import Ingested, record_works
from pixmirror.models import Lane, to_ms
from pixmirror.rebuild import reindex
from tests.catalogue.builders import DAY, HOUR, ME, NOW, illust, novel, seen, stub, tag, ugoira, user, works

_KEPT = f"SELECT codec, body, {BASE} FROM payload WHERE owner_kind = 'work' ORDER BY id"


def dump(conn: Connection, *skipped: str) -> dict[str, list[str]]:
    names = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'alembic%'")
    return {
        name: sorted(repr(row) for row in conn.exec_driver_sql(f"SELECT * FROM {name}"))
        for (name,) in names.all()
        if name not in skipped
    }


def test_a_page_is_all_or_nothing(db: Database):
    before = db.read_sync(dump)

    def page(conn: Connection) -> None:
        record_works(conn, seen(), works(illust(1, tags=["a"]), novel(2), ugoira(3), stub(4)), {})
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        db.run_sync(page)
    assert db.read_sync(dump) == before


def test_the_same_page_twice_changes_nothing(db: Database):
    page = works(illust(1, pages=3, tags=["a", "b"]), novel(2, tags=[tag("b", "B")]), ugoira(3), stub(4))
    first = db.run_sync(record_works, seen(), page, {})
    before = db.read_sync(dump)
    again = db.run_sync(record_works, seen(), page, {})
    assert db.read_sync(dump) == before
    assert first == Ingested(new=(2, 5, 6), stubs=1)
    assert again == Ingested(known=3, stubs=1)


def test_counters_move_without_a_change(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    [before] = rows("SELECT * FROM work")
    result = db.run_sync(record_works, seen(NOW + 5), works(illust(1, total_view=2000, total_bookmarks=150)), {})
    [after] = rows("SELECT * FROM work")
    assert result == Ingested(known=1)
    assert after == before | {"total_view": 2000, "total_bookmarks": 150, "last_seen": NOW + 5}
    assert len(rows("SELECT 1 FROM payload WHERE owner_kind = 'work'")) == 1


_POOL = [
    illust(1, pages=2, tags=["a", "b"]),
    illust(2, tags=["b", tag("c", "C")], owner=user(8)),
    novel(1, tags=["c"]),
    ugoira(3, tags=["a"]),
    illust(4, type="manga", pages=3, series={"id": 5, "title": "tale"}),
    novel(5, series={"id": 5, "title": "saga"}),
]
_IDS = ("meta", "tag", "work_tag", "tag_translation", "media", "payload", "sighting")
_NAMED = (
    "SELECT w.work_key, t.name, wt.position FROM work w JOIN work_tag wt USING (work_key)"
    " JOIN tag t ON t.id = tag_id",
    "SELECT name, works FROM tag",
    "SELECT name, language, text FROM tag JOIN tag_translation ON tag_id = id",
    "SELECT owner_id, role, idx, version, url, path, state FROM media",
    "SELECT owner_id, endpoint, digest FROM payload",
    "SELECT owner_id, state, evidence FROM sighting",
)


def content(conn: Connection) -> Any:
    conn.exec_driver_sql("UPDATE work SET change_seq = 0")
    named = [sorted(repr(row) for row in conn.exec_driver_sql(sql)) for sql in _NAMED]
    return dump(conn, *_IDS), named


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pages=st.lists(st.lists(st.sampled_from(range(len(_POOL))), max_size=6), max_size=6))
def test_any_order_of_pages_gives_the_same_catalogue(db: Database, pages: list[list[int]]):
    found = []
    for order in (pages, [sorted({i for page in pages for i in page})]):

        def ingest(conn: Connection, order: list[list[int]] = order) -> Any:
            savepoint = conn.begin_nested()
            for page in order:
                record_works(conn, seen(), works(*(_POOL[i] for i in page)), {})
            result = content(conn)
            savepoint.rollback()
            return result

        found.append(db.run_sync(ingest))
    assert found[0] == found[1]


def test_a_stub_never_overwrites(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, tags=["a"])), {})
    before = rows("SELECT * FROM work"), rows("SELECT * FROM media"), rows("SELECT * FROM work_tag")
    result = db.run_sync(record_works, seen(NOW), works(stub(1)), {})
    assert result == Ingested(stubs=1)
    assert (rows("SELECT * FROM work"), rows("SELECT * FROM media"), rows("SELECT * FROM work_tag")) == before
    assert [(s["state"], s["evidence"]) for s in rows("SELECT * FROM sighting ORDER BY id")] == [
        ("live", "list"),
        ("unknown", "list: limit_unknown_360"),
    ]
    assert rows("SELECT name FROM user") == [{"name": "artist 7"}]


def test_a_stub_alone_has_neither_user_nor_date_and_opens_later(db: Database, rows):
    db.run_sync(record_works, seen(), works(stub(1, "limit_sanity_level")), {})
    [work] = rows("SELECT * FROM work")
    assert (work["user_id"], work["create_date"], work["state"], work["title"]) == (None, None, "limited", "")
    assert rows("SELECT * FROM media") == []
    result = db.run_sync(record_works, seen(NOW + 1), works(illust(1)), {})
    [work] = rows("SELECT * FROM work")
    assert result == Ingested(new=(2,))
    assert (work["user_id"], work["state"], work["title"]) == (7, "live", "picture 1")
    assert [m["state"] for m in rows("SELECT * FROM media")] == ["wanted"]


def test_stubs_whose_date_is_that_of_the_request_are_kept_raw_once(db: Database, rows):
    for hour in range(3):
        raw = stub(1, create_date=f"2026-11-21T0{hour}:00:00+09:00")
        db.run_sync(record_works, seen(NOW + hour * HOUR), works(raw), {})
    assert [p["endpoint"] for p in rows("SELECT * FROM payload")] == ["stub"]
    [stretch] = rows("SELECT * FROM sighting")
    assert (stretch["first_at"], stretch["last_at"]) == (NOW, NOW + 2 * HOUR)


def test_an_empty_caption_of_a_list_never_replaces_one(db: Database, rows):
    caption = lambda: rows("SELECT caption FROM work")[0]["caption"]  # noqa: E731
    db.run_sync(record_works, seen(), works(illust(1, caption="")), {})
    db.run_sync(record_works, seen(NOW + 1, endpoint="detail"), works(illust(1, caption="from detail")), {})
    assert caption() == "from detail"
    db.run_sync(record_works, seen(NOW + 2), works(illust(1, caption="", title="new title")), {})
    assert caption() == "from detail"
    assert rows("SELECT title FROM work") == [{"title": "new title"}]
    db.run_sync(record_works, seen(NOW + 3, endpoint="detail"), works(illust(1, caption="")), {})
    assert caption() == ""


def test_back_to_an_old_payload_makes_three(db: Database, rows):
    for i, title in enumerate(("A", "B", "A", "A")):
        db.run_sync(record_works, seen(NOW + i), works(illust(1, title=title)), {})
    kept = db.read_sync(lambda c: c.exec_driver_sql(_KEPT).all())
    assert [unpack(*p)["title"] for p in kept] == ["A", "B", "A"]
    assert [codec for codec, _, _ in kept] == [CODEC, AGAINST, AGAINST]
    assert rows("SELECT title FROM work") == [{"title": "A"}]


def test_what_list_and_detail_say_in_turn_is_kept_apart(db: Database, rows):
    for i in range(4):
        endpoint = "detail" if i % 2 else "list"
        raw = illust(1, caption="" if i % 2 == 0 else "text")
        db.run_sync(record_works, seen(NOW + i, endpoint=endpoint), works(raw), {})
    kept = rows("SELECT endpoint FROM payload WHERE owner_kind = 'work' ORDER BY id")
    assert [p["endpoint"] for p in kept] == ["list", "detail"]
    assert rows("SELECT caption FROM work") == [{"caption": "text"}]


def test_tags_keep_their_order_and_count_their_works(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, tags=["b", "a", "b"]), illust(2, tags=["a"])), {})
    counts = lambda: {t["name"]: t["works"] for t in rows("SELECT * FROM tag")}  # noqa: E731
    assert counts() == {"a": 2, "b": 1}
    result = db.run_sync(record_works, seen(NOW + 1), works(illust(1, tags=["c", "b"]), illust(2, tags=["a"])), {})
    assert result == Ingested(changed=(2,), known=1)
    assert counts() == {"a": 1, "b": 1, "c": 1}
    named = rows("SELECT name FROM work_tag JOIN tag ON id = tag_id WHERE work_key = 2 ORDER BY position")
    assert [r["name"] for r in named] == ["c", "b"]


def test_translations_are_kept_by_language(db: Database, rows):
    db.run_sync(record_works, seen(language="en"), works(illust(1, tags=[tag("女の子", "girl")])), {})
    db.run_sync(record_works, seen(NOW + 1, language="ko"), works(illust(1, tags=[tag("女の子", "소녀")])), {})
    assert rows("SELECT language, text FROM tag_translation ORDER BY language") == [
        {"language": "en", "text": "girl"},
        {"language": "ko", "text": "소녀"},
    ]


def test_a_rename_reaches_the_user_and_marks_the_works(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    [before] = rows("SELECT max(change_seq) AS seq FROM work")
    renamed = user(7, name="new name", account="new_account")
    db.run_sync(record_works, seen(NOW + 1), works(illust(1, owner=renamed)), {})
    [person] = rows("SELECT * FROM user")
    assert (person["name"], person["account"], person["first_seen"]) == ("new name", "new_account", NOW)
    assert all(r["change_seq"] > before["seq"] for r in rows("SELECT change_seq FROM work"))


def test_illusts_and_novels_of_one_id_do_not_meet(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(5), novel(5)), {})
    assert rows("SELECT work_key, medium, type FROM work ORDER BY 1") == [
        {"work_key": 10, "medium": "illust", "type": "illust"},
        {"work_key": 11, "medium": "novel", "type": "novel"},
    ]


def chores(rows) -> dict[tuple[str, int], tuple[int, int]]:
    return {(c["kind"], c["key"]): (c["lane"], c["due_at"]) for c in rows("SELECT * FROM chore")}


def test_what_completes_a_work_becomes_a_chore(db: Database, rows):
    page = works(ugoira(1, total_comments=0), novel(2), illust(3, total_comments=4))
    db.run_sync(record_works, seen(), page, {})
    assert chores(rows) == {
        ("ugoira", 2): (Lane.COMPLETE, NOW),
        ("text", 5): (Lane.COMPLETE, NOW),
        ("comments", 6): (Lane.EXTRA, NOW),
    }


def test_what_completes_an_old_work_waits_for_the_lists_but_comes_before_all_comments(db: Database, rows):
    page = works(ugoira(1, total_comments=3), novel(2))
    db.run_sync(record_works, seen(lane=Lane.BACKFILL), page, {})
    made = {r.item.key: to_ms(r.item.create_date) for r in page if r.item.create_date is not None}
    found = chores(rows)
    assert found["ugoira", 2] == (Lane.EXTRA, made[2])
    assert found["text", 5] == (Lane.EXTRA, made[5])
    assert found["comments", 2] == (Lane.EXTRA, NOW)
    assert max(made.values()) < NOW
    another_list = works(ugoira(1, total_comments=3, total_view=99), novel(2, total_view=99))
    db.run_sync(record_works, seen(NOW + 1, lane=Lane.BACKFILL, endpoint="feed"), another_list, {})
    assert chores(rows) == found
    edited = works(ugoira(1, total_comments=3, title="edited"), novel(2, title="edited"))
    db.run_sync(record_works, seen(NOW + 2, lane=Lane.BACKFILL), edited, {})
    assert [chores(rows)[key][0] for key in (("ugoira", 2), ("text", 5))] == [Lane.COMPLETE] * 2


def test_comments_of_unknown_number_wait_a_week(db: Database, rows):
    young = illust(1, create_date="2023-11-14T22:13:20+00:00")
    old = illust(2)
    closed = illust(3, comment_access_control=1)
    db.run_sync(record_works, seen(), works(young, old, closed), {})
    assert chores(rows) == {
        ("comments", 2): (Lane.EXTRA, NOW + 7 * DAY),
        ("comments", 4): (Lane.EXTRA, NOW),
    }


def test_a_job_that_wants_less_asks_for_less(db: Database, rows):
    wants = Wants(files=False, comments=False, novels=False)
    db.run_sync(record_works, seen(wants=wants), works(illust(1), ugoira(2), novel(3)), {})
    assert chores(rows) == {}
    assert rows("SELECT work_key, refused_reason FROM work_job ORDER BY 1") == [
        {"work_key": 2, "refused_reason": "files = false"},
        {"work_key": 4, "refused_reason": "files = false"},
        {"work_key": 7, "refused_reason": "novels = false"},
    ]
    assert [m["state"] for m in rows("SELECT state FROM media")] == ["refused"]


def test_stripped_captions_are_asked_for_once_it_is_known(db: Database, rows):
    def account(conn: Connection) -> None:
        conn.exec_driver_sql(f"INSERT INTO account (id, name, account, seen_at) VALUES ({ME}, 'me', 'me', 0)")

    db.run_sync(account)
    quiet = Wants(comments=False)
    db.run_sync(record_works, seen(wants=quiet), works(illust(1, caption=""), illust(2)), {})
    assert chores(rows) == {}
    assert db.run_sync(set_captions_stripped, ME, NOW + 1) == 1
    db.run_sync(record_works, seen(NOW + 2, wants=quiet), works(illust(3, caption="")), {})
    assert chores(rows) == {("detail", 2): (Lane.EXTRA, NOW + 1), ("detail", 6): (Lane.EXTRA, NOW + 2)}


def test_who_edits_anything_may_have_edited_a_caption_that_lists_leave_out(db: Database, rows):
    def account(conn: Connection) -> None:
        conn.exec_driver_sql(f"INSERT INTO account (id, name, account, seen_at) VALUES ({ME}, 'me', 'me', 0)")

    def answer(hours: int, *page: Any, endpoint: str = "list") -> dict[Any, Any]:
        shown = seen(NOW + hours * HOUR, endpoint=endpoint, wants=Wants(comments=False))
        db.run_sync(record_works, shown, works(*page), {})
        asked = {chore: due for chore, due in chores(rows).items() if chore[0] == "detail"}
        db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
        return asked

    db.run_sync(account)
    bare = [illust(1, caption=""), illust(2, caption=""), novel(3, caption="")]
    answer(0, *bare)
    answer(1, illust(1), illust(2), novel(3), endpoint="detail")
    edited = [illust(1, caption="", title="new"), illust(2, caption="", total_view=9), novel(3, caption="")]
    asked = answer(2, illust(1, caption="", title="older"))
    assert list(asked) == [("detail", 2)], "its captions are believed, so this one may have been emptied"
    db.run_sync(set_captions_stripped, ME, NOW + 1)
    assert answer(3, *edited) == {("detail", 2): (Lane.REFRESH, NOW + 3 * HOUR)}
    assert answer(4, *edited) == {}
    assert answer(5, illust(1, title="by detail"), endpoint="detail") == {}
    assert answer(6, illust(1, title="with its caption")) == {}
    assert answer(7, illust(9, caption="")) == {("detail", 18): (Lane.EXTRA, NOW + 7 * HOUR)}


def test_a_rereading_is_no_job_and_wants_nothing_that_the_jobs_refused(db: Database, rows):
    db.run_sync(record_works, seen(job="following"), works(illust(77)), {154: "type is illust"})

    db.run_sync(record_works, seen(job="", endpoint="detail"), works(illust(77)), {})

    assert rows("SELECT job, refused_reason FROM work_job") == [
        {"job": "following", "refused_reason": "type is illust"}
    ]
    assert rows("SELECT DISTINCT state FROM media") == [{"state": "refused"}]


def test_an_emptied_caption_is_news_where_lists_have_captions(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, caption="my number is 123")), {})
    db.run_sync(record_works, seen(NOW + DAY), works(illust(1, caption="")), {})
    assert rows("SELECT caption FROM work") == [{"caption": ""}]
    assert not rows("SELECT 1 FROM chore WHERE kind = 'detail'")
    assert not reindex.check(db, NOW + DAY).differences


def test_an_emptied_caption_is_no_news_where_lists_leave_captions_out(db: Database, rows):
    db.run_sync(lambda c: c.exec_driver_sql(f"INSERT INTO account VALUES ({ME}, 'n', 'a', 0, 0, 1, {NOW})"))
    db.run_sync(record_works, seen(), works(illust(1, caption="told")), {})
    db.run_sync(record_works, seen(NOW + DAY), works(illust(1, caption="")), {})
    assert rows("SELECT caption FROM work") == [{"caption": "told"}]
    assert not reindex.check(db, NOW + DAY).differences


def test_a_caption_of_detail_that_a_list_tells_empty_is_asked_for_once(db: Database, rows):
    db.run_sync(record_works, seen(endpoint="detail"), works(illust(1)), {})
    for day in (1, 2):
        db.run_sync(record_works, seen(NOW + day * DAY), works(illust(1, caption="")), {})
        assert rows("SELECT kind FROM chore WHERE kind = 'detail'") == [{"kind": "detail"}] * (day == 1)
        db.run_sync(done, "detail", 2)
    assert rows("SELECT caption FROM work") == [{"caption": "a caption<br />"}]
    db.run_sync(record_works, seen(NOW + 3 * DAY, endpoint="detail"), works(illust(1, caption="")), {})
    assert rows("SELECT caption FROM work") == [{"caption": ""}]


def test_all_works_are_looked_through_only_when_lists_are_found_to_leave_captions_out(db: Database, rows):
    db.run_sync(lambda c: c.exec_driver_sql(f"INSERT INTO account VALUES ({ME}, 'n', 'a', 0, 0, 0, {NOW})"))
    db.run_sync(record_works, seen(), works(illust(1, caption=""), illust(2, caption="")), {})
    assert db.run_sync(set_captions_stripped, ME, NOW) == 2
    db.run_sync(done, "detail", 2)
    assert db.run_sync(set_captions_stripped, ME, NOW) == 0
    assert rows("SELECT key FROM chore WHERE kind = 'detail'") == [{"key": 4}]
