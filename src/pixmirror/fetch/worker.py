"""From wanted to stored: one file at a time, streamed, hashed, checked, renamed, and only then marked (law 2)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from pixmirror.catalogue import chores, file_brake, forgotten, queue
from pixmirror.catalogue.database import Connection, Database
from pixmirror.clock import Clock
from pixmirror.errors import Damaged, FileError, Forbidden, NotFound, PixivError, TooLarge
from pixmirror.fetch.structure import WebPage, check_structure
from pixmirror.fetch.trash import candidates, path_for, settle
from pixmirror.models import Lane, MediaItem, Stored, url_ms
from pixmirror.pixiv import Transport
from pixmirror.pixiv.images import open_image
from pixmirror.pixiv.transport import ImageClient
from pixmirror.store import MirrorRoot
from pixmirror.store.part import Stored as StoredFile

ATTEMPTS = 8
BACKOFF_S = (2, 10, 60, 600, 3600, 6 * 3600, 24 * 3600)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """What every fetch worker shares."""

    db: Database
    transport: Transport
    root: MirrorRoot
    clock: Clock
    ring: Callable[[], None] = lambda: None
    brake_share: float = 0.05  # of the files fetched: more that answer 404 are not believed to be gone


async def fetch_one(fetcher: Fetcher, client: ImageClient, item: MediaItem) -> bool:
    """Fetch a claimed file and record how it went; True when it is stored.

    Raises StorageError when the disk does not take it, and PixivErrors that concern everything; the claim is
    given back first.
    """
    if await fetcher.db.read(forgotten.bars_file, item.media_id):
        await fetcher.db.run(queue.release, [item.media_id])
        await _clear_if_forgotten(fetcher, item)
        return False
    try:
        stored = await _adopt(fetcher, item) or await _first_that_is_there(fetcher, client, item)
    except NotFound as error:
        await fetcher.db.run(_not_there, item, str(error), fetcher.clock.now(), fetcher.brake_share)
    except Damaged as error:
        await _damaged(fetcher, item, error)
    except TooLarge as error:
        await fetcher.db.run(queue.fail, item.media_id, str(error))
    except (FileError, PixivError) as error:
        if error.scope == "everything":
            await fetcher.db.run(queue.release, [item.media_id])
            await _clear_if_forgotten(fetcher, item)
            raise
        await fetcher.db.run(_again, item, str(error), fetcher.clock.now())
    except BaseException:
        # A full disk, or we are being stopped: nobody has this file now, and it is no failure of its own.
        await fetcher.db.run(queue.release, [item.media_id])
        raise
    else:
        await fetcher.db.run(queue.finish, item.media_id, stored, fetcher.clock.now())
    state = await fetcher.db.read(queue.state_of, item.media_id)
    if state not in ("wanted", "waiting") and (state != "stored" or item.attempts > 1):
        await _clear_away(fetcher, item)
    fetcher.ring()
    return state == "stored"


async def _clear_if_forgotten(fetcher: Fetcher, item: MediaItem) -> None:
    if await fetcher.db.read(queue.state_of, item.media_id) == "forgotten":
        await _clear_away(fetcher, item)


async def _clear_away(fetcher: Fetcher, item: MediaItem) -> None:
    """Nobody goes on with what was begun, under this URL or an earlier one; and a forgotten file goes its way."""
    for rel in candidates(item.path, item.urls):
        await asyncio.to_thread(fetcher.root.remove_parts, rel)
    await settle(fetcher.db, fetcher.root)


async def _adopt(fetcher: Fetcher, item: MediaItem) -> Stored | None:
    """A whole file under its final name that no row knows: we were cut between rename and commit."""
    if item.attempts <= 1 or item.sha256 is not None:
        return None
    try:
        found = await asyncio.to_thread(fetcher.root.adopt, item.path, _check(item.path))
    except Damaged:
        return None
    return None if found is None else _stored(found, item.urls[0])


async def _first_that_is_there(fetcher: Fetcher, client: ImageClient, item: MediaItem) -> Stored:
    for url in item.urls[:-1]:
        try:
            return await _fetch(fetcher, client, item, url)
        except NotFound:
            continue
    return await _fetch(fetcher, client, item, item.urls[-1])


async def _fetch(fetcher: Fetcher, client: ImageClient, item: MediaItem, url: str) -> Stored:
    fetcher.root.check_room()
    rel = path_for(item.path, url)
    part = await asyncio.to_thread(fetcher.root.open_part, rel, url)
    keep = True
    try:
        async with open_image(fetcher.transport, url, offset=part.offset, client=client) as stream:
            if part.offset and not stream.resumed:
                part.restart()
            async for chunk in stream:
                part.write(chunk)
        keep = False
        mtime = url_ms(url) or item.create_date
        # Whatever lies under the name was not whole, or was found rotten.
        replace = item.attempts > 1 or item.sha256 is not None
        finish = partial(part.finish, mtime, _check(rel, stream.length_total), replace)
        try:
            found = await asyncio.to_thread(finish)
        except WebPage as error:
            error.sha256 = ""  # the same page twice says nothing of the file
            raise
        except Damaged as error:
            if error.sha256 != item.damaged_sha256:
                raise
            # The same damaged bytes twice: that is how they lie at the source. Keep them, and say so.
            await asyncio.to_thread(partial(part.finish, mtime, None, replace))
            raise
        return _stored(found, url)
    except (NotFound, Forbidden, TooLarge):
        keep = False
        raise
    finally:
        await asyncio.to_thread(part.abort, keep)


def _check(rel: str, length: int | None = None) -> Callable[..., None]:
    return partial(check_structure, ext=PurePosixPath(rel).suffix.removeprefix("."), expected_size=length)


def _stored(found: StoredFile, url: str) -> Stored:
    return Stored(found.rel, found.size, found.sha256, url)


def _not_there(conn: Connection, item: MediaItem, error: str, now: int, share: float = 0.05) -> None:
    """First ask the work's detail for another URL; if its answer brings none, the file is gone.

    Unless too many files answer so: then it is the image host, and all wait.
    """
    if not queue.is_current(conn, item.media_id):
        queue.gone(conn, item.media_id, f"replaced upstream before it was fetched; {error}")
        return
    if item.attempts <= 1:
        file_brake.denied(conn, now)
    if not file_brake.may_be_gone(conn, now, share):
        file_brake.hold(conn, item.media_id, now, f"{error}; so do too many files")
    elif item.attempts <= 1:
        chores.add(conn, "detail", item.work_key, int(Lane.RETRY), now)
        queue.retry_later(conn, item.media_id, now + BACKOFF_S[1] * 1000, error)
    elif item.attempts < ATTEMPTS and chores.is_unanswered(conn, "detail", item.work_key, now):
        queue.retry_later(conn, item.media_id, _due(item, now), error)
    else:
        queue.gone(conn, item.media_id, error)


def _due(item: MediaItem, now: int) -> int:
    return now + BACKOFF_S[min(max(item.attempts - 1, 0), len(BACKOFF_S) - 1)] * 1000


def _again(conn: Connection, item: MediaItem, error: str, now: int) -> None:
    if item.attempts >= ATTEMPTS:
        queue.fail(conn, item.media_id, error)
    else:
        queue.retry_later(conn, item.media_id, _due(item, now), error)


async def _damaged(fetcher: Fetcher, item: MediaItem, error: Damaged) -> None:
    """A cut body is fetched on; whole bytes that are damaged are remembered, and believed when they come twice."""
    now = fetcher.clock.now()
    if not error.sha256:
        await fetcher.db.run(_again, item, str(error), now)
        return
    await fetcher.db.run(_damaged_whole, item, error, now)


def _damaged_whole(conn: Connection, item: MediaItem, error: Damaged, now: int) -> None:
    settled = queue.damaged(conn, item.media_id, error.sha256, str(error), _due(item, now))
    if not settled and item.attempts >= ATTEMPTS:
        queue.fail(conn, item.media_id, str(error))
