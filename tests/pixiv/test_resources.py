"""One form for both clients: what functions give by name, pages and walks, and what a notebook shows of them."""

import asyncio
import importlib
import inspect
import json
import pkgutil
import pydoc
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.demo.world import User, World
from pixmirror.errors import InvalidRequest
from pixmirror.models import Illust, Listing, Received, UserDetail
from pixmirror.pixiv import Client, app, blocking, web
from pixmirror.pixiv.app import users
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.resources.forms import Endpoint, Paged
from pixmirror.pixiv.resources.lazy import AppResources, WebResources
from tests.pixiv import names

pytestmark = pytest.mark.anyio
TOKEN = "demo-refresh-token"
SESSION = "10000001_demo"
WORKS = 70
RENAMED = {"account": "me"}


@pytest.fixture(scope="module")
def world() -> World:
    return empty_world()


@pytest.fixture(scope="module")
def artist(world: World) -> User:
    return add_artist(world, works=WORKS)


@pytest.fixture(scope="module")
def options(world: World, artist: User) -> Iterator[dict[str, Any]]:
    with running(create_app(world)) as url:
        hosts = dict.fromkeys(HOSTS, url)
        yield {"phpsessid": SESSION, "requests_per_minute": 0, "hosts": hosts, "only_mapped": True}


@pytest.fixture
def pixiv(options: dict[str, Any]) -> Iterator[blocking.Client]:
    with blocking.Client(TOKEN, **options) as made:
        yield made


def test_a_function_gives_its_model_and_a_list_pages_that_go_on(pixiv: blocking.Client, artist: User) -> None:
    assert isinstance(pixiv.users.detail(artist.id), UserDetail)
    whole = [work.id for work in pixiv.users.illusts(artist.id)]
    assert len(whole) == len(set(whole)) == WORKS

    page = pixiv.users.illusts(artist.id)
    assert len(page) == len(page.items) == 30
    assert [page[0].id, page[-1].id] == [whole[0], whole[29]]
    assert [work.id for work in page[:2]] == whole[:2]
    assert [work.id for work in page] == whole
    second = page.next_page()
    assert second is not None
    assert [work.id for work in second.items] == whole[30:60]
    assert [len(page.items) for page in second.pages()] == [30, 10]
    last = list(page.pages())[-1]
    assert last.next is None
    assert last.next_page() is None


def test_a_page_that_is_here_is_not_asked_for_again(pixiv: blocking.Client, artist: User) -> None:
    counts = pixiv._async.transport.counts
    before = counts.api
    assert len(list(pixiv.users.illusts(artist.id))) == WORKS
    assert counts.api - before == 3


async def test_the_async_client_has_the_same_words(options: dict[str, Any], artist: User) -> None:
    async with Client(TOKEN, **options) as pixiv:
        assert isinstance(await pixiv.users.detail(artist.id), UserDetail)
        whole = [work.id async for work in pixiv.users.illusts(artist.id)]
        assert len(whole) == WORKS
        page = await pixiv.users.illusts(artist.id)
        assert len(page) == 30
        assert [work.id for work in page] == whole[:30]
        assert [work.id async for work in page] == whole
        second = await page.next_page()
        assert second is not None
        assert second[0].id == whole[30]
        assert [len(page) async for page in pixiv.users.illusts(artist.id).pages()] == [30, 30, 10]
        assert (await pixiv.web.users.detail(artist.id)).user.id == artist.id
        async with asyncio.TaskGroup() as group:
            task = group.create_task(pixiv.users.illusts(artist.id))
        assert len(task.result()) == 30


async def test_a_list_that_was_one_page_so_far_goes_on_where_pixiv_says(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def get(api: AppApi, path: str, query: Mapping[str, Any], **_: Any) -> Any:
        more = {"next_url": f"https://app-api.pixiv.net{path}?word=a&offset=1"}
        return {"tags": [{"name": query.get("offset") or "first"}], **({} if "offset" in query else more)}

    monkeypatch.setattr(AppApi, "get", get)
    async with Client(TOKEN, **options) as pixiv:
        assert [tag.name async for tag in pixiv.search.autocomplete("a")] == ["first", "1"]
    of_app = [
        getattr(importlib.import_module(AppResources._listed_in), n.capitalize()) for n in AppResources._resources
    ]
    lists = [listed.function for of in of_app for listed in vars(of).values() if isinstance(listed, Paged)]
    assert [f.__name__ for f in lists if "next" not in inspect.signature(f).parameters] == []


async def test_a_walk_goes_on_where_it_was_stored(options: dict[str, Any], artist: User) -> None:
    async with Client(TOKEN, **options) as pixiv:
        whole = [work.id async for work in pixiv.users.illusts(artist.id)]
        walk = pixiv.users.illusts(artist.id)
        async for work in walk:
            if work.id == whole[40]:
                break
        stored = json.loads(json.dumps(walk.next))
        assert [work.id async for work in pixiv.users.illusts(artist.id, next=stored)] == whole[30:]
    with blocking.Client(TOKEN, **options) as other:
        going = iter(other.users.illusts(artist.id, next=stored))
        assert next(going).id == whole[30]
        assert going.next == stored
        assert [work.id for work in other.users.illusts(artist.id, next=going.next)] == whole[30:]


def test_the_whole_answer_is_there_for_who_asks(pixiv: blocking.Client, artist: User) -> None:
    received = pixiv.users.detail.received(artist.id)
    assert isinstance(received, Received)
    assert received.raw["user"]["id"] == artist.id
    listing = pixiv.users.illusts.received(artist.id)
    assert isinstance(listing, Listing)
    page = pixiv.users.illusts(artist.id)
    assert page.received == listing
    assert page.head == listing.head
    assert page.unread == ()


def test_searches_go_past_their_cap_by_name(pixiv: blocking.Client, artist: User) -> None:
    word = pixiv.users.illusts(artist.id)[0].tags[0].name
    found = list(pixiv.search.illusts_past_cap(word, sort="date_asc"))
    assert all(isinstance(work, Illust) for work in found)
    assert {work.id for work in found} == {work.id for work in pixiv.search.illusts(word)}


def modules(package: ModuleType) -> dict[str, ModuleType]:
    """Return the modules of endpoint functions."""
    found = {
        info.name: importlib.import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
    }
    return {name: module for name, module in found.items() if functions(module) and name != "download"}


def functions(module: ModuleType) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.iscoroutinefunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }


@pytest.mark.parametrize(("package", "resources"), [(app, AppResources), (web, WebResources)])
def test_every_function_of_the_library_is_there_by_name(package: ModuleType, resources: Any) -> None:
    called = {RENAMED.get(name, name) if package is app else name: m for name, m in modules(package).items()}
    assert set(called) == set(resources._resources)
    listed = importlib.import_module(resources._listed_in)
    for name, module in called.items():
        endpoints = vars(getattr(listed, name.capitalize()))
        for function_name, function in functions(module).items():
            assert endpoints[function_name].function is function, f"{module.__name__}.{function_name}"
        extra = {n for n, e in endpoints.items() if isinstance(e, Endpoint)} - set(functions(module))
        assert extra <= {"illusts_past_cap", "novels_past_cap"}


@pytest.mark.parametrize("kind", [Client, blocking.Client], ids=["async", "blocking"])
def test_a_notebook_shows_names_parameters_and_documentation(kind: Any) -> None:
    pixiv = kind(TOKEN, phpsessid=SESSION)
    assert {"users", "illusts", "novels", "search", "me", "site", "comments", "web", "download"} <= set(dir(pixiv))
    assert {"users", "illusts", "search", "ranking", "feeds", "actions"} <= set(dir(pixiv.web))
    assert {"detail", "illusts", "bookmarks_illust"} <= set(dir(pixiv.users))
    assert not [name for name in dir(pixiv.users) if name.startswith("_")]
    shown = pixiv.users.bookmarks_illust
    assert (
        list(inspect.signature(shown).parameters) == list(inspect.signature(users.bookmarks_illust).parameters)[1:]
    )
    assert str(users.bookmarks_illust.__doc__).startswith(shown.__doc__.partition("\n")[0])
    assert inspect.signature(pixiv.users.detail).return_annotation is UserDetail
    assert inspect.signature(pixiv.users.detail.received).return_annotation == Received[UserDetail]
    helped = pydoc.plain(pydoc.render_doc(pixiv.users.detail))
    assert re.search(r"detail\(user_id: .*\) -> pixmirror\.models\.users\.UserDetail", helped)
    assert "A profile with totals." in helped
    of_all = pydoc.plain(pydoc.render_doc(pixiv.users))
    assert re.search(r" detail\(user_id: .*\) -> ", of_all)
    assert not re.search(r"\bapi: |Source: ", of_all), "what is given to no function of a client"
    assert "detail" in repr(pixiv.users)
    assert "web" in vars(pixiv), "completion does not look into properties"
    apis = ((pixiv, AppResources), (pixiv.web, WebResources))
    found = [getattr(api, name) for api, resources in apis for name in resources._resources]
    said = [*found, *(getattr(resource, name) for resource in found for name in dir(resource))]
    assert not [one for one in said if re.search(r"Source|document 00\d|pixiv\.md", str(one.__doc__))]


def test_resources_load_with_the_first_one_that_is_used() -> None:
    code = (
        "import sys\nfrom pixmirror.pixiv import Client\npixiv = Client('r')\n"
        "assert 'pixmirror.pixiv.resources.app' not in sys.modules\npixiv.users.detail\n"
        "assert 'pixmirror.pixiv.resources.web' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""


def test_the_old_forms_work_or_say_the_new_one(pixiv: blocking.Client, artist: User) -> None:
    assert [row.item.id for row in pixiv.items(pixiv.users.illusts, artist.id)] == [
        work.id for work in pixiv.users.illusts(artist.id)
    ]
    assert pixiv.web_users.detail(artist.id) == pixiv.web.users.detail(artist.id)  # type: ignore[attr-defined]
    detail: Any = pixiv.users.detail(artist.id)
    with pytest.raises(AttributeError, match=r"UserDetail has no item: .* pixiv\.users\.detail\.received\(11\)"):
        _ = detail.item
    with pytest.raises(InvalidRequest, match="no next page"):
        pixiv.pages(pixiv.web.feeds.discovery_artworks)


def test_no_name_of_functions_parameters_fields_and_members_changes_unseen() -> None:
    """Names are promises: give what is gone another way. For a new one: python -m tests.pixiv.names."""
    kept = names.LIST.read_text(encoding="utf-8").splitlines()
    assert list(names.promised()) == kept
