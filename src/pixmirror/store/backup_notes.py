"""backups.json in the mirror's root: where its backups lie and when the last ones were made. Under backup.lock."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pixmirror.errors import MirrorLocked
from pixmirror.store import start
from pixmirror.store.part import storage, write_atomic

FILE = "backups.json"
LOCK = "backup.lock"


@dataclass(frozen=True, slots=True)
class Note:
    """One folder of backups. `at`: when its last run began, ms UTC; `whole_at`: the last that lacked nothing.

    `runs`: how many it keeps. `error`: why the last try failed, and `tried_at` when that was.
    """

    to: str
    at: int | None = None
    whole_at: int | None = None
    runs: int = 0
    files: int = 0
    bytes: int = 0
    same_disk: bool = False
    tried_at: int | None = None
    error: str = ""


def read_notes(root: Path) -> tuple[Note, ...]:
    """Return what is noted, the folder that was used last first; nothing where the file cannot be read."""
    try:
        found = json.loads((root / FILE).read_bytes())
        known = {one.name for one in fields(Note)}
        notes = [Note(**{key: value for key, value in one.items() if key in known}) for one in found]
    except (OSError, ValueError, TypeError, AttributeError):
        return ()
    return tuple(sorted(notes, key=lambda one: max(one.at or 0, one.tried_at or 0), reverse=True))


def write_note(root: Path, note: Note) -> None:
    """Note this of its folder. For who holds the lock."""
    path = root / FILE
    notes = [note, *(one for one in read_notes(root) if one.to != note.to)]
    with storage(path):
        text = json.dumps([asdict(one) for one in notes], indent=1) + "\n"
        write_atomic(path, path.with_name(f".{FILE}.part"), text.encode(), 0o600)


@contextmanager
def holding_backup(root: Path) -> Iterator[None]:
    """Be the only backup of this mirror. MirrorLocked while another one is under way."""
    with storage(root):
        try:
            lock = start.hold(root, LOCK)
        except MirrorLocked as error:
            raise MirrorLocked(f"another backup of the mirror {root} is under way; wait for it") from error
    try:
        with suppress(OSError):
            os.set_inheritable(lock, False)
        yield
    finally:
        os.close(lock)
