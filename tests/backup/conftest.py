"""A mirror that was made by hand: a catalogue of the real schema, whose files lie there with their bytes."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pixmirror.backup import making
from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.gallery.database import GalleryDatabase, gallery_path
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.ingest.works import record_works
from pixmirror.models import Stored
from pixmirror.store import MirrorRoot, outside
from tests.catalogue.builders import illust, seen, works

NOW = 1_790_000_000_000


@dataclass
class Made:
    """A mirror, and where its backups go."""

    folder: Path
    now: int = NOW

    @property
    def root(self) -> Path:
        return self.folder / "mirror"

    @property
    def to(self) -> Path:
        return self.folder / "usb" / "pixmirror"

    @property
    def media(self) -> Path:
        return self.root / "media"

    def db(self) -> Database:
        return Database.open(catalogue_path(self.root))

    def write(self, fn: Callable[[Connection], Any]) -> Any:
        with self.db() as db:
            return db.run_sync(fn)

    def add(self, *ids: int, pages: int = 1) -> None:
        """Mirror works: rows, files, sidecars."""
        with self.db() as db:
            page = works(*(illust(number, pages=pages) for number in ids))
            db.run_sync(record_works, seen(self.now), page, {})
            while items := db.run_sync(queue.claim, 100, self.now):
                done = []
                for item in items:
                    body = f"{item.path} of {item.media_id}".encode()
                    place(self.media / item.path, body)
                    sha256 = hashlib.sha256(body).hexdigest()
                    done.append((item.media_id, Stored(path=item.path, size=len(body), sha256=sha256, url="")))
                db.run_sync(queue.finish_all, done, self.now)
            rows = db.read_sync(lambda c: c.exec_driver_sql("SELECT work_key, user_id FROM work").all())
            for key, user in rows:
                place(self.media / f"{user}/{key >> 1}.json", json.dumps({"id": key >> 1}).encode())
            db.run_sync(lambda c: c.exec_driver_sql("UPDATE work SET sidecar_seq = change_seq"))

    def backup(self, **plan: Any) -> making.Report:
        self.now += 3_600_000
        mirror = outside.unlocked(self.root, self.media)
        return making.make(making.Plan(mirror, self.to, **plan), self.now)

    def files(self) -> dict[str, bytes]:
        return tree(self.media)


def place(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(body)
    part.rename(path)


def tree(folder: Path) -> dict[str, bytes]:
    """What lies below a folder, but for the store's own."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.fixture(scope="session")
def three_works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of three works, made once."""
    found = Made(tmp_path_factory.mktemp("made"))
    with MirrorRoot.open(found.root) as root:
        Database.open(catalogue_path(found.root)).close()
        root.note_catalogue()
    GalleryDatabase.open(gallery_path(found.root)).close()
    (found.root / "credentials.json").write_text('{"token": "planted-secret"}')
    found.add(1, 2, 3, pages=2)
    return found.root


@pytest.fixture
def made(tmp_path: Path, three_works: Path) -> Made:
    found = Made(tmp_path)
    found.to.parent.mkdir()
    shutil.copytree(three_works, found.root)
    return found
