"""However an answer of the web is mangled: only our own error, and never the loss of a row that was whole."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixmirror.demo.generate import empty_world
from pixmirror.demo.shapes import View
from pixmirror.demo.web import faces, shapes
from pixmirror.demo.world import World
from pixmirror.errors import BadResponse, PixmirrorError
from pixmirror.models import Rows
from pixmirror.pixiv.lossless import lost
from pixmirror.pixiv.web import endpoints, reading
from pixmirror.pixiv.web.endpoints import ANSWERS
from tests.pixiv.held import missing
from tests.pixiv.test_reading import JUNK, mutate, paths


def _bodies() -> dict[str, Any]:
    """Bodies in the demo's shapes, of a world with one of each kind."""
    world: World = empty_world(lambda: 1_763_700_000_000)
    fan = world.users[world.me]
    work, novel = world.post(world.me, "manga"), world.post(world.me, "novel")
    world.bookmark(work)
    gone = world.delete(world.post(world.me))
    said = [world.comment(work, world.me, "hello"), world.comment(work, None, stamp_id=301)]
    view = View(world, world.me, "en")
    rows = [shapes.thumb(view, work.key), shapes.thumb(view, gone.key), {"isAdContainer": True}]
    novels = [shapes.thumb(view, novel.key)]
    frame = {"zoneConfig": [], "extraData": {"meta": {}}}
    feed = {"ids": [work.id, gone.id], "isLastPage": False, "tags": []}
    return {
        "/ajax/illust/{id}": shapes.detail(view, work),
        "/ajax/novel/{id}": shapes.novel_detail(view, novel),
        "/ajax/user/{id}": faces.person(view, fan, True),
        "/ajax/user/{id}/illusts/bookmarks": {"works": rows, "total": 2, "bookmarkTags": [], **frame},
        "/ajax/user/{id}/novels/bookmarks": {"works": novels, "total": 1, "bookmarkTags": [], **frame},
        "/ajax/user/{id}/following": {
            "users": [faces.preview(view, fan, [work.key], [novel.key])],
            "total": 1,
            "followUserTags": [],
            **frame,
        },
        "/ajax/follow_latest/illust": shapes.around(rows) | {"page": feed, "zoneConfig": []},
        "/ajax/illusts/comments/roots": {"comments": [faces.comment(view, c) for c in said], "hasNext": False},
        "/ajax/illust/{id}/pages": shapes.page_list(view, work),
        "/ajax/user/{id}/profile/illusts": {"works": {str(work.id): rows[0]}, **frame},
    }


BODIES = json.loads(json.dumps(_bodies()))
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MUTATIONS = st.tuples(st.sampled_from(["missing", "junk", "text", "swap", "extra"]), JUNK)


def rows_in(value: Any) -> list[Rows[Any]]:
    """The lists at the top of a body, and in its thumbnails."""
    found = [getattr(value, name) for name in type(value).model_fields]
    inner = getattr(value, "thumbnails", None)
    found += [getattr(inner, name) for name in type(inner).model_fields] if inner is not None else []
    return [rows for rows in found if isinstance(rows, Rows)]


@pytest.mark.parametrize("path", BODIES)
def test_the_demos_bodies_are_read_with_nothing_lost(path: str) -> None:
    got = endpoints.answer({"error": False, "body": BODIES[path]}, path)
    assert list(lost(got.item, got.raw)) == missing(got.item, got.raw) == []
    assert reading.broken_in(got.item) == ()
    assert got.item.extra == {}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutation_raises_nothing_but_our_own_error_and_loses_nothing_unsaid(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(BODIES)))
    at = data.draw(st.sampled_from(list(paths(BODIES[path]))[1:]))
    mangled = mutate(BODIES[path], at, *data.draw(MUTATIONS))
    try:
        got = endpoints.answer({"error": False, "body": mangled}, path)
    except PixmirrorError as exc:
        assert isinstance(exc, BadResponse)  # noqa: PT017
        return
    assert not list(lost(got.item, got.raw)) or got.odd or reading.broken_in(got.item)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mangled_row_never_takes_another_with_it(data: st.DataObject) -> None:
    path = "/ajax/user/{id}/illusts/bookmarks"
    body = copy.deepcopy(BODIES[path])
    at = data.draw(st.sampled_from(list(paths(body["works"][0]))[1:]))
    whole = copy.deepcopy(body["works"][1])
    body["works"][0] = mutate(body["works"][0], at, *data.draw(MUTATIONS))
    got = endpoints.answer({"error": False, "body": body}, path)
    (rows,) = rows_in(got.item)
    assert whole["id"] in [row.id for row in rows]
    assert len(rows) + len(rows.broken) + len(rows.ads) == 3


@given(ANY, st.sampled_from(sorted(ANSWERS)))
def test_any_json_at_all_is_an_error_of_ours_or_read(value: Any, path: str) -> None:
    for payload in (value, {"error": False, "body": value}):
        try:
            endpoints.answer(payload, path)
        except PixmirrorError:
            continue


def test_numbers_and_texts_for_ids_are_alike() -> None:
    path = "/ajax/user/{id}/illusts/bookmarks"
    body = copy.deepcopy(BODIES[path])
    for row in body["works"][:2]:
        row["id"], row["userId"] = int(row["id"]), int(row["userId"])
    body["total"] = "2"
    got: Any = endpoints.answer({"error": False, "body": body}, path).item
    assert [type(work.id) for work in got.works] == [int, int]
    assert got.total == 2
    assert list(lost(got, body)) == []
