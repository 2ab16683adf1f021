"""Is what is stored sound, since when is that known, and what is not? For `status`, metrics and digests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pixmirror.catalogue import findings, losses, proofs, queue
from pixmirror.catalogue.words import iso, length, many
from pixmirror.clock import DAY_MS
from pixmirror.reports.moments import as_of

DAYS = 90  # where the scrub is off
_ROWS = ("payload", "text", "rows", "catalogue")


@dataclass(frozen=True, slots=True)
class Soundness:
    """How sound the mirror is. `oldest`, `newest`: when files were last proved, ms UTC.

    A proof is that a file came, or was read again; `overdue` files had none in the last `days`. `coming` files are
    lost and asked for again, `given_up` ones cannot be had. `findings`: all else, by kind, of which strays are no
    damage; `rotten_rows`: those of the catalogue itself among them.
    """

    stored: int
    oldest: int | None
    newest: int | None
    overdue: int
    days: int
    coming: int
    given_up: int
    findings: Mapping[str, int]
    rotten_rows: int

    @property
    def is_sound(self) -> bool:
        """Return whether nothing is known to be lost or damaged."""
        damage = sum(n for kind, n in self.findings.items() if kind != "stray")
        return not (damage or self.coming or self.given_up)

    @property
    def percent(self) -> int:
        """Return how many of 100 files have a proof of the last `days`; 100 only if all have."""
        return 100 if not self.overdue else int(100 * (1 - self.overdue / max(self.stored, self.overdue)))

    def says(self, now: int) -> str:
        """Return all of it in a line: "sound, last proved 12 days ago, 100% within 90 days"."""
        if self.newest is None and self.is_sound:
            return "nothing is stored yet"
        proved = f"last proved {_ago(self.newest, now)}, {self.percent}% within {self.days} days"
        if self.is_sound:
            return f"sound, {proved}"
        lost = self.coming + self.given_up
        wrong = [f"{many(lost, 'file')} lost"] if lost else []
        wrong += [
            f"{many(n, 'file')} unreadable" for kind, n in self.findings.items() if kind == "unreadable" and n
        ]
        wrong += ["the catalogue is damaged"] if self.rotten_rows else []
        return f"not sound: {', '.join(wrong) or 'files are missing'} ({proved})"

    def as_dict(self) -> dict[str, Any]:
        """Return what `status --json` has of it."""
        return {
            "is_sound": self.is_sound, "percent": self.percent, "days": self.days, "overdue": self.overdue,
            "last_proof": iso(self.newest), "oldest_proof": iso(self.oldest), "coming": self.coming,
            "given_up": self.given_up, "findings": dict(self.findings), "rotten_rows": self.rotten_rows,
        }  # fmt: skip


def _ago(ms: int | None, now: int) -> str:
    if not ms:
        return "never"
    return f"{length((now - ms) / 1000)} ago" if now - ms >= DAY_MS else as_of(ms, now)


def soundness(conn: Connection, now: int, days: int) -> Soundness:
    """Return it; `days` within which the scrub reads each file, 0 where it is off."""
    days = days or DAYS
    ends, lost = proofs.ends(conn), losses.outstanding(conn)
    found, stored = findings.counts(conn), queue.counts(conn).stored
    kinds = {str(kind): sum(n for (_, of), n in found.items() if of == kind) for kind in findings.KINDS}
    return Soundness(
        stored, ends.oldest, ends.newest, proofs.overdue(conn, now - days * DAY_MS, stored), days,
        lost.coming, lost.given_up, kinds, sum(n for (subject, _), n in found.items() if subject in _ROWS),
    )  # fmt: skip
