"""Stored files as one zip, made while it is sent: nothing of it is on disk or whole in memory."""

import os
import re
import time
from collections.abc import Iterable, Iterator
from io import RawIOBase
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from pixmirror.errors import FileError
from pixmirror.store.paths import open_stored

PIECE = 1 << 18  # bytes that are read at once
MISSING = "NOT-HERE.txt"
_ODD = re.compile(r"[^\w.()+-]")
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)  # moments that a zip can hold


class _Pieces(RawIOBase):
    """What was written and not yet sent. It cannot be sought in, so sizes follow the bytes of each member."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        self._pieces.append(bytes(piece))  # type: ignore[call-overload]
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """Return what is to be sent."""
        found, self._pieces = b"".join(self._pieces), []
        return found


def zipped(folder: Path, paths: Iterable[str]) -> Iterator[bytes]:
    """Yield a zip of these files below `folder`. What is not there is named in a member of its own."""
    out, missing = _Pieces(), list[str]()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for path in paths:
            try:
                file = os.fdopen(open_stored(folder, path), "rb")
            except (OSError, FileError):
                missing.append(path)
                continue
            with file:
                about = os.fstat(file.fileno())
                moment = time.localtime(about.st_mtime)[:6]
                info = ZipInfo(member_name(path), min(max(moment, _FIRST), _LAST))
                info.file_size, info.external_attr = about.st_size, 0o644 << 16
                with archive.open(info, "w") as member:
                    while piece := file.read(PIECE):
                        member.write(piece)
                        yield out.taken()
        if missing:
            archive.writestr(
                MISSING, "".join(f"{member_name(path)} is not where it was stored.\n" for path in missing)
            )
    yield out.taken()


def member_name(path: str) -> str:
    """Return a name that every system takes and that leads nowhere but below where the zip is unpacked."""
    parts = (_ODD.sub("_", part).strip(".") for part in path.split("/"))
    return "/".join(part for part in parts if part) or "file"
