"""What was looked at, by day: shown, forgotten with a way back, switched off."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Connection

from pixmirror.catalogue.gallery import own as write
from pixmirror.clock import DAY_MS
from pixmirror.gallery import shown
from tests.gallery.asking import ask, send
from tests.gallery.changed import spoil
from tests.gallery.conftest import Mirrored, Served, copied, looking, serving
from tests.gallery.readable import ask as of_catalogue
from tests.gallery.test_work_asked import own

NOON = round(datetime(2026, 11, 15, 12).astimezone().timestamp() * 1000)
VISITS = "SELECT work_key, at FROM history ORDER BY at"


@pytest.fixture(scope="module")
def copy(mirrored: Mirrored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(spoil(copied(mirrored.root, tmp_path_factory.mktemp("history") / "root"))) as served:
        yield served


@pytest.fixture
def served(copy: Served) -> Served:
    """A gallery with looks at three works, one on the day before the others."""
    copy.gallery.own.run_sync(write.drop_history, seen_too=True)
    for key, at in zip(works(copy), (NOON - DAY_MS, NOON, NOON + 3_600_000), strict=True):
        copy.gallery.own.run_sync(write.look, key, at)
    return copy


def works(served: Served) -> list[int]:
    sql = "SELECT work_key FROM work WHERE title != '' AND x_restrict = 0 ORDER BY work_key LIMIT 3"
    return [key for (key,) in of_catalogue(served.root, sql)]


def address(key: int) -> str:
    return f"/{'n' if key & 1 else 'w'}/{key >> 1}"


@pytest.mark.parametrize("width", [pytest.param(1440, marks=pytest.mark.long), 360])
def test_looks_are_shown_by_day_and_forgotten_one_by_one_by_day_and_whole(
    browser: Browser, served: Served, width: int
) -> None:
    before = own(served, VISITS)
    with looking(browser, served.url, width, java_script_enabled=False) as page:
        page.goto("/history")
        assert page.locator("main h2").all_inner_texts() == [shown.day(NOON), shown.day(NOON - DAY_MS)]
        links = [str(one.get_attribute("href")) for one in page.locator("main .tile > a").all()]
        assert links == [address(key) for key, _ in reversed(before)]
        expect(page.locator("main time").first).to_have_text("13:00")
        page.get_by_role("button", name="Forget this look at").first.click()
        assert own(served, VISITS) == before[:2]
        page.get_by_role("button", name="Undo").click()
        assert own(served, VISITS) == before
        page.get_by_role("button", name="Forget this day").first.click()
        expect(page.get_by_text("2 looks forgotten.")).to_be_visible()
        assert own(served, VISITS) == before[:1]
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Forget all").click()
        page.get_by_role("link", name="Keep it").click()
        assert own(served, VISITS) == before
        page.get_by_role("button", name="Forget all").click()
        page.get_by_role("button", name="Forget all").click()
        expect(page.get_by_text("Nothing yet")).to_be_visible()
        assert own(served, VISITS) == []
        assert len(own(served, "SELECT * FROM seen")) == 3


def test_while_it_is_switched_off_nothing_is_noted(served: Served) -> None:
    before = own(served, VISITS)
    assert send(served.url, "/history/switch", {"to": "off"}).location == "/history"
    assert "Nothing that you look at is noted" in ask(served.url, "/history").text
    ask(served.url, address(works(served)[0]))
    send(served.url, "/history/switch", {"to": "on"})  # written after the look would have been
    assert own(served, VISITS) == before


def test_what_was_forgotten_is_in_no_history_and_seen_works_go_with_it_if_asked(served: Served) -> None:
    key = works(served)[2]
    of_catalogue(
        served.root, "INSERT INTO tombstone (owner_kind, owner_id, idx, at) VALUES ('work', ?, -1, 1)", key
    )
    try:
        assert f'href="{address(key)}"' not in ask(served.url, "/history").text
    finally:
        of_catalogue(served.root, "DELETE FROM tombstone")
    assert f'href="{address(key)}"' in ask(served.url, "/history").text
    assert send(served.url, "/history/forget", {"all": "sure", "seen": "1"}).status == 303
    assert own(served, "SELECT * FROM seen") == []


def test_a_long_history_goes_on_page_by_page(served: Served) -> None:
    key = works(served)[0]

    def look_often(conn: Connection) -> None:
        for n in range(100, 170):
            write.look(conn, key, NOON - n * 3_600_000)

    served.gallery.own.run_sync(look_often)
    first = ask(served.url, "/history").text
    address = first.partition('href="/history?before=')[2].partition('"')[0]
    second = ask(served.url, f"/history?before={address}").text
    assert [page.count("Forget this look at") for page in (first, second)] == [60, 13]
    assert "Earlier" not in second


def test_nonsense_gets_a_sentence(served: Served) -> None:
    before = own(served, VISITS)
    for path, form, status in (
        ("forget", {}, 400),
        ("forget", {"id": "x"}, 400),
        ("forget", {"id": "999999"}, 404),
        ("forget", {"day": "yesterday"}, 400),
        ("forget", {"day": "9999-12-31"}, 400),
        ("forget", {"day": "0001-01-01"}, 400),
        ("forget", {"day": "2001-01-01"}, 404),
        ("switch", {"to": "x"}, 400),
    ):
        answer = send(served.url, f"/history/{path}", form)
        assert (answer.status, "<h1>" in answer.text) == (status, True), form
    assert ask(served.url, "/history?before=x").status == 400
    assert ask(served.url, "/history?before=" + "9" * 40).status == 400
    assert own(served, VISITS) == before
