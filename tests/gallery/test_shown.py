"""What the user's settings say of R-18 and of AI-made works: all pages follow, by a form of the settings."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from pixmirror.catalogue.gallery import collections, own
from pixmirror.catalogue.search.index import Index
from tests.gallery.accessible import faults
from tests.gallery.asking import send
from tests.gallery.conftest import Served, Tabs, serving

BLURRED = "one => getComputedStyle(one).filter.includes('blur')"
TITLE, WORDS, TAG = "隠された絵", "つぶやきの言葉", "秘密の札"
_MARKED = """
SELECT r.work_key, w.user_id, r.date, (SELECT max(b.work_key) FROM work b JOIN media m ON m.owner_id = b.work_key
  WHERE b.user_id = w.user_id AND b.work_key < w.work_key AND m.role = 'page' AND m.state = 'stored') AS before
FROM ranking r JOIN work w ON w.work_key = r.work_key JOIN media m ON m.owner_id = w.work_key
WHERE r.mode = 'day' AND r.medium = 'illust' AND m.role = 'page' AND m.state = 'stored' AND before
ORDER BY r.date DESC, r.rank LIMIT 1"""


@dataclass(frozen=True)
class Marked:
    """A gallery, and in it a work that stands in every list: R-18, by AI, gone, the last that came in."""

    served: Served
    key: int
    artist: int
    before: int  # which it follows in a series
    tag: int
    day: str
    collection: int

    @property
    def url(self) -> str:
        return f"/w/{self.key >> 1}"

    @property
    def lists(self) -> tuple[str, ...]:
        """The pages that show its picture."""
        before = f"/w/{self.before >> 1}"
        return (
            *("/", "/works", "/works?order=arrived", "/a", f"/a/{self.artist}", "/bookmarks", f"/tags/{self.tag}"),
            *("/series", "/series/42", f"/rankings?mode=day&day={self.day}", "/comments", "/history"),
            *("/collections", f"/collections/{self.collection}", f"/search?q={TITLE}", before, f"{before}/read"),
            "/mirror/gone",
        )

    @property
    def others(self) -> tuple[str, ...]:
        """More pages, which may name it or count it."""
        return ("/mirror", "/mirror/queue", "/mirror/drift", f"/mirror/coverage/{self.artist}", "/tags", "/novels")


def mark(root: Path, now: int) -> dict[str, Any]:
    """Put a work into every list of a mirror; its search.db is made anew."""
    with closing(sqlite3.connect(root / "catalogue.db")) as conn, conn:
        key, artist, day, before = conn.execute(_MARKED).fetchone()
        conn.execute("UPDATE work SET x_restrict = 0, ai_type = 1")
        conn.execute("INSERT INTO series VALUES (84, NULL, '連載', NULL, 0)")
        conn.execute("UPDATE work SET series_key = 84 WHERE work_key IN (?, ?)", (key, before))
        conn.execute(
            "UPDATE work SET x_restrict = 1, ai_type = 2, title = ?, first_seen = ?, create_date = ?, "
            "state = 'deleted', state_at = ? WHERE work_key = ?", (TITLE, now, now, now, key),
        )  # fmt: skip
        change = "INSERT INTO state_change (account_id, owner_kind, owner_id, state, evidence, at) "
        conn.execute(f"{change} SELECT id, 'work', ?, 'deleted', 'detail', ? FROM account", (key, now))
        conn.execute("INSERT INTO tag (name, works) VALUES (?, 1)", (TAG,))
        (tag,) = conn.execute("SELECT id FROM tag WHERE name = ?", (TAG,)).fetchone()
        conn.execute("INSERT INTO work_tag (work_key, tag_id, position) VALUES (?, ?, 99)", (key, tag))
        conn.execute("DELETE FROM bookmark WHERE work_key = ?", (key,))
        conn.execute(
            "INSERT INTO bookmark (account_id, work_key, restrict, below, first_seen, last_seen) "
            "SELECT id, ?, 'public', 99999999999, ?, ? FROM account", (key, now, now),
        )  # fmt: skip
        conn.execute("INSERT INTO bookmark_work_tag SELECT id, ?, '箱', 0 FROM account", (key,))
        conn.execute(
            "UPDATE comment SET work_key = ?, comment = ?, date = ? WHERE comment_key = "
            "(SELECT max(comment_key) FROM comment WHERE parent_key IS NULL)", (key, WORDS, now),
        )  # fmt: skip
    for file in root.glob("search.db*"):
        file.unlink()
    with closing(Index(root)) as made:
        while made.step():
            pass
    return {"key": key, "artist": artist, "before": before, "tag": tag, "day": day}


@pytest.fixture
def marked(own_root: Path, own_port: int) -> Iterator[Marked]:
    now = round(time.time() * 1000)
    found = mark(own_root, now)
    with serving(own_root, port=own_port) as served:
        served.gallery.own.run_sync(own.look, found["key"], now)
        made = served.gallery.own.run_sync(collections.make, "夏", now, works=[found["key"]])
        yield Marked(served, collection=made, **found)


def choose(served: Served, rating: str, ai: str) -> None:
    assert send(served.url, "/mirror/settings/shown", {"rating": rating, "ai": ai}).status == 303


@pytest.mark.parametrize("width", [pytest.param(1440, marks=pytest.mark.long), 360])
def test_the_form_keeps_what_is_chosen_without_javascript_and_takes_it_back(
    tabs: Tabs, own_gallery: Served, width: int
) -> None:
    with tabs.looking(own_gallery.url, width, java_script_enabled=False) as page:
        page.goto("/mirror/settings")
        shown = page.locator("#shown")
        expect(shown.get_by_role("group", name="R-18").get_by_label("Show")).to_be_checked()
        shown.get_by_role("group", name="R-18").get_by_label("Veil").check()
        shown.get_by_role("group", name="Made by AI").get_by_label("Hide").check()
        shown.get_by_role("button", name="Keep").click()
        expect(page.get_by_text("Kept. All pages follow.")).to_be_visible()
        expect(shown.get_by_role("group", name="R-18").get_by_label("Veil")).to_be_checked()
        expect(shown.get_by_role("group", name="Made by AI").get_by_label("Hide")).to_be_checked()
        page.get_by_role("button", name="Undo").click()
        expect(shown.get_by_role("group", name="Made by AI").get_by_label("Show")).to_be_checked()
    with tabs.looking(own_gallery.url, width) as page:
        page.goto("/mirror/settings")
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    refused = send(own_gallery.url, "/mirror/settings/shown", {"rating": "blur", "ai": "show"})
    assert (refused.status, "rating takes show, veil or hide." in refused.text) == (400, True)


def test_a_hidden_work_is_in_no_list_count_suggestion_or_page(marked: Marked) -> None:
    place = rf"{marked.key}-|{marked.url}[\"?/]|: {marked.key >> 1}"
    named = rf"{TITLE}|{WORDS}|{TAG}|箱|{place}"
    suggestions = (f"/search/suggest?q={TITLE}", f"/search/suggest?q={TAG}")
    suggested = (f'href="{marked.url}"', f'href="/tags/{marked.tag}"')
    with httpx.Client(base_url=marked.served.url) as client:
        shown = {address: client.get(address).text for address in (*marked.lists, *marked.others)}
        assert [address for address in marked.lists if not re.search(named, shown[address])] == []
        assert all(one in client.get(asks).text for one, asks in zip(suggested, suggestions, strict=True))
        for rating, ai in (("hide", "show"), ("show", "hide")):
            choose(marked.served, rating, ai)
            for address in shown:
                is_asked = address.startswith(("/search", "/tags/"))  # it says what was asked for
                found = re.search(place if is_asked else named, client.get(address).text)
                assert found is None, (address, found)
            assert not any(one in client.get(asks).text for one, asks in zip(suggested, suggestions, strict=True))
            for address in ("/works", "/bookmarks", f"/a/{marked.artist}", f"/tags/{marked.tag}"):
                assert counted(client.get(address).text) == counted(shown[address]) - 1, address
            assert "0 works" in client.get(f"/collections/{marked.collection}").text
            assert "1 work</a>" in client.get("/series/42").text


@pytest.mark.parametrize(("rating", "ai"), [("show", "show"), ("veil", "show"), ("show", "hide")])
def test_no_tab_names_rated_works_nor_what_is_of_them(marked: Marked, rating: str, ai: str) -> None:
    choose(marked.served, rating, ai)
    with httpx.Client(base_url=marked.served.url) as client:
        for address in (*marked.lists, *marked.others, *(marked.url + part for part in ("", "/read", "/why"))):
            found = re.search(r"<title>(.*?)</title>", client.get(address).text)
            assert found is not None, address
            assert not re.search(f"{TITLE}|{TAG}|連載", found[1]), address


@pytest.mark.parametrize("part", ["", "/read", "/why", "/comments"])
def test_the_pages_of_a_hidden_work_tell_nothing_of_it_until_they_are_asked_for(marked: Marked, part: str) -> None:
    choose(marked.served, "hide", "show")
    address = f"{marked.served.url}{marked.url}{part}"
    told = httpx.get(address).text
    assert "You hide works of this kind" in told
    assert f'href="{marked.url}{part}?show"' in told
    assert not re.search(rf"{TITLE}|{WORDS}|/thumb/|/file/|/a/\d|Seen|seen by", told)
    assert len(visits(marked)) == 1  # that of before
    shown = httpx.get(f"{address}?show").text
    assert "You hide works of this kind" not in shown
    links = re.findall(rf'(?:href|action|data-part)="{marked.url}((?:/read|/why)?[?"][^"]*)', shown)
    assert links
    assert [link for link in links if "show" not in link] == []  # what it leads to was asked for, too
    module = httpx.get(address, headers={"accept": "text/vnd.fragment"})
    assert (module.status_code, "You hide works of this kind." in module.text) == (404, True)


def visits(marked: Marked) -> list[object]:
    return list(marked.served.gallery.own.run_sync(lambda c: c.exec_driver_sql("SELECT 1 FROM history").all()))


def counted(text: str) -> int:
    """Return how many works the page says that its grid has."""
    found = re.search(r'id="here-n"[^>]*>([\d,]+)<', text)
    assert found is not None
    return int(found[1].replace(",", ""))


def test_a_veiled_work_is_blurred_everywhere(tabs: Tabs, marked: Marked) -> None:
    choose(marked.served, "veil", "show")
    with tabs.looking(marked.served.url) as page:
        for address in (*marked.lists, marked.url, "/rankings"):
            page.goto(address)
            assert blurred(page, marked) == {True}, address
        choose(marked.served, "show", "veil")
        page.goto("/")
        assert blurred(page, marked) == {True}


def blurred(page: Page, marked: Marked) -> set[bool]:
    """Return whether each picture of the work on a page is blurred."""
    pictures = page.locator(f"main img[src*='/{marked.key}-']")
    pictures.first.wait_for(state="attached")
    return {bool(one.evaluate(BLURRED)) for one in pictures.all()}
