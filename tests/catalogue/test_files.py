"""The files of works: versions side by side, refusals of one job and wishes of another, zips and texts."""

import json
from typing import Any

import pytest

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.media import REMOVED, REPLACED
from pixmirror.ingest import filters
from pixmirror.ingest.files import record_text, record_ugoira, text_of
from pixmirror.ingest.versions import cover_file
from pixmirror.ingest.works import record_works
from pixmirror.models import Illust, Lane, NovelText, Received, Stored, UgoiraMetadata, WorkFacts
from tests.catalogue.builders import (
    NOW,
    illust,
    novel,
    original,
    seen,
    stub,
    ugoira,
    user,
    want_again,
    work,
    works,
)

LATER = "2024/01/02/03/04/05"
LATEST = "2025/01/02/03/04/05"


def states(rows, work_key: int = 2) -> dict[str, tuple[str, int]]:
    found = rows("SELECT path, state, is_current FROM media WHERE owner_id = ?", work_key)
    return {r["path"]: (r["state"], r["is_current"]) for r in found}


def store_all(db: Database) -> None:
    for item in db.run_sync(queue.claim, 100, NOW):
        db.run_sync(queue.finish, item.media_id, Stored(item.path, 1, "00"), NOW)


def test_a_replaced_file_gets_its_own_path_and_the_stored_one_stays(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, pages=2)), {})
    store_all(db)
    db.run_sync(record_works, seen(NOW + 1), works(illust(1, pages=2, date=LATER)), {})
    assert states(rows) == {
        "7/1_p0.png": ("stored", 0),
        "7/1_p1.png": ("stored", 0),
        "7/1_p0_20240102030405.png": ("wanted", 1),
        "7/1_p1_20240102030405.png": ("wanted", 1),
    }


def test_what_was_replaced_before_it_was_fetched_says_so(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, pages=3)), {})
    db.run_sync(record_works, seen(NOW + 1), works(illust(1, pages=2, date=LATER)), {})
    assert states(rows)["7/1_p0.png"] == ("gone", 0)
    errors = {r["path"]: r["error"] for r in rows("SELECT path, error FROM media WHERE state = 'gone'")}
    assert errors == {"7/1_p0.png": REPLACED, "7/1_p1.png": REPLACED, "7/1_p2.png": REMOVED}


def test_an_older_answer_from_a_cache_changes_no_file(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, date=LATER)), {})
    before = states(rows)
    db.run_sync(record_works, seen(NOW + 1), works(illust(1)), {})
    assert states(rows) == before == {"7/1_p0.png": ("wanted", 1)}


def test_paths_are_never_used_twice(db: Database, rows):
    for i, date in enumerate(("2023/04/27/13/39/51", LATER, LATEST)):
        db.run_sync(record_works, seen(NOW + i), works(illust(1, date=date)), {})
    assert len(rows("SELECT DISTINCT path FROM media")) == len(rows("SELECT path FROM media")) == 3


def test_another_url_of_the_same_version_is_tried_again(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    [item] = db.run_sync(queue.claim, 1, NOW)
    db.run_sync(queue.gone, item.media_id, "404")
    hashed = original(1).replace("/1_p0", "/1-" + "ab" * 16 + "_p0")
    raw = illust(1, meta_single_page={"original_image_url": hashed})
    db.run_sync(record_works, seen(NOW + 1, endpoint="detail"), works(raw), {})
    assert [(m["state"], m["url"], m["path"]) for m in rows("SELECT * FROM media")] == [
        ("wanted", hashed, "7/1_p0.png")
    ]


def test_a_url_of_no_known_kind_is_failed_not_fetched(db: Database, rows):
    raw = illust(1, meta_single_page={"original_image_url": original(1, ext="exe")})
    db.run_sync(record_works, seen(), works(raw), {})
    [file] = rows("SELECT * FROM media")
    assert (file["state"], file["path"]) == ("failed", "")
    assert db.run_sync(want_again) == 0


def test_refused_by_one_job_wanted_by_another(db: Database, rows):
    page = works(illust(1), ugoira(2))
    db.run_sync(record_works, seen(job="a"), page, {2: "tag", 4: "tag"})
    assert states(rows) == {"7/1_p0.png": ("refused", 1)}
    assert rows("SELECT 1 FROM chore WHERE kind = 'ugoira'") == []
    db.run_sync(record_works, seen(NOW + 1, job="b"), page, {})
    assert states(rows) == {"7/1_p0.png": ("wanted", 1)}
    assert [c["key"] for c in rows("SELECT key FROM chore WHERE kind = 'ugoira'")] == [4]
    db.run_sync(record_works, seen(NOW + 2, job="a"), page, {2: "tag", 4: "tag"})
    assert states(rows) == {"7/1_p0.png": ("wanted", 1)}
    db.run_sync(record_works, seen(NOW + 3, job="b"), page, {2: "users", 4: "users"})
    assert states(rows) == {"7/1_p0.png": ("refused", 1)}


def test_a_loosened_filter_wants_files_without_a_request(db: Database, rows):
    page = works(illust(1, tags=["x"]), ugoira(2), novel(3), illust(4))
    reasons = dict.fromkeys((2, 4, 7, 8), "too few bookmarks")
    db.run_sync(record_works, seen(), [*page, work(stub(9))], reasons)
    store_all(db)
    facts = db.read_sync(filters.facts_of, "following", 0, 10)
    assert [f.key for f in facts] == [2, 4, 7, 8]
    first = Illust.model_validate(illust(1, tags=["x"]))
    assert facts[0] == WorkFacts.of(first, "illust")
    assert [f.key for f in db.read_sync(filters.facts_of, "following", 4, 1)] == [7]
    loosened = {2: None, 4: None, 7: None, 8: "too few bookmarks"}
    assert db.run_sync(filters.apply_refusals, "following", loosened, NOW + 1) == 3
    assert states(rows, 2) == {"7/1_p0.png": ("wanted", 1)}
    assert states(rows, 8) == {"7/4_p0.png": ("refused", 1)}
    asked = {(c["kind"], c["key"]) for c in rows("SELECT * FROM chore WHERE lane = ?", int(Lane.COMPLETE))}
    assert asked == {("ugoira", 4), ("text", 7)}
    assert db.run_sync(filters.apply_refusals, "following", loosened, NOW + 2) == 0


def test_a_tightened_filter_leaves_what_is_stored(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    [first] = db.run_sync(queue.claim, 1, NOW)
    db.run_sync(queue.finish, first.media_id, Stored(first.path, 1, "00"), NOW)
    db.run_sync(filters.apply_refusals, "following", {2: "type", 4: "type"}, NOW + 1)
    assert (states(rows, 2) | states(rows, 4)) == {"7/1_p0.png": ("stored", 1), "7/2_p0.png": ("refused", 1)}


def ugoira_metadata(work_id: int, date: str, frames: Any = (("000000.jpg", 120), ("000001.jpg", 80))) -> Any:
    url = f"https://i.pximg.net/img-zip-ugoira/img/{date}/{work_id}_ugoira600x600.zip"
    listed = [{"file": name, "delay": delay} for name, delay in frames]
    return UgoiraMetadata.model_validate({"zip_urls": {"medium": url}, "frames": listed})


def test_a_ugoira_is_its_large_zip_and_its_frames(db: Database, rows):
    first = "2023/04/27/13/39/51"
    db.run_sync(record_works, seen(), works(ugoira(1)), {})
    metadata = ugoira_metadata(1, first)
    assert db.run_sync(record_ugoira, seen(), 1, metadata) is True
    assert db.run_sync(record_ugoira, seen(NOW + 1), 1, metadata) is False
    [item] = db.run_sync(queue.claim, 9, NOW)
    assert [url.rsplit("_", 1)[1] for url in item.urls] == ["ugoira1920x1080.zip", "ugoira600x600.zip"]
    assert item.path == "7/1_ugoira.zip"
    [row] = rows("SELECT frames FROM ugoira")
    assert json.loads(row["frames"]) == [["000000.jpg", 120], ["000001.jpg", 80]]
    db.run_sync(queue.finish, item.media_id, Stored(item.path, 1, "00"), NOW)
    db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
    db.run_sync(record_works, seen(NOW + 2), works(ugoira(1, date=LATER)), {})
    assert [c["kind"] for c in rows("SELECT kind FROM chore WHERE kind = 'ugoira'")] == ["ugoira"]
    assert db.run_sync(record_ugoira, seen(NOW + 3), 1, ugoira_metadata(1, LATER)) is True
    assert states(rows) == {"7/1_ugoira.zip": ("stored", 0), "7/1_ugoira_20240102030405.zip": ("wanted", 1)}
    assert db.run_sync(record_ugoira, seen(NOW + 4), 1, metadata) is False


def text(novel_id: int, body: str, **changes: Any) -> Received[NovelText]:
    raw = {
        "id": str(novel_id),
        "text": body,
        "userId": "7",
        "coverUrl": "https://i.pximg.net/c/480x960/novel-cover-master/img/2023/01/02/03/04/05/ci1_ab_master1200.jpg",
        "images": [],
        "illusts": [],
        "rating": {"like": 1, "bookmark": 2, "view": 3},
    } | changes
    return Received(NovelText.model_validate(raw), raw)


def test_each_text_of_a_novel_is_a_version(db: Database, rows):
    db.run_sync(record_works, seen(), works(novel(1)), {})
    body = "　本文\r\n[newpage]"
    assert db.run_sync(record_text, seen(), text(1, body)) is True
    assert db.run_sync(record_text, seen(NOW + 1), text(1, body, rating={"like": 9})) is False
    assert db.run_sync(record_text, seen(NOW + 2), text(1, "other")) is True
    assert [text_of(r["body"]) for r in rows("SELECT body FROM text_version ORDER BY id")] == [body, "other"]
    assert len(rows("SELECT 1 FROM payload WHERE endpoint = 'webview'")) == 2


def test_a_novel_asks_for_its_text_once_and_again_when_it_was_edited(db: Database, rows):
    def chore() -> list[int]:
        found = [c["key"] for c in rows("SELECT key FROM chore WHERE kind = 'text'")]
        db.run_sync(lambda c: c.exec_driver_sql("DELETE FROM chore"))
        return found

    db.run_sync(record_works, seen(), works(novel(1)), {})
    assert chore() == [3]
    db.run_sync(record_text, seen(), text(1, "body"))
    db.run_sync(record_works, seen(NOW + 1), works(novel(1, total_view=31)), {})
    assert chore() == []
    db.run_sync(record_works, seen(NOW + 2), works(novel(1, title="other")), {})
    assert chore() == [3]
    db.run_sync(record_works, seen(NOW + 3, endpoint="detail"), works(novel(1, title="other", caption="more")), {})
    assert chore() == []
    db.run_sync(record_works, seen(NOW + 4, endpoint="detail"), works(novel(1, text_length=99)), {})
    assert chore() == [3]


def test_a_novels_cover_and_pictures_are_files(db: Database, rows):
    db.run_sync(record_works, seen(), works(novel(1)), {})
    picture = "https://i.pximg.net/novel-cover-original/img/2023/02/03/04/05/06/tei55_cd.png"
    images = {"55": {"novelImageId": "55", "sl": "2", "urls": {"original": picture, "240mw": "x"}}}
    db.run_sync(record_text, seen(), text(1, "[uploadedimage:55]", images=images))
    assert states(rows, 3) == {"7/novel/1/cover.jpg": ("wanted", 1), "7/novel/1/embed_55.png": ("wanted", 1)}


@pytest.mark.parametrize(
    "url", [None, "", "https://s.pximg.net/common/images/novel_thumb/novel_thumb_11_240mw.jpg"]
)
def test_the_sites_default_cover_is_no_file(url):
    assert cover_file(url) is None


def test_the_original_cover_is_tried_in_both_kinds_then_the_derived_one():
    url = "https://i.pximg.net/c/480x960/novel-cover-master/img/2023/01/02/03/04/05/ci1_ab_master1200.jpg"
    file = cover_file(url)
    assert file is not None
    base = "https://i.pximg.net/novel-cover-original/img/2023/01/02/03/04/05/ci1_ab"
    assert (file.url, *file.alternates) == (f"{base}.jpg", f"{base}.png", url)
    assert file.version == "20230102030405"


def test_a_work_of_another_user_lies_in_that_users_folder(db: Database, rows):
    db.run_sync(record_works, seen(), works(illust(1, owner=user(70)), novel(1, owner=None, user=user(71))), {})
    assert list(states(rows)) == ["70/1_p0.png"]
