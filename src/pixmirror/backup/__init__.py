"""Backups of a mirror: made while it is written, checked without it, and restored to an empty root."""

from pixmirror.errors import ExitCode, PixmirrorError


class BackupFailed(PixmirrorError):
    """A backup that was due was not made, or lacks something; the text says which and why."""

    passing = True
    exit_code = ExitCode.INCOMPLETE
    advice = "It is tried again in an hour; `pixmirror backup` tries now."
