"""Artists by their newest works: the same list from search.db and from the catalogue, page by page."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pixmirror.catalogue.database import catalogue_path
from pixmirror.catalogue.gallery import words
from pixmirror.catalogue.gallery.database import GalleryDatabase, gallery_path
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.reports import artists, selection
from tests import many

NOVELIST, RATED = 7, 9


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror in which the newest work of all is by one who writes novels alone; another has but R-18 works."""
    made = many.make(tmp_path_factory.mktemp("artists") / "root", 800, months=24)
    with closing(sqlite3.connect(catalogue_path(made))) as raw:
        raw.execute("UPDATE work SET user_id = 99 WHERE user_id = ? AND NOT work_key & 1", (NOVELIST,))
        raw.execute("INSERT INTO user (id, name, account, first_seen, last_seen) VALUES (99, 'x', 'x', 0, 0)")
        raw.execute("UPDATE work SET create_date = ? WHERE user_id = ?", (many.LAST + 1, NOVELIST))
        raw.execute("UPDATE work SET x_restrict = 1 WHERE user_id = ?", (RATED,))
        raw.commit()
    return made


@pytest.fixture(params=["catalogue", "search.db"])
def shelves(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> Iterator[Shelves]:
    for path in root.glob("*.db"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    if request.param == "search.db":
        many.index(tmp_path)
    with open_shelves(tmp_path) as opened:
        assert opened.read_sync(selection.is_ready) is (request.param == "search.db")
        yield opened


def test_each_artist_comes_once_by_the_day_of_their_newest_work_also_who_writes_novels_alone(
    shelves, root, monkeypatch
):
    monkeypatch.setattr(artists, "SHOWN", 7)
    found, after = list[artists.Artist](), None
    while True:
        page = shelves.read_sync(artists.artists, after)
        found += page.artists
        if (after := page.after) is None:
            break
    with closing(sqlite3.connect(catalogue_path(root))) as raw:
        by_newest = "SELECT user_id FROM work GROUP BY user_id ORDER BY max(create_date) DESC, user_id DESC"
        assert [one.id for one in found] == [user_id for (user_id,) in raw.execute(by_newest)]
        newest = "SELECT work_key FROM work WHERE user_id = ? ORDER BY create_date DESC, work_key DESC LIMIT 3"
        for one in found:
            assert [work.work_key for work in one.works] == [key for (key,) in raw.execute(newest, (one.id,))]
    assert found[0].id == NOVELIST


def test_an_artist_is_listed_with_works_that_are_shown_or_not_at_all(shelves):
    with GalleryDatabase.open(gallery_path(shelves.path.parent)) as own:
        own.run_sync(words.put_setting, "rating", "hide")
    found = shelves.read_sync(artists.artists).artists
    assert RATED not in [one.id for one in found]
    assert len(found) == 41
    assert all(one.works and not any(work.is_r18 for work in one.works) for one in found)
