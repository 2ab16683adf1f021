"""Keys, selection and slideshow of the grid."""

import re
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, Tabs
from tests.gallery.gridded import drawn
from tests.gallery.readable import until

FOCUSED = "document.activeElement.getAttribute('href')"


@pytest.fixture
def looked_at(of_many: Served) -> Served:
    return of_many


@pytest.fixture
def phone(tabs: Tabs, of_many: Served) -> Iterator[Page]:
    with tabs.looking(of_many.url, 360, has_touch=True, is_mobile=True) as opened:
        yield opened


def box(page: Page) -> dict[str, float]:
    """Return where the focused picture lies."""
    found: dict[str, float] = page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
    return found


def press(page: Page, key: str) -> str:
    """Press a key that moves the focus. Return where it was before."""
    before = page.evaluate(FOCUSED)
    page.keyboard.press(key)
    until(page, f"before => {FOCUSED} !== before", before)
    return str(before)


def test_arrows_go_by_geometry_across_months_and_tab_has_one_stop(wide: Page) -> None:
    wide.goto("/works")
    seen = drawn(wide)
    assert wide.locator(".vgrid [tabindex='0']").count() == 1
    assert wide.locator(".vgrid .tile :is(a, input):not([tabindex])").count() == 0
    press(wide, "ArrowRight")
    assert wide.evaluate(FOCUSED) == seen[0][0]
    press(wide, "ArrowRight")
    assert wide.evaluate(FOCUSED) == seen[1][0]
    months = {wide.evaluate("document.activeElement.closest('section').textContent.slice(0, 3)")}
    aim = box(wide)["left"] + box(wide)["width"] / 2
    for _ in range(14):
        press(wide, "ArrowDown")
        now = box(wide)
        assert now["left"] - 5 <= aim <= now["right"] + 5
        assert now["bottom"] <= 901
        months.add(wide.evaluate("document.activeElement.closest('section').textContent.slice(0, 3)"))
    assert len(months) > 2
    assert press(wide, "ArrowUp") != press(wide, "k")
    wide.keyboard.press("Enter")
    wide.wait_for_url("**/*/1*")


def test_who_comes_back_from_a_work_is_at_its_picture(wide: Page) -> None:
    wide.goto("/works")
    drawn(wide)
    for _ in range(3):
        press(wide, "ArrowRight")
    left = wide.evaluate(FOCUSED)
    wide.keyboard.press("Enter")
    wide.wait_for_url(f"**{left}")
    wide.go_back(wait_until="commit")
    until(wide, f"left => {FOCUSED} === left", left)


def test_the_focus_stays_when_its_row_is_scrolled_away_and_an_arrow_brings_it_back(wide: Page) -> None:
    wide.goto("/works")
    drawn(wide)
    press(wide, "l")
    focused = wide.evaluate(FOCUSED)
    wide.mouse.move(700, 500)
    for _ in range(8):
        wide.mouse.wheel(0, 1500)
    until(wide, "() => scrollY > 9000")
    drawn(wide)
    assert wide.evaluate(FOCUSED) == focused
    press(wide, "ArrowDown")
    until(wide, "() => scrollY < 900")
    assert 100 < box(wide)["top"] < 900


def test_brackets_go_by_months_and_end_to_the_oldest_work(wide: Page) -> None:
    wide.goto("/works?at=2019-07")
    drawn(wide)
    wide.keyboard.press("]")
    expect(wide.locator("#here")).to_have_text("June 2019")
    wide.keyboard.press("[")
    expect(wide.locator("#here")).to_have_text("July 2019")
    press(wide, "l")
    press(wide, "End")
    assert "Without a date" in wide.evaluate("document.activeElement.closest('section').textContent")
    press(wide, "Home")
    assert "November 2025" in wide.evaluate("document.activeElement.closest('section').textContent")
    until(wide, "() => scrollY === 0")


def test_a_selection_outlives_its_tiles_and_takes_ranges(wide: Page) -> None:
    wide.goto("/works?type=picture")
    drawn(wide)
    press(wide, "l")
    first = wide.evaluate(FOCUSED)
    wide.keyboard.press("x")
    bar = wide.get_by_role("toolbar", name="Chosen works")
    expect(bar).to_contain_text("1 selected")
    press(wide, "]")
    press(wide, "]")
    drawn(wide)
    assert wide.locator(f".vgrid a[href='{first}']").count() == 0
    wide.keyboard.press("Shift+X")
    until(wide, "() => Number(document.querySelector('#chosen-n').textContent) > 20")
    press(wide, "Home")
    drawn(wide)
    expect(wide.locator(f".vgrid li:has(a[href='{first}'])")).to_have_class("tile picked")
    assert faults(wide) == []
    wide.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    assert wide.locator(".picked").count() == 0


def test_what_is_selected_is_exported_and_asked_about_before_it_is_forgotten(wide: Page) -> None:
    wide.goto("/works?type=picture")
    drawn(wide)
    wide.get_by_role("button", name="Select", exact=True).click()
    for tile in (0, 2):
        wide.locator(".vgrid .tile a").nth(tile).click()
    expect(wide.locator("#chosen-n")).to_have_text("2")
    with wide.expect_download() as download:
        wide.get_by_role("button", name="Export").click()
    with zipfile.ZipFile(download.value.path()) as packed:
        assert len(packed.namelist()) >= 1
    wide.get_by_role("button", name="Forget").click()
    expect(wide.get_by_role("heading", level=1)).to_contain_text("2")
    assert faults(wide) == []
    wide.go_back(wait_until="commit")
    drawn(wide)


def test_a_collection_is_made_of_a_selection_and_taken_back(wide: Page) -> None:
    wide.goto("/works?at=2019-07")
    drawn(wide)
    press(wide, "l")
    wide.keyboard.press("x")
    press(wide, "l")
    wide.keyboard.press("x")
    wide.get_by_role("toolbar", name="Chosen works").get_by_role("button", name="Collect").click()
    wide.get_by_label("New collection").fill("夏")
    wide.keyboard.press("Enter")
    expect(wide.get_by_text("2 works collected as “夏”.")).to_be_visible()
    assert "at=2019-07" in wide.url


def test_works_are_selected_without_javascript_too(tabs: Tabs, of_many: Served) -> None:
    with tabs.looking(of_many.url, java_script_enabled=False) as plain:
        plain.goto("/works?type=picture")
        plain.locator(".flow .pick").nth(1).check()
        plain.locator(".flow .pick").nth(2).check()
        bar = plain.get_by_role("toolbar", name="Chosen works")
        with plain.expect_download() as download:
            bar.get_by_role("button", name="Export").click()
        assert download.value.suggested_filename == "pixmirror-2-works.zip"
        bar.get_by_role("button", name="Rate").click()
        plain.get_by_role("button", name="3 stars").click()
        expect(plain.get_by_text("2 works: 3 stars.")).to_be_visible()


def test_a_finger_that_rests_selects_and_then_taps_select(phone: Page) -> None:
    phone.goto("/works")
    drawn(phone)
    touch = phone.context.new_cdp_session(phone)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 100, "y": 300}]})
    expect(phone.locator("#chosen-n")).to_have_text("1")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.touchscreen.tap(100, 450)
    expect(phone.locator("#chosen-n")).to_have_text("2")
    assert "/works" in phone.url
    until(phone, "() => document.documentElement.scrollWidth <= innerWidth")
    assert faults(phone) == []


def test_on_a_phone_a_handle_leads_through_the_months_without_a_jump(phone: Page) -> None:
    phone.goto("/works")
    drawn(phone)
    phone.evaluate("scrollBy(0, 4000)")
    drawn(phone)
    handle = "document.querySelector('.scrub .now').getBoundingClientRect().top"
    top = phone.evaluate(handle)
    touch = phone.context.new_cdp_session(phone)
    for step in range(6):
        points = [{"x": 346, "y": top + 30 + step * 60}]
        touch.send(
            "Input.dispatchTouchEvent", {"type": "touchMove" if step else "touchStart", "touchPoints": points}
        )
        phone.wait_for_timeout(60)
        if not step:
            assert phone.evaluate(handle) == pytest.approx(top, abs=2)
    expect(phone.locator(".scrub .bub")).to_contain_text("20")
    assert phone.locator(".scrub .yr").first.evaluate("year => year.offsetWidth > year.offsetHeight")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.wait_for_url(re.compile("at=20(1|20)"))
    drawn(phone)


def test_next_and_previous_on_a_work_follow_the_grid(wide: Page) -> None:
    wide.goto("/works?type=picture&at=2019-07")
    seen = drawn(wide)
    wide.locator(f".vgrid a[href='{seen[2][0]}']").click()
    wide.wait_for_url(f"**{seen[2][0]}")
    wide.keyboard.press("n")
    wide.wait_for_url(f"**{seen[3][0]}")


def test_a_slideshow_goes_on_pauses_and_ends_at_the_last_picture(wide: Page) -> None:
    wide.goto("/works?type=picture&rating=veil&at=2019-07")
    drawn(wide)
    wide.keyboard.press("s")
    show = wide.get_by_role("dialog", name="Slideshow")
    expect(show.get_by_role("img")).to_be_visible()
    first = show.get_by_role("link").get_attribute("href")
    assert faults(wide) == []
    show.get_by_role("button", name="Pause").click()
    wide.keyboard.press("ArrowRight")
    expect(show.get_by_role("link")).not_to_have_attribute("href", str(first))
    second = show.get_by_role("link").get_attribute("href")
    wide.keyboard.press("Escape")
    until(wide, f"second => {FOCUSED} === second", second)


def test_what_came_in_meanwhile_waits_behind_a_button(wide: Page) -> None:
    def news(route: Route) -> None:
        route.fulfill(json={"new": 12})

    wide.route("**/works/new?*", news)
    wide.goto("/works?type=manga&at=2019-07")
    drawn(wide)
    wide.evaluate("dispatchEvent(new Event('visibilitychange'))")
    wide.get_by_role("link", name="12 new").click()
    wide.wait_for_url("**/works?type=manga")
