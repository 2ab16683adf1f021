"""Makes thumbnails, one at a time and at the lowest priority, and keeps them within a cap. In the gallery alone.

What a page waits for goes first, the newest wish before older ones; then what lanes.py finds, as long as there is
room. The grid is whole without any of them.
"""

import asyncio
import logging
import os
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from pixmirror.catalogue.database import Connection
from pixmirror.catalogue.shelves import Shelves
from pixmirror.catalogue.thumbs import ThumbsDatabase, thumbs_path
from pixmirror.clock import Clock
from pixmirror.contained import contained
from pixmirror.errors import FileError, PixmirrorError, StorageAbsent, StorageError
from pixmirror.render.alike import NEAR, Hashes, distance
from pixmirror.render.kept import Kept
from pixmirror.render.lanes import Lane, lanes
from pixmirror.render.wire import NoThumbnail, Thumbnail
from pixmirror.render.worker import Decoder
from pixmirror.reports import thumbnails
from pixmirror.reports.pictures import StoredFile
from pixmirror.store.paths import open_stored
from pixmirror.store.thumbnails import PREFIXES

log = logging.getLogger(__name__)

PATIENCE_S = 4.0  # that a page waits
WISHES = 200  # more than two screens of pictures: what nobody looks at any more is not made first
IDLE_S = 5.0
GIVES_WAY = 2.0  # after a question that no page waits for it rests so many times as long: there may be thousands
RESTS_S = 60.0  # without work until the process that decodes is ended
PAUSE_S = 60.0  # after trouble
CHORES_S = 10.0  # between two looks at what was forgotten
TIDY_S = 86_400.0
ABSENT = 20  # files in a row that are not there: then their disk is not
ALIKE = 200  # pictures that are looked up


@dataclass(frozen=True, slots=True)
class Near:
    """A stored picture that is nearly the one asked for: in how many bits of 64 its dHash differs."""

    file: StoredFile
    distance: int


@dataclass(slots=True)
class _Wish:
    """A thumbnail that pages wait for."""

    file: StoredFile
    made: "asyncio.Future[Path | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Thumbs:
    """The thumbnails of a mirror, made as they are needed. The caller holds the gallery's lock.

    `cap` is the bytes that all may have; 0 is no limit. Nothing is made that nobody asked for while less
    than `keep_free` bytes are free. `trouble` says why nothing is made at present.
    """

    def __init__(
        self,
        root: Path,
        media: Path,
        shelves: Shelves,
        *,
        cap: int,
        keep_free: int = 0,
        patience_s: float = PATIENCE_S,
        decoder: Decoder | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.trouble: str | None = None
        self._root, self._media, self._shelves = root, media, shelves
        self._cap, self._keep_free, self._patience_s = cap or sys.maxsize, keep_free, patience_s
        self._clock = clock or Clock()
        self._decoder = decoder or Decoder()
        self._thread = ThreadPoolExecutor(1, "thumbnails")
        self._wishes: dict[str, _Wish] = {}  # by sha256, the newest last
        self._called = asyncio.Event()
        self._lanes: tuple[Lane, ...] = ()
        self._untidy: deque[str] = deque(PREFIXES)
        self._tidy_at = self._chores_at = self._goes_on_at = 0.0
        self._made_at = 0.0
        self._absent = 0  # files in a row
        self._fault = ""  # the last of one picture that nobody has foreseen
        self._hashes: Hashes | None = None
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        self._db = await asyncio.to_thread(ThumbsDatabase.open, thumbs_path(self._root))
        self._kept = Kept(self._root, self._shelves, self._db, self._cap, self._clock)
        await self._kept.count()
        await self._kept.fit()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop at once, also in the middle of a picture."""
        self._task.cancel()
        await asyncio.to_thread(self._decoder.close)
        with suppress(asyncio.CancelledError):
            await self._task
        for sha256 in tuple(self._wishes):
            self._answer(sha256, None)
        await self._kept.note_looks()
        await asyncio.to_thread(self._thread.shutdown)
        await asyncio.to_thread(self._db.close)

    async def wanted(self, file: StoredFile) -> Path | None:
        """Return the thumbnail of a file for a page. One that is not there is made before all others.

        None where there is none after a short time, or never will be. The caller has asked the catalogue that the
        file is here and not forgotten.
        """
        path = self._kept.find(file.sha256)
        if path is None and self.trouble is None and await self._kept.why_none(file.sha256) is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_s):
                    path = await asyncio.shield(self._wish(file).made)
        if path is not None:
            self._kept.look(file.sha256)
        return path

    def _wish(self, file: StoredFile) -> _Wish:
        wish = self._wishes.pop(file.sha256, None) or _Wish(file)
        self._wishes[file.sha256] = wish
        if len(self._wishes) > WISHES:
            self._answer(next(iter(self._wishes)), None)
        self._called.set()
        return wish

    def _answer(self, sha256: str, path: Path | None) -> None:
        wish = self._wishes.pop(sha256, None)
        if wish is not None and not wish.made.done():
            wish.made.set_result(path)

    async def like(self, picture: int) -> list[Near]:
        """Return the stored pictures that are the same as an open file, or nearly. NoThumbnail if it is none."""
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._thread, self._decoder.thumbnail, picture)
        return await self.nearest(made.dhash)

    async def nearest(self, dhash: int) -> list[Near]:
        """Return the stored pictures whose dHash is near this one, the nearest first."""
        async with self._reading:
            if self._hashes is None:
                self._hashes = Hashes()  # what is made while the others are read is added, too
                await self._shelves.read(self._read_hashes, self._hashes)
        return await self._shelves.read(self._near, self._hashes, dhash)

    @staticmethod
    def _read_hashes(conn: Connection, hashes: Hashes) -> None:
        for found in thumbnails.hashes(conn):
            hashes.add(found)

    @staticmethod
    def _near(conn: Connection, hashes: Hashes, dhash: int) -> list[Near]:
        found = thumbnails.hashes_of(conn, hashes.works_near(dhash, ALIKE))
        all_of_them = (Near(file, distance(dhash, other)) for other, file in found)
        return sorted((one for one in all_of_them if one.distance <= NEAR), key=lambda one: one.distance)

    async def _run(self) -> None:
        while True:
            self._called.clear()
            try:
                with contained("The thumbnails", self._fault):
                    wait_s = await self._step()
            except PixmirrorError as error:
                self._pause(error)
                continue
            if wait_s:
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._called.wait()

    def _pause(self, error: PixmirrorError) -> None:
        """Wait for a while, and say why, if it is more than one picture."""
        why = str(error)
        if error.scope != "everything":
            self._fault = why
            self._goes_on_at = monotonic() + IDLE_S
            return
        if why != self.trouble:
            log.warning("No thumbnails are made for now: %s", why)
        self.trouble = why
        self._goes_on_at = monotonic() + PAUSE_S
        self._lanes = ()  # to begin again where a picture was passed over that is not at fault
        for sha256 in tuple(self._wishes):
            self._answer(sha256, None)

    async def _step(self) -> float:
        """Do the most urgent thing. Return for how many seconds the next may wait, unless a page asks."""
        if monotonic() < self._goes_on_at:
            return self._goes_on_at - monotonic()
        await self._do_chores()
        if await self._grant():
            return 0.0
        began = monotonic()
        if await self._tidy():
            return GIVES_WAY * (monotonic() - began)
        return await self._fill()

    async def _grant(self) -> bool:
        """Make what a page waits for."""
        if not self._wishes:
            return False
        sha256, wish = next(reversed(self._wishes.items()))
        self._kept.look(sha256)  # or it would be the first to go
        path = None
        try:
            path = await self._make(wish.file)
        finally:
            self._answer(sha256, path)
        return True

    async def _do_chores(self) -> None:
        if monotonic() < self._chores_at:
            return
        self._chores_at = monotonic() + CHORES_S
        if await self._kept.renew():
            self._untidy = deque(PREFIXES)
        await self._kept.note_looks()
        await self._kept.drop_forgotten()

    async def _tidy(self) -> bool:
        """Tidy one folder. After the last one the lanes begin anew: what was found missing is made again."""
        if not self._untidy and monotonic() >= self._tidy_at:
            self._untidy = deque(PREFIXES)
        if not self._untidy:
            return False
        prefix = self._untidy.popleft()
        try:
            await self._kept.tidy(prefix)
        except StorageError:
            self._untidy.appendleft(prefix)
            raise
        if not self._untidy:
            self._tidy_at = monotonic() + TIDY_S
            self._lanes = ()
        return True

    async def _fill(self) -> float:
        """Make one that nobody asked for, or look for it. Return for how many seconds the next may wait."""
        if self._kept.has_room and self._disk_has_room():
            if not self._lanes:
                self._lanes = lanes(await self._shelves.read(thumbnails.last_stored))
            for lane in self._lanes:
                if (file := lane.take()) is not None:
                    await self._make(file)
                    return 0.0
                if lane.is_due:
                    began = monotonic()
                    await lane.look(self._shelves.read)
                    return GIVES_WAY * (monotonic() - began)
        if self._decoder.pid and monotonic() - self._made_at > RESTS_S:
            await asyncio.to_thread(self._decoder.rest)
        self.trouble = None
        return IDLE_S

    def _disk_has_room(self) -> bool:
        disk = os.statvfs(self._root)
        return disk.f_bavail * disk.f_frsize >= self._keep_free

    async def _make(self, file: StoredFile) -> Path | None:
        """Return the thumbnail of a file, made if it is not there; None where none can be made of it."""
        path = self._kept.find(file.sha256)
        if path is not None:
            return path
        loop = asyncio.get_running_loop()
        try:
            made = await loop.run_in_executor(self._thread, self._decoded, file)
        except NoThumbnail as error:
            await self._kept.put_error(file, str(error))
            return None
        except (OSError, FileError, StorageError) as error:
            self._count_absent(error)
            return None
        self._absent, self._made_at = 0, monotonic()
        await self._kept.put(file, made)
        self.trouble = None
        if self._hashes is not None:
            self._hashes.add([(made.dhash, file.work_key)])
        return self._kept.find(file.sha256)

    def _decoded(self, file: StoredFile) -> Thumbnail:
        descriptor = open_stored(self._media, file.path)
        try:
            return self._decoder.thumbnail(descriptor)
        finally:
            os.close(descriptor)

    def _count_absent(self, error: Exception) -> None:
        """Pass over a file that cannot be read; after many in a row wait for their disk. StorageAbsent."""
        self._absent += 1
        if self._absent >= ABSENT:
            self._absent = 0
            raise StorageAbsent(f"File after file cannot be read below {self._media}.") from error
