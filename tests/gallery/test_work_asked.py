"""What the page of a work asks of the daemon: forget it, have it back, try again. And works that are not here."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from pixmirror import control
from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.catalogue.refs import parse_ref
from pixmirror.errors import ConfigError
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target
from tests.gallery.accessible import faults
from tests.gallery.asking import ask, send
from tests.gallery.conftest import Mirrored, Served, Tabs
from tests.gallery.readable import comes_true

NOW = 1_777_000_000_000


def _key(mirrored: Mirrored) -> int:
    """Return the id of a work with a picture that is here."""
    return next(w.id for w in mirrored.world.works.values() if w.type == "illust" and w.state == "live")


@contextmanager
def daemon(root: Path, most: int = 1000) -> Iterator[list[dict[str, Any]]]:
    """Answer as the daemon of this mirror does, and tell what was asked. After `most` works its disk is full."""
    asked: list[dict[str, Any]] = []

    async def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["command"] == "status":
            return {}
        asked.append(request)
        refs = request.get("refs", [request.get("ref")])
        targets = [Target.of(parse_ref(ref)) for ref in refs][:most]
        with Database.open(catalogue_path(root), create=False) as db:
            match request["command"]:
                case "forget":
                    for target in targets:
                        await db.run(forgetting.forget, target, NOW, 30)
                case "unforget":
                    await db.run(forgetting.unforget, targets[0], NOW)
                case "retry" if "refs" in request and most < 1000:
                    return {"done": most, "asked": most - 1, "why": "The disk is full."}
                case _:
                    raise ConfigError("Nothing of it can be asked for again.")
        return {"done": len(targets), "why": "The disk is full." if len(targets) < len(refs) else ""}

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


def own(served: Served, sql: str) -> list[tuple[Any, ...]]:
    """Return what gallery.db has, once all that was asked before is written."""
    found = served.gallery.own.run_sync(lambda conn: conn.exec_driver_sql(sql).all())
    return [tuple(row) for row in found]


def test_what_was_forgotten_is_shown_no_more_and_can_be_had_back(
    tabs: Tabs, own_gallery: Served, mirrored: Mirrored
) -> None:
    work = _key(mirrored)
    with daemon(own_gallery.root) as asked, tabs.looking(own_gallery.url) as page:
        page.goto(f"/w/{work}")
        title, picture = page.locator("h1").inner_text(), page.locator(".big img").get_attribute("src")
        with page.expect_navigation():
            page.get_by_role("button", name="Forget").click()
        assert page.locator("h1").inner_text() == "You forgot it"
        assert title not in page.content()
        assert "can be had back until" in page.locator("main").inner_text()
        assert faults(page) == []
        for address in (picture, f"/w/{work}/first-frame", f"/w/{work}/comments"):
            assert ask(own_gallery.url, address or "").status == 404
        assert title not in ask(own_gallery.url, f"/w/{work}/why").text
        page.get_by_role("button", name="Have it back").click()
        page.locator(".work").wait_for()
        assert page.locator("h1").inner_text() == title
    assert asked == [{"command": name, "ref": str(work)} for name in ("forget", "unforget")]


def test_where_no_daemon_runs_the_page_says_so_and_the_work_stays(own_gallery: Served, mirrored: Mirrored) -> None:
    address = f"/w/{_key(mirrored)}"
    answer = send(own_gallery.url, f"{address}/forget")
    assert answer.status == 503
    assert "The mirror is not running." in answer.text
    assert "<code>pixmirror run</code>" in answer.text
    assert ask(own_gallery.url, address).status == 200


def test_a_refusal_leads_back_to_where_one_was(tabs: Tabs, own_gallery: Served, mirrored: Mirrored) -> None:
    address = f"/w/{_key(mirrored)}"
    with tabs.looking(own_gallery.url, fails=(f"{address}/forget",)) as page:
        page.goto(address)
        page.get_by_role("button", name="Forget").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The mirror is not running.")
        page.get_by_role("link", name="Back").click()
        page.wait_for_url(f"**{address}")


def test_a_refusal_of_the_daemon_is_told_in_its_words(own_gallery: Served, mirrored: Mirrored) -> None:
    with daemon(own_gallery.root):
        answer = send(own_gallery.url, f"/w/{_key(mirrored)}/retry")
        assert answer.status == 409
        assert "Nothing of it can be asked for again." in answer.text
        assert send(own_gallery.url, f"/w/{_key(mirrored)}/nonsense").status == 404


def test_a_work_that_is_not_here_says_how_to_have_it(gallery: Served) -> None:
    answer = ask(gallery.url, "/n/4711")
    assert answer.status == 404
    assert "pixmirror add https://www.pixiv.net/novel/show.php?id=4711" in answer.text
    assert 'href="https://www.pixiv.net/novel/show.php?id=4711"' in answer.text
    assert "Never seen by any job." in ask(gallery.url, "/n/4711/why").text


def test_how_to_have_a_work_is_copied_by_a_button(browser: Browser, gallery: Served) -> None:
    context = browser.new_context(base_url=gallery.url, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/w/4711")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "pixmirror add https://www.pixiv.net/artworks/4711"
    assert faults(page) == []
    context.close()


def test_nonsense_in_an_address_is_told_in_a_sentence(gallery: Served, mirrored: Mirrored) -> None:
    here = f"/w/{_key(mirrored)}"
    for address in ("/w/0", f"/w/{10**20}", f"{here}?v=99", "/w/1/comments", "/w/1/frames.zip"):
        assert ask(gallery.url, address).status == 404, address
    for address in (f"{here}?p=-1", f"{here}?p=0", f"{here}?v=x"):
        assert ask(gallery.url, address).status == 400, address


# --- what is the user's own


def test_stars_and_collections_are_given_on_the_page_and_taken_back(
    tabs: Tabs, own_gallery: Served, mirrored: Mirrored
) -> None:
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/w/{_key(mirrored)}")
        page.get_by_role("button", name="4 stars").click()
        expect(page.locator(".star.on")).to_have_count(4)
        page.reload()
        expect(page.locator(".star.on")).to_have_count(4)
        page.get_by_role("button", name="4 stars").click()
        expect(page.locator(".star.on")).to_have_count(0)
        page.locator("main").focus()
        page.keyboard.press("c")
        page.keyboard.type("v")  # no key of the page
        expect(page.get_by_label("Name of a new collection")).to_have_value("v")
        page.get_by_label("Name of a new collection").fill("夜の <b>絵</b>")
        page.keyboard.press("Enter")
        mine = page.locator("#collect").get_by_role("button", name="夜の <b>絵</b>")
        expect(mine).to_have_attribute("aria-pressed", "true")
        assert faults(page) == []
        mine.click()
        expect(mine).to_have_attribute("aria-pressed", "false")
        mine.click()
        expect(mine).to_have_attribute("aria-pressed", "true")


def test_without_javascript_stars_and_collections_are_forms_that_lead_back(
    own_gallery: Served, mirrored: Mirrored
) -> None:
    here = f"/w/{_key(mirrored)}"
    for path, form in ((f"{here}/rate", {"stars": "5"}), (f"{here}/collect", {"name": "best"})):
        answer = send(own_gallery.url, path, form)
        assert (answer.status, answer.location) == (303, here)
    assert own(own_gallery, "SELECT stars FROM rating") == [(5,)]
    assert own(own_gallery, "SELECT name, work_key FROM collection_work JOIN collection") == [
        ("best", _key(mirrored) * 2)
    ]


def test_nonsense_for_stars_and_collections_changes_nothing(own_gallery: Served, mirrored: Mirrored) -> None:
    here = f"/w/{_key(mirrored)}"
    sent: tuple[tuple[str, dict[str, str]], ...] = (
        ("rate", {"stars": "6"}),
        ("rate", {}),
        ("collect", {"into": "x"}),
        ("collect", {"name": "x" * 101}),
    )
    for path, form in sent:
        assert send(own_gallery.url, f"{here}/{path}", form).status == 400, form
    assert send(own_gallery.url, f"{here}/collect", {"into": "99"}).status == 404
    assert send(own_gallery.url, "/w/1/rate", {"stars": "5"}).status == 404
    assert own(own_gallery, "SELECT * FROM rating") == own(own_gallery, "SELECT * FROM collection_work") == []


def test_only_what_somebody_looked_at_is_in_the_history(own_gallery: Served, mirrored: Mirrored) -> None:
    url, here = own_gallery.url, f"/w/{_key(mirrored)}"
    ask(url, here, sec_purpose="prefetch;prerender")
    ask(url, here, method="HEAD")
    ask(url, "/w/1")
    ask(url, f"{here}/why")
    assert own(own_gallery, "SELECT work_key FROM seen") == []
    ask(url, here)
    ask(url, f"{here}?p=1")  # within the same visit
    comes_true(lambda: own(own_gallery, "SELECT work_key FROM seen") == [(_key(mirrored) * 2,)])
    assert own(own_gallery, "SELECT work_key FROM history") == [(_key(mirrored) * 2,)]
