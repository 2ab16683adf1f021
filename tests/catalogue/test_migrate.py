"""The schema on disk: the migrations make what schema.py says; older and newer files are handled."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from pixmirror.catalogue import migrate
from pixmirror.catalogue.schema import metadata
from pixmirror.errors import CatalogueError


def objects(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as raw:
        rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}


def test_the_migrations_make_what_the_tables_say(empty_catalogue: Path, tmp_path: Path):
    engine = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert objects(empty_catalogue) == objects(tmp_path / "fresh.db")


def test_every_revision_is_listed_in_order():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrate.script_location()))
    walked = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(walked)) == migrate.REVISIONS


def test_a_new_file_is_made_and_then_left_alone(tmp_path: Path):
    path = tmp_path / "with space.db"
    assert migrate.schema_revision(path) is None
    assert migrate.upgrade(path) is None
    assert migrate.schema_revision(path) == migrate.HEAD
    migrate.check(path)
    before = path.stat().st_mtime_ns
    assert migrate.upgrade(path) == migrate.HEAD
    assert path.stat().st_mtime_ns == before
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.bak*"))


def set_revision(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_newer_schema_is_refused_and_untouched(catalogue_path: Path):
    set_revision(catalogue_path, "0099")
    for call in (migrate.check, migrate.upgrade):
        with pytest.raises(CatalogueError, match=r"newer than this program .*: upgrade pixmirror"):
            call(catalogue_path)
    assert migrate.schema_revision(catalogue_path) == "0099"


def test_a_newer_schema_names_the_safety_copy_and_the_line_that_puts_it_back(catalogue_path: Path):
    migrate.safety_copy(catalogue_path, catalogue_path.with_name(f"catalogue.{migrate.HEAD}.bak.db"))
    set_revision(catalogue_path, "0099")
    wal = catalogue_path.with_name(f"{catalogue_path.name}-wal")
    wal.write_text("of the newer one")

    with pytest.raises(CatalogueError) as refused:
        migrate.check(catalogue_path)

    said = str(refused.value)
    assert f"Or go back to catalogue.{migrate.HEAD}.bak.db, the safety copy of " in said
    line = said.split("`")[1]
    subprocess.run(line, shell=True, check=True)
    assert not wal.exists()
    migrate.check(catalogue_path)
    assert migrate.schema_revision(catalogue_path.parent / "newer" / "catalogue.db") == "0099"


def test_a_newer_schema_without_a_safety_copy_says_so(catalogue_path: Path):
    set_revision(catalogue_path, "0099")
    with pytest.raises(CatalogueError, match="There is no safety copy of an older schema"):
        migrate.check(catalogue_path)


@pytest.mark.parametrize("revision", migrate.REVISIONS[:-1])
def test_an_older_schema_is_named_copied_and_upgraded(tmp_path: Path, revision: str, empty_catalogue: Path):
    path = tmp_path / "catalogue.db"
    migrate._run_alembic(path, revision)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("INSERT INTO meta VALUES ('kept', 'yes')")
    with pytest.raises(CatalogueError, match="pixmirror db upgrade"):
        migrate.check(path)
    assert migrate.upgrade(path) == revision
    migrate.check(path)
    assert objects(path) == objects(empty_catalogue)
    copy = path.with_name(f"catalogue.{revision}.bak.db")
    assert migrate.schema_revision(copy) == revision
    for file in (path, copy):
        with closing(sqlite3.connect(file)) as raw:
            assert raw.execute("SELECT value FROM meta WHERE key = 'kept'").fetchone() == ("yes",)


def test_another_programs_database_is_refused(tmp_path: Path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE theirs (x)")
    for call in (migrate.check, migrate.upgrade):
        with pytest.raises(CatalogueError, match="not a pixmirror catalogue"):
            call(path)
