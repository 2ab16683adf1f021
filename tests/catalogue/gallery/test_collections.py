"""Collections: made, ordered, removed, and had back."""

from collections.abc import Callable
from typing import Any

import pytest

from pixmirror.catalogue.gallery import collections
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.errors import ConfigError, NotHere

Rows = Callable[[str], list[tuple[Any, ...]]]
ALL = "SELECT id, name, note, created_at FROM collection ORDER BY id"
WORKS = "SELECT work_key FROM collection_work WHERE collection_id = 1 ORDER BY position"


@pytest.fixture
def night(gallery: GalleryDatabase) -> int:
    id_ = gallery.run_sync(collections.make, "  夜 の\n絵 ", 5, "for later")
    assert gallery.run_sync(collections.add_works, id_, [8, 2, 4, 2], 6) == (8, 2, 4)
    return id_


def keys(own: Rows) -> list[int]:
    return [key for (key,) in own(WORKS)]


def test_a_collection_has_a_name_of_one_line_and_works_in_the_order_given(night: int, own: Rows):
    assert own(ALL) == [(night, "夜 の 絵", "for later", 5)]
    assert keys(own) == [8, 2, 4]


def test_works_are_added_once_and_at_the_end(gallery: GalleryDatabase, night: int, own: Rows):
    assert gallery.run_sync(collections.add_works, night, [4, 6], 7) == (6,)
    assert keys(own) == [8, 2, 4, 6]


def test_works_are_taken_out_and_come_back_to_their_places(gallery: GalleryDatabase, night: int, own: Rows):
    removed = gallery.run_sync(collections.take_works, night, [2, 10])
    assert keys(own) == [8, 4]
    gallery.run_sync(collections.restore, removed)
    assert keys(own) == [8, 2, 4]


@pytest.mark.parametrize(
    ("key", "before", "order"),
    [(4, 8, [4, 8, 2]), (8, 4, [2, 8, 4]), (8, None, [2, 4, 8]), (2, 2, [8, 2, 4]), (4, None, [8, 2, 4])],
)
def test_a_work_moves_before_another_or_to_the_end(
    gallery: GalleryDatabase, night: int, own: Rows, key: int, before: int | None, order: list[int]
):
    gallery.run_sync(collections.move, night, key, before)
    assert keys(own) == order


def test_what_is_no_longer_there_is_not_moved(gallery: GalleryDatabase, night: int):
    for key, before in ((10, None), (8, 10)):
        with pytest.raises(NotHere):
            gallery.run_sync(collections.move, night, key, before)


def test_a_removed_collection_comes_back_whole(gallery: GalleryDatabase, night: int, own: Rows):
    everything = own(ALL), own("SELECT * FROM collection_work ORDER BY work_key")
    removed = gallery.run_sync(collections.remove, night)
    assert own(ALL) == []
    assert keys(own) == []
    other = gallery.run_sync(collections.make, "another", 9)
    assert other != night
    gallery.run_sync(collections.restore, removed)
    gallery.run_sync(collections.remove, other)
    assert (own(ALL), own("SELECT * FROM collection_work ORDER BY work_key")) == everything


def test_a_name_belongs_to_one_collection(gallery: GalleryDatabase, night: int, own: Rows):
    other = gallery.run_sync(collections.make, "another", 9)
    with pytest.raises(ConfigError, match="There is a collection '夜 の 絵' already"):
        gallery.run_sync(collections.make, "夜 の 絵", 9)
    with pytest.raises(ConfigError, match="already"):
        gallery.run_sync(collections.rename, other, "夜 の 絵")
    gallery.run_sync(collections.rename, night, "夜 の 絵", "now")
    removed = gallery.run_sync(collections.remove, night)
    gallery.run_sync(collections.rename, other, "夜 の 絵")
    with pytest.raises(ConfigError, match="already"):
        gallery.run_sync(collections.restore, removed)
    assert own(ALL) == [(other, "夜 の 絵", "", 9)]


@pytest.mark.parametrize("name", ["", " \n", "x" * 101])
def test_a_name_has_1_to_100_characters(gallery: GalleryDatabase, name: str):
    with pytest.raises(ConfigError, match="1 to 100 characters"):
        gallery.run_sync(collections.make, name, 9)


def test_a_note_is_not_a_novel(gallery: GalleryDatabase):
    with pytest.raises(ConfigError, match="at most 2,000"):
        gallery.run_sync(collections.make, "x", 9, "x" * 2001)


def test_what_was_removed_elsewhere_meanwhile_is_said_so(gallery: GalleryDatabase, night: int):
    taken = gallery.run_sync(collections.take_works, night, [2])
    gallery.run_sync(collections.remove, night)
    calls = (
        (collections.add_works, (night, [2], 9)),
        (collections.rename, (night, "x")),
        (collections.remove, (night,)),
        (collections.restore, (taken,)),
    )
    for call, given in calls:
        with pytest.raises(NotHere, match="no such collection"):
            gallery.run_sync(call, *given)
