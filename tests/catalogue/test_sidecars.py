"""Sidecars: written again when their files have settled, and never knowing less than before."""

import json
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import migrate, queue
from pixmirror.catalogue.database import Database
from pixmirror.ingest import sidecars
from pixmirror.ingest.sidecars import Sidecar, files_in, text_for
from pixmirror.ingest.works import record_works
from pixmirror.models import Stored
from tests.catalogue.builders import NOW, illust, seen, works

OLD: dict[str, Any] = {
    "role": "page",
    "index": 0,
    "url": "u1",
    "path": "7/1_p0.png",
    "sha256": "a" * 64,
    "size": 3,
    "version": "1",
}


@pytest.fixture
def db(tmp_path: Path):
    migrate.upgrade(tmp_path / "catalogue.db")
    with Database.open(tmp_path / "catalogue.db") as database:
        database.run_sync(record_works, seen(), works(illust(1)), {})
        yield database


def due(db: Database) -> list[Sidecar]:
    found = db.read_sync(sidecars.due_sidecars, 9)
    db.run_sync(sidecars.sidecar_done, found)
    return found


def finish(db: Database) -> None:
    for item in db.run_sync(queue.claim, 9, NOW):
        db.run_sync(queue.finish, item.media_id, Stored(item.path, 9, "f" * 64), NOW)


def test_a_sidecar_is_written_again_with_the_hashes_of_files_that_came(db: Database) -> None:
    [first] = due(db)
    assert [(f["state"], f["sha256"]) for f in first.data["files"]] == [("wanted", None)]
    assert due(db) == []
    finish(db)
    [again] = due(db)
    assert [(f["state"], f["size"], f["sha256"]) for f in again.data["files"]] == [("stored", 9, "f" * 64)]
    assert due(db) == []


def test_a_file_that_came_while_the_sidecar_was_written_is_in_the_next(db: Database) -> None:
    written = db.read_sync(sidecars.due_sidecars, 9)
    finish(db)
    db.run_sync(sidecars.sidecar_done, written)
    [again] = due(db)
    assert again.data["files"][0]["state"] == "stored"


def test_sidecars_of_before_are_written_again_a_few_at_a_time(db: Database) -> None:
    due(db)
    last = db.run_sync(sidecars.renew, -1, 9)
    assert [s.work_key for s in due(db)] == [last]
    assert db.run_sync(sidecars.renew, last or 0, 9) is None
    assert due(db) == []


def sidecar(*files: dict[str, Any], forgotten: frozenset[str] = frozenset()) -> Sidecar:
    return Sidecar(2, 1, "7/1.json", {"id": 1, "files": list(files)}, forgotten=forgotten)


def test_what_an_older_catalogue_does_not_know_of_stays_in_the_sidecar() -> None:
    new = OLD | {"url": "u2", "sha256": None, "version": "2"}
    before = json.dumps({"files": [OLD]})
    assert [f["url"] for f in files_in(text_for(sidecar(new), before))] == ["u2", "u1"]
    known = new | {"path": "7/1_p0_2.png", "sha256": "b" * 64}
    assert [f["url"] for f in files_in(text_for(sidecar(known), before))] == ["u2", "u1"]
    assert [f["url"] for f in files_in(text_for(sidecar(OLD | {"url": "u3"}), before))] == ["u3"]


def test_what_was_forgotten_does_not_stay_in_a_sidecar() -> None:
    gone = sidecar(forgotten=frozenset({OLD["path"]}))
    assert files_in(text_for(gone, json.dumps({"files": [OLD]}))) == []


@pytest.mark.parametrize("before", ["", "null", "[" * 10_000, '{"files": [{"role": 1}]}', '{"files": {"a": 1}}'])
def test_a_sidecar_that_cannot_be_read_is_replaced(before: str) -> None:
    assert json.loads(text_for(sidecar(), before)) == {"id": 1, "files": []}


def test_half_a_surrogate_in_a_title_can_be_written() -> None:
    text = text_for(Sidecar(2, 1, "7/1.json", {"title": "\ud83d", "files": []}), None)
    assert json.loads(text.encode())["title"] == "\ud83d"
