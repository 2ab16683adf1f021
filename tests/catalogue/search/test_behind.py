"""A search beside an index that is behind, missing, or does not know what was just forgotten."""

import pytest
from sqlalchemy import text

from pixmirror.catalogue.gallery import words
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.search.schema import search_path
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.ingest.forgetting import Target, forget, unforget
from pixmirror.reports.search import find, freshness, match, saved_searches, suggest
from tests.catalogue.builders import DAY, HOUR, NOW, illust, novel, seen, user
from tests.catalogue.search.conftest import follow


@pytest.fixture
def shelves(db, index, came):
    came(illust(1, title="夜空"), illust(2, title="夜空", owner=user(8)), novel(3, title="夜空"))
    follow(index)
    with open_shelves(db.path.parent) as opened:
        yield opened


def ids(shelves: Shelves, asked: str) -> list[int]:
    return [hit.id for hit in shelves.read_sync(find, asked).hits]


@pytest.mark.parametrize(
    "asked", ["夜空", "夜", "-猫", "posted:2023", "1", "user:7", "user:8", "夜空 posted:2023"]
)
def test_what_is_forgotten_is_found_from_that_moment_on_by_nothing(db, shelves, index, asked):
    before = ids(shelves, asked)
    db.run_sync(forget, Target("work", 2), NOW, 30)
    db.run_sync(forget, Target("user", 8), NOW, 30)
    assert ids(shelves, asked) == [n for n in before if n == 3]
    db.run_sync(unforget, Target("work", 2), NOW)
    db.run_sync(unforget, Target("user", 8), NOW)
    assert ids(shelves, asked) == before
    follow(index)
    assert ids(shelves, asked) == before


def test_an_artist_who_is_forgotten_is_not_offered(db, shelves):
    db.run_sync(forget, Target("user", 8), NOW, 30)
    assert shelves.read_sync(suggest, "artist 8").artists == ()


def test_new_works_that_are_not_found_yet_are_told_of(shelves, came):
    later = NOW + HOUR
    came(illust(9, title="夜空"), seen=seen(later))
    found = shelves.read_sync(find, "夜空", now=later + 180_000)
    assert 9 not in [hit.id for hit in found.hits]
    assert found.note == "New works of the last 3 min are not yet found."
    assert shelves.read_sync(find, "夜空", now=later + 900).note is None


def test_works_that_only_changed_are_no_news(shelves, came):
    came(illust(1, title="夜空と猫"), seen=seen(NOW + HOUR))
    assert shelves.read_sync(find, "夜空", now=NOW + DAY).note is None


def test_far_behind_all_works_are_gone_through(shelves, came, monkeypatch):
    monkeypatch.setattr(freshness, "FAR", 1)
    monkeypatch.setattr(freshness, "_BEHIND", freshness._BEHIND.replace("LIMIT 2001", "LIMIT 2"))
    came(illust(8, title="夜空"), illust(9, title="夜空"), seen=seen(NOW + HOUR))
    found = shelves.read_sync(find, "夜空", now=NOW + DAY)
    assert {hit.id for hit in found.hits} == {1, 2, 3, 8, 9}
    assert "more than 1 works behind" in (found.note or "")


def test_while_it_is_made_it_says_how_far_it_is(db, shelves, came, monkeypatch):
    monkeypatch.setattr("pixmirror.catalogue.search.index.AT_ONCE", 2)
    search_path(db.path.parent).unlink()
    index = Index(db.path.parent)
    index.step()
    found = shelves.read_sync(find, "夜空")
    assert len(found.hits) == 3
    assert (found.note or "").startswith("The search index is being made (66 %): until then only titles")
    index.close()


def test_a_word_means_what_the_user_says_too(db, shelves, came, index):
    came(illust(4, title="初音ミク"), illust(5, title="ミク 雪"), seen=seen(NOW + HOUR))
    follow(index)
    with_own(db, [("miku", "初音ミク"), ("雪ミク", '"ミク 雪"'), ("all", "state:live"), ("夜空", "猫")])
    assert ids(shelves, "MIKU") == [5, 4]
    assert ids(shelves, "雪ミク") == [5]
    assert ids(shelves, "all") == []
    assert ids(shelves, "夜空") == [3, 2, 1]
    (chip,) = shelves.read_sync(find, "miku").chips
    assert chip.means == ("みく", "初音ミク")
    assert [(s.name, s.query) for s in shelves.read_sync(saved_searches)] == [("mine", "夜 -猫")]


def with_own(db, aliases):
    with GalleryDatabase.open(db.path.with_name("gallery.db")) as gallery:
        for word, means in aliases:
            gallery.run_sync(words.add_alias, word, means)
        gallery.run_sync(words.save_search, "mine", "夜 -猫", 0)


def test_comments_are_looked_through_and_a_search_says_where_it_leaves_older_ones_out(db, shelves, monkeypatch):
    db.run_sync(
        lambda conn: conn.execute(
            text(
                "INSERT INTO comment (comment_key, work_key, comment, first_seen, last_seen) VALUES "
                "(1, 2, 'すごい！', 0, 0), (2, 4, 'nice 100%', 0, 0)"
            )
        )
    )
    assert ids(shelves, "comment:すごい") == [1]
    assert ids(shelves, "comment:NICE 夜空") == [2]
    assert ids(shelves, "夜空 -comment:100%") == [3, 1]
    assert shelves.read_sync(find, "comment:すごい").chips[0].means == ()
    monkeypatch.setattr(match, "COMMENTS", 1)
    found = shelves.read_sync(find, "comment:すごい")
    assert (found.hits, found.chips[0].means) == ((), ("among the newest 1",))
