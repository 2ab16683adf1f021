"""Move forgotten files to the trash, back from it, or remove them for good.

The catalogue says first what is to be (a tombstone, the state, and where in the trash); then files are renamed
within the media folder. Whatever comes between, a crash too, `settle` finishes in the direction that the catalogue
says now.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pixmirror.catalogue.database import Database
from pixmirror.errors import PixmirrorError
from pixmirror.ingest import forgetting
from pixmirror.ingest.forgetting import Forgotten, Moving, Restored, Target
from pixmirror.store import MirrorRoot

BATCH = 500
AT_ONCE = 50  # works in a transaction of the only writer


def path_for(rel: str, url: str) -> str:
    """Return the path with the extension of the URL that is really fetched (a cover may be .jpg or .png)."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    return str(PurePosixPath(rel).with_suffix(suffix)) if suffix else rel


def candidates(rel: str, urls: Sequence[str]) -> list[str]:
    """List the names under which a file may lie that was fetched and that no row knows."""
    return list(dict.fromkeys((rel, *(path_for(rel, url) for url in urls))))


async def forget(db: Database, root: MirrorRoot, target: Target, now: int, days: int) -> Forgotten:
    """Fetch it no more. When this returns its files are in the trash, or gone with `days` 0."""
    await asyncio.to_thread(root.check_media)
    async with root.moving:
        done = await db.run(forgetting.forget, target, now, days)
        await _settle(db, root)
        if not days:
            await _remove(db, root, target)
    return done


async def forget_all(
    db: Database, root: MirrorRoot, targets: Sequence[Target], now: int, days: int
) -> tuple[int, str]:
    """Forget each of these. Return how many are forgotten and, if something came in between, what; its error where
    none is.
    """
    done = 0
    try:
        await asyncio.to_thread(root.check_media)
        async with root.moving:
            for some in (targets[at : at + AT_ONCE] for at in range(0, len(targets), AT_ONCE)):
                await db.run(forgetting.forget_all, some, now, days)
                done += len(some)
            await _settle(db, root)
            for target in targets if not days else ():
                await _remove(db, root, target)
    except PixmirrorError as error:
        if not done:
            raise
        return done, str(error)
    return done, ""


async def unforget(db: Database, root: MirrorRoot, target: Target, now: int) -> Restored:
    """Bring back what still lies in the trash, and want the rest again."""
    await asyncio.to_thread(root.check_media)
    async with root.moving:
        done = await db.run(forgetting.unforget, target, now)
        back, again = await _settle(db, root)
    return replace(done, files=back, wanted=done.wanted + again)


async def settle(db: Database, root: MirrorRoot, *, thorough: bool = False) -> None:
    """Finish moves that were interrupted. `thorough`: look also where nothing should be left to do."""
    if thorough or await db.read(forgetting.has_moves):
        async with root.moving:
            await _settle(db, root, thorough=thorough)


async def purge(db: Database, root: MirrorRoot, now: int) -> int:
    """Remove what has lain in the trash for long enough. Return how many files."""
    async with root.moving:
        at = await db.run(forgetting.trash_time, now)
        return sum([await _remove(db, root, target) for target in await db.read(forgetting.due_for_purge, at)])


async def _settle(db: Database, root: MirrorRoot, *, thorough: bool = False) -> tuple[int, int]:
    """Return how many files came back, and how many that should have are wanted again."""
    before = await db.read(forgetting.moves)
    came_back = again = after = 0
    while files := await db.read(forgetting.moving, after, BATCH):
        after = files[-1].media_id
        moved = await asyncio.to_thread(_move, root, files)
        back, wanted = await db.run(forgetting.moved, *moved)
        came_back, again = came_back + back, again + wanted
    after = -1
    while sidecars := await db.read(forgetting.sidecars_to_remove, after, BATCH, thorough):
        after = sidecars[-1][0]
        await asyncio.to_thread(_remove_all, root, [rel for _, rel in sidecars])
        await db.run(forgetting.sidecars_removed, [key for key, _ in sidecars])
    await db.run(forgetting.moves_done, before)
    return came_back, again


def _move(root: MirrorRoot, files: Sequence[Moving]) -> tuple[list[int], list[int]]:
    """Move files where they belong. Return which are back and whole, and which are nowhere to be found."""
    found = {file.media_id: _out(root, file) if file.out else _back(root, file) for file in files}
    back = [file.media_id for file in files if not file.out and found[file.media_id]]
    return back, [media_id for media_id, is_found in found.items() if not is_found]


def _out(root: MirrorRoot, file: Moving) -> bool:
    moved = False
    for rel in candidates(file.path, file.urls):
        moved |= root.move(rel, file.trash)
        root.remove_parts(rel)
    return moved or root.has(file.trash)


def _back(root: MirrorRoot, file: Moving) -> bool:
    """Return True if the very bytes that were stored lie under the file's name again."""
    if file.sha256 is not None:
        for rel in (file.path, file.trash):
            if root.is_whole(rel, file.sha256, file.size):
                if rel == file.trash:
                    root.move(file.trash, file.path)
                else:
                    root.remove(file.trash)
                return True
    root.remove(file.trash)  # not what was stored: it is fetched again
    return False


def _empty(root: MirrorRoot, files: Sequence[Moving]) -> None:
    for file in files:
        _out(root, file)  # one may have come since the last look
        root.remove(file.trash)


def _remove_all(root: MirrorRoot, rels: Sequence[str]) -> None:
    for rel in rels:
        root.remove(rel)


async def _remove(db: Database, root: MirrorRoot, target: Target) -> int:
    files = await db.read(forgetting.in_trash, target)
    await asyncio.to_thread(_empty, root, files)
    await db.run(forgetting.purged, target, [f.media_id for f in files])
    return len(files)
