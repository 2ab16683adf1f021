"""`coverage`: sentences a person understands, and JSON for scripts."""

import json
import sqlite3

import pytest
from rich.cells import cell_len

from pixmirror.catalogue import runs
from pixmirror.catalogue.database import Database
from pixmirror.cli import layout


def test_a_mirror_that_is_complete_says_so_in_its_first_line(pixmirror, config):
    assert pixmirror("sync").exit_code == 0
    result = pixmirror("coverage")
    assert result.exit_code == 0, result.output
    first, *rest = result.output.splitlines()
    assert first == ("Complete as of just now: all 2 artists, both bookmark lists.")
    assert rest == [], "complete ones are counted, not listed"


def test_all_lists_complete_artists_and_bookmarks_too(pixmirror, mirrored, pixiv):
    world = pixiv.state.world
    artist = min(f for f in world.follows[world.me])
    lines = [line.split() for line in pixmirror("coverage", "--all").output.splitlines()]
    assert [*world.users[artist].name.split(), f"user:{artist}", "6", "6"] in lines
    assert ["public", "2", "2"] in lines
    assert ["private", "0", "0"] in lines


def test_one_artist_in_one_sentence(pixmirror, mirrored, pixiv):
    world = pixiv.state.world
    artist = min(f for f in world.follows[world.me])
    name = world.users[artist].name
    first = pixmirror("coverage", str(artist)).output.splitlines()[0]
    assert first.startswith(f"{name} (user:{artist}): all 6 works are here, as of ")


def test_what_is_missing_is_named_with_its_reason(pixmirror, mirrored, pixiv):
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        work = db.execute("SELECT owner_id FROM media WHERE role = 'page' LIMIT 1").fetchone()[0]
        db.execute("UPDATE media SET state = 'failed', error = 'it broke' WHERE owner_id = ?", (work,))
        owner = db.execute("SELECT user_id FROM work WHERE work_key = ?", (work,)).fetchone()[0]
    shown = pixmirror("coverage", f"user:{owner}").output
    assert "1 could not be had (pixmirror retry)" in shown
    assert "it broke" in shown
    assert "Could not be had (1)" in shown
    table = " ".join(pixmirror("coverage").output.split())
    assert "1 of 2 artists" in table
    assert "Could not be had: 1 work of an artist, 1 bookmark; pixmirror retry --failed asks again." in table
    found = json.loads(pixmirror("coverage", "--json", "--missing").stdout)
    assert found["missing"][0] | {"title": ""} == {
        "ref": str(work >> 1), "title": "", "reason": "failed", "detail": "it broke", "due_at": None,
        "next": "`pixmirror retry REF` asks for it again; `pixmirror why REF` has the reason",
    }  # fmt: skip
    assert (found["total"]["holes"], found["total"]["missing"]) == (1, {"failed": 1})
    assert found["artists"][0]["user_id"] == owner
    assert found["artists"][0]["checked_at"].endswith("+00:00")


def test_a_missing_bookmark_and_a_ranking_day_are_proven_with_their_reasons(pixmirror, mirrored, pixiv):
    config = mirrored.read_text()
    mirrored.write_text(config.replace("enabled = false", "top = 30"))
    pixmirror("sync")
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        work = db.execute("SELECT work_key FROM bookmark LIMIT 1").fetchone()[0]
        db.execute("UPDATE media SET state = 'wanted' WHERE owner_id = ?", (work,))
        [days] = db.execute("SELECT count(DISTINCT date) FROM ranking_day").fetchone()
    found = json.loads(pixmirror("coverage", "--json").stdout)
    public, private = found["bookmarks"]
    assert (public["restrict"], public["total"], public["missing"]) == ("public", 2, {"wanted": 1})
    assert (private["restrict"], private["is_complete"]) == ("private", True)
    assert len(found["rankings"]) == days
    assert found["as_of"].endswith("+00:00")
    first = " ".join(pixmirror("coverage").output.split()).partition(".")[0]
    assert "1 of 2 artists, 1 of 2 bookmark lists" in first
    assert "ranking day" in first


@pytest.mark.parametrize("columns", ["60", "120"])
def test_no_line_is_wider_than_the_terminal_and_no_id_is_broken(pixmirror, mirrored, monkeypatch, pixiv, columns):
    monkeypatch.setattr(layout, "width", lambda: int(columns))
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        db.execute("UPDATE media SET state = 'failed', error = 'it broke'")
        db.execute("UPDATE user SET name = '雨宮しずく＠土曜 東A-12b お仕事募集中 commissions open'")
    shown = pixmirror("coverage", "--all").output
    assert max(cell_len(line) for line in shown.splitlines()) <= int(columns)
    world = pixiv.state.world
    assert all(f"user:{artist} " in shown for artist in world.follows[world.me])


def test_an_artist_that_nobody_reads_and_a_work_are_refused_in_a_sentence(pixmirror, mirrored):
    result = pixmirror("coverage", "user:1")
    assert (result.exit_code, "No job reads" in result.output) == (2, True)
    assert pixmirror("coverage", "novel:1").exit_code == 2


def test_while_the_login_is_rejected_no_command_promises_that_a_sync_brings_the_rest(pixmirror, mirrored):
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        work = db.execute("SELECT owner_id FROM media WHERE role = 'page' LIMIT 1").fetchone()[0]
        db.execute("UPDATE media SET state = 'fetching' WHERE owner_id = ?", (work,))
    one, all_ = (" ".join(pixmirror(*c).output.split()) for c in (("why", str(work >> 1)), ("coverage",)))
    assert "It is first in the queue. Nothing is mirrored now; pixmirror sync goes on with it." in one
    assert "Not yet: 1 artist (1 work), 1 bookmark list (1 work). Nothing is mirrored now; pixmirror sync" in all_
    with Database.open(mirrored.parent / "mirror" / "catalogue.db") as db:
        db.run_sync(runs.note_refused_login, "TokenRejected", 2**42)
    for command in (("why", str(work >> 1)), ("coverage",)):
        said = " ".join(pixmirror(*command).output.split())
        assert "Pixiv rejected the login" in said
        assert "pixmirror login" in said
        assert "pixmirror sync" not in said


def test_its_help_says_once_that_the_artist_may_be_left_out(pixmirror):
    shown = pixmirror("coverage", "--help").output
    assert "[USER]" in shown
    assert "[[" not in shown


def test_status_says_that_the_web_login_has_expired(pixmirror, config):
    (config.parent / "phpsessid").write_text("10000001_dead")
    assert pixmirror("sync").exit_code == 0
    result = pixmirror("status")
    assert "web login does not work" in result.output.replace("\n", " ")
    assert "10000001_dead" not in result.output
