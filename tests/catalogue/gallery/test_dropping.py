"""What is forgotten leaves gallery.db and thumbs.db, and nothing else does."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue import thumbs
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.gallery import collections, own
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.gallery.dropping import OF_A_WORK, drop_forgotten, forgotten_thumbs, forgotten_works
from pixmirror.catalogue.gallery.schema import metadata
from pixmirror.catalogue.shelves import Shelves
from pixmirror.catalogue.thumbs import Thumb, ThumbsDatabase
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target
from pixmirror.ingest.works import record_works
from tests.catalogue.builders import NOW, illust, seen, user, works

MINE, THEIRS, THEIR_OTHER = 2, 4, 6


@pytest.fixture
def thumbnails(shelves: Shelves) -> Iterator[ThumbsDatabase]:
    with ThumbsDatabase.open(shelves.path.with_name("thumbs.db")) as found:
        yield found


@pytest.fixture
def full(db: Database, gallery: GalleryDatabase, thumbnails: ThumbsDatabase) -> None:
    """Three works, two of them of user 8: each in every table, with thumbnails of two pages."""
    ours = works(illust(1, pages=2), illust(2, owner=user(8)), illust(3, owner=user(8)))
    db.run_sync(record_works, seen(), ours, {})
    for key in (MINE, THEIRS, THEIR_OTHER):
        gallery.run_sync(own.keep_place, key, 0, NOW)
        gallery.run_sync(own.look, key, NOW)
        gallery.run_sync(own.rate, [key], 5, NOW)
        pages = [Thumb(f"{key}-{page}", key, page, 1, 1, 1, 1, 1) for page in (0, 1)]
        thumbnails.run_sync(thumbs.made, pages, NOW)
    night = gallery.run_sync(collections.make, "night", NOW)
    gallery.run_sync(collections.add_works, night, [MINE, THEIRS, THEIR_OTHER], NOW)


def left(conn: Connection) -> dict[str, set[int]]:
    return {t.name: set(conn.exec_driver_sql(f"SELECT work_key FROM {t.name}").scalars()) for t in OF_A_WORK}


def test_no_table_that_names_works_is_overlooked():
    assert set(OF_A_WORK) == {table for table in metadata.sorted_tables if "work_key" in table.c}


@pytest.mark.usefixtures("full")
def test_nothing_goes_while_nothing_is_forgotten(shelves: Shelves):
    assert not shelves.read_sync(forgotten_works)
    assert not shelves.read_sync(forgotten_thumbs)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("target", "goes", "thumbs_go"),
    [
        (Target("work", MINE), {MINE}, {"2-0", "2-1"}),
        (Target("page", MINE, 1), set(), {"2-1"}),
        (Target("user", 8), {THEIRS, THEIR_OTHER}, {"4-0", "4-1", "6-0", "6-1"}),
    ],
)
def test_what_is_forgotten_leaves_both_files(
    db: Database,
    gallery: GalleryDatabase,
    shelves: Shelves,
    thumbnails: ThumbsDatabase,
    target: Target,
    goes: set[int],
    thumbs_go: set[str],
):
    db.run_sync(forgetting.forget, target, NOW, 30)

    keys, shas = shelves.read_sync(forgotten_works), shelves.read_sync(forgotten_thumbs)
    assert (set(keys), set(shas)) == (goes, thumbs_go)
    gallery.run_sync(drop_forgotten, keys)
    thumbnails.run_sync(thumbs.let_go, shas)

    stays = {MINE, THEIRS, THEIR_OTHER} - goes
    assert gallery.run_sync(left) == {table.name: stays for table in OF_A_WORK}
    assert thumbnails.run_sync(thumbs.held) == 6 - len(thumbs_go)
    assert not shelves.read_sync(forgotten_works)
    assert not shelves.read_sync(forgotten_thumbs)
