"""`backup` and `restore` as a user types them."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from pixmirror.backup import checking, making, restoring
from pixmirror.store import disks
from tests.cli.test_docs import page


def test_a_backup_is_made_checked_restored_verified_and_synced_with_nothing_fetched_twice(
    mirrored: Path, pixmirror, pixiv, tmp_path: Path
):
    usb, root = tmp_path / "usb", tmp_path / "mirror"
    with closing(sqlite3.connect(root / "catalogue.db")) as raw:
        asked = raw.execute("SELECT sum(requests) FROM spent WHERE lane = 'image'").fetchone()
    made = pixmirror("backup", str(usb))
    assert made.exit_code == 0, made.output
    assert re.match(rf"Backed up to {usb} in \d+ s: \d+ files, .*; \d+ new \(.*\)\.", made.stdout)
    assert "It lies on the mirror's own disk" in made.stderr
    assert "Without the login (--with-credentials takes it along)." in made.stdout
    before = {str(p.relative_to(root)): p.read_bytes() for p in (root / "media").rglob("*_p*") if p.is_file()}
    again = pixmirror("backup", str(usb), "--json")
    assert (json.loads(again.stdout)["new"], json.loads(again.stdout)["runs"]) == (0, 2)
    shutil.rmtree(root)
    mirrored.rename(tmp_path / "config.bak")
    checked = pixmirror("backup", "--check", str(usb))
    assert checked.exit_code == 0, checked.output
    assert "is sound: 2 runs, the last of" in checked.stdout
    (tmp_path / "config.bak").rename(mirrored)
    restored = pixmirror("restore", str(usb))
    assert restored.exit_code == 0, restored.output
    assert "The login was not in it: pixmirror login" in restored.stdout
    assert {rel: (root / rel).read_bytes() for rel in before} == before
    verified = pixmirror("verify", "--quick")
    assert verified.exit_code == 0, verified.output
    synced = pixmirror("sync", "--json")
    assert synced.exit_code == 0, synced.output
    with closing(sqlite3.connect(root / "catalogue.db")) as raw:
        assert raw.execute("SELECT sum(requests) FROM spent WHERE lane = 'image'").fetchone() == asked


def test_where_to_is_asked_for_and_the_config_may_say_it(mirrored: Path, pixmirror, tmp_path: Path):
    result = pixmirror("backup")
    assert result.exit_code == 2
    assert "pixmirror backup DIR" in result.stderr
    mirrored.write_text(
        mirrored.read_text().replace("[pixiv]", f'[backup]\nto = "{tmp_path}/usb"\nkeep = 1\n[pixiv]', 1)
    )
    assert pixmirror("backup").exit_code == 0
    assert "1 older one removed" in pixmirror("backup").stdout
    assert pixmirror("backup", "--check").exit_code == 0


def test_damage_ends_with_7_and_a_folder_that_is_not_there_with_6(mirrored: Path, pixmirror, tmp_path: Path):
    pixmirror("backup", str(tmp_path / "usb"))
    next((tmp_path / "usb/media").rglob("*_p0*")).unlink()
    result = pixmirror("backup", "--check", str(tmp_path / "usb"))
    assert result.exit_code == 7
    assert "is damaged" in result.stdout
    assert "1 file missing" in result.stdout
    assert pixmirror("backup", "--check", str(tmp_path / "nowhere")).exit_code == 6
    assert pixmirror("backup", "--check", str(tmp_path)).exit_code == 2
    refused = pixmirror("restore", str(tmp_path / "usb"))
    assert (refused.exit_code, "is not empty" in refused.stderr) == (2, True)


def test_a_config_with_a_secret_stays_out_unless_it_is_asked_for(mirrored: Path, pixmirror, tmp_path: Path):
    assert pixmirror("backup", str(tmp_path / "usb")).exit_code == 0
    assert list((tmp_path / "usb/runs").glob("*/config.toml"))
    mirrored.write_text(mirrored.read_text() + '[notify]\nurl = "https://ntfy.example/planted-secret"\n')
    result = pixmirror("backup", str(tmp_path / "usb2"))
    assert "Without the config, which holds a secret" in result.stdout
    assert not list((tmp_path / "usb2/runs").glob("*/config.toml"))
    assert pixmirror("backup", str(tmp_path / "usb2"), "--with-credentials").exit_code == 0
    assert list((tmp_path / "usb2/runs").glob("*/config.toml"))
    assert list((tmp_path / "usb2/runs").glob("*/credentials.json"))


def test_status_and_forget_tell_of_backups(mirrored: Path, pixmirror, tmp_path: Path):
    assert "Backup" not in pixmirror("status").stdout
    pixmirror("backup", str(tmp_path / "usb"))
    assert f"to {tmp_path}/usb, on the mirror's own disk; 1 run there" in " ".join(
        pixmirror("status").stdout.split()
    )
    told = json.loads(pixmirror("status", "--json").stdout)["backups"]
    assert [(one["to"], one["runs"], one["error"]) for one in told] == [(str(tmp_path / "usb"), 1, "")]
    shutil.rmtree(tmp_path / "usb")
    assert pixmirror("backup", str(tmp_path / "usb")).exit_code == 6
    shown = " ".join(pixmirror("status").stdout.split())
    assert (
        f"The last backup to {tmp_path}/usb failed: the backup's folder {tmp_path}/usb lacks its marker" in shown
    )
    with closing(sqlite3.connect(tmp_path / "mirror/catalogue.db")) as raw:
        (key,) = raw.execute(
            "SELECT owner_id FROM media WHERE state = 'stored' AND role = 'page' LIMIT 1"
        ).fetchone()
    said = pixmirror("forget", str(key >> 1), "--yes").stdout
    assert f"Backups have it still ({tmp_path}/usb)" in " ".join(said.split())
    again = pixmirror("forget", str(key >> 1), "--yes", "--json")
    assert json.loads(again.stdout)["backups"] == [str(tmp_path / "usb")]


def test_every_key_of_json_is_documented():
    named = page("backup").split("## Keys of --json")[1]
    for number, (report, more) in enumerate(
        ((making.Report, {"whole"}), (checking.Report, {"sound"}), (restoring.Report, set()))
    ):
        section = named.strip().split("\n\n")[number]
        assert set(re.findall(r"`(\w+)`", section)) >= {f.name for f in fields(report) if f.repr} | more


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / {place}/nas rw,relatime shared:2 - nfs4 server:/x rw
31 30 0:41 / {place}/nas/deep rw - fuse.sshfs user@host:/ rw
32 30 254:1 / {place}/nas/local\\040disk rw - xfs /dev/vdb rw
33 22 0:42 / {place}/smb rw - cifs //nas/share rw
"""


@pytest.mark.parametrize(
    ("folder", "kind", "is_share"),
    [
        ("nas/mirror", "nfs4", True),
        ("nas/deep/mirror", "fuse.sshfs", True),
        ("nas/local disk/mirror", "xfs", False),
        ("smb", "cifs", True),
        ("home", "ext4", False),
        ("nasty", "ext4", False),
    ],
)
def test_the_kind_of_a_disk_is_read_from_the_nearest_mount(tmp_path: Path, folder, kind, is_share):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(place=tmp_path))
    for name in ("nas/deep", "nas/local disk", "smb", "nasty"):
        (tmp_path / name).mkdir(parents=True)
    assert disks.kind_of(tmp_path / folder, mounts) == kind
    assert disks.is_share(kind) == is_share
    assert disks.kind_of(tmp_path / folder, tmp_path / "none") is None  # never guessed


def test_a_root_on_a_share_is_refused_unless_it_is_allowed(mirrored: Path, pixmirror, tmp_path: Path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 0:40 / {tmp_path}/mirror rw - nfs4 server:/x rw\n"
    )
    monkeypatch.setattr(disks, "MOUNTS", mounts)
    for command in ("sync", "gallery", "check"):
        result = pixmirror(command)
        assert result.exit_code == 6, result.output
        assert "lies on nfs4, where SQLite may damage the catalogue" in result.output.replace("\n", " ")
        assert "mirror.root_on_share = true" in result.output
    assert pixmirror("status").exit_code in (0, 7)
    mirrored.write_text(mirrored.read_text().replace("[mirror]", "[mirror]\nroot_on_share = true", 1))
    assert pixmirror("sync").exit_code == 0
