"""A mirror as a process sees it that does not hold it: who does, its login, its media folder and the disk."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from pixmirror.errors import StorageError
from pixmirror.store import kept_login
from pixmirror.store.backup_notes import Note, read_notes
from pixmirror.store.kept_login import Login
from pixmirror.store.root import MirrorRoot
from pixmirror.store.start import IDENTITY, Holder, holder, is_new


@dataclass(frozen=True, slots=True)
class Room:
    """Whether the media folder is away, how many bytes its disk still takes, how many it has (None: unknown)."""

    away: bool = False
    free: int | None = None
    disk: int | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """All that is seen. `login_at`: when the login that is kept was written, ms UTC."""

    holder: Holder | None
    login: Login
    login_at: int
    media: Path
    room: Room
    backups: tuple[Note, ...] = ()


def unlocked(root: Path, media: Path) -> MirrorRoot:
    """Return the mirror's folders to look at, without taking the lock."""
    mirror = MirrorRoot(root, media, umask=0o077, keep_free=0, max_file=0)
    try:
        mirror.mirror_id = str(json.loads((root / IDENTITY).read_bytes())["mirror_id"])
        mirror.new = is_new(root, media)
    except (OSError, ValueError, KeyError, TypeError):
        mirror.new = True
    return mirror


def look(mirror: MirrorRoot, configured: str | None) -> Outside:
    """Look at a mirror. `configured`: the refresh token of the configuration."""
    login, written_at = kept_login.login(mirror, configured), kept_login.written_at(mirror)
    return Outside(holder(mirror.root), login, written_at, mirror.media, room(mirror), read_notes(mirror.root))


def room(mirror: MirrorRoot) -> Room:
    """Look at the media folder, as before a file is written; of a new mirror, at the disk where it will be."""
    try:
        if not mirror.new:
            mirror.check_media()
    except StorageError as error:
        return Room(away=not isinstance(error.__cause__, PermissionError))  # what is hidden from us is not away
    return on_disk(mirror.media)


def on_disk(folder: Path) -> Room:
    """Look at the disk where a folder lies, or will be made."""
    for place in (folder, *folder.parents):
        try:
            disk = os.statvfs(place)
        except FileNotFoundError:
            continue
        except OSError:
            break
        return Room(False, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)
    return Room()
