"""With the extra `japanese` kanji is found by how it may be read, below all that is found without."""

from collections.abc import Iterator

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search import guessing
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.reports.search import find, suggest
from tests.catalogue.builders import illust
from tests.catalogue.search.cases import FINDS, fill
from tests.catalogue.search.conftest import follow

pytest.importorskip("sudachipy")
pytest.importorskip("sudachidict_small")


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelves]:
    root = tmp_path_factory.mktemp("guessed")
    migrate.upgrade(root / "catalogue.db")
    with Database.open(root / "catalogue.db") as db:
        fill(db)
        index = Index(root, guessing.guess, guessing.guesser())
        follow(index)
        index.close()
        with open_shelves(root) as opened:
            yield opened


@pytest.mark.parametrize(("asked", "expected"), FINDS, ids=[asked for asked, _ in FINDS])
def test_what_is_known_comes_first_whatever_is_guessed(shelves, asked, expected):
    found = [hit.id for hit in shelves.read_sync(find, asked, 100).hits]
    assert found[: len(expected)] == sorted(expected, reverse=True)


@pytest.mark.parametrize(
    ("asked", "known", "guessed"),
    [("yozora", [3], []), ("mudai", [], [16]), ("むだい", [], [16]), ("zennenrei", [], [15]), ("mankai", [], [18]),
     ("kaerimichi", [], [7]), ("title:yozora", [], [3]), ("hana", [], [14])],
)  # fmt: skip
def test_guessed_readings_of_titles_and_tags_are_found(shelves, asked, known, guessed):
    assert [hit.id for hit in shelves.read_sync(find, asked).hits] == known + guessed


def test_pages_go_on_from_what_is_known_to_what_is_guessed(shelves):
    asked, keys, after = "-posted:2023 mu", list[int](), None
    whole = [hit.id for hit in shelves.read_sync(find, asked, 100).hits]
    while True:
        page = shelves.read_sync(find, asked, 1, after)
        keys += [hit.id for hit in page.hits]
        after = page.after
        if after is None:
            break
    assert keys == whole
    assert len(keys) > 1


def test_a_tag_that_nobody_reads_is_offered_by_its_guessed_reading(shelves):
    assert [hint.name for hint in shelves.read_sync(suggest, "zennen").tags] == ["全年齢"]


def test_the_index_is_made_anew_when_it_is_guessed_otherwise(db, index, came):
    came(illust(1, title="夜空"))
    follow(index)
    index.close()
    with_it = Index(db.path.parent, guessing.guess, guessing.guesser())
    follow(with_it)
    with_it.close()
    with open_shelves(db.path.parent) as shelves:
        assert [hit.id for hit in shelves.read_sync(find, "yozora").hits] == [1]


def test_text_without_kanji_is_not_guessed():
    assert guessing.guess("Last Witch よる") == ""
    assert guessing.guess("夜空 ☆ R-18") == "ヨゾラ ☆ R-18"
