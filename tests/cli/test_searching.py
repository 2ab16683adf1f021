"""`pixmirror search` finds what the rules say, tells what it does not find yet, and prints what scripts read."""

import json
import shlex
from pathlib import Path

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.search.schema import search_path
from tests.catalogue.search.cases import FINDS, fill
from tests.catalogue.search.conftest import follow


@pytest.fixture
def root(config: Path, tmp_path: Path) -> Path:
    place = tmp_path / "mirror"
    place.mkdir(mode=0o700, exist_ok=True)
    migrate.upgrade(place / "catalogue.db")
    with Database.open(place / "catalogue.db") as db:
        fill(db)
    index = Index(place)
    follow(index)
    index.close()
    return place


def test_every_search_finds_exactly_what_the_rules_say(pixmirror, root):
    for asked, expected in FINDS:
        result = pixmirror("search", "--json", "--", asked)
        assert result.exit_code == 0
        assert [hit["id"] for hit in json.loads(result.stdout)] == sorted(expected, reverse=True), asked


def test_scripts_read_what_they_always_did(pixmirror, root):
    (hit,) = json.loads(pixmirror("search", "sakura", "--json").stdout)
    assert hit == {
        "work_key": 36, "ref": "18", "medium": "illust", "id": 18, "type": "illust", "title": "桜🌸満開",
        "user_id": 7, "user_name": "Aki", "create_date": "2024-05-01T00:00:00+09:00", "state": "gone",
        "matched": "tag",
    }  # fmt: skip
    told = {asked: json.loads(pixmirror("search", asked, "--json").stdout)[0]["matched"] for asked in (
        "夜", "night", "aki", "mizuki", "shop", "posted:2023", "19", "user:7")}  # fmt: skip
    assert list(told.values()) == ["title", "tag", "user", "user", "caption", "fields", "id", "user"]


def test_without_its_index_it_goes_through_titles_tags_and_names_and_says_so(pixmirror, root):
    search_path(root).unlink()
    result = pixmirror("search", "夜空", "--json")
    assert [hit["id"] for hit in json.loads(result.stdout)] == [3]
    assert "There is no search index" in result.stderr
    assert "only titles, tags and names are looked through" in result.stderr


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("bookmarks:many", "is no number; write bookmarks:>500"),
        ("posted:2024-13", "is no date"),
        ("state:lost", "there are live, gone, kept"),
    ],
)
def test_a_value_that_cannot_be_is_one_sentence(pixmirror, root, asked, told):
    result = pixmirror("search", asked)
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2


def test_a_word_that_looks_like_a_field_is_named_where_nothing_is_found(pixmirror, root):
    result = pixmirror("search", "foo:bar")
    assert (result.stdout, "foo: is no field" in result.stderr) == ("Nothing found.\n", True), result.output
    for asked in ("nothing", "user:424242", "https://example.org/x", "artist:nobody"):
        assert "no field" not in pixmirror("search", asked).stderr, asked


@pytest.mark.parametrize(
    ("line", "text"),
    [(["-犬"], "-犬"), (["夜", "-犬", "--limit", "3"], "夜 -犬"), (["--json", "-cat"], "-cat")],
)
def test_a_word_to_leave_out_that_looks_like_an_option_is_told_how(pixmirror, mirrored, line, text):
    result = pixmirror("search", *line)
    assert result.exit_code == 2
    hint = f"pixmirror search -- {shlex.quote(text)}"
    assert hint in result.stderr
    assert pixmirror(*shlex.split(hint)[1:]).exit_code == 0
    assert pixmirror("search", "x", "--limit", "-3").stderr.count("--limit")
