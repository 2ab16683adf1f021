"""A mirror with a real catalogue and real pictures."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import migrate, queue
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.shelves import Shelves, open_shelves
from pixmirror.ingest.works import record_works
from pixmirror.models import Stored
from pixmirror.reports.pictures import StoredFile, stored_file
from tests.catalogue.builders import NOW, illust, seen, works
from tests.render.files import encoded, scene


@dataclass
class Mirror:
    """Its folders, its catalogue as the daemon has it, and as the gallery reads it."""

    root: Path
    media: Path
    db: Database
    shelves: Shelves

    def add(self, *raws: dict[str, Any], now: int = NOW) -> None:
        """Have these works seen. Their files are not here yet."""
        self.db.run_sync(record_works, seen(now), works(*raws), {})

    def fetch(self, pictures: dict[str, bytes] | None = None, now: int = NOW) -> dict[str, StoredFile]:
        """Have all files that are wanted come: these, or else a picture of each its own. Return them by path."""
        stored = {}
        for item in self.db.run_sync(queue.claim, 1000, now):
            picture = (pictures or {}).get(item.path)
            data = encoded(scene(item.media_id, 90, 120), "PNG") if picture is None else picture
            path = self.media / item.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            sha256 = hashlib.sha256(data).hexdigest()
            self.db.run_sync(queue.finish, item.media_id, Stored(item.path, len(data), sha256), now)
            found = self.shelves.read_sync(stored_file, item.work_key, sha256)
            assert found is not None
            stored[item.path] = found
        return stored

    def with_one(self, data: bytes | None = None) -> StoredFile:
        """Have one work with one picture."""
        self.add(illust(1))
        return self.fetch({"7/1_p0.png": data} if data is not None else None)["7/1_p0.png"]


@pytest.fixture(scope="session")
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalogue") / "empty.db"
    migrate.upgrade(path)
    return path


@pytest.fixture
def mirror(empty_catalogue: Path, tmp_path: Path) -> Iterator[Mirror]:
    root = tmp_path / "mirror"
    (root / "media").mkdir(parents=True)
    shutil.copy(empty_catalogue, root / "catalogue.db")
    with Database.open(root / "catalogue.db") as db, open_shelves(root) as shelves:
        yield Mirror(root, root / "media", db, shelves)
