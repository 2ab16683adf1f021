"""Read a backup again and compare it with its manifests, without the mirror and without a config."""

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from pixmirror.backup import manifest, tidying
from pixmirror.backup.manifest import BackupDamaged, Entry
from pixmirror.errors import FileError
from pixmirror.store.backup_folder import MANIFEST, BackupFolder, open_backup

EXAMPLES = 100
Progress = Callable[["Report"], None]


@dataclass(slots=True)
class Report:
    """What was found. A file that several runs have is counted once. `unnamed`: files that no run has."""

    folder: str
    mirror_id: str
    runs: int = 0
    cut_runs: int = 0
    last: str = ""
    last_at: int | None = None
    partial: bool = False  # the last run lacks what could not be looked at
    files: int = 0
    bytes: int = 0
    missing: int = 0
    bad: int = 0
    damaged_runs: list[str] = field(default_factory=list)
    unnamed: int = 0
    examples: list[str] = field(default_factory=list)
    quick: bool = False

    @property
    def sound(self) -> bool:
        return self.runs > 0 and not (self.missing or self.bad or self.damaged_runs)

    def as_dict(self) -> dict[str, Any]:
        return {"sound": self.sound, **asdict(self)}


def check(path: Path, *, quick: bool = False, progress: Progress = lambda report: None) -> Report:
    """Read every file of every run; with `quick` only look whether each is there with its size. Blocks long."""
    folder = open_backup(path)
    report = Report(str(path), folder.mirror_id, quick=quick)
    whole = []
    for name in folder.whole_runs():
        if _own_are_whole(folder, name, report):
            whole.append(name)
        else:
            report.damaged_runs.append(name)
    report.runs = len(whole) + len(report.damaged_runs)
    report.cut_runs = len(folder.cut_runs())
    if whole:
        head = manifest.read_head(folder.runs / whole[-1] / MANIFEST)
        report.last, report.last_at, report.partial = head.run, head.made_at, bool(head.partial)
    for entry in _entries(folder, whole):
        _look(folder, entry, report)
        if not report.files % 200:
            progress(report)
    if not report.damaged_runs:
        report.unnamed = sum(1 for _ in tidying.unnamed(folder))
    return report


def _entries(folder: BackupFolder, runs: list[str]) -> Iterator[Entry]:
    """Yield what these runs have, each once."""
    streams = [manifest.read_entries(folder.runs / name / MANIFEST) for name in runs]
    merged = heapq.merge(*streams, key=attrgetter("path", "sha256"))
    for _, same in groupby(merged, key=attrgetter("path", "sha256")):
        yield next(same)


def _own_are_whole(folder: BackupFolder, name: str, report: Report) -> bool:
    path = folder.runs / name / MANIFEST
    if not manifest.is_whole(path):
        _keep(report, f"runs/{name}/{MANIFEST}: it is not as it was written")
        return False
    try:
        own = manifest.read_head(path).own
    except BackupDamaged as error:
        _keep(report, str(error))
        return False
    sound = True
    for one in own:
        why = compared(path.with_name(one.name), one.size, None if report.quick else one.sha256)
        if why is not None:
            _keep(report, f"runs/{name}/{one.name}: {why}")
            sound = False
    return sound


def _look(folder: BackupFolder, entry: Entry, report: Report) -> None:
    report.files += 1
    try:
        path = folder.place(entry.path, entry.sha256)
    except FileError as error:
        report.bad += 1
        _keep(report, str(error))
        return
    why = compared(path, entry.size, None if report.quick else entry.sha256)
    if why is None:
        report.bytes += entry.size
        return
    if why == ABSENT:
        report.missing += 1
    else:
        report.bad += 1
    _keep(report, f"media/{entry.path}: {why}")


ABSENT = "it is not there"


def compared(path: Path, size: int, sha256: str | None) -> str | None:
    """Return what is wrong with a file, None if nothing is; without `sha256` by its size alone."""
    try:
        found = path.stat().st_size
        if found != size:
            return f"{found:,} bytes instead of {size:,}"
        if sha256 is None:
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return None if digest == sha256 else "it has other bytes"


def _keep(report: Report, text: str) -> None:
    if len(report.examples) < EXAMPLES:
        report.examples.append(text)
