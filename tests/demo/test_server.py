"""The demo as a server: real HTTP, counted requests, a command that starts and stops in order; and a client that
we did not write."""

import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Iterator
from hashlib import sha256

import pytest

from pixmirror.demo import media
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import World
from tests.truth import originals, truth

COMMAND = [sys.executable, "-m", "pixmirror.demo", "--artists", "3", "--works", "30", "--exit-with-stdin"]


@pytest.fixture(scope="module")
def world() -> World:
    return generate(WorldSpec(artists=8, private=2, others=4, works=200, bookmarks=40, commented=20))


@pytest.fixture
def app(world):
    return create_app(world)


@pytest.fixture
def url(app) -> Iterator[str]:
    with running(app) as url:
        yield url


def test_requests_are_counted_images_apart(app, url):
    for path in ("/web/v1/login", "/common/images/no_profile.png"):
        request = urllib.request.Request(f"{url}{path}?code_challenge=x&code_challenge_method=S256")
        urllib.request.urlopen(request, timeout=10).close()
    assert dict(app.state.counts) == {"/web/v1/login": 1}
    assert dict(app.state.image_counts) == {"common": 1}
    assert app.state.log[0] == ("GET", "/web/v1/login", "code_challenge=x&code_challenge_method=S256")


def test_the_command_says_where_it_listens_and_ends_with_its_standard_input():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        word, address = process.stdout.readline().split()
        assert word == "listening"
        with urllib.request.urlopen(f"{address}/common/images/no_profile.png", timeout=10) as answer:
            assert answer.status == 200
        process.stdin.close()
        assert process.wait(10) == 0


def test_the_command_makes_the_same_world_in_another_process():
    made_ms = 1_795_000_000_000
    twin = generate(WorldSpec(now_ms=made_ms, artists=3, works=30))
    command = [*COMMAND, "--made-ms", str(made_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        for row in truth(twin, "files")[:5]:
            path = row["url"].removeprefix("https://i.pximg.net")
            request = urllib.request.Request(address + path, headers={"Referer": "https://www.pixiv.net/"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert sha256(answer.read()).hexdigest() == row["sha256"]
        process.stdin.close()


def test_the_command_ends_in_order_at_sigterm():
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, b"")


@pytest.fixture
def pixivpy(url):
    """pixivpy3, logged in with the refresh token; all its hosts are the demo."""
    pytest.importorskip("pixivpy3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies
        from pixivpy3 import AppPixivAPI
    api = AppPixivAPI()
    api.hosts = url
    api.set_accept_language("en")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        api.auth(refresh_token="demo-refresh-token")
    yield api
    api.requests.close()


def test_pixivpy3_logs_in_and_reads_every_kind_of_thing(world, pixivpy):
    assert int(pixivpy.user_id) == world.me
    following = pixivpy.user_following(world.me)
    assert len(following.user_previews) == 6
    artist = max(
        (p.user.id for p in following.user_previews), key=lambda u: len(world.by_user.get((u, "illust"), ()))
    )
    assert pixivpy.user_detail(artist).profile.total_illusts > 0
    read, query = [], {"user_id": artist, "type": None}
    while query:
        page = pixivpy.user_illusts(**query)
        read += [work.id for work in page.illusts]
        query = pixivpy.parse_qs(page.next_url)
    assert sorted(read) == [number for _, number in world.by_user[artist, "illust"]]
    detail = pixivpy.illust_detail(read[0]).illust
    assert detail.title == world.works["illust", read[0]].title
    assert len(pixivpy.illust_ranking("day").illusts) == 30
    marks, query = [], {"user_id": world.me}
    while query:
        page = pixivpy.user_bookmarks_illust(**query)
        marks += [work.id for work in page.illusts]
        query = pixivpy.parse_qs(page.next_url)
    expected = [r["id"] for r in truth(world, "bookmarks") if (r["medium"], r["restrict"]) == ("illust", "public")]
    assert sorted(marks) == expected
    assert pixivpy.user_bookmark_tags_illust(world.me).bookmark_tags[0].name
    for answer in (
        pixivpy.illust_follow(),
        pixivpy.illust_related(read[0]),
        pixivpy.illust_recommended(),
        pixivpy.illust_new(),
    ):
        assert answer.illusts
    assert pixivpy.search_illust("original", search_target="title_and_caption").search_span_limit
    assert pixivpy.trending_tags_illust().trend_tags[0].illust.id
    assert pixivpy.illust_bookmark_detail(marks[0]).bookmark_detail.is_bookmarked


def test_pixivpy3_reads_ugoira_novels_and_comments_and_downloads(world, pixivpy, tmp_path):
    live = [w for w in world.works.values() if w.state == "live"]
    ugoira = next(w for w in live if w.type == "ugoira")
    assert pixivpy.ugoira_metadata(ugoira.id).ugoira_metadata.frames[0].file == "000000.jpg"
    novel = next(w for w in live if w.medium == "novel")
    assert pixivpy.novel_text(novel.id).novel_text == novel.text
    assert pixivpy.novel_detail(novel.id).novel.text_length == len(novel.text)
    assert pixivpy.user_novels(novel.user_id).novels
    commented = next(
        i for (m, i), t in world.threads.items() if m == "novel" and world.works[m, i].state == "live" and t
    )
    assert pixivpy.novel_comments(commented).total_comments == len(world.threads["novel", commented])
    work = next(w for w in live if w.type == "illust")
    path = originals(world, work)[0][2].removeprefix("https://i.pximg.net")
    file = media.find(world, path)
    assert file is not None
    pixivpy.download(pixivpy.hosts + path, path=str(tmp_path))
    assert next(tmp_path.iterdir()).read_bytes() == file.make()
