"""Aliases, saved searches, settings and sessions."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from pixmirror.catalogue.gallery import sessions, words
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.gallery.removed import put_back
from pixmirror.clock import DAY_MS, MINUTE_MS
from pixmirror.errors import ConfigError

Rows = Callable[[str], list[tuple[Any, ...]]]
NOW = 1_800_000_000_000
ALIASES = "SELECT word, means FROM alias ORDER BY id"
SEARCHES = "SELECT id, name, query FROM saved_search ORDER BY id"


def test_a_word_may_mean_several_others(gallery: GalleryDatabase, own: Rows):
    first = gallery.run_sync(words.add_alias, "miku", "初音ミク")
    gallery.run_sync(words.add_alias, "miku", "ミク")
    assert gallery.run_sync(words.add_alias, " miku ", "初音ミク") == first
    assert own(ALIASES) == [("miku", "初音ミク"), ("miku", "ミク")]
    removed = gallery.run_sync(words.remove_alias, first)
    assert own(ALIASES) == [("miku", "ミク")]
    gallery.run_sync(put_back, removed)
    assert own(ALIASES) == [("miku", "初音ミク"), ("miku", "ミク")]


def test_an_alias_says_something(gallery: GalleryDatabase):
    for word, means in (("a", "a"), ("", "a"), ("a", " ")):
        with pytest.raises(ConfigError):
            gallery.run_sync(words.add_alias, word, means)


def test_a_search_is_saved_replaced_and_removed(gallery: GalleryDatabase, own: Rows):
    id_ = gallery.run_sync(words.save_search, "cats", "tag:猫", NOW)
    assert gallery.run_sync(words.save_search, "cats", "tag:猫 bookmarks:>500", NOW) == id_
    other = gallery.run_sync(words.save_search, "dogs", "tag:犬", NOW)
    assert own(SEARCHES) == [(id_, "cats", "tag:猫 bookmarks:>500"), (other, "dogs", "tag:犬")]
    gallery.run_sync(words.remove_search, id_)
    assert own(SEARCHES) == [(other, "dogs", "tag:犬")]
    with pytest.raises(ConfigError, match="1 to 1,000"):
        gallery.run_sync(words.save_search, "empty", " ", NOW)


def test_a_setting_is_set_and_set_back(gallery: GalleryDatabase, own: Rows):
    assert gallery.run_sync(words.put_setting, "veil", "r18") is None
    assert gallery.run_sync(words.put_setting, "veil", "all") == "r18"
    assert own("SELECT * FROM setting") == [("veil", "all")]
    assert gallery.run_sync(words.put_setting, "veil", None) == "all"
    assert own("SELECT * FROM setting") == []
    with pytest.raises(ConfigError, match="at most"):
        gallery.run_sync(words.put_setting, "veil", "x" * 10_001)


A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def test_sessions_are_seen_and_ended(gallery: GalleryDatabase):
    def left() -> dict[str, int]:
        return {one.digest[0]: one.last_seen - NOW for one in gallery.run_sync(sessions.known)}

    gallery.run_sync(sessions.begin, A, "key", "Mozilla/5.0\n(X11)" + "x" * 400, NOW)
    gallery.run_sync(sessions.begin, B, "password", "", NOW + 1)
    gallery.run_sync(sessions.begin, C, "key", "", NOW + 2)
    assert [one.digest[0] for one in gallery.run_sync(sessions.known)] == ["c", "b", "a"]
    assert [len(one.agent) for one in gallery.run_sync(sessions.known)] == [0, 0, 300]
    assert gallery.run_sync(sessions.touch, A, NOW + MINUTE_MS)
    assert left()["a"] == 0
    assert gallery.run_sync(sessions.touch, A, NOW + DAY_MS)
    assert left() == {"a": DAY_MS, "b": 1, "c": 2}
    assert gallery.run_sync(sessions.end_idle, NOW + 2) == 1
    assert not gallery.run_sync(sessions.touch, B, NOW + DAY_MS)
    assert gallery.run_sync(sessions.end, C)
    assert left() == {"a": DAY_MS}
    assert gallery.run_sync(sessions.end, A)
    assert not gallery.run_sync(sessions.end, A)


def test_only_digests_are_kept(gallery: GalleryDatabase):
    with pytest.raises(IntegrityError):
        gallery.run_sync(sessions.begin, "the cookie itself", "key", "", NOW)
