"""One work as a browser shows it: its pages, its animation, what became of it."""

import gzip
import json
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.gallery import app
from tests.gallery.accessible import faults
from tests.gallery.changed import Changed, make
from tests.gallery.conftest import Served, Tabs, copied, looking, serving
from tests.gallery.readable import ask


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Changed:
    return make(tmp_path_factory.mktemp("changed") / "root")


@pytest.fixture(scope="module")
def works(changed: Changed) -> Iterator[Served]:
    with serving(changed.root) as served:
        yield served


@pytest.fixture
def looked_at(works: Served) -> Served:
    return works


@pytest.fixture
def plain(tabs: Tabs, works: Served) -> Iterator[Page]:
    """A page in a browser without JavaScript."""
    with tabs.looking(works.url, java_script_enabled=False) as opened:
        yield opened


@pytest.fixture
def own_works(changed: Changed, tmp_path: Path, own_port: int) -> Iterator[Served]:
    """A copy of the mirror, which the test may change."""
    with serving(copied(changed.root, tmp_path / "root"), port=own_port) as served:
        yield served


def _picture(page: Page) -> dict[str, Any]:
    """Return where the shown picture comes from, and how wide it is."""
    picture = page.locator(".big img")
    picture.evaluate("image => image.decode()")
    found: dict[str, Any] = picture.evaluate("image => ({src: image.src, width: image.naturalWidth})")
    return found


def test_a_work_is_shown_whole_with_all_that_is_known_of_it(page: Page, changed: Changed) -> None:
    page.goto(f"/w/{changed.edited}")
    assert _picture(page)["width"] == 64
    assert page.locator("h1").inner_text() == "夜明けの線路"
    assert page.locator("h1").get_attribute("lang") == "ja"
    assert page.title() == "夜明けの線路 · pixmirror"
    assert page.locator(".tags a").all_inner_texts() == ["#夜", "#月"]
    assert page.locator(".caption").inner_text() == "線路と月を描きました。"
    assert page.get_by_role("link", name="Open at Pixiv").get_attribute("href") == (
        f"https://www.pixiv.net/artworks/{changed.edited}"
    )
    assert "following" in page.locator(".standing").inner_text()
    assert page.locator(".near .tile").count() >= 4
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(page) == []


@pytest.mark.parametrize("which", ["long", "talked", "hostile"])
def test_every_kind_of_work_is_accessible(wide: Page, changed: Changed, which: str) -> None:
    wide.goto(f"/w/{getattr(changed, which)}")
    assert wide.locator("h1").count() == 1
    for width in (1440, 360):
        wide.set_viewport_size({"width": width, "height": 740})
        assert wide.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert faults(wide) == []


def test_arrows_turn_the_pages_in_their_place(wide: Page, changed: Changed) -> None:
    wide.goto("/works")
    wide.goto(f"/w/{changed.long}")
    before = _picture(wide)["src"]
    wide.keyboard.press("ArrowRight")
    wide.wait_for_url(f"**/w/{changed.long}?p=2")
    assert _picture(wide)["src"] != before
    assert wide.locator("#film [aria-current]").get_attribute("data-page") == "2"
    assert wide.locator("#original").get_attribute("href") in _picture(wide)["src"]
    wide.keyboard.press("ArrowLeft")
    wide.wait_for_url(f"**/w/{changed.long}")
    assert _picture(wide)["src"] == before
    wide.locator("#film [data-page='5']").click()
    wide.wait_for_url("**?p=5")
    wide.reload()
    assert wide.locator("#film [aria-current]").get_attribute("data-page") == "5"
    wide.go_back(wait_until="commit")  # to the list, not to the pages before
    wide.wait_for_url("**/works")


_SWIPE = """([from, to]) => {
  for (const [type, clientX] of [["pointerdown", from], ["pointerup", to]]) {
    const sent = {bubbles: true, pointerType: "touch", isPrimary: true, clientX, clientY: 100};
    document.querySelector("#pic").dispatchEvent(new PointerEvent(type, sent));
  }
}"""


def test_a_finger_turns_the_pages(tabs: Tabs, works: Served, changed: Changed) -> None:
    with tabs.looking(works.url, 360, has_touch=True) as page:
        page.goto(f"/w/{changed.long}")
        page.evaluate(_SWIPE, [300, 100])
        page.wait_for_url("**?p=2")
        page.evaluate(_SWIPE, [100, 130])  # too short
        page.evaluate(_SWIPE, [100, 300])
        page.wait_for_url(f"**/w/{changed.long}")


def test_a_long_work_shows_sixty_pages_around_the_one_that_is_seen_until_all_are_asked_for(
    wide: Page, changed: Changed
) -> None:
    wide.goto(f"/w/{changed.long}?p=50")
    numbers = wide.locator("#film a[data-page]").evaluate_all("all => all.map(one => +one.dataset.page)")
    assert numbers == list(range(11, 71))
    wide.get_by_role("link", name="all 70 pages").click()
    assert wide.locator("#film a[data-page]").count() == 70
    assert wide.locator("#film [aria-current]").get_attribute("data-page") == "50"


def test_a_page_beyond_the_last_is_the_last(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.edited}?p=99")
    assert wide.locator("#film [aria-current]").get_attribute("data-page") == "2"


def test_the_picture_fills_the_screen_and_is_enlarged_by_keys_and_wheel(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.edited}")
    wide.keyboard.press("f")
    picture = wide.locator("#full img")
    expect(picture).to_be_visible()
    picture.evaluate("image => image.decode()")
    fitted = picture.bounding_box()
    wide.keyboard.press("+")
    wide.keyboard.press("+")
    larger = picture.bounding_box()
    assert fitted is not None
    assert larger is not None
    assert larger["width"] > fitted["width"]
    wide.keyboard.press("0")
    assert picture.bounding_box() == fitted
    wide.keyboard.press("Escape")
    assert not picture.is_visible()


STATIC = Path(app.__file__).parent / "static/js"


def _modules(text: str) -> dict[str, int]:
    """Return the modules that a page loads by itself, but those of every page, each with its bytes when packed."""
    found: dict[str, int] = {}
    names = re.findall(r'<script type="module" src="/static/js/(\w+\.js)"', text)
    while names:
        name = names.pop()
        if name not in found:
            source = (STATIC / name).read_text()
            found[name] = len(gzip.compress(source.encode()))
            names += re.findall(r'^import .*?"\./(\w+\.js)";', source, re.MULTILINE)
    return found


def test_a_page_loads_only_the_modules_that_its_work_needs(works: Served, changed: Changed) -> None:
    with httpx.Client(base_url=works.url) as client:
        shell = _modules(client.get("/search").text)
        own = {
            name: {module: size for module, size in _modules(client.get(path).text).items() if module not in shell}
            for name, path in (
                ("quiet", f"/w/{changed.quiet}"),
                ("edited", f"/w/{changed.edited}"),
                ("long", f"/w/{changed.long}"),
                ("novel", f"/n/{changed.novel}"),
                ("ugoira", f"/w/{changed.ugoira}"),
            )
        }
    needed = {"pages.js", "versions.js", "ugoira.js", "frames.js"}
    assert {name: needed & set(modules) for name, modules in own.items()} == {
        "quiet": set(),
        "edited": {"pages.js", "versions.js"},
        "long": {"pages.js"},
        "novel": {"versions.js"},
        "ugoira": {"ugoira.js", "frames.js"},
    }


def test_without_javascript_all_of_it_is_there_and_pages_are_links(plain: Page, changed: Changed) -> None:
    plain.goto(f"/w/{changed.long}")
    plain.locator("#film a[data-page='2']").click()
    assert plain.url.endswith("?p=2")
    assert plain.locator("#film [aria-current]").get_attribute("data-page") == "2"
    plain.goto(f"/w/{changed.talked}")
    assert plain.locator(".cm li").count() == 50
    plain.get_by_role("link", name="More comments").click()
    assert plain.locator(".cm li").count() == 20
    plain.get_by_role("link", name="Back to the work").click()
    plain.locator("#why summary").click()
    plain.get_by_role("link", name="Show the reasons").click()
    assert "Here, whole" in plain.locator(".reasons").inner_text()


def test_links_in_a_caption_lead_to_what_is_here_and_mark_what_is_not(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.quiet}")
    here, away = wide.locator(".caption a").all()
    assert here.get_attribute("href") == f"/w/{changed.talked}"
    assert away.get_attribute("href") == "https://example.com/a"
    mark = "link => getComputedStyle(link, '::after').content"
    assert here.evaluate(mark) == "none"
    assert "↗" in away.evaluate(mark)


def test_comments_come_by_fifty_with_stamps_by_number(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.talked}")
    comments = wide.locator(".cm li")
    assert comments.count() == 50
    assert "Stamp 407" in comments.first.inner_text()
    wide.get_by_role("link", name="More comments").click()
    expect(comments).to_have_count(70)
    assert comments.last.locator(".txt").inner_text() == "comment 69"
    assert wide.get_by_role("link", name="More comments").count() == 0


def test_the_reasons_are_fetched_when_they_are_asked_for(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.edited}")
    wide.locator("main").focus()
    wide.keyboard.press("w")
    wide.locator(".reasons").wait_for()
    assert wide.locator(".reasons p").first.inner_text().startswith("Here, whole")
    assert "Seen by following." in wide.locator(".why").inner_text()
    assert faults(wide) == []


def test_two_versions_lie_under_one_slider_and_texts_say_what_changed(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.edited}")
    assert "Pages 1 and 2 were replaced" in wide.locator(".banner").inner_text()
    pair = wide.locator(".cmp")
    pair.scroll_into_view_if_needed()
    pair.locator("input").focus()
    wide.keyboard.press("Home")
    assert pair.evaluate("pair => pair.style.getPropertyValue('--x')") == "0%"
    assert pair.locator("img").evaluate_all("all => new Set(all.map(one => one.src)).size") == 2
    title = wide.locator(".diff", has_text="Title")
    assert title.locator("del").all_inner_texts() == ["（仮）"]
    assert wide.locator(".diff", has_text="Tags").locator("ins").all_inner_texts() == ["#月"]
    assert faults(wide) == []


def test_a_work_can_be_seen_as_it_was(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.edited}")
    now = _picture(wide)["src"]
    wide.get_by_role("link", name="As it was before").click()
    assert wide.locator("h1").inner_text() == "夜明けの線路（仮）"
    assert wide.locator(".caption").inner_text() == "線路を描きました。"
    assert _picture(wide)["src"] != now
    wide.get_by_role("link", name="As it is now").click()
    assert wide.locator("h1").inner_text() == "夜明けの線路"


def test_the_texts_of_a_novel_are_compared(wide: Page, changed: Changed) -> None:
    wide.goto(f"/n/{changed.novel}")
    assert "駅の時計は遅れている。" in wide.locator(".opening").inner_text()
    assert wide.locator(".diff", has_text="Text").locator("ins").count() >= 1


def test_counts_over_time_are_drawn_said_and_listed(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.edited}")
    assert "rose from 0" in (wide.locator(".plot").get_attribute("aria-label") or "")
    wide.locator("details", has_text="counts").locator("summary").click()
    assert "4,812" in wide.locator(".side table").inner_text()


def test_each_page_is_saved_with_the_ending_of_its_own_file(
    tabs: Tabs, own_works: Served, changed: Changed
) -> None:
    key, media = changed.long * 2, own_works.root / "media"
    ((path,),) = ask(own_works.root, "SELECT path FROM media WHERE owner_id = ? AND idx = 1", key)
    other = path.removesuffix(".jpg") + ".png"
    (media / path).rename(media / other)
    ask(own_works.root, "UPDATE media SET path = ? WHERE owner_id = ? AND idx = 1", other, key)
    with tabs.looking(own_works.url) as page:
        page.goto(f"/w/{changed.long}")
        for ending in ("0.jpg", "1.png", "2.jpg"):
            expect(page.locator("#original")).to_have_attribute("download", f"{changed.long}_{ending}")
            page.keyboard.press("ArrowRight")


def test_the_title_of_a_rated_work_is_not_in_the_tab(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.rated}")
    assert wide.title() == "pixmirror"
    assert "R-18" in wide.locator(".facts").inner_text()


def test_a_rated_work_is_veiled_where_the_settings_say_so_until_it_is_asked_for(
    tabs: Tabs, own_works: Served, changed: Changed
) -> None:
    own_works.gallery.own.run_sync(
        lambda conn: conn.exec_driver_sql("INSERT INTO setting VALUES ('rating', 'veil')")
    )
    blurred = "image => getComputedStyle(image).filter.includes('blur')"
    with tabs.looking(own_works.url) as page:
        page.goto(f"/w/{changed.rated}")
        assert page.locator(".big img").evaluate(blurred)
        assert faults(page) == []
        page.keyboard.press("f")
        assert not page.locator("#full").is_visible()
        assert not page.locator(".big img").evaluate(blurred)
        page.reload()
        page.get_by_role("link", name="Show it").click()
        assert not page.locator(".big img").evaluate(blurred)
        page.goto(f"/w/{changed.rated}?show")
        assert not page.locator(".big img").evaluate(blurred)
        page.goto(f"/w/{changed.quiet}")
        assert not page.locator(".big img").evaluate(blurred)
        assert page.locator(".near .veil a").get_attribute("href") == f"/w/{changed.rated}"


def test_works_that_the_settings_hide_are_not_among_the_neighbours(
    tabs: Tabs, own_works: Served, changed: Changed
) -> None:
    rated = f".near a[href='/w/{changed.rated}']"
    with tabs.looking(own_works.url) as page:
        page.goto(f"/w/{changed.quiet}")
        assert page.locator(rated).count() == 1
        own_works.gallery.own.run_sync(
            lambda c: c.exec_driver_sql("INSERT INTO setting VALUES ('rating', 'hide')")
        )
        page.reload()
        assert page.locator(rated).count() == 0


def test_the_way_to_another_page_is_no_key_of_the_work(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.quiet}")
    wide.locator("main").focus()
    wide.keyboard.press("g")
    wide.keyboard.press("w")
    wide.wait_for_url("**/works")


def test_next_and_previous_are_those_of_the_list_it_was_opened_from(wide: Page) -> None:
    wide.goto("/works")
    addresses = wide.locator(".works .tile > a").evaluate_all("all => all.map(one => new URL(one.href).pathname)")
    wide.locator(".works .tile > a").nth(1).click()
    wide.wait_for_url(f"**{addresses[1]}")
    wide.keyboard.press("n")
    wide.wait_for_url(f"**{addresses[2]}")
    wide.keyboard.press("p")
    wide.wait_for_url(f"**{addresses[1]}")
    wide.keyboard.press("p")
    wide.wait_for_url(f"**{addresses[0]}")


def test_nothing_of_a_hostile_work_runs_or_asks_outside(page: Page, changed: Changed) -> None:
    ran = list[str]()

    def note(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.goto(f"/w/{changed.hostile}")
    page.locator("#why summary").click()
    page.locator(".reasons").wait_for()
    assert ran == []
    assert "{{ 7*7 }}" in page.locator("h1").inner_text()
    assert page.locator("main iframe, main form[action*=evil], main base, main script:not([src])").count() == 0
    shown = page.locator("main").inner_text() + page.title()
    assert not re.search("[\u0000-\u0008\u202a-\u202e\u2066-\u2069]", shown)
    assert page.locator(".cm li").count() == 6
    tags = [link.get_attribute("href") or "" for link in page.locator(".tags a").all()]
    assert len(tags) == 6
    for address in ("/tags", *tags):  # of tags that an address cannot hold, too
        page.goto(address)
        page.locator(".tile, .rows.many li").first.wait_for()
        assert ran == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# --- the animation

FRAME_AT = """async moments => {
  const {endsOf, frameAt} = await import("/static/js/ugoira.js");
  const ends = endsOf([80, 80, 120, 400]);
  return moments.map(ms => frameAt(ends, ms));
}"""


def test_the_frame_at_a_moment_is_the_one_whose_end_is_after_it_over_and_over(wide: Page) -> None:
    wide.goto("/works")
    moments = [0, 79.9, 80, 159.9, 160, 279.9, 280, 679.9, 680, 680 * 1000 + 279.9, 680 * 1000 + 280]
    assert wide.evaluate(FRAME_AT, moments) == [0, 0, 1, 1, 2, 2, 3, 3, 0, 2, 3]


_SHOWN = """index => new Promise(resolve => {
  if (document.querySelector("#place")?.textContent.startsWith(`${index + 1} /`)) resolve();
  document.addEventListener("frame", event => event.detail.index === index && resolve(), {capture: true});
})"""


_UNZIPPED = """async ([bytes, cut]) => {
  const {members} = await import("/static/js/frames.js");
  try {
    return [...members(new Uint8Array(bytes).buffer.slice(0, cut)).keys()];
  } catch (error) {
    return error.message;
  }
}"""


def test_only_a_whole_zip_of_stored_frames_is_sliced(wide: Page) -> None:
    wide.goto("/works")
    whole, packed = BytesIO(), BytesIO()
    for made, how in ((whole, zipfile.ZIP_STORED), (packed, zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(made, "w", how) as archive:
            archive.writestr("000000.jpg", b"a" * 50)
            archive.writestr("000001.jpg", b"b" * 50)
    data = list(whole.getvalue())
    assert wide.evaluate(_UNZIPPED, [data, len(data)]) == ["000000.jpg", "000001.jpg"]
    assert "are packed" in wide.evaluate(_UNZIPPED, [list(packed.getvalue()), 10_000])
    for cut in (0, 10, len(data) - 30, len(data) - 1):
        assert "is damaged" in wide.evaluate(_UNZIPPED, [data, cut]), cut
    for at in (0, data.index(ord("P"), 10), len(data) - 6):  # a local header, the directory, where that begins
        broken = [*data[:at], 0xFF, 0xFF, *data[at + 2 :]]
        assert "is damaged" in wide.evaluate(_UNZIPPED, [broken, len(data)]), at


def test_without_javascript_the_page_says_that_an_animation_stands_still(plain: Page, changed: Changed) -> None:
    plain.goto(f"/w/{changed.ugoira}")
    expect(plain.get_by_text("This is its first frame")).to_be_visible()


def test_an_animation_plays_stops_steps_and_is_sought(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.ugoira}")
    count = len(json.loads(wide.locator("#frames").text_content() or ""))
    wide.evaluate(_SHOWN, count - 1)
    wide.get_by_role("button", name="Pause").click()
    assert wide.locator("#first-frame").is_hidden()
    wide.locator("#frame").fill("1")
    wide.evaluate(_SHOWN, 1)
    wide.locator("main").focus()
    for key, index in ((",", 0), (",", count - 1), (".", 0)):
        wide.keyboard.press(key)
        wide.evaluate(_SHOWN, index)
    assert wide.locator("#place").inner_text() == f"1 / {count}"
    wide.locator("#speed").select_option("2")
    wide.locator("main").focus()
    wide.keyboard.press(" ")
    wide.evaluate(_SHOWN, 2)


_HIDDEN = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_an_animation_stops_in_a_hidden_tab_and_goes_on_when_it_is_seen(wide: Page, changed: Changed) -> None:
    wide.goto(f"/w/{changed.ugoira}")
    wide.get_by_role("button", name="Pause").wait_for()
    wide.evaluate(_HIDDEN, True)
    expect(wide.get_by_role("button", name="Play")).to_be_visible()
    wide.evaluate(_HIDDEN, False)
    expect(wide.get_by_role("button", name="Pause")).to_be_visible()
    wide.evaluate(_SHOWN, 1)
    wide.get_by_role("button", name="Pause").click()
    wide.evaluate(_HIDDEN, True)
    wide.evaluate(_HIDDEN, False)
    expect(wide.get_by_role("button", name="Play")).to_be_visible()  # who stopped it wants it so


def test_with_reduced_motion_an_animation_waits_on_its_first_frame(
    tabs: Tabs, works: Served, changed: Changed
) -> None:
    with tabs.looking(works.url, reduced_motion="reduce") as page:
        page.goto(f"/w/{changed.ugoira}")
        page.locator("#player").wait_for()
        assert page.get_by_role("button", name="Play").is_visible()
        assert page.locator("#place").inner_text().startswith("1 / ")


def test_without_javascript_the_first_frame_stands(plain: Page, changed: Changed) -> None:
    plain.goto(f"/w/{changed.ugoira}")
    first = plain.locator("#first-frame")
    assert first.evaluate("image => image.complete && image.naturalWidth") > 0
    assert first.is_visible()
    assert plain.locator("#player").is_hidden()


def _do(root: Path, sql: str) -> None:
    with Database.open(catalogue_path(root), create=False) as db:
        db.run_sync(lambda conn: conn.exec_driver_sql(sql))


def test_the_frames_are_served_in_parts(changed: Changed, wide: Page) -> None:
    answer = wide.request.get(f"/w/{changed.ugoira}/frames.zip", headers={"Range": "bytes=0-3"})
    assert answer.status == 206
    assert answer.body() == b"PK\x03\x04"


def test_packed_frames_are_refused_with_a_sentence(browser: Browser, own_works: Served, changed: Changed) -> None:
    path = next((own_works.root / "media").rglob("*ugoira*.zip"))
    with zipfile.ZipFile(path) as stored:
        frames = {name: stored.read(name) for name in stored.namelist()}
    path.unlink()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, frame in frames.items():
            packed.writestr(name, frame)
    with looking(browser, own_works.url) as page:
        page.goto(f"/w/{changed.talked}")
        page.goto(f"/w/{changed.ugoira}", wait_until="commit")
        page.locator("#trouble").wait_for()
        assert "are packed" in page.locator("#trouble").inner_text()


LACKS = {
    "state = 'wanted'": "Still to be fetched.",
    "state = 'waiting', due_at = 4102444800000, error = '504'": "Waiting for another try, on 1 Jan 2100 (504).",
    "state = 'failed', attempts = 8, error = NULL": "Could not be had in 8 tries.",
    "state = 'damaged'": "Damaged at Pixiv.",
    "state = 'gone', stored_at = NULL, sha256 = NULL": "Gone at Pixiv, and not here.",
    "state = 'gone', stored_at = 1": "Was here and is lost; gone at Pixiv.",
    "state = 'forgotten'": "Forgotten by you.",
}


def test_a_page_without_a_file_says_why(tabs: Tabs, own_works: Served, changed: Changed) -> None:
    for idx, state in enumerate(LACKS, 1):
        _do(own_works.root, f"UPDATE media SET {state} WHERE owner_id = {changed.long * 2} AND idx = {idx}")
    with tabs.looking(own_works.url) as page:
        page.goto(f"/w/{changed.long}")
        for idx, said in enumerate(LACKS.values(), 1):
            page.keyboard.press("ArrowRight")
            page.wait_for_url(f"**?p={idx + 1}")
            assert page.locator(".lack p").nth(1).inner_text() == said
        assert faults(page) == []


def test_a_page_left_out_by_a_job_names_the_job(tabs: Tabs, own_works: Served, changed: Changed) -> None:
    _do(own_works.root, f"UPDATE media SET state = 'refused' WHERE owner_id = {changed.rated * 2}")
    _do(
        own_works.root,
        f"UPDATE work_job SET refused_reason = 'x_restrict is r18' WHERE work_key = {changed.rated * 2}",
    )
    with tabs.looking(own_works.url) as page:
        page.goto(f"/w/{changed.rated}")
        assert "Left out by job following: R-18." in page.locator(".lack").inner_text()


def test_tags_show_how_they_are_read_and_every_translation(
    tabs: Tabs, own_works: Served, changed: Changed
) -> None:
    for language, words in (("en", "night"), ("ko", "밤")):
        _do(own_works.root, f"INSERT INTO translation_seen VALUES ('夜', '{language}', '{words}', 1, 1)")
    _do(own_works.root, "INSERT INTO tag_reading VALUES (1, '夜', 'yomigana', 'よる', 'web', 1)")
    with tabs.looking(own_works.url) as page:
        page.goto(f"/w/{changed.edited}")
        tag = page.locator(".tags a", has_text="夜")
        assert tag.inner_text().split() == ["#夜", "night"]
        assert tag.get_attribute("title") == "よる · night · 밤"
        page.locator("summary", has_text="How tags are read").click()
        assert page.locator(".tags + details dd").inner_text() == "よる · night · 밤"
        assert faults(page) == []


def test_what_is_gone_says_what_is_kept_and_since_when(tabs: Tabs, own_works: Served, changed: Changed) -> None:
    key, gone = changed.talked * 2, "state_at = 1777000000000"
    _do(own_works.root, f"UPDATE work SET state = 'deleted', {gone} WHERE work_key = {key}")
    _do(own_works.root, f"UPDATE comment SET state = 'gone', {gone} WHERE comment = 'comment 3'")
    with tabs.looking(own_works.url) as page:
        page.goto(f"/w/{changed.talked}")
        banner = page.locator(".banner.kept").inner_text()
        assert "Deleted at Pixiv, kept here" in banner
        assert "Its picture, the caption and 70 comments." in banner
        assert page.locator(".cm .lost").count() == 1
        assert "kept here" in page.locator(".cm .lost").inner_text()
        assert "70, one of them deleted at Pixiv" in page.locator("#comments").inner_text()
        assert faults(page) == []
