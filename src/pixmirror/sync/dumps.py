"""Old dumps on disk, file by file and row by row, handed to the catalogue in batches."""

import io
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeAlias

from pixmirror.errors import ConfigError, FileError, TooLarge
from pixmirror.pixiv.legacy.dumps import EMPTY, Entry, read_dump
from pixmirror.rebuild.dumps import Counted, Dumped

BATCH = 500  # rows a transaction
MOST_BYTES = 256 << 20  # of one file, unpacked: it is read into memory
MOST_TROUBLES = 1000  # kept with their lines; all are counted
CHUNK = 1 << 20
# What is looked for in folders; a file that is named is read whatever it is called.
SUFFIXES = (".csv", ".json", ".txt", ".php")
_GZIP = b"\x1f\x8b"
_IS_GZIP = 31  # zlib's word for a stream with a gzip header
PACKED = 1 << 16

# Writes one batch in one transaction, or only counts what it would write.
Take: TypeAlias = Callable[[Sequence[Dumped]], Counted]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, or doubtful, and where; `line` is None if it is the whole file."""

    file: str
    line: int | None
    text: str


@dataclass(slots=True)
class Report:
    """What an import met. `empty`: answers without content; `skipped`: files that no dump is named like.

    `unreadable` rows and `failed` files were left out and stand in `troubles`; `doubtful` rows were taken, and
    stand in `doubts`.
    """

    files: int = 0
    rows: int = 0
    empty: int = 0
    skipped: int = 0
    failed: int = 0
    unreadable: int = 0
    doubtful: int = 0
    counted: Counted = field(default_factory=Counted)
    troubles: list[Trouble] = field(default_factory=list)
    doubts: list[Trouble] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.unreadable and not self.failed


def take_in(
    paths: Sequence[Path],
    take: Take,
    progress: Callable[[Report], None] = lambda report: None,
    *,
    batch: int = BATCH,
) -> Report:
    """Reads these files, and all in these folders, `batch` rows at a time. What cannot be read is reported, and
    the rest goes on.

    Raises ConfigError, before anything is read, if one is not there.
    """
    for path in paths:
        if not path.exists():
            raise ConfigError(f"There is no {path}.")
    report = Report()
    rows: list[Dumped] = []
    for path in _files(paths, report):
        for entry in _entries(path, report):
            if (row := _sorted(path, entry, report)) is None:
                continue
            rows.append(row)
            if len(rows) == batch:
                report.counted += take(rows)
                rows = []
                progress(report)
    if rows:
        report.counted += take(rows)
    progress(report)
    return report


def _files(paths: Sequence[Path], report: Report) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path, onerror=lambda error: _not_listed(report, error)):
            folders.sort()
            for found in (Path(folder, name) for name in sorted(names)):
                if found.is_file() and found.name.lower().removesuffix(".gz").endswith(SUFFIXES):
                    yield found
                else:
                    report.skipped += 1


def _not_listed(report: Report, error: OSError) -> None:
    report.failed += 1
    _note(report.troubles, Trouble(str(error.filename), None, f"The folder cannot be read: {error.strerror}."))


def _entries(path: Path, report: Report) -> Iterator[Entry]:
    try:
        with path.open("rb") as file:
            data, trouble = _unpacked(file)
    except (OSError, FileError) as error:
        says = error.strerror if isinstance(error, OSError) else str(error)
        report.failed += 1
        _note(report.troubles, Trouble(str(path), None, f"The file cannot be read: {says}."))
        return
    report.files += 1
    if trouble:
        report.failed += 1
        _note(report.troubles, Trouble(str(path), None, trouble))
    yield from read_dump(data, path.name.removesuffix(".gz"))


def _unpacked(file: BinaryIO) -> tuple[bytes, str]:
    """Return a file's content, unpacked, and what is wrong with it. The beginning of a cut file is good."""
    is_packed = file.read(2) == _GZIP
    file.seek(0)
    found, trouble = io.BytesIO(), ""
    try:
        for chunk in _gunzipped(file) if is_packed else iter(partial(file.read, CHUNK), b""):
            if found.tell() + len(chunk) > MOST_BYTES:
                raise TooLarge(f"it holds more than {MOST_BYTES >> 20} MiB; split it")
            found.write(chunk)
    except (EOFError, zlib.error) as error:
        trouble = f"The packed file is damaged or cut ({error}): what stands before that was read."
    return found.getvalue(), trouble


def _gunzipped(file: BinaryIO) -> Iterator[bytes]:
    """Unpack all there is of a file, even one that is cut; the gzip module would keep back the last part."""
    packer = zlib.decompressobj(_IS_GZIP)
    while packed := file.read(PACKED):
        while packed:
            yield packer.decompress(packed, CHUNK)
            packed = packer.unconsumed_tail
            if packer.eof and (packed := packer.unused_data.lstrip(b"\0")):
                packer = zlib.decompressobj(_IS_GZIP)  # several, one after the other, are one file
    if not packer.eof:
        raise EOFError("it ends early")


def _sorted(path: Path, entry: Entry, report: Report) -> Dumped | None:
    """Return the row if it is good; count and note it otherwise."""
    if entry.item is None and entry.trouble == EMPTY:
        report.empty += 1
        return None
    report.rows += 1
    if entry.item is None or entry.app is None:
        report.unreadable += 1
        _note(report.troubles, Trouble(str(path), entry.line, entry.trouble))
        return None
    if entry.trouble:
        report.doubtful += 1
        _note(report.doubts, Trouble(str(path), entry.line, entry.trouble))
    medium = entry.work
    work = None if medium is None else ("novel" if medium[0] == "novel" else "illust", medium[1])
    return Dumped(entry.item, entry.raw, entry.app, work)  # type: ignore[arg-type]


def _note(notes: list[Trouble], one: Trouble) -> None:
    if len(notes) < MOST_TROUBLES:
        notes.append(one)
