"""What is restored is the mirror as it was backed up, or an error; nothing that is there is ever overwritten."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pixmirror.backup import restoring
from pixmirror.backup.manifest import BackupDamaged
from pixmirror.catalogue import migrate
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.errors import CatalogueError, CatalogueLost, ConfigError, StorageAbsent
from pixmirror.store import MARKER, MirrorRoot, had_catalogue, placing
from tests.backup.conftest import Made, place, tree


def rows(root: Path) -> list[Any]:
    with closing(sqlite3.connect(catalogue_path(root))) as raw:
        return raw.execute("SELECT path, state, size, sha256 FROM media ORDER BY id").fetchall()


@pytest.mark.parametrize("how", ["shared", "copied"])
def test_a_lost_mirror_is_restored_with_its_id_byte_by_byte(
    made: Made, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "copied":
        monkeypatch.setattr(placing.Placing, "_share", lambda *_: "copy")
    made.backup()
    before, files, known = (made.root / "mirror.json").read_bytes(), made.files(), rows(made.root)
    shutil.rmtree(made.root)
    report = restoring.restore(made.to, made.root)
    assert (report.files, report.lacking, report.gallery, report.login) == (9, 0, True, False)
    assert json.loads(before)["mirror_id"] == report.mirror_id
    assert (made.files(), rows(made.root)) == (files, known)
    assert {path.name for path in made.root.iterdir()} == {
        "mirror.json",
        "catalogue.db",
        "gallery.db",
        "media",
        ".lock",
    }
    assert made.root.stat().st_mode & 0o777 == 0o700
    with MirrorRoot.open(made.root) as root:
        root.check_media()
        assert (root.mirror_id, root.new) == (report.mirror_id, False)
    # Its backups go on where they are.
    again = made.backup()
    assert (again.new, again.runs) == (0, 2)


def test_an_older_run_is_restored_as_it_was(made: Made) -> None:
    first = made.backup()
    files = made.files()
    made.add(9)
    (made.media / "7/1.json").unlink()
    (made.media / "7/1.json").write_bytes(b"newer")
    made.write(lambda c: c.exec_driver_sql("UPDATE work SET sidecar_seq = sidecar_seq + 1000"))
    made.backup()
    restoring.restore(made.to, made.folder / "old", run=first.run)
    assert tree(made.folder / "old" / "media") == files
    with pytest.raises(ConfigError, match="has no run 2020; it has"):
        restoring.restore(made.to, made.folder / "none", run="2020")


def test_a_root_that_is_not_empty_is_refused_and_untouched(made: Made) -> None:
    made.backup()
    for name in ("photo.jpg", ".hidden"):
        root = made.folder / "used"
        root.mkdir()
        (root / name).write_text("mine")
        with pytest.raises(ConfigError, match="is not empty"):
            restoring.restore(made.to, root)
        assert [path.name for path in root.iterdir()] == [name]
        shutil.rmtree(root)
    with pytest.raises(ConfigError, match="is not empty"):
        restoring.restore(made.to, made.root)
    with pytest.raises(ConfigError, match="inside of each other"):
        restoring.restore(made.to, made.to / "new")


def test_a_restore_that_is_cut_begins_nothing_anew_and_goes_on(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.backup()
    files = made.files()
    shutil.rmtree(made.root)
    real, left = placing.Placing.take, [5]

    def cut(self: placing.Placing, *args: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(self, *args)

    monkeypatch.setattr(placing.Placing, "take", cut)
    monkeypatch.setattr(placing, "BATCH", 2)
    with pytest.raises(KeyboardInterrupt):
        restoring.restore(made.to, made.root)
    monkeypatch.setattr(placing.Placing, "take", real)
    with pytest.raises(CatalogueLost):
        migrate.refuse_lost(catalogue_path(made.root), had_catalogue(made.root, None))
    report = restoring.restore(made.to, made.root)
    assert (report.files + report.there, report.lacking) == (9, 0)
    assert report.there
    assert made.files() == files


def test_a_media_folder_that_survived_keeps_its_files_and_gets_those_that_it_lacks(made: Made) -> None:
    made.backup()
    files = made.files()
    nas = made.folder / "nas"
    made.media.rename(nas)
    (nas / "7/1_p0.png").unlink()
    (nas / "7/new_since.png").write_bytes(b"new")
    kept = (nas / "7/2_p0.png").stat().st_ino
    shutil.rmtree(made.root)
    report = restoring.restore(made.to, made.root, nas)
    assert (report.files, report.there) == (1, 8)
    assert tree(nas) == files | {"7/new_since.png": b"new"}
    assert (nas / "7/2_p0.png").stat().st_ino == kept


def test_a_sidecar_that_is_newer_than_the_backup_is_not_taken_back(made: Made) -> None:
    made.backup()
    nas = made.folder / "nas"
    made.media.rename(nas)
    newer = json.dumps({"id": 1, "files": ["one that came since"]}).encode()
    place(nas / "7/1.json", newer)
    place(nas / "7/2.json", b"")
    shutil.rmtree(made.root)
    report = restoring.restore(made.to, made.root, nas)
    assert (report.files, report.there) == (1, 8)
    assert (nas / "7/1.json").read_bytes() == newer
    assert (nas / "7/2.json").read_bytes()


def test_a_file_that_was_cut_in_the_backup_takes_no_place(made: Made) -> None:
    made.backup()
    cut = made.to / "media/7/2_p0.png"
    body = cut.read_bytes()
    cut.unlink()
    cut.write_bytes(body[:-1])
    report = restoring.restore(made.to, made.folder / "again")
    assert (report.files, report.lacking) == (8, 1)
    assert "bytes instead of" in report.examples[0]
    assert not (made.folder / "again/media/7/2_p0.png").exists()


def test_a_media_folder_of_another_mirror_or_of_anybody_is_refused(made: Made) -> None:
    made.backup()
    nas = made.folder / "nas"
    with pytest.raises(StorageAbsent):
        restoring.restore(made.to, made.folder / "again", nas)
    nas.mkdir()
    (nas / "film.mkv").write_text("mine")
    with pytest.raises(ConfigError, match="is not empty and not this mirror's"):
        restoring.restore(made.to, made.folder / "again", nas)
    (nas / MARKER).write_text("11111111-1111-1111-1111-111111111111\n")
    with pytest.raises(ConfigError, match="belongs to another mirror"):
        restoring.restore(made.to, made.folder / "again", nas)
    assert not (made.folder / "again").exists()


@pytest.mark.parametrize("how", ["shared", "copied"])
def test_a_file_that_rotted_in_the_backup_is_not_restored_but_named(
    made: Made, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(placing.Placing, "_share", lambda *_: "copy")
    made.backup()
    if how == "shared":
        monkeypatch.undo()
    rotten = made.to / "media/7/2_p0.png"
    rotten.write_bytes(bytes(len(rotten.read_bytes())))
    (made.to / "media/7/3_p0.png").unlink()
    report = restoring.restore(made.to, made.folder / "again")
    assert (report.files, report.lacking) == (7, 2)
    assert not (made.folder / "again/media/7/2_p0.png").exists()
    assert rows(made.folder / "again") == rows(made.root)


def test_a_damaged_or_a_newer_catalogue_is_refused_before_anything_is_written(made: Made) -> None:
    first, second = made.backup(), made.backup()
    path = made.to / "runs" / second.run / "catalogue.db"
    path.write_bytes(b"?")
    with pytest.raises(BackupDamaged, match="Name another run"):
        restoring.restore(made.to, made.folder / "again")
    assert not (made.folder / "again").exists()
    assert restoring.restore(made.to, made.folder / "again", run=first.run).files == 9


def test_a_backup_of_a_newer_pixmirror_is_refused(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    made.backup()
    monkeypatch.setattr(migrate, "REVISIONS", migrate.REVISIONS[:-1])
    with pytest.raises(CatalogueError, match="upgrade pixmirror"):
        restoring.restore(made.to, made.folder / "again")
