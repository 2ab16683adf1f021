"""Remove from a backup what no run has any more, and what the user has forgotten.

Manifests say first what is to be, then files go: whatever comes between, no manifest names what is not there. What
a cut leaves over is swept after the next run that follows a cut one.
"""

import hashlib
import heapq
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path

from pixmirror.backup import manifest
from pixmirror.backup.manifest import Entry
from pixmirror.store.backup_folder import MANIFEST, BackupFolder, read_own, sync_there, write_own
from pixmirror.store.part import storage, sync_folder

NOTE = "forgotten"  # in a run's folder: a digest of the paths that it is known not to have
HELD = "held"  # in the folder of a run that stays until the user believes that so much has vanished since
AT_ONCE = 50_000  # entries held in memory

_by_path = attrgetter("path")


def note(run: Path, paths: Collection[str]) -> None:
    """Note in the folder of a run that it has none of these. Whoever finishes the run syncs it."""
    write_own(run / NOTE, f"{_digest(paths)}\n".encode())


def damaged(folder: BackupFolder) -> list[str]:
    """Return the runs, the newest first, whose manifests do not tell what they have. Reads all of these."""
    runs = reversed(folder.whole_runs())
    return [name for name in runs if not manifest.is_whole(folder.runs / name / MANIFEST)]


def hold(run: Path) -> None:
    """Have a run stay, however many come after it."""
    write_own(run / HELD, b"")
    with storage(run):
        sync_folder(run)


def is_held(run: Path, *, believe: bool) -> bool:
    """Return whether a run is to stay; with `believe` it may go from now on."""
    if believe:
        with storage(run), suppress(FileNotFoundError):
            os.unlink(run / HELD)
    return (run / HELD).exists()


def _digest(paths: Collection[str]) -> str:
    return hashlib.sha256("\n".join(sorted(paths)).encode("utf-8", "surrogatepass")).hexdigest()


def forget(folder: BackupFolder, paths: Collection[str], unknown: Collection[str] = ()) -> int:
    """Remove these from every run that may still have them. Return how many files went.

    It is noted last: what a cut leaves is done again by the next backup. So it is while there are runs of which
    it is `unknown` what earlier bytes they have, for their manifests are damaged.
    """
    told = f"{_digest(paths)}\n".encode()
    runs = [folder.runs / name for name in folder.whole_runs() if name not in unknown]
    left = [run for run in runs if read_own(run / NOTE) != told] if paths else []
    gone = set[tuple[str, str]]()
    for run in left:
        gone |= {(e.path, e.sha256) for e in _without(run / MANIFEST, paths)}
    touched = set[Path]()
    if left:
        for path in paths:  # also those that an earlier try has taken out of the manifests
            touched |= folder.remove_name(path)
        if not unknown:
            touched |= sweep_old(folder)
    sync_there(touched)
    for run in left if not unknown else ():
        note(run, paths)
    return len(gone)


def _without(path: Path, paths: Collection[str]) -> list[Entry]:
    """Write a manifest anew without these, if it has any. Return what it had."""
    had = [entry for entry in manifest.read_entries(path) if entry.path in paths]
    if had:
        part = path.with_name(f".{path.name}.part")
        with manifest.writing(part) as writer:
            writer.head(manifest.read_head(path))
            for entry in manifest.read_entries(path):
                if entry.path not in paths:
                    writer.add(entry)
        with storage(path):
            os.rename(part, path)
            sync_folder(path.parent)
    return had


def remove_run(folder: BackupFolder, name: str) -> int:
    """Remove a run, and the files that it alone had. Return how many."""
    others = [folder.runs / other / MANIFEST for other in folder.whole_runs() if other != name]
    kept = folder.runs / name / MANIFEST
    # Its manifest stays readable until its files are known, and is no run's any more before the first one goes.
    leaving = _let_go(kept)
    removed = 0
    for some in _chunks(_alone(leaving, others[0] if others else None)):
        removed += _remove_unnamed(folder, some, others)
    folder.remove_run(name)
    return removed


def _let_go(kept: Path) -> Path:
    leaving = kept.with_name(f"leaving-{MANIFEST}")
    with storage(kept):
        os.rename(kept, leaving)
        sync_folder(kept.parent)
    return leaving


def remove_beside_damaged(folder: BackupFolder, over: Collection[str], *, is_last: bool) -> int:
    """Remove these runs, where what a damaged one has is not known. Return how many files went: none, unless the
    damaged ones are all among these (`is_last`), and then each that no run names.
    """
    for name in over:
        _let_go(folder.runs / name / MANIFEST)
    removed = sweep(folder) if is_last else 0
    for name in over:
        folder.remove_run(name)
    return removed


def _alone(leaving: Path, next_one: Path | None) -> Iterator[Entry]:
    """Yield what the run after this one does not have."""
    after = manifest.read_entries(next_one) if next_one else iter(())
    have = next(after, None)
    for entry in manifest.read_entries(leaving):
        while have is not None and have.path < entry.path:
            have = next(after, None)
        if have is None or have.path != entry.path or have.sha256 != entry.sha256:
            yield entry


def _remove_unnamed(folder: BackupFolder, entries: list[Entry], manifests: Iterable[Path]) -> int:
    """Remove those of these that no manifest names. Earlier bytes lie under their sha256 alone: they may be those
    of another name, too.
    """
    doubtful = {(e.path, e.sha256) for e in entries}
    names, digests = {e.path for e in entries}, {e.sha256 for e in entries}
    still, needed = set[str](), set[str]()
    for path in manifests:
        for entry in manifest.read_entries(path):
            if entry.sha256 in digests:
                needed.add(entry.sha256)
            if entry.path in names:
                still.add(entry.path)
                doubtful.discard((entry.path, entry.sha256))
    touched = set[Path]()
    for path_, sha256 in doubtful:
        touched |= folder.remove_old(sha256) if sha256 not in needed else set()
        touched |= folder.remove_name(path_) if path_ not in still else set()
    sync_there(touched)  # before the run itself goes: what is left of it is swept
    return len(doubtful)


def _chunks(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    some: list[Entry] = []
    for entry in entries:
        some.append(entry)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def sweep(folder: BackupFolder) -> int:
    """Remove every file that no run names, as a cut run leaves. Return how many. Walks all of it."""
    removed = 0
    for rel in unnamed(folder):
        with storage(folder.path), suppress(FileNotFoundError):
            (folder.path / rel).unlink()
            removed += 1
    return removed


def sweep_old(folder: BackupFolder) -> set[Path]:
    """Remove earlier bytes that no run names. Return the folders that are still to be synced."""
    old = {name for names in os.walk(folder.path / "old") for name in names[2]}
    for run in folder.whole_runs() if old else ():
        for entry in manifest.read_entries(folder.runs / run / MANIFEST):
            old.discard(entry.sha256)
    for name in old:
        with storage(folder.path), suppress(FileNotFoundError):
            folder.old(name).unlink()
    return {folder.old(name).parent for name in old}


def unnamed(folder: BackupFolder) -> Iterator[str]:
    """Yield the files that no run names, relative to the backup."""
    manifests = [folder.runs / name / MANIFEST for name in folder.whole_runs()]
    old = {name for names in os.walk(folder.path / "old") for name in names[2]}
    named = heapq.merge(*(manifest.read_entries(path) for path in manifests), key=_by_path)
    entry = next(named, None)
    for rel in _walked(folder.media, ""):
        while entry is not None and entry.path < rel:
            old.discard(entry.sha256)
            entry = next(named, None)
        if entry is None or entry.path != rel:
            yield f"media/{rel}"
    while entry is not None:
        old.discard(entry.sha256)
        entry = next(named, None)
    for name in sorted(old):
        yield f"old/{name[:2]}/{name}"


def _walked(folder: Path, below: str) -> Iterator[str]:
    """Yield the files below a folder in the order of their paths."""
    with storage(folder), os.scandir(folder) as entries:
        found = sorted((f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name) for e in entries)
    for name in found:
        if name.endswith("/"):
            yield from _walked(folder / name, f"{below}{name}")
        else:
            yield f"{below}{name}"
