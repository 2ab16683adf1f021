"""`backup --check` finds whatever is not as it was written, without a mirror and without a config."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from pixmirror.backup import checking, manifest, restoring, tidying
from pixmirror.backup.manifest import BackupDamaged
from pixmirror.errors import ConfigError, StorageAbsent
from pixmirror.store.backup_folder import MANIFEST, MARKER, open_backup
from tests.backup.conftest import Made, tree


def test_every_kind_of_damage_is_found_and_named(made: Made) -> None:
    report = made.backup()
    made.media.rename(made.folder / "gone")
    (made.to / "media/7/1_p0.png").unlink()
    rotten = made.to / "media/7/2_p0.png"
    rotten.write_bytes(bytes(len(rotten.read_bytes())))
    (made.to / "media/7/2_p1.png").write_bytes(b"short")
    (made.to / "media/7/stray.png").write_bytes(b"?")
    found = checking.check(made.to)
    assert (found.sound, found.missing, found.bad, found.unnamed, found.files) == (False, 1, 2, 1, 9)
    assert any("2_p0.png: it has other bytes" in line for line in found.examples)
    quick = checking.check(made.to, quick=True)
    assert (quick.sound, quick.missing, quick.bad) == (False, 1, 1)
    (made.to / "runs" / report.run / "catalogue.db").write_bytes(b"not that")
    assert checking.check(made.to).damaged_runs == [report.run]


def test_a_full_run_brings_anew_what_a_check_found_bad(made: Made) -> None:
    made.backup()
    # Not through the names that the mirror shares with it.
    for name in ("1_p0.png", "2_p0.png", "2.json"):
        (made.to / "media/7" / name).unlink()
    (made.to / "media/7/2_p0.png").write_bytes(b"rot")
    assert not checking.check(made.to).sound
    assert made.backup().new == 0
    report = made.backup(full=True)
    assert (report.new, report.is_whole) == (3, True)
    assert checking.check(made.to).sound
    assert tree(made.to / "media") == made.files()


def test_a_full_run_calls_nothing_whole_that_has_rotted_in_the_mirror_too(made: Made) -> None:
    made.backup()
    rotten = made.media / "7/2_p0.png"  # its bytes are shared with the backup
    body = rotten.read_bytes()
    with rotten.open("r+b") as file:
        file.write(b"!")
    report = made.backup(full=True)
    assert (report.bad, report.is_whole, report.files) == (1, False, 9)
    assert "bad in the backup, and in the mirror" in report.examples[0]
    assert not checking.check(made.to).sound
    part = rotten.with_name(".mended")
    part.write_bytes(body)
    part.rename(rotten)
    assert made.backup(full=True).is_whole
    assert checking.check(made.to).sound


@pytest.mark.parametrize("cut", [0, 1, 20, -40, -9, -1])
def test_a_manifest_that_is_cut_anywhere_is_no_run(made: Made, cut: int) -> None:
    made.backup()
    report = made.backup()
    path = made.to / "runs" / report.run / MANIFEST
    path.write_bytes(path.read_bytes()[:cut])
    assert not manifest.is_whole(path)
    found = checking.check(made.to)
    assert (found.sound, found.damaged_runs, found.missing) == (False, [report.run], 0)
    # The next run goes by the one before, and says so.
    after = made.backup()
    assert (after.is_whole, after.damaged_runs) == (True, [report.run])


def test_a_manifest_that_was_changed_is_told(made: Made) -> None:
    report = made.backup()
    path = made.to / "runs" / report.run / MANIFEST
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    for changed in (lines[:1] + lines[2:], [lines[0], *lines[2:4], lines[1], *lines[4:]], [*lines, lines[1]]):
        path.write_bytes(gzip.compress(b"".join(changed)))
        assert not manifest.is_whole(path) or changed[-1] == lines[1]
        with pytest.raises(BackupDamaged):
            list(manifest.read_entries(path))


@pytest.mark.parametrize(
    ("old", "new"),
    [(r'"sha256": "[0-9a-f]{64}"}\n', f'"sha256": "{"../" * 21}x"}}\n'), ("catalogue.db", "../c.db")],
)
def test_a_manifest_that_names_places_outside_is_refused(made: Made, old: str, new: str) -> None:
    path = made.to / "runs" / made.backup().run / MANIFEST
    body, end = re.sub(old, new, gzip.decompress(path.read_bytes()).decode()).rsplit("\n", 2)[:2]
    told = json.loads(end)
    told["end"]["sha256"] = hashlib.sha256(f"{body}\n".encode()).hexdigest()
    path.write_bytes(gzip.compress(f"{body}\n{json.dumps(told)}\n".encode()))
    assert manifest.is_whole(path)
    with pytest.raises(BackupDamaged):
        restoring.restore(made.to, made.folder / "again")


def test_what_is_no_backup_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageAbsent, match="is its disk mounted"):
        open_backup(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="holds no backup"):
        open_backup(tmp_path)
    for text in ("", "[]", "{}", '{"format": 1, "mirror_id": "x"}', "\x00"):
        (tmp_path / MARKER).write_text(text)
        with pytest.raises(ConfigError, match="cannot be read as the marker"):
            open_backup(tmp_path)
    later = {"format": 2, "mirror_id": "11111111-1111-1111-1111-111111111111"}
    (tmp_path / MARKER).write_text(json.dumps(later))
    with pytest.raises(ConfigError, match=r"format 2.*upgrade pixmirror"):
        open_backup(tmp_path)


def test_a_sweep_removes_what_no_run_names_and_nothing_else(made: Made) -> None:
    made.backup()
    made.backup()
    before = tree(made.to / "media")
    for rel in ("media/7/0.png", "media/7/zz/1.png", "media/.x.backup.part", "old/ab/" + "ab" * 32):
        (made.to / rel).parent.mkdir(parents=True, exist_ok=True)
        (made.to / rel).write_bytes(b"?")
    assert tidying.sweep(open_backup(made.to)) == 4
    assert tree(made.to / "media") == before
    assert checking.check(made.to).unnamed == 0
