"""The grid in a browser: months laid out by their summaries, a place that is kept, the rail of months."""

import re
from itertools import pairwise

import httpx
import pytest
from playwright.sync_api import Page, expect

from pixmirror.gallery.app import STATIC
from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, Tabs
from tests.gallery.gridded import SEEN, Seen, drawn, rest
from tests.gallery.readable import until


@pytest.fixture
def looked_at(of_many: Served) -> Served:
    return of_many


def deep(page: Page) -> list[Seen]:
    """Go deep into the grid by the rail's keys, and a little on. Return what is seen there."""
    page.goto("/works")
    drawn(page)
    page.locator("#scrub").focus()
    for _ in range(4):
        page.keyboard.press("PageDown")
    page.mouse.move(180, 400)
    page.mouse.wheel(0, 333)
    page.wait_for_url(re.compile("at=2021-"))
    rest(page)
    return drawn(page)


def test_months_lie_below_one_another_in_full_rows(page: Page) -> None:
    page.goto("/works")
    tiles = drawn(page)
    expect(page.get_by_role("heading", level=2).first).to_have_text(re.compile(r"^November 2025 \d+$"))
    lefts = [left for _, left, *_ in tiles]
    width = page.evaluate("document.querySelector('#grid').getBoundingClientRect().right")
    rows = {top: [t for t in tiles if t[2] == top] for top in {t[2] for t in tiles}}
    assert len(rows) > 2
    for row in rows.values():
        row.sort(key=lambda tile: tile[1])
        assert row[0][1] == min(lefts)
        assert row[-1][3] == pytest.approx(width, abs=1)
        assert all(3 <= b[1] - a[3] <= 4 for a, b in pairwise(row))
    until(page, "() => document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []


LOSS = """async ([n, width, row, gap]) => {
  const {pack, shape} = await import("/static/js/layout.js"), space = {width, row, gap};
  let seed = 7, most = 0;
  const random = () => (seed = seed * 16807 % 2147483647) / 2147483647;
  for (let time = 0; time < 50; time++) {
    const ratios = Float32Array.from({length: n}, () => 0.5 + random() ** 2 * 1.7);
    const sum = ratios.reduce((all, one) => all + one), whole = shape(n, sum, 44, space);
    const {first, top} = pack(ratios, whole, space);
    if (first.at(-1) !== n || Math.abs(top.at(-1) - whole.height) > 0.01) return "not filled";
    for (let k = 0; k + 1 < first.length && !whole.isRagged; k++) {
      const own = ratios.slice(first[k], first[k + 1]).reduce((all, one) => all + one);
      const natural = (width - (first[k + 1] - first[k] - 1) * gap) / own;
      most = Math.max(most, Math.abs(1 - (top[k + 1] - top[k] - gap) / natural));
    }
  }
  return most }"""


@pytest.mark.parametrize(
    ("n", "width", "row", "gap", "most"),
    [(300, 1140, 220, 4, 0.01), (20, 1140, 220, 4, 0.04), (300, 352, 132, 3, 0.03), (20, 352, 132, 3, 0.1)],
)
def test_rows_fill_the_height_of_their_month_and_little_is_cropped(
    wide: Page, n: int, width: int, row: int, gap: int, most: float
) -> None:
    wide.goto("/login")
    assert 0 <= wide.evaluate(LOSS, [n, width, row, gap]) < most


def test_few_tiles_exist_however_far_one_scrolls(wide: Page) -> None:
    wide.goto("/works")
    drawn(wide)
    wide.mouse.move(700, 500)
    for _ in range(12):
        wide.mouse.wheel(0, 900)
        wide.wait_for_timeout(60)
    drawn(wide)
    assert wide.locator(".vgrid .tile").count() < 150
    assert wide.locator(".vgrid .blk").count() < 8


def test_the_rail_reaches_the_oldest_month_and_says_where_one_is(wide: Page) -> None:
    wide.goto("/works")
    drawn(wide)
    slider = wide.get_by_role("slider", name="Month")
    box = slider.bounding_box()
    assert box is not None
    wide.mouse.move(box["x"] + 20, box["y"] + 50)
    wide.mouse.down()
    wide.mouse.move(box["x"] + 20, box["y"] + box["height"] * 0.9, steps=5)
    expect(wide.locator(".scrub .bub")).to_contain_text(" 2016")
    wide.mouse.up()
    wide.wait_for_url(re.compile("at=2016-"))
    drawn(wide)
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^\w+ 2016, \d+ works$"))
    slider.focus()
    wide.keyboard.press("End")
    drawn(wide)
    expect(wide.locator(".vgrid h2").last).to_contain_text("Without a date")
    assert faults(wide) == []


def test_back_and_reload_show_the_same_picture_at_the_same_pixel(page: Page) -> None:
    before = deep(page)
    page.reload()
    assert drawn(page) == before
    page.evaluate(f"document.querySelector('.vgrid a[href=\"{before[-1][0]}\"]').click()")
    page.wait_for_url(f"**{before[-1][0]}")
    page.go_back(wait_until="commit")
    page.wait_for_url("**/works?at=*")
    assert drawn(page) == before


def test_a_shared_link_shows_its_picture_in_the_first_row(page: Page, of_many: Served) -> None:
    told = httpx.get(f"{of_many.url}/works/d/2019-07?a=11&b=12").json()["works"][0]
    page.goto(f"/works?at=2019-07.{told[0] // 2}")
    tiles = drawn(page)
    top = min(tile[2] for tile in tiles)
    assert f"/w/{told[0] // 2}" in [tile[0] for tile in tiles if tile[2] == top]
    page.goto("/works?at=2019-07")
    drawn(page)
    expect(page.locator("#here")).to_have_text("July 2019")


def test_another_width_keeps_the_picture(wide: Page) -> None:
    kept = deep(wide)[0][0]
    for width in (700, 1440):
        wide.set_viewport_size({"width": width, "height": 900})
        until(wide, f"() => ({SEEN})().some(([href]) => href === '{kept}')")  # it hears of its width with a frame
        assert kept in [tile[0] for tile in drawn(wide)]


@pytest.mark.parametrize(
    "query", ["order=popular", "order=random&seed=5", "order=arrived", "artist=7", "state=kept"]
)
def test_other_orders_and_filters_are_laid_out_as_well(wide: Page, query: str) -> None:
    wide.goto(f"/works?{query}")
    assert len(drawn(wide)) > 8


def test_the_page_and_its_modules_make_the_same_tiles(tabs: Tabs, of_many: Served) -> None:
    """Of the template's macro: with words, marks, badges, papers, veils and colours."""
    described = """tiles => tiles.map(tile => {
      const link = tile.querySelector('a'), img = tile.querySelector('img'), pick = tile.querySelector('.pick');
      const parts = [...tile.querySelectorAll('[data-part]:not([data-part=picture])')];
      return {href: link.getAttribute('href'), label: link.getAttribute('aria-label'),
        pick: [pick.value, pick.getAttribute('aria-label')],
        src: img?.getAttribute('src') ?? null, veiled: tile.classList.contains('veil'),
        gone: tile.classList.contains('gone'), colour: tile.dataset.c ?? tile.style.backgroundColor,
        parts: parts.map(part => [part.dataset.part, part.textContent, part.lang, part.getAttribute('class')])};
    })"""
    address = "/works?type=manga&type=ugoira&type=novel&rating=veil"
    with tabs.looking(of_many.url, java_script_enabled=False) as plain:
        plain.goto(address)
        served = plain.locator(".flow .tile").evaluate_all(described)
    with tabs.looking(of_many.url) as page:
        page.goto(address)
        drawn(page)
        made_here = page.locator(".vgrid .tile").evaluate_all(described)
    for tile in served:
        tile["colour"] = tile["colour"] and "rgb(51, 102, 153)"
    assert len(made_here) > 10
    assert served[: len(made_here)] == made_here
    kinds = {part[0] for tile in made_here for part in tile["parts"]}
    assert kinds > {"paper", "rest", "pages", "play"}
    assert {tile["veiled"] for tile in made_here} == {True, False}


def test_the_picture_under_the_pointer_or_the_focus_is_named(wide: Page) -> None:
    wide.goto("/works?type=picture")
    drawn(wide)
    tile = wide.locator(".vgrid .tile").nth(1)
    tile.hover()
    label = tile.locator("a").get_attribute("aria-label") or ""
    assert label.startswith(
        f"{wide.locator('.cap b').text_content()}, by {wide.locator('.cap span').text_content()}"
    )
    wide.locator(".vgrid a").first.focus()
    expect(wide.locator(".vgrid .tile").first.locator(".cap")).to_be_attached()
    assert wide.locator(".vgrid .cap").count() == 1


def test_the_veil_blurs_the_grid(wide: Page) -> None:
    wide.goto("/works")
    drawn(wide)
    wide.get_by_role("button", name="Veil pictures").click()
    assert "blur" in wide.evaluate("getComputedStyle(document.querySelector('.vgrid img')).filter")
    wide.get_by_role("button", name="Veil pictures").click()
    assert wide.evaluate("getComputedStyle(document.querySelector('.vgrid img')).filter") == "none"


def test_a_runway_shorter_than_all_months_carries_them_and_is_led_back_unseen(wide: Page) -> None:
    short = (STATIC / "js" / "runway.js").read_text().replace("4_000_000", "20_000")
    wide.route("**/js/runway.js", lambda route: route.fulfill(body=short, content_type="text/javascript"))
    before = deep(wide)
    wide.reload()
    assert drawn(wide) == before
    wide.evaluate("scrollTo(0, 15_000)")
    wide.mouse.move(700, 500)
    places = [wide.evaluate("scrollY")]
    for _ in range(5):
        seen, was = drawn(wide), wide.evaluate("scrollY")
        wide.mouse.wheel(0, 400)
        until(wide, "was => Math.abs(scrollY - was) > 200", was)
        rest(wide)  # and the runway is led back where it must
        now = {href: top for href, _, top, *_ in drawn(wide)}
        assert seen[-1][2] - now[seen[-1][0]] == pytest.approx(400, abs=1)
        places.append(wide.evaluate("scrollY"))
    assert min(places[1:]) < places[0]
