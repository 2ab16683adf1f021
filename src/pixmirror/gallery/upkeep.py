"""What the gallery does by itself while it runs: what the user forgot leaves gallery.db."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pixmirror.catalogue.gallery.dropping import drop_forgotten, forgotten
from pixmirror.contained import contained
from pixmirror.errors import PixmirrorError
from pixmirror.gallery.place import Gallery, NoMirror

log = logging.getLogger(__name__)

EVERY_S = 10.0


@asynccontextmanager
async def upkeep(gallery: Gallery) -> AsyncIterator[None]:
    """Look after the gallery's own file until the end."""
    task = asyncio.create_task(_run(gallery))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _run(gallery: Gallery) -> None:
    failure = ""
    while True:
        try:
            with contained("The gallery's upkeep", failure):
                await look(gallery)
            failure = ""
        except NoMirror:
            pass  # there is nothing to forget yet
        except PixmirrorError as error:
            if str(error) != failure:
                log.warning("What was forgotten may still stand in gallery.db: %s", error)
            failure = str(error)
        await asyncio.sleep(EVERY_S)


async def look(gallery: Gallery) -> None:
    """Drop what was forgotten since the last look, and what a page wrote of it after that."""
    found = await gallery.shelves.read(forgotten)
    if found.works:
        await gallery.own.run(drop_forgotten, found.works)
