"""The reader of pages, in a browser: how they lie, how one turns them, where one was."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from pixmirror.catalogue.gallery.words import put_setting
from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, Tabs
from tests.gallery.readable import TALL, WIDE, ask, longest_manga, place_in, reshape, until


@pytest.fixture
def manga(own_gallery: Served) -> int:
    """A manga of seven pages of which the fifth is wide."""
    work_id, _ = longest_manga(own_gallery.root)
    reshape(own_gallery.root, work_id, [TALL, TALL, TALL, TALL, WIDE, TALL, TALL])
    return work_id


@pytest.fixture
def reader(tabs: Tabs, own_gallery: Served, manga: int) -> Iterator[Page]:
    with reading(tabs, own_gallery, manga) as page:
        yield page


@contextmanager
def reading(
    tabs: Tabs, served: Served, work_id: int, query: str = "", width: int = 1440, **options: Any
) -> Iterator[Page]:
    with tabs.looking(served.url, width, **options) as page:
        page.goto(f"/w/{work_id}/read{query}")
        yield page


def shows(page: Page, *numbers: int) -> None:
    """Hold that these pages lie on the screen, the first one where reading begins."""
    expect(page.locator("#spread")).to_have_attribute("data-shown", " ".join(map(str, numbers)))
    lying = page.locator("#leaves img").evaluate_all(
        """all => all.map(one => [one.alt, one.getBoundingClientRect().x])"""
    )
    order = sorted(
        lying, key=lambda one: one[1], reverse=page.locator("#spread").get_attribute("data-dir") == "rtl"
    )
    assert [alt for alt, _ in order] == [f"Page {number}" for number in numbers]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_pages_lie_in_pairs_from_right_to_left_and_wide_ones_alone(reader: Page) -> None:
    shows(reader, 1)
    for numbers in ((2, 3), (4,), (5,), (6, 7)):
        press(reader, "ArrowLeft")
        shows(reader, *numbers)
    expect(reader.locator("#said")).to_have_text("6–7 of 7")
    press(reader, "ArrowRight")
    shows(reader, 5)


def test_the_counting_of_pairs_is_shifted_where_one_is(reader: Page) -> None:
    press(reader, "o")
    shows(reader, 1, 2)
    press(reader, "ArrowLeft")
    shows(reader, 3, 4)
    press(reader, "End")
    shows(reader, 6, 7)
    press(reader, "o")
    shows(reader, 7)
    press(reader, "ArrowRight")
    shows(reader, 6)
    press(reader, "Home", "o")
    shows(reader, 1)


def test_from_left_to_right_the_other_arrow_goes_on_and_space_always_does(
    reader: Page, own_gallery: Served
) -> None:
    expect(reader.locator("#seek")).to_have_attribute("dir", "rtl")
    with reader.expect_response(lambda answer: answer.request.method == "POST"):
        press(reader, "r")
    expect(reader.locator("#seek")).to_have_attribute("dir", "ltr")
    press(reader, "ArrowRight")
    shows(reader, 2, 3)
    press(reader, "Space")
    shows(reader, 4)
    press(reader, "Shift+Space")
    shows(reader, 2, 3)
    expect(reader).to_have_url(re.compile(r"p=2$"))
    reader.reload()
    expect(reader.locator("[name=direction][value=rtl]")).to_be_visible()  # it was kept
    shows(reader, 2, 3)


def test_a_third_of_the_screen_on_each_side_turns(reader: Page) -> None:
    reader.mouse.click(100, 450)
    shows(reader, 2, 3)
    reader.mouse.click(1300, 450)
    shows(reader, 1)


def test_what_was_asked_to_be_shown_is_so_behind_the_edges_too(
    tabs: Tabs, own_gallery: Served, manga: int
) -> None:
    with reading(tabs, own_gallery, manga, "?show") as page:
        shows(page, 1)
        expect(page.locator(".zone.l")).to_have_attribute("href", re.compile(r"\?p=2&show$"))
        press(page, "ArrowLeft")
        expect(page.locator(".zone.r")).to_have_attribute("href", re.compile(r"\?p=1&show$"))
        press(page, "End")
        expect(page.locator(".zone.l")).to_have_attribute("href", "#end")


def test_a_swipe_turns_as_one_turns_a_page(tabs: Tabs, own_gallery: Served, manga: int) -> None:
    with reading(tabs, own_gallery, manga, width=360) as page:
        shows(page, 1)
        page.mouse.move(120, 400)
        page.mouse.down()
        page.mouse.move(260, 405, steps=4)
        page.mouse.up()
        shows(page, 2)


def test_an_upright_window_shows_one_page(tabs: Tabs, own_gallery: Served, manga: int) -> None:
    with reading(tabs, own_gallery, manga, "?p=2", 360) as page:
        shows(page, 2)
        page.set_viewport_size({"width": 1200, "height": 800})
        shows(page, 2, 3)
        press(page, "d")
        shows(page, 2)


def test_the_place_is_kept_over_a_reload_and_for_the_next_time(
    reader: Page, own_gallery: Served, manga: int
) -> None:
    press(reader, "o", "ArrowLeft")
    shows(reader, 3, 4)
    expect(reader).to_have_url(f"{own_gallery.url}/w/{manga}/read?p=3")
    reader.reload()
    shows(reader, 3, 4)
    reader.goto("/works")
    assert place_in(own_gallery.root, manga * 2) == (2, "shifted:0")
    reader.goto(f"/w/{manga}/read")
    shows(reader, 3, 4)


def test_the_slider_says_where_it_goes_and_goes_there_at_rest(reader: Page) -> None:
    reader.locator("#seek").fill("5")
    expect(reader.locator("#said")).to_have_text("5 of 7")
    shows(reader, 5)


def test_a_spread_is_never_shown_by_half(reader: Page) -> None:
    shows(reader, 1)
    page_six = reader.evaluate("JSON.parse(document.querySelector('#reading').textContent).pages[5][0]")
    held: list[Route] = []
    reader.route(f"**{page_six}", lambda route: held.append(route))
    reader.reload()  # whenever it is asked for, it does not come
    shows(reader, 1)
    press(reader, "End")
    expect(reader.locator("#seek")).to_have_value("6")
    for _ in range(500):
        if not held:
            reader.wait_for_timeout(20)
    assert held
    assert reader.locator("#leaves img").evaluate_all("all => all.map(one => one.alt)") == ["Page 1"]
    for route in held:
        route.continue_()
    shows(reader, 6, 7)


def test_a_page_that_is_wider_than_was_thought_is_put_alone_and_the_reader_stays_where_it_is(
    tabs: Tabs, own_gallery: Served, manga: int
) -> None:
    ask(
        own_gallery.root, "UPDATE work SET width = 900 WHERE work_key = ?", manga * 2
    )  # what the list said of page 1
    with reading(tabs, own_gallery, manga, "?p=3") as page:
        page.wait_for_load_state("networkidle")  # page 1 is loaded beside the one that is shown, and measured
        press(page, "o")
        shows(page, 3, 4)
        press(page, "o")
        shows(page, 2, 3)


def test_pages_ahead_are_loaded_and_those_far_away_are_let_go(reader: Page) -> None:
    sources = reader.evaluate(
        "JSON.parse(document.querySelector('#reading').textContent).pages.map(one => one[0])"
    )
    loaded = "() => performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)"
    until(reader, f"all => all.every(one => ({loaded})().includes(one))", sources[:4])
    assert sources[6] not in reader.evaluate(loaded)


def test_after_the_last_page_a_card_says_what_comes_next(reader: Page, own_gallery: Served, manga: int) -> None:
    press(reader, "End", "ArrowLeft")
    card = reader.locator("#end")
    expect(card).to_be_visible()
    expect(card.get_by_role("link", name="Back to the work")).to_have_attribute("href", f"/w/{manga}")
    press(reader, "ArrowRight")
    expect(card).to_be_hidden()
    shows(reader, 6, 7)


def next_of_a_series(served: Served, manga: int) -> int:
    """Make a series of a manga and a later one; return the id of that."""
    (other,) = ask(
        served.root, "SELECT work_key FROM work WHERE type = 'manga' AND work_key > ? ORDER BY 1", manga * 2
    )[:1]
    ask(served.root, "INSERT INTO series VALUES (84, NULL, '連載', NULL, 0)")
    ask(served.root, "UPDATE work SET series_key = 84 WHERE work_key IN (?, ?)", manga * 2, other[0])
    return int(other[0]) >> 1


def test_the_next_of_the_series_is_offered(tabs: Tabs, own_gallery: Served, manga: int) -> None:
    other = next_of_a_series(own_gallery, manga)
    with reading(tabs, own_gallery, manga, "?p=7") as page:
        press(page, "ArrowLeft")
        page.get_by_role("link", name="Read the next").click()
        expect(page).to_have_url(f"{own_gallery.url}/w/{other}/read?p=1")


def test_the_card_veils_or_hides_the_next_of_the_series_as_the_settings_say(
    tabs: Tabs, own_gallery: Served, manga: int
) -> None:
    other = next_of_a_series(own_gallery, manga)
    ask(own_gallery.root, "UPDATE work SET x_restrict = 1, title = '次の話' WHERE work_key = ?", other * 2)
    with reading(tabs, own_gallery, manga, "?p=7") as page:
        for wanted, tiles, veiled in (("show", 1, 0), ("veil", 1, 1), ("hide", 0, 0)):
            own_gallery.gallery.own.run_sync(put_setting, "rating", wanted)
            page.reload()
            expect(page.locator("#end .tile")).to_have_count(tiles)
            expect(page.locator("#end .tile.veil")).to_have_count(veiled)
        expect(page.locator("#end")).not_to_contain_text("次の話")


def test_a_page_without_a_file_says_why_and_is_no_broken_picture(
    tabs: Tabs, own_gallery: Served, manga: int
) -> None:
    ask(
        own_gallery.root,
        "UPDATE media SET state = 'wanted', sha256 = NULL WHERE owner_id = ? AND idx = 1",
        manga * 2,
    )
    with reading(tabs, own_gallery, manga, "?p=2", 360) as page:
        expect(page.locator("#leaves")).to_contain_text("Page 2 is not here")
        expect(page.locator("#leaves")).to_contain_text("Still to be fetched")
        assert page.locator("#leaves img").count() == 0


def test_the_list_of_pages_leads_to_any(reader: Page) -> None:
    press(reader, "t")
    link = reader.locator("#pages li").nth(4).get_by_role("link")
    expect(link.locator("img")).to_be_visible()
    link.click()
    shows(reader, 5)
    expect(reader.locator("#pages")).to_be_hidden()


def test_where_single_keys_are_off_only_escape_is_the_readers(reader: Page) -> None:
    shows(reader, 1)
    reader.evaluate("localStorage.setItem('keys', 'off')")
    press(reader, "ArrowLeft", "ArrowRight", " ", "End", "t")
    assert not reader.locator(".reader.listed").count()
    shows(reader, 1)
    reader.evaluate("localStorage.removeItem('keys')")
    press(reader, "t")
    expect(reader.locator(".reader.listed")).to_have_count(1)


def test_keys_with_ctrl_and_in_a_dialog_are_not_the_readers(reader: Page) -> None:
    shows(reader, 1)
    press(reader, "Control+ArrowLeft", "Alt+o")
    press(reader, "?", "ArrowLeft")
    shows(reader, 1)


def test_as_a_strip_all_pages_hang_below_each_other_and_the_place_is_the_page_at_the_eye(
    reader: Page, own_gallery: Served, manga: int
) -> None:
    shows(reader, 1)
    reader.get_by_role("button", name="Strip").click()
    pages = reader.locator(".column img")
    expect(pages).to_have_count(7)
    tops = pages.evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert tops == sorted(tops)
    pages.nth(5).scroll_into_view_if_needed()
    reader.evaluate("document.querySelector('#p6').scrollIntoView()")
    expect(reader).to_have_url(f"{own_gallery.url}/w/{manga}/read?p=6")
    reader.reload()
    expect(pages.nth(5)).to_be_in_viewport()
    reader.get_by_role("button", name="Pages").click()
    shows(reader, 6, 7)


def test_without_javascript_links_turn_the_pages(tabs: Tabs, own_gallery: Served, manga: int) -> None:
    with reading(tabs, own_gallery, manga, "?p=6", java_script_enabled=False) as page:
        picture = page.locator("#leaves img")
        expect(picture).to_have_attribute("alt", "Page 6")
        page.get_by_role("link", name="Next page").click(position={"x": 100, "y": 300})
        expect(picture).to_have_attribute("alt", "Page 7")
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("#end")).to_be_visible()
        page.get_by_role("link", name="Back to the work")
        page.goto(f"/w/{manga}/read?p=3")
        page.get_by_role("button", name="Strip").click()
        expect(page.locator(".column img")).to_have_count(7)


END = ("End", "ArrowLeft")


@pytest.mark.parametrize(
    ("keys", "width"),
    [
        ((), 1440),
        (("t",), 360),
        (END, 1440),
        *(pytest.param(*of, marks=pytest.mark.long) for of in (((), 360), (("t",), 1440), (END, 360))),
    ],
    ids=str,
)
def test_a_reader_is_accessible(
    tabs: Tabs, own_gallery: Served, manga: int, width: int, keys: tuple[str, ...]
) -> None:
    with reading(tabs, own_gallery, manga, width=width) as page:
        shows(page, 1)
        press(page, *keys)
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("address", ["/w/1/read", "/w/999999999/read", "/w/0/read"])
def test_what_is_not_here_is_told_in_a_sentence(tabs: Tabs, gallery: Served, address: str) -> None:
    with tabs.looking(gallery.url) as page:
        answer = page.request.get(f"{gallery.url}{address}")
        assert answer.status == 404
        assert "Traceback" not in answer.text()
