"""What of the mirror belongs to the gallery's process: gallery.db, thumbs.db and the thumbnails."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixmirror.store import start
from pixmirror.store.owner import refuse_others


@contextmanager
def holding_gallery(root: Path, what: str = "gallery", umask: int = 0o077) -> Iterator[None]:
    """Hold the gallery's lock for the command `what`, and the process's umask.

    MirrorLocked when another process has it; NotOwner when the mirror is another user's.
    """
    refuse_others(root, to_write=True)
    mask = os.umask(umask)
    try:
        lock = start.hold(root, start.GALLERY_LOCK)
        try:
            start.sign(lock, what, round(time.time() * 1000))
            yield
        finally:
            os.close(lock)
    finally:
        os.umask(mask)
