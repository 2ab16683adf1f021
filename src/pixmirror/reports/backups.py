"""When the mirror was last backed up, and to where, as the mirror's root has it noted."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pixmirror.catalogue.words import iso, many
from pixmirror.reports.moments import as_of
from pixmirror.store.backup_notes import Note


def last_whole(notes: Sequence[Note]) -> Note | None:
    """Return the backup that was made last and lacked nothing."""
    return max((one for one in notes if one.whole_at), key=lambda one: one.whole_at or 0, default=None)


def line(notes: Sequence[Note], now: int) -> str:
    """Say in a line when the last backup was made; "" where none ever was."""
    found = last_whole(notes) or next((one for one in notes if one.at), None)
    if found is None:
        return ""
    at, lacks = (found.whole_at, "") if found.whole_at else (found.at or 0, ", but it lacks files")
    where = f"{found.to}, on the mirror's own disk" if found.same_disk else found.to
    return f"{as_of(at, now)}, to {where}; {many(found.runs, 'run')} there{lacks}"


def failed(notes: Sequence[Note]) -> list[str]:
    """Say of each folder whose last backup failed what is to be done."""
    return [
        f"The last backup to {one.to} failed: {one.error.rstrip('.')}. Then: pixmirror backup {one.to}"
        for one in notes
        if one.error
    ]


def as_data(notes: Sequence[Note]) -> list[dict[str, Any]]:
    """Return what `status --json` tells, the folder that was used last first."""
    times = ("at", "whole_at", "tried_at")
    return [asdict(one) | {key: iso(getattr(one, key)) for key in times} for one in notes]


def holding(notes: Sequence[Note]) -> list[str]:
    """Return the folders with backups, which hold what was there when they were made."""
    return [one.to for one in notes if one.at]
