"""The mirror's folders, held by one process: lock, identity, room, and the marker that proves the media there."""

import asyncio
import hashlib
import logging
import os
import re
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from pixmirror.clock import now_ms
from pixmirror.errors import DiskFull, FileError, PixmirrorError, StorageAbsent, StorageError
from pixmirror.store import start
from pixmirror.store.disks import refuse_share
from pixmirror.store.owner import refuse_others
from pixmirror.store.part import (
    Check,
    Part,
    Stored,
    checked,
    replace_synced,
    storage,
    sync_folder,
    sync_folders,
    write_atomic,
)
from pixmirror.store.paths import MARKER, OF_ONE_PLACE, TRASH, is_there, parts_below, prune, resolve
from pixmirror.terminal import size

log = logging.getLogger(__name__)

_SECRET = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PART_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
_PART = re.compile(r"\..+\.([0-9a-f]{8})\.[0-9a-f]{8}\.part")


LARGEST_SIDECAR = 64 << 20  # bytes; the longest novels have under 2


@dataclass(frozen=True, slots=True)
class Look:
    """What the disk says of a file without reading it."""

    size: int
    mtime_ns: int


class MirrorRoot:
    """The mirror's folders, held by one process. Build it with `open`, use it as a context manager."""

    def __init__(self, root: Path, media: Path, *, umask: int, keep_free: int, max_file: int) -> None:
        self.root = root
        self.media = media
        self.mirror_id = ""
        self.new = False  # its catalogue is still to be made
        self.rebooted = False  # the last run was not surely under this boot: its .part files are worthless
        self._keep_free = keep_free
        self.max_file = max_file
        self._boot = start.boot_id()
        self._lock = -1
        self._mask = umask
        self._old_mask: int | None = None
        self._marker: tuple[int, int, int] | None = None
        self.moving = asyncio.Lock()  # held by who moves stored files, so that no two plans meet

    @classmethod
    def open(
        cls,
        root: Path,
        media: Path | None = None,
        *,
        umask: int = 0o077,
        keep_free: int = 0,
        max_file: int = 0,
        create: bool = True,
        init_media: bool = False,
        what: str = "",
        on_share: bool = False,
    ) -> Self:
        """Take the mirror for the command `what`: its lock, its id, and the process's umask until `close`.

        MirrorLocked when another process has it; NotOwner when it is another user's; StorageError when the disk
        refuses; StorageAbsent when the root is not there and `create` is false. An absent media folder does not
        fail here: everything but fetching goes on. A new mirror marks its media folder; one that lies elsewhere
        must exist (we never make a folder on a disk that may not be mounted). `init_media` marks it for an
        existing mirror too.
        Sizes in bytes; `max_file` 0 is no limit. `on_share`: the root may lie on NFS, SMB or FUSE.
        """
        refuse_others(root, to_write=True)
        refuse_share(root, allowed=on_share)
        mirror = cls(root, media or root / "media", umask=umask, keep_free=keep_free, max_file=max_file)
        mirror._old_mask = os.umask(umask)
        try:
            mirror._take(create, what)
            mirror._identify()
            if mirror.new or init_media:
                mirror._mark_media(inside=media is None)
        except BaseException:
            mirror.close()
            raise
        return mirror

    def _take(self, create: bool, what: str) -> None:
        if not create and not self.root.is_dir():
            raise StorageAbsent(f"the mirror's folder {self.root} is not there; `mirror.root` names it")
        with storage(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            self._lock = start.hold(self.root)
            start.try_locks(self.root)
            self.rebooted = start.last_boot(self._lock) != self._boot  # None, too: power cuts may empty the file
            start.sign(self._lock, what, now_ms())

    def _identify(self) -> None:
        self.mirror_id, self.new = start.identity(self.root, self.media)
        if self.new:
            with storage(self.root):
                if not start.is_shared(self.root):
                    self.root.chmod(0o777 & ~self._mask)  # it may have been made by hand

    def note_catalogue(self) -> None:
        """Note beside the id that a catalogue was made: one that is missing from now on was lost."""
        start.note_catalogue(self.root)

    def _mark_media(self, *, inside: bool) -> None:
        with storage(self.media):
            if inside:
                self.media.mkdir(exist_ok=True)
            marker = self.media / MARKER
            if self.media.is_dir() and not marker.exists():
                write_atomic(marker, self._temporary(marker), f"{self.mirror_id}\n".encode(), 0o666)

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        if self._old_mask is not None:
            os.umask(self._old_mask)
            self._old_mask = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check_media(self) -> None:
        """Raise StorageAbsent unless the media folder is there and this mirror's: one stat if nothing changed."""
        marker = self.media / MARKER
        try:
            with storage(self.media):
                found = marker.stat()
                seen = (found.st_dev, found.st_ino, found.st_mtime_ns)
                if seen == self._marker:
                    return
                owner = marker.read_text("ascii", "replace").strip()
        except StorageAbsent as error:
            self._marker = None
            if not os.path.isdir(self.media):
                raise StorageAbsent(f"the media folder {self.media} is not there; nothing was written") from error
            raise StorageAbsent(
                f"the media folder {self.media} lacks its marker {MARKER}, as an unmounted disk does; nothing was "
                f"written. If it is the right folder, put the line {self.mirror_id} into that file"
            ) from error
        if owner != self.mirror_id:
            self._marker = None
            raise StorageAbsent(f"the media folder {self.media} belongs to another mirror ({owner[:36]})")
        self._marker = seen

    def free_bytes(self) -> int:
        """Return how many bytes the disk of the media folder still takes."""
        with storage(self.media):
            disk = os.statvfs(self.media)
        return disk.f_bavail * disk.f_frsize

    def room(self) -> int:
        """Return how many bytes may come before the reserve is eaten into; below 0 when it already is."""
        return self.free_bytes() - self._keep_free

    def check_writable(self) -> None:
        """Raise StorageError unless the media folder takes a file: otherwise the trouble is one folder's own."""
        self.check_media()
        probe = self._temporary(self.media / "writable")
        with storage(probe):
            os.close(os.open(probe, _PART_FLAGS | os.O_CREAT, 0o600))
            with suppress(FileNotFoundError):  # another thread looked, too
                os.unlink(probe)

    def check_room(self, needed: int = 0) -> None:
        """Raise DiskFull when `needed` more bytes would eat into the reserve."""
        free = self.free_bytes()
        if free - needed < self._keep_free:
            raise DiskFull(
                f"The disk of {self.media} has {size(free)} left, {size(self._keep_free)} are kept free: "
                "no more files are fetched."
            )

    def resolve(self, rel: str) -> Path:
        """Return the place of a path: `paths.resolve` in this media folder."""
        return resolve(self.media, rel)

    def open_part(self, rel: str, resume_token: str, *, is_ours: bool = False) -> "Part":
        """Begin a file, or go on with the one that this boot and the same token (its URL) left. Blocks.

        Nothing is made on the disk before there is something to write. `is_ours`: it may have any size.
        """
        self.check_media()
        path = self.resolve(rel)
        temporary = self._temporary(path, hashlib.sha256(resume_token.encode()).hexdigest()[:8])
        make = partial(self._make_part, path.parent, temporary)
        part = Part(rel, path, temporary, make, 0 if is_ours else self.max_file)
        with storage(path):
            try:
                left = os.open(temporary, _PART_FLAGS)
            except FileNotFoundError:
                return part
        part.resume(left)
        return part

    def _make_part(self, folder: Path, temporary: Path) -> int:
        try:
            return os.open(temporary, _PART_FLAGS | os.O_CREAT, 0o666)
        except FileNotFoundError:
            self.check_media()
            self._make_folder(folder)
            return os.open(temporary, _PART_FLAGS | os.O_CREAT, 0o666)

    def _temporary(self, path: Path, token: str = "0" * 8) -> Path:
        return path.with_name(f".{path.name}.{self._boot}.{token}.part")

    def _make_folder(self, folder: Path) -> None:
        """Make a folder below the media folder, never that itself: its disk may not be mounted."""
        missing = [folder, *folder.parents]
        for place in reversed(missing[: missing.index(self.media)]):
            with suppress(FileExistsError):
                place.mkdir()
                sync_folder(place.parent)

    def adopt(self, rel: str, check: Check | None = None) -> Stored | None:
        """Return a file that is in its place already, as after a crash between rename and row, or None. Reads it
        whole: blocks.

        Damaged, with its sha256, when `check` refuses it: then fetch it with `replace`.
        """
        self.check_media()
        path = self.resolve(rel)
        with storage(path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                return None
            with file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
                file.seek(0)
                checked(check, file, digest)
            sync_folder(path.parent)
        return Stored(rel, size, digest)

    def remove_stale_parts(self, older_than: float = 86400.0) -> int:
        """Remove the `.part` files of other boots and those untouched for `older_than` seconds. Return how many.

        Walks the whole media folder and blocks long: for when the machine `rebooted`, and now and then.
        """
        self.check_media()
        removed, limit = 0, time.time() - older_than
        with storage(self.media):
            for path in parts_below(str(self.media)):
                found = _PART.fullmatch(os.path.basename(path))
                with suppress(FileNotFoundError):
                    if found and (found[1] != self._boot or os.stat(path).st_mtime < limit):
                        os.unlink(path)
                        removed += 1
        return removed

    def has(self, rel: str) -> bool:
        """Return whether something has this name. An error other than its absence is raised."""
        self.check_media()
        return is_there(self.resolve(rel))

    def move(self, rel: str, to: str) -> bool:
        """Rename within the media folder, in place of what has that name; False when there is none. Blocks."""
        self.check_media()
        source, target = self.resolve(rel), self.resolve(to)
        with storage(source):
            if not is_there(source):
                return False
            self._make_folder(target.parent)
            os.rename(source, target)
            sync_folder(target.parent)
            sync_folder(source.parent)
            if rel.startswith(f"{TRASH}/"):
                prune(source.parent, self.media)
        return True

    def remove(self, rel: str) -> bool:
        """Remove a file, and folders of the trash that it leaves empty; False when it is not there. Blocks."""
        self.check_media()
        path = self.resolve(rel)
        with storage(path):
            found = is_there(path)
            if found:
                os.unlink(path)
            if rel.startswith(f"{TRASH}/"):
                prune(path.parent, self.media)
            elif found:
                sync_folder(path.parent)
        return found

    def remove_parts(self, rel: str) -> int:
        """Remove what was begun of a file, whatever its URL was. Return how many parts. Blocks."""
        self.check_media()
        path = self.resolve(rel)
        removed = 0
        with storage(path), suppress(FileNotFoundError), os.scandir(path.parent) as entries:
            for entry in entries:
                found = _PART.fullmatch(entry.name)
                own = (f".{path.name}.", f".{path.name}.tag.")
                if found and entry.name.startswith(tuple(f"{name}{found[1]}." for name in own)):
                    with suppress(FileNotFoundError):
                        os.unlink(entry.path)
                        removed += 1
        return removed

    def is_whole(self, rel: str, sha256: str, size: int | None = None) -> bool:
        """Return whether the file is there with these very bytes. Reads it whole: blocks."""
        self.check_media()
        path = self.resolve(rel)
        with storage(path):
            if not is_there(path) or (size is not None and path.stat().st_size != size):
                return False
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def look(self, rel: str) -> Look | None:
        """Return size and time of a plain file, None when there is none. Errors other than absence are raised."""
        self.check_media()
        path = self.resolve(rel)
        with storage(path):
            try:
                found = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return Look(found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None

    def read_sidecar(self, rel: str) -> str | None:
        """Return what a sidecar, or the text of a novel, holds; None when there is none that can be read."""
        path = self.resolve(rel)
        try:
            return path.read_bytes().decode("utf-8", "replace") if path.stat().st_size <= LARGEST_SIDECAR else None
        except OSError:
            return None

    def write_sidecars(
        self, texts: Iterable[tuple[str, str]], failed: dict[str, PixmirrorError] | None = None
    ) -> int:
        """Write these, each under its path, in place of older ones; how many held other bytes. Blocks.

        One that cannot be written where it belongs (a folder of somebody else, a file in its place) is left out
        and told in the log and in `failed`, by its path; what concerns the disk is raised.
        """
        self.check_media()
        folders = []
        for rel, text in texts:
            try:
                folder = self._write_sidecar(rel, text.encode())
            except (StorageError, FileError) as error:
                is_of_disk = isinstance(error, StorageError)
                if is_of_disk and getattr(error.__cause__, "errno", None) not in OF_ONE_PLACE:
                    raise
                self.check_media()
                log.warning("The sidecar %s was not written: %s", rel, error)
                if failed is not None:
                    failed[rel] = error
                continue
            if folder is not None:
                folders.append(folder)
        sync_folders(set(folders))
        return len(folders)

    def _write_sidecar(self, rel: str, content: bytes) -> Path | None:
        """Return the folder that is still to be synced; None if the sidecar held these bytes already."""
        path = self.resolve(rel)
        with storage(path):
            with suppress(FileNotFoundError):
                if path.stat().st_size == len(content) and path.read_bytes() == content:
                    return None
            if not path.parent.is_dir():
                self._make_folder(path.parent)
            replace_synced(path, self._temporary(path), content, 0o666)
        return path.parent

    def write_secret(self, name: str, data: str) -> None:
        """Write a file below the root that only its owner may read. Blocks."""
        path = self._secret(name)
        with storage(path):
            write_atomic(path, path.with_name(f".{name}.part"), data.encode(), 0o600)

    def read_secret(self, name: str) -> bytes | None:
        """Return what `write_secret` wrote, None when nothing did."""
        path = self._secret(name)
        with storage(path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def _secret(self, name: str) -> Path:
        if not _SECRET.fullmatch(name):
            raise FileError(f"{name!r} is not the name of a file in the mirror's root")
        return self.root / name
