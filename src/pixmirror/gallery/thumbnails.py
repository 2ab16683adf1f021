"""Thumbnails, made while the gallery answers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pixmirror.contained import contained
from pixmirror.errors import PixmirrorError
from pixmirror.gallery.place import Gallery
from pixmirror.render.thumbs import Thumbs

log = logging.getLogger(__name__)

EVERY_S = 5.0  # until there is a mirror, or what hinders them has passed
PATIENCE_S = 3.0  # of a page that comes while the gallery starts


@asynccontextmanager
async def thumbnails(gallery: Gallery) -> AsyncIterator[None]:
    """Have them made while the block runs, from when there is a mirror."""
    task = asyncio.create_task(_begin(gallery))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        thumbs, gallery.thumbs = gallery.thumbs, None
        if thumbs is not None:
            await thumbs.close()


async def thumbs_of(gallery: Gallery) -> Thumbs | None:
    """Return what makes thumbnails. None where none are made; one that is just beginning is waited for."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await gallery.thumbs_begun.wait()
    return gallery.thumbs


async def _begin(gallery: Gallery) -> None:
    failure = ""
    while gallery.thumbs is None:
        try:
            with contained("The thumbnails", failure):
                if gallery.has_mirror():
                    gallery.thumbs = await _started(gallery)
                    return
        except PixmirrorError as error:
            if str(error) != failure:
                log.warning("No thumbnails are made for now: %s", error)
            failure = str(error)
        finally:
            gallery.thumbs_begun.set()
        await asyncio.sleep(EVERY_S)


async def _started(gallery: Gallery) -> Thumbs:
    cap, keep_free = gallery.config.gallery.thumbs, gallery.config.mirror.keep_free
    thumbs = Thumbs(
        gallery.root, gallery.media, gallery.shelves, cap=cap, keep_free=keep_free, clock=gallery.clock
    )
    await thumbs.start()
    return thumbs
