"""From wanted to stored: one connection, one file after the other. While one is finished the next one comes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from pixmirror.catalogue import queue, tombstones
from pixmirror.contained import contained
from pixmirror.errors import (
    Challenge,
    Damaged,
    DiskFull,
    FileError,
    NoRoom,
    NotFound,
    PixivError,
    PixmirrorError,
    RateLimited,
    StorageError,
    TooLarge,
    Unforeseen,
)
from pixmirror.fetch import verdicts
from pixmirror.fetch.adoption import adopt, names
from pixmirror.fetch.finishing import (
    Fetched,
    Fetcher,
    Finisher,
    blame,
    clear_away,
    judged,
    needs_clearing,
    own_trouble,
    put_off,
    record,
)
from pixmirror.fetch.structure import zip_entries
from pixmirror.fetch.trash import path_for
from pixmirror.models import MediaItem, Stored
from pixmirror.pixiv.images import ImageStream, Validator, open_image
from pixmirror.pixiv.transport import ImageClient
from pixmirror.store import MirrorRoot
from pixmirror.store.part import Part

PROGRESS = 0.01  # of the file, that must have come for a cut not to count as a failure
STALE_MS = 1000  # a claim that is older is looked at again: its work may have been forgotten


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that is ours to fetch. `part` is there when the disk holds nothing of it yet."""

    item: MediaItem
    at: int
    part: Part | None = None


class _Cut(FileError):
    """The file broke off, but more of it had come than ever before."""


def prepare(root: MirrorRoot, items: Sequence[MediaItem], now: int) -> list[Claim]:
    """Look once for all of them at what the disk holds. Raises StorageAbsent, DiskFull. Blocks."""
    root.check_media()
    return [Claim(item, now, _untouched(root, item)) for item in items]


def _untouched(root: MirrorRoot, item: MediaItem) -> Part | None:
    try:
        with contained(f"The file {item.path}", tell=False):
            rel = path_for(item.path, item.urls[0])
            part = root.open_part(rel, item.urls[0])
            if not part.begun and not any(root.has(name) for name, _ in names(item.path, item.urls)):
                return part
            part.abort(keep=True)
    except (FileError, StorageError, Unforeseen):
        pass  # told when it is this file's turn
    return None


def _adopt(root: MirrorRoot, item: MediaItem) -> Stored | None:
    """Find the very file where it lies already: after a cut, an old catalogue put back, a disk that came back."""
    found = adopt(root, item.path, item.urls, item.create_date, item.sha256)
    if found is None or item.role != "ugoira":
        return found
    with root.resolve(found.path).open("rb") as file:
        return replace(found, entries=zip_entries(file))


def _begin(root: MirrorRoot, rel: str, url: str) -> Part:
    root.check_room()
    return root.open_part(rel, url)


async def _came(finishing: asyncio.Task[bool]) -> int:
    """Return 1 if the file being finished was stored. What nobody has foreseen the finisher has recorded on it."""
    try:
        return int(await asyncio.shield(finishing))
    except Unforeseen:
        return 0


class Worker:
    """Fetches over one connection. At most one file waits to be finished while the next one comes."""

    def __init__(self, fetcher: Fetcher, finisher: Finisher, client: ImageClient) -> None:
        self._fetcher = fetcher
        self._finisher = finisher
        self._client = client
        self._finishing: asyncio.Task[bool] | None = None

    async def fetch(self, claim: Claim) -> int:
        """Fetch a claimed file. Return how many files were stored meanwhile.

        Raises StorageError when the disk does not take it, and PixivErrors that concern everything; the claim is
        given back first.
        """
        fetched = await self._fetch(claim)
        if fetched is None:
            return 0
        # This one goes its way whatever becomes of the one before, whose error must not lose its claim.
        before, self._finishing = self._finishing, asyncio.create_task(self._finisher.finish(fetched))
        return await _came(before) if before else 0

    async def settle(self) -> int:
        """Wait for the file that is being finished. Return 1 if it was stored. Raises what concerns everything."""
        if self._finishing is None:
            return 0
        task, done = self._finishing, 0
        try:
            done = await _came(task)
        finally:
            if task.done():
                self._finishing = None
        return done

    async def aclose(self) -> None:
        """Let what has come be finished, then close the connection. What could not be finished was given back."""
        self._finisher.stop()
        if self._finishing is not None:
            await asyncio.gather(self._finishing, return_exceptions=True)
        await self._client.aclose()

    async def _fetch(self, claim: Claim) -> Fetched | None:
        """Return the file's bytes, or None when it is known how it ends: adopted, gone, to be tried again."""
        f, item = self._fetcher, claim.item
        if f.clock.now() - claim.at > STALE_MS and await f.db.read(tombstones.bars_file, item.media_id):
            await self._give_back(item)
            return None
        try:
            with contained(f"The file {item.path}"):
                if claim.part is None and (found := await asyncio.to_thread(_adopt, f.root, item)):
                    await f.db.run(record, [(item, found)], f.clock.now())
                else:
                    return await self._first_that_is_there(claim)
        except PixmirrorError as error:
            await self._told(item, error)
        except BaseException:
            # We are being stopped: nobody has this file now, and it is no failure of its own.
            await f.db.run(queue.release, [item.media_id])
            raise
        if needs_clearing(item, await f.db.read(queue.state_of, item.media_id)):
            await clear_away(f, item)
        f.wake()
        return None

    async def _told(self, item: MediaItem, error: PixmirrorError) -> None:
        """Record what became of it. Raises what concerns everything, after the claim was given back."""
        f = self._fetcher
        try:
            await self._record(item, error)
        except PixmirrorError:
            await self._give_back(item)
            raise
        f.wake_in(verdicts.BACKOFF_S[0])

    async def _record(self, item: MediaItem, error: PixmirrorError) -> None:
        f = self._fetcher
        now = f.clock.now()
        if isinstance(error, StorageError):
            error = await asyncio.to_thread(own_trouble, f.root, error)
        match error:
            case _Cut():
                await f.db.run(verdicts.went_on, item, str(error), now)
            case NotFound():
                await blame(f, item, error)
                await judged(f, partial(verdicts.not_there, item=item, error=str(error)))
            case TooLarge():
                await f.db.run(queue.fail, item.media_id, str(error))
            case NoRoom():
                await f.db.run(verdicts.again, item, str(error), now, verdicts.NO_ROOM_S)
            case Damaged() | PixivError() if not isinstance(error, RateLimited | Challenge):
                await put_off(f, item, error)
            case FileError() | Unforeseen():
                await f.db.run(verdicts.again, item, str(error), now)
            case _:
                raise error

    async def _give_back(self, item: MediaItem) -> None:
        await self._fetcher.db.run(queue.release, [item.media_id])
        if await self._fetcher.db.read(queue.state_of, item.media_id) == "forgotten":
            await clear_away(self._fetcher, item)

    async def _first_that_is_there(self, claim: Claim) -> Fetched:
        *others, last = claim.item.urls
        part = claim.part
        for url in others:
            try:
                return await self._download(claim.item, url, part)
            except NotFound:
                part = None
        return await self._download(claim.item, last, part)

    async def _download(self, item: MediaItem, url: str, part: Part | None) -> Fetched:
        """Fetch one URL. `part`: where to write it, if nothing of this URL is on the disk."""
        f = self._fetcher
        if part is None:
            part = await asyncio.to_thread(_begin, f.root, path_for(item.path, url), url)
        before, total, whole, keep = part.offset, 0, False, True
        try:
            known = Validator.read(part.validator)
            # What nothing tells to be of the same file is not gone on with.
            offset = part.offset if known is not None else 0
            async with open_image(f.transport, url, offset=offset, validator=known, client=self._client) as stream:
                total = stream.length_total or 0
                await self._receive(item, part, stream)
            whole = True
        except (PixivError, FileError, DiskFull) as error:
            keep = not isinstance(error, TooLarge | NoRoom)
            if isinstance(error, Damaged) and part.offset - before >= max(PROGRESS * total, 1):
                raise _Cut(str(error)) from error
            raise
        finally:
            if part.begun and not whole:
                await asyncio.to_thread(partial(f.room.leave, part) if keep else part.abort)
        return Fetched(item, part, url, stream.length_total)

    async def _receive(self, item: MediaItem, part: Part, stream: ImageStream) -> None:
        """Write the whole body into the part. NoRoom, DiskFull where the disk would not take it."""
        room, most = self._fetcher.room, self._fetcher.root.max_file
        if most and (stream.length_total or 0) > most:
            raise TooLarge(f"{part.rel} has more than the {most} bytes that mirror.max_file allows")
        if part.offset and not stream.resumed:
            await asyncio.to_thread(part.restart)
        part.validator = stream.validator.text() or part.validator
        start = part.offset
        announced = max((stream.length_total or 0) - start, 0)
        await room.promise(item.media_id, announced)
        try:
            async for chunk in stream:
                part.write(chunk)
                if part.full:
                    await asyncio.to_thread(room.spill, part)
        except DiskFull:
            if stream.length_total is not None:
                raise
            await asyncio.to_thread(part.abort)
            room.refuse(item.media_id, part.offset)
        finally:
            room.over(announced, part.offset - start)
