"""The systemd units: correct, tight, and such that the daemon and the gallery work under them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pixmirror import control

UNIT = Path(__file__).parents[2] / "systemd" / "pixmirror.service"
GALLERY = UNIT.with_name("pixmirror-gallery.service")
FAILED = UNIT.with_name("pixmirror-failed@.service")
NAS = UNIT.parent / "pixmirror.service.d" / "nas.conf.example"
# The gallery's may set limits: what decodes pictures is bounded by them.
MOST_EXPOSED = {UNIT: 1.2, GALLERY: 1.4}

both = pytest.mark.parametrize("unit", [UNIT, GALLERY], ids=["mirror", "gallery"])
analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


def values(key: str, text: str | None = None) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", UNIT.read_text() if text is None else text)


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


def for_this_environment(folder: Path, unit: Path = UNIT) -> Path:
    """A unit with our own program and a user that is here."""
    program = Path(sys.executable).with_name("pixmirror")
    program = program if program.exists() else Path(sys.executable)
    text = unit.read_text().replace("/opt/pixmirror/bin/pixmirror", str(program))
    copy = folder / unit.name
    copy.write_text(re.sub(r"(?m)^(User|Group)=.*$", r"\1=root", text))
    return copy


@analyze
def test_systemd_finds_nothing_wrong_with_what_says_a_failure(tmp_path: Path) -> None:
    copy = tmp_path / "pixmirror-failed@pixmirror.service"
    shutil.copy(FAILED, copy)
    found = run("--man=no", "verify", str(copy))
    assert (found.returncode, found.stderr) == (0, "")


@both
@analyze
def test_systemd_finds_nothing_wrong(tmp_path: Path, unit: Path) -> None:
    found = run("--man=no", "verify", str(for_this_environment(tmp_path, unit)))
    ours = [line for line in found.stderr.splitlines() if unit.name in line]
    assert ours == []
    assert found.returncode == 0, found.stderr


@analyze
def test_systemd_finds_nothing_wrong_with_the_drop_in(tmp_path: Path) -> None:
    unit = for_this_environment(tmp_path)
    folder = tmp_path / f"{UNIT.name}.d"
    folder.mkdir()
    shutil.copy(NAS, folder / "nas.conf")
    found = run("--man=no", "verify", str(unit))
    assert [line for line in found.stderr.splitlines() if UNIT.name in line] == []


@both
@analyze
def test_it_is_exposed_no_more_than_it_was(unit: Path) -> None:
    found = run("security", "--offline=true", "--no-pager", str(unit))
    score = re.search(r"exposure level for \S+: ([\d.]+)", found.stdout)
    assert score is not None, found.stderr
    assert float(score[1]) <= MOST_EXPOSED[unit]


def test_it_runs_the_layout_that_init_makes() -> None:
    assert values("ExecStart") == ["/opt/pixmirror/bin/pixmirror --config /etc/pixmirror/config.toml run"]
    assert (values("User"), values("StateDirectory"), values("RuntimeDirectory")) == (
        ["pixmirror"], ["pixmirror"], ["pixmirror"],
    )  # fmt: skip
    assert values("StateDirectoryMode") == values("RuntimeDirectoryMode") == ["0700"]


def test_the_daemon_can_do_its_work_under_it() -> None:
    """Needs: readiness and reload by signal, Unix sockets, IPv4 and IPv6, its two folders, the boot id."""
    assert (values("Type"), values("NotifyAccess")) == (["notify"], ["main"])
    assert values("ExecReload") == ["/bin/sh -c 'kill -HUP ${MAINPID}'"]  # the shell's own: no procps is needed
    assert set(values("RestrictAddressFamilies")[0].split()) == {"AF_UNIX", "AF_INET", "AF_INET6"}
    assert values("PrivateNetwork") == values("ProcSubset") == values("IPAddressDeny") == []


def test_the_gallery_runs_beside_it_in_the_same_mirror() -> None:
    text = GALLERY.read_text()
    assert values("ExecStart", text) == [
        "/opt/pixmirror/bin/pixmirror --config /etc/pixmirror/config.toml gallery"
    ]
    assert values("StateDirectory", text) == values("StateDirectory")
    # its own: systemd removes it when the unit stops, and with it the other's socket
    assert values("RuntimeDirectory", text) == ["pixmirror-gallery"]
    assert Path("/run/pixmirror-gallery") in control.SYSTEM_FOLDERS
    assert values("LimitCORE", text) == ["0"]
    # bounds of its own are set to what decodes pictures
    assert "@resources" not in " ".join(values("SystemCallFilter", text))


def test_a_token_that_was_not_deployed_does_not_keep_it_from_starting() -> None:
    name, _, source = values("LoadCredential")[0].partition(":")
    assert name == "refresh-token"  # what config.read_refresh_token looks for
    assert "/" not in source


def test_the_drop_in_waits_for_the_mount_lives_without_it_and_may_write_there() -> None:
    text = NAS.read_text()
    assert values("Wants", text) == values("After", text) == ["mnt-nas.mount"]
    assert values("ReadWritePaths", text) == ["-/mnt/nas"]
    # each of them would stop the service with the mount, for good
    assert not any(
        values(key, text) for key in ("RequiresMountsFor", "Requires", "BindsTo", "Requisite", "PartOf")
    )


@both
def test_a_failure_for_good_is_said_and_no_core_is_left(unit: Path) -> None:
    text = unit.read_text()
    assert values("OnFailure", text) == ["pixmirror-failed@%n.service"]
    assert values("LimitCORE", text) == ["0"]
    said = values("ExecStart", FAILED.read_text())
    assert len(said) == 1
    assert said[0].startswith("/bin/sh -c 'echo \"<2>%i has failed for good")  # <2>: critical, in the journal
