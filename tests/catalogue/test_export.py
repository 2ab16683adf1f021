"""Leaving is easy: every kind is exported whole, with Pixiv's field names, in a fixed order."""

import json
import zlib

import pytest
from sqlalchemy import create_engine

from pixmirror.catalogue import schema as s
from pixmirror.catalogue.refs import Ref
from pixmirror.errors import ConfigError
from pixmirror.reports import export_lines as module
from pixmirror.reports.export import KINDS, export
from pixmirror.reports.show import show

NOW = 1_780_000_000_000
SEEN = {"first_seen": NOW, "last_seen": NOW}
WORK_KEYS = [
    "medium", "id", "user_id", "type", "title", "caption", "tags", "page_count", "create_date", "x_restrict",
    "illust_ai_type", "width", "height", "series_id", "total_bookmarks", "total_view", "state", "provenance",
]  # fmt: skip


@pytest.fixture
def conn(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/catalogue.db")
    s.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(s.account.insert().values(id=1, name="me", account="me", seen_at=NOW))
        yield connection
    engine.dispose()


def put(conn, table, *rows):
    for row in rows:
        conn.execute(table.insert().values(**row))


def put_work(conn, key, **fields):
    medium = "novel" if key & 1 else "illust"
    row = {"work_key": key, "medium": medium, "type": medium, "title": f"t{key}", "caption": "", "change_seq": 1}
    put(conn, s.work, row | SEEN | fields)


def put_file(conn, key, role="page", idx=0, version="", **fields):
    row = {"owner_kind": "work", "owner_id": key, "role": role, "idx": idx, "version": version}
    row |= {"url": f"https://i/{key}_{role}{idx}", "path": f"1/{key}_{role}{idx}{version}", "state": "wanted"}
    put(conn, s.media, row | {"priority": 0, "first_seen": NOW} | fields)


def rows(conn, kind):
    return list(export(conn, kind))


def begin(found, *expected):
    """Each row begins with the keys and values that it has had from the start; later ones come after them."""
    return [list(row.items())[: len(keys)] for row, keys in zip(found, expected, strict=True)] == [
        list(keys.items()) for keys in expected
    ]


def test_a_work_is_exported_with_all_keys_its_tags_in_order_and_japanese_time(conn):
    put_work(
        conn, 20, user_id=5, caption="c", create_date=NOW, x_restrict=1, ai_type=2, width=3, height=4,
        series_key=18, total_bookmarks=6, total_view=7, page_count=2, type="manga",
    )  # fmt: skip
    put(conn, s.tag, {"id": 1, "name": "b"}, {"id": 2, "name": "a"})
    links = ({"tag_id": 1, "position": 0}, {"tag_id": 2, "position": 1})
    put(conn, s.work_tag, *({"work_key": 20, **link} for link in links))
    (row,) = rows(conn, "works")
    assert list(row)[: len(WORK_KEYS)] == WORK_KEYS
    assert list(row.values())[: len(WORK_KEYS)] == [
        "illust", 10, 5, "manga", "t20", "c", ["b", "a"], 2, "2026-05-29T05:26:40+09:00", 1, 2, 3, 4, 9, 6, 7,
        "live", "pixiv",
    ]  # fmt: skip


def test_a_stub_is_exported_with_its_state_and_without_invented_facts(conn):
    put_work(conn, 20, type="", title="", state="limited")
    (row,) = rows(conn, "works")
    assert (row["state"], row["user_id"], row["create_date"], row["tags"]) == ("limited", None, None, [])


def test_works_and_novels_are_exported_apart_and_novels_carry_their_newest_text(conn):
    for key in (20, 21, 23):
        put_work(conn, key)
    for version, text in (("1", "old"), ("2", "新しい")):
        body = zlib.compress(text.encode())
        put(conn, s.text_version, {"work_key": 21, "digest": version, "body": body, "seen_at": NOW})
    assert [r["id"] for r in rows(conn, "works")] == [10]
    assert [(r["id"], r["text"]) for r in rows(conn, "novels")] == [(10, "新しい"), (11, None)]
    assert list(rows(conn, "novels")[0])[: len(WORK_KEYS) + 1] == [*WORK_KEYS, "text"]


def test_files_are_exported_by_work_role_page_and_version_with_the_url_that_served(conn):
    put_work(conn, 20)
    put_file(conn, 20, idx=1)
    put_file(
        conn, 20, version="20260101000000", state="stored", size=9, sha256="ab", fetched_url="https://i/other"
    )
    put_file(conn, 20)
    put_file(conn, 21, role="cover")
    found = rows(conn, "files")
    assert list(found[0])[:9] == ["medium", "id", "page", "role", "url", "path", "size", "sha256", "state"]
    assert [(r["medium"], r["id"], r["role"], r["page"], r["state"]) for r in found] == [
        ("illust", 10, "page", 0, "wanted"),
        ("illust", 10, "page", 0, "stored"),
        ("illust", 10, "page", 1, "wanted"),
        ("novel", 10, "cover", 0, "wanted"),
    ]
    assert (found[1]["url"], found[1]["size"], found[1]["sha256"]) == ("https://i/other", 9, "ab")


def test_users_tags_and_follows_are_exported(conn):
    put(conn, s.user, {"id": 5, "name": "n", "account": "a", "comment": "hello", **SEEN})
    put(conn, s.tag, {"id": 1, "name": "z", "works": 3}, {"id": 2, "name": "a"})
    for language in ("fr", "en"):
        put(conn, s.tag_translation, {"tag_id": 1, "language": language, "text": language * 2, "seen_at": NOW})
    follow = {"account_id": 1, "user_id": 5, "restrict": "private", "state": "gone"}
    put(conn, s.follow, follow | SEEN)
    person = {"id": 5, "name": "n", "account": "a", "comment": "hello", "state": "live"}
    assert begin(rows(conn, "users"), person)
    assert rows(conn, "tags") == [
        {"name": "a", "translations": {}, "works": 0},
        {"name": "z", "translations": {"en": "enen", "fr": "frfr"}, "works": 3},
    ]
    assert begin(rows(conn, "follows"), {"user_id": 5, "restrict": "private", "state": "gone"})


def test_comments_are_exported_with_their_parents_and_stamps(conn):
    comment = {"work_key": 21, "user_id": 5, "comment": "", "date": NOW, **SEEN}
    put(conn, s.comment, {"comment_key": 101, **comment, "stamp_id": 301})
    put(conn, s.comment, {"comment_key": 103, **comment, "comment": "hi", "parent_key": 101, "user_id": None})
    assert begin(
        rows(conn, "comments"),
        {
            "id": 50, "medium": "novel", "work_id": 10, "user_id": 5, "parent_comment_id": None, "comment": "",
            "stamp_id": 301, "date": "2026-05-29T05:26:40+09:00",
        },
        {
            "id": 51, "medium": "novel", "work_id": 10, "user_id": None, "parent_comment_id": 50, "comment": "hi",
            "stamp_id": None, "date": "2026-05-29T05:26:40+09:00",
        },
    )  # fmt: skip


def test_bookmarks_of_both_restricts_are_exported_with_the_users_own_tags(conn):
    for key, restrict in ((20, "public"), (21, "private")):
        put(conn, s.bookmark, {"account_id": 1, "work_key": key, "restrict": restrict, **SEEN})
    for name in ("b", "a"):
        put(conn, s.bookmark_work_tag, {"account_id": 1, "work_key": 21, "name": name, "last_seen": NOW})
    assert begin(
        rows(conn, "bookmarks"),
        {"medium": "illust", "id": 10, "restrict": "public", "tags": [], "state": "live"},
        {"medium": "novel", "id": 10, "restrict": "private", "tags": ["a", "b"], "state": "live"},
    )


def test_of_each_ranking_day_only_the_newest_complete_reading_is_exported(conn):
    day = {"account_id": 1, "medium": "illust", "mode": "day", "date": "2026-11-01", "depth": 2, "read_at": NOW}
    for snapshot, state in ((1, "complete"), (2, "complete"), (3, "reading")):
        put(conn, s.ranking_day, {**day, "snapshot": snapshot, "state": state})
        place = {k: day[k] for k in ("account_id", "medium", "mode", "date")} | {"snapshot": snapshot}
        for rank in (2, 1):
            put(conn, s.ranking, {**place, "rank": rank, "work_key": 20 * snapshot + 2 * rank})
    put(conn, s.ranking_day, {**day, "date": "2026-11-02", "snapshot": 1, "state": "reading"})
    assert begin(
        rows(conn, "rankings"),
        {"medium": "illust", "mode": "day", "date": "2026-11-01", "rank": 1, "id": 21},
        {"medium": "illust", "mode": "day", "date": "2026-11-01", "rank": 2, "id": 22},
    )


def test_parts_meet_without_hole_or_repetition(conn, monkeypatch):
    monkeypatch.setattr(module, "PART", 3)
    put(conn, s.tag, {"id": 1, "name": "x"})
    for key in range(2, 30):
        put_work(conn, key)
        put(conn, s.work_tag, {"tag_id": 1, "work_key": key, "position": 0})
        put_file(conn, key)
    assert [r["id"] for r in rows(conn, "works")] == list(range(1, 15))
    assert [r["id"] for r in rows(conn, "novels")] == list(range(1, 15))
    assert all(r["tags"] == ["x"] for r in rows(conn, "works"))
    assert len(rows(conn, "files")) == 28


def test_what_ends_early_can_be_closed_before_its_connection(conn):
    put_work(conn, 20)
    put_work(conn, 22)
    found = export(conn, "works")
    assert next(found)["id"] == 10
    found.close()


def test_an_unknown_kind_is_refused_naming_the_kinds(conn):
    with pytest.raises(ConfigError) as caught:
        export(conn, "work")
    assert all(kind in str(caught.value) for kind in KINDS)


def test_show_gives_a_whole_work_as_json(conn):
    put(conn, s.user, {"id": 5, "name": "n", "account": "a", **SEEN})
    put(conn, s.series, {"series_key": 18, "title": "S", "first_seen": NOW})
    put_work(conn, 20, user_id=5, series_key=18, type="ugoira")
    put(conn, s.tag, {"id": 1, "name": "猫"})
    put(conn, s.tag_translation, {"tag_id": 1, "language": "en", "text": "cat", "seen_at": NOW})
    put(conn, s.work_tag, {"tag_id": 1, "work_key": 20, "position": 0})
    put_file(conn, 20, role="ugoira", state="stored", size=9, stored_at=NOW)
    put(conn, s.ugoira, {"work_key": 20, "zip_url": "u", "frames": '[["0.jpg", 50]]', "seen_at": NOW})
    put(conn, s.comment, {"comment_key": 100, "work_key": 20, "comment": "x", **SEEN})
    put(conn, s.bookmark, {"account_id": 1, "work_key": 20, "restrict": "public", **SEEN})
    put(conn, s.bookmark_work_tag, {"account_id": 1, "work_key": 20, "name": "mine", "last_seen": NOW})
    place = {"account_id": 1, "medium": "illust", "mode": "day", "date": "2026-11-01", "snapshot": 1, "rank": 3}
    put(conn, s.ranking, {**place, "work_key": 20})
    put(conn, s.work_job, {"work_key": 20, "job": "following", "first_seen": NOW})
    shown = show(conn, Ref("illust", 10))
    assert shown is not None
    assert json.loads(json.dumps(shown)) == shown
    assert shown["tag_translations"] == {"猫": {"en": "cat"}}
    assert shown["user"] == {"id": 5, "name": "n", "account": "a", "state": "live"}
    assert shown["series"] == {"id": 9, "title": "S"}
    assert shown["frames"] == [["0.jpg", 50]]
    assert [(f["role"], f["path"], f["stored_at"]) for f in shown["files"]] == [
        ("ugoira", "1/20_ugoira0", "2026-05-28T20:26:40+00:00")
    ]
    assert shown["comments"] == {"kept": 1, "read_at": None}
    assert (shown["bookmarks"][0]["restrict"], shown["bookmark_tags"]) == ("public", ["mine"])
    assert shown["rankings"] == [{"mode": "day", "date": "2026-11-01", "rank": 3}]
    assert shown["jobs"][0]["job"] == "following"


def test_show_gives_a_whole_user(conn):
    put(conn, s.user, {"id": 5, "name": "n", "account": "a", "comment": "hello", **SEEN})
    put(conn, s.follow, {"account_id": 1, "user_id": 5, "restrict": "public", **SEEN})
    for key, state in ((20, "live"), (22, "limited")):
        put_work(conn, key, user_id=5, state=state)
        put_file(conn, key, state="stored", size=4)
    shown = show(conn, Ref("user", 5))
    assert shown is not None
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["comment"], shown["follows"][0]["restrict"]) == ("hello", "public")
    assert {w["state"]: w["works"] for w in shown["works"]} == {"live": 1, "limited": 1}
    assert shown["files"] == [{"state": "stored", "files": 2, "bytes": 8}]
    assert [n["ref"] for n in shown["newest"]] == ["11", "10"]


def test_show_gives_none_for_what_was_never_seen(conn):
    assert show(conn, Ref("illust", 1)) is None
    assert show(conn, Ref("user", 1)) is None
