"""The catalogue's schema on disk: which it is, and how it becomes ours (Alembic, shipped in the wheel).

Alembic costs 0.2 s to import, so it is loaded only where there is something to upgrade.
"""

import shlex
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from pixmirror.catalogue.failures import translated, write_ahead
from pixmirror.catalogue.uris import uri
from pixmirror.errors import CatalogueError, CatalogueLost

# Every revision in order; a test compares it with migrations/versions.
REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]


def script_location() -> Path:
    """Return where the migrations lie: `_migrations` in the wheel, `migrations/` in the source tree."""
    shipped = Path(str(files("pixmirror"))) / "_migrations"
    return shipped if shipped.is_dir() else Path(__file__).parents[3] / "migrations"


def schema_revision(path: Path) -> str | None:
    """Return the file's revision; None for a missing or empty file."""
    with translated(path):
        if not path.exists() or path.stat().st_size == 0:
            return None
        with closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=10)) as raw:
            tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master")}
            if not tables:
                return None
            if "alembic_version" not in tables:
                raise CatalogueError(f"{path} is an SQLite file but not a pixmirror catalogue.")
            row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise CatalogueError(f"{path} does not say which schema it has.")
    return str(row[0])


def check(path: Path) -> None:
    """Raise for a catalogue that this program cannot use as it is."""
    revision = schema_revision(path)
    if revision is None:
        raise CatalogueError(
            f"There is no catalogue at {path} yet: run `pixmirror sync` or `pixmirror run` first."
        )
    if revision not in REVISIONS:
        raise CatalogueError(
            f"The catalogue at {path} has schema {revision}, newer than this program knows ({HEAD}): "
            f"upgrade pixmirror.{_way_back(path)}"
        )
    if revision != HEAD:
        raise CatalogueError(
            f"The catalogue at {path} has schema {revision}, this program needs {HEAD}: "
            "run `pixmirror db upgrade`."
        )


def _way_back(path: Path) -> str:
    """Say which safety copy this program can go back to, and how: the newest that it knows the schema of."""
    known = (_copy_of(path, revision) for revision in reversed(REVISIONS))
    copy = next((copy for copy in known if copy.is_file()), None)
    if copy is None:
        return " There is no safety copy of an older schema beside it to go back to."
    made = datetime.fromtimestamp(copy.stat().st_mtime, UTC).astimezone()
    folder, name, old = (shlex.quote(text) for text in (str(path.parent), path.name, copy.name))
    return (
        f" Or go back to {copy.name}, the safety copy of {made.day} {made:%b %Y}, from before the upgrade: stop "
        f"pixmirror, then `cd {folder} && mkdir newer && mv {name}* newer/ && cp {old} {name}`. "
        "What came in since then is asked for again."
    )


def _copy_of(path: Path, revision: str) -> Path:
    """Return where the safety copy of a catalogue of this schema lies."""
    return path.with_name(f"{path.stem}.{revision}.bak.db")


def refuse_lost(path: Path, had_catalogue: bool) -> None:
    """Raise CatalogueLost when the mirror had a catalogue and this file is missing or empty."""
    if had_catalogue and schema_revision(path) is None:
        what = "holds nothing" if path.exists() else "is not there"
        raise CatalogueLost(f"The catalogue of this mirror, {path}, {what}: nothing is begun anew in its place.")


def upgrade(path: Path, *, backup: bool = True) -> str | None:
    """Bring the file to our schema, after a safety copy of an older one. Return the revision that it had.

    A newer one is refused. Only who holds the mirror's lock may call this.
    """
    before = schema_revision(path)
    if before == HEAD:
        return before
    if before is not None:
        if before not in REVISIONS:
            check(path)
        if backup:
            with translated(path):
                safety_copy(path, _copy_of(path, before))
    with translated(path):
        _run_alembic(path)
    return before


def safety_copy(path: Path, copy: Path) -> None:
    """Copy the catalogue by SQLite's backup. An older copy of the same name is replaced only by a whole one."""
    part = copy.with_name(copy.name + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.chmod(0o600)
    part.replace(copy)


def _run_alembic(path: Path, revision: str = HEAD) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(path, isolation_level=None, timeout=10)
        write_ahead(raw, path)
        return raw

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    config = Config()
    config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    path.chmod(0o600)
