"""Places, looks and ratings."""

from collections.abc import Callable
from typing import Any

import pytest

from pixmirror.catalogue.gallery import own as write
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.gallery.removed import put_back
from pixmirror.catalogue.gallery.words import put_setting
from pixmirror.clock import DAY_MS, MINUTE_MS
from pixmirror.errors import ConfigError

Rows = Callable[[str], list[tuple[Any, ...]]]
NOW = 1_800_000_000_000
PLACES = "SELECT work_key, page, anchor, updated_at FROM place ORDER BY 1"
VISITS = "SELECT work_key, at FROM history ORDER BY at, id"
SEEN = "SELECT work_key, at FROM seen ORDER BY 1"
STARS = "SELECT work_key, stars FROM rating ORDER BY 1"


def test_a_work_has_one_place_the_last(gallery: GalleryDatabase, own: Rows):
    gallery.run_sync(write.keep_place, 2, 5, NOW)
    gallery.run_sync(write.keep_place, 2, 6, NOW + 1)
    gallery.run_sync(write.keep_place, 3, 0, NOW, "a1b2")
    assert own(PLACES) == [(2, 6, None, NOW + 1), (3, 0, "a1b2", NOW)]


def test_looks_within_some_minutes_are_one_visit(gallery: GalleryDatabase, own: Rows):
    for minutes in (0, 3, 12, 30):
        gallery.run_sync(write.look, 2, NOW + minutes * MINUTE_MS)
    gallery.run_sync(write.look, 4, NOW + 31 * MINUTE_MS)
    assert own(VISITS) == [(key, NOW + n * MINUTE_MS) for key, n in ((2, 12), (2, 30), (4, 31))]
    assert own(SEEN) == [(2, NOW + 30 * MINUTE_MS), (4, NOW + 31 * MINUTE_MS)]


def test_a_clock_that_went_back_makes_a_new_visit_and_keeps_the_last_sight(gallery: GalleryDatabase, own: Rows):
    gallery.run_sync(write.look, 2, NOW)
    gallery.run_sync(write.look, 2, NOW - DAY_MS)
    assert own(VISITS) == [(2, NOW - DAY_MS), (2, NOW)]
    assert own(SEEN) == [(2, NOW)]


def test_history_is_removed_and_comes_back_while_works_stay_seen(gallery: GalleryDatabase, own: Rows):
    for day, key in enumerate((2, 4, 6)):
        gallery.run_sync(write.look, key, NOW + day * DAY_MS)
    before = own(VISITS)
    middle = gallery.run_sync(write.drop_visits, NOW + 1, NOW + 2 * DAY_MS)
    assert own(VISITS) == [before[0], before[2]]
    ((first,),) = own("SELECT id FROM history WHERE work_key = 2")
    rest = gallery.run_sync(write.drop_visit, first)
    assert own(VISITS) == [before[2]]
    gallery.run_sync(write.look, 8, NOW + 3 * DAY_MS)
    gallery.run_sync(put_back, middle)
    gallery.run_sync(put_back, rest)
    assert own(VISITS) == [*before, (8, NOW + 3 * DAY_MS)]
    gallery.run_sync(write.drop_history, seen_too=False)
    assert own(VISITS) == []
    assert len(own(SEEN)) == 4
    gallery.run_sync(write.drop_history, seen_too=True)
    assert own(SEEN) == []


def test_nothing_is_noted_while_the_history_is_switched_off(gallery: GalleryDatabase, own: Rows):
    gallery.run_sync(put_setting, write.HISTORY, "off")
    gallery.run_sync(write.look, 2, NOW)
    assert own(VISITS) == own(SEEN) == []
    gallery.run_sync(put_setting, write.HISTORY, None)
    gallery.run_sync(write.look, 2, NOW)
    assert own(VISITS) == own(SEEN) == [(2, NOW)]


def test_ratings_are_given_taken_and_given_back(gallery: GalleryDatabase, own: Rows):
    assert gallery.run_sync(write.rate, [2, 4], 5, NOW) == {2: 0, 4: 0}
    had = gallery.run_sync(write.rate, [4, 6], 3, NOW)
    assert had == {4: 5, 6: 0}
    assert own(STARS) == [(2, 5), (4, 3), (6, 3)]
    gallery.run_sync(write.rate_back, had, NOW)
    assert own(STARS) == [(2, 5), (4, 5)]
    assert gallery.run_sync(write.rate, [2], 0, NOW) == {2: 5}
    assert own(STARS) == [(4, 5)]


@pytest.mark.parametrize("stars", [-1, 6])
def test_there_are_five_stars(gallery: GalleryDatabase, own: Rows, stars: int):
    with pytest.raises(ConfigError, match="1 to 5 stars"):
        gallery.run_sync(write.rate, [2], stars, NOW)
    assert own(STARS) == []
