"""What the gallery does by itself while it runs: what the user forgot leaves gallery.db."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pixmirror.catalogue.gallery.dropping import drop_forgotten, forgotten_works
from pixmirror.gallery.background import repeated
from pixmirror.gallery.place import Gallery

EVERY_S = 10.0


@asynccontextmanager
async def upkeep(gallery: Gallery) -> AsyncIterator[None]:
    """Look after the gallery's own file while the block runs."""
    trouble = "What was forgotten may still stand in gallery.db"
    async with repeated(lambda: look(gallery), EVERY_S, what="The gallery's upkeep", trouble=trouble):
        yield


async def look(gallery: Gallery) -> bool:
    """Drop what was forgotten since the last look, and what a page wrote of it after that. It is never done."""
    if gallery.has_mirror() and (keys := await gallery.shelves.read(forgotten_works)):
        await gallery.own.run(drop_forgotten, keys)
    return False
