"""The files of thumbnails: whole or not there, below their own folder, and only those that are known."""

import errno
import os
from pathlib import Path

import pytest

from pixmirror.errors import DiskFull, FileError
from pixmirror.store.thumbnails import keep_thumbnails, remove_thumbnails, thumbnail_path, write_thumbnail

ONE, TWO, OTHER = "ab" + "1" * 62, "ab" + "2" * 62, "cd" + "3" * 62


def test_a_thumbnail_lies_under_the_hash_of_its_file_for_its_owner_alone(tmp_path: Path) -> None:
    write_thumbnail(tmp_path, ONE, b"webp")
    path = tmp_path / "thumbs" / "ab" / f"{ONE}.webp"

    assert thumbnail_path(tmp_path, ONE) == path
    assert path.read_bytes() == b"webp"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "1" * 63, "1" * 64 + "\n", "１" * 64])
def test_what_is_no_hash_names_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileError):
        thumbnail_path(tmp_path, name)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_thumbnail(tmp_path, ONE, b"older")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for sha256 in (ONE, TWO):
        with pytest.raises(DiskFull):
            write_thumbnail(tmp_path, sha256, b"newer")
    monkeypatch.undo()

    assert thumbnail_path(tmp_path, ONE).read_bytes() == b"older"
    assert not thumbnail_path(tmp_path, TWO).exists()
    write_thumbnail(tmp_path, TWO, b"newer")  # what the failed one has left is no obstacle
    assert thumbnail_path(tmp_path, TWO).read_bytes() == b"newer"


def test_what_is_removed_may_be_gone_already(tmp_path: Path) -> None:
    write_thumbnail(tmp_path, ONE, b"webp")
    remove_thumbnails(tmp_path, [ONE, TWO, OTHER])

    assert not thumbnail_path(tmp_path, ONE).exists()


def test_a_folder_keeps_only_what_is_known(tmp_path: Path) -> None:
    for sha256 in (ONE, TWO, OTHER):
        write_thumbnail(tmp_path, sha256, b"webp")
    folder = tmp_path / "thumbs" / "ab"
    (folder / f".{ONE}.webp.part").write_bytes(b"half")
    (folder / f"{ONE}.jpg").write_bytes(b"whose?")
    (folder / "mine").mkdir()

    assert keep_thumbnails(tmp_path, "ab", {ONE, "ab" + "9" * 62}) == {ONE}
    assert sorted(entry.name for entry in folder.iterdir()) == [f"{ONE}.webp", "mine"]
    assert thumbnail_path(tmp_path, OTHER).exists()
    assert keep_thumbnails(tmp_path, "ee", {ONE}) == set()
