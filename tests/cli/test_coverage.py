"""`coverage`: sentences a person understands, and JSON for scripts."""

import json
import sqlite3


def test_a_mirror_that_is_complete_says_so(pixmirror, mirrored):
    result = pixmirror("coverage")
    assert result.exit_code == 0, result.output
    assert "2 artists: 9 of 9 works." in result.output
    assert "2 artists are complete" in result.output


def test_one_artist_in_one_sentence(pixmirror, mirrored, pixiv):
    world = pixiv.state.world
    artist = min(f for f in world.follows[world.me])
    name = world.users[artist].name
    result = pixmirror("coverage", str(artist))
    assert f"{name} (user:{artist}): 6 of 6 works, checked" in result.output


def test_what_is_missing_is_named_with_its_reason(pixmirror, mirrored, pixiv):
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as db:
        work = db.execute("SELECT owner_id FROM media WHERE role = 'page' LIMIT 1").fetchone()[0]
        db.execute("UPDATE media SET state = 'failed', error = 'it broke' WHERE owner_id = ?", (work,))
        owner = db.execute("SELECT user_id FROM work WHERE work_key = ?", (work,)).fetchone()[0]
    shown = pixmirror("coverage", f"user:{owner}").output
    assert "1 failed" in shown
    assert "it broke" in shown
    assert "A file is missing from what Pixiv gave, or could not be stored (1)" in shown
    table = pixmirror("coverage").output
    assert "1 artist is complete" in table
    found = json.loads(pixmirror("coverage", "--json", "--missing").stdout)
    assert found["missing"][0] | {"title": ""} == {
        "ref": str(work >> 1), "title": "", "reason": "failed", "detail": "it broke", "due_at": None,
        "next": "what lacks is asked for again; `pixmirror why` has the reason, `pixmirror retry` asks at once",
    }  # fmt: skip
    assert (found["total"]["holes"], found["total"]["missing"]) == (1, {"failed": 1})
    assert found["artists"][0]["user_id"] == owner
    assert found["artists"][0]["checked_at"].endswith("+00:00")


def test_an_artist_that_nobody_reads_and_a_work_are_refused_in_a_sentence(pixmirror, mirrored):
    result = pixmirror("coverage", "user:1")
    assert (result.exit_code, "No job reads" in result.output) == (2, True)
    assert pixmirror("coverage", "novel:1").exit_code == 2


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
