"""The works as a browser shows them."""

from playwright.sync_api import Page

from tests.gallery.accessible import faults


def test_all_works_are_shown_as_pictures_that_lead_to_their_pages(page: Page) -> None:
    page.goto("/works")
    tiles = page.locator(".tile a")
    assert tiles.count() > 20
    assert tiles.first.get_attribute("href").startswith(("/w/", "/n/"))  # type: ignore[union-attr]
    assert faults(page) == []
