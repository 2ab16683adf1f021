"""What a mirror's root must have before anything else: locks that work, and an id."""

import errno
import fcntl
import hashlib
import json
import os
import stat
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from pixmirror.errors import GalleryRuns, MirrorLocked, StorageError
from pixmirror.store.part import storage, write_atomic
from pixmirror.store.paths import MARKER

LOCK = ".lock"  # of who writes the catalogue
GALLERY_LOCK = "gallery.lock"  # of who writes gallery.db, thumbs.db and the thumbnails
IDENTITY = "mirror.json"
OWN_FOLDERS = frozenset(("media", "thumbs", "lost+found"))  # the last: a disk that is the mirror's alone


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that works in a mirror: its number, since when (ms UTC), and its command, as far as known."""

    process: int = 0
    since: int = 0
    what: str = ""  # sync, run, login, ...

    def __str__(self) -> str:
        process = f"process {self.process}" if self.process else "another process"
        return f"`pixmirror {self.what}` ({process})" if self.what else process


def hold(root: Path, name: str = LOCK) -> int:
    """Lock the root for this process. Return the descriptor of its lock file. MirrorLocked when another process
    has it.

    No link is followed: otherwise a file of somebody else's choice would be emptied.
    """
    path = root / name
    with storage(path):
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise StorageError(f"{path} is a link, which is not followed; remove it") from error
            raise
        try:
            _flock(lock, root)
        except BlockingIOError as error:
            found = _read(lock)
            os.close(lock)
            who = f"another {found}" if found.what else f"{found}"
            if name == GALLERY_LOCK:
                raise GalleryRuns(f"{who} holds the gallery of the mirror {root}") from error
            raise MirrorLocked(f"{who} holds the mirror {root}; two must not write to it") from error
        except BaseException:
            os.close(lock)
            raise
    return lock


def holder(root: Path, name: str = LOCK) -> Holder | None:
    """Return which process works in this mirror now, None if none does. Holds no lock for longer than a moment."""
    try:
        lock = os.open(root / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(lock)
    finally:
        os.close(lock)
    return None


def last_boot(lock: int) -> str | None:
    """Return the boot under which the lock was taken before; None if it never was."""
    words = _words(lock)
    return words[1] if len(words) > 1 else None


def sign(lock: int, what: str, now: int) -> None:
    """Write into the lock file who holds it."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()} {boot_id()} {now} {what}\n".encode(), 0)


def _words(lock: int) -> list[str]:
    return os.pread(lock, 128, 0).decode("ascii", "replace").split()


def _read(lock: int) -> Holder:
    process, _, since, what = [*_words(lock), "", "", "", ""][:4]
    return Holder(int(process) if process.isdecimal() else 0, int(since) if since.isdecimal() else 0, what)


def try_locks(folder: Path) -> None:
    """Raise StorageError where this disk lacks one of two kinds of locks: ours, and those that SQLite takes."""
    with storage(folder), tempfile.TemporaryFile(dir=folder, prefix=".locks-") as file:
        _flock(file.fileno(), folder)
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)  # on some systems both kinds are one
        try:
            fcntl.lockf(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _no_locks(folder) from error


def _flock(lock: int, root: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        raise _no_locks(root) from error


def _no_locks(root: Path) -> StorageError:
    return StorageError(
        f"the disk of {root} has no file locks; the mirror's root needs them: put it on a local disk, and only "
        "the media (`mirror.media`) on a share"
    )


def identity(root: Path, media: Path) -> tuple[str, bool]:
    """Return the mirror's id, made where there is none, and whether the mirror is new.

    A first start makes several files, the catalogue last: one that was cut between them is still new. Where only
    the root's files were lost, the media folder's marker says which mirror it is.
    """
    path = root / IDENTITY
    with storage(path):
        try:
            mirror_id = str(uuid.UUID(json.loads(path.read_bytes())["mirror_id"]))
        except FileNotFoundError:
            marked = _marked(media)
            mirror_id = marked or str(uuid.uuid4())
            _write(path, {"mirror_id": mirror_id})
            return mirror_id, marked is None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(
                f"{path} does not hold the mirror's id; restore it from a backup (the id is also in "
                f"{media / MARKER}), or remove it to give the mirror a new id"
            ) from error
        return mirror_id, is_new(root, media)


def _marked(media: Path) -> str | None:
    """Return the id in the marker of a media folder that holds files."""
    try:
        return str(uuid.UUID((media / MARKER).read_text("ascii").strip())) if holds_files(media) else None
    except (OSError, ValueError):
        return None


def had_catalogue(root: Path, media: Path | None) -> bool:
    """Return whether a catalogue was made for the mirror in this folder, or its media folder holds files.

    A mirror whose first start was cut has an id, but neither.
    """
    try:
        identity = json.loads((root / IDENTITY).read_bytes())
    except (OSError, ValueError):
        return False  # no mirror, or one whose id must be put right first
    return (isinstance(identity, dict) and identity.get("catalogue") is True) or holds_files(
        media or root / "media"
    )


def holds_files(media: Path) -> bool:
    """Return whether there is an artist's folder, which a number names; the store's own names have a dot."""
    try:
        return any(entry.name.isdigit() for entry in media.iterdir())
    except OSError:
        return False


def is_new(root: Path, media: Path) -> bool:
    """Return whether no catalogue was ever made, so that the first start is still to be finished."""
    return not had_catalogue(root, media) and not any(root.glob("catalogue*.db"))


def is_shared(root: Path) -> bool:
    """Return whether the folder is a place of more than this mirror, such as /tmp or /srv: who else may use it is
    not ours to change.
    """
    with os.scandir(root) as entries:
        others = any(e.name not in OWN_FOLDERS for e in entries if e.is_dir(follow_symlinks=False))
    return others or bool(root.stat().st_mode & stat.S_ISVTX)


def note_catalogue(root: Path) -> None:
    """Note beside the id that a catalogue was made; see MirrorRoot."""
    path = root / IDENTITY
    with storage(path):
        kept = json.loads(path.read_bytes())
        if kept.get("catalogue") is not True:
            _write(path, kept | {"catalogue": True})


def _write(path: Path, value: dict[str, object]) -> None:
    write_atomic(path, path.with_name(f".{path.name}.part"), (json.dumps(value) + "\n").encode(), 0o666)


def boot_id() -> str:
    """Return eight hex digits that change with each boot, or with each process where the system has no boot id."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except OSError:
        text = uuid.uuid4().hex
    return hashlib.sha256(text.encode()).hexdigest()[:8]
