"""What of the mirror belongs to the gallery's process: gallery.db, thumbs.db and the thumbnails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixmirror.clock import now_ms
from pixmirror.store import start
from pixmirror.store.disks import refuse_share
from pixmirror.store.owner import refuse_others
from pixmirror.store.part import storage


@contextmanager
def holding_gallery(
    root: Path, what: str = "gallery", umask: int = 0o077, *, on_share: bool = False
) -> Iterator[None]:
    """Hold the gallery's lock for the command `what`, and the process's umask.

    MirrorLocked when another process has it; NotOwner when the mirror is another user's.
    """
    refuse_others(root, to_write=True)
    refuse_share(root, allowed=on_share)
    mask = os.umask(umask)
    try:
        with storage(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = start.hold(root, start.GALLERY_LOCK)
        try:
            start.sign(lock, what, now_ms())
            yield
        finally:
            os.close(lock)
    finally:
        os.umask(mask)
