"""Look and tidy up in the mirror's folders."""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Errors that speak of one file or folder, as long as the media folder itself is there.
OF_ONE_PLACE = frozenset(
    (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG)
)


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
