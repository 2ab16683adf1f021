"""`pixmirror reindex`: everything derived, built again from what was kept."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database
from pixmirror.catalogue.words import plain
from pixmirror.cli import formats, progress
from pixmirror.cli.common import Json, Session, finish, now_ms, print_json, say, session
from pixmirror.errors import ConfigError
from pixmirror.fetch import from_media
from pixmirror.fetch.adoption import adopt
from pixmirror.rebuild import reindex as layer
from pixmirror.rebuild.from_disk import TakenIn
from pixmirror.rebuild.reindex import Difference, Findings
from pixmirror.store import MirrorRoot

SHOWN = 10

# What each table holds, in words.
_TABLES = {
    "work": "fields of works",
    "work_tag": "works with other tags",
    "tag": "tags",
    "tag_translation": "translations of tags",
    "series": "fields of series",
    "user": "fields of users",
    "media": "files that no row knew",
}


def reindex(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit code 7 if anything differs.")] = False,
    media: Annotated[
        bool, typer.Option("--from-media", help="The catalogue is lost: make one from the files and sidecars.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build works, users, tags and series again from what Pixiv said, which is all kept.

    Nothing is asked of Pixiv, and nothing that was kept is changed. Cut it whenever you like and run it again.

    \b
    Examples:
      pixmirror reindex --check        also while pixmirror runs; writes nothing
      pixmirror reindex                stop pixmirror first
      pixmirror reindex --from-media   catalogue.db is lost, and there is no backup
    """
    s = session(ctx)
    if media:
        if check:
            raise ConfigError("--check compares with kept answers, --from-media has none: use one of them.")
        done = _from_media(s, quiet=as_json)
        if as_json:
            print_json({name: getattr(done, name) for name in done.__slots__})
        else:
            _summary_of_media(done)
        return
    with progress.counting(_so_far, quiet=as_json) as show:
        found = _check(s, show) if check else _reindex(s, show)
    if as_json:
        print_json(as_dict(found, check))
    else:
        summary(found, check)
    finish(incomplete=check and not found.same)


def _so_far(found: Findings) -> str:
    return f"{found.works:,} works, {found.users:,} users, {sum(found.differences.values()):,} differences"


def _check(s: Session, show: Callable[[Findings], None] | None) -> Findings:
    with s.reading() as db:
        return layer.check(db, now_ms(), language=s.config.pixiv.language, progress=show)


def _reindex(s: Session, show: Callable[[Findings], None] | None) -> Findings:
    s.refuse_no_mirror()
    s.refuse_daemon("reindex needs the catalogue for itself")
    language = s.config.pixiv.language
    with s.take("reindex") as root, closing(Database.open(s.catalogue, create=False)) as db:
        root.check_media()  # without the files, files that lie there would be wanted
        return layer.reindex(db, now_ms(), language=language, adopt=partial(adopt, root), progress=show)


def as_dict(found: Findings, check: bool) -> dict[str, Any]:
    """Return what `reindex --json` prints."""
    return {
        "same": found.same,
        "written": not check,
        "works": found.works,
        "users": found.users,
        "payloads": found.payloads,
        "unreadable": found.unreadable,
        "without_language": found.without_language,
        "differences": dict(found.differences),
        "examples": plain(tuple(found.examples)),
        "files_adopted": found.files_adopted,
        "files_wanted": found.files_wanted,
    }


def summary(found: Findings, check: bool) -> None:
    """Print in words what was found."""
    read = f"{formats.count(found.works, 'work')} and {formats.count(found.users, 'user')}"
    say(f"{read} built again from {formats.count(found.payloads, 'payload')}.")
    formats.say_any(found.unreadable, "payload", "could not be read; what only they say stays as it is.")
    if found.same:
        say("The catalogue says the same.")
        return
    say("These differ:" if check else "These were put right:")
    for table, number in found.differences.most_common():
        say(f"  {number:,} {_TABLES.get(table, table)}")
    for one in found.examples[:SHOWN]:
        say(f"    {one.table} {one.key}: {_difference(one)}")
    formats.say_any(found.files_adopted, "file", "lay there already and are known now.")
    formats.say_any(found.files_wanted, "file", "will be fetched at the next sync.")
    if check:
        say("`pixmirror reindex` puts it right.")


def _difference(one: Difference) -> str:
    if not one.column:
        return "was missing" if one.expected else "should not be there"
    return f"{one.column} was {_short(one.found)}, payloads say {_short(one.expected)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# --- from the files and their sidecars


def _from_media(s: Session, *, quiet: bool) -> TakenIn:
    """Make a catalogue, or add to the one that is there what it lacks."""
    s.refuse_daemon("reindex needs the catalogue for itself")
    with s.take("reindex") as root:
        root.check_media()
        path = s.catalogue
        if migrate.schema_revision(path) is not None:
            return _take_in(root, path, quiet)
        # Built beside and renamed at the end: what is cut half-way is no catalogue yet.
        building = path.with_name(f"{path.name}.building")
        for left in (
            building,
            building.with_name(f"{building.name}-wal"),
            building.with_name(f"{building.name}-shm"),
        ):
            left.unlink(missing_ok=True)
        migrate.upgrade(building)
        done = _take_in(root, building, quiet)
        for name in ("", "-wal", "-shm"):  # of the lost one, which must not be played back into ours
            old = path.with_name(path.name + name)
            if old.exists():
                old.replace(path.with_name(f"{path.name}.lost{name}"))
        building.replace(path)
        root.note_catalogue()
        return done


def _take_in(root: MirrorRoot, path: Path, quiet: bool) -> TakenIn:
    shown = progress.counting(
        lambda found: f"{found.works + found.works_known:,} works, {found.stored:,} files", quiet=quiet
    )
    with closing(Database.open(path, create=False)) as db, shown as show:
        return from_media.rebuild(root, db, now_ms(), progress=show)


def _summary_of_media(done: TakenIn) -> None:
    """Print in words what was taken in."""
    works = f"{formats.count(done.works, 'work')} taken into the catalogue"
    known = f"; {done.works_known:,} were known" if done.works_known else ""
    say(f"{works}{known}; {formats.count(done.stored, 'file')} stored ({formats.size(done.bytes)}).")
    formats.say_any(done.without_sidecar, "work", "without a sidecar: only ids and files until met again.")
    formats.say_any(done.wanted, "file", "listed but not there whole; fetched at the next sync.")
    formats.say_any(done.unclear, "file", "of which nothing tells the version; left alone.")
    formats.say_any(done.forgotten, "work", "that you forgot; left out.")
    say("Lists, comments and counters come back with `pixmirror sync`.")
