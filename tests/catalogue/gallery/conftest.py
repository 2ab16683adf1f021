"""A real gallery.db for each test, copied from one that was migrated once, and the shelves over it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.shelves import Shelves, open_shelves


@pytest.fixture(scope="session")
def empty_gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gallery") / "empty.db"
    GalleryDatabase.open(path).close()
    return path


@pytest.fixture
def gallery(empty_gallery: Path, tmp_path: Path) -> Iterator[GalleryDatabase]:
    with GalleryDatabase.open(Path(shutil.copy(empty_gallery, tmp_path / "gallery.db"))) as db:
        yield db


@pytest.fixture
def shelves(catalogue_path: Path, gallery: GalleryDatabase) -> Iterator[Shelves]:
    with open_shelves(catalogue_path.parent) as found:
        yield found


@pytest.fixture
def own(gallery: GalleryDatabase) -> Callable[[str], list[tuple[Any, ...]]]:
    """own("SELECT ...") → rows."""
    return lambda sql: gallery.run_sync(lambda c: [tuple(row) for row in c.exec_driver_sql(sql)])
