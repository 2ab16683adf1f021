"""`pixmirror db`: the schema, and the catalogue for other programs."""

from typing import TYPE_CHECKING

import typer

from pixmirror.cli.common import print_json, say, session

if TYPE_CHECKING:
    from pixmirror.catalogue.migrate import Lineage

db = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@db.callback()
def group() -> None:
    """Look after the schemas of the catalogue and of gallery.db, and open the catalogue to other programs.

    \b
    Examples:
      pixmirror db upgrade
      pixmirror db datasette-metadata > metadata.json
    """


@db.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the catalogue to this version's schema, after a safety copy, and gallery.db if there is one. `sync`,
    `run` and `gallery` do it by themselves.

    \b
    Example:
      pixmirror db upgrade
    """
    from pixmirror.catalogue import migrate
    from pixmirror.catalogue.gallery.database import gallery_path
    from pixmirror.catalogue.gallery.schema import LINEAGE
    from pixmirror.store import holding_gallery

    s = session(ctx)
    with s.take("db") as root:
        s.refuse_lost()
        before = migrate.upgrade(s.catalogue)
        root.note_catalogue()
    _tell(before, migrate.CATALOGUE)
    path = gallery_path(s.root)
    if (schema := migrate.schema_revision(path, LINEAGE)) is None:
        return
    if schema != LINEAGE.head:
        with holding_gallery(s.root, "db", s.config.mirror.umask, on_share=s.config.mirror.root_on_share):
            schema = migrate.upgrade(path, LINEAGE)
    _tell(schema, LINEAGE)


@db.command("datasette-metadata")
def datasette_metadata(ctx: typer.Context) -> None:
    """Print the metadata (JSON) with which Datasette shows the catalogue in a browser: what views and columns are,
    the questions of `pixmirror help sql`, and ids that lead to their rows. Datasette needs no plugin for it.

    \b
    Examples:
      datasette ~/pixmirror/catalogue.db -m <(pixmirror db datasette-metadata)
      pixmirror db datasette-metadata > metadata.json
    """
    from pixmirror.reports.datasette import metadata

    with session(ctx).reading() as db:
        print_json(db.read_sync(metadata))


def _tell(before: str | None, of: "Lineage") -> None:
    if before == of.head:
        say(f"The {of.what} has schema {before} already; nothing to do.")
    elif before is None:
        say(f"Made a new {of.what} with schema {of.head}.")
    else:
        say(f"Upgraded the {of.what} from schema {before} to {of.head}; the old one is kept beside it.")
