"""A mirror of another user of the machine: one sentence, and nothing of ours in it."""

import os
from pathlib import Path

import pytest

from pixmirror.errors import NotOwner
from pixmirror.store import MirrorRoot, refuse_others

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root alone can make a mirror of another user")


def give_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def of_root(folder: Path) -> list[str]:
    return sorted(str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_uid == 0)


@as_root
def test_root_leaves_nothing_in_the_mirror_of_a_service(pixmirror, mirrored) -> None:
    root = mirrored.parent / "mirror"
    give_away(root)
    for command in ("sync", "run", "pause", "login -", "login --start", "verify", "reindex"):
        result = pixmirror(*command.split(), input="demo-refresh-token")
        assert result.exit_code == 6, result.output
        (said,) = result.stderr.splitlines()
        assert said.startswith(f"The mirror in {root} belongs to the user nobody, and this is root: run it as ")
        assert "sudo -u nobody pixmirror" in said
    assert of_root(root) == []


@as_root
def test_root_begins_nothing_in_a_folder_that_was_made_for_another_user(pixmirror, config) -> None:
    root = config.parent / "mirror"
    root.mkdir()
    give_away(root)
    assert pixmirror("sync").exit_code == pixmirror("login", "-", input="demo-refresh-token").exit_code == 6
    assert list(root.iterdir()) == []


def test_a_config_that_this_user_may_not_read_is_named_in_a_sentence(pixmirror, config, monkeypatch) -> None:
    def read_text(path: Path, *_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", read_text)
    monkeypatch.setattr(os, "access", lambda *_: False)
    result = pixmirror("--config", str(config), "status")
    assert result.stderr == f"The config file {config} cannot be read: Permission denied.\n"


@as_root
def test_root_can_look_at_a_mirror_and_leaves_nothing_of_its_own(pixmirror, mirrored) -> None:
    root = mirrored.parent / "mirror"
    give_away(root)
    for command in ("status", "search x", "plan", "coverage", "why 1"):
        assert pixmirror(*command.split()).exit_code in (0, 7, 9), command
    assert of_root(root) == []


@as_root
def test_a_mirror_that_root_made_in_a_folder_of_another_user_stays_usable_by_root(tmp_path: Path) -> None:
    with MirrorRoot.open(tmp_path / "mirror"):
        os.chown(tmp_path / "mirror", NOBODY, NOBODY)
    with MirrorRoot.open(tmp_path / "mirror"):
        pass


def test_a_user_who_may_not_read_it_is_told_whose_it_is_in_one_sentence(
    pixmirror, mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: NOBODY - 1)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    looking = (
        "status",
        "check",
        "search x",
        "why 1",
        "show 1",
        "plan",
        "verify",
        "coverage",
        "gone",
        "export works",
    )
    for command in (*looking, "sync"):
        result = pixmirror(*command.split())
        assert result.exit_code == 6, result.output
        (said,) = result.stderr.splitlines()
        assert f"The mirror in {mirrored.parent / 'mirror'} belongs to the user " in said
        assert f"and this is #{NOBODY - 1}: run it as that user" in said


@as_root
def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(NotOwner, match="may not look into"):
            refuse_others(tmp_path / "mirror", to_write=False)
    finally:
        os.seteuid(0)
    refuse_others(tmp_path / "mirror", to_write=True)
