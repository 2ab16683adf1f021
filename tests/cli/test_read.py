"""The commands that only read."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pixmirror.cli import versions
from pixmirror.errors import ConfigError
from pixmirror.reports.texts import plain_novel

STABLE = {
    *("works", "users", "tags", "comments", "novels", "bookmarks", "files", "bytes", "requests", "jobs"),
    *("healthy", "problems"),
}

AGO = r"(just now|\d+ (s|min) ago)"  # the mirror of these tests was made a while ago


def first(pixmirror, kind: str = "works"):
    return json.loads(pixmirror("export", kind).stdout.splitlines()[0])


def author(pixmirror, work) -> str:
    return str(json.loads(pixmirror("show", f"user:{work['user_id']}", "--json").stdout)["name"])


def test_status(pixmirror, mirrored):
    found = json.loads(pixmirror("status", "--json").stdout)
    assert found.keys() >= STABLE
    assert found["files"].keys() >= {"wanted", "stored", "gone", "failed"}
    assert found["requests"].keys() >= {"api", "image"}
    for job in found["jobs"]:
        assert job.keys() >= {"name", "kind", "last_run", "outcome", "next_run", "new", "error"}
    assert found["healthy"], found["problems"]
    assert (found["works"], found["novels"]) == (8, 1)
    text = " ".join(pixmirror("status").stdout.split())
    assert re.match(f"All that was asked for is here, as of {AGO}. pixmirror does not run by itself. Here", text)
    assert "disabled" in pixmirror("status", "--full").stdout


def test_status_says_what_is_wrong(pixmirror, mirrored):
    (mirrored.parent / "refresh-token").unlink()
    (mirrored.parent / "mirror" / "credentials.json").unlink()
    text = pixmirror("status").stdout
    assert text.startswith("Nothing new can be mirrored: nobody is logged in.\n  Log in: pixmirror login\n")
    assert "no Pixiv login" in pixmirror("status", "--full").stdout
    checked = pixmirror("healthcheck")
    assert (checked.stdout, checked.exit_code) == ("Nothing new can be mirrored: nobody is logged in.\n", 3)


def test_show_why_search(pixmirror, mirrored, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    work = first(pixmirror)
    ref = str(work["id"])
    shown = pixmirror("show", ref).stdout
    assert work["title"] in shown
    assert "_p0.jpg" in shown
    assert json.loads(pixmirror("show", ref, "--json").stdout)["id"] == work["id"]
    answer = pixmirror("why", ref)
    named = re.escape(f"{work['title']} ({ref}), by {author(pixmirror, work)}")
    assert re.fullmatch(rf"{named}: here, whole, up to date \(seen {AGO}\)\.\n", answer.stdout)
    assert "Complete" in pixmirror("why", ref, "--full").stdout
    assert json.loads(pixmirror("why", ref, "--json").stdout)["known"]
    assert ref in pixmirror("search", ref).stdout
    hits = json.loads(pixmirror("search", f"https://www.pixiv.net/artworks/{ref}", "--json").stdout)
    assert [hit["id"] for hit in hits] == [work["id"]]
    assert pixmirror("search", "nothing is called so").stdout == "Nothing found.\n"
    user = pixmirror("show", f"user:{work['user_id']}")
    assert user.exit_code == 0
    assert "stored" in user.stdout
    head, *lines = user.stdout.partition("\n\n")[2].split("\n")
    (mine,) = (line for line in lines if line.startswith(ref))
    assert re.match(r"1 file\b", mine[head.index("here") :]), f"{head}\n{mine}"
    assert mine[head.index("type") :].startswith(work["type"]), f"{head}\n{mine}"
    assert f"In {mirrored.parent / 'mirror' / 'media' / str(work['user_id'])}\n" in user.stdout
    assert work["title"] in user.stdout
    assert "Not followed." in user.stdout or "Followed (" in user.stdout


def test_novel(pixmirror, mirrored):
    novel = first(pixmirror, "novels")
    assert novel["text"]
    shown = pixmirror("show", f"novel:{novel['id']}").stdout
    assert novel["title"] in shown
    told = [line.strip() for line in plain_novel(novel["text"]).split("\n")]
    assert [line.strip() for line in shown.splitlines()][-len(told) :] == told
    assert json.loads(pixmirror("show", f"novel:{novel['id']}", "--json").stdout)["text"] == novel["text"]


def test_a_caption_is_shown_as_text_and_comments_are_when_asked(pixiv, mirrored, pixmirror):
    work = first(pixmirror)
    edit(pixiv, work, caption='one<br />two <a href="pixiv://illusts/5">illust/5</a>')
    pixiv.state.world.comment(pixiv.state.world.works[work["medium"], work["id"]], work["user_id"], "how lovely")
    due_again(mirrored)
    assert pixmirror("sync").exit_code == 0
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as conn:
        conn.execute("UPDATE chore SET due_at = 0 WHERE kind = 'comments'")
    conn.close()
    assert pixmirror("sync").exit_code == 0
    ref = str(work["id"])
    text = pixmirror("show", ref).stdout
    assert "Caption:\n  one\n  two illust/5 (https://www.pixiv.net/artworks/5)\n" in text
    assert "1 comment kept: --comments" in text
    assert "how lovely" not in text
    assert f"{author(pixmirror, work)}: how lovely" in pixmirror("show", ref, "--comments").stdout
    found = json.loads(pixmirror("show", ref, "--comments", "--json").stdout)
    assert [c["comment"] for c in found["comment_list"]] == ["how lovely"]


def due_again(mirrored):
    """Read every list again at the next sync, as days later."""
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as conn:
        conn.execute("UPDATE feed SET due_at = 0")
        conn.execute("UPDATE payload SET seen_at = seen_at - 86400000 * 3")
    conn.close()


def test_open_prints_the_paths_and_starts_the_viewer_of_the_desktop(pixmirror, mirrored, monkeypatch, tmp_path):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    work = first(pixmirror)
    paths = pixmirror("open", str(work["id"])).stdout.splitlines()
    assert paths
    assert all(Path(path).is_file() for path in paths)
    assert pixmirror("open", str(work["id"]), "--page", "0").stdout.splitlines() == paths[:1]
    assert pixmirror("open", str(work["id"]), "--page", "99").exit_code == 9
    [folder] = pixmirror("open", f"user:{work['user_id']}").stdout.splitlines()
    assert Path(folder).is_dir()
    novel = first(pixmirror, "novels")
    assert pixmirror("open", f"novel:{novel['id']}").stdout.splitlines()[0].endswith(f"/{novel['id']}.txt")

    started = tmp_path / "started"
    viewer = tmp_path / "bin" / "xdg-open"
    viewer.parent.mkdir()
    viewer.write_text(f'#!/bin/sh\necho "$1" > {started}.part && mv {started}.part {started}\n')
    viewer.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", f"{viewer.parent}:{os.environ['PATH']}")
    assert pixmirror("open", str(work["id"])).exit_code == 0
    for _ in range(100):
        if started.exists():
            break
        time.sleep(0.05)
    assert started.read_text().strip() == paths[0]


def test_open_says_what_is_not_here(pixmirror, mirrored):
    result = pixmirror("open", "1")
    assert result.exit_code == 9
    assert result.stderr == "1 is not in this mirror; `pixmirror why 1` says more.\n"
    work = first(pixmirror)
    (mirrored.parent / "mirror" / "media").rename(mirrored.parent / "away")
    assert pixmirror("open", str(work["id"])).exit_code == 6


def test_search_prints_paths(pixmirror, mirrored):
    work = first(pixmirror)
    printed = pixmirror("search", str(work["id"]), "--paths").stdout.splitlines()
    assert printed == pixmirror("open", str(work["id"])).stdout.splitlines()
    [hit] = json.loads(pixmirror("search", str(work["id"]), "--paths", "--json").stdout)
    assert [str(mirrored.parent / "mirror" / "media" / path) for path in hit["paths"]] == printed


def test_the_text_of_a_novel_lies_beside_its_sidecar_and_is_known_to_all(pixmirror, mirrored):
    novel = first(pixmirror, "novels")
    media = mirrored.parent / "mirror" / "media"
    text = media / str(novel["user_id"]) / "novel" / str(novel["id"]) / f"{novel['id']}.txt"
    assert text.read_bytes().decode() == novel["text"]
    assert json.loads(text.with_suffix(".json").read_text())["text"] == novel["text"]
    with sqlite3.connect(media.parent / "catalogue.db") as conn:  # as when the hour of the task has passed
        conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('sidecars_with_texts', 'done')")
    conn.close()

    text.unlink()
    report = json.loads(pixmirror("verify", "--json").stdout)
    assert (report["sound"], report["sidecars_missing"], report["unknown_files"]) == (True, 1, 0)
    assert pixmirror("sync").exit_code == 0
    assert text.read_bytes().decode() == novel["text"]

    assert pixmirror("forget", f"novel:{novel['id']}", "--yes").exit_code == 0
    assert not text.exists()
    assert pixmirror("unforget", f"novel:{novel['id']}").exit_code == 0
    assert pixmirror("sync").exit_code == 0
    assert text.read_bytes().decode() == novel["text"]


def test_novels_of_an_older_version_get_their_text_little_by_little(pixmirror, mirrored):
    [text] = (mirrored.parent / "mirror" / "media").glob("*/novel/*/*.txt")
    told = text.read_bytes()
    text.unlink()
    with sqlite3.connect(mirrored.parent / "mirror" / "catalogue.db") as conn:
        conn.execute("DELETE FROM meta WHERE key IN ('sidecars_with_texts', 'upkeep:sidecars')")
    conn.close()
    assert json.loads(pixmirror("verify", "--json").stdout)["sidecars_missing"] == 0  # not yet to be there
    assert pixmirror("sync").exit_code == 0
    assert text.read_bytes() == told


def test_what_is_not_there(pixmirror, mirrored):
    result = pixmirror("show", "1")
    assert result.exit_code == 9
    assert "pixmirror why 1" in result.stderr
    unknown = pixmirror("why", "1")
    assert unknown.exit_code == 9
    assert unknown.stdout.splitlines() == [
        "Work 1: never seen by any job.",
        "  pixmirror add https://www.pixiv.net/artworks/1 brings it.",
    ]
    assert pixmirror("why", "rubbish!").exit_code == 2
    assert pixmirror("export", "rubbish").exit_code == 2


@pytest.mark.parametrize("kind", ["works", "files", "users", "tags", "bookmarks", "follows"])
def test_export_to_a_file(pixmirror, mirrored, tmp_path, kind):
    result = pixmirror("export", kind, "-o", "out.jsonl")
    assert result.exit_code == 0
    written = (tmp_path / "out.jsonl").read_text()
    assert written == pixmirror("export", kind).stdout
    assert all(json.loads(line) for line in written.splitlines())


def test_export_of_all_kinds_into_a_folder(pixmirror, mirrored, tmp_path):
    from pixmirror.reports.export import KINDS

    assert pixmirror("export", "all").exit_code == 2
    result = pixmirror("export", "all", "-o", "a/folder")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(KINDS)
    folder = tmp_path / "a" / "folder"
    assert {path.name for path in folder.iterdir()} == {f"{kind}.jsonl" for kind in KINDS}
    for kind in ("works", "payloads", "versions", "lists", "jobs"):
        assert (folder / f"{kind}.jsonl").read_text() == pixmirror("export", kind).stdout != ""


def test_export_into_a_closed_pipe(mirrored):
    command = f"{sys.executable} -m pixmirror --config {mirrored} export files | true"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert result.stderr == ""


def test_verify(pixmirror, mirrored):
    report = json.loads(pixmirror("verify", "--json").stdout)
    assert report["sound"]
    assert report["checked"] > 0
    file = next((mirrored.parent / "mirror" / "media").rglob("*_p0.jpg"))
    file.write_bytes(file.read_bytes()[:-3] + b"xyz")
    assert pixmirror("verify", "--quick").exit_code == 0
    result = pixmirror("verify")
    assert result.exit_code == 7
    assert file.name in result.stdout
    assert "fetched again" in result.stdout
    assert pixmirror("sync", "following").exit_code == 0
    assert pixmirror("verify").exit_code == 0


def test_moving_the_mirror(pixmirror, mirrored):
    (mirrored.parent / "mirror").rename(mirrored.parent / "moved")
    mirrored.write_text(mirrored.read_text().replace('root = "mirror"', 'root = "moved"'))
    assert pixmirror("verify", "--quick").exit_code == 0


# --- versions


def edit(pixiv, work, **changes):
    """Pixiv's own copy of a work is edited."""
    key = (work["medium"], work["id"])
    with pixiv.state.world.lock:
        pixiv.state.world.works[key] = replace(pixiv.state.world.works[key], **changes)


@pytest.fixture
def edited(pixiv, mirrored, pixmirror):
    """A work that was mirrored, then got another caption and file, and was mirrored again."""
    work = first(pixmirror)
    before = pixiv.state.world.works[work["medium"], work["id"]]
    caption = "line one<br />line <b>two</b>\x1b[31m"
    edit(pixiv, work, title="a new title", caption=caption, tags=("neu",), file_ms=before.file_ms + 86_400_000)
    due_again(mirrored)
    assert pixmirror("sync").exit_code == 0
    return work


def test_history(pixmirror, edited):
    ref = str(edited["id"])
    shown = pixmirror("show", ref).stdout
    assert "2 versions, last changed" in shown
    assert re.search(r"_p0_\d{14}\.\w+  .*current, of ", shown)
    assert re.search(r"_p0\.\w+  .*old version of ", shown)
    assert json.loads(pixmirror("show", ref, "--json").stdout)["versions"] == 2
    text = pixmirror("show", ref, "--history").stdout
    assert f"title: {edited['title']} -> a new title" in text
    assert "    - " in text
    assert "    + line one" in text
    assert "\x1b" not in text
    assert "page 0 replaced:" in text
    old, new = re.findall(r"(?:old|new) (/.*\.jpg) \(", text)
    assert old != new
    assert Path(old).read_bytes() != Path(new).read_bytes()
    assert "views" in text
    found = json.loads(pixmirror("show", ref, "--history", "--json").stdout)
    assert found.keys() == {"ref", "link", "versions", "states", "files", "stats"}
    version = found["versions"][1]
    assert version.keys() == {"number", "at", "by", "changes"}
    assert {c["field"] for c in version["changes"]} >= {"title", "caption", "tags", "page 0"}
    assert all(c.keys() == {"field", "before", "after", "diff"} for c in version["changes"])
    [page] = [c for c in version["changes"] if c["field"] == "page 0"]
    assert page["before"]["sha256"] != page["after"]["sha256"]
    assert {f["is_current"] for f in found["files"]} == {True, False}


def test_at(pixmirror, edited):
    ref = str(edited["id"])
    found = json.loads(pixmirror("show", ref, "--history", "--json").stdout)
    then, now = (v["at"] for v in found["versions"])
    past = json.loads(pixmirror("show", ref, "--at", then, "--json").stdout)
    assert (past["title"], past["version"], past["of"]) == (edited["title"], 1, 2)
    assert [f["state"] for f in past["files"]] == ["stored"]
    assert json.loads(pixmirror("show", ref, "--at", now, "--json").stdout)["title"] == "a new title"
    text = pixmirror("show", ref, "--at", then[:10]).stdout
    assert edited["title"] in text
    assert "version 1 of 2" in text
    text = pixmirror("show", ref, "--at", now).stdout
    assert "  caption: line one\n    line two" in text
    assert f"  by: {author(pixmirror, edited)} (user:{edited['user_id']})\n" in text
    assert "(feed)" not in text
    too_early = pixmirror("show", ref, "--at", "2007-09-11")
    assert too_early.exit_code == 2
    assert "first seen at" in too_early.stderr
    assert pixmirror("show", ref, "--at", "yesterday").exit_code == 2
    for moment, says in (
        ("9999-12-31T23:59-05:00", "in the future"),
        ("2999-01-01", "in the future"),
        ("2007-09-09", "before 2007-09-10"),
        ("0001-01-01", "before 2007-09-10"),
    ):
        outside = pixmirror("show", ref, "--at", moment)
        assert (outside.exit_code, says in " ".join(outside.stderr.split())) == (2, True), outside.stderr
    assert pixmirror("show", ref, "--at", "2026-01-01", "--history").exit_code == 2
    assert pixmirror("show", "1", "--history").exit_code == 9
    assert pixmirror("show", "1", "--at", "2026-01-01").exit_code == 9


def test_the_history_of_novels_and_users(pixmirror, mirrored):
    novel, today = first(pixmirror, "novels"), f"{datetime.now(UTC):%Y-%m-%d}"
    text = pixmirror("show", f"novel:{novel['id']}", "--history").stdout
    assert "characters" in text
    then = json.loads(pixmirror("show", f"novel:{novel['id']}", "--at", today, "--json").stdout)
    assert then["text"] == novel["text"]
    user = f"user:{novel['user_id']}"
    assert "version 1, first seen" in pixmirror("show", user, "--history").stdout
    assert "as known at" in pixmirror("show", user, "--at", today).stdout


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01", 86_399_999),
        ("1970-01-01T01:00", 3_659_999),
        ("1970-01-01 01:00", 3_659_999),
        ("1970-01-01T09:00:01+09:00", 1999),
        ("1970-01-01T00:00:00Z", 999),
        ("1970-01-01T00:00:00.5Z", 500),
    ],
)
def test_a_date_is_read(text, ms):
    assert versions.parse_moment(text) == ms


@pytest.mark.parametrize("text", ["", "1970", "1970-13-01", "9999-12-31", "today", "١٩٧٠-٠١-٠١"])
def test_what_is_no_date(text):
    with pytest.raises(ConfigError, match="is no date"):
        versions.parse_moment(text)
