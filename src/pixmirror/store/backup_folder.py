"""The folder of a backup: its marker, its lock, and the changes in it that must survive a power cut.

pixmirror-backup.json   the marker: whose backup it is; where it is missing the disk is not mounted
media/                  files and sidecars, under the names that they have in the mirror
old/ab/<sha256>         bytes that another run still has, while their name has newer ones
runs/<UTC time>/        one run: databases, mirror.json, and last its manifest; `.part` until it is whole
"""

import fcntl
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pixmirror.errors import ConfigError, MirrorLocked, StorageAbsent, StorageError
from pixmirror.store.part import storage, sync_folder, sync_folders, write_atomic
from pixmirror.store.paths import resolve

MARKER = "pixmirror-backup.json"
MANIFEST = "manifest.jsonl.gz"
LOCK = ".lock"
FORMAT = 1
_RUN = re.compile(r"\d{8}T\d{6}Z")
_CUT = re.compile(r"\d{8}T\d{6}Z(\.part)?")


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """A folder that holds backups of one mirror."""

    path: Path
    mirror_id: str

    @property
    def media(self) -> Path:
        return self.path / "media"

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    def old(self, sha256: str) -> Path:
        return self.path / "old" / sha256[:2] / sha256

    def place(self, rel: str, sha256: str, *, has_old: bool = True) -> Path:
        """Return where these bytes of the file with this name lie. FileError for a name that leads out of it.

        `has_old`: there may be earlier bytes, among which to look first.
        """
        path, old = resolve(self.media, rel), self.old(sha256)
        return old if has_old and old.exists() else path

    def whole_runs(self) -> list[str]:
        """Return the names of the runs that were finished, the oldest first."""
        with storage(self.runs):
            names = os.listdir(self.runs) if self.runs.is_dir() else []
        return sorted(n for n in names if _RUN.fullmatch(n) and (self.runs / n / MANIFEST).is_file())

    def cut_runs(self) -> list[Path]:
        """Return the folders of runs that were not finished. What a NAS or a desktop puts there is none."""
        with storage(self.runs):
            names = os.listdir(self.runs) if self.runs.is_dir() else []
        whole = set(self.whole_runs())
        return [self.runs / n for n in sorted(names) if n not in whole and _CUT.fullmatch(n)]

    def remove_old(self, sha256: str) -> set[Path]:
        """Remove earlier bytes, of whatever name. Return the folders that are still to be synced."""
        return _removed(self.old(sha256))

    def remove_name(self, rel: str) -> set[Path]:
        """Remove what has this name, if anything has. Return the folders that are still to be synced."""
        return _removed(resolve(self.media, rel))

    def remove_run(self, name: str) -> None:
        """Remove a run: its manifest first, so that what is left of it is none."""
        folder = self.runs / name
        with storage(folder):
            with suppress(FileNotFoundError):
                os.unlink(folder / MANIFEST)
                sync_folder(folder)
            shutil.rmtree(folder, ignore_errors=False)

    def finish_run(self, part: Path, name: str) -> None:
        """Let a run be whole: its files are synced, its manifest is the last of them."""
        with storage(part):
            for file in part.iterdir():
                with file.open("rb") as opened:
                    os.fsync(opened.fileno())
            sync_folder(part)
            os.rename(part, self.runs / name)
            sync_folder(self.runs)


def _removed(path: Path) -> set[Path]:
    with storage(path):
        try:
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return set()
        try:
            path.parent.rmdir()
        except OSError:  # not empty
            return {path.parent}
        return {path.parent.parent}


def sync_there(folders: Iterable[Path]) -> None:
    """Sync those of these folders that are still there."""
    sync_folders(folder for folder in folders if folder.is_dir())


def is_backup(path: Path) -> bool:
    return (path / MARKER).is_file()


def open_backup(path: Path) -> BackupFolder:
    """Open the folder of a backup to look at it. StorageAbsent: it is not there; ConfigError: it is none."""
    if not path.is_dir():
        raise StorageAbsent(f"the backup's folder {path} is not there; is its disk mounted?")
    with storage(path):
        try:
            found = json.loads((path / MARKER).read_bytes())
            mirror_id, made = str(uuid.UUID(found["mirror_id"])), found["format"]
        except FileNotFoundError:
            raise ConfigError(f"{path} holds no backup: its marker {MARKER} is not there") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConfigError(f"{path / MARKER} cannot be read as the marker of a backup") from None
    if made != FORMAT:
        raise ConfigError(
            f"the backup in {path} has format {made}, this program knows {FORMAT}: upgrade pixmirror"
        )
    return BackupFolder(path, mirror_id)


def open_for(path: Path, mirror_id: str, *, begin: bool) -> BackupFolder:
    """Open the folder of this mirror's backups. `begin`: mark an empty one, or make it.

    StorageAbsent where its marker is missing, as on a disk that is not mounted; ConfigError where it is another's.
    """
    if begin and not is_backup(path):
        _begin(path, mirror_id)
    if not is_backup(path):
        raise StorageAbsent(
            f"the backup's folder {path} lacks its marker {MARKER}, as an unmounted disk does; nothing was "
            f"written. To begin a backup there: `pixmirror backup --begin {path}`"
        )
    found = open_backup(path)
    if found.mirror_id != mirror_id:
        raise ConfigError(f"{path} holds the backup of another mirror ({found.mirror_id}): name another folder")
    with storage(path):
        for folder in (found.media, found.runs):
            folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path)
    return found


def _begin(path: Path, mirror_id: str) -> None:
    with storage(path):
        if path.is_dir():
            if {entry.name for entry in path.iterdir()} - {"lost+found"}:
                raise ConfigError(f"{path} is not empty and holds no backup: name an empty folder, or a new one")
        elif path.exists():
            raise ConfigError(f"{path} is not a folder: name one")
        elif not path.parent.is_dir():
            raise StorageAbsent(f"the folder {path.parent} is not there; is its disk mounted?")
        else:
            path.mkdir(mode=0o700)
            sync_folder(path.parent)
        said = json.dumps({"format": FORMAT, "mirror_id": mirror_id}) + "\n"
        write_atomic(path / MARKER, path / f".{MARKER}.part", said.encode(), 0o600)


@contextmanager
def holding(folder: BackupFolder) -> Iterator[None]:
    """Be the only one that writes to a backup, where its disk has locks. MirrorLocked while another one is."""
    path = folder.path / LOCK
    with storage(path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MirrorLocked(f"another backup to {folder.path} is under way") from error
        except OSError:
            pass  # a share without locks
        yield
    finally:
        os.close(fd)


def refuse_nested(path: Path, root: Path, media: Path) -> None:
    """Raise ConfigError where a backup would lie inside of the mirror, or the mirror inside of it."""
    place = path.resolve()
    for mine in (root.resolve(), media.resolve()):
        if place == mine or place.is_relative_to(mine) or mine.is_relative_to(place):
            raise ConfigError(
                f"{path} and the mirror's folder {mine} lie inside of each other: name another folder"
            )


def same_disk(path: Path, *others: Path) -> bool:
    """Return whether a folder lies on the disk of one of these."""
    with storage(path):
        mine = os.stat(path).st_dev
    found = set()
    for other in others:
        with suppress(OSError):
            found.add(os.stat(other).st_dev)
    return mine in found


def write_own(path: Path, data: bytes) -> None:
    """Write a small file of a run. The run's end syncs it."""
    with storage(path):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)


def read_own(path: Path) -> bytes | None:
    """Return a small file, None where there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"{path} could not be read: {error.strerror}") from error
