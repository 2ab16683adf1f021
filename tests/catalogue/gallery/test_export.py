"""Leaving is easy: what is the user's own is exported whole, but for what they forgot."""

from typing import Any

import pytest

from pixmirror.catalogue.database import Database
from pixmirror.catalogue.gallery import collections, own, passwords, words
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.shelves import Shelves
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Target
from pixmirror.ingest.works import record_works
from pixmirror.reports.export import export
from pixmirror.reports.export_own import OWN
from tests.catalogue.builders import illust, seen, user, works

T, AT = 1_800_000_000_000, "2027-01-15T08:00:00+00:00"
NOVEL, PICTURE, UNKNOWN = 3, 2, 98


def exported(shelves: Shelves, kind: str) -> list[dict[str, Any]]:
    return shelves.read_sync(lambda c: list(export(c, kind)))


@pytest.fixture
def full(gallery: GalleryDatabase) -> None:
    for key in (NOVEL, PICTURE, UNKNOWN):
        gallery.run_sync(own.look, key, T)
        gallery.run_sync(own.rate, [key], 4, T)
    gallery.run_sync(own.keep_place, NOVEL, 0, T, "a1b2")
    gallery.run_sync(own.keep_place, PICTURE, 7, T)
    night = gallery.run_sync(collections.make, "夜", T, "dark")
    gallery.run_sync(collections.add_works, night, [UNKNOWN, NOVEL, PICTURE], T)
    gallery.run_sync(collections.make, "empty", T)
    gallery.run_sync(words.add_alias, "miku", "初音ミク")
    gallery.run_sync(words.save_search, "cats", "tag:猫", T)


@pytest.mark.usefixtures("full")
def test_each_kind_is_exported_with_its_keys_and_in_order(shelves: Shelves):
    novel, picture, unknown = (
        {"medium": "novel", "id": 1},
        {"medium": "illust", "id": 1},
        {"medium": "illust", "id": 49},
    )
    assert exported(shelves, "places") == [
        picture | {"page": 7, "anchor": None, "updated_at": AT},
        novel | {"page": 0, "anchor": "a1b2", "updated_at": AT},
    ]
    assert exported(shelves, "history") == [one | {"at": AT} for one in (novel, picture, unknown)]
    assert exported(shelves, "seen") == [one | {"at": AT} for one in (picture, novel, unknown)]
    assert exported(shelves, "ratings") == [one | {"stars": 4, "at": AT} for one in (picture, novel, unknown)]
    assert exported(shelves, "collections") == [
        {
            "name": "夜",
            "note": "dark",
            "created_at": AT,
            "works": [one | {"added_at": AT} for one in (unknown, novel, picture)],
        },
        {"name": "empty", "note": "", "created_at": AT, "works": []},
    ]
    assert exported(shelves, "aliases") == [{"word": "miku", "means": "初音ミク"}]
    assert exported(shelves, "searches") == [{"name": "cats", "query": "tag:猫", "created_at": AT}]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("target", [Target("work", PICTURE), Target("user", 8)])
def test_what_was_forgotten_is_exported_no_more(db: Database, shelves: Shelves, target: Target):
    db.run_sync(record_works, seen(), works(illust(1, owner=user(8))), {})
    db.run_sync(forgetting.forget, target, T, 30)
    for kind in ("places", "history", "seen", "ratings"):
        rows = exported(shelves, kind)
        assert ("illust", 1) not in [(row["medium"], row["id"]) for row in rows], kind
        assert rows
    assert [work["id"] for work in exported(shelves, "collections")[0]["works"]] == [49, 1]


def test_without_a_gallery_there_is_nothing_to_export(catalogue_path: Any):
    from pixmirror.catalogue.shelves import open_shelves

    with open_shelves(catalogue_path.parent) as shelves:
        assert [exported(shelves, kind) for kind in OWN] == [[]] * len(OWN)


def test_settings_are_exported_without_the_digest_of_the_password(gallery: GalleryDatabase, shelves: Shelves):
    gallery.run_sync(words.put_setting, "r18", "veiled")
    gallery.run_sync(passwords.end_of_others, "digest")
    assert exported(shelves, "settings") == [{"key": "r18", "value": "veiled"}]
