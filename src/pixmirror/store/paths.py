"""Turn a path of the catalogue into a place on this machine, never outside the media folder."""

import os
from pathlib import Path

from pixmirror.errors import FileError

MARKER = ".pixmirror-media"
TRASH = ".trash"  # below the media folder: what was forgotten, until it is removed


def resolve(media: Path, rel: str) -> Path:
    """Return the file's place on this machine. FileError when `rel` leads out of the media
    folder, also by a link.
    """
    parts = rel.split("/")
    if not all(parts) or {".", ".."} & set(parts) or "\\" in rel or "\0" in rel or parts[-1] == MARKER:
        raise FileError(f"{rel!r} is not a path inside the media folder")
    path = media.joinpath(*parts)
    if _has_link(str(media), parts) and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(media)):
        raise FileError(f"{rel!r} leads out of the media folder {media} through a link")
    return path


def _has_link(folder: str, parts: list[str]) -> bool:
    """Return whether a step is a link: only then the whole way must be followed, which is slow."""
    return any(os.path.islink(folder := f"{folder}/{part}") for part in parts)
