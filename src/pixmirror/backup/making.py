"""Make one run of a backup: the databases first, then what the copied catalogue says is stored, then the manifest.

What the last run has is carried on without a look at it, so a run costs what is new. A run that is cut leaves
whole files under their names and no manifest; the next one finds and takes them.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pixmirror import __version__
from pixmirror.backup import manifest, tidying
from pixmirror.backup.checking import ABSENT, compared
from pixmirror.backup.manifest import Entry, Head, Own
from pixmirror.catalogue import snapshot
from pixmirror.catalogue.database import catalogue_path
from pixmirror.catalogue.gallery.database import gallery_path
from pixmirror.catalogue.gallery.schema import LINEAGE as GALLERY
from pixmirror.catalogue.snapshot import Forgotten, Wanted
from pixmirror.errors import FileError, PixmirrorError, StorageAbsent
from pixmirror.models import from_ms
from pixmirror.store import MirrorRoot, backup_folder, backup_notes, kept_login
from pixmirror.store.backup_folder import MANIFEST, BackupFolder
from pixmirror.store.backup_notes import Note
from pixmirror.store.part import storage
from pixmirror.store.paths import resolve
from pixmirror.store.placing import Placing, SourceFailed, placing
from pixmirror.store.start import IDENTITY

EXAMPLES = 100
PART = ".part"
SECRETS = (kept_login.FILE, "gallery-password")
CONFIG = "config.toml"
FEW, MANY_SHARE = 100, 0.05  # more of the last run's files than this do not vanish unforgotten


class Stopped(Exception):
    """Whoever asked for the run wants it to end now; the next one goes on from there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be backed up, and to where. `config`: the config file; None where a secret in it keeps it out."""

    mirror: MirrorRoot
    to: Path
    keep: int = 7
    begin: bool = False
    secrets: bool = False
    config: Path | None = None
    full: bool = False  # read what is there already, too
    believe: bool = False  # that so much has vanished
    is_scheduled: bool = False  # nobody looks at it: a failure is noted


@dataclass(slots=True)
class Report:
    """What a run did. Bytes are those of files below the media folder.

    `new`: files that came, of them `linked` share their bytes with the mirror. `missing`: stored by the catalogue
    and not to be had; `bad`: with other bytes than were stored. `held`: why no older run was removed, or "".
    `waiting`: files that the media folder, which is away, could not give.
    """

    to: str
    run: str = ""
    files: int = 0
    bytes: int = 0
    new: int = 0
    new_bytes: int = 0
    linked: int = 0
    missing: int = 0
    bad: int = 0
    waiting: int = 0
    examples: list[str] = field(default_factory=list)
    same_disk: bool = False
    removed_runs: int = 0
    removed_files: int = 0
    forgotten: int = 0
    runs: int = 0
    held: str = ""
    damaged_runs: list[str] = field(default_factory=list)
    secrets: bool = False

    @property
    def is_whole(self) -> bool:
        return not (self.missing or self.bad or self.waiting)

    def as_dict(self) -> dict[str, Any]:
        return {"whole": self.is_whole, **asdict(self)}


Progress = Callable[[Report], None]


@dataclass(slots=True)
class _Run:
    """What the steps of one run share."""

    plan: Plan
    folder: BackupFolder
    part: Path
    report: Report
    progress: Progress
    is_stopped: Callable[[], bool]
    away: str = ""  # why the media folder gives nothing

    def look(self, *_: object) -> None:
        if self.is_stopped():
            raise Stopped


def make(
    plan: Plan,
    now: int,
    *,
    progress: Progress = lambda report: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """Make a run, note it beside the mirror's id, and remove the runs over `keep`. Blocks long.

    MirrorLocked while another backup is under way; StorageError where a disk does not take part; Stopped.
    """
    root, to = plan.mirror.root, plan.to.absolute()
    backup_folder.refuse_nested(to, root, plan.mirror.media)
    with backup_notes.holding_backup(root):
        known = next((one for one in backup_notes.read_notes(root) if one.to == str(to)), Note(str(to)))
        try:
            begin = plan.begin or (known.at is None and not plan.is_scheduled)
            folder = backup_folder.open_for(to, plan.mirror.mirror_id, begin=begin)
            with backup_folder.holding(folder):
                report = _make(plan, folder, now, progress, is_stopped)
        except PixmirrorError as error:
            if known.at is not None or plan.is_scheduled:
                backup_notes.write_note(root, replace(known, tried_at=now, error=str(error)))
            raise
        whole_at = now if report.is_whole else known.whole_at
        backup_notes.write_note(
            root,
            Note(str(to), now, whole_at, report.runs, report.files, report.bytes, report.same_disk, now),
        )
    return report


def _make(
    plan: Plan, folder: BackupFolder, now: int, progress: Progress, is_stopped: Callable[[], bool]
) -> Report:
    report = Report(str(folder.path), secrets=plan.secrets)
    report.same_disk = backup_folder.same_disk(folder.path, plan.mirror.root, plan.mirror.media)
    cut = folder.cut_runs()
    runs = folder.whole_runs()
    last, report.damaged_runs = _last_whole(folder, runs)
    name = _name(now, runs)
    this = _Run(plan, folder, _begin(folder, name, cut), report, progress, is_stopped)
    try:
        plan.mirror.check_media()
    except StorageAbsent as error:
        this.away = str(error)
    own = _databases(this)
    gone = snapshot.forgotten_files(this.part / "catalogue.db")
    gallery = part if (part := this.part / "gallery.db").exists() else None
    head = Head(
        name, plan.mirror.mirror_id, now, __version__,
        snapshot.revision_of(this.part / "catalogue.db"),
        snapshot.revision_of(gallery) if gallery else None,
        ("media",) if this.away else (), own,
    )  # fmt: skip
    vanished = _files(this, head, folder.runs / last / MANIFEST if last else None, gone)
    if (is_much := _is_much(this, vanished)) and last:
        tidying.hold(folder.runs / last)
    tidying.note(this.part, gone.for_good)
    folder.finish_run(this.part, name)
    report.run = name
    try:
        _tidy(this, gone, vanished if is_much else 0, was_cut=bool(cut))
    except PixmirrorError as error:  # the run is made: another one an hour later would not help
        report.runs = len(folder.whole_runs())
        report.held = f"Not all that is over could be removed: {error}"
    return report


def _name(now: int, runs: Iterable[str]) -> str:
    """Return the name of a run that begins now: later than all others, also where the clock was set back."""
    latest = max(runs, default="")
    while (name := f"{from_ms(now):%Y%m%dT%H%M%SZ}") <= latest:
        now = max(now + 1000, _after(latest))
    return name


def _after(name: str) -> int:
    return int(datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp() * 1000) + 1000


def _last_whole(folder: BackupFolder, runs: list[str]) -> tuple[str | None, list[str]]:
    """Return the newest run whose manifest is sound, and the newer ones whose is not."""
    damaged = list[str]()
    for name in reversed(runs):
        if manifest.is_whole(folder.runs / name / MANIFEST):
            return name, damaged
        damaged.append(name)
    return None, damaged


def _begin(folder: BackupFolder, name: str, cut: list[Path]) -> Path:
    """Return the folder of a new run. What is left of others goes: their files below media/ have their names."""
    for left in cut:
        folder.remove_run(left.name)
    part = folder.runs / f"{name}{PART}"
    with storage(part):
        part.mkdir(mode=0o700)
    return part


def _databases(this: _Run) -> tuple[Own, ...]:
    """Copy what is not below the media folder."""
    root, part = this.plan.mirror.root, this.part
    snapshot.copy_database(catalogue_path(root), part / "catalogue.db", "catalogue", this.look)
    if gallery_path(root).exists():
        snapshot.copy_database(gallery_path(root), part / "gallery.db", GALLERY.what, this.look)
    names = [IDENTITY, *(SECRETS if this.plan.secrets else ())]
    sources = {name: root / name for name in names} | ({CONFIG: this.plan.config} if this.plan.config else {})
    for name, source in sources.items():
        if (data := backup_folder.read_own(source)) is not None:
            backup_folder.write_own(part / name, data)
    return tuple(_own(part / name) for name in sorted(os.listdir(part)))


def _own(path: Path) -> Own:
    with storage(path), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Own(path.name, file.tell(), digest)


# --- the files


def _files(this: _Run, head: Head, last: Path | None, gone: Forgotten) -> int:
    """Bring what is new and write the manifest. Return how many files of the last run vanished, unforgotten."""
    vanished = 0
    known = manifest.read_entries(last) if last else iter(())
    wanted = snapshot.wanted_files(this.part / "catalogue.db")
    with manifest.writing(this.part / MANIFEST) as writer, placing(this.folder.media) as files:
        writer.head(head)
        for want, have in joined(wanted, known):
            this.look()
            if want is not None and want.path in gone.for_good:
                continue
            if want is None:
                vanished += have is not None and have.seq is None and have.path not in gone.all
                continue
            if (entry := _entry(this, files, want, have)) is not None:
                writer.add(entry)
                this.report.files, this.report.bytes = writer.entries, writer.bytes
                if not writer.entries % 1000:
                    this.progress(this.report)
    return vanished


def joined(wanted: Iterator[Wanted], known: Iterator[Entry]) -> Iterator[tuple[Wanted | None, Entry | None]]:
    """Yield both sides, each by path, side by side."""
    have = next(known, None)
    for want in wanted:
        while have is not None and have.path < want.path:
            yield None, have
            have = next(known, None)
        if have is not None and have.path == want.path:
            yield want, have
            have = next(known, None)
        else:
            yield want, None
    while have is not None:
        yield None, have
        have = next(known, None)


def _entry(this: _Run, files: Placing, want: Wanted, have: Entry | None) -> Entry | None:
    """Return what the manifest says of a file, which is there by then or comes at the next sync; None: nothing."""
    is_same = have is not None and (
        have.sha256 == want.sha256 if want.sha256 else have.seq == want.seq and bool(want.seq)
    )
    is_sound = have is None or not this.plan.full or _is_sound(this, have)
    if have is not None and is_same and is_sound:
        return have
    try:
        if this.away:
            raise SourceFailed("missing", this.away)
        came = _brought(this, files, want, have if is_sound else None)
        if have is not None and not is_sound and came.sha256 == have.sha256:
            this.folder.remove_old(have.sha256)  # which would be looked at first
        return came
    except SourceFailed as error:
        if have is not None and (want.sha256 is None or have.sha256 == want.sha256):
            if not is_sound:
                this.report.bad += 1
                _example(this.report, f"{want.path}: bad in the backup, and in the mirror {error}")
            return have  # a sidecar that is not there, or was not to be had
        _note(this, want, error)
        return None


def _is_sound(this: _Run, have: Entry) -> bool:
    """Read what the backup has. What is not sound makes way for what the mirror has, if that is."""
    return compared(this.folder.place(have.path, have.sha256), have.size, have.sha256) is None


def _brought(this: _Run, files: Placing, want: Wanted, have: Entry | None) -> Entry:
    """Bring a file from the mirror, unless a run that was cut has brought it."""
    try:
        source = resolve(this.plan.mirror.media, want.path)
    except FileError as error:
        raise SourceFailed("unreadable", str(error)) from error
    seq, keep = want.seq if want.sha256 is None else None, None
    if want.sha256 is not None:
        _refuse_other(source, want, reads=this.plan.full)
    # What the last run has under the name may be as long and as old.
    if want.sha256 is not None and have is None and not this.plan.full and _came_before(this, source, want):
        return Entry(want.path, want.size or 0, want.sha256, seq)
    if have is not None and (want.sha256 is None or have.sha256 != want.sha256):
        if want.sha256 is None and (found := _unchanged(source, have)):
            return Entry(have.path, found, have.sha256, seq)
        keep = this.folder.old(have.sha256)
    came = files.take(source, want.path, want.sha256, keep)
    this.report.new += 1
    this.report.new_bytes += came.size
    this.report.linked += came.how != "copy"
    return Entry(want.path, came.size, came.sha256, seq)


def _refuse_other(source: Path, want: Wanted, *, reads: bool) -> None:
    """Raise SourceFailed where a file is not the one that was stored: bytes that are shared are not read on their
    way, so they are here where it `reads`, else the size alone tells.
    """
    why = compared(source, want.size or 0, want.sha256 if reads else None)
    if why is not None:
        raise SourceFailed("missing" if why == ABSENT else "wrong_hash", why)


def _came_before(this: _Run, source: Path, want: Wanted) -> bool:
    """Return whether this file is there already, whole: names are given only to what was checked and synced."""
    try:
        there, mine = os.stat(this.folder.media / want.path), os.stat(source)
    except OSError:
        return False
    # Some disks keep times to two seconds.
    return there.st_size == mine.st_size == want.size and abs(there.st_mtime_ns - mine.st_mtime_ns) < 2_000_000_000


def _unchanged(source: Path, have: Entry) -> int | None:
    """Return the size of a sidecar whose bytes are those that the backup has."""
    try:
        data = source.read_bytes()
    except OSError as error:
        raise SourceFailed("missing", error.strerror or str(error)) from error
    return len(data) if hashlib.sha256(data).hexdigest() == have.sha256 else None


def _note(this: _Run, want: Wanted, error: SourceFailed) -> None:
    report = this.report
    if want.sha256 is None or not want.here:
        return  # a sidecar that is still to be written, or a file that is lost and not back yet
    if this.away:
        report.waiting += 1
        return
    this.plan.mirror.check_media()  # a disk that goes away is no file that is missing
    if error.problem == "wrong_hash":
        report.bad += 1
    else:
        report.missing += 1
    _example(report, f"{want.path}: {error}")


def _example(report: Report, text: str) -> None:
    if len(report.examples) < EXAMPLES:
        report.examples.append(text)


# --- after it


def _tidy(this: _Run, gone: Forgotten, vanished: int, *, was_cut: bool) -> None:
    """Remove what is forgotten, and the runs over `keep` with what they alone have, unless too much `vanished`."""
    plan, folder, report = this.plan, this.folder, this.report
    runs = folder.whole_runs()
    if len(runs) > plan.keep or gone.for_good or was_cut:
        report.damaged_runs = tidying.damaged(folder)
    damaged = report.damaged_runs
    report.forgotten = tidying.forget(folder, gone.for_good, damaged)
    report.runs = len(runs)
    if this.away:
        report.held = "The media folder is not there, so no older run was removed."
        return
    if vanished:
        report.held = (
            f"{vanished:,} files of the last run are not in the catalogue any more, and were not forgotten: no "
            "older run was removed. If that is right: `pixmirror backup --believe`."
        )
        return
    held = [name for name in runs if tidying.is_held(folder.runs / name, believe=plan.believe)]
    if held:
        report.held = (
            f"The run {held[-1]} stays: many of its files were gone from the catalogue one run later, and were "
            "not forgotten. If that is right: `pixmirror backup --believe`."
        )
    over = [name for name in runs[: max(len(runs) - plan.keep, 0)] if name not in held]
    report.removed_runs = len(over)
    if damaged:
        is_last = not set(damaged) - set(over)
        report.removed_files += tidying.remove_beside_damaged(folder, over, is_last=is_last)
    else:
        report.removed_files += sum(tidying.remove_run(folder, name) for name in over)
        report.removed_files += tidying.sweep(folder) if was_cut else 0
    report.runs = len(folder.whole_runs())


def _is_much(this: _Run, vanished: int) -> bool:
    return vanished > max(FEW, int(MANY_SHARE * this.report.files)) and not this.plan.believe
