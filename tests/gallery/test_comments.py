"""Comments below all works, the last first; those that vanished, and those of one person."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Connection

from pixmirror.catalogue.database import catalogue_path, open_readonly
from pixmirror.catalogue.gallery import words
from pixmirror.catalogue.sql import rows
from pixmirror.reports import talk
from tests.gallery.asking import ask
from tests.gallery.changed import spoil
from tests.gallery.conftest import Mirrored, Served, copied, looking, serving
from tests.gallery.readable import ask as of_catalogue
from tests.hostile.texts import NAMES

NEWEST = "SELECT comment_key FROM comment ORDER BY coalesce(date, first_seen) DESC, comment_key DESC"


@pytest.fixture(scope="module")
def served(mirrored: Mirrored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gallery of a copy of the mirror with hostile names and comments, some of which vanished."""
    root = spoil(copied(mirrored.root, tmp_path_factory.mktemp("comments") / "root"))
    newest = [key for (key,) in of_catalogue(root, NEWEST)]
    for number, key in enumerate(newest[: len(NAMES)]):
        of_catalogue(root, "UPDATE comment SET comment = ? WHERE comment_key = ?", NAMES[number], key)
    of_catalogue(root, "UPDATE comment SET state = 'deleted', state_at = first_seen WHERE comment_key % 14 = 0")
    with serving(root) as served:
        yield served


def count(served: Served, where: str = "true") -> int:
    return int(of_catalogue(served.root, f"SELECT count(*) FROM comment c WHERE {where}")[0][0])


@pytest.mark.parametrize("width", [pytest.param(1440, marks=pytest.mark.long), 360])
def test_comments_go_on_from_the_last_to_the_first_and_lead_to_their_works(
    browser: Browser, served: Served, width: int
) -> None:
    with looking(browser, served.url, width, java_script_enabled=False) as page:
        page.goto("/comments")
        found = 0
        while True:
            found += page.locator(".talk > li").count()
            if not page.get_by_role("link", name="Earlier").count():
                break
            page.get_by_role("link", name="Earlier").click()
        assert found == count(served)
        page.get_by_role("link", name="The last ones").click()
        page.locator(".talk a[href$='#comments']").nth(len(NAMES)).click()
        expect(page.locator("#comments")).to_be_visible()


def test_those_that_vanished_and_those_of_one_person_are_shown_alone(browser: Browser, served: Served) -> None:
    with looking(browser, served.url) as page:
        page.goto("/comments")
        page.get_by_role("link", name="Deleted at Pixiv, kept here").click()
        vanished = count(served, "state = 'deleted'")
        expect(page.locator(".talk > li.lost")).to_have_count(min(vanished, talk.SHOWN))
        expect(page.locator(".talk > li")).to_have_count(min(vanished, talk.SHOWN))
        expect(page.get_by_text("kept here", exact=False).last).to_be_visible()
        page.goto("/comments")
        page.locator(".talk .who a").first.click()
        by = int(page.url.partition("by=")[2])
        expect(page.locator(".talk > li")).to_have_count(min(count(served, f"user_id = {by}"), talk.SHOWN))
        page.get_by_role("link", name=", remove").click()
        assert page.url == f"{served.url}/comments"


def test_nothing_of_hidden_works_and_of_forgotten_works_and_people_is_shown(served: Served) -> None:
    ((_, work, user),) = of_catalogue(
        served.root, f"SELECT comment_key, work_key, user_id FROM comment WHERE comment_key = ({NEWEST} LIMIT 1)"
    )

    def shown() -> int:
        return ask(served.url, "/comments").text.count(f'href="/comments?by={user}"')

    assert shown()
    try:
        of_catalogue(served.root, "INSERT INTO tombstone (owner_kind, owner_id, at) VALUES ('user', ?, 1)", user)
        assert shown() == 0
        assert ask(served.url, f"/comments?by={user}").status == 404
        of_catalogue(served.root, "UPDATE tombstone SET owner_kind = 'work', owner_id = ?", work)
        page = f"/{'n' if work & 1 else 'w'}/{work >> 1}#comments"
        assert page not in ask(served.url, "/comments").text
        of_catalogue(served.root, "DELETE FROM tombstone")
        of_catalogue(served.root, "UPDATE work SET x_restrict = 1")
        served.gallery.own.run_sync(words.put_setting, "rating", "hide")
        assert shown() == 0
    finally:
        of_catalogue(served.root, "DELETE FROM tombstone")
        of_catalogue(served.root, "UPDATE work SET x_restrict = 0")
        served.gallery.own.run_sync(words.put_setting, "rating", None)


@pytest.mark.parametrize(
    ("query", "status"),
    [("by=x", 400), ("by=999999999", 404), ("before=x", 400), ("before=1", 400), (f"before={'9' * 40}.1", 400)],
)
def test_nonsense_gets_a_sentence(served: Served, query: str, status: int) -> None:
    answer = ask(served.url, f"/comments?{query}")
    assert (answer.status, "<h1>" in answer.text) == (status, True)


@pytest.mark.parametrize(
    ("which", "index"),
    [("true", "comment_by_time"), (talk._VANISHED, "comment_vanished"), ("c.user_id = 1", "comment_by_user")],
)
def test_each_page_is_read_along_an_index(mirrored: Mirrored, which: str, index: str) -> None:
    with open_readonly(catalogue_path(mirrored.root)) as db:
        asked = dict.fromkeys(("at", "key", "last_at", "last_key", "r18", "made"), 5)

        def plan(conn: Connection, sql: str) -> str:
            return str(rows(conn, f"EXPLAIN QUERY PLAN {sql.format(which=which)}", **asked))

        plans = [db.read_sync(plan, sql) for sql in (talk._LAST, talk._SOME)]
    assert [index in plan and "TEMP B-TREE" not in plan for plan in plans] == [True, True]
