"""A backup holds what the mirror has, costs what is new, and loses nothing that it alone has."""

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pixmirror.backup import checking, making, tidying
from pixmirror.backup.making import Stopped
from pixmirror.catalogue import snapshot
from pixmirror.daemon.mirror import catalogue_path
from pixmirror.errors import CatalogueDamaged, ConfigError, DiskFull, MirrorLocked, StorageAbsent, StorageError
from pixmirror.store import backup_notes, outside, placing
from pixmirror.store.backup_folder import MANIFEST, MARKER
from tests.backup.conftest import NOW, Made, place, tree


def lines(made: Made, run: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.open(made.to / "runs" / run / MANIFEST)]


def one_file(made: Made) -> Path:
    return next(path for path in sorted(made.media.rglob("*_p0.*")))


def test_a_run_holds_every_file_sidecar_and_database_and_nothing_secret(made: Made) -> None:
    report = made.backup()
    assert report.is_whole
    assert tree(made.to / "media") == made.files()
    assert (report.files, report.new) == (9, 9)
    own = {path.name for path in (made.to / "runs" / report.run).iterdir()}
    assert own == {"catalogue.db", "gallery.db", "mirror.json", "forgotten", MANIFEST}
    everything = b"".join(path.read_bytes() for path in made.to.rglob("*") if path.is_file())
    assert b"planted-secret" not in everything
    assert checking.check(made.to).sound
    with closing(sqlite3.connect(made.to / "runs" / report.run / "catalogue.db")) as raw:
        assert raw.execute("SELECT count(*) FROM media WHERE state = 'stored'").fetchone() == (6,)


def test_with_credentials_the_login_is_in_it_for_its_owner_alone(made: Made) -> None:
    report = made.backup(secrets=True)
    kept = made.to / "runs" / report.run / "credentials.json"
    assert "planted-secret" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert checking.check(made.to).sound


def test_the_manifest_lists_all_with_hashes_by_path_and_ends_with_its_own_digest(made: Made) -> None:
    report = made.backup()
    head, *entries, end = lines(made, report.run)
    assert head["mirror_id"] == json.loads((made.root / "mirror.json").read_bytes())["mirror_id"]
    assert [one["path"] for one in entries] == sorted(made.files())
    assert set(end["end"]) == {"entries", "bytes", "sha256"}
    assert end["end"]["entries"] == len(entries)


def test_a_second_run_brings_only_what_is_new(made: Made) -> None:
    made.backup()
    made.add(4)
    report = made.backup()
    new = {"7/4_p0.png", "7/4.json"}
    assert (report.files, report.runs) == (11, 2)
    assert new <= set(tree(made.to / "media"))
    # The sidecars of the others were written anew by the mirror, with the same bytes.
    assert report.new == 2
    assert checking.check(made.to).sound


def test_a_sidecar_that_changes_stays_in_the_run_that_has_it_as_it_was(made: Made) -> None:
    first = made.backup()
    sidecar = made.media / "7/1.json"
    before = sidecar.read_bytes()
    place(sidecar, b'{"title": "another"}')
    made.write(lambda c: c.exec_driver_sql("UPDATE work SET sidecar_seq = sidecar_seq + 1000"))
    second = made.backup()
    assert (made.to / "media/7/1.json").read_bytes() == b'{"title": "another"}'
    assert before in tree(made.to / "old").values()
    assert checking.check(made.to).sound
    made.backup(keep=1)
    assert not tree(made.to / "old")
    assert not (made.to / "runs" / first.run).exists()
    assert not (made.to / "runs" / second.run).exists()
    assert checking.check(made.to).sound


def test_so_many_runs_are_kept_and_a_file_goes_with_the_last_run_that_has_it(made: Made) -> None:
    report = [made.backup(keep=3) for _ in range(4)][-1]
    assert (report.runs, report.removed_runs) == (3, 1)
    assert checking.check(made.to).runs == 3
    assert checking.check(made.to).unnamed == 0


def test_on_the_same_disk_bytes_are_shared_and_that_is_said(made: Made) -> None:
    report = made.backup()
    assert report.same_disk
    assert report.linked == 9
    made.root.joinpath("media").rename(made.folder / "elsewhere")  # the names of the backup are its own
    assert checking.check(made.to).sound


def test_on_another_disk_every_byte_is_copied_and_checked_on_the_way(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing.Placing, "_share", lambda *_: "copy")
    path = one_file(made)
    path.write_bytes(path.read_bytes()[:-1] + b"!")  # rot
    report = made.backup()
    assert (report.linked, report.bad, report.is_whole) == (0, 1, False)
    assert report.examples == [f"7/{path.name}: " + report.examples[0].split(": ", 1)[1]]
    assert not (made.to / "media/7" / path.name).exists()
    assert (made.to / "media/7/3_p1.png").stat().st_mtime_ns == (made.media / "7/3_p1.png").stat().st_mtime_ns
    found = checking.check(made.to)
    assert (found.sound, found.files) == (True, 8)


def test_what_the_mirror_has_lost_stays_in_the_backup_that_has_it(made: Made) -> None:
    made.backup()
    path = one_file(made)
    before = path.read_bytes()
    path.unlink()
    rel = str(path.relative_to(made.media))
    made.write(lambda c: c.exec_driver_sql("UPDATE media SET state = 'wanted' WHERE path = ?", (rel,)))
    report = [made.backup(keep=1) for _ in range(3)][-1]
    assert report.is_whole
    assert (made.to / "media" / rel).read_bytes() == before
    assert rel in [one.get("path") for one in lines(made, report.run)]


def test_a_stored_file_that_is_not_there_is_told_and_the_run_is_not_called_whole(made: Made) -> None:
    one_file(made).unlink()
    report = made.backup()
    assert (report.missing, report.is_whole) == (1, False)
    note = backup_notes.read_notes(made.root)[0]
    assert (note.at, note.whole_at) == (made.now, None)


def test_a_media_folder_that_is_away_makes_a_partial_run_that_removes_nothing(made: Made) -> None:
    made.backup()
    made.backup()
    made.add(5)
    made.media.rename(made.folder / "away")
    report = made.backup(keep=1)
    assert (report.waiting, report.runs, report.removed_runs) == (1, 3, 0)
    assert report.held
    assert report.files == 9
    found = checking.check(made.to)
    assert (found.sound, found.partial) == (True, True)
    (made.folder / "away").rename(made.media)
    report = made.backup(keep=1)
    assert (report.is_whole, report.runs, report.files) == (True, 1, 11)


def test_when_very_much_is_gone_from_the_catalogue_no_older_run_is_removed(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "FEW", 1)
    made.backup()
    made.write(lambda c: c.exec_driver_sql("DELETE FROM media"))
    report = made.backup(keep=1)
    assert report.runs == 2
    assert "6 files" in report.held
    assert tree(made.to / "media") == made.files()
    # One run later nothing has vanished since, and it stays all the same: only what the user believes goes.
    made.backup(keep=1)
    report = made.backup(keep=1)
    assert (report.runs, "--believe" in report.held) == (2, True)
    assert tree(made.to / "media") == made.files()
    report = made.backup(keep=1, believe=True)
    assert (report.runs, report.held) == (1, "")
    assert not [rel for rel in tree(made.to / "media") if rel.endswith(".png")]


def test_earlier_bytes_that_two_names_had_stay_while_a_run_has_one_of_them(made: Made) -> None:
    twins = [made.media / "7/1.json", made.media / "7/2.json"]
    for path in twins:
        place(path, b"alike")
    made.backup()
    for path in twins:
        place(path, path.name.encode())
        made.write(lambda c: c.exec_driver_sql("UPDATE work SET sidecar_seq = sidecar_seq + 1000"))
        made.backup()
    # The first run goes: the second has the bytes of one name still, and lies with the first in the same place.
    assert made.backup(keep=3).removed_runs == 1
    assert checking.check(made.to).sound
    assert b"alike" in tree(made.to / "old").values()
    made.backup(keep=1)
    assert not tree(made.to / "old")
    assert checking.check(made.to).sound


def test_a_run_whose_manifest_has_rotted_stops_no_backup_and_costs_no_other_run(made: Made) -> None:
    names = [made.backup().run for _ in range(3)]
    before = tree(made.to / "media")
    path = made.to / "runs" / names[1] / MANIFEST
    path.write_bytes(path.read_bytes()[:-9])
    made.write(lambda c: c.exec_driver_sql("DELETE FROM media WHERE owner_id = 2"))
    report = made.backup(keep=3)
    assert (report.damaged_runs, report.runs, report.removed_runs) == ([names[1]], 3, 1)
    assert not report.removed_files  # nobody knows what that run has
    assert tree(made.to / "media") == before
    report = made.backup(keep=3)
    assert (report.runs, report.removed_runs) == (3, 1)
    made.backup(keep=1)
    found = checking.check(made.to)
    assert (found.sound, found.runs, found.unnamed, found.files) == (True, 1, 0, 7)


def test_a_stored_file_that_was_cut_is_not_backed_up_as_whole(made: Made) -> None:
    path = one_file(made)
    path.write_bytes(path.read_bytes()[:-3])
    report = made.backup()
    assert (report.bad, report.is_whole, report.files) == (1, False, 8)
    assert "bytes instead of" in report.examples[0]
    assert checking.check(made.to).sound


def test_other_bytes_as_long_and_as_old_are_not_taken_for_what_the_last_run_has(made: Made) -> None:
    path = one_file(made)
    made.backup()
    found, body = path.stat(), path.read_bytes()[:-1] + b"?"
    place(path, body)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    rel, sha256 = str(path.relative_to(made.media)), hashlib.sha256(body).hexdigest()
    made.write(lambda c: c.exec_driver_sql("UPDATE media SET sha256 = ? WHERE path = ?", (sha256, rel)))
    made.backup()
    assert checking.check(made.to).sound
    assert (made.to / "media" / rel).read_bytes() == body


def test_what_cannot_be_removed_is_told_and_the_run_counts_all_the_same(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.backup()

    def fail(*_: object) -> int:
        raise StorageError("this user may not write 7/1.json")

    monkeypatch.setattr(tidying, "remove_run", fail)
    report = made.backup(keep=1)
    assert (report.is_whole, report.runs) == (True, 2)
    assert report.held == "Not all that is over could be removed: this user may not write 7/1.json"
    note = backup_notes.read_notes(made.root)[0]
    assert (note.at, note.error) == (made.now, "")  # it is not made again every hour
    monkeypatch.undo()
    assert made.backup(keep=1).runs == 1
    assert checking.check(made.to).sound


def test_what_a_nas_or_a_desktop_puts_beside_the_runs_stays_and_stops_nothing(made: Made) -> None:
    made.backup()
    (made.to / "runs/.DS_Store").write_bytes(b"?")
    (made.to / "runs/@eaDir").mkdir()
    assert made.backup().is_whole
    assert (made.to / "runs/.DS_Store").exists()
    assert (made.to / "runs/@eaDir").exists()
    assert checking.check(made.to).cut_runs == 0


def test_a_damaged_catalogue_is_not_backed_up_and_the_earlier_runs_stay(made: Made) -> None:
    made.backup()
    path = catalogue_path(made.root)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(os.urandom(4096 * 10))
    with pytest.raises(CatalogueDamaged, match="the earlier ones stay"):
        made.backup(keep=1)
    assert checking.check(made.to).sound
    assert "damaged" in backup_notes.read_notes(made.root)[0].error


def test_a_run_ends_while_pages_are_written_all_the_time(made: Made) -> None:
    """SQLite's backup in steps begins anew with each commit of another connection."""
    copied = made.folder / "copy.db"
    with made.db() as db:
        many = [(f"x{number}", "y" * 9000) for number in range(200)]
        db.run_sync(lambda c: c.exec_driver_sql("INSERT INTO meta VALUES (?, ?)", many))
        steps = 0

        def write(done: int, whole: int) -> None:
            nonlocal steps
            steps += 1
            assert steps < 2000
            db.run_sync(
                lambda c: c.exec_driver_sql("UPDATE meta SET value = ? WHERE key = 'x1'", (f"new {steps}",))
            )

        original, snapshot.PAGES = snapshot.PAGES, 5
        try:
            snapshot.copy_database(catalogue_path(made.root), copied, "catalogue", write)
        finally:
            snapshot.PAGES = original
    assert steps > 20
    with closing(sqlite3.connect(copied)) as raw:
        assert raw.execute("SELECT value FROM meta WHERE key = 'x1'").fetchone() == ("y" * 9000,)


# --- where it goes


def test_an_unmounted_disk_is_not_filled(made: Made) -> None:
    made.backup()
    made.to.rename(made.folder / "unmounted")
    made.to.mkdir()
    with pytest.raises(StorageAbsent, match="lacks its marker"):
        made.backup()
    assert not list(made.to.iterdir())
    made.to.rmdir()
    with pytest.raises(StorageAbsent):
        made.backup()
    assert not made.to.exists()
    assert made.backup(begin=True).is_whole


def test_a_scheduled_backup_never_begins_one(made: Made) -> None:
    with pytest.raises(StorageAbsent, match="pixmirror backup --begin"):
        made.backup(is_scheduled=True)
    assert not made.to.exists()
    assert "marker" in backup_notes.read_notes(made.root)[0].error


def test_a_folder_of_something_else_of_another_mirror_or_of_the_mirror_itself_is_refused(made: Made) -> None:
    made.to.mkdir()
    (made.to / "photos").mkdir()
    with pytest.raises(ConfigError, match="is not empty and holds no backup"):
        made.backup()
    shutil.rmtree(made.to)
    made.backup()
    marker = json.loads((made.to / MARKER).read_text())
    (made.to / MARKER).write_text(json.dumps(marker | {"mirror_id": "11111111-1111-1111-1111-111111111111"}))
    with pytest.raises(ConfigError, match="another mirror"):
        made.backup()
    mirror = outside.unlocked(made.root, made.media)
    for inside in (made.root / "backup", made.media / "7", made.folder):
        with pytest.raises(ConfigError, match="inside of each other"):
            making.make(making.Plan(mirror, inside), NOW)
    assert tree(made.media)


def test_two_backups_at_once_do_not_meet(made: Made) -> None:
    with backup_notes.holding_backup(made.root), pytest.raises(MirrorLocked, match="under way"):
        made.backup()
    assert made.backup().is_whole


def test_a_full_disk_cuts_the_run_and_the_next_one_goes_on_from_there(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.backup()
    made.add(*range(10, 20))
    real, left = placing.Placing.take, [8]

    def filling(self: placing.Placing, *args: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise DiskFull("the disk is full")
        return real(self, *args)

    monkeypatch.setattr(placing.Placing, "take", filling)
    monkeypatch.setattr(placing, "BATCH", 2)
    with pytest.raises(DiskFull):
        made.backup()
    monkeypatch.setattr(placing.Placing, "take", real)
    found = checking.check(made.to)
    assert (found.sound, found.runs, found.cut_runs) == (True, 1, 1)
    report = made.backup()
    assert report.is_whole
    assert 0 < report.new < 20
    found = checking.check(made.to)
    assert (found.sound, found.cut_runs, found.unnamed) == (True, 0, 0)


def test_what_is_asked_to_stop_stops_and_leaves_no_run(made: Made) -> None:
    mirror = outside.unlocked(made.root, made.media)
    looks = iter([False] * 4)
    with pytest.raises(Stopped):
        making.make(making.Plan(mirror, made.to), NOW, is_stopped=lambda: next(looks, True))
    assert checking.check(made.to).runs == 0
    assert made.backup().is_whole


def test_a_clock_that_went_back_makes_a_later_run_all_the_same(made: Made) -> None:
    first = made.backup()
    made.now -= 86_400_000
    second = made.backup()
    assert second.run > first.run
    assert checking.check(made.to).last == second.run
