"""What a command says of the process beside it, which holds the mirror, and of itself when it was stopped."""

from pixmirror.catalogue.words import length
from pixmirror.cli.common import Session, now_ms
from pixmirror.errors import PixmirrorError
from pixmirror.reports.came_in import came_in
from pixmirror.store.start import holder


def how_far(s: Session) -> str | None:
    """Say since when the process that holds the mirror runs, and what came in; None if that is not known."""
    found = holder(s.root)
    if found is None or not found.since:
        return None
    with s.reading() as db:
        came = db.read_sync(came_in, found.since)
    return f"It has run for {length((now_ms() - found.since) / 1000)}; {came} so far."


def stopped(s: Session, since: int, *, daemon: bool) -> str:
    """Say what a `sync` that began at `since` and was stopped has done, and how it goes on."""
    if daemon:
        return "The running pixmirror goes on with it; pixmirror status says how far it is."
    try:
        with s.reading() as db:
            came = db.read_sync(came_in, since)
    except PixmirrorError:
        return "Stopped before anything came in; pixmirror sync begins again."
    return f"Stopped. {str(came).capitalize()}; pixmirror sync goes on from there."
