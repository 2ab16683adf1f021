"""The one writer of gallery.db, which belongs to who holds the gallery's lock."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Self

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Writer
from pixmirror.catalogue.gallery.schema import LINEAGE
from pixmirror.catalogue.sqlite import translated, uri
from pixmirror.errors import CatalogueDamaged


def gallery_path(root: Path) -> Path:
    """Return where gallery.db of a mirror lies."""
    return root / "gallery.db"


class GalleryDatabase(Writer):
    """gallery.db, held for writing. It is read through the shelves, like everything else."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a gallery.db of this schema. Make a missing one, upgrade an older one after a safety copy, refuse a
        damaged one, before anything is written to it, or a newer one.
        """
        if path.exists():
            refuse_damaged(path)
        migrate.upgrade(path, LINEAGE)
        return cls(path, LINEAGE.what)


def refuse_damaged(path: Path) -> None:
    """Raise CatalogueDamaged where SQLite finds fault with any page of the file. Reads all of it."""
    with translated(path, LINEAGE.what), closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=10)) as raw:
        (found,) = raw.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise CatalogueDamaged(f"{path} is damaged: {found}.")
