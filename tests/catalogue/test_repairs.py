"""Small ways to lose something: works first seen in passing, numbers too large, placeholders that stay."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from pixmirror.catalogue import chores, queue, runs
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.seen import Wants
from pixmirror.errors import BadResponse
from pixmirror.ingest import filters
from pixmirror.ingest import lists as ingest_lists
from pixmirror.ingest.broken import broken_ids, record_broken
from pixmirror.ingest.comments import comments_walked, record_comments
from pixmirror.ingest.files import record_text, shown_version
from pixmirror.ingest.versions import embedded_files
from pixmirror.ingest.works import record_works
from pixmirror.ledger import controls, judge
from pixmirror.models import Broken, Illust, Lane, NovelText, Received, UserPreview, partly_read, work_key
from pixmirror.pixiv.reading import read_items
from tests.catalogue.builders import (
    DAY,
    HOUR,
    ME,
    NOW,
    both,
    comment,
    comments,
    illust,
    novel,
    seen,
    stub,
    ugoira,
    works,
)

NOBODY: dict[str, Any] = {"job": "", "endpoint": "feed", "wants": Wants(comments=False)}


@pytest.mark.parametrize("stub_before", [False, True])
def test_a_work_first_seen_by_a_rereading_is_fetched_when_a_job_sees_it(db: Database, rows, stub_before: bool):
    page = works(illust(1), ugoira(2), novel(3))
    if stub_before:
        db.run_sync(record_works, seen(**NOBODY), works(stub(1, "limit_mypixiv")), {})
    db.run_sync(record_works, seen(**NOBODY), page, {})
    assert {r["state"] for r in rows("SELECT state FROM media")} == {"refused"}
    assert not rows("SELECT 1 FROM chore"), "nor is it looked for again"
    db.run_sync(record_works, seen(NOW + 1, endpoint="feed"), page, {})
    assert {r["state"] for r in rows("SELECT state FROM media")} == {"wanted"}
    assert {r["kind"] for r in rows("SELECT kind FROM chore")} >= {"ugoira", "text"}


def test_a_stub_that_a_job_saw_becomes_a_work_without_a_detour(db: Database, rows):
    db.run_sync(record_works, seen(), works(stub(1)), {})
    db.run_sync(record_works, seen(NOW + 1), works(illust(1)), {2: "no"})
    assert rows("SELECT state FROM media") == [{"state": "refused"}]


@pytest.mark.parametrize("field", ["id", "total_view", "total_bookmarks", "width", "page_count", "sanity_level"])
def test_a_number_that_no_catalogue_can_hold_costs_itself_and_an_id_its_item(field: str):
    rows = [illust(1), illust(2) | {field: 10**25}, illust(3)]
    items, broken = read_items(rows, "illusts", Illust)
    assert [r.item.id for r in items] == ([1, 3] if field == "id" else [1, 2, 3])
    assert [b.path for b in (*broken, *partly_read(items))] == [f"illusts[1].{field}"]


def test_a_user_with_such_an_id_cannot_be_read():
    with pytest.raises(ValidationError):
        UserPreview.model_validate({"user": {"id": 2**60, "name": "a"}})
    assert embedded_files({"9" * 30: {"urls": {"original": "https://i.pximg.net/a.png"}}}) == []


def test_a_number_that_got_through_is_an_error_of_its_item(db: Database):
    with pytest.raises(BadResponse):
        db.run_sync(chores.add, "detail", 2**70, 0, NOW)
    db.run_sync(chores.add, "detail", 1, 0, NOW)


def state_of(rows: Any) -> str:
    return str(rows("SELECT state FROM work WHERE work_key = 2")[0]["state"])


def test_a_placeholder_that_stays_for_a_day_moves_the_state_and_the_work_moves_it_back(db: Database, rows):
    hidden = works(stub(1, "limit_mypixiv"))
    db.run_sync(record_works, seen(), works(illust(1)), {})
    for later in (HOUR, HOUR + DAY - 1, HOUR + DAY):
        assert not rows("SELECT 1 FROM doubt")
        db.run_sync(record_works, seen(NOW + later), hidden, {})
        assert state_of(rows) == "live"
    assert rows("SELECT state FROM doubt") == [{"state": "mypixiv"}]
    db.run_sync(runs.set_meta, controls.LISTS, str(NOW + HOUR + DAY))
    db.run_sync(record_works, seen(NOW + HOUR + DAY), works(illust(2)), {})
    db.run_sync(judge.judge, NOW + 2 * HOUR + DAY, 0.05)
    assert state_of(rows) == "mypixiv"
    [evidence] = rows("SELECT evidence FROM work WHERE work_key = 2")
    assert evidence == {"evidence": "list: limit_mypixiv_360"}
    db.run_sync(record_works, seen(NOW + 3 * DAY), works(illust(1)), {})
    assert state_of(rows) == "live"
    db.run_sync(record_works, seen(NOW + 4 * DAY), hidden, {})
    assert state_of(rows) == "live"


def test_a_sighting_in_between_begins_the_day_anew_and_an_unknown_placeholder_proves_nothing(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    for day, page in enumerate((stub(1, "limit_mypixiv"), illust(1), stub(1, "limit_mypixiv")), 1):
        db.run_sync(record_works, seen(NOW + day * DAY), works(page), {})
    for day in (5, 7):
        db.run_sync(record_works, seen(NOW + day * DAY), works(stub(1, "limit_unknown")), {})
    assert state_of(rows) == "live"


def test_what_could_not_be_read_is_not_missing(db: Database, rows):
    db.run_sync(ingest_lists.record_follows, ME, "public", [1, 2], NOW)
    db.run_sync(
        ingest_lists.record_bookmarks, ME, "public", [work_key("illust", 1), work_key("novel", 1)], NOW, None
    )
    db.run_sync(ingest_lists.mark_missing, "follow", ME, both(NOW + 1), NOW + 1)
    db.run_sync(ingest_lists.touch_unread, ME, "follow", None, [2, 99], NOW + DAY)
    db.run_sync(ingest_lists.touch_unread, ME, "bookmark", "novel", [1], NOW + DAY)
    found = rows("SELECT user_id, last_seen, missing_since FROM follow ORDER BY 1")
    assert [tuple(r.values()) for r in found] == [(1, NOW, NOW + 1), (2, NOW + DAY, None)]
    found = rows("SELECT work_key, last_seen FROM bookmark ORDER BY 1")
    assert [tuple(r.values()) for r in found] == [(2, NOW), (3, NOW + DAY)]
    db.run_sync(ingest_lists.touch_unread, ME, "follow", None, [], NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        (illust(5, title=["x"]), [5]),
        ({"id": "17"}, [17]),
        ({"user": {"id": 8, "name": []}, "illusts": []}, [8]),
        ({"id": "x", "user": {"id": 8}}, []),
        ({"image_urls": {}, "user": {"id": 8}}, []),
        ({"id": 10**25}, []),
        ({"id": True}, []),
        ({"id": "9" * 5000}, []),
        (None, []),
        (7, []),
        ([{"id": 3}], []),
    ],
)
def test_ids_of_what_could_not_be_read(raw: Any, ids: list[int]):
    assert broken_ids([Broken("rows[0]", "bad", raw)]) == ids


def test_items_that_are_no_objects_are_kept_as_they_are(db: Database, rows):
    items, broken = read_items([None, 7, "x", illust(1)], "illusts", Illust)
    assert len(items) == 1
    assert db.run_sync(record_broken, "list", broken, NOW) == 3
    assert db.run_sync(record_broken, "list", broken, NOW + 1) == 0
    assert [r["raw"] for r in rows("SELECT raw FROM broken ORDER BY id")] == ["null", "7", '"x"']


def test_files_that_became_wanted_hold_for_novels_too(db: Database, rows):
    text = {"id": 1, "text": "words", "coverUrl": "https://i.pximg.net/a/cover.jpg", "images": {}}
    text["images"] = {"4": {"novelImageId": "4", "urls": {"original": "https://i.pximg.net/a/4.png"}}}
    quiet = seen(wants=Wants(files=False))
    db.run_sync(record_works, quiet, works(novel(1), novel(2)), {5: "tag"})
    for number in (1, 2):
        page = {**text, "id": number}
        db.run_sync(record_text, quiet, Received(NovelText.model_validate(page), page))
    assert {r["state"] for r in rows("SELECT state FROM media")} == {"refused"}
    assert db.run_sync(filters.rejudge_novel_files, "following", False) == 0
    assert db.run_sync(filters.rejudge_novel_files, "another", True) == 0
    assert db.run_sync(filters.rejudge_novel_files, "following", True) == 2
    found = rows("SELECT owner_id, role, state, priority FROM media WHERE state = 'wanted' ORDER BY role")
    assert [tuple(r.values()) for r in found] == [
        (3, "cover", "wanted", Lane.BACKFILL),
        (3, "embed", "wanted", Lane.BACKFILL),
    ]
    assert len(db.run_sync(queue.claim, 10, NOW)) == 2


def test_an_answered_root_is_asked_again_once_the_comments_were_walked(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    root, reply = comments(comment(1, has_replies=True)), comments(comment(2))
    db.run_sync(record_comments, seen(), 2, root)
    db.run_sync(record_comments, seen(), 2, reply, parent_key=2)
    db.run_sync(chores.done, "replies", 2)
    db.run_sync(comments_walked, seen(), 2, 2)
    db.run_sync(record_comments, seen(NOW + 1), 2, root)
    assert not rows("SELECT 1 FROM chore WHERE kind = 'replies'")
    db.run_sync(record_comments, seen(NOW + 1), 2, root, all_replies=True)
    assert len(rows("SELECT 1 FROM chore WHERE kind = 'replies'")) == 1


def test_the_shown_version_is_that_of_the_newest_answers(db: Database):
    assert db.read_sync(shown_version, 2) == ""
    db.run_sync(record_works, seen(), works(ugoira(1)), {})
    db.run_sync(record_works, seen(NOW + 1, endpoint="detail"), works(ugoira(1)), {})
    assert db.read_sync(shown_version, 2) == "20230427133951"
    db.run_sync(record_works, replace(seen(), now=NOW + 2), works(ugoira(1, date="2024/01/02/03/04/05")), {})
    db.run_sync(record_works, seen(NOW + 3), works(stub(1)), {})
    assert db.read_sync(shown_version, 2) == "20240102030405"
