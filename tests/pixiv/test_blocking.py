"""The library without async: every function is there, lists are iterated, and nothing is left behind."""

import asyncio
import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import assert_type

import pytest

from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import HOSTS, create_app, running
from pixmirror.demo.world import User, World
from pixmirror.errors import InvalidRequest, LoginError, LoginNeeded, NotFound, Unreachable
from pixmirror.models import Illust, Listing, Received, UserDetail
from pixmirror.pixiv import Client as AsyncClient
from pixmirror.pixiv.app import illusts, search, users
from pixmirror.pixiv.app.api import AppApi
from pixmirror.pixiv.app.past_cap import past_cap
from pixmirror.pixiv.blocking import Client
from pixmirror.pixiv.web import users as web_users
from pixmirror.pixiv.web.search import Filters
from tests.pixiv.conftest import FakeClock

TOKEN = "demo-refresh-token"
SESSION = "10000001_demo"
WORKS = 70


@pytest.fixture
def world() -> World:
    return empty_world()


@pytest.fixture
def artist(world: World) -> User:
    return add_artist(world, works=WORKS)


@pytest.fixture
def hosts(world: World) -> Iterator[dict[str, str]]:
    with running(create_app(world)) as url:
        yield dict.fromkeys(HOSTS, url)


@pytest.fixture
def pixiv(hosts: dict[str, str]) -> Iterator[Client]:
    with Client(TOKEN, phpsessid=SESSION, requests_per_minute=0, hosts=hosts, only_mapped=True) as made:
        yield made


def ours() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "pixmirror.pixiv.blocking"]


def test_functions_are_called_by_name_or_typed(pixiv: Client, artist: User) -> None:
    by_name = pixiv.users.detail(artist.id)
    typed = pixiv.call(users.detail, artist.id)
    assert_type(typed, Received[UserDetail])
    assert_type(by_name, UserDetail)
    assert by_name == typed.item == pixiv.users.detail.received(artist.id).item
    assert typed.item.user.id == artist.id
    assert pixiv.call(web_users.detail, artist.id).item.user.id == artist.id
    assert pixiv.web.users.detail(artist.id).user.id == artist.id
    assert pixiv.account is not None
    assert pixiv.account.id == 10000001
    assert isinstance(getattr(pixiv.web.search, "Filters")(), Filters)  # noqa: B009


def test_items_of_a_list_and_going_on_later(pixiv: Client, artist: User) -> None:
    whole = [received.item.id for received in pixiv.items(pixiv.users.illusts, artist.id)]
    assert len(whole) == WORKS

    walk = pixiv.items(users.illusts, artist.id)
    assert (walk.next or {}) == {}
    seen: list[int] = []
    for received in walk:
        assert_type(received, Received[Illust])
        seen.append(received.item.id)
        if len(seen) == 40:
            break
    assert walk.next is not None
    rest = [received.item.id for received in pixiv.items(users.illusts, artist.id, next=walk.next)]
    assert rest == whole[30:]
    assert seen == whole[:40]


def test_pages_and_the_web_and_searches(pixiv: Client, artist: User) -> None:
    pages = list(pixiv.pages(users.illusts, artist.id))
    assert_type(pages, list[Listing[Illust]])
    assert [len(page.items) for page in pages] == [30, 30, 10]
    rest = pixiv.pages(pixiv.users.illusts, artist.id, next=pages[0].next)
    assert [len(page.items) for page in rest] == [30, 10]
    assert list(pixiv.items(pixiv.web.users.bookmarks_illust, 10000001)) == []
    word = pages[0].items[0].item.tags[0].name
    found = {received.item.id for received in pixiv.past_cap("illust", word)}
    assert found

    async def searched(api: AppApi, word: str) -> AsyncIterator[int]:
        async for received in past_cap(api, "illust", word):
            yield received.item.id

    assert found == set(pixiv.iterate(searched, word))
    assert search.span_limit(pixiv.search.illusts.received(word)) == search.span_limit(
        pixiv.call(search.illusts, word)
    )


def test_downloads(pixiv: Client, artist: User, tmp_path: Path) -> None:
    work = next(pixiv.items(users.illusts, artist.id)).item
    told: list[int] = []
    paths = pixiv.download_work(work, tmp_path, progress=lambda done, _: told.append(done))
    assert_type(paths, tuple[Path, ...])
    assert all(path.stat().st_size for path in paths)
    assert told
    assert pixiv.download(work.originals[0], tmp_path, prefix="again-").read_bytes() == paths[0].read_bytes()


def test_errors_are_those_of_the_library(pixiv: Client, artist: User) -> None:
    with pytest.raises(NotFound):
        pixiv.users.detail(999)
    with pytest.raises(InvalidRequest, match="restrict"):
        pixiv.users.follow_add(artist.id, "nobody")  # type: ignore[arg-type]
    with pytest.raises(LoginError, match="2021"):
        pixiv.login("me", "secret")
    with pytest.raises(InvalidRequest, match="no next page"):
        pixiv.items(pixiv.users.detail, artist.id)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="AppApi or WebApi"):
        pixiv.call(lambda api: users.detail(api, 1))
    with pytest.raises(AttributeError, match=r"no uesrs.*users.*web"):
        _ = pixiv.uesrs.detail  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"users has no details; it has .*detail,"):
        _ = pixiv.users.details  # type: ignore[attr-defined]
    assert pixiv.users.detail(artist.id).user.id == artist.id


def test_without_a_session_the_web_functions_say_so(hosts: dict[str, str]) -> None:
    with Client(TOKEN, hosts=hosts) as pixiv, pytest.raises(LoginNeeded, match="PHPSESSID"):
        pixiv.web.users.detail(11)
    assert not ours()


def test_every_method_of_the_async_client_is_there() -> None:
    methods = {name for name in vars(AsyncClient) if not name.startswith("_")}
    assert methods - {*vars(Client), *inspect.get_annotations(Client)} == {"aclose"}
    for name in ("__init__", "download", "download_work", "authenticate", "login"):
        assert inspect.signature(getattr(Client, name)) == inspect.signature(getattr(AsyncClient, name))


def test_it_works_where_a_loop_runs_already(pixiv: Client, artist: User) -> None:
    async def cell() -> int:
        return len(list(pixiv.items(pixiv.users.illusts, artist.id)))

    assert asyncio.run(cell()) == WORKS


def test_several_threads_share_one_client(pixiv: Client, artist: User) -> None:
    ids = [received.item.id for received in pixiv.items(users.illusts, artist.id)][:20]
    with ThreadPoolExecutor(5) as pool:
        assert [found.id for found in pool.map(pixiv.illusts.detail, ids)] == ids
    assert len(ours()) == 1


def test_twenty_rounds_leave_nothing(hosts: dict[str, str], artist: User) -> None:
    before, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with Client(TOKEN, requests_per_minute=0, hosts=hosts) as pixiv:
            for _received in pixiv.items(pixiv.users.illusts, artist.id):
                break
            loop = pixiv._loop._loop
        assert loop.is_closed()
        assert not ours()
    assert threading.active_count() == before
    deadline = time.monotonic() + 5  # the demo is in this process, and closes its ends when it comes to it
    while len(os.listdir("/proc/self/fd")) > files + 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(os.listdir("/proc/self/fd")) <= files + 5


def test_a_client_that_is_forgotten_closes_itself(hosts: dict[str, str], artist: User) -> None:
    pixiv = Client(TOKEN, requests_per_minute=0, hosts=hosts)
    pixiv.users.detail(artist.id)
    assert len(ours()) == 1
    del pixiv
    gc.collect()
    assert not ours()


def test_a_closed_client_says_so(hosts: dict[str, str], artist: User) -> None:
    pixiv = Client(TOKEN, requests_per_minute=0, hosts=hosts)
    walk = pixiv.items(users.illusts, artist.id)
    next(walk)
    pixiv.close()
    pixiv.close()
    with pytest.raises(InvalidRequest, match="closed"):
        pixiv.users.detail(artist.id)
    with pytest.raises(InvalidRequest, match="closed"):
        list(walk)
    Client(TOKEN).close()
    assert not ours()


def test_ctrl_c_ends_the_call_and_not_the_client(pixiv: Client, artist: User) -> None:
    began, tidy = threading.Event(), []

    async def forever(api: AppApi) -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            tidy.append(True)

    def interrupt() -> None:
        began.wait(10)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        pixiv.call(forever)
    thread.join()
    assert tidy == [True]
    assert pixiv.users.detail(artist.id).user.id == artist.id


def test_close_ends_the_calls_of_other_threads(hosts: dict[str, str]) -> None:
    began = threading.Event()

    async def forever(api: AppApi) -> None:
        began.set()
        await asyncio.sleep(60)

    pixiv = Client(TOKEN, hosts=hosts)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(pixiv.call, forever)
        assert began.wait(10)
        pixiv.close()
        with pytest.raises(InvalidRequest, match="closed before"):
            call.result(10)
    assert not ours()


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, ValueError])
def test_what_a_callback_raises_comes_out_of_the_call(
    pixiv: Client, artist: User, tmp_path: Path, error: type[BaseException]
) -> None:
    work = next(pixiv.items(users.illusts, artist.id)).item

    def progress(done: int, whole: int | None) -> None:
        raise error

    with pytest.raises(error):
        pixiv.download_work(work, tmp_path, progress=progress)
    assert pixiv.download_work(work, tmp_path)


def test_a_callback_that_calls_the_client_is_refused_and_does_not_hang(
    pixiv: Client, artist: User, tmp_path: Path
) -> None:
    work = next(pixiv.items(users.illusts, artist.id)).item
    with pytest.raises(InvalidRequest, match="callbacks"):
        pixiv.download_work(work, tmp_path, progress=lambda *_: pixiv.illusts.bookmark_delete(artist.id))


def test_an_unreachable_host_is_told(artist: User) -> None:
    hosts = dict.fromkeys(HOSTS, "http://127.0.0.1:9")
    with Client(TOKEN, hosts=hosts, clock=FakeClock()) as pixiv, pytest.raises(Unreachable):
        pixiv.illusts.detail(1)


def test_a_script_that_never_closes_ends(hosts: dict[str, str], artist: User) -> None:
    script = (
        "from pixmirror.pixiv.blocking import Client\n"
        f"pixiv = Client({TOKEN!r}, requests_per_minute=0, hosts={hosts!r})\n"
        f"walk = pixiv.items(pixiv.users.illusts, {artist.id})\n"
        "print(next(walk).item.id)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().isdecimal()


def test_the_typed_way_knows_the_functions() -> None:
    """For mypy: nothing of this is called."""

    def typed(pixiv: Client) -> None:
        assert_type(pixiv.call(illusts.detail, 1), Received[Illust])
        pixiv.call(illusts.detail)  # type: ignore[call-arg]
        pixiv.call(illusts.detail, "1")
        assert_type(next(pixiv.items(users.illusts, 1, next={"offset": "30"})), Received[Illust])
        Client(TOKEN, langauge="ja")  # type: ignore[call-arg]

    assert callable(typed)
