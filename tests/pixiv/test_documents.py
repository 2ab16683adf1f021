"""The examples of documents 002 and 003 run here as they are printed, but for the import."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from pixmirror.demo.generate import empty_world
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.demo.world import User, Work, World
from pixmirror.errors import LoginError, NotFound
from pixmirror.models import Illust
from pixmirror.pixiv import pixivapi, pixivpy
from pixmirror.pixiv.pixivapi import Client, Visibility
from pixmirror.pixiv.pixivpy import AppPixivAPI
from tests.pixiv.covered import endpoints

DOCUMENTS = Path(__file__).parent / "documents"
TOKENS = ("TOKEN", "refresh_token")  # as the documents call them


def examples(document: str) -> dict[str, str]:
    """The examples of a document by the name that stands above each."""
    heading = r"\d\.\d .+" if document == "002" else ".+"  # the code of 002 has comments of its own
    parts = re.split(rf"(?m)^# ({heading})\n", (DOCUMENTS / f"{document}.txt").read_text())
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def ran(code: str, names: dict[str, Any]) -> None:
    code = re.sub(r"\bfrom pixivapi import", "from pixmirror.pixiv.pixivapi import", code)
    exec(compile(code, "example", "exec"), names)


@pytest.fixture
def world() -> World:
    """One in which the documents' ids and words are."""
    world = empty_world()
    for user_id in (12345, 2188232):
        world.add_user(User(user_id, f"artist {user_id}", f"user_{user_id}"))
    words = ("watercolor", "tag", "landscape", "original character", "fantasy art")
    for _ in range(65):
        world.post(12345, tags=words, width=64, height=64, ext="jpg")
    for _ in range(31):
        world.post(2188232, width=64, height=64, ext="jpg")
    for work_id in (59580629, 75523989):
        world.add(made(world, work_id))
    return world


def made(world: World, work_id: int) -> Work:
    """A work of the first artist, with that id."""
    return replace(next(w for w in world.works.values() if w.user_id == 12345), id=work_id)


@pytest.fixture
def app(world: World) -> Starlette:
    app = create_app(world)
    app.state.oauth.refresh_tokens |= dict.fromkeys(TOKENS, world.me)
    return app


@pytest.fixture
def options(app: Starlette) -> Iterator[dict[str, Any]]:
    """What leads a client to the demo."""
    with running(app) as url:
        yield {"hosts": dict.fromkeys(HOSTS, url), "only_mapped": True, "requests_per_minute": 0}


@pytest.fixture
def api(options: dict[str, Any]) -> Iterator[AppPixivAPI]:
    with AppPixivAPI(**options) as api:
        api.auth(refresh_token="TOKEN")
        yield api


@pytest.fixture
def client(options: dict[str, Any]) -> Iterator[Client]:
    with Client(**options) as client:
        client.authenticate("refresh_token")
        yield client


@pytest.mark.parametrize("name", examples("002"))
def test_the_examples_of_002_run_as_they_are_printed(
    app: Starlette, api: AppPixivAPI, options: dict[str, Any], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"api": api, "AppPixivAPI": partial(AppPixivAPI, **options)}
    ran(examples("002")[name], names)
    made = names["api"]
    asked = [(method, path) for method, path, _ in app.state.log]
    match name.split()[0]:
        case "5.1" | "9.1":
            assert asked.count(("GET", "/v1/search/illust")) == 3
            assert len(names["result"].illusts) == 7
            assert names["result"].next_url is None
        case "7.1":
            assert asked[-1] == ("GET", "/v1/illust/detail")
        case "7.2":
            assert asked[-1] == ("POST", "/v1/user/follow/add")
        case "7.3":
            assert ["filter=for_ios" in app.state.log[-2][2], app.state.log[-1][2].endswith("filter=")] == [
                True
            ] * 2
        case "9.2":
            assert names["result"].illusts
        case "9.3":
            assert len({work.id for work in names["all_illusts"]}) == len(names["all_illusts"]) == 67
            assert "User: artist 12345" in capsys.readouterr().out
    if made is not api:
        made.close()


def test_the_quickstart_of_003_runs_as_it_is_printed(
    options: dict[str, Any], world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(pixivapi, "Client", partial(Client, **options))
    parts, names = examples("003"), dict[str, Any]()
    ran(parts["The client"], names)
    with names["client"]:
        with pytest.raises(LoginError, match="ended logins by name and password"):
            ran(parts["A username and password"], names)
        ran(parts["A refresh token"], names)
        ran(parts["The refresh token"], names)
        assert names["refresh_token"] == names["client"].refresh_token
        with pytest.raises(FileNotFoundError):  # as document 003 says of a folder that is not there
            ran(parts["An image"], names)
        (tmp_path / "my_pixiv_images").mkdir()
        ran(parts["An image"], names)
        assert [file.name for file in (tmp_path / "my_pixiv_images").iterdir()] == ["75523989.jpg"]
        (tmp_path / "wlop").mkdir()
        ran(parts["All illustrations of an artist"], names)
        posted = {f"{work.id}.jpg" for work in world.works.values() if work.user_id == 2188232}
        assert {file.name for file in (tmp_path / "wlop").iterdir()} == posted
        assert len(posted) == 31


def test_each_function_of_002_takes_the_parameters_that_it_has_there(api: AppPixivAPI) -> None:
    wanted = ast.parse((DOCUMENTS / "002_functions.txt").read_text()).body
    left_out = {"illust_recommended": {"user_id"}}  # the reason stands in tests/coverage.toml
    for function in wanted:
        assert isinstance(function, ast.FunctionDef)
        named = {argument.arg for argument in function.args.args} - left_out.get(function.name, set())
        assert named <= set(inspect.signature(getattr(api, function.name)).parameters), function.name
        assert getattr(api, function.name).__doc__


def test_a_query_of_002_is_one_argument_and_has_the_members_of_the_query(api: AppPixivAPI) -> None:
    query = api.parse_qs("https://app-api.pixiv.net/v1/user/illusts?user_id=12345&offset=30")
    assert query is not None
    assert (list(query), query["offset"]) == (["next"], "30")
    assert api.parse_qs(None) is None
    assert api.user_illusts(**query).illusts[0].id == api.user_illusts("12345", offset="30").illusts[0].id
    with pytest.raises(AttributeError, match="illust_nothing"):
        _ = api.illust_nothing
    with pytest.raises(LoginError):
        api.auth("name", "password")
    with pytest.raises(NotFound):
        api.illust_detail(1)


def test_files_are_saved_and_the_user_is_named_as_in_scripts_of_pixivpy(
    api: AppPixivAPI, world: World, tmp_path: Path
) -> None:
    api.auth(refresh_token="demo-refresh-token")
    assert api.user_id == world.me
    url = api.user_illusts(12345).illusts[0].image_urls.medium
    assert api.download(url, path=tmp_path, name="a.jpg")
    assert not api.download(url, path=tmp_path, name="a.jpg")
    assert api.download(url, "b_", str(tmp_path), fname="a.jpg", referer="https://www.pixiv.net/")
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b_a.jpg").read_bytes() != b""


def test_each_function_of_003_answers_as_it_does_there(client: Client, world: World) -> None:
    work = next(w for w in world.works.values() if w.user_id == 12345)
    world.follow(12345)
    world.comment(work.key, 12345, "a comment")
    world.follow(world.me, by=12345)
    found = client.search_illustrations("watercolor")
    assert (len(found["illustrations"]), found["next"], found["search_span_limit"]) == (30, 30, 31536000)
    assert client.search_illustrations("watercolor", offset=60)["next"] is None
    one = client.fetch_illustration(work.id)
    assert (one.id, one.client, isinstance(one, Illust)) == (work.id, client, True)
    comments = client.fetch_illustration_comments(work.id, include_total_comments=True)
    assert ([c.comment for c in comments["comments"]], comments["total_comments"]) == (["a comment"], 1)
    assert set(client.fetch_illustration_related(work.id)) == {"illustrations", "next"}
    assert client.fetch_illustrations_following()["next"] == 30
    recommended = client.fetch_illustrations_recommended(include_ranking_illustrations=True)
    assert set(recommended["next"]) == {
        "offset", "max_bookmark_id_for_recommend", "min_bookmark_id_for_recent_illustrations",
    }  # fmt: skip
    assert client.fetch_illustrations_recommended(**recommended["next"])["illustrations"]
    assert set(recommended) == {"contest_exists", "illustrations", "next", "ranking_illustrations"}
    assert client.fetch_illustrations_recommended(bookmark_illust_ids=[work.id])["illustrations"]
    assert set(client.fetch_illustrations_ranking(date="2026-11-16")) == {"illustrations", "next"}
    tag = client.fetch_trending_tags()[0]
    assert tag["illustration"].client is client
    assert set(tag) == {"tag", "translated_name", "illustration"}
    client.add_bookmark(work.id, Visibility.PRIVATE, ["夜"])
    mark = client.fetch_bookmark(work.id)
    assert (mark["is_bookmarked"], mark["visibility"]) == (True, Visibility.PRIVATE)
    assert {"name": "夜", "is_registered": True} in mark["tags"]
    own = client.fetch_user_bookmarks(world.me, Visibility.PRIVATE)
    assert ([w.id for w in own["illustrations"]], own["next"]) == ([work.id], None)
    tags = client.fetch_user_bookmark_tags(world.me, Visibility.PRIVATE)
    assert [(t.name, t.count) for t in tags["bookmark_tags"] if t.name == "夜"] == [("夜", 1)]
    client.delete_bookmark(work.id)
    assert client.fetch_bookmark(work.id)["is_bookmarked"] is False
    user = client.fetch_user(12345)
    assert (user.name, user.profile.total_illusts, user.workspace is not None) == ("artist 12345", 67, True)
    (preview,) = client.fetch_following(world.me)["user_previews"]
    assert (preview["user"].id, preview["is_muted"], len(preview["illustrations"])) == (12345, False, 3)
    assert preview["illustrations"][0].client is client
    assert set(preview) == {"user", "is_muted", "illustrations", "novels"}
    assert [p["user"].id for p in client.fetch_followers()["user_previews"]] == [12345]


def test_the_names_of_both_are_those_of_the_mapping_tables() -> None:
    for entry in endpoints():
        if entry.pixivapi and "." not in entry.pixivapi:
            assert hasattr(pixivapi, entry.pixivapi) or hasattr(Client, entry.pixivapi), entry.pixivapi
        name = entry.pixivpy.partition("(")[0]
        if name and name[0].islower():
            function = pixivpy._function(name)
            assert function is entry.call or hasattr(AppPixivAPI, name) or "(" in entry.pixivpy, name
