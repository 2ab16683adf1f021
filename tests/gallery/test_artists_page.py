"""The artists, one artist, and the bookmarks as a browser shows them, with and without JavaScript."""

import re
import sqlite3
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from pixmirror.catalogue.database import catalogue_path
from pixmirror.reports import bookmarks as questions
from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, Tabs

ARTISTS = "SELECT count(DISTINCT user_id) FROM work WHERE user_id IS NOT NULL"
WORKS = "SELECT count(*) FROM work WHERE user_id = ?"
BOOKMARKS = "SELECT count(*) FROM bookmark WHERE state = 'live'"


def counted(served: Served, sql: str, *values: object) -> int:
    with closing(sqlite3.connect(catalogue_path(served.root))) as catalogue:
        return int(catalogue.execute(sql, values).fetchone()[0])


def test_every_artist_is_listed_once_and_leads_to_all_works_of_theirs(page: Page, gallery: Served) -> None:
    page.goto("/a")
    assert faults(page) == []
    links = [str(link.get_attribute("href")) for link in page.locator(".people a[href^='/a/']").all()]
    assert len(links) == len(set(links)) == counted(gallery, ARTISTS)
    page.locator(".people a[href^='/a/']").first.click()
    assert page.url.endswith(links[0])
    expect(page.locator(".tile a").first).to_be_visible()
    user_id = int(links[0].removeprefix("/a/"))
    assert page.locator("#here-n").text_content() == str(counted(gallery, WORKS, user_id))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert faults(page) == []


def test_without_javascript_filters_of_an_artist_stay_on_their_page(tabs: Tabs, gallery: Served) -> None:
    with tabs.looking(gallery.url, java_script_enabled=False) as page:
        page.goto("/a")
        page.locator(".people a[href^='/a/']").first.click()
        address = page.url
        page.get_by_role("button", name="Type").click()
        page.get_by_role("link", name="Manga", exact=True).click()
        assert page.url == f"{address}?type=manga"
        page.get_by_role("link", name="type manga, remove").click()
        assert page.url == address


def test_the_list_of_artists_goes_on_after_an_artist(gallery: Served) -> None:
    assert "No artists are here" in httpx.get(f"{gallery.url}/a?after=0.1").text
    for nonsense in ("x", "1", "1.x", ".2", f"1.{10**16}"):
        assert httpx.get(f"{gallery.url}/a?after={nonsense}").status_code == 400
    assert httpx.get(f"{gallery.url}/a/999999999999").status_code == 404


def test_bookmarks_are_shown_with_a_tab_for_those_that_vanished(page: Page, gallery: Served) -> None:
    page.goto("/bookmarks")
    expect(page.locator(".tile a").first).to_be_visible()
    assert 0 < int(page.locator("#here-n").text_content() or 0) <= counted(gallery, BOOKMARKS)
    assert faults(page) == []
    page.get_by_role("link", name="Vanished").click()
    expect(page.get_by_role("link", name="Vanished")).to_have_attribute("aria-current", "page")
    assert faults(page) == []


def shown_works(text: str) -> set[str]:
    return set(re.findall(r'href="(/[wn]/\d+)"', text))


def test_every_bookmark_is_shown_or_told_with_why_it_is_not_here(page: Page, gallery: Served) -> None:
    live = "SELECT '/' || iif(work_key & 1, 'n', 'w') || '/' || (work_key >> 1) FROM bookmark WHERE state = 'live'"
    with closing(sqlite3.connect(catalogue_path(gallery.root))) as catalogue:
        all_of_them = {address for (address,) in catalogue.execute(live)}
    here = shown_works(httpx.get(f"{gallery.url}/bookmarks").text)
    page.goto("/bookmarks")
    page.get_by_role("link", name="Not here").click()
    told = {str(link.get_attribute("href")) for link in page.locator(".list a").all()}
    assert here | told == all_of_them
    assert not here & told
    expect(page.get_by_role("link", name=f"Not here {len(told)}")).to_have_attribute("aria-current", "page")
    whys = page.locator(".list a + .d").all_text_contents()
    assert len(whys) == len(told)
    assert "Hidden from the app by Pixiv; a web login shows it: pixmirror help recover." in whys
    assert faults(page) == []


def test_where_there_is_a_web_login_no_page_names_it_as_the_cure(own_gallery: Served) -> None:
    with closing(sqlite3.connect(catalogue_path(own_gallery.root))) as catalogue:
        (hidden,) = catalogue.execute("SELECT work_key >> 1 FROM work WHERE state = 'limited' LIMIT 1").fetchone()
    pages = ("/bookmarks/not-here", f"/w/{hidden}", f"/w/{hidden}/why")
    told = [httpx.get(own_gallery.url + page).text for page in pages]
    assert ["web login shows it" in text for text in told] == [True] * len(pages)
    config = own_gallery.gallery.config
    own_gallery.gallery.config = config.model_copy(
        update={"pixiv": config.pixiv.model_copy(update={"phpsessid": SecretStr("1_abc")})}
    )
    told = [httpx.get(own_gallery.url + page).text for page in pages]
    assert ["web login shows it" in text for text in told] == [False] * len(pages)
    assert all("idden from the app by Pixiv" in text for text in told)


def test_the_bookmarks_that_are_not_here_come_page_by_page(
    gallery: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shown_works(httpx.get(f"{gallery.url}/bookmarks/not-here").text)
    monkeypatch.setattr(questions, "SHOWN", 3)
    found: list[str] = []
    address = "/bookmarks/not-here"
    while address:
        text = httpx.get(f"{gallery.url}{address}").text
        found += shown_works(text)
        more = re.search(r'href="([^"]+)" rel="next"', text)
        address = more[1] if more else ""
    assert len(found) == len(set(found)) == len(whole)
    assert httpx.get(f"{gallery.url}/bookmarks/not-here?after=1").status_code == 200
    assert httpx.get(f"{gallery.url}/bookmarks/not-here?after=x").status_code == 400


def test_the_number_of_an_own_tag_is_that_of_the_list_that_it_leads_to(gallery: Served) -> None:
    chip = re.compile(r'<a class="chip" href="(/bookmarks\?bookmark=[^"]+)"><span[^>]*>[^<]*</span> <small>(\d+)<')
    chips = chip.findall(httpx.get(f"{gallery.url}/bookmarks").text)
    assert chips
    for address, n in chips:
        shown = httpx.get(gallery.url + address.replace("&amp;", "&")).text
        assert re.search(r'id="here-n"[^>]*>(\d+)<', shown)[1] == n  # type: ignore[index]


def test_the_account_of_an_artist_is_no_earlier_name(gallery: Served) -> None:
    with closing(sqlite3.connect(catalogue_path(gallery.root))) as catalogue:
        user_id, account = catalogue.execute(
            "SELECT id, account FROM user WHERE account != name AND id IN (SELECT user_id FROM work) LIMIT 1"
        ).fetchone()
    assert account not in httpx.get(f"{gallery.url}/a/{user_id}").text
