"""Coming in by a browser: by the key, by the password, with and without JavaScript, and going out again."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from pixmirror.gallery.login import password_hash
from tests.gallery.accessible import faults
from tests.gallery.conftest import CHROMIUM, QUIET, Mirrored, Served, copied, looking, serving

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def guarded(mirrored: Mirrored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gallery with a password, that other machines may know as nas.test."""
    root = copied(mirrored.root, tmp_path_factory.mktemp("guarded") / "root")
    with serving(root, password_hash(PASSWORD), hosts=("nas.test",)) as served:
        yield served


@pytest.mark.parametrize("width", [1440, 360])
def test_the_password_opens_what_was_asked_for(browser: Browser, guarded: Served, width: int) -> None:
    with looking(browser, guarded.url, width) as page:
        page.goto("/works?order=arrived")
        field = page.get_by_label("Password")
        expect(field).to_be_focused()
        assert faults(page) == []
        field.fill(PASSWORD)
        field.press("Enter")
        page.wait_for_url("**/works?order=arrived")
        expect(page.locator(".tile").first).to_be_visible()


def test_a_wrong_password_is_said_at_the_field(browser: Browser, guarded: Served) -> None:
    with looking(browser, guarded.url, fails=("/login",)) as page:
        page.goto("/login")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        field = page.get_by_label("Password")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description("That is not it.")
        assert faults(page) == []


def test_a_form_without_javascript_works_on_an_address_of_the_network(guarded: Served, browser: Browser) -> None:
    """There browsers send no Sec-Fetch-Site, as it is no place that they trust; the Origin of the form counts."""
    port = urlsplit(guarded.url).port
    url = f"http://nas.test:{port}"
    rules = "--host-resolver-rules=MAP nas.test 127.0.0.1"
    network = browser.browser_type.launch(executable_path=str(CHROMIUM), args=[*QUIET, rules])
    try:
        with looking(network, url, java_script_enabled=False) as page:
            page.goto("/works")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/works")
            assert page.locator(".tile").count() > 20
            assert [cookie["sameSite"] for cookie in page.context.cookies()] == ["Strict"]
    finally:
        network.close()


def test_a_key_opens_it_and_no_address_keeps_it(own_root: Path, browser: Browser) -> None:
    with (
        serving(own_root, require_key=True) as served,
        looking(browser, served.url, fails=("/", "/works", "/nothing")) as page,
    ):
        page.goto("/works")
        expect(page.get_by_role("heading")).to_have_text("This gallery opens by a key.")
        expect(page.locator("code")).to_have_text("pixmirror gallery --address")
        assert faults(page) == []
        key = served.gallery.keys.make()
        page.goto(f"/?key={key}")
        assert page.url == f"{served.url}/"
        page.goto("/works")
        expect(page.locator(".tile").first).to_be_visible()
        assert page.evaluate("document.cookie") == ""
        page.goto("/nothing")
        expect(page.get_by_role("heading")).to_have_text("There is no such page.")
        assert faults(page) == []
