"""The files beside the catalogue: missing, appearing, replaced, damaged."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from pixmirror.catalogue import migrate, thumbs
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.gallery import schema as own
from pixmirror.catalogue.gallery.database import GalleryDatabase
from pixmirror.catalogue.search import schema as search
from pixmirror.catalogue.shelves import DAMAGED, NOT_THERE, OTHER_FORMAT, SHELVES, Shelves, lacking, open_shelves
from pixmirror.errors import CatalogueDamaged, CatalogueError, StorageError
from tests.catalogue.test_migrate import set_revision


def make(path: Path, create: Callable[[sqlite3.Connection], None], *more: str) -> Path:
    """Make a file in one go, as its writer does, in place of what was there."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as raw, raw:
        raw.execute("PRAGMA journal_mode=WAL")
        create(raw)
        for statement in more:
            raw.execute(statement)
    return new.replace(path)


def search_db(root: Path, *more: str, made_by: int = search.FORMAT) -> Path:
    of_format = f"INSERT INTO meta VALUES ('format', '{made_by}')"
    return make(root / "search.db", search.create, of_format, *more)


def thumbs_db(root: Path, *colours: int) -> Path:
    rows = (
        f"INSERT INTO thumb (sha256, work_key, idx, colour, made_at, looked_at) VALUES ('{n}', 2, {n}, {n}, 1, 1)"
        for n in colours
    )
    return make(root / "thumbs.db", thumbs.create, *rows)


def put_place(conn: Connection, key: int) -> None:
    conn.execute(own.place.insert().values(work_key=key, page=0, updated_at=1))


def column(conn: Connection, sql: str) -> list[Any]:
    return [value for (value,) in conn.exec_driver_sql(sql)]


def of_each(conn: Connection) -> tuple[list[Any], list[Any], list[Any]]:
    return (
        column(conn, "SELECT month FROM search.months"),
        column(conn, "SELECT colour FROM thumbs.thumb ORDER BY 1"),
        column(conn, "SELECT work_key FROM own.place"),
    )


A_MONTH = "INSERT INTO months VALUES (0, 0, 202611, 3, 300)"


@pytest.fixture
def shelves(catalogue_path: Path) -> Iterator[Shelves]:
    with open_shelves(catalogue_path.parent) as found:
        yield found


def test_what_is_missing_is_empty_and_named(shelves: Shelves):
    assert shelves.read_sync(of_each) == ([], [], [])
    assert shelves.read_sync(lacking) == dict.fromkeys(("search", "thumbs", "own"), NOT_THERE)
    assert shelves.read_sync(column, "SELECT count(*) FROM search.words WHERE words MATCH 'yoru'") == [0]


@pytest.mark.parametrize("name", [shelf.name for shelf in SHELVES])
def test_the_empty_one_has_the_tables_of_a_real_one(shelves: Shelves, name: str):
    tables = f"SELECT name || ' ' || sql FROM {name}.sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
    stand_in = shelves.read_sync(column, tables)
    search_db(shelves.path.parent)
    thumbs_db(shelves.path.parent)
    GalleryDatabase.open(shelves.path.with_name("gallery.db")).close()
    assert shelves.read_sync(lacking) == {}
    real = [one for one in shelves.read_sync(column, tables) if not one.startswith("alembic_version ")]
    assert [" ".join(one.split()) for one in real] == [" ".join(one.split()) for one in stand_in]


def test_what_appears_later_is_there_from_the_next_question_on(shelves: Shelves):
    assert shelves.read_sync(of_each) == ([], [], [])
    root = shelves.path.parent
    search_db(root, A_MONTH)
    assert shelves.read_sync(of_each) == ([202611], [], [])
    thumbs_db(root, 7)
    assert shelves.read_sync(lacking) == {"own": NOT_THERE}
    with GalleryDatabase.open(root / "gallery.db") as gallery:
        gallery.run_sync(put_place, 246)
        assert shelves.read_sync(of_each) == ([202611], [7], [246])
        gallery.run_sync(put_place, 248)
        assert shelves.read_sync(of_each) == ([202611], [7], [246, 248])
        assert shelves.read_sync(lacking) == {}


def test_what_is_replaced_or_deleted_is_noticed(shelves: Shelves):
    path = thumbs_db(shelves.path.parent, 1)
    assert shelves.read_sync(of_each)[1] == [1]
    thumbs_db(shelves.path.parent, 2, 3)
    assert shelves.read_sync(of_each)[1] == [2, 3]
    path.unlink()
    assert shelves.read_sync(of_each)[1] == []
    assert shelves.read_sync(lacking)["thumbs"] == NOT_THERE


def test_a_file_that_is_still_being_made_counts_as_missing_until_it_is(shelves: Shelves):
    path = shelves.path.with_name("thumbs.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        assert shelves.read_sync(lacking)["thumbs"] == NOT_THERE
        thumbs.create(raw)
        assert "thumbs" not in shelves.read_sync(lacking)


@pytest.mark.parametrize("name", ["search", "thumbs"])
def test_a_derived_file_that_is_no_database_counts_as_missing(shelves: Shelves, name: str):
    path = shelves.path.with_name(f"{name}.db")
    path.write_bytes(b"not a database, but long enough to be looked at" * 40)
    assert shelves.read_sync(of_each) == ([], [], [])
    assert shelves.read_sync(lacking)[name] == DAMAGED
    search_db(path.parent, A_MONTH)
    thumbs_db(path.parent, 1)
    assert shelves.read_sync(of_each)[:2] == ([202611], [1])


def spoil(path: Path) -> None:
    """Overwrite all pages but the first, which has the tables, in the same file."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))


def test_a_derived_file_with_damaged_pages_is_left_out_until_it_is_made_anew(
    shelves: Shelves, caplog: pytest.LogCaptureFixture
):
    root = shelves.path.parent
    search_db(root, A_MONTH)
    spoil(thumbs_db(root, 1))
    assert shelves.read_sync(of_each) == ([202611], [], [])
    assert shelves.read_sync(lacking) == {"thumbs": DAMAGED, "own": NOT_THERE}
    assert "thumbs" in caplog.text
    spoil(search_db(root, A_MONTH))
    assert shelves.read_sync(of_each) == ([], [], [])
    thumbs_db(root, 2)
    assert shelves.read_sync(of_each) == ([], [2], [])
    search_db(root, A_MONTH)
    assert shelves.read_sync(of_each) == ([202611], [2], [])


@pytest.mark.parametrize("made_by", [0, 999])
def test_a_derived_file_of_another_format_counts_as_missing(shelves: Shelves, made_by: int):
    search_db(shelves.path.parent, A_MONTH, made_by=made_by)
    assert shelves.read_sync(of_each)[0] == []
    assert shelves.read_sync(lacking)["search"] == OTHER_FORMAT


@pytest.mark.parametrize("depth", ["all", "pages"])
def test_a_damaged_gallery_db_is_an_error_that_names_it(shelves: Shelves, depth: str):
    path = shelves.path.with_name("gallery.db")
    GalleryDatabase.open(path).close()
    if depth == "all":
        path.write_bytes(b"not a database, but long enough to be looked at" * 400)
    else:
        spoil(path)
    with pytest.raises(CatalogueDamaged, match=r"gallery\.db is damaged") as refused:
        shelves.read_sync(of_each)
    assert "backup" in refused.value.advice
    with pytest.raises(CatalogueDamaged, match=r"gallery\.db is damaged"):
        GalleryDatabase.open(path)


def test_a_damaged_catalogue_is_said_to_be_it(shelves: Shelves):
    spoil(shelves.path)
    with pytest.raises(CatalogueDamaged, match=r"catalogue\.db is damaged"):
        shelves.read_sync(column, "SELECT name FROM tag")


def test_a_newer_gallery_db_is_refused_for_reading_too(shelves: Shelves):
    path = shelves.path.with_name("gallery.db")
    GalleryDatabase.open(path).close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(CatalogueError, match=r"gallery database at .* has schema 0099, newer than this program"):
        shelves.read_sync(of_each)


@pytest.mark.parametrize(
    "sql", ["DELETE FROM own.place", "DELETE FROM thumbs.thumb", "DELETE FROM search.months", "DELETE FROM meta"]
)
def test_nothing_is_written_through_the_shelves(shelves: Shelves, sql: str):
    GalleryDatabase.open(shelves.path.with_name("gallery.db")).close()
    with pytest.raises(StorageError):
        shelves.read_sync(lambda c: c.exec_driver_sql(sql))


def test_the_shelves_never_write_back_what_stands_in_a_log(db: Database):
    with GalleryDatabase.open(db.path.with_name("gallery.db")) as gallery:
        gallery.run_sync(put_place, 2)
        logs = [db.path.with_name(f"{name}-wal") for name in ("catalogue.db", "gallery.db")]
        db.run_sync(lambda c: c.exec_driver_sql("INSERT INTO meta VALUES ('a', 'b')"))
        before = [(log.stat().st_size, log.stat().st_mtime_ns) for log in logs]
        with open_shelves(db.path.parent) as shelves:
            assert shelves.read_sync(of_each)[2] == [2]
        assert [(log.stat().st_size, log.stat().st_mtime_ns) for log in logs] == before


def test_there_is_no_gallery_without_a_catalogue(tmp_path: Path):
    with pytest.raises(CatalogueError, match="no catalogue"):
        open_shelves(tmp_path)
    assert migrate.schema_revision(tmp_path / "gallery.db", own.LINEAGE) is None


def test_a_catalogue_that_is_put_back_from_a_backup_is_read_from_then_on(shelves: Shelves):
    meta = "SELECT value FROM main.meta WHERE key = 'a'"
    assert shelves.read_sync(column, meta) == []
    backup = Path(shutil.copy(shelves.path, shelves.path.with_name("backup")))
    with closing(sqlite3.connect(backup)) as raw, raw:
        raw.execute("INSERT INTO meta VALUES ('a', 'put back')")
    backup.replace(shelves.path)
    assert shelves.read_sync(column, meta) == ["put back"]
    newer = Path(shutil.copy(shelves.path, shelves.path.with_name("newer")))
    set_revision(newer, "0099")
    newer.replace(shelves.path)
    with pytest.raises(CatalogueError, match="newer than this program"):
        shelves.read_sync(column, meta)
