"""What the mirror has asked of Pixiv today, for commands that ask it, too."""

from contextlib import suppress

from pixmirror.catalogue import runs
from pixmirror.cli.common import Session
from pixmirror.errors import AccountWarned, CatalogueError, ConfigError
from pixmirror.pixiv.pacing import PacerState
from pixmirror.pixiv.waiting import WARNED


def pace(s: Session) -> PacerState:
    """Return what was asked today, the pause that Pixiv wants, and any warning; nothing is written back."""
    with suppress(CatalogueError, ConfigError), s.reading() as db:
        return PacerState.from_dict(db.read_sync(runs.get_saved, "pacer"))
    return PacerState()


def refuse_warned(s: Session) -> None:
    """Raise AccountWarned while nothing may be sent to Pixiv."""
    if pace(s).warned_at:
        raise AccountWarned(f"{WARNED}: nothing is sent.")
