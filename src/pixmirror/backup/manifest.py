"""What one run of a backup holds, as JSON lines: a head, the run's own files, all others by path, and the end.

The end counts the lines and has the sha256 of all before it, so that a manifest that was cut or changed is never
taken for a whole one. Manifests of a million works have four million lines: they are written and read as streams.
"""

import gzip
import hashlib
import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pixmirror.errors import ExitCode, PixmirrorError
from pixmirror.store.part import storage

FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OWN = re.compile(r"[\w-][\w.-]*", re.ASCII)
_BLOCK = 1 << 20


class BackupDamaged(PixmirrorError):
    """A backup is not as it was written; the text says which part of it."""

    exit_code = ExitCode.INCOMPLETE


@dataclass(frozen=True, slots=True)
class Own:
    """A file of the run's own folder, like catalogue.db."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file below the media folder. `seq`, of a sidecar alone, tells whether it was written anew."""

    path: str
    size: int
    sha256: str
    seq: int | None = None

    @property
    def line(self) -> str:
        told: dict[str, Any] = {"path": self.path, "size": self.size, "sha256": self.sha256}
        if self.seq is not None:
            told["seq"] = self.seq
        return json.dumps(told, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Head:
    """What a run says of itself. `made_at` is ms UTC; `partial`: what could not be looked at; `schema`: of its
    catalogue.
    """

    run: str
    mirror_id: str
    made_at: int
    pixmirror: str
    schema: str
    gallery_schema: str | None = None
    partial: tuple[str, ...] = ()
    own: tuple[Own, ...] = ()


@dataclass(slots=True)
class Writer:
    """A manifest being written. `entries` must come by path."""

    _file: Any
    _digest: Any = field(default_factory=hashlib.sha256)
    entries: int = 0
    bytes: int = 0

    def head(self, head: Head) -> None:
        told = {
            "pixmirror_backup": FORMAT, "run": head.run, "mirror_id": head.mirror_id, "made_at": head.made_at,
            "pixmirror": head.pixmirror, "schema": head.schema, "gallery_schema": head.gallery_schema,
            "partial": list(head.partial),
            "own": [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in head.own],
        }  # fmt: skip
        self._line(json.dumps(told))

    def add(self, entry: Entry) -> None:
        self._line(entry.line)
        self.entries += 1
        self.bytes += entry.size

    def end(self) -> None:
        told = {"entries": self.entries, "bytes": self.bytes, "sha256": self._digest.hexdigest()}
        self._file.write(f"{json.dumps({'end': told})}\n".encode())

    def _line(self, text: str) -> None:
        raw = f"{text}\n".encode()
        self._digest.update(raw)
        self._file.write(raw)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write a manifest to a place where none is read yet; it is synced at the end."""
    with storage(path), path.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=1, mtime=0) as packed:
            buffered = io.BufferedWriter(packed, _BLOCK)
            writer = Writer(buffered)
            yield writer
            writer.end()
            buffered.flush()
            buffered.detach()
        file.flush()
        os.fsync(file.fileno())


def read_head(path: Path) -> Head:
    """Return the head of a manifest. BackupDamaged where it cannot be read."""
    with _lines(path) as lines:
        return _head(path, next(lines, b""))


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield what a run holds, by path. BackupDamaged, at the latest at the end, where it was changed."""
    with _lines(path) as lines:
        first = next(lines, b"")
        _head(path, first)
        digest, count, size = hashlib.sha256(first), 0, 0
        for line in lines:
            found = _parsed(path, line)
            if "end" in found:
                end = found["end"]
                if end != {"entries": count, "bytes": size, "sha256": digest.hexdigest()} or next(lines, b""):
                    break
                return
            digest.update(line)
            entry = _entry(path, found)
            count, size = count + 1, size + entry.size
            yield entry
    raise BackupDamaged(f"The manifest {path} is cut or was changed: it does not end as it was written.")


def is_whole(path: Path) -> bool:
    """Return whether a manifest is as it was written, by its own digest."""
    try:
        digest, last = hashlib.sha256(), b""
        with _lines(path) as lines:
            for line in lines:
                digest.update(last)
                last = line
        return bool(json.loads(last)["end"]["sha256"] == digest.hexdigest())
    except (BackupDamaged, ValueError, KeyError, TypeError):
        return False


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    with storage(path), path.open("rb") as file:
        yield _unpacked(path, file)


def _unpacked(path: Path, file: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as packed:
            yield from io.BufferedReader(packed, _BLOCK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BackupDamaged(f"The manifest {path} is cut or damaged: {error}.") from error


def _parsed(path: Path, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BackupDamaged(f"The manifest {path} has a line that cannot be read.")
    return found


def _entry(path: Path, found: dict[str, Any]) -> Entry:
    name, size, sha256, seq = (found.get(key) for key in ("path", "size", "sha256", "seq"))
    if not (isinstance(name, str) and isinstance(size, int) and _SHA256.fullmatch(str(sha256))):
        raise BackupDamaged(f"The manifest {path} has a line that cannot be read.")
    return Entry(name, size, str(sha256), seq if isinstance(seq, int) else None)


def _head(path: Path, line: bytes) -> Head:
    found = _parsed(path, line)
    try:
        if found["pixmirror_backup"] != FORMAT:
            raise BackupDamaged(f"The manifest {path} has another format: upgrade pixmirror.")
        own = tuple(Own(str(o["name"]), int(o["size"]), str(o["sha256"])) for o in found["own"])
        if not all(_OWN.fullmatch(one.name) for one in own):
            raise BackupDamaged(f"The manifest {path} names files that are not its run's.")
        return Head(
            str(found["run"]), str(found["mirror_id"]), int(found["made_at"]), str(found["pixmirror"]),
            str(found["schema"]), found["gallery_schema"], tuple(map(str, found["partial"])),
            own,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise BackupDamaged(f"The manifest {path} does not begin as one does.") from error
