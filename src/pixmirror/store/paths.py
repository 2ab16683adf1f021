"""Turn a path of the catalogue into a place below the media folder, never outside it; look and tidy up there."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pixmirror.errors import FileError

MARKER = ".pixmirror-media"
TRASH = ".trash"  # below the media folder: what was forgotten, until it is removed
# Errors that speak of one file or folder, as long as the media folder itself is there.
OF_ONE_PLACE = frozenset(
    (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG)
)


def resolve(media: Path, rel: str) -> Path:
    """Return the file's place here. FileError when `rel` leads out of the media folder, also by a link."""
    parts = rel.split("/")
    if not all(parts) or {".", ".."} & set(parts) or "\\" in rel or "\0" in rel or parts[-1] == MARKER:
        raise FileError(f"{rel!r} is not a path inside the media folder")
    path = media.joinpath(*parts)
    if _has_link(str(media), parts) and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(media)):
        raise FileError(f"{rel!r} leads out of the media folder {media} through a link")
    return path


def open_stored(media: Path, rel: str) -> int:
    """Return a descriptor of a file here. FileError when it is no plain file; OSError when it is not there."""
    descriptor = os.open(resolve(media, rel), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileError(f"{rel!r} is no plain file")
    return descriptor


def _has_link(folder: str, parts: list[str]) -> bool:
    """Return whether a step is a link: only then the whole way must be followed, which is slow."""
    return any(os.path.islink(folder := f"{folder}/{part}") for part in parts)


def is_there(path: Path) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def prune(folder: Path, media: Path) -> None:
    """Remove empty folders upwards to the media folder."""
    with suppress(OSError):  # not empty, or never made
        while folder != media:
            folder.rmdir()
            folder = folder.parent


def parts_below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from parts_below(entry.path)
            elif entry.name.startswith(".") and entry.name.endswith(".part"):
                yield entry.path
