"""The reader of novels, in a browser: the text as it was meant, in both directions, and where one was in it."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.catalogue.payloads import canonical, pack_text
from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, Tabs
from tests.gallery.readable import ask, longest_novel, place_in, rewrite, until
from tests.hostile.texts import NOVEL

LINES = [
    f"　{number}番目の段落は、窓の外を見ている。" + "雪が降る。" * (number % 7 * 4) for number in range(1, 121)
]
TEXT = "\n".join(
    (
        "[chapter:第一章 [[rb:駅 > えき]]]",
        *LINES[:60],
        "「夜だ!?」と12人が言った。",
        "[newpage]",
        "[chapter:第二章]",
        *LINES[60:],
        "[[jumpuri:外へ > https://example.com/?a=1]] [jump:2]",
    )
)
FIRST = """() => {
    const text = document.querySelector("#txt"), isVertical = document.querySelector(".novel").matches(".v");
    const line = isVertical ? text.getBoundingClientRect().right - parseFloat(getComputedStyle(text).paddingRight)
        : document.querySelector(".tools").getBoundingClientRect().bottom;
    return [...text.querySelectorAll("p[id]")].find(p => {
        const box = p.getBoundingClientRect();
        return isVertical ? box.left < line - 1 : box.bottom > line + 1;
    }).textContent.slice(0, 12);
}"""


@pytest.fixture
def novel(own_gallery: Served) -> int:
    novel_id = longest_novel(own_gallery.root)
    rewrite(own_gallery.root, novel_id, TEXT)
    return novel_id


@pytest.fixture(params=[1440, 360], ids=["wide", "phone"])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def reader(tabs: Tabs, own_gallery: Served, novel: int, width: int) -> Iterator[Page]:
    with tabs.looking(own_gallery.url, width) as page:
        page.goto(f"/n/{novel}/read")
        yield page


def first(page: Page) -> str:
    """Return how the paragraph begins that stands where reading begins."""
    return str(page.evaluate(FIRST))


def to_paragraph(page: Page, number: int) -> str:
    """Scroll to a paragraph as a reader would, in the direction of the text."""
    begin = LINES[number - 1].strip("　")[:12]
    page.get_by_text(begin).evaluate("one => one.scrollIntoView({block: 'start', inline: 'start'})")
    until(page, f"() => location.hash === '#' + ({FIRST.replace('.textContent.slice(0, 12)', '.id')})()")
    return first(page)


def test_ruby_chapters_pages_and_links_are_what_the_author_meant(reader: Page) -> None:
    text = reader.locator("#txt")
    assert text.locator("ruby").evaluate("one => [one.firstChild.data, one.querySelector('rt').textContent]") == [
        "駅",
        "えき",
    ]
    assert text.get_by_text("と12人が").locator(".tcy").all_text_contents() == ["!?", "12"]
    link = text.get_by_role("link", name="外へ")
    expect(link).to_have_attribute("href", "https://example.com/?a=1")
    expect(link).to_have_attribute("rel", "noreferrer noopener")
    text.get_by_role("link", name="To page 2").click()
    expect(reader.locator("#page-2")).to_be_in_viewport()


def test_the_place_stays_when_size_ruby_font_width_and_direction_change(reader: Page, width: int) -> None:
    begin = to_paragraph(reader, 41)
    for key in ("+", "+", "+", "-", "y", "y"):
        reader.keyboard.press(key)
        assert first(reader) == begin
    reader.locator("#type summary").click()
    for button in ("ゴシック", "Wide", "明朝"):
        reader.get_by_role("button", name=button).click()
        assert first(reader) == begin
    for button in ("Vertical", "Horizontal"):
        reader.get_by_role("button", name=button).click()
        assert first(reader) == begin
    reader.set_viewport_size({"width": 800, "height": 700})
    until(reader, f"() => ({FIRST})() === '{begin}'")  # the page hears of its size with the next frame


@pytest.mark.parametrize(
    ("width", "direction"),
    [(1440, "h"), (360, "v"), *(pytest.param(*of, marks=pytest.mark.long) for of in ((1440, "v"), (360, "h")))],
)
def test_the_place_is_kept_to_the_paragraph(
    tabs: Tabs, own_gallery: Served, novel: int, width: int, direction: str
) -> None:
    with tabs.looking(own_gallery.url, width) as page:
        page.goto(f"/n/{novel}/read?dir={direction}")
        begin = to_paragraph(page, 77)
        page.reload()
        assert first(page) == begin
        shared = page.url
        page.goto("/works")
        at, anchor = place_in(own_gallery.root, novel * 2 + 1)
        assert (at, f"#{anchor}") == (1, shared[shared.index("#") :])
        page.goto(f"/n/{novel}/read?dir={direction}")
        assert first(page) == begin
        # The author put a line before all others, and the text is read from a link.
        rewrite(own_gallery.root, novel, f"　はじめに。\n{TEXT}")
        page.goto("/works")
        page.goto(shared)
        assert first(page) == begin


def test_vertical_text_is_turned_by_wheel_and_keys(tabs: Tabs, own_gallery: Served, novel: int) -> None:
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/n/{novel}/read?dir=v")
        at = lambda: page.evaluate("Math.round(document.querySelector('#txt').scrollLeft)")  # noqa: E731
        assert at() == 0
        page.mouse.move(700, 400)
        page.mouse.wheel(0, 300)
        until(page, "document.querySelector('#txt').scrollLeft <= -300")
        page.keyboard.press("ArrowRight")
        until(page, "document.querySelector('#txt').scrollLeft > -300")
        page.keyboard.press("End")
        until(page, "document.querySelector('#pos').textContent === '100 %'")
        page.keyboard.press("Home")
        until(page, "document.querySelector('#txt').scrollLeft === 0")
        before = page.locator("#txt h2").first.bounding_box()
        page.keyboard.press("Space")
        until(page, "document.querySelector('#txt').scrollLeft < -900")
        assert before is not None


def test_a_direction_once_chosen_is_that_of_the_next_novel(reader: Page, novel: int) -> None:
    with reader.expect_response(lambda answer: answer.request.method == "POST"):
        reader.get_by_role("button", name="Vertical").click()
    reader.goto(f"/n/{novel}/read")
    expect(reader.locator(".novel")).to_have_class("novel v")


def test_the_contents_lead_to_the_chapters(reader: Page) -> None:
    reader.keyboard.press("t")
    contents = reader.get_by_role("navigation", name="Contents")
    contents.get_by_role("link", name="第二章").click()
    expect(contents).to_be_hidden()
    expect(reader.locator("#c2")).to_be_in_viewport()


def test_pictures_of_the_author_are_shown_and_those_of_works_lead_there(
    tabs: Tabs, own_gallery: Served, novel: int
) -> None:
    root = own_gallery.root
    ((work_id, pages),) = ask(
        root,
        "SELECT work_key >> 1, page_count FROM work w JOIN media m ON m.owner_id = w.work_key "
        "WHERE type = 'manga' AND m.idx = 1 AND m.state = 'stored' LIMIT 1",
    )
    ((embed, owner),) = ask(
        root, "SELECT idx, owner_id >> 1 FROM media WHERE role = 'embed' AND state = 'stored' LIMIT 1"
    )
    named = (f"uploadedimage:{embed}", "uploadedimage:999", *(f"pixivimage:{work_id}-{n}" for n in (2, pages + 1)))
    rewrite(root, owner, "前\n" + "\n".join(f"[{mark}]" for mark in (*named, "pixivimage:7")))
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/n/{owner}/read")
        figures = page.locator("#txt figure")
        assert figures.count() == 5
        for at in (0, 2):
            figures.nth(at).scroll_into_view_if_needed()
            expect(figures.nth(at).locator("img")).to_be_visible()
            until(page, "one => one.naturalWidth > 0", arg=figures.nth(at).locator("img").element_handle())
        expect(figures.nth(1)).to_contain_text("is not here")
        expect(figures.nth(2).get_by_role("link")).to_have_attribute("href", f"/w/{work_id}?p=2")
        assert figures.nth(3).locator("img").count() == 0
        expect(figures.nth(3).get_by_role("link")).to_have_attribute("href", f"/w/{work_id}?p={pages + 1}")
        expect(figures.nth(4)).to_contain_text("Work 7, which is not in this mirror")
        ask(root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", work_id * 2)
        for wanted, pictures in (("veil", 1), ("hide", 0)):
            own_gallery.gallery.own.run_sync(put_setting, "rating", wanted)
            page.reload()
            expect(figures.nth(2).get_by_role("link")).to_have_attribute("href", f"/w/{work_id}?p=2")
            assert figures.nth(2).locator("img").count() == pictures
            if pictures:
                blurred = "one => getComputedStyle(one).filter.includes('blur')"
                assert figures.nth(2).locator("img").evaluate(blurred)
            else:
                expect(figures.nth(2)).to_have_text(f"Work {work_id}")


@pytest.mark.parametrize("direction", ["h", "v"])
def test_a_hostile_text_is_only_text(tabs: Tabs, own_gallery: Served, novel: int, direction: str) -> None:
    rewrite(own_gallery.root, novel, NOVEL)
    with tabs.looking(own_gallery.url, 360) as page:
        page.goto(f"/n/{novel}/read?dir={direction}")
        text = page.locator("#txt")
        expect(text).to_contain_text("<img src=x onerror=alert(1)>")
        expect(text).to_contain_text('<form action="https://evil.example/">')
        assert text.locator("img, script, form, [onerror], [onclick]").count() == 0
        assert text.get_by_role("link", name="go").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_the_text_is_whole_and_its_direction_a_button(
    tabs: Tabs, own_gallery: Served, novel: int
) -> None:
    with tabs.looking(own_gallery.url, 360, java_script_enabled=False) as page:
        page.goto(f"/n/{novel}/read")
        assert page.locator("#txt p[id]").count() == 122
        page.get_by_role("button", name="Vertical").click()
        expect(page).to_have_url(f"{own_gallery.url}/n/{novel}/read?dir=v")
        assert page.locator("#txt").evaluate("one => getComputedStyle(one).writingMode") == "vertical-rl"
        page.goto(f"/n/{novel}/read")
        expect(page.locator(".novel")).to_have_class("novel v")


@pytest.mark.parametrize(
    ("direction", "width", "theme"),
    [
        ("h", 1440, "light"),
        ("v", 360, "dark"),
        *(pytest.param(*of, marks=pytest.mark.long) for of in (("h", 360, "dark"), ("v", 1440, "light"))),
    ],
)
def test_a_novel_is_accessible(
    tabs: Tabs, own_gallery: Served, novel: int, direction: str, width: int, theme: str
) -> None:
    with tabs.looking(own_gallery.url, width, color_scheme=theme) as page:
        page.goto(f"/n/{novel}/read?dir={direction}")
        page.keyboard.press("t")
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_copied_text_has_no_readings_in_it(reader: Page) -> None:
    select = "() => getSelection().selectAllChildren(document.querySelector('#txt h2'))"
    reader.evaluate(select)
    assert reader.evaluate("getSelection().toString()").strip() == "第一章 駅"


def test_the_next_of_a_series_is_veiled_where_the_settings_say_so(
    tabs: Tabs, own_gallery: Served, novel: int
) -> None:
    (other,) = ask(
        own_gallery.root, "SELECT max(work_key) FROM work WHERE medium = 'novel' AND work_key != ?", novel * 2 + 1
    )[0]
    keys = sorted((novel * 2 + 1, other))
    ask(own_gallery.root, "INSERT INTO series VALUES (85, NULL, '連載', NULL, 0)")
    ask(own_gallery.root, "UPDATE work SET series_key = 85 WHERE work_key IN (?, ?)", *keys)
    ask(own_gallery.root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", keys[1])
    own_gallery.gallery.own.run_sync(put_setting, "rating", "veil")
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/n/{keys[0] >> 1}/read")
        expect(page.locator(".endcard .tile.veil a")).to_have_attribute("href", f"/n/{keys[1] >> 1}")


def test_the_next_of_a_series_that_is_not_here_is_named(tabs: Tabs, own_gallery: Served, novel: int) -> None:
    after = {"id": 9_999_999, "contentOrder": "2", "title": "第二話"}
    said = {"seriesId": 42, "seriesNavigation": {"prevNovel": None, "nextNovel": after}}
    ask(own_gallery.root, "INSERT INTO series VALUES (85, NULL, '連載', NULL, 0)")
    ask(own_gallery.root, "UPDATE work SET series_key = 85 WHERE work_key = ?", novel * 2 + 1)
    ask(
        own_gallery.root,
        """INSERT INTO payload (owner_kind, owner_id, endpoint, digest, codec, body, seen_at)
        VALUES ('work', ?, 'web', x'00', 1, ?, 0)""",
        novel * 2 + 1,
        pack_text(canonical(said)),
    )
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/n/{novel}/read")
        expect(page.locator(".endcard")).to_contain_text(
            "The next of the series, 2 “第二話”, is not in this mirror."
        )


@pytest.mark.parametrize(
    ("text", "says"), [("駅" * 250, "30 s"), ("a" * 1200 + "駅" * 1000, "3 min"), ("駅" * 60_000, "2 h")]
)
def test_how_long_a_novel_takes_to_read_is_said(own_gallery: Served, novel: int, text: str, says: str) -> None:
    rewrite(own_gallery.root, novel, text)
    assert f"characters, about {says} to read<" in httpx.get(f"{own_gallery.url}/n/{novel}/read").text


def test_a_novel_without_a_text_is_told_in_a_sentence(tabs: Tabs, own_gallery: Served, novel: int) -> None:
    ask(own_gallery.root, "DELETE FROM text_version WHERE work_key = ?", novel * 2 + 1)
    with tabs.looking(own_gallery.url) as page:
        assert page.request.get(f"{own_gallery.url}/n/{novel}/read").status == 404
