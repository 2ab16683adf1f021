"""The works as a browser shows them: filters, and all of it without JavaScript."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from pixmirror.gallery import listing
from pixmirror.reports.units import Unit
from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, Tabs


@pytest.fixture(params=[pytest.param(1440, marks=pytest.mark.long), 360], ids=["wide", "phone"])
def plain(request: pytest.FixtureRequest, tabs: Tabs, gallery: Served) -> Iterator[Page]:
    """A page without JavaScript."""
    with tabs.looking(gallery.url, request.param, java_script_enabled=False) as opened:
        yield opened


def test_all_works_are_shown_as_pictures_that_lead_to_their_pages(page: Page) -> None:
    page.goto("/works")
    tiles = page.locator(".tile a")
    expect(tiles.first).to_be_visible()
    assert tiles.count() > 20
    assert tiles.first.get_attribute("href").startswith(("/w/", "/n/"))  # type: ignore[union-attr]
    assert faults(page) == []


def test_without_javascript_links_lead_through_all_works(plain: Page, gallery: Served) -> None:
    plain.goto("/works")
    seen = []
    while True:
        seen += [tile.get_attribute("href") for tile in plain.locator(".tile a").all()]
        older = plain.get_by_role("link", name="Older")
        if not older.count():
            break
        older.click()
    assert len(seen) == len(set(seen)) > 60
    assert plain.get_by_role("link", name="Newest").count() == 1


def test_without_javascript_a_menu_filters_and_a_chip_takes_that_back(plain: Page) -> None:
    plain.goto("/works")
    plain.get_by_role("button", name="Type").click()
    plain.get_by_role("link", name="Novel", exact=True).click()
    assert plain.url.endswith("/works?type=novel")
    assert {tile.get_attribute("href")[:3] for tile in plain.locator(".tile a").all()} == {"/n/"}  # type: ignore[index]
    plain.get_by_role("button", name="Tag").click()
    plain.get_by_label("Tag", exact=True).fill("-オリジナル")
    plain.get_by_role("button", name="Show").click()
    plain.get_by_role("link", name="type novel, remove").click()
    plain.get_by_role("link", name="not tag オリジナル, remove").click()
    assert plain.url.endswith("/works")


def test_an_artist_is_asked_for_by_name(plain: Page, gallery: Served) -> None:
    name = httpx.get(f"{gallery.url}/works/d/all?a=0&b=1").json()["works"][0][4]
    plain.goto("/works")
    plain.get_by_role("button", name="Artist").click()
    plain.get_by_label("Artist", exact=True).fill(name)
    plain.get_by_role("button", name="Show").click()
    expect(plain.get_by_role("link", name=f"artist {name}, remove")).to_be_visible()
    labels = [tile.get_attribute("aria-label") for tile in plain.locator(".tile a[aria-label]").all()]
    assert labels
    assert all(f", by {name}" in str(label) for label in labels)


def test_filters_that_leave_nothing_say_which_one_to_drop(page: Page) -> None:
    page.goto("/works?type=manga&tag=zzz")
    expect(page.get_by_role("heading", name="Nothing matches all of these")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Without “tag zzz”").click()
    assert page.url.endswith("/works?type=manga")
    expect(page.locator(".tile").first).to_be_visible()


@pytest.mark.parametrize(
    ("asked", "status"),
    [("type=film", 400), ("at=!", 400), ("artist=nobody+at+all", 404), ("posted=2024-13", 400)],
)
def test_nonsense_in_an_address_is_told_in_a_sentence(gallery: Served, asked: str, status: int) -> None:
    answer = httpx.get(f"{gallery.url}/works?{asked}")
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_one_view_has_one_address(gallery: Served) -> None:
    answer = httpx.get(f"{gallery.url}/works?tag=%E5%A4%9C&type=manga&rating=show&x=1&tag=&order=posted")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/works?type=manga&tag=%E5%A4%9C"


def test_parts_of_the_grid_are_told_as_numbers_and_words(gallery: Served) -> None:
    with httpx.Client(base_url=gallery.url) as client:
        assert client.get("/works/b/all").json()["first"] == 0
        told = client.get("/works/d/all?a=3&b=5").json()
        assert told["first"] == 3
        assert len(told["works"]) == 2
        assert client.get("/works/new?since=0").json()["new"] > 60
        assert client.get("/works/b/9999-12-31").json()["works"] == []
        for wrong in (
            "/works/b/2019-13",
            "/works/d/9999-12-32",
            "/works/b/all?f=2",
            "/works/d/all?a=5&b=3",
            "/works/d/all?a=x",
        ):
            assert client.get(wrong).status_code == 400


def test_a_part_without_dates_is_called_by_the_works_that_it_holds(gallery: Served) -> None:
    data = re.search(r'id="grid-data">(.*?)</script>', httpx.get(f"{gallery.url}/works?order=popular").text)
    assert data is not None
    [[name, n, _, words]] = json.loads(data[1])["units"]
    assert (name, words) == ("r0", f"1 to {n}")
    parts = [Unit("r0", 1000, 1), Unit("r1", 1000, 1), Unit("r2", 1, 1)]
    assert [one[3] for one in listing.units_data(parts)] == ["1 to 1,000", "1,001 to 2,000", "2,001"]
