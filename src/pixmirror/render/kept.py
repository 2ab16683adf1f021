"""The thumbnails that are there: a file and a row for each, together at most so many bytes.

A file is written before its row and removed after it. What a crash, a power cut or a user leaves of only one of
them, `tidy` removes.
"""

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path

from pixmirror.catalogue import thumbs
from pixmirror.catalogue.gallery.dropping import forgotten_thumbs
from pixmirror.catalogue.shelves import Shelves
from pixmirror.catalogue.thumbs import Thumb, ThumbsDatabase
from pixmirror.clock import Clock
from pixmirror.render.wire import Thumbnail
from pixmirror.reports import thumbnails
from pixmirror.reports.pictures import StoredFile
from pixmirror.store.thumbnails import keep_thumbnails, remove_thumbnails, thumbnail_path, write_thumbnail

log = logging.getLogger(__name__)

UNASKED = 0.9  # of the cap: what nobody has looked at fills no more of it
FREED = 0.95  # of the cap: what stays when some have to go


class Kept:
    """Thumbnails on disk and in thumbs.db, of which this is the only writer. `used` is their bytes."""

    def __init__(self, root: Path, shelves: Shelves, db: ThumbsDatabase, cap: int, clock: Clock) -> None:
        self.used = 0
        self._root = root
        self._shelves = shelves
        self._db = db
        self._cap = cap
        self._clock = clock
        self._looked_at: set[str] = set()  # since that was noted last

    @property
    def has_room(self) -> bool:
        """True while thumbnails may be made that nobody asked for."""
        return self.used < self._cap * UNASKED

    def find(self, sha256: str) -> Path | None:
        """Return the thumbnail of a file, if it is there."""
        path = thumbnail_path(self._root, sha256)
        return path if path.is_file() else None

    def look(self, sha256: str) -> None:
        """Remember that this one was shown."""
        self._looked_at.add(sha256)

    async def note_looks(self) -> None:
        looked_at, self._looked_at = self._looked_at, set()
        if looked_at:
            await self._db.run(thumbs.looked_at, looked_at, self._clock.now())

    async def why_none(self, sha256: str) -> str | None:
        """Return why no thumbnail could be made of a file, if that was tried."""
        return await self._shelves.read(thumbnails.why_none, sha256)

    async def put(self, file: StoredFile, made: Thumbnail) -> None:
        """Keep a thumbnail. Others may have to go for it."""
        await asyncio.to_thread(write_thumbnail, self._root, file.sha256, made.webp)
        size = len(made.webp)
        seen = made.colour, made.width, made.height, made.dhash, size
        thumb = Thumb(file.sha256, file.work_key, file.page, *seen)
        await self._db.run(thumbs.made, [thumb], self._clock.now())
        self.used += size
        await self.fit(stays=file.sha256)

    async def put_error(self, file: StoredFile, why: str) -> None:
        """Note that there is none, so that it is not tried again."""
        await self._db.run(thumbs.failed, file.sha256, file.work_key, file.page, why, self._clock.now())

    async def fit(self, stays: str = "") -> None:
        """Let those go that nobody looked at for longest, if all have more bytes than they may; not what was just
        made, which a page waits for.
        """
        if self.used <= self._cap:
            return
        await self.note_looks()
        going = await self._db.run(thumbs.over_cap, int(self._cap * FREED), stays)
        await self._db.run(thumbs.emptied, going)
        await asyncio.to_thread(remove_thumbnails, self._root, going)
        await self.count()

    async def count(self) -> None:
        self.used = await self._db.run(thumbs.held)

    async def drop_forgotten(self) -> None:
        """Remove all that is there of what the user forgot."""
        await self._drop(await self._shelves.read(forgotten_thumbs))

    async def tidy(self, prefix: str) -> None:
        """Make files and rows agree whose sha256 begins so: either without the other goes."""
        folder = await self._shelves.read(thumbnails.in_folder, prefix)
        if folder is None:
            return
        await self._drop(folder.gone)
        there = await asyncio.to_thread(keep_thumbnails, self._root, prefix, folder.there)
        if there != folder.there:
            await self._db.run(thumbs.emptied, folder.there - there)
            await self.count()

    async def _drop(self, shas: Collection[str]) -> None:
        if shas:
            await asyncio.to_thread(remove_thumbnails, self._root, shas)
            await self._db.run(thumbs.let_go, shas)  # last: a cut before leaves what leads here again
            await self.count()

    async def renew(self) -> bool:
        """Make thumbs.db anew where it was removed or is damaged. Return whether it was."""
        why = await self._shelves.read(thumbnails.lack_of_thumbs)
        if why is not None:
            log.warning("thumbs.db is made anew: %s", why)
            await self._db.make_anew()
            await self.count()
        return why is not None
