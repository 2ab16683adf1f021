"""However a page is mangled: only our own error, and never the loss of an item that was whole."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixmirror.errors import BadResponse
from pixmirror.models import (
    ApplicationInfo,
    BookmarkDetail,
    BookmarkRange,
    BookmarkTag,
    Comment,
    Emoji,
    FollowDetail,
    Illust,
    Live,
    MarkedNovel,
    MuteList,
    MyState,
    Novel,
    NovelText,
    ProfilePresets,
    SeriesDetail,
    SeriesPosition,
    SpotlightArticle,
    Stamp,
    Tag,
    TrendTag,
    UgoiraMetadata,
    User,
    UserDetail,
    UserPreview,
    WatchedSeries,
)
from pixmirror.models.base import LONGEST_TEXT, MOST_TAGS
from pixmirror.pixiv.reading import listing, next_query, novel_page, one, preview_works

FIXTURES = Path(__file__).parent / "fixtures"
LISTS: dict[str, tuple[str, Any]] = {
    "illusts": ("illusts", Illust),
    "bookmarks": ("illusts", Illust),
    "illust_series": ("illusts", Illust),
    "novels": ("novels", Novel),
    "novel_series": ("novels", Novel),
    "user_previews": ("user_previews", UserPreview),
    "comments": ("comments", Comment),
    "bookmark_tags": ("bookmark_tags", BookmarkTag),
    "users": ("users", User),
    "illust_series_details": ("illust_series_details", SeriesDetail),
    "novel_series_details": ("novel_series_details", SeriesDetail),
    "watchlist": ("series", WatchedSeries),
    "trend_tags": ("trend_tags", TrendTag),
    "spotlight_articles": ("spotlight_articles", SpotlightArticle),
    "marked_novels": ("marked_novels", MarkedNovel),
    "bookmark_ranges": ("bookmark_ranges", BookmarkRange),
    "tags": ("tags", Tag),
    "emoji": ("emoji_definitions", Emoji),
    "stamps": ("stamps", Stamp),
    "lives": ("lives", Live),
    "recommended": ("illusts", Illust),
}
OBJECTS: dict[str, tuple[str, Any]] = {
    "illust_detail": ("illust", Illust),
    "novel_detail": ("novel", Novel),
    "user_detail": ("", UserDetail),
    "ugoira_metadata": ("ugoira_metadata", UgoiraMetadata),
    "bookmark_detail": ("bookmark_detail", BookmarkDetail),
    "series_position": ("", SeriesPosition),
    "mute_list": ("", MuteList),
    "application_info": ("application_info", ApplicationInfo),
    "follow_detail": ("follow_detail", FollowDetail),
    "my_state": ("", MyState),
    "profile_presets": ("profile_presets", ProfilePresets),
}
DATA = {name: json.loads((FIXTURES / f"{name}.json").read_text()) for name in (*LISTS, *OBJECTS)}
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        [],
        {},
        "",
        "x",
        "12",
        0,
        -1,
        3,
        10**30,
        1.5,
        True,
        False,
        [None],
        [[]],
        {"id": "x"},
        "2025-99-99",
        "\ufffd",
    ]
)


def paths(value, at=()):
    """Every place in a JSON value."""
    yield at
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*at, key))


def mutate(value, at, change, junk):
    """The value with something done to the place `at`."""
    value = copy.deepcopy(value)
    parent = value
    for key in at[:-1]:
        parent = parent[key]
    last = at[-1]
    if change == "missing":
        del parent[last]
    elif change == "text" and isinstance(parent[last], (int, float)):
        parent[last] = str(parent[last])
    elif change == "swap" and parent[last] in ([], {}):
        parent[last] = [] if parent[last] == {} else {}
    elif change == "extra":
        if isinstance(parent, list):
            parent.insert(last, junk)
        else:
            parent["something_new"] = junk
    else:
        parent[last] = junk
    return value


mutations = st.tuples(st.sampled_from(["missing", "junk", "text", "swap", "extra"]), JUNK)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_mangled_item_is_set_aside_and_the_others_stay(data):
    name = data.draw(st.sampled_from(list(LISTS)))
    key, model = LISTS[name]
    rows = DATA[name][key]
    whole = len(listing(DATA[name], key, model, "/x").items)
    assert whole == len(rows)
    index = data.draw(st.integers(0, len(rows) - 1))
    at = data.draw(st.sampled_from(list(paths(rows[index]))))
    mangled = mutate(DATA[name], (key, index, *at), *data.draw(mutations))
    page = listing(mangled, key, model, "/x")
    assert len(page.items) + len(page.broken) == len(mangled[key])
    assert len(page.items) >= whole - 1
    assert all(broken.path.startswith(f"{key}[") and broken.reason for broken in page.broken)
    for received in page.items:
        json.dumps(received.item.extra, default=str)
        if isinstance(received.item, UserPreview):
            preview_works(received.item)
        if isinstance(received.item, Illust | Novel):
            assert received.item.state


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_mangled_answer_is_read_or_is_a_bad_response(data):
    name = data.draw(st.sampled_from([*LISTS, *OBJECTS]))
    at = data.draw(st.sampled_from(list(paths(DATA[name]))[1:]))
    mangled = mutate(DATA[name], at, *data.draw(mutations))
    try:
        if name in LISTS:
            listing(mangled, *LISTS[name], "/x")
        else:
            one(mangled, *OBJECTS[name], "/x")
    except BadResponse as exc:
        assert str(exc).startswith("/x: ")  # noqa: PT017


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(json_values, st.sampled_from(list(LISTS.values())))
def test_any_json_at_all_is_a_bad_response_or_a_listing(value, target):
    for payload in (value, {target[0]: value}, {target[0]: [value]}, {target[0]: [], "next_url": value}):
        try:
            page = listing(payload, target[0], target[1], "/x")
            assert len(page.items) + len(page.broken) == len(payload[target[0]])
        except BadResponse:
            continue


@pytest.mark.parametrize(
    ("payload", "says"), [({}, "missing"), ({"illusts": None}, "NoneType"), ({"illusts": {}}, "dict")]
)
def test_a_page_without_its_list_says_what_stands_there(payload, says):
    with pytest.raises(BadResponse, match=rf"/v1/x: `illusts` is {says}"):
        listing(payload, "illusts", Illust, "/v1/x")


def test_an_answer_of_another_endpoint_is_refused():
    with pytest.raises(BadResponse):
        listing(DATA["novels"], "illusts", Illust, "/x")
    page = listing({"illusts": DATA["novels"]["novels"]}, "illusts", Illust, "/x")
    assert (page.items, len(page.broken)) == ((), 2)
    others = listing({"novels": DATA["illusts"]["illusts"]}, "novels", Novel, "/x")
    assert (others.items, len(others.broken)) == ((), 4)


def test_a_broken_item_is_kept_raw_with_its_place_and_reason():
    rows = [{"title": "no id"}, DATA["illusts"]["illusts"][0], 5, {**DATA["illusts"]["illusts"][0], "id": "x"}]
    page = listing({"illusts": rows}, "illusts", Illust, "/x")
    assert [r.item.id for r in page.items] == [9001]
    assert [b.raw for b in page.broken] == [rows[0], rows[2], rows[3]]
    assert page.broken[1].reason == "int where an object must be"
    assert page.broken[2].path == "illusts[3].id"


def test_tags_and_texts_beyond_their_bounds_are_cut_and_the_item_is_kept_raw():
    def row(tags: int, characters: int) -> dict[str, Any]:
        named = [{"name": f"tag {number}"} for number in range(tags)]
        return {**DATA["illusts"]["illusts"][0], "tags": named, "caption": "x" * characters}

    rows = [row(MOST_TAGS, LONGEST_TEXT), row(MOST_TAGS + 1, LONGEST_TEXT + 1)]
    page = listing({"illusts": rows}, "illusts", Illust, "/x")
    assert page.items[0].odd == ()
    for received in page.items:
        assert [tag.name for tag in received.item.tags] == [f"tag {number}" for number in range(MOST_TAGS)]
        assert received.item.caption == "x" * LONGEST_TEXT
    assert [(one.path, one.raw) for one in page.unread] == [
        ("illusts[1].tags", rows[1]),
        ("illusts[1].caption", rows[1]),
    ]


@pytest.mark.parametrize("end", [None, ""])
def test_a_list_ends_only_where_next_url_is_null(end):
    assert next_query(end) is None


@pytest.mark.parametrize(
    "broken", [5, [], {}, True, "https://app-api.pixiv.net/v1/x", "nonsense", "https://[::1?a=b"]
)
def test_a_next_url_that_cannot_be_read_is_an_error_and_never_an_end(broken):
    with pytest.raises(BadResponse, match="next_url"):
        next_query(broken)


def test_the_whole_query_of_next_url_is_kept_whatever_its_host():
    url = "https://evil.example/x?viewed%5B0%5D=11&viewed%5B1%5D=12&seed[]=1&seed[]=2&offset=30&tag=%E9%A2%A8+%E6%99%AF&filter="
    assert next_query(url) == {
        "viewed[0]": "11",
        "viewed[1]": "12",
        "seed[0]": "1",
        "seed[1]": "2",
        "offset": "30",
        "tag": "風 景",
        "filter": "",
    }


@given(st.text(max_size=60))
def test_any_page_is_a_novel_or_a_bad_response(text):
    for page in (text, f"novel: {{{text}}}", 'novel: {"text": ' + json.dumps(text) + ', "id": 3}, x'):
        try:
            assert isinstance(novel_page(page, "/x").item, NovelText)
        except BadResponse:
            assert page is not None
