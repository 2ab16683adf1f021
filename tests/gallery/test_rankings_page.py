"""The rankings as a browser shows them: a calendar of first places, and a day with what rose and fell."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.gallery.conftest import Served, Tabs
from tests.gallery.readable import ask, forget

LAST = "SELECT max(date) FROM ranking_day WHERE medium = 'illust' AND mode = 'day'"
OF_DAY = "SELECT rank, work_key FROM ranking WHERE medium = 'illust' AND mode = 'day' AND date = ? ORDER BY rank"
BEFORE = """
INSERT INTO ranking SELECT account_id, medium, mode, date(date, '-1 day'), 1,
  rank + CASE WHEN rank % 2 THEN 1 ELSE -1 END,
  work_key FROM ranking WHERE medium = 'illust' AND mode = 'day' AND rank <= 10"""
READ = """
INSERT INTO ranking_day SELECT account_id, medium, mode, date(date, '-1 day'), 1, 'complete', 10, read_at
FROM ranking_day WHERE medium = 'illust' AND mode = 'day'"""


def test_a_month_shows_first_places_and_leads_to_the_day(page: Page, gallery: Served) -> None:
    last = ask(gallery.root, LAST)[0][0]
    page.goto("/rankings")
    page.locator(".calendar a").last.click()
    assert page.url.endswith(f"/rankings?mode=day&day={last}")
    ranked = ask(gallery.root, OF_DAY, last)
    assert f"{len(ranked)} places" in page.locator("main").inner_text()
    assert page.locator(".ranks > li").count() == min(60, len(ranked))
    assert page.locator(".ranks .tile a").first.get_attribute("href") == f"/w/{ranked[0][1] >> 1}"
    page.get_by_role("link", name="novels, week").click()
    expect(page.locator(".ranks .tile a[href^='/n/']").first).to_be_visible()


def test_a_day_tells_who_rose_who_fell_who_is_new_and_what_is_not_here(tabs: Tabs, own_gallery: Served) -> None:
    root = own_gallery.root
    ask(root, BEFORE)
    ask(root, READ)
    last = ask(root, LAST)[0][0]
    ranked = ask(root, OF_DAY, last)
    forget(root, "work", ranked[2][1])
    with tabs.looking(own_gallery.url, java_script_enabled=False) as page:
        page.goto(f"/rankings?mode=day&day={last}")
        rows = page.locator(".ranks > li").all_inner_texts()
        assert "▲1" in rows[0]
        assert "▼1" in rows[1]
        assert "You forgot it" in rows[2]
        assert "new" in rows[10]
        page.locator(".turns a[rel=prev]").click()
        assert "The day before is not here" in page.locator("main").inner_text()
        assert page.locator(".ranks > li").count() == 10


def test_hidden_works_are_in_no_ranking_and_nobody_counts_them(own_gallery: Served) -> None:
    root, url = own_gallery.root, own_gallery.url
    last = ask(root, LAST)[0][0]
    ranked = ask(root, OF_DAY, last)
    first = ranked[0][1]
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql("INSERT INTO setting VALUES ('rating', 'hide')"))
    ask(root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", first)
    for address in ("/rankings", f"/rankings?mode=day&day={last}"):
        text = httpx.get(url + address).text
        assert f"{first}-" not in text
        assert f'"/w/{first >> 1}"' not in text
        assert f"{len(ranked)} places" not in text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("day=x", 400), ("month=2026-13", 400), ("month=1e9", 400), ("mode=x", 404), ("medium=x", 404),
        ("day=2001-02-03", 404), ("day=0001-01-01", 404), ("day=2026-11-28&after=x", 400), ("month=1999-01", 200),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_a_sentence(gallery: Served, asked: str, status: int) -> None:
    answer = httpx.get(f"{gallery.url}/rankings?{asked}")
    assert (answer.status_code, "fault of pixmirror" in answer.text) == (status, False)


def test_without_rankings_it_is_said_what_reads_them(own_gallery: Served) -> None:
    ask(own_gallery.root, "DELETE FROM ranking_day")
    assert "No rankings are here" in httpx.get(f"{own_gallery.url}/rankings").text
