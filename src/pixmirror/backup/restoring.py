"""Bring a run of a backup into an empty root.

The mirror's id comes first and says that it has a catalogue, which comes last: whoever opens a mirror that is half
restored is told that its catalogue is not there, and begins nothing anew. A restore that was cut goes on.
"""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pixmirror.backup import manifest
from pixmirror.backup.checking import compared
from pixmirror.backup.manifest import BackupDamaged, Entry, Head
from pixmirror.catalogue import migrate
from pixmirror.errors import CatalogueError, ConfigError, FileError, StorageAbsent
from pixmirror.store.backup_folder import MANIFEST, BackupFolder, open_backup, read_own
from pixmirror.store.part import storage, sync_folder, write_atomic
from pixmirror.store.paths import MARKER, resolve
from pixmirror.store.placing import Placing, SourceFailed, placing
from pixmirror.store.start import IDENTITY, LOCK, hold

UNDER_WAY = "restoring.json"
EXAMPLES = 100
_NOT_RESTORED = frozenset(("config.toml", IDENTITY, "catalogue.db"))
_OURS = frozenset((UNDER_WAY, IDENTITY, LOCK, f".{UNDER_WAY}.part", f".{IDENTITY}.part", "lost+found", "media"))


_NOT_TOLD = frozenset(("is_fresh", "has_old", "is_shared"))


@dataclass(slots=True)
class Report:
    """What was restored. `there`: files that lay in the media folder already. `lacking`: not in the backup as they
    should be, to be fetched again. `config`: where the backed-up config lies, if there is one.
    """

    root: str
    run: str
    made_at: int
    mirror_id: str
    files: int = 0
    bytes: int = 0
    there: int = 0
    linked: int = 0
    lacking: int = 0
    partial: bool = False
    gallery: bool = False
    login: bool = False
    config: str = ""
    examples: list[str] = field(default_factory=list)
    is_fresh: bool = field(default=False, repr=False)  # nothing can be there already
    has_old: bool = field(default=True, repr=False)
    is_shared: bool = field(default=False, repr=False)  # the backup lies on the disk of the media

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key not in _NOT_TOLD}


Progress = Callable[[Report], None]


def restore(
    backup: Path,
    root: Path,
    media: Path | None = None,
    *,
    run: str | None = None,
    progress: Progress = lambda report: None,
) -> Report:
    """Restore a run, the newest if none is named. Blocks long.

    ConfigError where the root is not empty, or the media folder holds what is not this mirror's; BackupDamaged
    where the run is not whole. A media folder that survived keeps its files, and gets those that it lacks.
    """
    folder = open_backup(backup)
    head, path = _chosen(folder, run)
    if head.schema not in migrate.REVISIONS:
        raise CatalogueError(
            f"The catalogue of this backup has schema {head.schema}, newer than this program knows "
            f"({migrate.HEAD}): upgrade pixmirror."
        )
    for one in head.own:
        why = compared(path.with_name(one.name), one.size, one.sha256)
        if why is not None:
            raise BackupDamaged(f"{path.with_name(one.name)} is not as it was backed up: {why}. Name another run.")
    _refuse_nested(folder.path, root)
    target = media or root / "media"
    _refuse_used(root, target, folder, head, is_elsewhere=media is not None)
    old_mask = os.umask(0o077)
    try:
        return _restore(folder, head, path, root, target, progress)
    finally:
        os.umask(old_mask)


def _chosen(folder: BackupFolder, run: str | None) -> tuple[Head, Path]:
    runs = folder.whole_runs()
    if not runs:
        raise BackupDamaged(f"{folder.path} holds no run that was finished.")
    if run is not None and run not in runs:
        raise ConfigError(f"{folder.path} has no run {run}; it has {', '.join(runs)}")
    path = folder.runs / (run or runs[-1]) / MANIFEST
    if not manifest.is_whole(path):
        others = ", ".join(name for name in runs if name != path.parent.name) or "none"
        raise BackupDamaged(f"{path} is damaged; other runs: {others} (`--run NAME`).")
    return manifest.read_head(path), path


def _refuse_nested(backup: Path, root: Path) -> None:
    here, there = backup.resolve(), root.resolve()
    if there == here or there.is_relative_to(here) or here.is_relative_to(there):
        raise ConfigError(f"{root} and the backup {backup} lie inside of each other: name another root")


def _refuse_used(root: Path, media: Path, folder: BackupFolder, head: Head, *, is_elsewhere: bool) -> None:
    """Raise ConfigError unless there is nothing, or what an earlier try of this restore left."""
    with storage(root):
        names = {entry.name for entry in root.iterdir()} if root.is_dir() else set()
    under_way = _under_way(root)
    if under_way == (str(folder.path.resolve()), head.run):
        names -= {"gallery.db", "gallery.db.part", "catalogue.db.part", *(one.name for one in head.own)}
        if left := names - _OURS:
            raise ConfigError(
                f"{root} holds more than the restore that was cut left: {', '.join(sorted(left)[:5])}"
            )
    elif names - {"lost+found"}:
        raise ConfigError(f"{root} is not empty: a backup is restored into an empty folder; name another one")
    elif not is_elsewhere:
        return
    if is_elsewhere and not media.is_dir():
        raise StorageAbsent(f"the media folder {media} is not there; mount it, or make it")
    marked = read_own(media / MARKER)
    if marked is None:
        if is_elsewhere and {entry.name for entry in media.iterdir()} - {"lost+found"}:
            raise ConfigError(f"the media folder {media} is not empty and not this mirror's: empty it")
    elif marked.decode("ascii", "replace").strip() != head.mirror_id:
        raise ConfigError(f"the media folder {media} belongs to another mirror: name another one")


def _under_way(root: Path) -> tuple[str, str] | None:
    try:
        found = json.loads(read_own(root / UNDER_WAY) or b"")
        return str(found["backup"]), str(found["run"])
    except (ValueError, KeyError, TypeError):
        return None


def _restore(folder: BackupFolder, head: Head, path: Path, root: Path, media: Path, progress: Progress) -> Report:
    report = Report(str(root), head.run, head.made_at, head.mirror_id, partial=bool(head.partial))
    with storage(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = hold(root)
    try:
        told = json.dumps({"backup": str(folder.path.resolve()), "run": head.run}) + "\n"
        _write(root / UNDER_WAY, told.encode())
        _write(root / IDENTITY, (json.dumps({"mirror_id": head.mirror_id, "catalogue": True}) + "\n").encode())
        with storage(media):
            media.mkdir(mode=0o700, exist_ok=True)
            report.is_fresh = set(os.listdir(media)) <= {MARKER}
            report.is_shared = folder.path.stat().st_dev == media.stat().st_dev
            report.has_old = (folder.path / "old").is_dir()
        if read_own(media / MARKER) is None:
            _write(media / MARKER, f"{head.mirror_id}\n".encode())
        with placing(media) as files:
            for entry in manifest.read_entries(path):
                _bring(folder, files, media, entry, report)
                if not (report.files + report.there) % 1000:
                    progress(report)
        own = [one.name for one in head.own if one.name not in _NOT_RESTORED]
        for name in [*own, "catalogue.db"]:
            _copy(path.with_name(name), root / name)
        report.gallery, report.login = "gallery.db" in own, "credentials.json" in own
        if (path.parent / "config.toml").is_file():
            report.config = str(path.parent / "config.toml")
        with storage(root), suppress(FileNotFoundError):
            os.unlink(root / UNDER_WAY)
            sync_folder(root)
    finally:
        os.close(lock)
    return report


def _bring(folder: BackupFolder, files: Placing, media: Path, entry: Entry, report: Report) -> None:
    try:
        source = folder.place(entry.path, entry.sha256, has_old=report.has_old)
        if not report.is_fresh and _is_there(resolve(media, entry.path), entry):
            report.there += 1
            return
        # A copy is compared on its way; what shares its bytes nobody would read.
        if (why := compared(source, entry.size, entry.sha256 if report.is_shared else None)) is not None:
            raise FileError(why)
        came = files.take(source, entry.path, entry.sha256)
    except (SourceFailed, FileError) as error:
        report.lacking += 1
        if len(report.examples) < EXAMPLES:
            report.examples.append(f"{entry.path}: {error}")
        return
    report.files += 1
    report.bytes += entry.size
    report.linked += came.how != "copy"


def _is_there(path: Path, entry: Entry) -> bool:
    """Return whether a file lies there as it was. Any sidecar does: one of another size may know of more files."""
    try:
        size = path.stat().st_size
        return size == entry.size or (entry.seq is not None and size > 0)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _write(path: Path, data: bytes) -> None:
    with storage(path):
        write_atomic(path, path.with_name(f".{path.name}.part"), data, 0o600)


def _copy(source: Path, target: Path) -> None:
    """Copy a file of the run, so that it is whole or not there."""
    part = target.with_name(f"{target.name}.part")
    with storage(target):
        shutil.copyfile(source, part)
        os.chmod(part, 0o600)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.rename(part, target)
        sync_folder(target.parent)
