"""The user's collections: made, filled, put in order and removed, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pixmirror.catalogue.gallery import collections, words
from tests.gallery.asking import ask, send
from tests.gallery.changed import spoil
from tests.gallery.conftest import Mirrored, Served, copied, looking, serving
from tests.gallery.readable import ask as of_catalogue
from tests.gallery.test_work_asked import own

WORKS = "SELECT work_key FROM work WHERE x_restrict = 0 AND title != '' ORDER BY work_key LIMIT 4"


@pytest.fixture(scope="module")
def served(mirrored: Mirrored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gallery of a copy of the mirror with hostile names, whose collections are these tests' alone."""
    with serving(spoil(copied(mirrored.root, tmp_path_factory.mktemp("collections") / "root"))) as served:
        yield served


@pytest.fixture
def keys(served: Served) -> list[int]:
    return [key for (key,) in of_catalogue(served.root, WORKS)]


def made(served: Served, name: str, keys: list[int], note: str = "") -> int:
    return served.gallery.own.run_sync(collections.make, name, 1, note, keys)


def in_order(served: Served, id_: int) -> list[int]:
    sql = f"SELECT work_key FROM collection_work WHERE collection_id = {id_} ORDER BY position, work_key"
    return [key for (key,) in own(served, sql)]


def shown(page: Page) -> list[str]:
    return [str(link.get_attribute("href")) for link in page.locator("main .tile > a").all()]


def address(key: int) -> str:
    return f"/{'n' if key & 1 else 'w'}/{key >> 1}"


def test_a_collection_is_made_put_in_order_and_removed_without_javascript(
    browser: Browser, served: Served, keys: list[int]
) -> None:
    with looking(browser, served.url, java_script_enabled=False) as page:
        page.goto("/bookmarks")
        page.get_by_role("link", name="Collections").click()
        page.get_by_label("Name of a new collection").fill("  夜の絵 ")
        page.get_by_role("button", name="Make").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("夜の絵")
        expect(page.get_by_text("Nothing is in it yet")).to_be_visible()
        here = page.url.removeprefix(served.url)
        id_ = int(here.rpartition("/")[2])
        served.gallery.own.run_sync(collections.add_works, id_, keys, 1)
        page.reload()
        assert shown(page) == [address(key) for key in keys]

        page.get_by_role("link", name="Edit").click()
        expect(page.get_by_role("button", name="Move up").first).to_be_disabled()
        expect(page.get_by_role("button", name="Move down").last).to_be_disabled()
        page.get_by_role("button", name="Move down").first.click()
        assert in_order(served, id_) == [keys[1], keys[0], keys[2], keys[3]]
        page.get_by_role("button", name="Move up").last.click()
        assert in_order(served, id_) == [keys[1], keys[0], keys[3], keys[2]]
        page.get_by_role("button", name="Move down").nth(2).click()
        assert in_order(served, id_) == [keys[1], keys[0], keys[2], keys[3]]
        page.get_by_role("button", name="Take out").nth(1).click()
        assert in_order(served, id_) == [keys[1], keys[2], keys[3]]
        page.get_by_role("button", name="Undo").click()
        assert in_order(served, id_) == [keys[1], keys[0], keys[2], keys[3]]

        page.get_by_label("Name", exact=True).fill("best")
        page.get_by_label("Note").fill("一行目\nsecond line")
        page.get_by_role("button", name="Keep").click()
        page.get_by_role("link", name="Done").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("best")
        expect(page.get_by_text("second line")).to_be_visible()

        page.goto(f"{here}?edit")
        page.get_by_role("button", name="Remove this collection").click()
        expect(page.get_by_role("link", name="best")).to_have_count(0)
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("link", name="best").click()
        assert shown(page) == [address(key) for key in (keys[1], keys[0], keys[2], keys[3])]


def test_what_is_not_here_is_named_and_what_is_hidden_or_forgotten_is_not(served: Served, keys: list[int]) -> None:
    id_ = made(served, "old", [*keys, 2 * 4711 + 1])
    whole = ask(served.url, f"/collections/{id_}").text
    assert "Novel 4711" in whole
    of_catalogue(served.root, "UPDATE work SET x_restrict = 1 WHERE work_key = ?", keys[0])
    of_catalogue(
        served.root, "INSERT INTO tombstone (owner_kind, owner_id, idx, at) VALUES ('work', ?, -1, 1)", keys[1]
    )
    served.gallery.own.run_sync(words.put_setting, "rating", "hide")
    try:
        found = ask(served.url, f"/collections/{id_}").text
        assert [f'href="{address(key)}"' in found for key in keys] == [False, False, True, True]
        assert [f'href="{address(key)}"' in whole for key in keys] == [True] * 4
        assert "2 works" in found
        assert "Novel 4711" in found
    finally:
        served.gallery.own.run_sync(words.put_setting, "rating", None)
        of_catalogue(served.root, "UPDATE work SET x_restrict = 0 WHERE work_key = ?", keys[0])
        of_catalogue(served.root, "DELETE FROM tombstone")


def test_nonsense_gets_a_sentence(served: Served, keys: list[int]) -> None:
    id_ = made(served, "taken", keys[:1])
    for path, form, status in (
        ("", {"name": ""}, 400),
        ("", {"name": "taken"}, 400),
        ("", {"name": "x" * 101}, 400),
        ("/999/rename", {"name": "y"}, 404),
        (f"/{id_}/rename", {"name": "y", "note": "x" * 2001}, 400),
        ("/999/remove", {}, 404),
        (f"/{id_}/move", {"key": "x", "before": "0"}, 400),
        (f"/{id_}/move", {"key": str(keys[0])}, 400),
        (f"/{id_}/move", {"key": str(keys[1]), "before": "0"}, 404),
        (f"/{id_}/take", {"key": str(keys[1])}, 404),
    ):
        answer = send(served.url, f"/collections{path}", form)
        assert (answer.status, "<h1>" in answer.text) == (status, True), (path, form)
    for path, status in (("/999", 404), (f"/{id_}?page=x", 400), (f"/{id_}?page=99", 200)):
        assert ask(served.url, f"/collections{path}").status == status
    assert in_order(served, id_) == keys[:1]
