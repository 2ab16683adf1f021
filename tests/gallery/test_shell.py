"""What every page has: keys, dialogs, the veil, the theme, forms of one element."""

from collections.abc import Callable, Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, Route, expect

from pixmirror.gallery.app import STATIC
from tests.gallery.accessible import faults
from tests.gallery.asking import send
from tests.gallery.conftest import Served, Tabs

# The mirror and what suggests may be refused here; every place in the rail must be there.
PLACES = ("/", "/mirror", "/search", "/search/suggest")


@pytest.fixture
def wide(tabs: Tabs, gallery: Served) -> Iterator[Page]:
    """A page of the session's gallery."""
    with tabs.looking(gallery.url, fails=PLACES) as page:
        page.goto("/works")
        page.locator(".tile").first.wait_for()
        yield page


def test_g_and_a_letter_go_to_a_place(wide: Page) -> None:
    places = {"h": "/", "a": "/a", "r": "/novels", "b": "/bookmarks", "m": "/mirror", "w": "/works"}
    for key, place in places.items():
        wide.goto("/search")
        wide.keyboard.press("g")
        wide.keyboard.press(key)
        wide.wait_for_url(urljoin(wide.url, place))


def test_the_list_of_keys_opens_and_closes_and_gives_the_focus_back(wide: Page) -> None:
    opener = wide.get_by_role("link", name="Keys")
    opener.focus()
    wide.keyboard.press("?")
    expect(wide.get_by_role("dialog", name="Keys")).to_be_visible()
    assert faults(wide) == []
    wide.keyboard.press("v")  # no key of the page while it is open
    assert "veiled" not in (wide.locator("body").get_attribute("class") or "")
    wide.keyboard.press("Escape")
    expect(wide.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    wide.mouse.click(5, 5)  # beside it
    expect(wide.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_single_keys_can_be_switched_off_for_good(wide: Page) -> None:
    wide.keyboard.press("?")
    wide.get_by_label("Single keys work").uncheck()
    wide.keyboard.press("Escape")
    wide.reload()
    wide.keyboard.press("?")
    expect(wide.get_by_role("dialog", name="Keys")).to_be_hidden()
    wide.keyboard.press("Control+k")
    expect(wide.get_by_role("dialog", name="Search")).to_be_visible()


def test_the_veil_survives_a_reload_and_tells_nothing_in_the_tab(wide: Page) -> None:
    assert wide.title() == "Works · pixmirror"
    wide.keyboard.press("v")
    assert wide.title() == "pixmirror"
    wide.reload()
    assert wide.title() == "pixmirror"
    assert "veiled" in (wide.locator("body").get_attribute("class") or "")
    wide.keyboard.press("v")
    wide.reload()
    assert wide.title() == "Works · pixmirror"


def test_a_theme_is_kept_and_drawn_by_the_server(wide: Page) -> None:
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = wide.evaluate(paper)
    wide.keyboard.press("?")
    wide.get_by_label("Dark").check()
    dark = wide.evaluate(paper)
    assert dark != light
    assert 'data-theme="dark"' in wide.request.get("/works").text()
    wide.reload()
    assert wide.evaluate(paper) == dark
    wide.keyboard.press("?")
    wide.get_by_label("As the system").check()
    assert wide.evaluate(paper) == light


def test_colours_are_chosen_in_the_settings_without_javascript(tabs: Tabs, gallery: Served) -> None:
    with tabs.looking(gallery.url, java_script_enabled=False) as page:
        page.goto("/mirror/settings")
        expect(page.get_by_role("link", name="Keys")).to_have_count(0)  # none does anything
        colours = page.get_by_role("group", name="Colours of this browser")
        for name, theme in (("Dark", "dark"), ("As the system", None)):
            colours.get_by_label(name).check()
            page.locator("form", has=colours).get_by_role("button", name="Keep").click()
            expect(colours.get_by_label(name)).to_be_checked()
            assert page.locator("html").get_attribute("data-theme") == theme
    assert send(gallery.url, "/mirror/settings/colours", {"theme": "red"}).status == 400


def test_a_long_word_of_a_button_is_cut_at_its_end_and_not_below_its_line(wide: Page) -> None:
    cut = """() => {
      const button = document.createElement("a"), span = document.createElement("span");
      button.className = "b";
      span.textContent = "gypsy ".repeat(200);
      button.append(span);
      document.querySelector("main").append(button);
      const {overflowX, overflowY} = getComputedStyle(span);
      const {right} = button.getBoundingClientRect();
      return [span.clientWidth < span.scrollWidth, overflowX, overflowY, right <= innerWidth];
    }"""
    assert wide.evaluate(cut) == [True, "clip", "visible", True]


def test_enter_in_the_search_box_opens_what_is_suggested_or_searches(wide: Page) -> None:
    rows = "".join(f'<a role="option" id="o{n}" class="opt" href="/works?tag={n}">{n}</a>' for n in "ab")
    wide.route("**/search/suggest?*", lambda route: route.fulfill(body=rows, content_type="text/html"))
    wide.keyboard.press("/")
    field = wide.get_by_role("combobox", name="Search the mirror")
    expect(field).to_be_focused()
    expect(wide.get_by_role("option", name="a")).to_have_attribute("aria-selected", "true")
    wide.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "ob")
    assert faults(wide) == []
    wide.keyboard.press("Enter")
    wide.wait_for_url("**/works?tag=b")
    wide.unroute("**/search/suggest?*")
    wide.route("**/search/suggest?*", lambda route: route.abort())
    wide.keyboard.press("/")
    field.fill("よる")
    wide.keyboard.press("Enter")
    wide.wait_for_url("**/search?q=%E3%82%88%E3%82%8B")


def test_before_suggestions_for_the_text_came_no_row_is_chosen_and_enter_searches(wide: Page) -> None:
    row = '<a role="option" id="o" class="opt" href="/a">Artists<span class="e">8</span></a>'
    wide.route("**/search/suggest?q=", lambda route: route.fulfill(body=row, content_type="text/html"))
    wide.route("**/search/suggest?q=neko", lambda _: None)  # never answered
    wide.keyboard.press("/")
    option = wide.get_by_role("option")
    expect(option).to_have_attribute("aria-selected", "true")
    hint = "one => getComputedStyle(one.querySelector('.e'), '::after').content"
    assert option.evaluate(hint) == '" Enter"'
    wide.get_by_role("combobox").fill("neko")
    expect(option).to_have_attribute("aria-selected", "false")
    assert option.evaluate(hint) == "none"
    wide.keyboard.press("Enter")
    wide.wait_for_url("**/search?q=neko")


FORM = """() => {
  const make = (name, more) => Object.assign(document.createElement(name), more);
  const row = make("div", {id: "row"}), form = make("form", {method: "post", action: "/do"});
  form.dataset.swap = "row";
  form.append(make("button", {textContent: "Try again"}));
  row.append(form);
  document.querySelector("main").prepend(row);
}"""


def test_a_form_puts_the_changed_element_in_its_place_and_keeps_the_focus(wide: Page) -> None:
    wide.evaluate(FORM)
    asked = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers["accept"])
        row = '<div id="row"><p>Runs now</p><button>Try again</button></div>'
        route.fulfill(body=row, content_type="text/html")

    wide.route("**/do", answer)
    wide.get_by_role("button", name="Try again").click()
    expect(wide.get_by_text("Runs now")).to_be_visible()
    expect(wide.get_by_role("button", name="Try again")).to_be_focused()
    assert asked == ["text/vnd.fragment"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda route: route.fulfill(status=409, body="It runs already.\n"), "It runs already."),
        (lambda route: route.abort(), "The gallery does not answer. Is it still running?"),
    ],
)
def test_what_a_form_could_not_do_is_said_beside_its_button(
    tabs: Tabs, gallery: Served, answer: Callable[[Route], None], said: str
) -> None:
    with tabs.looking(gallery.url, fails=("/do",)) as page:
        page.goto("/works")
        page.evaluate(FORM)
        page.route("**/do", answer)
        button = page.get_by_role("button", name="Try again")
        button.click()
        expect(page.locator("#row").get_by_role("alert")).to_have_text(said)
        expect(button).to_be_focused()
        expect(button).to_be_enabled()
        button.click()
        expect(page.locator("#row").get_by_role("alert")).to_have_count(1)


@pytest.mark.parametrize(
    ("path", "place"),
    [("/tags", "Artists"), ("/rankings", "Artists"), ("/history", "Bookmarks"), ("/mirror/settings", "Mirror")],
)
def test_the_rail_marks_where_a_page_belongs(page: Page, path: str, place: str) -> None:
    page.goto(path)
    expect(page.locator("nav.rail [aria-current]")).to_contain_text(place)
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Bookmarks")).to_be_visible()


def test_on_a_phone_colours_and_settings_are_at_hand(tabs: Tabs, gallery: Served) -> None:
    with tabs.looking(gallery.url, 360) as page:
        page.goto("/works")
        page.get_by_role("link", name="Colours, keys, settings").click()
        assert faults(page) == []
        page.get_by_label("Dark").check()
        page.get_by_role("link", name="Settings of the mirror").click()
        page.wait_for_url("**/mirror/settings")


def test_on_a_phone_no_key_of_the_settings_is_broken_within_a_word(tabs: Tabs, gallery: Served) -> None:
    with tabs.looking(gallery.url, 360) as page:
        page.goto("/mirror/settings")
        lines = "all => Math.max(...all.map(one => one.getClientRects().length))"
        assert page.locator("th[scope=row] > code").evaluate_all(lines) == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


ALL_AT_ONCE = """() => {
  const pause = Object.assign(document.createElement("button"), {className: "b", textContent: "Resume"});
  const live = document.querySelector(".top .live"), fresh = document.querySelector(".top .fresh");
  live.after(pause);
  live.hidden = fresh.hidden = false;
  fresh.textContent = "Changed: show";
}"""


def test_on_a_phone_nothing_at_the_top_of_the_mirror_is_cut_off(tabs: Tabs, gallery: Served) -> None:
    with tabs.looking(gallery.url, 360) as page:
        page.goto("/mirror")
        page.evaluate(ALL_AT_ONCE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator(".top .more").evaluate("one => one.getBoundingClientRect().right") <= 360


def test_the_rail_counts_what_needs_the_user(tabs: Tabs, own_gallery: Served) -> None:
    own_gallery.gallery.problems = 2
    with tabs.looking(own_gallery.url) as page:
        page.goto("/works")
        expect(page.get_by_role("link", name="Mirror, 2 need you")).to_be_visible()


def test_no_module_of_the_pages_is_longer_than_anybody_reads() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in (STATIC / "js").glob("*.js")}
    assert {name for name, lines in lengths.items() if lines > 200} == set()
