"""What the page of a work asks of the daemon: forget it, have it back, try again. And works that are not here."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from pixmirror import control
from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.catalogue.refs import parse_ref
from pixmirror.errors import ConfigError
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target
from tests.gallery.accessible import faults
from tests.gallery.asking import send
from tests.gallery.conftest import Mirrored, Served, looking

NOW = 1_777_000_000_000


def _key(mirrored: Mirrored) -> int:
    """Return the id of a work with a picture that is here."""
    return next(w.id for w in mirrored.world.works.values() if w.type == "illust" and w.state == "live")


@contextmanager
def daemon(root: Path) -> Iterator[list[dict[str, Any]]]:
    """Answer as the daemon of this mirror does, and tell what was asked."""
    asked: list[dict[str, Any]] = []

    async def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        target = Target.of(parse_ref(request["ref"]))
        with Database.open(catalogue_path(root), create=False) as db:
            match request["command"]:
                case "forget":
                    await db.run(forgetting.forget, target, NOW, 30)
                case "unforget":
                    await db.run(forgetting.unforget, target, NOW)
                case _:
                    raise ConfigError("Nothing of it can be asked for again.")
        return {}

    started, ended = threading.Event(), threading.Event()

    async def serve() -> None:
        async with control.listening(root, {}, answer):
            started.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    started.wait(10)
    try:
        yield asked
    finally:
        ended.set()
        thread.join()


def test_what_was_forgotten_is_shown_no_more_and_can_be_had_back(
    browser: Browser, own_gallery: Served, mirrored: Mirrored
) -> None:
    work = _key(mirrored)
    with daemon(own_gallery.root) as asked, looking(browser, own_gallery.url) as page:
        page.goto(f"/w/{work}")
        title, picture = page.locator("h1").inner_text(), page.locator(".big img").get_attribute("src")
        with page.expect_navigation():
            page.get_by_role("button", name="Forget").click()
        assert page.locator("h1").inner_text() == "You forgot it"
        assert title not in page.content()
        assert "can be had back until" in page.locator("main").inner_text()
        assert faults(page) == []
        for address in (picture, f"/w/{work}/first-frame", f"/w/{work}/comments"):
            assert page.request.get(address or "").status == 404
        assert title not in page.request.get(f"/w/{work}/why").text()
        page.get_by_role("button", name="Have it back").click()
        page.locator(".work").wait_for()
        assert page.locator("h1").inner_text() == title
    assert asked == [{"command": name, "ref": str(work)} for name in ("forget", "unforget")]


def test_where_no_daemon_runs_the_page_says_so_and_the_work_stays(
    own_gallery: Served, browser: Browser, mirrored: Mirrored
) -> None:
    with looking(browser, own_gallery.url) as page:
        answer = send(own_gallery.url, f"/w/{_key(mirrored)}/forget")
        assert answer.status == 503
        assert "The mirror is not running." in answer.text
        assert page.request.get(f"/w/{_key(mirrored)}").status == 200


def test_a_refusal_of_the_daemon_is_told_in_its_words(own_gallery: Served, mirrored: Mirrored) -> None:
    with daemon(own_gallery.root):
        answer = send(own_gallery.url, f"/w/{_key(mirrored)}/retry")
        assert answer.status == 409
        assert "Nothing of it can be asked for again." in answer.text
        assert send(own_gallery.url, f"/w/{_key(mirrored)}/nonsense").status == 404


def test_a_work_that_is_not_here_says_how_to_have_it(browser: Browser, gallery: Served) -> None:
    with looking(browser, gallery.url) as page:
        answer = page.request.get("/n/4711")
        assert answer.status == 404
        assert "pixmirror add https://www.pixiv.net/novel/show.php?id=4711" in answer.text()
        assert 'href="https://www.pixiv.net/novel/show.php?id=4711"' in answer.text()
        why = page.request.get("/n/4711/why")
        assert "Never seen by any job." in why.text()


def test_nonsense_in_an_address_is_told_in_a_sentence(
    browser: Browser, gallery: Served, mirrored: Mirrored
) -> None:
    with looking(browser, gallery.url) as page:
        for address in ("/w/0", f"/w/{10**20}", f"/w/{_key(mirrored)}?v=99", "/w/1/comments", "/w/1/frames.zip"):
            assert page.request.get(address).status == 404, address
        for address in (f"/w/{_key(mirrored)}?p=-1", f"/w/{_key(mirrored)}?p=0", f"/w/{_key(mirrored)}?v=x"):
            assert page.request.get(address).status == 400, address
