"""The series and one series as a browser shows them: in order, with what is not here by name."""

import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from pixmirror.catalogue.payloads import canonical, pack_text
from pixmirror.reports.series import Told
from pixmirror.reports.series_page import Missing, _entries, in_order
from tests.gallery.conftest import Served, Tabs
from tests.gallery.readable import ask, forget

SERIES = "SELECT series_key, count(*) FROM work WHERE series_key & 1 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
OF_SERIES = "SELECT work_key FROM work WHERE series_key = ? ORDER BY work_key"


def test_series_are_listed_and_each_count_leads_to_the_works_it_counts(page: Page, gallery: Served) -> None:
    page.goto("/series")
    assert page.locator(".people > li").count() == ask(gallery.root, "SELECT count(*) FROM series")[0][0]
    count = page.locator(".people a[href^='/works?series=']").first
    works = (count.text_content() or "").split()[0]
    address = page.locator(".people a[href^='/series/']").first.get_attribute("href") or ""
    count.click()
    assert page.locator("#here-n").text_content() == works
    page.goto(address)
    assert page.locator("ol.flow > .tile").count() == int(works)


def test_the_page_of_an_artist_leads_to_their_series(gallery: Served) -> None:
    user, key, works = ask(
        gallery.root,
        "SELECT user_id, series_key, count(*) FROM work WHERE series_key IS NOT NULL GROUP BY 2 LIMIT 1",
    )[0]
    text = httpx.get(f"{gallery.url}/a/{user}").text
    assert f'href="/series/{"n" if key & 1 else ""}{key >> 1}"' in text
    assert f"<small>{works}</small>" in text


def test_a_work_that_is_not_here_has_its_place_its_name_and_its_reason(tabs: Tabs, own_gallery: Served) -> None:
    root = own_gallery.root
    key, n = ask(root, SERIES)[0]
    first, second, *_ = (k for (k,) in ask(root, OF_SERIES, key))
    _says(root, second, {"seriesId": key >> 1, "seriesNavigation": {
        "prevNovel": {"id": 1, "title": "<b>lost", "contentOrder": "1"},
        "nextNovel": {"id": first >> 1, "title": "x", "contentOrder": "5"},
    }})  # fmt: skip
    with tabs.looking(own_gallery.url, java_script_enabled=False) as page:
        page.goto(f"/series/n{key >> 1}")
        gaps = page.locator(".gap").all_inner_texts()
        assert "<b>lost" in gaps[0]
        assert "No job has seen it" in gaps[0]
        assert "3 to 4" in gaps[1]
        assert "Not in this mirror" in gaps[1]
        numbers = page.locator("ol.flow .bd.bl").all_inner_texts()
        assert numbers[:2] == ["2", "5"]
        forget(root, "work", first)
        page.reload()
        assert "You forgot it" in page.locator(".gap").last.inner_text()
        assert page.locator(".tile").count() == n - 1


def test_a_work_that_pixiv_names_and_that_is_here_is_not_called_unseen_nor_lost(own_gallery: Served) -> None:
    root = own_gallery.root
    key, _ = ask(root, SERIES)[0]
    first, second, *_ = (k for (k,) in ask(root, OF_SERIES, key))
    other = {"id": second >> 1, "title": "elsewhere", "contentOrder": "2"}
    _says(root, first, {"seriesId": key >> 1, "seriesNavigation": {"prevNovel": None, "nextNovel": other}})
    address = f"{own_gallery.url}/series/n{key >> 1}"
    for state in ("live", "deleted"):
        ask(root, "UPDATE work SET series_key = NULL, state = ? WHERE work_key = ?", state, second)
        text = httpx.get(address).text
        assert f'href="/n/{second >> 1}"' in text
        assert "In this mirror, but what Pixiv said of it names another series, or none" in text
        assert "before it could be saved" not in text
    ask(root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", second)
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql("INSERT INTO setting VALUES ('rating', 'hide')"))
    assert "elsewhere" not in httpx.get(address).text


def test_a_work_of_which_only_the_id_is_known_is_said_to_be_asked_for(own_gallery: Served) -> None:
    root = own_gallery.root
    key, _ = ask(root, SERIES)[0]
    first, second, *_ = (k for (k,) in ask(root, OF_SERIES, key))
    other = {"id": second >> 1, "title": "a stub", "contentOrder": "2"}
    _says(root, first, {"seriesId": key >> 1, "seriesNavigation": {"prevNovel": None, "nextNovel": other}})
    ask(root, "UPDATE work SET user_id = NULL, title = '' WHERE work_key = ?", second)
    text = httpx.get(f"{own_gallery.url}/series/n{key >> 1}").text
    assert "Not here yet: Pixiv is still to be asked for it" in text
    text = httpx.get(f"{own_gallery.url}/n/{first >> 1}/read").text
    assert '“<span lang="en">a stub</span>”, is not in this mirror.' in text


def _says(root: Any, key: int, answer: dict[str, Any]) -> None:
    """Have the website say this of a work of a series, and of no other one."""
    ask(root, "DELETE FROM payload WHERE endpoint IN ('web', 'webview')")
    sql = """INSERT INTO payload (owner_kind, owner_id, endpoint, digest, codec, body, seen_at)
    VALUES ('work', ?, 'webview', x'00', 1, ?, 1)"""
    ask(root, sql, key, pack_text(canonical(json.loads(json.dumps(answer)))))


def test_reading_goes_on_where_it_stopped(tabs: Tabs, own_gallery: Served) -> None:
    key, _ = ask(own_gallery.root, SERIES)[0]
    *_, last = (k for (k,) in ask(own_gallery.root, OF_SERIES, key))
    sql = "INSERT INTO place (work_key, page, updated_at) VALUES (?, 0, 1)"
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql(sql, (last,)))
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/series/n{key >> 1}")
        page.get_by_role("link", name="Go on with").click()
        expect(page).to_have_url(re.compile(f"/n/{last >> 1}/read"))


def test_hidden_works_of_a_series_leave_no_gap_and_a_series_of_them_is_not_there(own_gallery: Served) -> None:
    root, url = own_gallery.root, own_gallery.url
    key, n = ask(root, SERIES)[0]
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql("INSERT INTO setting VALUES ('rating', 'hide')"))
    middle = [k for (k,) in ask(root, OF_SERIES, key)][1]
    ask(root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", middle)
    text = httpx.get(f"{url}/series/n{key >> 1}").text
    assert f"{n - 1} works</a>" in text or "1 work</a>" in text
    assert f'"/n/{middle >> 1}"' not in text
    assert 'class="gap"' not in text
    ask(root, "UPDATE work SET x_restrict = 1 WHERE series_key = ?", key)
    assert httpx.get(f"{url}/series/n{key >> 1}").status_code == 404
    assert f"/series/n{key >> 1}" not in httpx.get(f"{url}/series").text


@pytest.mark.parametrize("path", ["/series/x", "/series/0", "/series/999999999", "/series/n1%00"])
def test_a_series_that_is_not_here_is_said_to_be_none(gallery: Served, path: str) -> None:
    assert httpx.get(gallery.url + path).status_code == 404


def test_a_kind_that_no_series_is_of_is_refused(gallery: Served) -> None:
    assert httpx.get(f"{gallery.url}/series?type=x").status_code == 400
    assert "No more series" in httpx.get(f"{gallery.url}/series?type=manga&after=1").text


def test_works_stand_by_number_and_one_without_follows_the_one_posted_before_it() -> None:
    assert in_order([2, 4, 6, 8], {2: Told(3), 6: Told(1)}) == [6, 8, 2, 4]
    assert list(_entries([], {}, {9: Missing(9, 9, "why")}, None, is_last=True)) == []
