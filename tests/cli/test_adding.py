"""`add`: a work, or all works of an artist, here now and for good, without a job."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pixmirror.demo.generate import add_artist

REPO = Path(__file__).parents[2]


def words(output):
    return " ".join(output.split())


@pytest.fixture
def stranger(pixiv):
    """An artist whom no job reads: 3 illusts, a novel, a manga of 3 pages."""
    return add_artist(pixiv.state.world, works=3, manga=1, pages=3, novels=1, follow=None)


def work_of(pixiv, artist, kind):
    return next(w for w in pixiv.state.world.works.values() if w.user_id == artist.id and w.type == kind)


def rows(config, sql):
    with sqlite3.connect(config.parent / "mirror" / "catalogue.db") as db:
        return db.execute(sql).fetchall()


def test_a_work_by_its_url_is_here_at_once_and_nothing_else_of_its_artist(pixmirror, mirrored, pixiv, stranger):
    work = work_of(pixiv, stranger, "manga")
    result = pixmirror("add", f"https://www.pixiv.net/artworks/{work.id}")
    assert result.exit_code == 0, result.output
    assert re.sub(r"in \d+ s", "in 6 s", words(result.output)) == (
        f"Added: {work.title} by {stranger.name}, 3 pages: here in 6 s."
    )
    assert rows(mirrored, f"SELECT state FROM media WHERE owner_id = {work.id * 2}") == [("stored",)] * 3
    assert rows(mirrored, f"SELECT count(*) FROM work WHERE user_id = {stranger.id}") == [(1,)]
    assert "added by you" in pixmirror("why", str(work.id)).output


def test_a_novel_comes_with_its_text(pixmirror, mirrored, pixiv, stranger):
    novel = work_of(pixiv, stranger, "novel")
    result = pixmirror("add", f"novel:{novel.id}")
    assert result.exit_code == 0, result.output
    assert f"Added: {novel.title} by {stranger.name}, a novel: here in" in words(result.output)
    assert rows(mirrored, f"SELECT count(*) FROM text_version WHERE work_key = {novel.id * 2 + 1}") == [(1,)]


def test_all_works_of_an_artist_once_with_the_lines_of_a_job_for_later_ones(pixmirror, mirrored, pixiv, stranger):
    result = pixmirror("add", f"user:{stranger.id}")
    assert result.exit_code == 0, result.output
    assert f"Added: {stranger.name} (user:{stranger.id}), 5 works, 7 files: here in" in words(result.output)
    assert f'kind = "user"\n  users = [{stranger.id}]' in result.output
    assert rows(mirrored, "SELECT count(*) FROM feed_job WHERE job = 'added by you'") == [(0,)], "read once"
    profile = f"SELECT count(*) FROM chore WHERE kind = 'profile' AND key = {stranger.id}"
    assert rows(mirrored, profile) == [(0,)], "nor is the profile asked for again"
    assert pixmirror("sync").exit_code == 0
    assert rows(mirrored, "SELECT count(*) FROM media WHERE state != 'stored'") == [(0,)], "and wanted for good"


def test_what_a_filter_refused_is_fetched_once_it_is_added_and_stays(pixmirror, config, pixiv):
    config.write_text(config.read_text().replace('kind = "following"', 'kind = "following"\nmaximum_pages = 1'))
    artist = add_artist(pixiv.state.world, manga=1, works=0, pages=4)
    assert pixmirror("sync").exit_code == 0
    work = work_of(pixiv, artist, "manga")
    assert rows(config, f"SELECT DISTINCT state FROM media WHERE owner_id = {work.id * 2}") == [("refused",)]
    result = pixmirror("add", str(work.id))
    assert result.exit_code == 0, result.output
    assert pixmirror("sync").exit_code == 0
    assert rows(config, f"SELECT DISTINCT state FROM media WHERE owner_id = {work.id * 2}") == [("stored",)]


def test_what_pixiv_does_not_have_ends_with_10_and_is_not_asked_for_again(pixmirror, mirrored):
    for ref in ("999999999", "novel:999999999", "user:999999999"):
        result = pixmirror("add", ref)
        assert (result.exit_code, words(result.output)) == (10, f"Pixiv says that {ref} is not there.")
    assert rows(mirrored, "SELECT count(*) FROM chore WHERE key IN (999999999, 1999999998, 1999999999)") == [(0,)]
    assert rows(mirrored, "SELECT count(*) FROM feed_job WHERE job = 'added by you'") == [(0,)]


def test_without_pixiv_the_wish_is_remembered_and_the_next_sync_brings_it(pixmirror, mirrored, pixiv, stranger):
    work = work_of(pixiv, stranger, "manga")
    config = mirrored.read_text()
    mirrored.write_text(config.replace(pixiv.url, "http://127.0.0.1:9"))
    (mirrored.parent / "mirror" / "credentials.json").unlink()
    result = pixmirror("add", str(work.id))
    assert result.exit_code == 8, result.output
    assert "Check the network; `pixmirror sync` goes on then." in words(result.stderr), "nothing runs by itself"
    assert words(result.output).endswith("It is remembered: pixmirror sync goes on from there.")
    mirrored.write_text(config)
    assert pixmirror("sync").exit_code == 0
    assert rows(mirrored, f"SELECT DISTINCT state FROM media WHERE owner_id = {work.id * 2}") == [("stored",)]


def test_what_is_here_needs_no_pixiv(pixmirror, mirrored, pixiv):
    ref = rows(
        mirrored, "SELECT work_key / 2 FROM work JOIN media ON owner_id = work_key WHERE media.state = 'stored'"
    )[0][0]
    mirrored.write_text(mirrored.read_text().replace(pixiv.url, "http://127.0.0.1:9"))
    result = pixmirror("add", str(ref))
    assert (result.exit_code, "cannot be reached" in result.output) == (0, False), result.output
    assert ("was here already" in words(result.output), "Added" in result.output) == (True, False), result.output


def test_what_was_forgotten_is_not_added_and_garbage_is_one_sentence(pixmirror, mirrored, pixiv):
    work = next(iter(pixiv.state.world.works.values()))
    assert pixmirror("forget", str(work.id), "--yes").exit_code == 0
    result = pixmirror("add", str(work.id))
    assert (result.exit_code, "pixmirror unforget" in result.output) == (2, True)
    for garbage in ("https://example.org/1", "hello", "https://www.pixiv.net/tags/x"):
        result = pixmirror("add", garbage)
        assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output


def test_its_json_says_what_became_of_each(pixmirror, mirrored, pixiv, stranger):
    work = work_of(pixiv, stranger, "manga")
    result = pixmirror("add", str(work.id), "999999999", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == found["exit_code"] == 10
    assert [(one["ref"], one["became"]) for one in found["added"]] == [
        (str(work.id), "here"), ("999999999", "not_there"),
    ]  # fmt: skip


def test_a_kill_in_the_middle_of_an_artist_is_made_good_by_sync(pixmirror, mirrored, pixiv):
    artist = add_artist(pixiv.state.world, works=40, novels=2, follow=None)
    code = (
        "import sys; from tests.crash_child import die_at; die_at('image', 5);"
        "from pixmirror.cli import main; sys.argv[0] = 'pixmirror'; main()"
    )
    command = [sys.executable, "-c", code, "--config", str(mirrored), "add", f"user:{artist.id}"]
    killed = subprocess.run(command, cwd=REPO, capture_output=True, timeout=120, check=False)
    assert killed.returncode == -9, killed.stderr
    [(stored,)] = rows(mirrored, "SELECT count(*) FROM media WHERE state = 'stored'")
    assert pixmirror("sync").exit_code == 0
    here = f"SELECT count(*) FROM work WHERE user_id = {artist.id}"
    assert rows(mirrored, here) == [(42,)]
    assert rows(mirrored, "SELECT count(*) FROM media WHERE state != 'stored'") == [(0,)]
    assert rows(mirrored, "SELECT count(*) FROM media WHERE state = 'stored'") > [(stored,)]
    assert rows(mirrored, "SELECT count(*) FROM feed_job WHERE job = 'added by you'") == [(0,)]
