"""Coverage, gone, drift: the answers of the commands, from kept counts, with what comes next; nothing hidden."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pixmirror.catalogue.database import Database, catalogue_path
from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.reports import kept, proof
from pixmirror.reports.completeness import Completeness
from pixmirror.reports.coverage import Coverage, Overview
from pixmirror.reports.coverage_lists import RankingProof
from pixmirror.reports.gone import OnlyHere
from pixmirror.reports.kept import Counts
from tests.gallery.conftest import Served, looking, serving
from tests.gallery.test_mirror import answering
from tests.standin import FOLLOWING

NOW = round(time.time() * 1000)


def count_anew(root: Path) -> None:
    """Count what pages tell with an "as of", as the upkeep of a running pixmirror does."""
    with Database.open(catalogue_path(root), create=False) as db:
        account = db.read_sync(lambda conn: conn.exec_driver_sql("SELECT id FROM account").scalar_one())
        counted, proven = db.read_sync(proof.count, account, (FOLLOWING,), NOW)
        db.run_sync(kept.save, counted)
        db.run_sync(proof.save, proven)


def change(root: Path, *statements: str) -> None:
    with sqlite3.connect(root / "catalogue.db") as db:
        for statement in statements:
            db.execute(statement)


def forget_index(root: Path) -> None:
    """Let lists be read from the catalogue: search.db knows nothing of what is changed by hand."""
    for file in root.glob("search.db*"):
        file.unlink()


@pytest.fixture
def work(own_root: Path) -> tuple[int, int]:
    """The key and the artist of a work of a followed artist whose picture is here."""
    with sqlite3.connect(own_root / "catalogue.db") as db:
        found: tuple[int, int] = db.execute(
            "SELECT w.work_key, w.user_id FROM work w JOIN follow f ON f.user_id = w.user_id JOIN media m ON "
            "m.owner_kind = 'work' AND m.owner_id = w.work_key AND m.state = 'stored' AND m.role = 'page' "
            "WHERE w.state = 'live' AND w.x_restrict = 0 AND w.medium = 'illust' LIMIT 1"
        ).fetchone()
    return found


@pytest.fixture
def lacking(own_root: Path, work: tuple[int, int]) -> Iterator[Served]:
    """A gallery of a mirror in which one file of a work is still to come."""
    change(own_root, f"UPDATE media SET state = 'wanted' WHERE owner_kind = 'work' AND owner_id = {work[0]}")
    count_anew(own_root)
    with serving(own_root) as served:
        yield served


def test_coverage_leads_from_each_reason_to_the_works_that_it_counts(
    browser: Browser, lacking: Served, work: tuple[int, int]
) -> None:
    key, artist = work
    with looking(browser, lacking.url) as page:
        page.goto("/mirror/coverage")
        expect(page.locator("main")).to_contain_text("Complete as of")
        expect(page.locator("main")).to_contain_text("Nothing is mirrored: no job is enabled.")
        page.locator(f'a[href="/mirror/coverage/{artist}#wanted"]').click()
        expect(page.get_by_role("heading", name="1: still to be fetched")).to_be_visible()
        expect(page.locator(f'main a[href="/w/{key >> 1}"]')).to_be_visible()


def test_coverage_is_what_was_counted_and_no_scan(lacking: Served) -> None:
    change(lacking.root, "UPDATE media SET state = 'wanted' WHERE state = 'stored'")
    text = httpx.get(f"{lacking.url}/mirror/coverage").text
    assert text.count('#wanted">') == 1
    assert "Counted " in text


def test_a_work_that_the_user_hides_is_not_named_where_it_lacks(lacking: Served, work: tuple[int, int]) -> None:
    key, artist = work
    change(lacking.root, f"UPDATE work SET x_restrict = 1 WHERE work_key = {key}")
    address = f"{lacking.url}/mirror/coverage/{artist}"
    assert f"/w/{key >> 1}" in httpx.get(address).text
    lacking.gallery.own.run_sync(put_setting, "rating", "hide")
    text = httpx.get(address).text
    assert f"/w/{key >> 1}" not in text
    assert "1 that your settings hide is not named here." in text
    assert httpx.get(f"{lacking.url}/mirror/coverage/99999").status_code == 404


def test_what_went_at_pixiv_is_counted_shown_and_linked(own_root: Path, work: tuple[int, int]) -> None:
    key, _ = work
    change(
        own_root,
        f"UPDATE work SET state = 'deleted', state_at = {NOW} WHERE work_key = {key}",
        f"INSERT INTO state_change (account_id, owner_kind, owner_id, state, evidence, at) "
        f"SELECT id, 'work', {key}, 'deleted', 'detail', {NOW} FROM account",
    )
    count_anew(own_root)
    forget_index(own_root)
    with serving(own_root) as served:
        text = httpx.get(f"{served.url}/mirror/gone").text
        assert '<a href="/works?state=kept">1 work</a> gone at Pixiv, kept here' in text
        assert "1 deleted" in text
        assert f'href="/w/{key >> 1}"' in text
        served.gallery.own.run_sync(put_setting, "rating", "hide")
    change(own_root, f"UPDATE work SET x_restrict = 1 WHERE work_key = {key}")
    forget_index(own_root)
    with serving(own_root) as served:
        text = httpx.get(f"{served.url}/mirror/gone").text
        assert f'href="/w/{key >> 1}"' not in text
        assert '<a href="/works?state=kept">0 works</a>' in text, "as many as its list shows"
        assert "1 when counted, whatever your settings hide" in text


def test_works_that_were_here_and_are_lost_are_named_with_what_helps(
    own_root: Path, work: tuple[int, int]
) -> None:
    key, artist = work
    change(
        own_root,
        f"UPDATE work SET state = 'deleted', state_at = {NOW} WHERE work_key = {key}",
        f"UPDATE media SET state = 'gone', verified_at = NULL WHERE owner_kind = 'work' AND owner_id = {key}",
    )
    with serving(own_root) as served:
        text = httpx.get(f"{served.url}/mirror/coverage/{artist}").text
        assert "1: was here and is lost, and Pixiv has it no more" in text
        assert f'href="/w/{key >> 1}"' in text
        served.gallery.own.run_sync(put_setting, "rating", "hide")
        change(own_root, f"UPDATE work SET x_restrict = 1 WHERE work_key = {key}")
        assert f"/w/{key >> 1}" not in httpx.get(f"{served.url}/mirror/coverage/{artist}").text


def test_the_queue_names_no_work_that_the_user_hides(own_root: Path, work: tuple[int, int]) -> None:
    key, _ = work
    change(own_root, f"UPDATE media SET state = 'failed', error = 'it broke' WHERE owner_id = {key}")
    with serving(own_root) as served:
        address = f"{served.url}/mirror/queue"
        assert f"it broke ({key >> 1})" in httpx.get(address).text
        served.gallery.own.run_sync(put_setting, "rating", "hide")
        change(own_root, f"UPDATE work SET x_restrict = 1 WHERE work_key = {key}")
        text = httpx.get(address).text
        assert "it broke" in text
        assert str(key >> 1) not in text


def test_a_bookmark_that_vanished_is_told_with_its_copy_and_not_once_it_is_forgotten(
    own_root: Path, work: tuple[int, int]
) -> None:
    key, _ = work
    columns = "account_id, work_key, restrict, state, state_at, first_seen, last_seen"
    values = f"'public', 'gone', {NOW}, {NOW - 9}, {NOW - 9} FROM account LIMIT 1"
    change(own_root, f"INSERT OR REPLACE INTO bookmark ({columns}) SELECT id, {key}, {values}")
    with serving(own_root) as served:
        text = httpx.get(f"{served.url}/mirror/drift").text
        assert f'href="/w/{key >> 1}"' in text
        assert "kept here" in text
        change(
            own_root,
            f"INSERT INTO tombstone (owner_kind, owner_id, at) VALUES ('work', {key}, {NOW})",
        )
        assert f'href="/w/{key >> 1}"' not in httpx.get(f"{served.url}/mirror/drift").text


def test_what_is_held_back_is_believed_by_its_button(own_root: Path) -> None:
    held = '{"since": 1790000000000, "count": 640, "live": 12408, "states": {"gone": 640}}'
    change(own_root, f"INSERT INTO meta (key, value) VALUES ('brake:work', '{held}')")
    with serving(own_root) as served, answering(own_root) as asked:
        assert "640 of 12,408 works would be marked gone at once" in httpx.get(f"{served.url}/mirror/gone").text
        origin = {"Origin": served.url}
        answer = httpx.post(f"{served.url}/mirror/accept", data={"kind": "work"}, headers=origin)
        assert (answer.status_code, answer.headers["location"]) == (303, "/mirror/gone")
        assert httpx.post(f"{served.url}/mirror/accept", data={"kind": "x"}, headers=origin).status_code == 400
    assert asked == [{"command": "accept", "kind": "work"}]


def test_a_ranking_that_lacks_works_leads_to_its_day(own_root: Path) -> None:
    day = RankingProof(
        medium="illust", mode="day", date="2026-11-28", top=100, standing="read", read_at=NOW,
        total=100, complete=99, missing={"wanted": 1},
    )  # fmt: skip
    nothing = OnlyHere(0, 0, 0, (), (), (), ())
    overview, counts = Overview((), Coverage(0, "", "live"), None), Counts(0, 0, 0, 0, 1, 0, 0, NOW)
    found = Completeness(overview, (), (day,), counts, nothing)
    with Database.open(catalogue_path(own_root), create=False) as db:
        db.run_sync(proof.save, proof.proof_of(found, NOW))
        assert db.read_sync(proof.known) == proof.proof_of(found, NOW)
    with serving(own_root) as served:
        text = httpx.get(f"{served.url}/mirror/coverage").text
    assert '<a href="/rankings?medium=illust&amp;mode=day&amp;day=2026-11-28">day of 2026-11-28</a>' in text
