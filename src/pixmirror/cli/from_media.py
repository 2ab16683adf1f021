"""`pixmirror reindex --from-media`: a catalogue from the files and their sidecars."""

from contextlib import closing
from pathlib import Path
from typing import Any

from pixmirror.catalogue import migrate
from pixmirror.catalogue.database import Database
from pixmirror.cli import formats, progress
from pixmirror.cli.common import Session, now_ms, say
from pixmirror.fetch import from_media
from pixmirror.rebuild.from_disk import TakenIn
from pixmirror.store import MirrorRoot


def rebuild(s: Session, *, quiet: bool) -> TakenIn:
    """Make a catalogue, or add to the one that is there what it lacks."""
    s.refuse_daemon("reindex needs the catalogue for itself")
    with s.take() as root:
        root.check_media()
        path = s.catalogue
        if migrate.schema_revision(path) is not None:
            return _into(root, path, quiet)
        # Built beside and renamed at the end: what is cut half-way is no catalogue yet.
        building = path.with_name(f"{path.name}.building")
        for left in (
            building,
            building.with_name(f"{building.name}-wal"),
            building.with_name(f"{building.name}-shm"),
        ):
            left.unlink(missing_ok=True)
        migrate.upgrade(building)
        done = _into(root, building, quiet)
        for name in ("", "-wal", "-shm"):  # of the lost one, which must not be played back into ours
            old = path.with_name(path.name + name)
            if old.exists():
                old.replace(path.with_name(f"{path.name}.lost{name}"))
        building.replace(path)
        root.note_catalogue()
        return done


def _into(root: MirrorRoot, path: Path, quiet: bool) -> TakenIn:
    shown = progress.counting(
        lambda found: f"{found.works + found.works_known:,} works, {found.stored:,} files", quiet=quiet
    )
    with closing(Database.open(path, create=False)) as db, shown as show:
        return from_media.rebuild(root, db, now_ms(), progress=show)


def as_dict(done: TakenIn) -> dict[str, Any]:
    """Return what `reindex --from-media --json` prints."""
    return {name: getattr(done, name) for name in done.__slots__}


def summary(done: TakenIn) -> None:
    """Print in words what was taken in."""
    works = f"{formats.count(done.works, 'work')} taken into the catalogue"
    known = f"; {done.works_known:,} were known" if done.works_known else ""
    say(f"{works}{known}; {formats.count(done.stored, 'file')} stored ({formats.size(done.bytes)}).")
    if done.without_sidecar:
        say(
            f"{formats.count(done.without_sidecar, 'work')} without a sidecar: only ids and files until met again."
        )
    if done.wanted:
        say(f"{formats.count(done.wanted, 'file')} listed but not there whole; fetched at the next sync.")
    if done.unclear:
        say(f"{formats.count(done.unclear, 'file')} of which nothing tells the version; left alone.")
    if done.forgotten:
        say(f"{formats.count(done.forgotten, 'work')} that you forgot; left out.")
    say("Lists, comments and counters come back with `pixmirror sync`.")
