"""A real catalogue file for each test, copied from one that was migrated once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database


@pytest.fixture(scope="session")
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalogue") / "empty.db"
    migrate.upgrade(path)
    return path


@pytest.fixture
def catalogue_path(empty_catalogue: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_catalogue, tmp_path / "catalogue.db"))


@pytest.fixture
def db(catalogue_path: Path) -> Iterator[Database]:
    database = Database.open(catalogue_path)
    yield database
    database.close()


@pytest.fixture
def rows(db: Database) -> Callable[..., list[dict[str, Any]]]:
    """rows("SELECT ...", *parameters) → dicts."""

    def query(sql: str, *parameters: Any) -> list[dict[str, Any]]:
        return db.read_sync(lambda c: [dict(r) for r in c.exec_driver_sql(sql, parameters).mappings()])

    return query
