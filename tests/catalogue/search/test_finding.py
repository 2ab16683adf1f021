"""What is searched for is found, exactly, by the rules that `pixmirror help search` says."""

from collections.abc import Iterator

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.search.index import Index
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.reports.search import find
from tests.catalogue.search.cases import FINDS, fill
from tests.catalogue.search.conftest import follow


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelves]:
    root = tmp_path_factory.mktemp("cases")
    migrate.upgrade(root / "catalogue.db")
    with Database.open(root / "catalogue.db") as db:
        fill(db)
        index = Index(root)
        follow(index)
        index.close()
        with open_shelves(root) as opened:
            yield opened


@pytest.mark.parametrize(("asked", "expected"), FINDS, ids=[asked for asked, _ in FINDS])
def test_a_search_finds_exactly_these_works_the_newest_first(shelves, asked, expected):
    found = shelves.read_sync(find, asked, 100)
    assert [hit.id for hit in found.hits] == sorted(expected, reverse=True)
    assert found.note is None
