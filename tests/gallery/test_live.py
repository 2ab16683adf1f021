"""Live counts: one look for all pages, bounded ends, what is new behind a pill; asked for where it fails."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect

from pixmirror.clock import Clock
from pixmirror.gallery import live
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.live import Live, News
from tests.gallery.conftest import Served, Tabs, serving


def in_a_loop(make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine in a thread of its own: Playwright keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(make())).result()


class Looks:
    """A mirror that is looked at, and how often it was."""

    def __init__(self) -> None:
        self.number, self.works = 0, 10

    async def __call__(self) -> News:
        self.number += 1
        await asyncio.sleep(0)
        return News(0, self.works, 0, 0)


def test_all_that_ask_at_once_share_one_look() -> None:
    async def ask() -> None:
        looks = Looks()
        told = Live(looks, Clock())
        assert len({news.works for news in await asyncio.gather(*(told.now() for _ in range(50)))}) == 1
        assert looks.number == 1

    in_a_loop(ask)


def test_a_stream_tells_changes_alone_and_ends_with_the_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY_S", 0.005)

    async def listen() -> None:
        looks = Looks()
        told = Live(looks, Clock())
        async with aclosing(told.stream(lambda: True)) as stream:  # type: ignore[type-var]
            assert '"works": 10' in await anext(stream)
            looks.works = 11
            assert '"works": 11' in await anext(stream)
            assert told.streams == 1
            told.close()
            assert [line async for line in stream] == ["event: end\ndata:\n\n"]
        assert told.streams == 0

    in_a_loop(listen)


def test_a_session_that_was_ended_is_told_nothing_more_and_streams_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "EVERY_S", 0.005)
    monkeypatch.setattr(live, "MOST", 1)

    async def listen() -> None:
        told, let_in = Live(Looks(), Clock()), [True]
        stream = told.stream(lambda: let_in[0])
        await anext(stream)
        with pytest.raises(Refused, match="Too many pages"):
            told.stream(lambda: True)
        let_in[0] = False
        assert [line async for line in stream] == ["event: end\ndata:\n\n"]

    in_a_loop(listen)


def test_it_is_a_stream_of_events_and_once_it_is_an_answer(gallery: Served) -> None:
    once = httpx.get(f"{gallery.url}/mirror/events?once")
    assert once.json()["works"] > 50
    with httpx.stream("GET", f"{gallery.url}/mirror/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        line = next(answer.iter_lines())
    assert line == f"data: {once.text}" or line.startswith('data: {"problems"')


def test_an_open_stream_ends_when_the_gallery_stops(own_root: Path) -> None:
    with ThreadPoolExecutor(1) as thread, serving(own_root) as served:
        reading = thread.submit(lambda: httpx.get(f"{served.url}/mirror/events", timeout=30).text)
        while not served.live.streams:
            time.sleep(0.01)
        served.stop()
        assert reading.result().endswith("event: end\ndata:\n\n")


def test_what_is_new_waits_behind_a_pill_and_the_stream_ends_with_the_page(
    tabs: Tabs, own_gallery: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "EVERY_S", 0.05)
    with tabs.looking(own_gallery.url) as page:
        page.goto("/")
        expect(page.locator(".live")).to_have_text("Live")
        expect(page.locator(".live")).to_be_hidden()  # nothing is mirrored: green would say that something is
        assert "The mirror is not running." not in page.locator(".say").inner_text()  # the heading says it
        expect(page.locator("[data-news]")).to_be_hidden()
        shown = page.locator(".today .tile").count()
        with sqlite3.connect(own_gallery.root / "catalogue.db") as db:
            columns = [r[1] for r in db.execute("PRAGMA table_info(work)")]
            values = ", ".join("777777777 * 2" if c == "work_key" else c for c in columns)
            db.execute(
                f"INSERT INTO work SELECT {values} FROM work WHERE state = 'live' AND medium = 'illust' LIMIT 1"
            )
            db.execute("UPDATE meta SET value = value + 1 WHERE key = 'change_seq'")  # as all that ingests does
        expect(page.locator("[data-news]")).to_have_text("1 new")
        heading, pill = (page.locator(one).bounding_box() for one in ("h1", "[data-news]"))
        assert heading is not None
        assert pill is not None
        assert pill["y"] + pill["height"] <= heading["y"]  # it lies on nothing
        assert page.locator(".today .tile").count() == shown
        page.locator("[data-news]").click()
        expect(page.locator("[data-news]")).to_be_hidden()
        expect(page.locator(".live")).to_have_text("Live")
        page.goto("/works")
        end = time.monotonic() + 20
        while own_gallery.live.streams:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_where_the_stream_fails_the_page_says_so_and_asks(tabs: Tabs, own_gallery: Served) -> None:
    def cut(route: Route) -> None:
        route.continue_() if "once" in route.request.url else route.abort()

    with tabs.looking(own_gallery.url, fails=("/mirror/events",)) as page:
        page.route("**/mirror/events*", cut)
        with page.expect_response("**/mirror/events?once"):
            page.goto("/mirror")
        expect(page.locator(".live")).to_have_text("Not live, trying again")
