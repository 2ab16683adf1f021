"""pixivpy3 reads and does on the demo whatever it can at Pixiv."""

import inspect
import warnings
from typing import Any

import pytest

from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, running
from pixmirror.demo.world import LIVE

NOW = 1_795_000_000_000
# what calls an endpoint that is gone (v1 of illust comments), a host that is not the demo's, or no endpoint at all
ELSEWHERE = {"illust_comments", "showcase_article"}
PLUMBING = {
    "set_api_proxy", "no_auth_requests_call", "parse_result", "format_bool", "parse_qs", "auth", "login",
    "set_auth", "set_client", "set_accept_language", "set_additional_headers", "require_auth", "requests_call",
    "parse_json", "download",
}  # fmt: skip


@pytest.fixture
def world():
    return generate(
        WorldSpec(now_ms=NOW, artists=8, works=260, bookmarks=90, commented=60, others=8, private=2),
        now=lambda: NOW,
    )


@pytest.fixture
def pixivpy(world):
    pytest.importorskip("pixivpy3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies
        from pixivpy3 import AppPixivAPI
    with running(create_app(world)) as url:
        api = AppPixivAPI()
        api.hosts = url
        api.set_accept_language("en")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            api.auth(refresh_token="demo-refresh-token")
        yield api
        api.requests.close()


def pages(api: Any, function: Any, key: str, **query: Any) -> list[Any]:
    """Every item of a list, the way pixivpy's own documentation reads one."""
    found = []
    asked: dict[str, Any] | None = query
    while asked is not None:
        page = function(**asked)
        assert "error" not in page
        found += page[key]
        asked = api.parse_qs(page.next_url)
        if asked is not None and len(found) > 200:
            break
        for gone in ("filter",):
            if asked is not None and gone not in inspect.signature(function).parameters:
                asked.pop(gone, None)
    return found


def test_pixivpy_bookmarks_and_follows(world, pixivpy):
    work = next(w for w in world.works.values() if w.type == "illust" and w.state == LIVE)
    assert pixivpy.illust_bookmark_add(work.id, restrict="private", tags=["風景", "夜"]) == {}
    mark = world.bookmarks[world.me][work.key]
    assert (mark.restrict, mark.tags) == ("private", ("風景", "夜"))
    marked = pixivpy.user_bookmarks_illust(world.me, restrict="private", tag="夜").illusts
    assert [m.id for m in marked] == [work.id]
    assert pixivpy.illust_bookmark_delete(work.id) == {}
    assert pixivpy.user_bookmarks_illust(world.me, restrict="private", tag="夜").illusts == []
    stranger = next(u for u in world.users if u != world.me and u not in world.follows[world.me])
    assert pixivpy.user_follow_add(stranger) == {}
    assert stranger in [p.user.id for p in pixivpy.user_following(world.me).user_previews]
    assert pixivpy.user_follow_delete(stranger) == {}
    assert stranger not in [p.user.id for p in pixivpy.user_following(world.me).user_previews]


@pytest.mark.long
def test_pixivpy_reads_everything_that_it_knows(world, pixivpy):
    me = world.me
    live = [w for w in world.works.values() if w.state == LIVE]
    illust = next(w for w in live if w.type == "illust")
    novel = next(w for w in live if w.medium == "novel")
    ugoira = next(w for w in live if w.type == "ugoira")
    series = next(s for s in world.series.values() if s.medium == "novel")
    artist = max(world.follows[me], key=lambda u: len(world.by_user.get((u, "illust"), ())))
    commented = next(i for (m, i), t in world.threads.items() if m == "novel" and world.works[m, i].state == LIVE)
    lists: dict[str, tuple[str, dict[str, Any]]] = {
        "user_illusts": ("illusts", {"user_id": artist, "type": None}),
        "user_bookmarks_illust": ("illusts", {"user_id": me}),
        "user_bookmarks_novel": ("novels", {"user_id": me}),
        "user_related": ("user_previews", {"seed_user_id": artist}),
        "user_recommended": ("user_previews", {}),
        "illust_follow": ("illusts", {}),
        "illust_related": ("illusts", {"illust_id": illust.id, "seed_illust_ids": [str(illust.id)]}),
        "illust_recommended": ("illusts", {"viewed": [str(illust.id)], "include_ranking_illusts": True}),
        "novel_comments": ("comments", {"novel_id": commented, "include_total_comments": True}),
        "novel_recommended": ("novels", {"include_ranking_novels": True}),
        "illust_ranking": ("illusts", {"mode": "week"}),
        "search_illust": ("illusts", {"word": illust.tags[0], "search_ai_type": 1}),
        "search_novel": ("novels", {"word": novel.tags[0], "search_target": "text", "filter": "for_ios"}),
        "search_user": ("user_previews", {"word": world.users[artist].name}),
        "user_bookmark_tags_illust": ("bookmark_tags", {"user_id": me}),
        "user_following": ("user_previews", {"user_id": me}),
        "user_follower": ("user_previews", {"user_id": artist}),
        "user_mypixiv": ("user_previews", {"user_id": me}),
        "user_list": ("users", {"user_id": me}),
        "user_novels": ("novels", {"user_id": novel.user_id}),
        "novel_series": ("novels", {"series_id": series.id}),
        "novel_new": ("novels", {}),
        "novel_follow": ("novels", {}),
        "illust_new": ("illusts", {"content_type": "manga"}),
    }
    for name, (key, query) in lists.items():
        found = pages(pixivpy, getattr(pixivpy, name), key, **query)
        assert found or name in ("user_list", "user_mypixiv", "search_novel"), name
    objects = {
        "user_detail": ((artist,), "profile"),
        "illust_detail": ((illust.id,), "illust"),
        "trending_tags_illust": ((), "trend_tags"),
        "illust_bookmark_detail": ((illust.id,), "bookmark_detail"),
        "ugoira_metadata": ((ugoira.id,), "ugoira_metadata"),
        "novel_detail": ((novel.id,), "novel"),
        "webview_novel": ((novel.id,), "text"),
        "novel_text": ((novel.id,), "novel_text"),
    }
    for name, (args, key) in objects.items():
        assert getattr(pixivpy, name)(*args)[key], name
    assert pixivpy.illust_recommended(req_auth=False).illusts
    assert pixivpy.user_edit_ai_show_settings("false") == {}
    assert not world.own.show_ai
    acted = {"illust_bookmark_add", "illust_bookmark_delete", "user_follow_add", "user_follow_delete"}
    public = {n for n, _ in inspect.getmembers(type(pixivpy), callable) if not n.startswith("_")}
    done = {*lists, *objects, *acted, "user_edit_ai_show_settings"}
    assert public - PLUMBING - ELSEWHERE == done
