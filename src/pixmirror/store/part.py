"""One file being written: a hidden `.part` beside its place, checked, synced, renamed, and its folder synced."""

import errno
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pixmirror.contained import TOO_MANY_FILES
from pixmirror.errors import Damaged, DiskFull, FileError, StorageAbsent, StorageError, TooLarge

BLOCK = 1 << 20
SPILL = 512 << 10  # bytes of a file held in memory

Check = Callable[[BinaryIO], object]


class NameTaken(FileError):
    """A file with other bytes has the name already; it was left as it is."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A whole file in its final place: its path below the media root, bytes, and sha256 in hex."""

    rel: str
    size: int
    sha256: str


class Part:
    """A file being written. `offset` is how many bytes have come; above 0 at the start it means: go on from there.

    Bytes are held in memory up to `SPILL`, so that a small file is written in one go and `write` never waits for
    the disk: whoever sees the part `full` calls `spill`.
    """

    def __init__(self, rel: str, path: Path, temporary: Path, open_it: Callable[[], int], max_file: int) -> None:
        self.rel = rel
        self.offset = 0
        self._path = path
        self._temporary = temporary
        self._open_it = open_it
        self._fd = -1
        self._max_file = max_file
        self._hash = hashlib.sha256()
        self._held: list[bytes] = []
        self.held = 0  # bytes of it, which the disk is still to take
        # What tells whether the file at the source is still the same, kept in a file of its own beside the part.
        self.validator = ""
        self._tag = temporary.with_name(".".join((f".{path.name}.tag", *temporary.name.rsplit(".", 3)[1:])))
        self._tagged = ""

    @property
    def folder(self) -> Path:
        return self._path.parent

    @property
    def digest(self) -> str:
        """The sha256 in hex of all bytes so far, those in memory included."""
        whole = self._hash.copy()
        for chunk in self._held:
            whole.update(chunk)
        return whole.hexdigest()

    def rename(self, rel: str, path: Path) -> None:
        """Have `place` give it this name in the same folder, instead of the one it was begun with."""
        self.rel = rel
        self._path = path

    @property
    def full(self) -> bool:
        return self.held >= SPILL

    @property
    def begun(self) -> bool:
        """Return whether there is anything to keep or to remove."""
        return self._fd >= 0 or self.held > 0

    def resume(self, fd: int) -> None:
        """Go on with what lies in this file. Blocks."""
        self._fd = fd
        try:
            with storage(self._path):
                while block := os.read(fd, BLOCK):
                    self._hash.update(block)
                    self.offset += len(block)
                with suppress(FileNotFoundError, UnicodeDecodeError):
                    self.validator = self._tagged = self._tag.read_text("utf-8")
        except BaseException:
            self._close()
            raise

    def restart(self) -> None:
        """Drop what is there: the server sends the file from its start. Blocks."""
        self.drop_held()
        if self._fd >= 0:
            with storage(self._path):
                os.ftruncate(self._fd, 0)
        self.offset = 0
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Append, in memory. TooLarge over the limit."""
        if self._max_file and self.offset + len(chunk) > self._max_file:
            raise TooLarge(f"{self.rel} has more than the {self._max_file} bytes that mirror.max_file allows")
        self._held.append(chunk)
        self.held += len(chunk)
        self.offset += len(chunk)

    def spill(self) -> None:
        """Write the bytes in memory to the page cache. After DiskFull or StorageError they never came. Blocks."""
        self._write_out(b"".join(self._held), keeps=True)
        self._held.clear()
        self.held = 0

    def _write_out(self, data: bytes, *, keeps: bool = False) -> None:
        start = self.offset - len(data)
        done = 0
        try:
            with storage(self._path):
                if self._fd < 0:
                    self._fd = self._open_it()
                if keeps and self.validator != self._tagged:
                    self._tag.write_text(self.validator, "utf-8")  # before the bytes that it is of
                    self._tagged = self.validator
                try:
                    while done < len(data):
                        done += os.pwrite(self._fd, data[done:] if done else data, start + done)
                except OSError:
                    os.ftruncate(self._fd, start)  # so that a half-written chunk is not counted on a resume
                    raise
        except BaseException:
            self.drop_held()
            raise
        self._hash.update(data)

    def drop_held(self) -> None:
        """Forget the bytes in memory, as if they had never come."""
        self.offset -= self.held
        self._held.clear()
        self.held = 0

    def place(self, mtime_ms: int | None = None, check: Check | None = None, replace: bool = False) -> Stored:
        """Check, sync, rename. The folder is still to be synced, once for all that were placed there. Blocks.

        Damaged, with the sha256, leaves the part open: `abort` it, or `place` without a check to keep it.
        NameTaken when a file with other bytes has this name already and `replace` is false; the part stays open.
        `mtime_ms` is ms UTC since 1970.
        """
        data = b"".join(self._held)
        self._write_out(data)
        self._held.clear()
        self.held = 0
        digest = self._hash.hexdigest()
        with storage(self._path):
            if check is not None:
                with self._readable(data) as file:
                    checked(check, file, digest)
            if not replace and os.path.lexists(self._path) and _digest(self._path) != digest:
                raise NameTaken(f"another file is already stored as {self.rel}; it was left as it is")
            if mtime_ms is not None:
                with suppress(PermissionError):  # some network disks
                    os.utime(self._fd, ns=(mtime_ms * 1_000_000, mtime_ms * 1_000_000))
            os.fsync(self._fd)
            os.rename(self._temporary, self._path)
            self._close()
            self._untag()
        return Stored(self.rel, self.offset, digest)

    def inspect(self, check: Check) -> None:
        """Check what came, as `place` does, and leave it as it is; `place` was tried before. Blocks. Damaged."""
        with storage(self._path), self._readable(b"") as file:
            checked(check, file, self._hash.hexdigest())

    def _readable(self, data: bytes) -> BinaryIO:
        """Open the whole file from its start, in memory if all of it is still there."""
        if len(data) == self.offset:
            return io.BytesIO(data)
        file = os.fdopen(self._fd, "rb", buffering=BLOCK >> 2, closefd=False)
        file.seek(0)
        return file

    def abort(self, keep: bool = False) -> None:
        """Stop; `keep` leaves the `.part` for a later `open_part`. Nothing happens after `place`. Blocks."""
        if keep and self.held:
            self.spill()
        self.drop_held()
        if self._fd < 0:
            return
        self._close()
        if not keep:
            with storage(self._path), suppress(FileNotFoundError):
                os.unlink(self._temporary)
            with storage(self._path):
                self._untag()

    def _untag(self) -> None:
        if self._tagged:
            with suppress(FileNotFoundError):
                os.unlink(self._tag)

    def _close(self) -> None:
        os.close(self._fd)
        self._fd = -1


def checked(check: Check | None, file: BinaryIO, digest: str) -> None:
    if check is None:
        return
    try:
        check(file)
    except Damaged as error:
        error.sha256 = digest
        raise


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, temporary: Path, data: bytes, mode: int) -> None:
    """Write all of it under its name, or nothing, so that it survives a power cut."""
    replace_synced(path, temporary, data, mode)
    sync_folder(path.parent)


def replace_synced(path: Path, temporary: Path, data: bytes, mode: int) -> None:
    """Write as `write_atomic` does, but leave it to the caller to sync the folder, once for all."""
    with suppress(FileNotFoundError):
        temporary.unlink()  # a left-over one may have other permissions
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
    os.rename(temporary, path)


def sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # some network disks cannot sync a folder
            raise
    finally:
        os.close(fd)


def sync_folders(folders: Iterable[Path]) -> None:
    for folder in folders:
        with storage(folder):
            sync_folder(folder)


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                raise DiskFull(f"the disk is full: {path} could not be written") from error
            case errno.EROFS:
                raise StorageError(
                    f"the disk is read-only: {path} could not be written; `dmesg` may say why"
                ) from error
            case errno.EIO:
                raise StorageError(
                    f"the disk fails: {path} could not be read or written ({error.strerror}); `dmesg` says more"
                ) from error
            case errno.EMFILE | errno.ENFILE:
                raise StorageError(TOO_MANY_FILES) from error
            case errno.EACCES | errno.EPERM:
                raise StorageError(f"this user may not write {path}; check its owner and permissions") from error
            case errno.ENOENT | errno.ENOTDIR | errno.ESTALE | errno.ENOTCONN | errno.ENODEV | errno.EHOSTDOWN:
                raise StorageAbsent(f"the folder of {path} is no longer there; is its disk mounted?") from error
            case errno.EOPNOTSUPP | errno.ENOLCK:
                raise StorageError(
                    f"the disk of {path} has no file locks; the mirror's root needs them"
                ) from error
            case _:
                raise StorageError(f"{path} could not be read or written: {error.strerror or error}") from error
