"""Every recorded answer of the web is read without loss."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pixmirror.errors import BadResponse, PixmirrorError
from pixmirror.models import Comment, Illust, Novel, Rows, State, UserDetail
from pixmirror.pixiv.lossless import lost
from pixmirror.pixiv.reading import preview_works
from pixmirror.pixiv.web import endpoints, reading, shapes
from pixmirror.pixiv.web.endpoints import ANSWERS
from pixmirror.pixiv.web.models import WebIllust, WebNovel, WebUser
from tests.pixiv.held import missing

RECORDED = Path(__file__).parents[3].parent / "shared" / "recorded" / "web-ajax"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded responses are not here")
ALL = sorted(RECORDED.glob("*.json")) if RECORDED.is_dir() else []
WHOLE = [p for p in ALL if not p.name.startswith(("FRAGMENT", "preload"))]
BOOKMARKS = [p for p in ALL if "bookmarks-item" in p.name]


def endpoint(path):
    """The endpoint that a file's name tells."""
    slug = path.name.split("__")[0]
    for name in ANSWERS:
        filled = re.sub(r"\{\w+\}", lambda m: "TAG" if m[0] == "{word}" else "ID", name)
        if filled.lstrip("/").removeprefix("ajax/").removesuffix(".php").replace("/", "-") == slug:
            return name
    raise AssertionError(f"nothing reads {path.name}")


def load(path):
    return json.loads(path.read_text())


def read(path) -> Any:
    name = endpoint(path)
    return endpoints.answer(load(path), name), ANSWERS[name]


def leaves(value):
    if isinstance(value, dict) and value:
        return sum(map(leaves, value.values()))
    if isinstance(value, list) and value:
        return sum(map(leaves, value))
    return 1


@pytest.mark.parametrize("path", WHOLE, ids=lambda p: p.stem)
def test_each_answer_is_read_with_nothing_lost(path):
    got, _ = read(path)
    assert list(lost(got.item, got.raw)) == []
    assert missing(got.item, got.raw) == []
    assert reading.broken_in(got.item) == ()


@pytest.mark.parametrize("path", WHOLE, ids=lambda p: p.stem)
def test_models_read_all_but_two_in_a_hundred_leaves(path):
    got, _ = read(path)
    left = sum(leaves(value) for value in got.item.extra.values())
    assert left <= 0.02 * leaves(got.raw)


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.long)])
def test_a_file_of_another_endpoint_is_refused(every):
    names = sorted({endpoint(p) for p in WHOLE})
    pairs = [
        (path, name)
        for path in WHOLE
        for name in names
        if ANSWERS[name].model is not ANSWERS[endpoint(path)].model
    ]
    tried = pairs[::every]
    accepted = 0
    for path, name in tried:
        try:
            got = endpoints.answer(load(path), name)
        except PixmirrorError:
            continue
        accepted += not reading.broken_in(got.item) and not got.item.extra
    assert accepted <= 12, "some empty answers are alike"
    assert len(tried) > 1500 / every


@pytest.mark.parametrize("path", BOOKMARKS, ids=lambda p: p.stem)
def test_a_deleted_bookmark_is_a_stub_and_no_work(path):
    model: Any = WebNovel if "novels" in path.name else WebIllust
    got = reading.one(load(path), model, "/x")
    assert got.item.state is State.UNKNOWN
    assert (got.item.title, got.item.caption, got.item.create_date) == ("", "", None)
    assert got.item.user
    assert (got.item.user.id, got.item.user.name) == (0, "")
    assert got.item.is_bookmarked
    assert got.item.web.bookmark_data
    assert isinstance(got.item.id, int)
    assert list(lost(got.item, load(path))) == []
    assert got.item.extra == {}


def test_a_ranked_work_that_only_members_see_is_a_stub():
    got, _ = read(RECORDED / "ranking__piku-daily-2026-logged-out.json")
    stubs = [row for row in got.item.contents if row.is_stub]
    assert [row.web.rank for row in stubs] == [35]
    assert stubs[0].create_date is None
    assert stubs[0].state is State.LIMITED


def test_the_preloaded_novel_is_read_as_the_ajax_one():
    payload = load(RECORDED / "preload-novel__noveldl.json")
    for raw in payload["novel"].values():
        got = reading.one(raw, WebNovel, "/ajax/novel/{id}")
        assert got.item.series
        assert got.item.series.id == 7790652
        assert list(lost(got.item, raw)) == []
        assert got.item.extra == {}
    for raw in payload["user"].values():
        assert list(lost(reading.one(raw, WebUser, "/ajax/user/{id}").item, raw)) == []


@pytest.mark.parametrize("path", [p for p in ALL if "seriesNavData" in p.name], ids=lambda p: p.stem)
def test_the_place_in_a_series_is_read(path):
    nav = load(path)
    raw = {"id": "5", "title": "t", "illustType": 1, "userId": "3", "seriesNavData": nav}
    work = reading.one(raw, WebIllust, "/x").item
    assert work.series
    assert (work.series.id, work.series.title) == (nav["seriesId"], nav["title"])
    assert work.web.series_nav_data
    assert work.web.series_nav_data["order"] == nav["order"]
    assert list(lost(work, raw)) == []


def test_a_recorded_work_is_the_shared_model():
    got, _ = read(RECORDED / "illust-ID__danbooru-87598468.json")
    work = got.item
    assert issubclass(type(work), Illust)
    assert (work.id, work.type, work.page_count, work.key) == (87598468, "illust", 16, 87598468 * 2)
    assert work.create_date.isoformat() == "2021-02-07T09:02:03+00:00"
    assert work.tags[0].name == "オリジナル"
    assert work.tags[0].translated_name == "original"
    assert work.user.account == "avogado602"
    assert work.image_urls.original.endswith("_p0.png") or work.image_urls.original.endswith("_p0.jpg")
    assert not work.is_stub
    single, _ = read(RECORDED / "illust-ID__recorded.json")
    assert single.item.originals == (single.item.image_urls.original,)


def test_comments_users_and_previews_are_the_shared_models():
    comments, _ = read(next(p for p in WHOLE if "comments-roots" in p.name))
    first, second, _ = comments.item.comments
    assert issubclass(type(first), Comment)
    assert first.date.isoformat() == "2022-08-18T22:30:00+09:00"
    assert first.stamp is None
    assert second.stamp.stamp_id == 110
    user, _ = read(RECORDED / "user-ID__full_1.json")
    assert issubclass(type(user.item), UserDetail)
    assert user.item.profile.total_follow_users == 349
    assert user.item.workspace.tool == "CSP"
    people, _ = read(next(p for p in WHOLE if p.name.startswith("user-ID-following")))
    works = preview_works(people.item.users[0])
    assert works.broken == ()
    assert len(works.illusts) == 4


def test_advertisements_are_dropped_and_counted():
    got, _ = read(RECORDED / "illust-ID-recommend-init__limit_2.json")
    assert isinstance(got.item.illusts, Rows)
    assert (len(got.item.illusts), len(got.item.illusts.ads)) == (2, 1)


def test_a_part_of_a_novel_series_has_its_novels():
    got, _ = read(RECORDED / "novel-series_content-ID__noveldl.json")
    rows = got.item.page.series_contents
    assert len(rows) == 24
    assert issubclass(type(rows[0]), Novel)
    assert rows[0].text_length == 6793
    assert rows[0].create_date.isoformat() == "2021-03-13T17:00:01+09:00"


def test_the_document_took_one_search_for_another():
    artworks, _ = read(next(p for p in WHOLE if p.name.startswith("search-artworks")))
    assert list(artworks.item.parts) == ["illust", "manga", "novel"]


@pytest.mark.parametrize("path", WHOLE, ids=lambda p: p.stem)
def test_an_answer_without_its_body_is_refused(path):
    with pytest.raises(BadResponse):
        endpoints.answer({"error": False, "message": ""}, endpoint(path))


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://e.com/?id=1&amp;from=px", "/jump.php?https%3A%2F%2Fe.com%2F%3Fid%3D1%26from%3Dpx"),
        ("https://e.com/?id=1&amp;from=px", "/jump.php?https%3A%2F%2Fe.com%2F%3Fid%3D1%26amp%3Bfrom%3Dpx"),
        (
            "https://e.com/?a&amp;copy=1",
            "https://www.pixiv.net/jump.php?url=https%3A%2F%2Fe.com%2F%3Fa%26copy%3D1",
        ),
        ("https://e.com/&quot;x", "/jump.php?https%3A%2F%2Fe.com%2F%22x"),
    ],
)
def test_a_link_of_a_caption_reads_as_in_the_app(url: str, sent: str):
    assert shapes.ILLUST.read({"description": f'<a href="{sent}">x</a>'})["caption"] == f'<a href="{url}">x</a>'
