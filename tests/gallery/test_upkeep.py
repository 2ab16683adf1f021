"""What the gallery does by itself: what is forgotten leaves gallery.db."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pixmirror.catalogue.database import catalogue_path
from pixmirror.catalogue.gallery import own
from pixmirror.catalogue.gallery.database import GalleryDatabase, gallery_path
from pixmirror.gallery import upkeep
from pixmirror.gallery.place import Gallery
from tests.gallery.conftest import Served, serving
from tests.gallery.readable import comes_true, forget

NOW = 1_800_000_000_000


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "EVERY_S", 0.02)


def two_works(root: Path) -> list[int]:
    with closing(sqlite3.connect(catalogue_path(root))) as raw:
        return [key for (key,) in raw.execute("SELECT work_key FROM work ORDER BY 1 LIMIT 2")]


def rated(db: GalleryDatabase) -> list[int]:
    return db.run_sync(lambda c: list(c.exec_driver_sql("SELECT work_key FROM rating ORDER BY 1").scalars()))


def test_what_is_forgotten_leaves_gallery_db_while_it_runs(own_gallery: Served):
    first, second = two_works(own_gallery.root)
    db = own_gallery.gallery.own
    db.run_sync(own.rate, [first, second], 5, NOW)
    forget(own_gallery.root, "work", first)
    comes_true(lambda: rated(db) == [second])
    db.run_sync(own.rate, [first], 3, NOW)  # by a page that was still open
    comes_true(lambda: rated(db) == [second])


def test_what_was_forgotten_while_no_gallery_ran_leaves_at_the_next_start(own_root: Path):
    first, second = two_works(own_root)
    with GalleryDatabase.open(gallery_path(own_root)) as db:
        db.run_sync(own.rate, [first, second], 5, NOW)
    forget(own_root, "work", first)
    with serving(own_root) as served:
        comes_true(lambda: rated(served.gallery.own) == [second])


def test_trouble_is_said_once_and_passes(own_gallery: Served, caplog: pytest.LogCaptureFixture):
    first, second = two_works(own_gallery.root)
    db, path = own_gallery.gallery.own, catalogue_path(own_gallery.root)
    db.run_sync(own.rate, [first, second], 5, NOW)
    forget(own_gallery.root, "work", first)
    comes_true(lambda: rated(db) == [second])
    with caplog.at_level(logging.WARNING):
        away = path.rename(path.with_name("away.db"))
        comes_true(lambda: "may still stand in gallery.db" in caplog.text)
        db.run_sync(own.rate, [first], 5, NOW)
        away.rename(path)
        comes_true(lambda: rated(db) == [second])
    assert len([one for one in caplog.records if "may still stand" in one.message]) == 1


def test_an_empty_mirror_has_nothing_to_forget(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    looks, look = [], upkeep.look

    async def counted(gallery: Gallery) -> None:
        looks.append(gallery)
        await look(gallery)

    monkeypatch.setattr(upkeep, "look", counted)
    with serving(tmp_path):
        comes_true(lambda: len(looks) > 2)
    assert caplog.text == ""
