"""Check whether a file is whole and of the kind that its name says, by its container alone: nothing is decoded.

Each byte is looked at once, and only for so long: what cannot be checked in its time is said to be unchecked.
"""

import errno
import os
import re
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pixmirror.errors import Damaged

BLOCK = 1 << 20
SECONDS = 5.0  # for a check, and so many bytes a second more
BYTES_A_SECOND = 20 << 20
STEPS = 1024  # between two looks at the clock
ZIP_DIRECTORY = 4 << 20
ZIP_ENTRIES = 2000
ZIP_RATIO = 100
ZIP_TOTAL = 4 << 30

_MAGIC: dict[str, tuple[bytes, ...]] = {
    "jpg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "zip": (b"PK\x03\x04",),
}
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html)", re.IGNORECASE)
# In entropy-coded data FF is followed by 00 or a restart marker; these are the markers that end it.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
_EOI, _SOS = 0xD9, 0xDA
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
)


class WebPage(Damaged):
    """A web page came in place of the file, and says why."""


class OutOfTime(Exception):
    """The check took longer than it may."""


class Patience:
    """How long a check may take (None: by the size of the file), and whether it is to end at once."""

    def __init__(self, seconds: float | None = None, stop: threading.Event | None = None) -> None:
        self._seconds = seconds
        self._stop = stop
        self._steps = 0
        self._until = 0.0

    def begin(self, size: int) -> None:
        seconds = SECONDS + size / BYTES_A_SECOND if self._seconds is None else self._seconds
        self._until = time.monotonic() + seconds

    def step(self) -> None:
        """Count one small part of the work. OutOfTime."""
        self._steps += 1
        if not self._steps % STEPS:
            self.look()

    def look(self) -> None:
        if time.monotonic() > self._until or (self._stop is not None and self._stop.is_set()):
            raise OutOfTime


def check_structure(
    source: Path | BinaryIO, ext: str, expected_size: int | None = None, patience: Patience | None = None
) -> str | None:
    """Return when the file is whole, else raise Damaged with what is wrong.

    Returns None when it was checked, else why it could not be: its kind is not known here, or it took too long
    (OutOfTime where the caller gave a `patience`).

    `source` is a path, or a seekable binary file read from its start. `ext` is jpg, png, gif, webp or zip; any
    other is checked as what the file looks like, or by its length alone. `expected_size` is the number of bytes
    that the server announced, None where it did not.
    """
    waits = patience or Patience()
    try:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return _check(file, ext, expected_size, waits)
        return _check(source, ext, expected_size, waits)
    except OutOfTime:
        if patience is not None:
            raise
        return "its check would have taken too long"


def _check(file: BinaryIO, ext: str, expected_size: int | None, patience: Patience) -> str | None:
    ext = ext.lower()
    ext = "jpg" if ext == "jpeg" else ext
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(512)
    if not head:
        raise Damaged("the file is empty")
    if _HTML.match(head):
        raise WebPage(f"an HTML page came where a {ext} file was due")
    if expected_size is not None and size != expected_size:
        raise Damaged(f"the file has {size} bytes where the server announced {expected_size}")
    if ext not in _MAGIC:
        looks = _kind_of(head)
        if looks is None:
            return f"no check is known for files named .{ext}"  # whole as far as its length tells
        ext = looks
    if not head.startswith(_MAGIC[ext]):
        kind = next((k for k, magics in _MAGIC.items() if head.startswith(magics)), "something unknown")
        raise Damaged(f"the file is named .{ext} but holds {kind}")
    file.seek(0)
    patience.begin(size)
    _WALKS[ext](file, size, patience)  # what editors and cameras append behind the end is theirs
    return None


def _kind_of(head: bytes) -> str | None:
    """Return the kind that a file looks like, if it is one that can be checked."""
    kind = next((k for k, magics in _MAGIC.items() if head.startswith(magics)), None)
    return None if kind == "webp" and head[8:12] != b"WEBP" else kind


class _Window:
    """Reads a file forwards, a block at a time: no byte is read or searched twice."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._block = b""
        self._at = 0  # within the block
        self._start = 0  # of the block within the file

    def peek(self, count: int) -> bytes:
        if len(self._block) - self._at < count:
            self._start += self._at
            self._block = self._block[self._at :] + self._file.read(BLOCK)
            self._at = 0
        return self._block[self._at : self._at + count]

    def take(self, count: int) -> bytes:
        data = self.peek(count)
        if len(data) != count:
            raise Damaged(f"the file is cut: it ends {count - len(data)} bytes too early")
        self._at += count
        return data

    def skip(self, count: int) -> None:
        target = self._start + self._at + count
        if target > self._size:
            raise Damaged(f"the file is cut: a part of it should reach byte {target}, it has {self._size}")
        if self._at + count <= len(self._block):
            self._at += count
            return
        self._file.seek(target)
        self._block, self._at, self._start = b"", 0, target

    def tell(self) -> int:
        return self._start + self._at

    def next_marker(self) -> int | None:
        """Pass the next marker and return it; None at the end. Fill bytes may stand before it."""
        while len(self.peek(2)) == 2:
            if found := _MARKER.search(self._block, self._at):
                self._at = found.end()
                return self._block[found.end() - 1]
            self._at = len(self._block) - self._block.endswith(b"\xff")
        return None


def _walk_jpeg(file: BinaryIO, size: int, patience: Patience) -> None:
    """Walk each image: cameras append whole second ones (MPF)."""
    window = _Window(file, size)
    while window.peek(3) == b"\xff\xd8\xff":
        window.skip(2)
        _walk_one_jpeg(window, patience)


def _walk_one_jpeg(window: _Window, patience: Patience) -> None:
    scanned = False
    while (marker := window.next_marker()) is not None:
        patience.step()
        if marker == _EOI:
            if not scanned:
                raise Damaged("the JPEG ends before its image data")
            return
        length = int.from_bytes(window.take(2), "big")
        if length < 2:
            raise Damaged(f"the JPEG has a segment of impossible length at byte {window.tell()}")
        window.skip(length - 2)
        scanned = scanned or marker == _SOS
    raise Damaged("the JPEG is cut: its end marker is missing")


def _walk_png(file: BinaryIO, size: int, patience: Patience) -> None:
    window = _Window(file, size)
    window.skip(8)
    kind = b""
    seen: set[bytes] = set()
    while kind != b"IEND":
        patience.step()
        length = int.from_bytes(window.take(4), "big")
        kind = window.take(4)
        if not seen and kind != b"IHDR":
            raise Damaged("the PNG does not begin with its header")
        if length > size:
            raise Damaged(f"the PNG is cut: a chunk claims {length} bytes")
        crc = zlib.crc32(kind)
        for start in range(0, length, BLOCK):
            crc = zlib.crc32(window.take(min(BLOCK, length - start)), crc)
            patience.look()
        if crc != int.from_bytes(window.take(4), "big"):
            raise Damaged(f"the PNG is damaged: the checksum of a chunk before byte {window.tell()} is wrong")
        seen.add(kind)
    if b"IDAT" not in seen:
        raise Damaged("the PNG holds no image data")


def _walk_gif(file: BinaryIO, size: int, patience: Patience) -> None:
    window = _Window(file, size)
    window.skip(6)
    window.skip(_color_table(window.take(7)[4]))
    images = 0
    while (kind := window.take(1)) != b";":
        if kind == b"!":
            window.skip(1)
        elif kind == b",":
            images += 1
            window.skip(_color_table(window.take(9)[8]))
            window.skip(1)
        else:
            raise Damaged(f"the GIF is damaged: unknown block at byte {window.tell() - 1}")
        length = window.take(1)[0]
        while length:  # data and the next length in one read: the loop runs thousands of times
            length = window.take(length + 1)[-1]
            patience.step()
        patience.step()
    if not images:
        raise Damaged("the GIF holds no image")


def _color_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _walk_webp(file: BinaryIO, size: int, patience: Patience) -> None:
    header = _Window(file, size).take(16)
    if header[8:12] != b"WEBP" or header[12:15] != b"VP8":
        raise Damaged("the file is named .webp but is another kind of RIFF file")
    end = int.from_bytes(header[4:8], "little") + 8
    if end > size:
        raise Damaged(f"the WebP is cut: it should have {end} bytes, it has {size}")


def _walk_zip(file: BinaryIO, size: int, patience: Patience) -> None:
    _check_zip_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_zip_limits(entries, size)
            file.seek(size - 22 - len(archive.comment) + 10)
            announced = int.from_bytes(file.read(2), "little")
            if announced not in (len(entries), 0xFFFF):  # zipfile does not look; 0xFFFF: zip64
                raise Damaged(f"the zip is damaged: it lists {len(entries)} of {announced} members")
            for entry in entries:
                with archive.open(entry) as member:
                    while member.read(BLOCK):
                        patience.look()  # the checksum is compared when the last byte has been read
    except _ZIP_FAULTS as error:
        raise Damaged(f"the zip is damaged: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: an offset in the archive points before its start
            raise
        raise Damaged("the zip is damaged: an offset points outside") from error


def zip_entries(file: BinaryIO) -> frozenset[str] | None:
    """Return the names in a zip that was checked; None if it is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            return frozenset(archive.namelist())
    except _ZIP_FAULTS:
        return None


def _check_zip_directory(file: BinaryIO, size: int) -> None:
    """Refuse a too large directory, which whoever opens a zip reads whole into memory."""
    file.seek(max(size - (1 << 16) - 22, 0))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise Damaged("the zip is cut: its directory is missing")
    announced = int.from_bytes(tail[end + 12 : end + 16], "little")
    if announced > ZIP_DIRECTORY:  # a zip64 archive says 2^32-1 here; with so many members it is none of ours
        raise Damaged(f"the zip's directory of {announced} bytes is larger than is accepted")
    file.seek(0)


def _check_zip_limits(entries: list[zipfile.ZipInfo], size: int) -> None:
    if not entries or min(entry.header_offset for entry in entries) != 0:
        # zipfile also reads an archive that stands behind other bytes, such as one inside a cut one
        raise Damaged("the zip is damaged: it does not begin with its first member")
    if len(entries) > ZIP_ENTRIES:
        raise Damaged(f"the zip has {len(entries)} members; at most {ZIP_ENTRIES} are accepted")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise Damaged("the zip is damaged: a member is packed in an unknown way")
    total = sum(entry.file_size for entry in entries)
    if total > min(size * ZIP_RATIO, ZIP_TOTAL):
        raise Damaged(f"the zip would unpack to {total} bytes, more than is accepted")


_WALKS: dict[str, Callable[[BinaryIO, int, Patience], None]] = {
    "jpg": _walk_jpeg,
    "png": _walk_png,
    "gif": _walk_gif,
    "webp": _walk_webp,
    "zip": _walk_zip,
}
