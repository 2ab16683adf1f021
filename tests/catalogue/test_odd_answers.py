"""Whatever stands in an answer, or has become of a row: it costs itself, and everything that reads it goes on."""

import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue.chores import Kind
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.refs import parse_ref
from pixmirror.ingest import lacking, sidecars
from pixmirror.ingest.broken import record_broken
from pixmirror.ingest.files import record_text, record_ugoira
from pixmirror.ingest.works import record_works
from pixmirror.models import Illust, Novel, NovelText, Received, UgoiraMetadata, partly_read
from pixmirror.models.base import LONGEST_TEXT, MOST_TAGS
from pixmirror.pixiv.reading import novel_page, read_items
from pixmirror.rebuild import reindex
from pixmirror.reports import history as versions
from pixmirror.reports import show as views_show
from pixmirror.reports import why as views_why
from pixmirror.reports.export import KINDS, export, export_lines
from pixmirror.reports.export_own import OWN
from tests.catalogue.builders import DAY, HOUR, NOW, illust, novel, seen, ugoira, works


def _exported(conn: Connection, kind: str) -> list[Any]:
    """What Pixiv said keeps half a surrogate, as an escape in JSON."""
    return list(export_lines(conn, kind) if kind == "payloads" else export(conn, kind))


def read_all(db: Database, ref: str = "1") -> dict[str, Any]:
    """Everything that reads rows, as bytes of UTF-8 in the end."""
    told: dict[str, Any] = {kind: db.read_sync(_exported, kind) for kind in KINDS if kind not in OWN}
    told["show"] = db.read_sync(views_show.show, parse_ref(ref))
    told["why"] = db.read_sync(views_why.why, parse_ref(ref), NOW).as_dict()
    told["sidecars"] = [s.data for s in db.read_sync(sidecars.due_sidecars, 10)]
    history = db.read_sync(versions.history, parse_ref(ref))
    told["history"] = history.as_dict() if history is not None else None
    json.dumps(told, ensure_ascii=False).encode()
    return told


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59+09:00", "2026-99-99", 7e99, []]
)
def test_a_date_that_makes_no_sense_is_none_and_is_kept_raw(db: Database, date: Any, rows: Any):
    items, broken = read_items([illust(1, create_date=date)], "illusts", Illust)
    assert not broken
    assert [o.path for o in items[0].odd] == ["illusts[0].create_date"]
    db.run_sync(record_works, seen(), items, {})
    told = read_all(db)
    assert [w["create_date"] for w in told["works"]] == [None]
    assert len(rows("SELECT * FROM media")) == 1


@pytest.mark.parametrize("ms", [-62_135_629_200_000, 253_402_268_399_000, 2**62, -(2**62)])
def test_a_date_that_an_older_version_kept_stops_nothing(db: Database, ms: int):
    db.run_sync(record_works, seen(), works(illust(1)), {})
    db.run_sync(lambda c: c.exec_driver_sql(f"UPDATE work SET create_date = {ms}"))
    told = read_all(db)
    assert told["works"][0]["create_date"] is None
    assert told["sidecars"][0]["create_date"] is None
    db.run_sync(record_works, seen(NOW + DAY), works(illust(1, title="new")), {})
    assert read_all(db)["works"][0]["create_date"] == "2023-04-27T13:39:51+09:00"


def test_a_work_beyond_the_bounds_is_here_within_them_is_kept_whole_and_takes_no_other_with_it(
    db: Database, rows: Any
):
    many = [f"tag {number}" for number in range(MOST_TAGS + 5)]
    raw = [illust(1), illust(2, tags=many, caption="x" * (LONGEST_TEXT + 5)), illust(3)]
    items, broken = read_items(raw, "illusts", Illust)
    assert not broken
    db.run_sync(record_broken, "/v2/illust/follow", partly_read(items), NOW)
    db.run_sync(record_works, seen(), items, {})
    told = {work["id"]: work for work in read_all(db)["works"]}
    assert sorted(told) == [1, 2, 3]
    assert told[2]["tags"] == many[:MOST_TAGS]
    assert len(told[2]["caption"]) == LONGEST_TEXT
    kept = {row["path"]: json.loads(row["raw"]) for row in rows("SELECT path, raw FROM broken")}
    assert sorted(kept) == ["illusts[1].caption", "illusts[1].tags"]
    for whole in kept.values():
        assert [tag["name"] for tag in whole["tags"]] == many
        assert len(whole["caption"]) == LONGEST_TEXT + 5


@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "\ud83d", "a\udc00b"])
def test_what_is_no_text_is_taken_out_of_names_and_captions(db: Database, rows: Any, bad: str):
    for number, at in ((1, NOW), (2, NOW + 1), (1, NOW + 2)):
        raw = illust(
            number, tags=[bad, "x"], title=bad, caption=f"c{bad}", owner={"id": 7, "name": bad, "account": "a"}
        )
        items, broken = read_items([raw], "illusts", Illust)
        assert not broken
        db.run_sync(record_works, seen(at), items, {})
    cleaned = "".join(c for c in bad if c.isascii() and c != "\x00")
    assert {r["name"]: r["works"] for r in rows("SELECT name, works FROM tag")} == {cleaned: 2, "x": 2}
    assert {w["caption"] for w in read_all(db)["works"]} == {f"c{cleaned}"}


def test_an_odd_member_costs_itself_and_the_work_is_read():
    raw = illust(
        1, pages=3, title=None, total_view="1,234", width=1.5, page_count=None, type="collage", tags=["a"],
        sanity_level={}, is_muted="perhaps", series={"id": 2**70, "title": "s"}, tools=5,
    )  # fmt: skip
    raw["meta_pages"][1] = "page"
    raw["tags"] += [None, {"label": "b"}]
    [item], broken = read_items([raw], "illusts", Illust)
    assert not broken
    assert (item.item.type, item.item.title, item.item.width, item.item.page_count) == ("illust", "", 0, 1)
    assert [t.name for t in item.item.tags] == ["a"]
    assert [bool(p.image_urls.original) for p in item.item.meta_pages] == [True, False, True]
    assert item.raw is raw
    assert {o.path.removeprefix("illusts[0].") for o in item.odd} == {
        "title", "total_view", "width", "page_count", "type", "sanity_level", "is_muted", "series", "series.id",
        "tools", "meta_pages[1]", "tags[1]", "tags[2]",
    }  # fmt: skip
    [moving], _ = read_items([ugoira(2) | {"type": 9}], "illusts", Illust)
    assert moving.item.type == "ugoira"
    [story], _ = read_items([novel(3, text_length="long")], "novels", Novel)
    assert story.item.text_length == 0


@pytest.mark.parametrize(
    "change",
    [{"id": 2**63}, {"id": None}, {"id": "x"}, {"user": 3}, {"user": {"id": "x"}}, {"user": {"name": "n"}}],
)
def test_without_an_id_or_an_artist_it_is_not_read(change: dict[str, Any]):
    items, broken = read_items([illust(1) | change], "illusts", Illust)
    assert (len(items), len(broken)) == (0, 1)


def test_half_a_surrogate_in_a_novel_stops_no_export(db: Database):
    db.run_sync(record_works, seen(), works(novel(1)), {})
    html = r'<script>x = { novel: {"id": "1", "text": "a\ud83d b", "images": [], "illusts": []} }</script>'
    received = novel_page(html, "webview")
    assert received.item.text == "a\ufffd b"
    db.run_sync(record_text, seen(), received)
    # As an older version stored it.
    body = zlib.compress("a\ud83d b".encode("utf-8", "surrogatepass"))
    db.run_sync(lambda c: c.exec_driver_sql("UPDATE text_version SET body = ?", (body,)))
    assert [n["text"] for n in read_all(db, "novel:1")["novels"]] == ["a\ufffd b"]


def test_a_picture_that_a_novel_names_twice_is_one(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(novel(1)), {})
    one = {"novelImageId": "4", "urls": {"original": "https://i.pximg.net/a/img/2023/01/02/03/04/05/4.png"}}
    page = {"id": 1, "text": "words", "images": {"4": one, "04": one}}
    db.run_sync(record_text, seen(), Received(NovelText.model_validate(page), page))
    assert [(r["role"], r["idx"]) for r in rows("SELECT role, idx FROM media")] == [("embed", 4)]


def test_a_garbled_payload_is_counted_and_the_rest_goes_on(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(illust(1), illust(2)), {})
    garbled = "UPDATE payload SET body = x'00ff' WHERE owner_id = 2 OR owner_kind = 'user'"
    db.run_sync(lambda c: c.exec_driver_sql(garbled))
    read_all(db)
    db.run_sync(record_works, seen(NOW + 1), works(illust(1, title="new"), illust(2)), {})
    assert rows("SELECT title FROM work WHERE work_key = 2") == [{"title": "new"}]
    assert reindex.check(db, NOW).unreadable == 2
    assert reindex.reindex(db, NOW).unreadable == 2
    read_all(db)


def test_a_row_of_a_work_that_damage_took_is_made_again(db: Database, rows: Any, catalogue_path: Path):
    raws = illust(1, pages=2, tags=["a", "b"]), ugoira(2)
    db.run_sync(record_works, seen(), works(*raws), {})
    metadata = {"zip_urls": {"medium": "https://i.pximg.net/z/img/2023/01/02/03/04/05/2_ugoira600x600.zip"}}
    frames = UgoiraMetadata.model_validate({**metadata, "frames": [{"file": "0.jpg", "delay": 60}]})
    db.run_sync(record_ugoira, seen(), 2, frames)
    with closing(sqlite3.connect(catalogue_path)) as raw, raw:
        raw.execute("DELETE FROM work")
    read_all(db)
    assert not db.run_sync(record_ugoira, seen(), 2, frames)
    db.run_sync(record_works, seen(NOW + 1), works(*raws), {})
    assert len(rows("SELECT * FROM media")) == 3
    assert {r["name"]: r["works"] for r in rows("SELECT name, works FROM tag")} == {"a": 1, "b": 1}
    assert read_all(db)["works"][0]["tags"] == ["a", "b"]


def test_a_page_without_an_address_is_a_hole_until_an_answer_fills_it(db: Database, rows: Any):
    short = illust(1, pages=3)
    short["meta_pages"].pop()
    nameless = illust(2, pages=2)
    nameless["meta_pages"][1]["image_urls"]["original"] = None
    wrong = illust(3, meta_single_page={"original_image_url": "https://[i.pximg.net]/x.jpg"})
    long = illust(4, meta_single_page={"original_image_url": "https://i.pximg.net/" + "x" * 70_000})
    bare = illust(5, meta_single_page={})
    db.run_sync(record_works, seen(), works(short, nameless, wrong, long, bare), {})
    holes = "SELECT owner_id / 2 AS id, idx, state FROM media WHERE url = '' ORDER BY 1"
    assert [(r["id"], r["idx"], r["state"]) for r in rows(holes)] == [
        (1, 2, "failed"), (2, 1, "failed"), (3, 0, "failed"), (4, 0, "failed"), (5, 0, "failed"),
    ]  # fmt: skip
    asked = "SELECT key / 2 AS id, due_at FROM chore WHERE kind = 'detail'"
    assert {r["id"]: r["due_at"] - NOW for r in rows(asked)} == dict.fromkeys(range(1, 6), HOUR)
    told = read_all(db, "1")["why"]["answer"]
    assert any("no original of this page" in line and "the work is asked for again" in line for line in told)
    whole = [illust(1, pages=3), illust(2, pages=2), *(illust(i) for i in (3, 4, 5))]
    db.run_sync(record_works, seen(NOW + DAY, endpoint="detail"), works(*whole), {})
    assert not rows(holes)
    paths = rows("SELECT path FROM media WHERE owner_id = 2 ORDER BY idx")
    assert [r["path"] for r in paths] == ["7/1_p0.png", "7/1_p1.png", "7/1_p2.png"]


def test_a_work_that_lacks_pages_is_asked_for_rarer_and_rarer(db: Database):
    short = illust(1, pages=2, page_count=4)
    db.run_sync(record_works, seen(), works(short), {})
    looks = [
        db.read_sync(lacking.next_look, Kind.DETAIL, 2, NOW + age)
        for age in (0, HOUR, DAY, 7 * DAY, 30 * DAY, 99 * DAY)
    ]
    assert [(look or 0) - NOW for look in looks] == [HOUR, DAY, 7 * DAY, 30 * DAY, 60 * DAY, 129 * DAY]


def test_a_count_of_pages_beyond_all_sense_is_one_hole(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(illust(1, pages=2, page_count=2**50)), {})
    assert [r["idx"] for r in rows("SELECT idx FROM media WHERE url = ''")] == [2]


def test_pages_that_were_known_are_not_lost_by_an_answer_that_lacks_them(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(illust(1, pages=3)), {})
    short = illust(1, pages=3)
    short["meta_pages"].pop()
    db.run_sync(record_works, seen(NOW + 1), works(short), {})
    assert [r["state"] for r in rows("SELECT state FROM media WHERE is_current")] == ["wanted"] * 3


def test_holes_of_what_no_job_wants_are_refused_and_fail_once_it_is_wanted(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(illust(1, meta_single_page={})), {2: "tag"})
    assert rows("SELECT state FROM media") == [{"state": "refused"}]
    assert not rows("SELECT 1 FROM chore WHERE kind = 'detail'")
    db.run_sync(record_works, seen(NOW + 1, job="another"), works(illust(1, meta_single_page={})), {})
    assert rows("SELECT state FROM media") == [{"state": "failed"}]


def test_a_picture_that_a_novels_text_names_and_its_answer_lacks_is_a_hole(db: Database, rows: Any):
    db.run_sync(record_works, seen(), works(novel(1)), {})
    page = {"id": 1, "text": "a [uploadedimage:4] b [uploadedimage:5]", "images": {}}
    one = {"novelImageId": "4", "urls": {"original": "https://i.pximg.net/a/img/2023/01/02/03/04/05/4.png"}}
    for at, images in ((NOW, {"4": one}), (NOW + 1, {"4": one, "5": one | {"novelImageId": "5"}})):
        answer = page | {"images": images}
        db.run_sync(record_text, seen(at), Received(NovelText.model_validate(answer), answer))
        holes = rows("SELECT idx, state FROM media WHERE url = ''")
        assert holes == ([{"idx": 5, "state": "failed"}] if at == NOW else [])
    assert len(rows("SELECT 1 FROM media WHERE role = 'embed'")) == 2
