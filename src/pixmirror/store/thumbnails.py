"""The thumbnails' files, `thumbs/ab/<sha256>.webp` below the root: whole, or not there. For who holds the gallery.

They can be made again, so their folders are not synced: a name that a power cut loses is found missing by the next
tidying.
"""

import os
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from pixmirror.errors import FileError
from pixmirror.store.part import replace_synced, storage

PREFIXES = tuple(f"{number:02x}" for number in range(256))  # of sha256: one folder each
_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ENDING = ".webp"


def thumbnail_path(root: Path, sha256: str) -> Path:
    """Return the place of the thumbnail of the file with this sha256."""
    if not _NAME.fullmatch(sha256):
        raise FileError(f"{sha256[:80]!r} is not the sha256 of a file")
    return root / "thumbs" / sha256[:2] / f"{sha256}{_ENDING}"


def write_thumbnail(root: Path, sha256: str, webp: bytes) -> None:
    """Write a thumbnail under its name, in place of an older one. Blocks."""
    path = thumbnail_path(root, sha256)
    with storage(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_synced(path, path.with_name(f".{path.name}.part"), webp, 0o600)


def remove_thumbnails(root: Path, shas: Iterable[str]) -> None:
    """Remove these, as far as they are there. Blocks."""
    for sha256 in shas:
        path = thumbnail_path(root, sha256)
        with storage(path), suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def keep_thumbnails(root: Path, prefix: str, shas: Collection[str]) -> set[str]:
    """Remove every file of one folder that is not one of these. Return which of these are there. Blocks."""
    folder = root / "thumbs" / prefix
    there = set()
    with storage(folder), suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            sha256 = entry.name.removesuffix(_ENDING)
            if entry.name.endswith(_ENDING) and sha256 in shas and entry.is_file(follow_symlinks=False):
                there.add(sha256)
            elif not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
    return there
