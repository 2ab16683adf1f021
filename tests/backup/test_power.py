"""The power is cut anywhere in a backup: whatever the disk has kept by then, every run that it shows is whole.

A disk keeps what was synced, and of the rest any part: names in a folder apart from those in another, and names
apart from the bytes of new files. The recorder notes what each sync makes safe, and at each call that changes
names or syncs something it builds disks that may come up again: only what is safe; all names, with the bytes that
are safe; and mixtures.
"""

import asyncio
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pixmirror.backup import checking, restoring
from pixmirror.fetch import trash
from pixmirror.ingest.forgetting import Target
from pixmirror.store import MirrorRoot, placing
from pixmirror.store.backup_folder import open_backup
from tests.backup.conftest import Made, place, tree

Names = dict[str, tuple[int, bool]]  # inode, and whether it is a folder


@dataclass
class Disk:
    """The folder of the backup as the disk has it."""

    folder: Path
    copies: Path
    rng: random.Random
    bytes_of: dict[int, bytes] = field(default_factory=dict)
    names_in: dict[int, Names] = field(default_factory=dict)
    inode: int = 0
    made: list[Path] = field(default_factory=list)
    moments: int = 0
    is_busy: bool = False  # it builds a disk itself
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """All that lies there now is safe."""
        self.inode = os.stat(self.folder).st_ino
        for place_, _, files in os.walk(self.folder):
            self.names_in[os.stat(place_).st_ino] = _listed(Path(place_))
            for name in files:
                self._keep(Path(place_, name))

    def keep_mirror(self, media: Path) -> None:
        """What shares its bytes with the mirror is safe from before."""
        for path in media.rglob("*"):
            if path.is_file():
                self._keep(path)

    def _keep(self, path: Path) -> None:
        self.bytes_of[os.stat(path).st_ino] = path.read_bytes()

    def synced(self, fd: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        if path.is_dir():
            self.names_in[os.fstat(fd).st_ino] = _listed(path)
        elif path.is_file():
            self._keep(path)

    def look(self) -> None:
        """Build disks that may come up when the power is cut now."""
        self.moments += 1
        now = {os.stat(place_).st_ino: _listed(Path(place_)) for place_, _, _ in os.walk(self.folder)}
        for kind, share in (("safe", 0.0), ("names", 1.0), ("mixed", 0.5)):
            names = {
                number: now.get(number, safe) if self.rng.random() < share else safe
                for number, safe in self.names_in.items()
            }
            if share == 1.0:
                names = now | names
            disk = self.copies / f"{self.moments}-{kind}"
            self._build(disk, self.inode, names)
            self.made.append(disk)

    def _build(self, place_: Path, inode: int, names: dict[int, Names]) -> None:
        place_.mkdir(parents=True)
        for name, (number, is_folder) in names.get(inode, {}).items():
            if is_folder:
                self._build(place_ / name, number, names)
            else:
                (place_ / name).write_bytes(self.bytes_of.get(number, b""))


def _listed(folder: Path) -> Names:
    with os.scandir(folder) as entries:
        return {e.name: (e.inode(), e.is_dir(follow_symlinks=False)) for e in entries}


@pytest.fixture
def disk(made: Made, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    found = Disk(made.to, made.folder / "disks", random.Random(7))
    found.copies.mkdir()

    def around(real: Callable[..., Any], *, syncs: bool) -> Callable[..., Any]:
        def done(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            if found.inode and not found.is_busy:
                with found.lock:
                    found.is_busy = True
                    if syncs:
                        found.synced(args[0])
                    found.look()
                    found.is_busy = False
            return result

        return done

    monkeypatch.setattr(placing, "SYNCERS", 1)  # so that moments come one after the other
    for name in ("rename", "replace", "link", "mkdir", "fsync"):
        monkeypatch.setattr(os, name, around(getattr(os, name), syncs=name == "fsync"))
    yield found
    found.inode = 0


@pytest.mark.parametrize(
    ("how", "keep"),
    [
        ("copied", 1),
        pytest.param("shared", 1, marks=pytest.mark.long),
        pytest.param("shared", 5, marks=pytest.mark.long),
        pytest.param("copied", 5, marks=pytest.mark.long),
    ],
)
def test_whatever_the_disk_has_kept_each_run_on_it_is_whole(
    made: Made, disk: Disk, monkeypatch: pytest.MonkeyPatch, how: str, keep: int
) -> None:
    if how == "copied":
        monkeypatch.setattr(placing.Placing, "_share", lambda *_: "copy")
    first = made.backup()
    made.add(8, pages=2)
    (made.media / "7/1.json").unlink()
    place(made.media / "7/1.json", b"another")
    made.write(lambda c: c.exec_driver_sql("UPDATE work SET sidecar_seq = sidecar_seq + 1000 WHERE work_key = 2"))
    with MirrorRoot.open(made.root) as root, made.db() as db:
        asyncio.run(trash.forget(db, root, Target("work", 3 << 1), made.now, 0))
    if how == "shared":
        disk.keep_mirror(made.media)
    disk.begin()
    second = made.backup(keep=keep)
    disk.is_busy = True
    disk.look()
    seen = set[frozenset[str]]()
    for number, came_up in enumerate(disk.made):
        found = checking.check(came_up)
        assert found.sound, (came_up.name, found)
        runs = frozenset(open_backup(came_up).whole_runs())
        assert runs & {first.run, second.run}, came_up.name
        seen.add(frozenset(runs & {first.run, second.run}))
        if number % 23 == 0 or number > len(disk.made) - 4:
            _goes_on(made, came_up)
    assert {frozenset({first.run}), frozenset({first.run, second.run})} <= seen
    assert (frozenset({second.run}) in seen) == (keep == 1)
    assert disk.moments > 20


def _goes_on(made: Made, came_up: Path) -> None:
    """What came up can be restored, and the next backup makes it whole."""
    root = made.folder / "again"
    report = restoring.restore(came_up, root)
    assert report.lacking == 0
    shutil.rmtree(root)
    kept, made.now = made.to, made.now + 86_400_000
    made.to.rename(made.folder / "aside")
    came_up.rename(kept)
    try:
        assert made.backup().is_whole
        found = checking.check(kept)
        assert (found.sound, found.unnamed) == (True, 0)
        assert tree(kept / "media") == made.files()
    finally:
        kept.rename(came_up)
        (made.folder / "aside").rename(kept)
