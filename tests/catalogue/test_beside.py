"""What moves beside a work is kept where it belongs, dated, and makes no new answer of each work."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pixmirror.catalogue import payloads
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.payloads import canonical, digest_text, digest_work
from pixmirror.ingest.works import record_works
from pixmirror.rebuild import reindex
from tests.catalogue.builders import DAY, HOUR, NOW, illust, seen, tag, user, works

_TEXT = st.text(alphabet='",:{}\\[]user_', max_size=12) | st.text(max_size=6)


def _payloads(rows: Any) -> int:
    return len(rows("SELECT 1 FROM payload WHERE owner_kind = 'work'"))


def test_an_avatar_a_name_a_translation_and_a_banner_are_no_new_answer_of_a_work(db: Database, rows: Any):
    moved: list[dict[str, Any]] = [
        {"owner": user(7, name="renamed")},
        {"owner": user(7, profile_image_urls={"medium": "https://i.pximg.net/new.png"})},
        {"tags": [tag("a", "other")]},
        {"event_banners": [{"id": 5, "url": "https://i.pximg.net/banner.png"}]},
        {"seasonal_effect_animation_urls": {"snow": "https://i.pximg.net/snow.json"}},
    ]
    db.run_sync(record_works, seen(), works(illust(1, tags=[tag("a", "one")])), {})
    for day, change in enumerate(moved, 1):
        raw = illust(1, tags=[tag("a", "one")]) | {"user": change.pop("owner", user())} | change
        db.run_sync(record_works, seen(NOW + day * DAY), works(raw), {})
        assert _payloads(rows) == 1
    names = rows("SELECT seen_at FROM payload WHERE owner_kind = 'user' ORDER BY id")
    assert [(r["seen_at"] - NOW) // DAY for r in names] == [0, 1, 2, 3], "each with the user, when it was seen"
    assert rows("SELECT seen_at FROM payload WHERE owner_kind = 'decoration' ORDER BY id") == [
        {"seen_at": NOW + 4 * DAY},
        {"seen_at": NOW + 5 * DAY},
    ]
    texts = rows("SELECT text, first_seen, last_seen FROM translation_seen ORDER BY text")
    assert [(r["text"], (r["first_seen"] - NOW) // DAY, (r["last_seen"] - NOW) // DAY) for r in texts] == [
        ("one", 0, 5),
        ("other", 3, 3),
    ]
    assert rows("SELECT text FROM tag_translation") == [{"text": "one"}]
    assert not reindex.check(db, NOW + 9 * DAY).differences


def test_reindex_takes_translations_from_where_each_was_seen(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(illust(1, tags=[tag("a", "one")])), {})
    db.run_sync(record_works, seen(NOW + DAY), works(illust(1, tags=[tag("a", "two")])), {})
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM tag_translation"))
    reindex.reindex(db, NOW + DAY)
    assert rows("SELECT text FROM tag_translation") == [{"text": "two"}]


def test_an_answer_kept_by_an_older_version_is_not_kept_again(db: Database, rows: Any):
    raw = illust(1, tags=[tag("a", "one")])
    db.run_sync(record_works, seen(), works(raw), {})
    old = digest_text(canonical(raw))
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE payload SET digest = ? WHERE owner_kind = 'work'", (old,)))
    db.run_sync(record_works, seen(NOW + DAY), works(raw), {})
    assert _payloads(rows) == 1
    db.run_sync(record_works, seen(NOW + DAY), works(raw | {"title": "new"}), {})
    assert _payloads(rows) == 2


@given(title=_TEXT, name=_TEXT, avatar=_TEXT, translated=_TEXT)
def test_the_digest_of_a_work_is_that_without_its_user_and_translations(
    title: str, name: str, avatar: str, translated: str
):
    raw = illust(1, title=title, owner=user(7, name=name, profile_image_urls={"medium": avatar}))
    raw["tags"] = [tag(title, translated), tag("b", None)]
    bare = json.loads(canonical(raw))
    del bare["user"]
    for one in bare["tags"]:
        del one["translated_name"]
    assert digest_work(canonical(raw)) == payloads.digest(bare)


def test_only_a_tag_that_was_called_otherwise_has_a_translation_dated_to_the_moment(db, rows):
    for hour, (one, other) in enumerate((("night", "sky"), ("evening", "sky"), ("evening", "sky"))):
        page = works(illust(1, tags=[tag("夜", one), tag("空", other)], title=f"{hour}"))
        db.run_sync(record_works, seen(NOW + hour * HOUR), page, {})
    dates = {r["text"]: r["last_seen"] - NOW for r in rows("SELECT text, last_seen FROM translation_seen")}
    assert dates == {"night": 0, "evening": HOUR, "sky": 0}


def test_translations_are_recorded_without_going_through_all_that_are_known(db, monkeypatch):
    """It would take a second a page in a large mirror."""
    asked: list[str] = []
    db.run_sync(lambda conn: conn.connection.driver_connection.set_trace_callback(asked.append))
    db.run_sync(record_works, seen(), works(illust(1, tags=[tag("夜", "night")])), {})
    (statement,) = {sql for sql in asked if sql.startswith("INSERT INTO translation_seen")}
    plan = db.read_sync(lambda conn: conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all())
    assert plan
    assert not [row for row in plan if "SCAN" in row[3]]
