"""How SQLite is told which file to open, and as what; and whether it is still the same one."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote


def uri(path: Path, mode: Literal["ro", "rw"]) -> str:
    """Return SQLite's URI of a file. Names are bytes: not every folder's is text.

    In a folder that is read-only SQLite cannot make what it needs beside a write-ahead log. Where there is no log
    either, nothing is open for writing and nothing can be: then the file is read as one that does not change.
    """
    place = path.resolve()
    still = mode == "ro" and not os.access(place.parent, os.W_OK) and not os.path.lexists(f"{place}-wal")
    return f"file:{quote(os.fsencode(place))}?mode={mode}{'&immutable=1' if still else ''}"


def identity(path: Path) -> tuple[int, ...] | None:
    """Return what stays while a file is written, and is another when it is replaced; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
