"""A mirror that has a past never starts an empty catalogue in silence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def delete(catalogue: Path) -> None:
    catalogue.unlink()


def empty(catalogue: Path) -> None:
    catalogue.write_bytes(b"")


@pytest.mark.parametrize("harm", [delete, empty])
def test_a_lost_catalogue_is_told_by_every_command_and_none_makes_a_new_one(
    mirrored: Path, pixmirror: Command, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    catalogue = tmp_path / "mirror" / "catalogue.db"
    harm(catalogue)
    before = catalogue.exists()
    for command in (["sync"], ["status"], ["verify"], ["db", "upgrade"], ["reindex"], ["why", "1"]):
        result = pixmirror(*command)
        assert (result.exit_code, "reindex --from-media" in result.output) == (4, True), command
    assert catalogue.exists() == before
    assert not before or catalogue.stat().st_size == 0
    checked = json.loads(pixmirror("check", "--json").stdout)
    assert "catalogue" in json.dumps(checked)


def test_an_empty_media_folder_does_not_hide_that_there_was_a_catalogue(
    mirrored: Path, pixmirror: Command, tmp_path: Path
) -> None:
    (tmp_path / "mirror" / "catalogue.db").unlink()
    (tmp_path / "mirror" / "media").rename(tmp_path / "away")
    assert pixmirror("sync").exit_code == 4


def test_a_first_start_that_was_cut_before_its_catalogue_goes_on(
    config: Path, pixmirror: Command, tmp_path: Path
) -> None:
    root = tmp_path / "mirror"
    (root / "media").mkdir(parents=True)
    identity = "00000000-0000-4000-8000-000000000000"
    (root / "mirror.json").write_text(json.dumps({"mirror_id": identity}))
    (root / "media" / ".pixmirror-media").write_text(identity + "\n")
    assert pixmirror("sync").exit_code == 0
    (root / "catalogue.db").unlink()
    assert pixmirror("sync").exit_code == 4
