"""From bytes to stored: checked, synced, renamed, and only then marked (architecture: file before row).

Files that are there at the same time are finished together: one thread, one sync of each folder, one transaction.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pixmirror.catalogue import queue
from pixmirror.catalogue.database import Connection, Database
from pixmirror.catalogue.paths import with_version
from pixmirror.clock import Clock
from pixmirror.contained import contained
from pixmirror.errors import Damaged, DiskFull, FileError, PixmirrorError, StorageError, Unforeseen
from pixmirror.fetch import verdicts
from pixmirror.fetch.adoption import structure, worth_keeping
from pixmirror.fetch.host import Host
from pixmirror.fetch.room import Room
from pixmirror.fetch.structure import OutOfTime, Patience, WebPage, zip_entries
from pixmirror.fetch.trash import candidates, settle
from pixmirror.ingest import files as ingest_files
from pixmirror.ledger import file_doubts
from pixmirror.models import MediaItem, Stored, url_ms, url_version
from pixmirror.pixiv.transport import Transport
from pixmirror.store import Check, MirrorRoot
from pixmirror.store.part import NameTaken, Part, sync_folders
from pixmirror.store.part import Stored as StoredFile

QUICK_S = 0.25  # a check that takes longer is made apart
GATHER_S = 0.05  # for others to come, which costs no time: the next file is on its way meanwhile
_ADDRESS = re.compile(r"^GET \S+: ")


@dataclass(frozen=True, slots=True)
class Fetcher:
    """What every fetch worker shares."""

    db: Database
    transport: Transport
    root: MirrorRoot
    clock: Clock
    room: Room
    wake: Callable[[], None] = lambda: None
    # of the files fetched: more that answer 404, or come damaged, are not believed to be so
    brake_share: Callable[[], float] = lambda: 0.05
    host: Host = field(default_factory=Host)
    wake_in: Callable[[float], None] = lambda seconds: None  # in so many seconds


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file whose bytes are all here, in a part of its own. `length` is what the server announced."""

    item: MediaItem
    part: Part
    url: str
    length: int | None
    looked: "_Looked | None" = None  # what its check found, if that was made apart


@dataclass(slots=True)
class _Looked:
    """What a check found: damage, why it could not be made, and of a ugoira what its zip holds."""

    damage: Damaged | None = None
    unchecked: str = ""
    entries: frozenset[str] | None = None


# None: its check takes long, and is made apart, so that it holds up no other file.
Outcome = Stored | Damaged | PixmirrorError | None


class Finisher:
    """Finishes up to `enough` files together: a commit for each would cost more than all else."""

    def __init__(self, fetcher: Fetcher, enough: int) -> None:
        self._fetcher = fetcher
        self._enough = enough
        self._many = asyncio.Event()
        self._turn = asyncio.Lock()
        self._waiting: list[tuple[Fetched, asyncio.Future[bool | None]]] = []
        self._stop = threading.Event()

    def stop(self) -> None:
        """Wait no longer for checks that take long: we are being stopped."""
        self._stop.set()

    async def finish(self, fetched: Fetched) -> bool:
        """Finish this file. True when it is stored. What concerns everything is raised, its claim given back."""
        done: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
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
        stored = await done
        return await self._look_apart(fetched) if stored is None else stored

    async def _look_apart(self, file: Fetched) -> bool:
        """Check a file in a thread of its own, then finish it with the others."""
        try:
            looked = await asyncio.to_thread(_look, file, self._stop)
        except OutOfTime:  # we are being stopped
            await asyncio.to_thread(file.part.abort, True)
            await self._fetcher.db.run(queue.release, [file.item.media_id])
            return False
        return await self.finish(replace(file, looked=looked))

    async def _finish(self, batch: Sequence[tuple[Fetched, asyncio.Future[bool | None]]]) -> None:
        f = self._fetcher
        files = [fetched for fetched, _ in batch]
        try:
            with contained("Files that came"):
                outcomes = await asyncio.to_thread(_place_all, f.root, files)
                results = list(zip((file.item for file in files), outcomes, strict=True))
                odd = await f.db.run(record, results, f.clock.now())
                for item in odd:
                    await clear_away(f, item)
                await self._note_those_that_came(results)
        except BaseException as error:
            if isinstance(error, Unforeseen):
                await f.db.run(_put_off_all, files, str(error), f.clock.now())
            for _, done in batch:
                done.set_exception(error)
                done.exception()  # whoever has gone meanwhile need not hear of it
            raise
        for (fetched, done), outcome in zip(batch, outcomes, strict=True):
            try:
                if isinstance(outcome, Damaged):
                    await self._damaged(fetched, outcome)
                elif isinstance(outcome, PixmirrorError) and outcome.scope == "everything":
                    raise outcome
            except PixmirrorError as error:
                done.set_exception(error)
                done.exception()
            else:
                done.set_result(None if outcome is None else isinstance(outcome, Stored))

    async def _note_those_that_came(self, results: Sequence[tuple[MediaItem, Outcome]]) -> None:
        f = self._fetcher
        came = [item.media_id for item, outcome in results if isinstance(outcome, Stored)]
        for media_id in came:
            f.room.stored(media_id)
        if came and (held := f.host.came()):
            await f.db.run(queue.ask_now, held)
            f.wake()

    async def _damaged(self, file: Fetched, error: Damaged) -> None:
        """Judge whole bytes of another kind: the host or the way is at fault until all speaks for the file."""
        f, keep = self._fetcher, False
        try:
            if not isinstance(error, WebPage):
                await blame(f, file.item, error)
                keep = await judged(f, partial(verdicts.damaged, item=file.item, error=error)) == "believed"
            else:
                await put_off(f, file.item, error)
        finally:
            # What is damaged at the source is kept as it is, and said so.
            if keep:
                await asyncio.to_thread(_keep, f.root, file)
            else:
                await asyncio.to_thread(_dropped, file, error)
        if needs_clearing(file.item, await f.db.read(queue.state_of, file.item.media_id)):
            await clear_away(f, file.item)
        f.wake_in(verdicts.BACKOFF_S[0])


async def judged(fetcher: Fetcher, judge: Callable[..., verdicts.Verdict]) -> verdicts.Verdict:
    """Return what the catalogue believes of a file, after a control question where only that is lacking."""
    f = fetcher

    def run(conn: Connection, control: bool | None) -> verdicts.Verdict:
        return judge(conn, now=f.clock.now(), share=f.brake_share(), control=control)

    verdict = await f.db.run(run, None)
    if verdict == "control":
        verdict = await f.db.run(run, await f.host.control(f.db, f.transport, f.clock))
    return verdict


async def put_off(fetcher: Fetcher, item: MediaItem, error: PixmirrorError) -> None:
    """Try a file that did not come again in its own time. ImageHostDown when it is the host that fails."""
    await blame(fetcher, item, error)
    await fetcher.db.run(verdicts.again, item, str(error), fetcher.clock.now())


async def blame(fetcher: Fetcher, item: MediaItem, error: PixmirrorError) -> None:
    """Return when this failure is the file's own; else put off what failed as untried and raise ImageHostDown."""
    f = fetcher
    if not f.host.failed(item, error):
        return
    if await f.host.control(f.db, f.transport, f.clock):
        f.host.is_own_fault()
        return
    down, untried = f.host.believe(item, error, f.clock.now())
    await f.db.run(queue.put_off_untried, untried, _of_no_file(error))
    raise down from error


def _of_no_file(error: PixmirrorError) -> str:
    """Return the reason for all files that the host kept back: without the address of the one that met it."""
    return f"the image host fails file after file: {_ADDRESS.sub('', str(error)).rstrip('.')}"


async def clear_away(fetcher: Fetcher, item: MediaItem) -> None:
    """Remove leftover .part files of every URL the file has had, and finish a pending move to the trash."""
    for rel in candidates(item.path, item.urls):
        try:
            await asyncio.to_thread(fetcher.root.remove_parts, rel)
        except StorageError as error:
            await asyncio.to_thread(own_trouble, fetcher.root, error)
    await settle(fetcher.db, fetcher.root)


def own_trouble(root: MirrorRoot, error: PixmirrorError) -> PixmirrorError:
    """Return a file's own error; raise what the whole media folder is at fault for. Blocks."""
    if not isinstance(error, StorageError):
        return error
    if isinstance(error, DiskFull):
        raise error
    root.check_writable()
    return FileError(str(error))


def _place_all(root: MirrorRoot, files: Sequence[Fetched]) -> list[Outcome]:
    """Give each its final name, or return why not; the part of a damaged one stays open. Blocks."""
    try:
        root.check_media()  # the disk may have gone since they were claimed
    except PixmirrorError as error:
        return [_dropped(file, error) for file in files]
    outcomes = [_place(root, file) for file in files]
    folders = [file.part.folder for file in files]
    unsynced: dict[Path, Outcome] = {}
    for folder in {f for f, outcome in zip(folders, outcomes, strict=True) if isinstance(outcome, Stored)}:
        try:
            sync_folders((folder,))
        except PixmirrorError as error:
            unsynced[folder] = _told(root, error)
    return [
        unsynced.get(folder, outcome) if isinstance(outcome, Stored) else outcome
        for folder, outcome in zip(folders, outcomes, strict=True)
    ]


def _place(root: MirrorRoot, file: Fetched) -> Outcome:
    looked = file.looked or _Looked()
    check = None if file.looked else _check_into(looked, file, Patience(QUICK_S))
    try:
        root.check_room(file.part.held)  # others may have filled the disk since
        if looked.damage is not None:
            return looked.damage
        found = _under_a_name(root, file, check)
        return Stored(found.rel, found.size, found.sha256, file.url, looked.unchecked, looked.entries)
    except OutOfTime:
        return None
    except Damaged as error:
        return error
    except PixmirrorError as error:
        return _dropped(file, _told(root, error))


def _check_into(looked: _Looked, file: Fetched, patience: Patience) -> Check:
    """Return the check of a file, which notes in `looked` what it finds but damage."""
    check = structure(file.part.rel, file.length)

    def run(content: BinaryIO) -> None:
        looked.unchecked = check(content, patience=patience) or ""
        if file.item.role == "ugoira" and not looked.unchecked:
            looked.entries = zip_entries(content)

    return run


def _look(file: Fetched, stop: threading.Event) -> _Looked:
    """Check a file that takes long, within bounds. Blocks. OutOfTime when `stop` is set."""
    looked = _Looked()
    try:
        file.part.inspect(_check_into(looked, file, Patience(stop=stop)))
    except Damaged as error:
        looked.damage = error
    except OutOfTime:
        if stop.is_set():
            raise
        looked.unchecked = "its check would have taken too long"
    return looked


def _keep(root: MirrorRoot, file: Fetched) -> None:
    try:
        _under_a_name(root, file, None)
        sync_folders((file.part.folder,))
    except PixmirrorError as error:
        _dropped(file, error)


def _told(root: MirrorRoot, error: PixmirrorError) -> PixmirrorError:
    try:
        return own_trouble(root, error)
    except PixmirrorError as everybodys:
        return everybodys


def _under_a_name(root: MirrorRoot, file: Fetched, check: Check | None) -> StoredFile:
    """Rename it to its own name, or to a later version's while another whole file has that name."""
    item, part = file.item, file.part
    mtime = url_ms(file.url) or item.create_date
    plain, version = part.rel, url_version(file.url)
    # The row's own file was found rotten: the new one takes its place.
    in_place = item.sha256 is not None
    if version and not PurePosixPath(plain).stem.endswith(version):
        others = [version, f"{version}_{part.digest[:14]}"]
    else:
        others = [part.digest[:14]]
    while True:
        try:
            return part.place(mtime, check, in_place)
        except NameTaken:
            if not worth_keeping(root, part.rel, file.url, item.damaged_sha256) or not others:
                in_place = True
            else:
                rel = with_version(plain, others.pop(0))
                part.rename(rel, root.resolve(rel))


def _dropped(file: Fetched, error: PixmirrorError) -> PixmirrorError:
    with suppress(PixmirrorError):  # the first one says it
        file.part.abort()
    return error


def record(conn: Connection, results: Sequence[tuple[MediaItem, Outcome]], now: int) -> list[MediaItem]:
    """Record all but the damaged ones, which are judged apart. Return those that may have left parts behind."""
    came = [(item, outcome) for item, outcome in results if isinstance(outcome, Stored)]
    queue.finish_all(conn, [(item.media_id, outcome) for item, outcome in came], now)
    for item, outcome in came:
        if outcome.entries is not None:
            ingest_files.zip_came(conn, item.work_key, outcome.entries, now)
    file_doubts.settled(conn, [item.media_id for item, _ in came if item.attempts > 1])
    judged_here = [(item, outcome) for item, outcome in results if not isinstance(outcome, Damaged | None)]
    for item, error in judged_here:
        if isinstance(error, PixmirrorError) and error.scope == "everything":
            queue.release(conn, [item.media_id])
        elif isinstance(error, PixmirrorError):
            verdicts.again(conn, item, str(error), now)
    states = queue.states_of(conn, [item.media_id for item, _ in judged_here])
    return [item for item, _ in judged_here if needs_clearing(item, states.get(item.media_id, ""))]


def _put_off_all(conn: Connection, files: Sequence[Fetched], error: str, now: int) -> None:
    states = queue.states_of(conn, [file.item.media_id for file in files])
    for item in (file.item for file in files):
        if states.get(item.media_id) == "fetching":
            verdicts.again(conn, item, error, now)


def needs_clearing(item: MediaItem, state: str) -> bool:
    """Return whether a file may have left parts behind: one that came at its first try did not."""
    return state not in ("wanted", "waiting") and (state != "stored" or item.attempts > 1)
