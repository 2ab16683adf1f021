"""`pixmirror gone`: what survives only here, what vanished, and letting through what the brake holds."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.refs import Ref
from pixmirror.daemon.commands import Commands
from pixmirror.ledger import brake, missing
from pixmirror.ledger.brake import KINDS, Brake

NOW = 1_790_000_000_000


@pytest.fixture
def catalogue(mirrored: Path) -> Path:
    return mirrored.parent / "mirror" / "catalogue.db"


@contextmanager
def changing(catalogue: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(catalogue)) as conn, conn:
        yield conn


def gone_work(catalogue: Path, state: str = "deleted") -> int:
    with changing(catalogue) as conn:
        [key] = conn.execute("SELECT min(owner_id) FROM media WHERE owner_kind = 'work'").fetchone()
        conn.execute(
            "UPDATE work SET state = ?, state_at = ?, evidence = 'x' WHERE work_key = ?", (state, NOW, key)
        )
    return int(key)


def vanish_bookmark(catalogue: Path) -> int:
    with changing(catalogue) as conn:
        [key] = conn.execute("SELECT min(work_key) FROM bookmark").fetchone()
        conn.execute("UPDATE bookmark SET state = 'gone', state_at = ? WHERE work_key = ?", (NOW, key))
        conn.execute("UPDATE work SET last_seen = last_seen + 1000 WHERE work_key = ?", (key,))
        conn.execute("INSERT INTO bookmark_work_tag SELECT account_id, work_key, 'mine', 0 FROM bookmark LIMIT 1")
    return int(key)


def as_json(result: Any) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_nothing_is_gone(pixmirror, mirrored):
    assert "still shows every work" in pixmirror("gone").stdout
    found = as_json(pixmirror("gone", "--json"))
    assert (found["works"], found["files"], found["bytes"]) == (0, 0, 0)
    assert found["vanished"] == {"bookmarks": 0, "follows": 0, "comments": 0}
    assert found["states"] == found["newest"] == found["users"] == found["held"] == []
    for what in ("works", "users", "comments", "bookmarks", "follows"):
        assert pixmirror("gone", what).stdout == f"No {what} are gone.\n"
        assert as_json(pixmirror("gone", what, "--json")) == []


def test_what_survives_only_here_is_counted_and_named(pixmirror, catalogue):
    key = gone_work(catalogue)
    found = as_json(pixmirror("gone", "--json"))
    assert found["works"] == 1
    assert found["files"] >= 1
    assert found["bytes"] > 0
    [state] = found["states"]
    assert (state["state"], state["works"], state["files"]) == ("deleted", 1, found["files"])
    [work] = found["newest"]
    assert work.keys() >= {"ref", "medium", "id", "title", "user_id", "artist", "state", "since", "files", "bytes"}
    assert (work["id"], work["since"]) == (key >> 1, "2026-09-21T14:13:20+00:00")
    text = pixmirror("gone").stdout
    assert text.startswith("Kept here, though Pixiv no longer shows them: 1 work, ")
    assert "deleted at Pixiv" in text
    assert work["title"] in text
    assert as_json(pixmirror("gone", "works", "--json")) == [work]
    assert work["ref"] in pixmirror("gone", "works").stdout


def test_users_who_left_are_named_with_what_is_here(pixmirror, catalogue):
    with changing(catalogue) as conn:
        [user] = conn.execute("SELECT min(user_id) FROM work WHERE user_id IS NOT NULL").fetchone()
        conn.execute("UPDATE user SET state = 'user_gone', state_at = ? WHERE id = ?", (NOW, user))
        conn.execute("UPDATE work SET state = 'user_gone', state_at = ? WHERE user_id = ?", (NOW, user))
    [left] = as_json(pixmirror("gone", "users", "--json"))
    assert (left["ref"], left["state"]) == (f"user:{user}", "user_gone")
    assert left["works"] > 1
    assert f"user:{user}" in pixmirror("gone", "users").stdout
    assert "not there any more" in pixmirror("gone").stdout


def test_vanished_bookmarks_say_why_and_where_the_copy_is(pixmirror, catalogue):
    key = vanish_bookmark(catalogue)
    [lost] = as_json(pixmirror("gone", "bookmarks", "--json"))
    assert lost["ref"] == str(key >> 1)
    assert (lost["why"], lost["tags"], lost["restrict"]) == ("removed", ["mine"], "public")
    assert lost["copy"]["files"] >= 1
    text = pixmirror("gone", "bookmarks").stdout
    assert "removed on Pixiv by this account" in text
    assert "your tags: mine" in text
    assert (catalogue.parent / "media" / lost["copy"]["path"]).exists()
    assert str(catalogue.parent / "media" / lost["copy"]["path"]) in text
    assert "1 bookmark" in pixmirror("gone").stdout


def test_vanished_follows_and_deleted_comments(pixmirror, catalogue):
    with changing(catalogue) as conn:
        conn.execute("UPDATE follow SET state = 'gone', state_at = ?", (NOW,))
        [key] = conn.execute("SELECT min(work_key) FROM work").fetchone()
        conn.execute(
            "INSERT INTO comment (comment_key, work_key, comment, state, state_at, first_seen, last_seen) "
            "VALUES (90, ?, 'lovely\n  work', 'deleted', ?, 1, 2)",
            (key, NOW),
        )
        conn.execute(
            "INSERT INTO state_change (account_id, owner_kind, owner_id, state, evidence, at) "
            "VALUES (1, 'comment', 90, 'deleted', 'x', ?)",
            (NOW,),
        )
    follows = as_json(pixmirror("gone", "follows", "--json"))
    assert len(follows) == 2
    assert follows[0]["ref"].startswith("user:")
    assert len(as_json(pixmirror("gone", "follows", "--limit", "1", "--json"))) == 1
    assert "--limit shows more" in pixmirror("gone", "follows", "--limit", "1").stdout
    [comment] = as_json(pixmirror("gone", "comments", "--json"))
    assert (comment["id"], comment["comment"], comment["ref"]) == (45, "lovely\n  work", str(Ref.of_work(key)))
    assert "lovely work" in pixmirror("gone", "comments").stdout


def hold(catalogue: Path) -> None:
    """The brake, on for bookmarks: all of them are in doubt."""
    with Database.open(catalogue) as db:
        db.run_sync(_hold)


def _hold(conn: Any) -> None:
    rows = conn.exec_driver_sql("SELECT account_id, work_key FROM bookmark WHERE state = 'live'").all()
    account, keys = rows[0][0], [(row[1], 1) for row in rows]
    missing.doubt_all(conn, account, "bookmark", keys, "absent from two full passes", NOW)
    brake.hold(conn, "bookmark", Brake("bookmark", NOW, len(keys), len(keys), {"gone": len(keys)}))


def test_what_is_held_is_told_and_can_be_let_through(pixmirror, catalogue):
    hold(catalogue)
    [held] = as_json(pixmirror("gone", "--json"))["held"]
    assert (held["kind"], held["count"], held["since"]) == ("bookmark", 2, "2026-09-21T14:13:20+00:00")
    assert held["text"]
    first, second, *_ = pixmirror("gone").stderr.splitlines()
    assert first == "2 of 2 bookmarks would be marked gone at once; none is until you look."
    assert second == "If it is true: pixmirror gone --accept bookmark"
    assert as_json(pixmirror("gone", "--accept", "bookmarks", "--json")) == {"accepted": "bookmark", "moved": 2}
    found = as_json(pixmirror("gone", "--json"))
    assert (found["held"], found["vanished"]["bookmarks"]) == ([], 2)


def test_accepting_with_a_running_daemon_is_done_by_it(catalogue, monkeypatch, pixmirror):
    asked: list[dict[str, Any]] = []

    def answer(root: Path, env: Any, request: dict[str, Any], timeout: float | None) -> dict[str, Any]:
        asked.append(request)
        return {"ok": True, "moved": 3}

    monkeypatch.setattr("pixmirror.control.ask_now", answer)
    assert "Believed: 3 works" in pixmirror("gone", "--accept", "work").stdout
    assert asked == [{"command": "accept", "kind": "work"}]
    assert "accept" in Commands(None)._commands  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rubbish"], "it must be one of works, users"),
        (["works", "--accept", "work"], "stands alone"),
        (["--accept", "rubbish"], "it must be one of"),
        (["--accept", "work"], "Nothing is held of the kind work"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(pixmirror, mirrored, arguments, sentence):
    result = pixmirror("gone", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_the_kinds_are_those_of_the_judge():
    assert set(KINDS) == {"work", "user", "bookmark", "follow", "comment"}


def test_what_was_here_and_is_lost_is_said_to_be_lost(pixmirror, catalogue):
    """Not "gone before it could be saved": by each command that names it, until the loss is accepted."""
    with changing(catalogue) as conn:
        of_one = "GROUP BY owner_id HAVING count(*) = 1 AND min(role) = 'page' ORDER BY owner_id LIMIT 1"
        key, path = conn.execute(f"SELECT owner_id, path FROM media WHERE owner_kind = 'work' {of_one}").fetchone()
        conn.execute(
            "UPDATE work SET state = 'gone', state_at = ?, evidence = '404' WHERE work_key = ?", (NOW, key)
        )
    ref, file = str(Ref.of_work(key)), catalogue.parent / "media" / path
    body = file.read_bytes()
    file.unlink()
    assert pixmirror("verify").exit_code == 7
    why = pixmirror("why", ref).stdout
    assert "it was here and is lost: verify did not find it whole on" in why
    assert f"pixmirror verify --accept {ref}" in why
    assert "page 1: lost here, found by verify" in why
    for told in (why, pixmirror("show", ref).stdout):
        assert "was here and is lost" in told
        assert "before it could be saved" not in told
    for command in ("gone", "coverage"):
        assert "Lost here, and no longer at Pixiv: 1 work" in pixmirror(command).stdout
        assert as_json(pixmirror(command, "--json"))["lost_here"] == [ref]
    with changing(catalogue) as conn:
        artist = conn.execute("SELECT user_id FROM work WHERE work_key = ?", (key,)).fetchone()[0]
    of_one = pixmirror("coverage", f"user:{artist}").stdout
    assert f"Lost here, and no longer at Pixiv (1): {ref}." in of_one
    assert "Here but no longer at Pixiv" not in of_one, "nothing of it is here"
    assert as_json(pixmirror("coverage", f"user:{artist}", "--json"))["lost_here"] == [ref]
    health = pixmirror("healthcheck")
    assert (health.exit_code, "needs you" in health.stdout) == (7, True)
    status = " ".join(pixmirror("status").stdout.split())
    assert f"{ref} was here and is lost, and Pixiv has it no more." in status
    pixmirror("verify", "--accept", ref)
    assert "Lost here" not in pixmirror("gone").stdout
    assert pixmirror("healthcheck").exit_code == 0
    file.write_bytes(body)
    pixmirror("verify")
    assert "kept here" in pixmirror("why", ref).stdout
