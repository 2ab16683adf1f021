"""`pixmirror import legacy`: what dumps of Pixiv's dead APIs tell."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database, open_readonly
from pixmirror.cli import formats, progress, versions
from pixmirror.cli.common import Json, Session, finish, now_ms, print_json, say, session
from pixmirror.rebuild.dumps import Before, Counted, look_at, record
from pixmirror.sync import dumps
from pixmirror.sync.dumps import Report, Take, Trouble

SHOWN = 10

import_ = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@import_.callback()
def group() -> None:
    """Take in what others saved of Pixiv.

    \b
    Example:
      pixmirror import legacy dumps/ --dry-run
    """


@import_.command()
def legacy(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files, also gzipped, and folders.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come in.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="When the dump was made, if you know; UTC. Default: now."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Works, users and comments from old dumps: CSV of SPAPI, JSON of the Public API. Asks Pixiv nothing.

    A dump fills what nobody else told and replaces nothing; importing it again has no effect. Exit code 7 if some
    rows or files could not be read; the others are in. Cut it whenever you like and run it again.

    \b
    Examples:
      pixmirror import legacy dumps/ --dry-run            also while pixmirror runs
      pixmirror import legacy illusts.csv.gz --as-of 2014-09-29
    """
    s = session(ctx)
    now = now_ms()
    at = now if as_of is None else min(versions.past_moment(as_of, now), now)
    shown = progress.counting(lambda found: f"{found.files:,} files, {found.rows:,} rows", quiet=as_json)
    with _looking(s) if dry_run else _writing(s, at) as take, shown as show:
        found = dumps.take_in(paths, take, show or (lambda found: None))
    if as_json:
        print_json({"written": not dry_run, **asdict(found)})
    else:
        summary(found, dry_run)
    finish(incomplete=not found.good)


@contextmanager
def _looking(s: Session) -> Iterator[Take]:
    """Count against the catalogue as it is; where there is none yet, against an empty one."""
    before = Before()
    with TemporaryDirectory(prefix="pixmirror-") as folder:
        path = s.catalogue
        if not path.exists():
            path = Path(folder) / "catalogue.db"
            migrate.upgrade(path)
        with open_readonly(path) as db:
            yield lambda rows: db.read_sync(look_at, rows, before)


@contextmanager
def _writing(s: Session, at: int) -> Iterator[Take]:
    s.refuse_daemon("an import writes to the catalogue")
    with s.take("import", create=True) as root:
        s.refuse_lost()
        with closing(Database.open(s.catalogue)) as db:
            root.note_catalogue()
            yield lambda rows: db.run_sync(record, rows, at)


def summary(found: Report, dry_run: bool) -> None:
    """Print in words what was found."""
    say(f"{formats.count(found.rows, 'row')} read from {formats.count(found.files, 'file')}.")
    for line in _counts(found.counted, dry_run):
        say(f"  {line}")
    if found.empty:
        say(f"{formats.count(found.empty, 'empty answer')}: deleted or hidden when saved, which proves nothing.")
    formats.say_any(found.skipped, "file", "in folders left out, by their names no dumps.")
    if found.doubtful:
        say(f"{formats.count(found.doubtful, 'row is', 'rows are')} doubtful, and taken as they are:")
        _troubles(found.doubts, found.doubtful)
    if not found.good:
        files = f" and {formats.count(found.failed, 'file')}" if found.failed else ""
        say(f"{formats.count(found.unreadable, 'row')}{files} could not be read:")
        _troubles(found.troubles, found.unreadable + found.failed)
    if dry_run:
        say("Nothing was written: this was only a look.")


def _counts(counted: Counted, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    for name in ("works", "users"):
        new, more, known = (getattr(counted, f"{name}_{what}") for what in ("new", "more", "known"))
        if new or more or known:
            yield f"{name:9} {new:,} {would}new, {more:,} {would}added to known ones, {known:,} imported before"
    if counted.comments_new or counted.comments_known:
        kept = f"{counted.comments_new:,} {would}kept as they stand (they have no ids)"
        yield f"{'comments':9} {kept}, {counted.comments_known:,} imported before"
    if counted.forgotten:
        yield f"{'forgotten':9} {counted.forgotten:,} left out: you forgot these works, or their users"
    if counted.others:
        yield f"{'others':9} {counted.others:,} left out: no works, users or comments"


def _troubles(troubles: Sequence[Trouble], number: int) -> None:
    for one in troubles[:SHOWN]:
        line = f":{one.line}" if one.line is not None else ""
        say(f"  {one.file}{line}: {one.text}")
    if number > SHOWN:
        say(f"  and {number - SHOWN:,} more; --json names them (at most 1,000).")
