"""A migration that is killed, or whose power is cut, anywhere leaves a file that is the old one or the new one."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.gallery.schema import LINEAGE as GALLERY
from pixmirror.errors import DiskFull

FIRST = {"catalogue": migrate.CATALOGUE.revisions[0], GALLERY.what: GALLERY.revisions[0]}
# From the first schema, and from the last but one.
OLD = [(of, r) for of in (migrate.CATALOGUE, GALLERY) for r in sorted({*of.revisions[:1], *of.revisions[-2:-1]})]
OLD = [(of, revision) for of, revision in OLD if revision != of.head]
KEPT = ("kept", "before the upgrade")


def old_file(path: Path, of: migrate.Lineage, revision: str) -> Path:
    """A file of an older schema, with something in it."""
    migrate._run_alembic(path, revision, of)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE IF NOT EXISTS mine (key TEXT, value TEXT)")
        raw.execute("INSERT INTO mine VALUES (?, ?)", KEPT)
    return path


def state(path: Path, of: migrate.Lineage) -> tuple[str | None, tuple[Any, ...], tuple[Any, ...]]:
    """What a file is after it was opened as at a start: its schema, what was in it, and whether it is whole."""
    revision = migrate.schema_revision(path, of)
    with closing(sqlite3.connect(path)) as raw:
        return (
            revision,
            raw.execute("SELECT * FROM mine").fetchone(),
            raw.execute("PRAGMA integrity_check").fetchone(),
        )


class Moments:
    """Copies all files of a folder as they lie there each time that `look` is called: what SIGKILL would leave."""

    def __init__(self, folder: Path, copies: Path) -> None:
        self.folder, self.copies, self.number = folder, copies, 0
        self.armed = False

    def look(self, *_: object) -> None:
        if not self.armed:
            return
        self.number += 1
        shutil.copytree(
            self.folder, self.copies / str(self.number), ignore=lambda _, names: [n for n in names if "-shm" in n]
        )

    def around(self, real: Callable[..., None]) -> Callable[..., None]:
        def done(*args: object) -> None:
            self.look()
            real(*args)
            self.look()

        return done

    def __iter__(self) -> Iterator[Path]:
        return iter(sorted(self.copies.iterdir(), key=lambda place: int(place.name)))


@pytest.fixture
def moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Moments:
    """Every statement of a migration, and every sync and rename of its safety copy, is a moment."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    found = Moments(folder, tmp_path / "moments")
    connect, fsync, replace = sqlite3.connect, os.fsync, os.replace

    def traced(path: Any, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        raw: sqlite3.Connection = connect(path, *args, **kwargs)
        if kwargs.get("isolation_level", "") is None and str(path).endswith(".db"):
            raw.set_trace_callback(found.look)
        return raw

    monkeypatch.setattr(sqlite3, "connect", traced)
    for name, real in (("fsync", fsync), ("replace", replace)):
        monkeypatch.setattr(os, name, found.around(real))
    return found


@pytest.mark.parametrize(("of", "revision"), OLD, ids=lambda one: one if isinstance(one, str) else one.what)
def test_killed_at_any_statement_it_is_the_old_file_or_the_new_one_and_goes_on(
    moments: Moments, of: migrate.Lineage, revision: str
) -> None:
    name = "gallery.db" if of is GALLERY else "catalogue.db"
    path = old_file(moments.folder / name, of, revision)
    moments.armed = True
    assert migrate.upgrade(path, of) == revision
    moments.look()
    moments.armed = False
    seen = set[str | None]()
    for number, moment in enumerate(moments):
        found, kept, whole = state(moment / name, of)
        assert (kept, whole) == (KEPT, ("ok",))
        assert found in (revision, of.head)
        seen.add(found)
        copy = moment / f"{Path(name).stem}.{revision}.bak.db"
        if found == of.head:
            assert state(copy, of) == (revision, KEPT, ("ok",))
        elif copy.exists():
            assert state(copy, of)[1:] == (KEPT, ("ok",))
        if number % 7 and found != of.head:
            continue
        # Started again it gets there, from wherever it was.
        migrate.upgrade(moment / name, of)
        assert state(moment / name, of) == (of.head, KEPT, ("ok",))
    assert seen == {revision, of.head}
    assert moments.number > 10


def test_the_safety_copy_and_its_name_are_synced_before_the_first_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_file(tmp_path / "catalogue.db", migrate.CATALOGUE, FIRST["catalogue"])
    order: list[str] = []
    fsync, replace, alembic = os.fsync, os.replace, migrate._run_alembic

    def note(what: str, real: Any) -> Any:
        def noted(*args: Any) -> Any:
            where = os.readlink(f"/proc/self/fd/{args[0]}") if what == "sync" else str(args[-1])
            order.append(f"{what} {Path(where).name}" if what != "alembic" else what)
            return real(*args)

        return noted

    monkeypatch.setattr(os, "fsync", note("sync", fsync))
    monkeypatch.setattr(os, "replace", note("name", replace))
    monkeypatch.setattr(migrate, "_run_alembic", note("alembic", alembic))
    migrate.upgrade(path)
    copy = f"catalogue.{FIRST['catalogue']}.bak.db"
    assert order == [f"sync {copy}.part", f"name {copy}", f"sync {tmp_path.name}", "alembic"]


def test_without_room_for_the_safety_copy_nothing_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_file(tmp_path / "catalogue.db", migrate.CATALOGUE, FIRST["catalogue"])

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(DiskFull):
            migrate.upgrade(path)
    assert state(path, migrate.CATALOGUE) == (FIRST["catalogue"], KEPT, ("ok",))
    assert not list(tmp_path.glob("*.bak.db"))
    migrate.upgrade(path)
    assert state(path, migrate.CATALOGUE) == (migrate.HEAD, KEPT, ("ok",))


@pytest.mark.parametrize("of", [migrate.CATALOGUE, GALLERY], ids=lambda of: of.what)
def test_a_statement_that_fails_leaves_the_old_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: migrate.Lineage
) -> None:
    revision = FIRST[of.what]
    if revision == of.head:
        pytest.skip("it has one schema so far")
    path = old_file(tmp_path / "file.db", of, revision)
    connect = sqlite3.connect

    def refusing(number: int) -> Any:
        def connected(place: Any, *args: Any, **kwargs: Any) -> sqlite3.Connection:
            raw: sqlite3.Connection = connect(place, *args, **kwargs)
            left = [number]

            def allow(*_: object) -> int:
                left[0] -= 1
                return sqlite3.SQLITE_OK if left[0] else sqlite3.SQLITE_DENY

            if kwargs.get("isolation_level", "") is None and str(place).endswith(".db"):
                raw.set_authorizer(allow)
            return raw

        return connected

    failed = 0
    for number in range(5, 200, 13):
        with monkeypatch.context() as broken:
            broken.setattr(sqlite3, "connect", refusing(number))
            try:
                migrate.upgrade(path, of)
            except Exception:  # noqa: BLE001  (SQLite's, wrapped or not)
                failed += 1
        assert state(path, of)[1:] == (KEPT, ("ok",))
        if migrate.schema_revision(path, of) != revision:
            break
    assert failed > 3
