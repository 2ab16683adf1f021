"""gallery.db on disk: made, upgraded, refused, held by one process."""

import fcntl
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from pixmirror.catalogue import migrate
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.gallery.schema import LINEAGE, metadata
from pixmirror.errors import CatalogueDamaged, CatalogueError, ExitCode, MirrorLocked
from pixmirror.store import holding_gallery
from tests.catalogue.test_migrate import objects, set_revision


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "gallery.db"
    GalleryDatabase.open(path).close()
    return path


def test_the_migrations_make_what_the_tables_say(path: Path, tmp_path: Path):
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert objects(path) == objects(tmp_path / "fresh.db")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_one_is_refused_before_anything_is_written_to_it(path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + bytes(4096) + whole[8192:])
    damaged = path.read_bytes()
    monkeypatch.setattr(migrate, "upgrade", lambda *args: pytest.fail("it was migrated"))
    with pytest.raises(CatalogueDamaged):
        GalleryDatabase.open(path)
    assert path.read_bytes() == damaged


def test_what_was_written_survives_a_power_cut(path: Path):
    with GalleryDatabase.open(path) as db:
        pragma = lambda c, name: c.exec_driver_sql(f"PRAGMA {name}").scalar()  # noqa: E731
        assert db.run_sync(pragma, "journal_mode") == "wal"
        assert db.run_sync(pragma, "synchronous") == 2
        assert db.run_sync(pragma, "foreign_keys") == 1


def test_an_older_program_refuses_a_newer_file_and_names_the_way_back(path: Path):
    migrate.safety_copy(path, path.with_name(f"gallery.{LINEAGE.head}.bak.db"))
    set_revision(path, "0099")

    with pytest.raises(CatalogueError, match="newer than this program") as refused:
        GalleryDatabase.open(path)

    said = str(refused.value)
    assert refused.value.exit_code == ExitCode.CATALOGUE
    assert f"Or go back to gallery.{LINEAGE.head}.bak.db, the safety copy of " in said
    assert "What you kept in the gallery since then is not in it." in said
    subprocess.run(said.split("`")[1], shell=True, check=True)
    GalleryDatabase.open(path).close()
    assert migrate.schema_revision(path.parent / "newer" / "gallery.db", LINEAGE) == "0099"


def test_an_older_file_is_upgraded_after_a_safety_copy(path: Path, monkeypatch: pytest.MonkeyPatch):
    newer = migrate.Lineage(LINEAGE.what, (*LINEAGE.revisions, "0099"), LINEAGE.folder, LINEAGE.begun_by, "")
    with pytest.raises(CatalogueError, match="run `pixmirror db upgrade`"):
        migrate.check(path, newer)
    monkeypatch.setattr(migrate, "_run_alembic", lambda path, revision, of: set_revision(path, revision))
    assert migrate.upgrade(path, newer) == LINEAGE.head
    assert migrate.schema_revision(path, newer) == "0099"
    assert migrate.schema_revision(path.with_name(f"gallery.{LINEAGE.head}.bak.db"), LINEAGE) == LINEAGE.head


def test_a_catalogue_is_no_gallery_db(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "gallery.db")) as raw, raw:
        raw.execute("CREATE TABLE theirs (x)")
    with pytest.raises(CatalogueError, match="not a pixmirror gallery database"):
        GalleryDatabase.open(tmp_path / "gallery.db")


def test_a_second_gallery_is_told_who_has_it(tmp_path: Path):
    second = "import sys\nfrom pathlib import Path\nfrom pixmirror.store import holding_gallery\n" \
             "with holding_gallery(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-c", second, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        who = rf"another `pixmirror gallery` \(process {child.pid}\) holds the gallery of the mirror"
        with pytest.raises(MirrorLocked, match=who), holding_gallery(tmp_path):
            pass
        child.communicate(b"")
    with holding_gallery(tmp_path):
        assert not _is_free(tmp_path / "gallery.lock")
    assert _is_free(tmp_path / "gallery.lock")


def test_what_the_gallery_makes_is_its_owners_alone(tmp_path: Path):
    before = os.umask(0o022)
    try:
        with holding_gallery(tmp_path), GalleryDatabase.open(tmp_path / "gallery.db"):
            for file in tmp_path.iterdir():
                assert file.stat().st_mode & 0o777 == 0o600, file
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def _is_free(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
