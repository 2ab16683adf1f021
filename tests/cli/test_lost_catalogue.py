"""A mirror that has a past never starts an empty catalogue in silence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def exported(pixmirror: Command, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in pixmirror("export", kind).stdout.splitlines()]


def test_a_catalogue_is_made_from_files_and_sidecars_and_nothing_is_fetched_again(
    pixiv: Any, mirrored: Path, pixmirror: Command, tmp_path: Path
) -> None:
    world = pixiv.state.world
    gone = next(w for w in world.works.values() if w.medium == "illust")
    before = {kind: exported(pixmirror, kind) for kind in ("works", "novels", "files")}
    world.delete(gone)
    [text] = (tmp_path / "mirror" / "media").glob("*/novel/*/*.txt")
    sidecar = text.with_suffix(".json")
    sidecar.write_text(json.dumps({k: v for k, v in json.loads(sidecar.read_text()).items() if k != "text"}))
    (tmp_path / "mirror" / "catalogue.db").unlink()
    result = pixmirror("reindex", "--from-media", "--json")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    stored = [f for f in before["files"] if f["state"] == "stored"]
    assert (made["stored"], made["wanted"], made["unclear"]) == (len(stored), 0, 0)
    assert pixmirror("verify").exit_code == 0
    for kind in ("works", "novels"):
        kept = ("id", "user_id", "type", "title", "caption", "tags", "create_date", "text")
        one, other = (
            [{k: w[k] for k in kept if k in w} for w in rows] for rows in (before[kind], exported(pixmirror, kind))
        )
        assert sorted(one, key=lambda w: w["id"]) == sorted(other, key=lambda w: w["id"])
    report = json.loads(pixmirror("sync", "--json").stdout)
    assert report["requests"]["image"] == 0
    keys = ("medium", "id", "page", "role", "path", "size", "sha256", "state")
    one, other = (
        [{k: f[k] for k in keys} for f in rows] for rows in (before["files"], exported(pixmirror, "files"))
    )
    assert sorted(map(str, one)) == sorted(map(str, other))
    assert pixmirror("show", str(gone.id)).exit_code == 0
    assert pixmirror("verify").exit_code == 0
    assert pixmirror("reindex", "--check").exit_code == 0


def test_without_sidecars_names_and_times_of_the_files_are_enough(
    mirrored: Path, pixmirror: Command, tmp_path: Path
) -> None:
    before = {(f["id"], f["page"], f["sha256"]) for f in exported(pixmirror, "files")}
    for sidecar in (tmp_path / "mirror" / "media").rglob("*.json"):
        sidecar.unlink()
    (tmp_path / "mirror" / "catalogue.db").write_bytes(b"")
    assert pixmirror("reindex", "--from-media").exit_code == 0
    report = json.loads(pixmirror("sync", "--json").stdout)
    assert report["requests"]["image"] == 0
    assert {(f["id"], f["page"], f["sha256"]) for f in exported(pixmirror, "files")} == before


def test_media_alone_are_enough_when_the_whole_root_is_lost(
    mirrored: Path, pixmirror: Command, tmp_path: Path
) -> None:
    before = exported(pixmirror, "files")
    root = tmp_path / "mirror"
    for path in root.iterdir():
        if path.name != "media":
            path.unlink()
    assert pixmirror("sync").exit_code == 4
    assert pixmirror("reindex", "--from-media").exit_code == 0
    report = json.loads(pixmirror("sync", "--json").stdout)
    assert report["requests"]["image"] == 0
    assert len(exported(pixmirror, "files")) == len(before)
