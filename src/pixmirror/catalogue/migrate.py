"""A schema on disk: which it is, and how it becomes ours (Alembic, shipped in the wheel). The catalogue's, if no
other is named.

Alembic costs 0.2 s to import, so it is loaded only where there is something to upgrade.
"""

import errno
import os
import shlex
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Never

from pixmirror.catalogue.sqlite import translated, uri, write_ahead
from pixmirror.errors import CatalogueError, CatalogueLost

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, MetaData


@dataclass(frozen=True, slots=True)
class Lineage:
    """The schemas of one of our files, and how messages speak of it."""

    what: str
    revisions: tuple[str, ...]  # all in order; a test compares them with the files of the migrations
    folder: str  # of its migrations
    begun_by: str
    going_back: str  # what becomes of what came after the safety copy

    @property
    def head(self) -> str:
        return self.revisions[-1]


CATALOGUE = Lineage(
    "catalogue",
    ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009"),
    ".",
    "`pixmirror sync` or `pixmirror run`",
    "What came in since then is asked for again.",
)
REVISIONS = CATALOGUE.revisions
HEAD = CATALOGUE.head


def script_location(of: Lineage = CATALOGUE) -> Path:
    """Return where the migrations lie: `_migrations` in the wheel, `migrations/` in the source tree."""
    shipped = Path(str(files("pixmirror"))) / "_migrations"
    return (shipped if shipped.is_dir() else Path(__file__).parents[3] / "migrations") / of.folder


def schema_revision(path: Path, of: Lineage = CATALOGUE) -> str | None:
    """Return the file's revision; None for a missing or empty file."""
    with translated(path, of.what):
        if not path.exists() or path.stat().st_size == 0:
            return None
        with closing(sqlite3.connect(uri(path, "ro"), uri=True, timeout=10)) as raw:
            return revision_in(raw, path, of)


def revision_in(raw: sqlite3.Connection, path: Path, of: Lineage, schema: str = "main") -> str | None:
    """Return the revision of an open file, which is `schema` there; None for an empty one."""
    tables = {name for (name,) in raw.execute(f"SELECT name FROM {schema}.sqlite_master")}
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise CatalogueError(f"{path} is an SQLite file but not a pixmirror {of.what}.")
    row = raw.execute(f"SELECT version_num FROM {schema}.alembic_version").fetchone()
    if row is None:
        raise CatalogueError(f"{path} does not say which schema it has.")
    return str(row[0])


def check(path: Path, of: Lineage = CATALOGUE) -> None:
    """Raise for a file that this program cannot use as it is."""
    check_revision(schema_revision(path, of), path, of)


def check_revision(revision: str | None, path: Path, of: Lineage) -> None:
    """Raise for a file of another revision than this program's; None: it is missing."""
    if revision is None:
        raise CatalogueError(f"There is no {of.what} at {path} yet: run {of.begun_by} first.")
    if revision not in of.revisions:
        raise CatalogueError(
            f"The {of.what} at {path} has schema {revision}, newer than this program knows ({of.head}): "
            f"upgrade pixmirror.{_way_back(path, of)}"
        )
    if revision != of.head:
        raise CatalogueError(
            f"The {of.what} at {path} has schema {revision}, this program needs {of.head}: "
            "run `pixmirror db upgrade`."
        )


def _way_back(path: Path, of: Lineage) -> str:
    """Say which safety copy this program can go back to, and how: the newest that it knows the schema of."""
    known = (_copy_of(path, revision) for revision in reversed(of.revisions))
    copy = next((copy for copy in known if copy.is_file()), None)
    if copy is None:
        return " There is no safety copy of an older schema beside it to go back to."
    made = datetime.fromtimestamp(copy.stat().st_mtime, UTC).astimezone()
    folder, name, old = (shlex.quote(text) for text in (str(path.parent), path.name, copy.name))
    return (
        f" Or go back to {copy.name}, the safety copy of {made.day} {made:%b %Y}, from before the upgrade: stop "
        f"pixmirror, then `cd {folder} && mkdir newer && mv {name}* newer/ && cp {old} {name}`. "
        f"{of.going_back}"
    )


def _copy_of(path: Path, revision: str) -> Path:
    """Return where the safety copy of a file of this schema lies."""
    return path.with_name(f"{path.stem}.{revision}.bak.db")


def refuse_lost(path: Path, had_catalogue: bool) -> None:
    """Raise CatalogueLost when the mirror had a catalogue and this file is missing or empty."""
    if had_catalogue and schema_revision(path) is None:
        what = "holds nothing" if path.exists() else "is not there"
        raise CatalogueLost(f"The catalogue of this mirror, {path}, {what}: nothing is begun anew in its place.")


def upgrade(path: Path, of: Lineage = CATALOGUE, *, backup: bool = True) -> str | None:
    """Bring the file to our schema, after a safety copy of an older one. Return the revision that it had.

    A newer one is refused. Only who holds the lock of those who write the file may call this.
    """
    before = schema_revision(path, of)
    if before == of.head:
        return before
    if before is not None:
        if before not in of.revisions:
            check(path, of)
        if backup:
            with translated(path, of.what):
                safety_copy(path, _copy_of(path, before))
    with translated(path, of.what):
        _run_alembic(path, of.head, of)
    return before


def safety_copy(path: Path, copy: Path) -> None:
    """Copy the file by SQLite's backup. An older copy of the same name is replaced only by a whole one.

    It is on the disk when this returns, its name too: what it is made for begins after that.
    """
    part = copy.with_name(copy.name + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.chmod(0o600)
    _sync(part)
    os.replace(part, copy)
    _sync(copy.parent)


def _sync(place: Path) -> None:
    """Sync a file, or the names in a folder. Some shares cannot sync a folder."""
    fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(fd)


def _run_alembic(path: Path, revision: str = HEAD, of: Lineage = CATALOGUE) -> None:
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
    config.set_main_option("script_location", str(script_location(of)).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    path.chmod(0o600)


def run_versions(tables: "MetaData") -> None:
    """Do what an env.py does: run versions on the connection that was handed over, or compare it with these.

    From a shell (`alembic check`, `alembic revision --autogenerate`) none is: then an empty file of the newest
    schema stands in, so that no mirror is touched without a safety copy.
    """
    from alembic import context

    given = context.config.attributes.get("connection")
    with _empty(context.script) if given is None else nullcontext(given) as connection, warnings.catch_warnings():
        # Indexes of expressions can't be compared here: a test compares their SQL.
        warnings.filterwarnings("ignore", ".*expression-based index")
        context.configure(
            connection=connection,
            target_metadata=tables,
            transactional_ddl=True,
            compare_server_default=True,
        )
        context.run_migrations()


@contextmanager
def _empty(script: "ScriptDirectory") -> "Iterator[Connection]":
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from sqlalchemy import create_engine

    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        versions = MigrationContext.configure(connection)
        with Operations.context(versions):
            for version in reversed(list(script.walk_revisions())):
                version.module.upgrade()
        versions.stamp(script, "head")
        yield connection
    engine.dispose()


def refuse_downgrade() -> Never:
    """Refuse what each version names as its `downgrade`."""
    from alembic.util import CommandError

    raise CommandError(
        "No schema is taken back: that would drop what only the newer one holds. The way back is the safety copy "
        "that is made before an upgrade, NAME.REVISION.bak.db beside the file."
    )
