"""Some days of a mirror in a few lines: what came in, what vanished at Pixiv, what survives only here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue.sql import row
from pixmirror.catalogue.words import iso, many, plain
from pixmirror.models import State
from pixmirror.reports import backups, kept
from pixmirror.reports.came_in import CameIn, came_in
from pixmirror.reports.kept import Disk
from pixmirror.reports.moments import as_of, day
from pixmirror.reports.soundness import soundness
from pixmirror.store.backup_notes import Note
from pixmirror.terminal import size

# Whose last move was to be gone, in these days, and that are here at least in part.
_VANISHED = f"""
SELECT count(*) AS works, coalesce(sum(EXISTS (
  SELECT 1 FROM media WHERE owner_kind = 'work' AND owner_id = work_key AND state = 'stored')), 0) AS stored
FROM work WHERE state IN {State.OVER} AND work_key IN (
  SELECT owner_id FROM state_change INDEXED BY state_change_by_time
  WHERE owner_kind = 'work' AND state IN {State.OVER} AND at BETWEEN :since AND :until)"""


@dataclass(frozen=True, slots=True)
class Digest:
    """What happened from `since` to `until` (ms UTC), and how it stands at the end.

    `vanished` works went at Pixiv, `vanished_here` of them are stored; `only_here` survive only here, as counted
    at `counted_at`, None before the first count. `sound` and `backup` are lines, "" where there is nothing to say.
    """

    since: int
    until: int
    came: CameIn
    vanished: int
    vanished_here: int
    only_here: int | None
    counted_at: int | None
    disk: Disk | None
    sound: str
    backup: str

    @property
    def title(self) -> str:
        """The title of the notice: what came in, in a few words."""
        return f"pixmirror: {many(self.came.works, 'new work')} since {day(self.since, self.until)}"

    def lines(self) -> list[str]:
        """Return the text, a line for each thing."""
        novels = f" ({many(self.came.novels, 'novel')})" if self.came.novels else ""
        came = f"{many(self.came.works, 'work')}{novels}, {many(self.came.files, 'file')}, {size(self.came.bytes)}"
        found = [f"Came in: {came}." if self.came else "Came in: nothing new."]
        if self.vanished:
            found.append(
                f"Vanished at Pixiv: {many(self.vanished, 'work')}; {self.vanished_here:,} of them are kept here."
            )
        else:
            found.append("Vanished at Pixiv: nothing.")
        if self.only_here is not None and self.counted_at is not None:
            when = as_of(self.counted_at, self.until)
            found.append(f"Survive only here: {many(self.only_here, 'work')} (as of {when}).")
        if self.disk is not None:
            found.append(f"Disk: {size(max(self.disk.room, 0))} above the reserve, {self.disk.text()}.")
        found += [f"Files: {self.sound}."] if self.sound else []
        found += [f"Last backup: {self.backup}."] if self.backup else []
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return what `notify --digest --json` prints."""
        found: dict[str, Any] = plain(self)
        times = {name: iso(getattr(self, name)) for name in ("since", "until", "counted_at")}
        return found | times | {"title": self.title, "lines": self.lines()}


def digest(
    conn: Connection, since: int, until: int, *, disk: Disk | None, days: int, notes: Sequence[Note] = ()
) -> Digest:
    """Return the digest of these days. `disk`: the forecast of the estimate; `days`: of the scrub; `notes`: of the
    backups.
    """
    gone, counts = row(conn, _VANISHED, since=since, until=until), kept.known(conn)
    return Digest(
        since=since,
        until=until,
        came=came_in(conn, since, until),
        vanished=gone.works,
        vanished_here=gone.stored,
        only_here=counts.complete.kept if counts else None,
        counted_at=counts.at if counts else None,
        disk=disk,
        sound=soundness(conn, until, days).says(until),
        backup=backups.line(notes, until),
    )
