"""A filter tried on a work, with the rule that leaves it out; and what a job costs."""

import sqlite3
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.gallery.asked import Refused
from pixmirror.gallery.trial import read_filter, written
from pixmirror.models.jobs import JobConfig
from pixmirror.sync.filters import Filter
from tests.gallery.accessible import faults
from tests.gallery.conftest import Served, looking, serving
from tests.gallery.test_mirror import with_job  # noqa: F401

JOB = JobConfig.model_validate(
    {
        "name": "following",
        "kind": "following",
        "every": "1h",
        "tags_none": ["猫", 'a "quoted" one'],
        "posted_after": "2024-02-01",
        "ai": "no",
        "files": False,
    }
)


def test_lines_that_are_written_are_the_filter_that_is_read() -> None:
    assert read_filter(written(JOB), JOB) == Filter.of(JOB)
    whole = f'[[jobs]]\nname = "following"\nkind = "following"\nevery = "30m"\n{written(JOB)}'
    assert read_filter(whole, JOB) == Filter.of(JOB)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tags_any = [", "cannot be read"),
        ("nothing = 1", "nothing is no key of a job"),
        ('ai = "perhaps"', "ai: "),
        ("posted_after = 5", "posted_after: 5 is not a date"),
        ("a = " + "[" * 3000, "cannot be read"),
    ],
)
def test_what_is_wrong_with_lines_is_told_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        read_filter(text, JOB)


def test_a_filter_is_tried_on_a_work_and_the_rule_that_leaves_it_out_is_named(
    browser: Browser,
    with_job: Served,  # noqa: F811
) -> None:
    with sqlite3.connect(with_job.root / "catalogue.db") as db:
        (key,) = db.execute(
            "SELECT work_key FROM work WHERE medium = 'illust' AND type = 'illust' AND user_id IS NOT NULL"
        ).fetchone()
    with looking(browser, with_job.url, 360) as page:
        page.goto("/mirror/jobs/following")
        page.get_by_label("Filter lines of the job").fill('types = ["manga"]')
        page.get_by_label("A work: its id").fill(f"https://www.pixiv.net/artworks/{key >> 1}")
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("note")).to_contain_text("It would be left out: type is illust.")
        expect(page.locator("#lines")).to_have_text('types = ["manga"]')
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert faults(page) == []
    address = f"{with_job.url}/mirror/jobs/following?"
    kept = httpx.get(address + urlencode({"work": key >> 1, "filter": 'types = ["illust"]'})).text
    assert "It would be kept: no rule leaves it out." in kept
    assert httpx.get(address + "work=user:5").status_code == 400
    assert httpx.get(address + "work=rubbish").status_code == 400
    assert "Nothing is known of this work" in httpx.get(address + "work=999999999999").text
    with sqlite3.connect(with_job.root / "catalogue.db") as db:
        db.execute("UPDATE work SET x_restrict = 1, title = 'a hidden name' WHERE work_key = ?", (key,))
    with_job.gallery.own.run_sync(put_setting, "rating", "hide")
    assert "a hidden name" not in httpx.get(f"{address}work={key >> 1}").text


def test_a_job_says_what_it_costs_when_asked(with_job: Served) -> None:  # noqa: F811
    assert "Count it" in httpx.get(f"{with_job.url}/mirror/jobs/following").text
    assert "a day." in httpx.get(f"{with_job.url}/mirror/jobs/following?cost=1").text


def test_the_first_steps_price_the_jobs_and_give_the_lines_of_those_chosen(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with serving(root) as served:
        served.gallery.config = served.gallery.config.model_copy(
            update={"pixiv": served.gallery.config.pixiv.model_copy(update={"refresh_token_file": root / "token"})}
        )
        (root / "token").write_text("a" * 43)
        text = httpx.get(f"{served.url}/start").text
        assert text.count("First pictures at once.") >= 2
        assert "bookmarks" in text.split('id="lines"')[1]
        chosen = httpx.get(f"{served.url}/start?job=daily").text.split('id="lines"')[1]
        assert "ranking" in chosen
        assert "bookmarks" not in chosen.split("</pre>")[0]
