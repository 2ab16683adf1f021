"""coverage_legacy.toml and the code say the same: every route of the dead APIs, with every parameter, is built,
checked and refused before anything is sent; the demo answers it, and the answer is read.
"""

import importlib
import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import respx

from pixmirror.demo.web import COOKIE
from pixmirror.demo.world import LIVE
from pixmirror.errors import EndpointGone, InvalidRequest
from pixmirror.pixiv import Client
from pixmirror.pixiv.legacy import calls, endpoints, objects, papi, spapi
from pixmirror.pixiv.legacy.dumps import read_dump
from pixmirror.pixiv.legacy.papi import Page, Search, Show
from pixmirror.pixiv.legacy.spapi import Also
from pixmirror.pixiv.wire import flatten
from tests.dumped import written
from tests.pixiv.legacy.made import assert_nothing_lost

REPO = Path(__file__).parents[3]
ENTRIES = tomllib.loads((REPO / "tests" / "coverage_legacy.toml").read_text())["endpoint"]
DOCUMENT = REPO.parent / "shared" / "seeds" / "000_63a3fc1368498b09.txt"
EACH = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e["function"].split(".", 3)[3])
BAD = {
    "id": (0, -1, "5x", True),
    "ids,": ([], [0], "5x"),
    "text": ("", " ", 5),
    "bool": ("yes", 1),
    "date": ("2025-13-01",),
}
GOOD = {"id": (5,), "ids,": ([5, 6],), "text": ("風景",), "bool": (True, False), "date": (date(2026, 11, 1),)}
ANY_TEXT: Any = "yes"
SESSION = "10000001_0123456789abcdef"


def function(entry):
    module, _, name = entry["function"].rpartition(".")
    return getattr(importlib.import_module(module), name)


def arguments(entry):
    """Each argument of a function, with what its parameter takes."""
    names = entry.get("ours", {})
    return {names.get(name, name): (name, takes) for name, takes in entry["params"].items() if takes != "types"}


def values(takes):
    return tuple(takes) if isinstance(takes, list) else GOOD[takes]


def built(entry, **changed):
    found = {name: values(takes)[0] for name, (_, takes) in arguments(entry).items()} | changed
    searching = {name: found.pop(name) for name in list(found) if name in Search.__dataclass_fields__}
    if "how" in function(entry).groups:
        found["how"] = Search(**searching)
    else:
        found |= searching
    return function(entry)(**found)


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="the document is not here")
def test_every_route_of_the_document_is_there():
    named = re.findall(r"^\s*http://spapi\.pixiv\.net(/iphone/\w+\.php)", DOCUMENT.read_text(), re.MULTILINE)
    assert len(named) == 26
    ours = {e["path"] for e in ENTRIES if e["document"] == "000"}
    assert set(named) | {"/v1/works/{id}.json"} == ours


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="the document is not here")
def test_the_rows_that_the_document_shows_are_read_as_it_describes_them():
    shown = [line.strip() for line in DOCUMENT.read_text().splitlines() if re.match(r'\s*,?"\d+",', line)]
    read = list(read_dump("\n".join(shown).encode()))
    assert [type(e.item).__name__ for e in read] == [*["Illust"] * 5, "User", "LegacyComment"]
    assert [getattr(e.item, "type", None) for e in read[:5]] == ["illust", "illust", "manga", "manga", "ugoira"]
    assert ["replaced" in e.trouble for e in read[:5]] == [True, False, False, False, False]
    for entry, line in zip(read, shown, strict=True):
        assert entry.item is not None
        assert written(tuple(entry.raw)).rstrip("\n") == line
        assert_nothing_lost(entry)


@pytest.mark.skipif(not DOCUMENT.is_file(), reason="the document is not here")
def test_the_answer_that_the_document_shows_is_read_whole():
    text = DOCUMENT.read_text()
    begin = text.index('{\n      "status":"success"')
    payload, _ = json.JSONDecoder().raw_decode(text, begin)
    (entry,) = read_dump(json.dumps(payload).encode())
    assert entry.item is not None
    assert_nothing_lost(entry)
    assert set(payload["response"][0]) <= objects.KNOWN


def test_every_function_and_every_answer_has_its_entry():
    for module in (spapi, papi):
        named = {e["function"].rpartition(".")[2] for e in ENTRIES if module.__name__ in e["function"]}
        assert named == {name for name, thing in vars(module).items() if isinstance(thing, calls.Route)}
    assert {e["path"] for e in ENTRIES} == {*endpoints.SPAPI, *endpoints.PAPI}


@EACH
def test_each_row_has_the_path_and_the_parameters_of_its_entry(entry):
    route = function(entry)
    assert route.path == entry["path"]
    shared = {name for group in ("how", "page") if group in route.groups for name in route.groups[group].params()}
    wire = {take.wire for take in route.takes.values()}
    assert wire | (shared - {"page", "per_page"}) == set(entry["params"])
    assert ("page" in route.groups) == entry.get("paged", False)


@EACH
def test_each_sends_every_parameter_with_every_value(entry):
    for ours, (name, takes) in arguments(entry).items():
        for value in values(takes):
            request = built(entry, **{ours: value})
            if f"{{{name}}}" in entry["path"]:
                assert request.path == entry["path"].replace(f"{{{name}}}", str(value))
            else:
                text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
                sent = dict(flatten(request.params))[name]
                assert sent == (str(int(value)) if isinstance(value, bool) else text)


@EACH
def test_each_parameter_is_checked_when_the_request_is_built(entry):
    for ours, (_, takes) in arguments(entry).items():
        for value in ("nonsense", 99) if isinstance(takes, list) else BAD[takes]:
            with pytest.raises(InvalidRequest) as caught:
                built(entry, **{ours: value})
            assert ours in str(caught.value)


@EACH
@pytest.mark.anyio
@respx.mock
async def test_each_is_gone_and_nothing_is_sent(entry):
    with pytest.raises(EndpointGone, match="Nothing was sent") as caught:
        await calls.ask(built(entry))
    assert "2015" in str(caught.value) if "spapi" in entry["function"] else "2021" in str(caught.value)
    assert not respx.calls


@pytest.mark.anyio
@respx.mock
async def test_the_transport_itself_refuses_the_dead_hosts():
    async with Client("token") as client:
        for request in (spapi.new_illust(), papi.works()):
            with pytest.raises(InvalidRequest, match="refused, nothing was sent"):
                client.transport.hosts.url(request.host, request.path)
    assert not respx.calls


SPAPI = [e for e in ENTRIES if "spapi" in e["function"]]
PAPI = [e for e in ENTRIES if "papi" in e["function"] and "spapi" not in e["function"]]


@pytest.mark.parametrize("entry", SPAPI, ids=lambda e: e["path"])
def test_each_route_of_spapi_takes_a_page_a_count_and_a_session_that_nothing_shows(entry):
    request = built(entry, also=Also(p=3, count=True, session=SESSION))
    sent = dict(flatten(request.params))
    assert (sent["p"], sent["c_mode"], sent["PHPSESSID"]) == ("3", "count", SESSION)
    assert SESSION not in f"{request!r} {request} {request.where} {Also(session=SESSION)!r}"
    assert not {"p", "c_mode", "PHPSESSID"} & set(dict(flatten(built(entry).params)))
    for bad in (Also(p=0), Also(count=ANY_TEXT), Also(session=" ")):
        with pytest.raises(InvalidRequest):
            built(entry, also=bad)


@pytest.mark.parametrize("entry", PAPI, ids=lambda e: e["path"])
def test_each_route_of_the_public_api_takes_sizes_statistics_and_pages(entry):
    show = Show(papi.IMAGE_SIZES, papi.PROFILE_IMAGE_SIZES, include_stats=True, include_sanity_level=False)
    sent = dict(flatten(built(entry, show=show).params))
    assert sent["image_sizes"] == "px_128x128,px_480mw,small,medium,large"
    assert sent["profile_image_sizes"] == "px_170x170,px_50x50"
    assert (sent["include_stats"], sent["include_sanity_level"]) == ("true", "false")
    bad = [Show("large"), Show(["huge"]), Show(profile_image_sizes=["px_1x1"]), Show(include_stats=ANY_TEXT)]
    for one in bad:
        with pytest.raises(InvalidRequest):
            built(entry, show=one)
    if entry.get("paged"):
        sent = dict(flatten(built(entry, page=Page(2, 50)).params))
        assert (sent["page"], sent["per_page"]) == ("2", "50")
        for page in (Page(0), Page(1, 0), Page(1, 1001)):
            with pytest.raises(InvalidRequest):
                built(entry, page=page)
    token = calls.authorized(built(entry), "access-token")
    assert token.headers == {"Authorization": "Bearer access-token"}
    assert "access-token" not in repr(token)


def things(world):
    """What the parameters of the routes can name in the world."""
    novel_series = next(
        s for s in world.series.values() if s.medium == "novel" and world.works["novel", s.works[0]].state == LIVE
    )
    marked = {m.key for marks in world.bookmarks.values() for m in marks.values() if m.restrict == "public"}
    live = [w for w in world.works.values() if w.state == LIVE]
    illust = next(w for w in live if w.medium == "illust" and world.threads.get(w.key))
    novel = next(w for w in live if w.medium == "novel" and w.key in marked)
    sizes = {user: len(ids) for (user, medium), ids in world.by_user.items() if medium == "illust"}
    return {
        "illust_ids": [illust.id],
        "illust_id": illust.id,
        "work_id": illust.id,
        "novel_id": novel.id,
        "series_id": novel_series.id,
        "user_id": max(sizes, key=lambda user: sizes[user]),
        "word": illust.tags[0],
        "q": illust.title[:2],
        "nick": world.users[illust.user_id].name[:1],
        "ranking_date": "2026-11-16",
    }


@EACH
def test_each_goes_over_http_to_the_demo_and_its_answer_is_read(ask, world, entry):
    named = {name: value for name, value in things(world).items() if name in arguments(entry)}
    path = entry["path"]
    if path == "/iphone/novel_comments.php":
        named["novel_id"] = max((len(t), i) for (m, i), t in world.threads.items() if m == "novel")[1]
    if re.search("bookmark|favorite|following", path) and "user_id" in named:
        named["user_id"] = world.me
    if "/iphone/member_novel" in path:
        named["user_id"] = next(user for (user, m), ids in world.by_user.items() if m == "novel" and ids)
    if "max_id" in arguments(entry):
        named["max_id"] = None
    world.own.markers.setdefault(things(world)["novel_id"], 1)
    spapi_ = "spapi" in entry["function"]
    more = {"also": Also(session=COOKIE.removeprefix("PHPSESSID="))} if spapi_ else {}
    answer = ask(built(entry, **named, **more))
    assert answer.status_code == 200, answer.text
    name = f"{path}?id={named.get('novel_id', 1)}"
    kind = (endpoints.SPAPI if spapi_ else endpoints.PAPI)[path]
    read = list(read_dump(answer.content, name))
    assert read
    for found in read:
        assert isinstance(found.item, kind) or "private" in found.trouble or empty(entry, world, found)


def empty(entry, world, found):
    """A list that the world has nothing for."""
    return found.raw == [] and entry["path"] in ("/iphone/mypixiv_new_novel.php", "/iphone/mypixiv_all.php")
