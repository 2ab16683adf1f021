"""What there is to read, as a browser shows it: novels by their first lines, and what was begun."""

import re
import zlib

import httpx
import pytest
from playwright.sync_api import Page, expect

from pixmirror.reports.novels import first_line
from tests.gallery.conftest import Served
from tests.gallery.readable import ask

NOVELS = "SELECT work_key, title FROM work WHERE work_key & 1 AND title != '' ORDER BY work_key DESC"


def test_novels_are_listed_by_how_they_begin(page: Page, gallery: Served) -> None:
    page.goto("/novels")
    expect(page.get_by_role("link", name="Read", exact=True)).to_have_attribute("aria-current", "page")
    novels = ask(gallery.root, NOVELS)
    rows = page.locator(".novels > li")
    assert rows.count() == min(30, len(novels))
    assert (
        page.locator(".begins").count()
        == ask(gallery.root, "SELECT count(DISTINCT work_key) FROM text_version")[0][0]
    )
    rows.first.locator("b").first.click()
    assert page.url.endswith(f"/n/{novels[0][0] >> 1}")


def test_what_was_begun_comes_first_and_leads_to_its_reader(own_gallery: Served) -> None:
    key = ask(own_gallery.root, "SELECT max(work_key) FROM text_version")[0][0]
    sql = "INSERT INTO place (work_key, page, updated_at) VALUES (?, 0, 1700000000000)"
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql(sql, (key,)))
    text = httpx.get(f"{own_gallery.url}/novels").text
    assert text.count(f'"/n/{key >> 1}/read"') == 2
    assert "begun 14 Nov 2023" in text or "begun 15 Nov 2023" in text
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql("INSERT INTO setting VALUES ('rating', 'hide')"))
    ask(own_gallery.root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", key)
    assert f"/n/{key >> 1}" not in httpx.get(f"{own_gallery.url}/novels").text


def test_the_list_goes_on_below_a_novel(gallery: Served) -> None:
    assert "No more novels" in httpx.get(f"{gallery.url}/novels?after=1").text
    assert httpx.get(f"{gallery.url}/novels?after=x").status_code == 400


def test_a_novel_has_one_count_of_characters(gallery: Served) -> None:
    key, length = ask(
        gallery.root, "SELECT w.work_key, w.text_length FROM work w JOIN text_version USING (work_key) LIMIT 1"
    )[0]
    for place in (f"/n/{key >> 1}", f"/n/{key >> 1}/read", "/novels"):
        counts = re.findall(r"([\d,]+) characters", httpx.get(f"{gallery.url}{place}").text)
        assert f"{length:,}" in counts, place


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("[newpage]\n[chapter:一]\n　朝。", "朝。"),
        ("\n　[[rb:夜 > よる]]が来た。\n次", "夜(よる)が来た。"),
        ("あ" * 9000, "あ" * 140 + "…"),
    ],
)
def test_the_first_line_is_that_which_one_reads(text: str, line: str) -> None:
    assert first_line(zlib.compress(text.encode())) == line


def test_a_text_that_is_damaged_has_no_first_line() -> None:
    assert first_line(b"x") == ""
