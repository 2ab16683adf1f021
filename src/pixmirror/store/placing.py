"""Bring files from one folder below another: as a reflink, a hard link or a copy, each whole or not there.

The same order as for files that are fetched (architecture: file before row): a hidden `.part` in the same folder,
its bytes checked, synced, renamed, the folder synced. Batches share the syncs: on a disk with a journal the first
of many folders costs one, the others nothing. `finish` must come before anything says that the files are there.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from pixmirror.errors import FileError
from pixmirror.store.part import BLOCK, storage, sync_folders

How = Literal["reflink", "link", "copy"]

BATCH = 128  # files that are named together
FOLDERS = 1024  # that are synced together
SYNCERS = 8  # at once, so that the disk can do several in one turn
PART = ".backup.part"
_FICLONE = 0x40049409
# What says that a way to share bytes cannot be gone here, or with this file; then there is another.
_OTHER_WAY = frozenset(
    (errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EMLINK,
     errno.EACCES, errno.EBADF, errno.ETXTBSY)
)  # fmt: skip


class SourceFailed(FileError):
    """The file that was to be brought is not there, cannot be read, or has other bytes; `problem` says which."""

    def __init__(self, problem: Literal["missing", "unreadable", "wrong_hash"], detail: str) -> None:
        super().__init__(detail)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Placed:
    """What came: bytes, sha256 in hex, and how."""

    size: int
    sha256: str
    how: How


@dataclass(slots=True)
class Placing:
    """Files on their way below `folder`, which exists. Use it as one thread does."""

    folder: Path
    _waiting: list[tuple[Path, Path, int, Path | None]] = field(default_factory=list)  # see `take`
    _folders: dict[Path, None] = field(default_factory=dict)  # with names that are not synced yet
    _ways: dict[int, How] = field(default_factory=dict)  # how it went the last time, by the device it came from

    def take(
        self, source: Path, rel: str, sha256: str | None, keep: Path | None = None, mode: int = 0o600
    ) -> Placed:
        """Bring a file under the name `rel`, in place of what has it. SourceFailed, or StorageError of the target.

        `keep`: where what has the name now goes on to lie. Bytes that are shared with the source are read only
        where their `sha256` is not known.
        """
        path = self.folder / rel
        if sha256 is not None and keep is None and (size := self._linked(source, path)) is not None:
            return Placed(size, sha256, "link")
        with _opened(source) as file, storage(path):
            self._make_folder(path.parent)
            part = path.with_name(f".{path.name}{PART}")
            part.unlink(missing_ok=True)
            found = os.fstat(file.fileno())
            how = self._share(file.fileno(), source, part, found.st_dev, mode)
            fd, digest, size = -1, sha256, found.st_size
            if how == "copy":
                fd, digest, size = self._copy(file.fileno(), part, mode, found.st_mtime_ns)
            else:
                if sha256 is None:
                    with part.open("rb") as shared:
                        digest = hashlib.file_digest(shared, "sha256").hexdigest()
                        size = shared.tell()
                if how == "reflink":
                    fd = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
            if sha256 is not None and digest != sha256:
                os.close(fd)
                part.unlink()
                raise SourceFailed("wrong_hash", f"sha256 {digest}")
        self._waiting.append((part, path, fd, keep))
        if len(self._waiting) >= BATCH:
            self._name()
        if len(self._folders) >= FOLDERS:
            self._sync()
        return Placed(size, digest or "", how)

    def _linked(self, source: Path, path: Path) -> int | None:
        """Give the source's bytes, which are whole already, this name at once, and return how many they are. None:
        it takes the longer way, by a part.
        """
        try:
            found = os.lstat(source)
            if self._ways.get(found.st_dev) != "link" or not stat.S_ISREG(found.st_mode):
                return None
            os.link(source, path)
        except OSError:
            return None
        self._folders[path.parent] = None
        if len(self._folders) >= FOLDERS:
            self._sync()
        return found.st_size

    def _make_folder(self, folder: Path) -> None:
        """Make a folder below ours, whose name is synced with those of the files."""
        if folder != self.folder and not folder.is_dir():
            self._make_folder(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            self._folders[folder.parent] = None

    def _share(self, fd: int, source: Path, part: Path, device: int, mode: int) -> How:
        """Share the bytes with the source, if this file system can."""
        first = self._ways.get(device, "reflink")
        if first == "reflink":
            target = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            try:
                fcntl.ioctl(target, _FICLONE, fd)
                shutil.copystat(source, part)
                return "reflink"
            except OSError as error:
                part.unlink()
                if error.errno not in _OTHER_WAY:
                    raise
                self._ways[device] = first = "link"
            finally:
                os.close(target)
        if first == "link":
            try:
                os.link(source, part, follow_symlinks=True)
                return "link"
            except OSError as error:
                if error.errno not in _OTHER_WAY:
                    raise
                if error.errno != errno.EMLINK:  # which is one file's own
                    self._ways[device] = "copy"
        return "copy"

    def _copy(self, fd: int, part: Path, mode: int, mtime_ns: int) -> tuple[int, str, int]:
        digest, size = hashlib.sha256(), 0
        target = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            while block := _read(fd):
                digest.update(block)
                size += len(block)
                view = memoryview(block)
                while view:
                    view = view[os.write(target, view) :]
            with suppress(PermissionError):  # some network disks
                os.utime(target, ns=(mtime_ns, mtime_ns))
        except BaseException:
            os.close(target)
            with suppress(OSError):
                part.unlink()
            raise
        return target, digest.hexdigest(), size

    def finish(self) -> None:
        """Give all that came its name, so that a power cut leaves it whole or not there, and sync the names."""
        self._name()
        self._sync()

    def _name(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            with storage(waiting[0][1]):
                copies = [fd for _, _, fd, _ in waiting if fd >= 0]
                if len(copies) > 1:
                    with ThreadPoolExecutor(SYNCERS) as pool:
                        list(pool.map(os.fsync, copies))
                elif copies:
                    os.fsync(copies[0])
                sync_folders(_kept(waiting))  # before another one has the name
                for part, path, _, _ in waiting:
                    os.rename(part, path)
                    with suppress(FileNotFoundError):
                        part.unlink()  # of two names of one file neither is renamed
                    self._folders[path.parent] = None
        finally:
            for _, _, fd, _ in waiting:
                if fd >= 0:
                    os.close(fd)

    def _sync(self) -> None:
        sync_folders(self._folders)
        self._folders.clear()

    def drop(self) -> None:
        """Let go of what has no name yet."""
        for part, _, fd, _ in self._waiting:
            if fd >= 0:
                os.close(fd)
            with suppress(OSError):
                part.unlink()
        self._waiting.clear()


def _kept(waiting: Sequence[tuple[Path, Path, int, Path | None]]) -> dict[Path, None]:
    """Let what has the names now have others, too. Return the folders of these."""
    folders = dict[Path, None]()
    for _, path, _, keep in waiting:
        if keep is None or not path.exists():
            continue
        keep.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            try:
                os.link(path, keep)
            except OSError as error:
                if error.errno not in _OTHER_WAY:
                    raise
                os.rename(path, keep)
        folders |= dict.fromkeys((keep.parent, *keep.parents[1:3]))
    return folders


@contextmanager
def placing(folder: Path) -> Iterator[Placing]:
    """Bring files below a folder; what came has its name at the end of the block, if that is reached."""
    found = Placing(folder)
    try:
        yield found
        found.finish()
    finally:
        found.drop()


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        raise SourceFailed("missing" if missing else "unreadable", error.strerror or str(error)) from error
    with open(fd, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise SourceFailed("unreadable", "it is no plain file")
        yield file


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, BLOCK)
    except OSError as error:
        raise SourceFailed("unreadable", error.strerror or str(error)) from error
