"""The tags and one tag as a browser shows them: their words, what goes with them, all of their works."""

import httpx
from playwright.sync_api import Page, expect

from tests.gallery.conftest import Served, Tabs
from tests.gallery.readable import ask, forget

COMMONEST = "SELECT id, name, works FROM tag ORDER BY works DESC, id DESC LIMIT 1"
NOW = 1_800_000_000_000


def test_tags_are_listed_by_their_works_and_each_count_leads_to_the_works_it_counts(
    page: Page, gallery: Served
) -> None:
    id_, name, works = ask(gallery.root, COMMONEST)[0]
    page.goto("/tags")
    rows = page.locator(".rows.many > li")
    assert rows.count() == ask(gallery.root, "SELECT count(*) FROM tag WHERE works > 0")[0][0]
    count = rows.first.get_by_role("link").last
    assert count.text_content() == str(works)
    count.click()
    assert page.locator("#here-n").text_content() == str(works)
    page.goto("/tags")
    rows.first.get_by_role("link", name=name).first.click()
    assert page.url.endswith(f"/tags/{id_}")
    expect(page.locator(".tile a").first).to_be_visible()
    assert page.locator("#here-n").text_content() == str(works)


def test_a_tag_has_all_that_it_was_called_and_what_goes_with_it(tabs: Tabs, own_gallery: Served) -> None:
    id_, name, _ = ask(own_gallery.root, COMMONEST)[0]
    sql = "INSERT OR REPLACE INTO translation_seen VALUES (?, 'en', ?, 1700000000000, ?)"
    ask(own_gallery.root, sql, name, "once", 1_750_000_000_000)
    ask(own_gallery.root, sql, name, "today", NOW)
    reading = (
        "INSERT INTO tag_reading (name, kind, text, source, seen_at) VALUES (?, 'yomigana', 'よみ', 'web', 1)"
    )
    ask(own_gallery.root, reading, name)
    with tabs.looking(own_gallery.url) as page:
        page.goto(f"/tags/{id_}")
        words = page.locator(".standing").inner_text()
        assert "よみ" in words
        assert words.index("today") < words.index("once") < words.index("until 15 Jun 2025")
        page.locator(".related .chip").first.click()
        assert page.url != f"{own_gallery.url}/tags/{id_}"
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_word_of_the_user_finds_the_tag_until_it_is_dropped(tabs: Tabs, own_gallery: Served) -> None:
    id_, _, works = ask(own_gallery.root, COMMONEST)[0]
    with tabs.looking(own_gallery.url, java_script_enabled=False) as page:
        page.goto(f"/tags/{id_}")
        page.locator("summary", has_text="Your own words").click()
        page.get_by_label("Another word that finds it").fill("mine")
        page.get_by_role("button", name="Add").click()
        expect(page.locator("summary", has_text="Your own words for it: mine")).to_be_visible()
        page.goto("/search?q=mine")
        assert page.locator(".flow .tile").count() == min(works, 60)
        page.goto(f"/tags/{id_}")
        page.locator("summary", has_text="Your own words").click()
        page.get_by_role("button", name="Drop mine").click()
        expect(page.locator("main").get_by_text("mine", exact=True)).to_have_count(0)


def test_a_tag_of_hidden_or_forgotten_works_alone_is_not_listed(own_gallery: Served) -> None:
    root, url = own_gallery.root, own_gallery.url
    (id_, key), *_ = ask(root, "SELECT tag_id, max(work_key) FROM work_tag GROUP BY 1 HAVING count(*) = 1 LIMIT 1")
    assert f'"/tags/{id_}"' in httpx.get(f"{url}/tags").text
    ask(root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", key)
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql("INSERT INTO setting VALUES ('rating', 'hide')"))
    hidden = httpx.get(f"{url}/tags").text
    assert f'"/tags/{id_}"' not in hidden
    assert "none are counted" in hidden
    own_gallery.gallery.own.run_sync(lambda c: c.exec_driver_sql("DELETE FROM setting"))
    forget(root, "work", key)
    assert f'"/tags/{id_}"' not in httpx.get(f"{url}/tags").text
    assert httpx.get(f"{url}/tags/{id_}").status_code == 404


def test_nonsense_is_refused_in_a_sentence(gallery: Served) -> None:
    assert httpx.get(f"{gallery.url}/tags?after=x").status_code == 400
    assert httpx.get(f"{gallery.url}/tags/999999999").status_code == 404
    assert "No more tags are here" in httpx.get(f"{gallery.url}/tags?after=0.1").text
