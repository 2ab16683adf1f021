"""`pixmirror db upgrade`."""

import typer

from pixmirror.catalogue import migrate
from pixmirror.cli.common import say, session

db = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@db.callback()
def group() -> None:
    """Look after the catalogue's schema.

    \b
    Example:
      pixmirror db upgrade
    """


@db.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the catalogue to this version's schema, after a safety copy. `sync` and `run` do it by themselves.

    \b
    Example:
      pixmirror db upgrade
    """
    s = session(ctx)
    with s.take("db") as root:
        s.refuse_lost()
        before = migrate.upgrade(s.catalogue)
        root.note_catalogue()
    if before == migrate.HEAD:
        say(f"The catalogue has schema {before} already; nothing to do.")
    elif before is None:
        say(f"Made a new catalogue with schema {migrate.HEAD}.")
    else:
        say(f"Upgraded the catalogue from schema {before} to {migrate.HEAD}; the old one is kept beside it.")
