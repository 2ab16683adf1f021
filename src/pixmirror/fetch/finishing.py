"""From bytes to stored: checked, synced, renamed, and only then marked (law 2).

Files that are there at the same time are finished together: one thread, one sync of each folder, one transaction.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from pixmirror.catalogue import chores, queue
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.ledger import file_brake
from pixmirror.catalogue.paths import with_version
from pixmirror.clock import Clock
from pixmirror.errors import Damaged, PixmirrorError
from pixmirror.fetch.adoption import structure, worth_keeping
from pixmirror.fetch.structure import WebPage
from pixmirror.fetch.trash import candidates, settle
from pixmirror.models import Lane, MediaItem, Stored, url_ms, url_version
from pixmirror.pixiv import Transport
from pixmirror.store import Check, MirrorRoot
from pixmirror.store.part import NameTaken, Part, sync_folders
from pixmirror.store.part import Stored as StoredFile

ATTEMPTS = 8
GATHER_S = 0.05  # for others to come, which costs no time: the next file is on its way meanwhile
BACKOFF_S = (2, 10, 60, 600, 3600, 6 * 3600, 24 * 3600)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """What every fetch worker shares."""

    db: Database
    transport: Transport
    root: MirrorRoot
    clock: Clock
    ring: Callable[[], None] = lambda: None
    # of the files fetched: more that answer 404 are not believed to be gone
    brake_share: Callable[[], float] = lambda: 0.05


@dataclass(frozen=True, slots=True)
class Fetched:
    """All bytes of a file, in a part that nobody else touches. `length` is what the server announced."""

    item: MediaItem
    part: Part
    url: str
    length: int | None


Outcome = Stored | Damaged | PixmirrorError


class Finisher:
    """Finishes together what came together: a commit for each file would cost more than all else.

    `enough` files are not kept waiting for more.
    """

    def __init__(self, fetcher: Fetcher, enough: int) -> None:
        self._fetcher = fetcher
        self._enough = enough
        self._many = asyncio.Event()
        self._turn = asyncio.Lock()
        self._waiting: list[tuple[Fetched, asyncio.Future[bool]]] = []

    async def finish(self, fetched: Fetched) -> bool:
        """True when it is stored. Raises what concerns everything, after the claim was given back."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((fetched, done))
        if len(self._waiting) >= self._enough:
            self._many.set()
        async with self._turn:
            if not done.done():
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_S):
                        await self._many.wait()
                self._many.clear()
                batch, self._waiting = self._waiting, []
                await self._finish(batch)
        return await done

    async def _finish(self, batch: Sequence[tuple[Fetched, asyncio.Future[bool]]]) -> None:
        f = self._fetcher
        files = [fetched for fetched, _ in batch]
        try:
            outcomes = await asyncio.to_thread(_place_all, f.root, files)
            results = list(zip((file.item for file in files), outcomes, strict=True))
            odd = await f.db.run(_record, results, f.clock.now(), f.brake_share())
            for item in odd:
                await clear_away(f, item)
        except BaseException as error:
            for _, done in batch:
                done.set_exception(error)
                done.exception()  # whoever has gone meanwhile need not hear of it
            raise
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, PixmirrorError) and outcome.scope != "item":
                done.set_exception(outcome)
                done.exception()
            else:
                done.set_result(isinstance(outcome, Stored))


async def clear_away(fetcher: Fetcher, item: MediaItem) -> None:
    """Nobody goes on with what was begun, under this URL or an earlier one; and a forgotten file goes its way."""
    for rel in candidates(item.path, item.urls):
        await asyncio.to_thread(fetcher.root.remove_parts, rel)
    await settle(fetcher.db, fetcher.root)


def _place_all(root: MirrorRoot, files: Sequence[Fetched]) -> list[Outcome]:
    """Each under its final name, or why not. Blocks."""
    try:
        root.check_media()  # the disk may have gone since they were claimed
    except PixmirrorError as error:
        return [_dropped(file, error) for file in files]
    outcomes = [_place(root, file) for file in files]
    placed = {
        file.part.folder for file, outcome in zip(files, outcomes, strict=True) if isinstance(outcome, Stored)
    }
    try:
        sync_folders(placed)
    except PixmirrorError as error:
        return [error if isinstance(outcome, Stored) else outcome for outcome in outcomes]
    return outcomes


def _place(root: MirrorRoot, file: Fetched) -> Outcome:
    item, part = file.item, file.part
    mtime = url_ms(file.url) or item.create_date
    try:
        root.check_room(part.held)  # others may have filled the disk since
        try:
            return stored(_under_a_name(root, file, mtime, structure(part.rel, file.length)), file.url)
        except WebPage as error:
            error.sha256 = ""  # the same page twice says nothing of the file
            raise
        except Damaged as error:
            if error.sha256 != item.damaged_sha256:
                raise
            # The same damaged bytes twice: that is how they lie at the source. Keep them, and say so.
            _under_a_name(root, file, mtime, None)
            sync_folders({part.folder})
            raise
    except PixmirrorError as error:
        return _dropped(file, error)


def _under_a_name(root: MirrorRoot, file: Fetched, mtime: int | None, check: Check | None) -> StoredFile:
    """Rename it to its own name, or to that of a later version while another one, which is whole, has the name."""
    item, part = file.item, file.part
    plain, version = part.rel, url_version(file.url)
    # The row's own file was found rotten: the new one takes its place.
    replace = item.sha256 is not None
    if version and not PurePosixPath(plain).stem.endswith(version):
        others = [version, f"{version}_{part.digest[:14]}"]
    else:
        others = [part.digest[:14]]
    while True:
        try:
            return part.place(mtime, check, replace)
        except NameTaken:
            if not worth_keeping(root, part.rel, file.url, item.damaged_sha256) or not others:
                replace = True
            else:
                rel = with_version(plain, others.pop(0))
                part.rename(rel, root.resolve(rel))


def _dropped(file: Fetched, error: PixmirrorError) -> PixmirrorError:
    with suppress(PixmirrorError):  # the first one says it
        file.part.abort()
    return error


def stored(found: StoredFile, url: str) -> Stored:
    return Stored(found.rel, found.size, found.sha256, url)


# What the catalogue is told -----------------------------------------------------------------------------------


def _record(
    conn: Connection, results: Sequence[tuple[MediaItem, Outcome]], now: int, share: float
) -> list[MediaItem]:
    """Returns those whose folders may hold something that nobody goes on with."""
    done = [(item.media_id, outcome) for item, outcome in results if isinstance(outcome, Stored)]
    queue.finish_all(conn, done, now)
    for item, outcome in results:
        if isinstance(outcome, Damaged):
            damaged(conn, item, outcome, now)
        elif isinstance(outcome, PixmirrorError) and outcome.scope != "item":
            queue.release(conn, [item.media_id])
        elif isinstance(outcome, PixmirrorError):
            again(conn, item, str(outcome), now)
    states = queue.states_of(conn, [item.media_id for item, _ in results])
    return [item for item, _ in results if needs_clearing(item, states.get(item.media_id, ""))]


def needs_clearing(item: MediaItem, state: str) -> bool:
    """A file that came at its first try left nothing else."""
    return state not in ("wanted", "waiting") and (state != "stored" or item.attempts > 1)


def not_there(conn: Connection, item: MediaItem, error: str, now: int, share: float = 0.05) -> None:
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


def again(conn: Connection, item: MediaItem, error: str, now: int) -> None:
    """It failed, which may pass."""
    if item.attempts >= ATTEMPTS:
        queue.fail(conn, item.media_id, error)
    else:
        queue.retry_later(conn, item.media_id, _due(item, now), error)


def damaged(conn: Connection, item: MediaItem, error: Damaged, now: int) -> None:
    """A cut body is fetched on; whole bytes that are damaged are remembered, and believed when they come twice."""
    if not error.sha256:
        again(conn, item, str(error), now)
        return
    settled = queue.damaged(conn, item.media_id, error.sha256, str(error), _due(item, now))
    if not settled and item.attempts >= ATTEMPTS:
        queue.fail(conn, item.media_id, str(error))


def _due(item: MediaItem, now: int) -> int:
    return now + BACKOFF_S[min(max(item.attempts - 1, 0), len(BACKOFF_S) - 1)] * 1000
