"""The search as a browser shows it: by words, by picture, suggested while typing, kept under a name."""

import io
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pixmirror.catalogue.database import catalogue_path
from tests.gallery.accessible import faults
from tests.gallery.asking import ask
from tests.gallery.conftest import Served, Tabs, serving


def a_tag(root: Path) -> str:
    """Return the tag of most works."""
    with closing(sqlite3.connect(catalogue_path(root))) as catalogue:
        return str(catalogue.execute("SELECT name FROM tag ORDER BY works DESC, id LIMIT 1").fetchone()[0])


def test_words_find_works_and_the_page_says_how_it_understood_them(page: Page, gallery: Served) -> None:
    tag = a_tag(gallery.root)
    page.goto("/search")
    assert faults(page) == []
    page.get_by_role("searchbox", name="Search the mirror").fill(f"tag:{tag}")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".tile a").first).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name=tag).and_(page.locator(".chip")).click()
    assert page.url.endswith("/search?q=")


def test_without_javascript_a_search_works_and_tells_when_nothing_is_found(tabs: Tabs, gallery: Served) -> None:
    with tabs.looking(gallery.url, 360, java_script_enabled=False) as page:
        page.goto("/search")
        page.get_by_role("searchbox", name="Search the mirror").fill("zzzzqq qqzz")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_role("heading", name="Nothing holds all of these words")).to_be_visible()
        page.get_by_role("link", name="Without “qqzz”").click()
        expect(page.get_by_role("searchbox")).to_have_value("zzzzqq")


def test_all_works_are_found_page_by_page(gallery: Served) -> None:
    with httpx.Client(base_url=gallery.url) as client:
        found, address = [], "/search?q=posted:>2000"
        while address:
            text = client.get(address).text
            found += [
                part.split('"')[1] for part in text.split("<a href=")[1:] if part.startswith(('"/w/', '"/n/'))
            ]
            more = [part.split('"')[0] for part in text.split('<a class="b" href="') if 'rel="next"' in part[:120]]
            address = more[0].replace("&amp;", "&") if more else ""
        assert len(found) == len(set(found)) > 60


def test_the_box_suggests_tags_and_a_page(page: Page, gallery: Served) -> None:
    page.goto("/works")
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search the mirror").fill(a_tag(gallery.root))
    option = page.get_by_role("option").first
    expect(option).to_contain_text(a_tag(gallery.root))
    expect(option).to_have_attribute("aria-selected", "true")
    assert faults(page) == []


@pytest.mark.parametrize("text", ["settings", "pause", "gone", "cover"])
def test_the_box_finds_pages_and_where_an_action_is(gallery: Served, text: str) -> None:
    found = ask(gallery.url, f"/search/suggest?q={text}").text
    links = re.findall(r'id="o-p\d+"[^>]* href="([^"]+)"', found)
    assert links
    assert {ask(gallery.url, link).status for link in links} == {200}


def test_the_box_opens_the_list_of_keys_in_its_place(page: Page) -> None:
    page.goto("/works")
    page.keyboard.press("/")
    page.get_by_role("combobox").fill("dark")
    page.get_by_role("option", name="Keys and colours").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.locator("#find")).to_be_hidden()


def test_a_search_is_kept_and_dropped(tabs: Tabs, own_gallery: Served) -> None:
    tag = a_tag(own_gallery.root)
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/search?q=tag:{tag}")
        page.get_by_label("Name of this search").fill("the usual")
        page.get_by_role("button", name="Keep this search").click()
        page.goto("/search")
        page.get_by_role("link", name="the usual").click()
        expect(page.get_by_role("searchbox")).to_have_value(f"tag:{tag}")
        page.get_by_role("button", name="Drop the usual").click()
        expect(page.get_by_role("link", name="the usual")).to_have_count(0)


def test_a_picture_finds_the_work_that_has_it_in_another_size(own_root: Path) -> None:
    with closing(sqlite3.connect(catalogue_path(own_root))) as catalogue:
        key, digest, path = catalogue.execute(
            "SELECT owner_id, sha256, path FROM media WHERE role = 'page' AND state = 'stored' LIMIT 1"
        ).fetchone()
    with serving(own_root, thumbs=True) as served, httpx.Client(base_url=served.url, timeout=60) as client:
        while "immutable" not in client.get(f"/thumb/{key}-{digest}.webp").headers["Cache-Control"]:
            pass  # the original stands in where making it takes long
        other = io.BytesIO()
        with Image.open(own_root / "media" / path) as picture:
            picture.convert("RGB").resize((picture.width // 2, picture.height // 2)).save(other, "PNG")
        headers = {"Origin": served.url}
        found = client.post("/search/picture", files={"picture": ("x.png", other.getvalue())}, headers=headers)
        assert f'href="/w/{key >> 1}"' in found.text
        told = client.post("/search/picture", files={"picture": ("x.png", b"no picture")}, headers=headers)
        assert (told.status_code, "is no picture" in told.text) == (400, True)


def test_what_cannot_be_understood_is_told_in_a_sentence(gallery: Served) -> None:
    told = httpx.get(f"{gallery.url}/search?q=posted:never")
    assert told.status_code == 200
    assert 'role="alert"' in told.text
    assert httpx.get(f"{gallery.url}/search?q=x&after=y").status_code == 400
