"""Thumbnails, made while the gallery answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pixmirror.gallery.background import repeated
from pixmirror.gallery.place import Gallery
from pixmirror.render.thumbs import Thumbs

EVERY_S = 5.0  # until there is a mirror, or what hinders them has passed
PATIENCE_S = 3.0  # of a page that comes while the gallery starts


@asynccontextmanager
async def thumbnails(gallery: Gallery) -> AsyncIterator[None]:
    """Have them made while the block runs, from when there is a mirror."""
    trouble = "No thumbnails are made for now"
    try:
        async with repeated(lambda: _begin(gallery), EVERY_S, what="The thumbnails", trouble=trouble):
            yield
    finally:
        thumbs, gallery.thumbs = gallery.thumbs, None
        if thumbs is not None:
            await thumbs.close()


async def thumbs_of(gallery: Gallery) -> Thumbs | None:
    """Return what makes thumbnails. None where none are made; one that is just beginning is waited for."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await gallery.thumbs_begun.wait()
    return gallery.thumbs


async def _begin(gallery: Gallery) -> bool:
    """Begin to make them, if there is a mirror by now. Return whether they are made."""
    try:
        if gallery.has_mirror():
            gallery.thumbs = await _started(gallery)
    finally:
        gallery.thumbs_begun.set()
    return gallery.thumbs is not None


async def _started(gallery: Gallery) -> Thumbs:
    cap, keep_free = gallery.config.gallery.thumbs, gallery.config.mirror.keep_free
    thumbs = Thumbs(
        gallery.root, gallery.media, gallery.shelves, cap=cap, keep_free=keep_free, clock=gallery.clock
    )
    await thumbs.start()
    return thumbs
